from email.message import Message

from swath_dev import licences


def test_the_page_is_what_the_packages_say() -> None:
    assert licences.TARGET.read_text("utf-8") == licences.table()


def test_every_package_states_a_licence() -> None:
    assert "not stated" not in licences.table()


def test_an_expression_comes_before_classifiers_and_words() -> None:
    about = Message()
    about["License"] = "The MIT License\n\nPermission is hereby granted"
    assert licences.licence_of(about) == "The MIT License"
    about["Classifier"] = "License :: OSI Approved :: MIT License"
    assert licences.licence_of(about) == "MIT License"
    about["License-Expression"] = "MIT"
    assert licences.licence_of(about) == "MIT"
