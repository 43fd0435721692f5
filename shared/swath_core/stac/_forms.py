"""Members whose form clients rely on: what has another form is neither taken nor answered.

One collection or item of which a client can make nothing would spoil every list that it is in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from swath_core import times
from swath_core.documents import finite

Json = Any
Form = tuple[Callable[[Json], bool], str]
"""Whether a value has a form, and what the form is."""

_BOX_SIZES = (4, 6)
_ENDS = 2


def is_box(value: Json) -> bool:
    """Return whether a value is a ``bbox``: four numbers, or six."""
    numbers = value if isinstance(value, list) else []
    return len(numbers) in _BOX_SIZES and None not in map(finite, numbers)


def _is_text(value: Json) -> bool:
    return isinstance(value, str) and bool(value)


def _is_object_of_objects(value: Json) -> bool:
    return isinstance(value, dict) and all(isinstance(each, dict) for each in value.values())


def _are_assets(value: Json) -> bool:
    return _is_object_of_objects(value) and all(_is_text(e.get("href")) for e in value.values())


def _are_providers(value: Json) -> bool:
    return isinstance(value, list) and all(
        isinstance(each, dict) and _is_text(each.get("name")) for each in value
    )


def _is_extent(value: Json) -> bool:
    extent = value if isinstance(value, dict) else {}
    boxes, intervals = _listed(extent, "spatial", "bbox"), _listed(extent, "temporal", "interval")
    return (
        bool(boxes and intervals) and all(map(is_box, boxes)) and all(map(_is_interval, intervals))
    )


def _listed(extent: Mapping[str, Json], part: str, member: str) -> list[Json]:
    found = extent.get(part)
    listed = found.get(member) if isinstance(found, dict) else None
    return listed if isinstance(listed, list) else []


def _is_interval(value: Json) -> bool:
    ends = value if isinstance(value, list) else []
    return len(ends) == _ENDS and all(each is None or _is_time(each) for each in ends)


def _is_time(value: Json) -> bool:
    try:
        return bool(times.canonical_timestamp(value))
    except (ValueError, TypeError):
        return False


_VERSION: Form = (_is_text, "a text such as '1.1.0'")

ITEM: Mapping[str, Form] = {
    "stac_version": _VERSION,
    "bbox": (is_box, "a list of four numbers, or of six"),
}
COLLECTION: Mapping[str, Form] = {
    "stac_version": _VERSION,
    "license": (_is_text, "a text"),
    "extent": (_is_extent, '{"spatial": {"bbox": [BOX, ...]}, "temporal": {"interval": [ENDS]}}'),
    "summaries": (lambda value: isinstance(value, dict), "an object"),
    "providers": (_are_providers, "a list of objects with names"),
    "assets": (_are_assets, "an object of objects with hrefs"),
    "item_assets": (_is_object_of_objects, "an object of objects"),
}
"""By member: the forms of those that an object may have."""


def wrong(given: Mapping[str, Json], forms: Mapping[str, Form]) -> Iterator[tuple[str, str]]:
    """Yield the members that have not their form, and what that is."""
    for name, (fits, form) in forms.items():
        if name in given and not fits(given[name]):
            yield name, form


def well_formed(given: Mapping[str, Json], forms: Mapping[str, Form]) -> dict[str, Json]:
    """Return members without those that have not their form."""
    left_out = {name for name, _ in wrong(given, forms)}
    return {name: value for name, value in given.items() if name not in left_out}
