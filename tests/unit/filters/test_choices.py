"""A filter's value outside of a closed set is an error, not an empty answer."""

import json

import pytest

from swath_core.definitions import BAND, IMAGE, UPLOAD, Resource
from swath_core.errors import BadRequest
from swath_core.filters import parse_filter


def condition(name: str, op: str, value: object) -> str:
    return json.dumps([{"name": name, "op": op, "val": value}])


@pytest.mark.parametrize("op", ["eq", "ne"])
@pytest.mark.parametrize("value", ["lost", "", ["available", "lost"], 1, [None], {"a": 1}])
def test_a_value_that_is_no_member_is_refused(op: str, value: object) -> None:
    with pytest.raises(BadRequest, match=r"storage_state: .* one of available, remote"):
        parse_filter(condition("storage_state", op, value), IMAGE)


@pytest.mark.parametrize(
    ("resource", "name", "value"),
    [
        (IMAGE, "storage_state", ["available", "remote"]),
        (BAND, "type", "mask"),
        (UPLOAD, "status", "failure"),
    ],
)
def test_members_are_accepted(resource: Resource, name: str, value: object) -> None:
    parse_filter(condition(name, "eq", value), resource)


def test_a_prefix_may_be_part_of_a_member() -> None:
    found = parse_filter(condition("storage_state", "prefix", "avail"), IMAGE)
    assert found.matches({"storage_state": "available"})
    assert not found.matches({"storage_state": "remote"})
