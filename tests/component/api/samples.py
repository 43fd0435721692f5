"""Two values of every attribute: what is sent, and what must come back."""

from __future__ import annotations

from typing import Any

from swath_core.definitions import (
    AnyOf,
    Attribute,
    AttributeType,
    Boolean,
    Choice,
    Footprint,
    Integer,
    JsonObject,
    ListOf,
    MapOf,
    Nodata,
    Number,
    OrNull,
    Record,
    Resolution,
    Text,
    Timestamp,
)

Sample = tuple[Any, Any]


def square(x: float, y: float) -> dict[str, Any]:
    ring = [[x, y], [x + 1, y], [x + 1, y + 1], [x, y + 1], [x, y]]
    return {"type": "Polygon", "coordinates": [ring]}


SPECIAL: dict[str, tuple[Sample, Sample]] = {
    "owners": (
        (["user:x", "org:acme", "user:alice"],) * 2,
        (["org:acme", "user:alice"],) * 2,
    ),
    "writers": ((["email:B@X.example"], ["email:b@x.example"]), (["org:friends"],) * 2),
    "readers": ((["group:g", "org:o"],) * 2, (["user:u"],) * 2),
    "default_display_bands": ((["red", "green", "blue"],) * 2, (["pan"],) * 2),
    "processing_levels": (
        ({"default": "toa", "toa": [{"function": "scale", "parameter": "cloud_fraction"}]},) * 2,
        ({"x": [{"function": "scale", "parameter": "reflectance_scale", "index": 1}]},) * 2,
    ),
    "geotrans": (
        ([500000, 10, 0, 5000000, 0, -10], [500000.0, 10.0, 0.0, 5000000.0, 0.0, -10.0]),
        ([0, 2, 1, 0, 1, -2], [0.0, 2.0, 1.0, 0.0, 1.0, -2.0]),
    ),
    "cs_code": (("EPSG:32633",) * 2, ("EPSG:4326",) * 2),
    "projection": (("+proj=utm +zone=33 +datum=WGS84",) * 2, ("+proj=longlat",) * 2),
    "files": (
        ([{"href": "https://x.example/b.tif", "size_bytes": 3, "hash": "0" * 32}],) * 2,
        ([{"provider_href": "https://x.example/a.tif"}],) * 2,
    ),
    "image_index_name": (("a",) * 2, ("b",) * 2),
    "acquired_end": (
        ("2022-01-01", "2022-01-01T00:00:00.000000Z"),
        ("2023", "2023-01-01T00:00:00.000000Z"),
    ),
    "derived_params": (
        ({"function": "f", "bands": ["a"], "source_type": "Byte"},) * 2,
        ({"function": "g", "bands": ["b", "c"]},) * 2,
    ),
}


def samples(attribute: Attribute) -> tuple[Sample, Sample]:
    """Return two samples of an attribute that differ, the second the greater if it compares."""
    return SPECIAL.get(attribute.name) or (of(attribute.type, 0), of(attribute.type, 1))


def of(kind: AttributeType, index: int) -> Sample:  # noqa: C901, PLR0911, PLR0912 - one case each
    """Return the sample of a type: first or second."""
    match kind:
        case Text():
            value = ("first", "second: \u00e9\u4e2d\U0001f6f0")[index]
            return value, value
        case JsonObject():
            kept: dict[str, Any] = {"properties": {"a": [index, None]}}
            return kept, kept
        case Integer():
            return index + 2, index + 2
        case Number() | Nodata():
            return index + 1, index + 1.0
        case Boolean():
            return bool(index), bool(index)
        case Timestamp():
            return (
                ("2020-05-01", "2020-05-01T00:00:00.000000Z"),
                ("2021-02-03T04:05:06.789+02:00", "2021-02-03T02:05:06.789000Z"),
            )[index]
        case Choice():
            value = sorted(kind.values)[min(index, len(kind.values) - 1)]
            return value, value
        case Resolution():
            return (
                ("60m", {"value": 60.0, "unit": "meters"}),
                ({"value": 1, "unit": "degrees"}, {"value": 1.0, "unit": "degrees"}),
            )[index]
        case Footprint():
            return ((square(10, 50),) * 2, (square(-70, -20),) * 2)[index]
        case OrNull():
            return of(kind.item, index)
        case ListOf():
            items = [of(kind.item, index)] * max(kind.shortest, 1)
            return [sent for sent, _ in items], [stored for _, stored in items]
        case MapOf():
            sent, stored = of(kind.item, index)
            return {"k": sent}, {"k": stored}
        case AnyOf():
            return of(kind.types[-1], index)
        case Record():
            pairs = {name: of(field.type, index) for name, field in kind.fields.items()}
            return (
                {name: sent for name, (sent, _) in pairs.items()},
                {name: stored for name, (_, stored) in pairs.items()},
            )
    raise NotImplementedError(kind)
