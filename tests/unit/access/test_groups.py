"""Group claims: the few that grant something, and the many that look like them and must not."""

from __future__ import annotations

from typing import Any

import pytest

from swath_core.access import may_own, may_read, may_write
from swath_core.access._tokens import caller_of
from swath_core.documents import Document
from swath_core.errors import Unauthorized

Rights = tuple[bool, bool, bool]
NOTHING: Rights = (False, False, False)
READ: Rights = (True, False, False)
WRITE: Rights = (True, True, False)
OWN: Rights = (True, True, True)


def rights(claims: dict[str, Any], **lists: list[str]) -> Rights:
    """Return whether the caller of these claims may read, write and own a product."""
    caller = caller_of({"sub": "ann", **claims})
    closed: dict[str, list[str]] = {"owners": ["user:somebody"], "writers": [], "readers": []}
    product = Document("product", "acme:p", closed | lists)
    return may_read(caller, product), may_write(caller, product), may_own(caller, product)


@pytest.mark.parametrize(
    ("claims", "lists", "expected"),
    [
        ({"groups": ["internal:platform-admin"]}, {}, OWN),
        ({"groups": ["internal:platform-ro"]}, {}, READ),
        ({"groups": "internal:platform-ro"}, {}, READ),
        ({"cognito:groups": ["internal:platform-admin"]}, {}, OWN),
        ({"groups": ["a"], "cognito:groups": ["b"]}, {"readers": ["group:b"]}, READ),
        ({"org": "acme", "groups": ["acme:org-admin"]}, {"owners": ["org:acme"]}, OWN),
        ({"groups": ["north:resource-admin"]}, {"owners": ["access-id:north"]}, OWN),
        ({"groups": ["access-id:north"]}, {"writers": ["access-id:north"]}, WRITE),
        ({"groups": ["pilots"]}, {"readers": ["group:pilots"]}, READ),
        ({"groups": ["pilots"]}, {"writers": ["group:pilots"]}, WRITE),
        ({"org": "acme", "groups": ["acme:pilots"]}, {"writers": ["group:acme:pilots"]}, WRITE),
    ],
)
def test_what_groups_grant(
    claims: dict[str, Any], lists: dict[str, list[str]], expected: Rights
) -> None:
    assert rights(claims, **lists) == expected
    without = {name: value for name, value in claims.items() if name == "org"}
    assert rights(without, **lists) == NOTHING


@pytest.mark.parametrize(
    "group",
    [
        "platform-admin", "platform-ro", "internal", "internal:", ":platform-admin",
        "Internal:Platform-Admin", "INTERNAL:PLATFORM-ADMIN", " internal:platform-admin",
        "internal:platform-admin ", "internal:platform-admin\n", "internal:platform-admin\0",
        "internal:platform-admin,x", "internal::platform-admin", "acme:internal:platform-admin",
        "internal:platform-admin:acme", "internal:platform\u2010admin",
        "internal:platform-adm\u0131n",
        "group:internal:platform-admin", "internal:org-admin", "*", "",
    ],
)  # fmt: skip
@pytest.mark.parametrize("claim", ["groups", "cognito:groups"])
def test_names_like_those_of_the_platforms_groups_grant_nothing(claim: str, group: str) -> None:
    """Neither as such, nor to somebody whose organisation is called as they begin."""
    for org in (None, "acme", "internal"):
        assert rights({claim: [group], "org": org}) == NOTHING


@pytest.mark.parametrize(
    "group",
    [
        "user:somebody", "org:acme", "email:a@x.example", "acme:org-admin", "acme:org-admin ",
        "acme:Org-Admin", "other:acme:org-admin", "org-admin", ":org-admin", "org:acme:org-admin",
        "owners", "access-id:acme", ":resource-admin", "acme:resource-admin",
    ],
)  # fmt: skip
def test_a_group_is_no_user_org_or_address(group: str) -> None:
    named = ["user:somebody", "org:acme", "email:a@x.example"]
    for org in (None, "other"):
        claims = {"groups": [group], "org": org}
        assert rights(claims, owners=named) == NOTHING
        assert rights(claims, owners=[], writers=named) == NOTHING
        assert rights(claims, owners=[], readers=named) == NOTHING


def test_members_of_an_organisation_do_not_own_what_it_owns() -> None:
    for group in ("acme:org-admins", "acme:admin", "acme:", "acme", "Acme:org-admin"):
        assert rights({"org": "acme", "groups": [group]}, owners=["org:acme"]) == NOTHING


def test_an_admin_of_one_organisation_is_none_of_another() -> None:
    both = {"org": "other", "groups": ["acme:org-admin", "other:org-admin"]}
    assert rights(both, owners=["org:acme"]) == NOTHING
    assert rights(both, owners=["org:other"]) == OWN


@pytest.mark.parametrize("value", [1, True, {"internal:platform-admin": True}, 0.5])
def test_a_claim_that_is_no_list_is_no_token(value: object) -> None:
    with pytest.raises(Unauthorized, match="must be a list of strings"):
        rights({"groups": value})


@pytest.mark.parametrize(
    "members",
    [
        [["internal:platform-admin"]],
        [{"internal:platform-admin": 1}],
        [{"name": "internal:platform-admin"}],
        [None, 1, True],
        "internal:platform-admin,internal:platform-ro",
        "internal:platform-admin internal:platform-ro",
        '["internal:platform-admin"]',
    ],
)
def test_what_is_no_name_of_a_group_is_passed_over(members: object) -> None:
    assert rights({"groups": members}) == NOTHING
