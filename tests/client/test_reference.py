"""The reference that is checked in is the one that the docstrings make."""

from __future__ import annotations

from swath_dev.reference import TARGET, reference


def test_the_reference_is_up_to_date() -> None:
    assert TARGET.read_text("utf-8") == reference()


def test_every_class_and_method_says_something() -> None:
    assert "\n: \n" not in reference()
    assert "**: \n" not in reference()
