"""Who may do what, word by word as the contract has it."""

import hashlib

import pytest

from swath_core.access import (
    PLATFORM_ADMIN,
    PLATFORM_READER,
    Caller,
    default_owners,
    lower_emails,
    may_own,
    may_read,
    may_write,
    namespaced,
    visible_attributes,
)
from swath_core.documents import Document

ANN = Caller("ann", "acme", frozenset({"pilots", "acme:analysts", "other:analysts"}), "A@x.example")
ADMIN = Caller("adm", "acme", frozenset({"acme:org-admin"}))
ANN_ID = hashlib.sha1(b"ann", usedforsecurity=False).hexdigest()


def product(**lists: list[str]) -> Document:
    return Document("product", "acme:p", {"owners": [], "writers": [], "readers": [], **lists})


@pytest.mark.parametrize(
    ("subject", "may"),
    [
        (f"user:{ANN_ID}", True),
        ("user:ann", True),
        ("user:bob", False),
        ("org:acme", True),
        ("org:Acme", False),
        ("email:a@x.example", True),
        ("email:b@x.example", False),
        ("group:pilots", True),
        ("group:acme:analysts", True),
        ("group:other:analysts", False),
        ("acme", False),
        ("org:", False),
        ("user:", False),
    ],
)
def test_readers_and_writers(subject: str, may: bool) -> None:
    assert may_read(ANN, product(readers=[subject])) is may
    assert may_write(ANN, product(writers=[subject])) is may
    assert may_read(ANN, product(writers=[subject])) is may
    assert not may_write(ANN, product(readers=[subject]))
    assert not may_own(ANN, product(readers=[subject], writers=[subject]))


def test_an_org_owns_through_its_admins_only() -> None:
    owned = product(owners=["org:acme"])
    assert may_own(ADMIN, owned)
    assert not may_read(ANN, owned)
    foreign = Caller("x", "other", frozenset({"acme:org-admin"}))
    assert not may_own(foreign, owned)
    assert may_own(ANN, product(owners=[f"user:{ANN_ID}"]))
    assert not may_own(ANN, product(owners=["email:a@x.example", "group:pilots"]))


def test_the_platforms_own_groups() -> None:
    nothing = product()
    reader = Caller("r", None, frozenset({PLATFORM_READER}))
    admin = Caller("a", None, frozenset({PLATFORM_ADMIN}))
    assert (may_read(reader, nothing), may_write(reader, nothing)) == (True, False)
    assert (may_read(admin, nothing), may_own(admin, nothing)) == (True, True)


def test_nobody_is_let_in_by_an_empty_or_missing_list() -> None:
    for closed in (product(), Document("product", "acme:p", {})):
        assert not may_read(ANN, closed)
        assert not may_read(Caller("x"), closed)


def test_a_subject_that_looks_like_a_users_id_cannot_pose_as_that_user() -> None:
    impostor = Caller(ANN_ID)
    assert not may_read(impostor, product(readers=[f"user:{ANN_ID}"]))


def test_others_see_only_the_subjects_that_are_themselves() -> None:
    lists = {
        "owners": [f"user:{ANN_ID}", "org:acme"],
        "writers": ["user:bob", "org:acme"],
        "readers": ["group:pilots", "group:secret", "email:z@x.example"],
    }
    shared = product(**lists)
    assert visible_attributes(ANN, shared) == shared.attributes
    member = Caller("m", "acme", frozenset({"pilots"}))
    assert visible_attributes(member, shared) == {
        "owners": ["org:acme"],
        "writers": ["org:acme"],
        "readers": ["group:pilots"],
    }


def test_names_and_defaults() -> None:
    assert default_owners(ANN) == [f"user:{ANN_ID}", "org:acme"]
    assert default_owners(Caller("ann")) == [f"user:{ANN_ID}"]
    assert namespaced(ANN, "p") == namespaced(ANN, "acme:p") == "acme:p"
    assert namespaced(ANN, "other:p") == "acme:other:p"
    assert namespaced(Caller("ann"), "p") == f"{ANN_ID}:p"
    assert lower_emails(["email:A@B", "email:a@b", "org:X", 7, ["x"]]) == [
        "email:a@b",
        "org:X",
        7,
        ["x"],
    ]
