"""Images of all kinds, some in files of the mirror and some not, and what rows of files tell."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import boto3
from tests.api_mirror import Schedule
from tests.component.api.conftest import band, image

from swath_dev.inprocess import BUCKET, InProcessApi

PRODUCT = "acme:p"
DECLARED = {
    "gsd": "number",
    "orbit": "integer",
    "s2:tile": "string",
    "final": "boolean",
    "seen": "date-time",
    "platform": "string",
    "eo:snow_cover": "number",
}
_EO = "https://stac-extensions.github.io/eo/v2.0.0/schema.json"
_OWN_LINKS = ("self", "root", "parent", "collection")
_OF_PROPERTIES = {"eo": ("eo:",), "view": ("view:",), "timestamps": ("published", "expires")}


def _save(api: InProcessApi, name: str, acquired: str, **more: Any) -> None:
    given = {"storage_state": "remote", **more}
    answer = api.save("image", **image(PRODUCT, name, acquired=acquired, **given))
    assert answer.status == 201, answer.text


def fill(api: InProcessApi) -> None:
    """Save images of all kinds, let the schedule write their files, and save some more."""
    assert api.save("product", PRODUCT, name="P").status == 201
    assert api.save("band", **band(PRODUCT)).status == 201
    key = "images/acme/p/2020/01/02/own/v1/blue.tif"
    boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"pixels")
    own = {"href": f"s3://{BUCKET}/{key}", "size_bytes": 6, "hash": "0" * 32}
    _save(api, "own", "2020-01-02T00:00:00Z", files=[own], storage_state="available")
    far = {"href": "https://far.example/b.tif", "size_bytes": 7, "hash": "0" * 32}
    angles = {"view_angle": -5, "solar_elevation_angle": 12.5, "azimuth_angle": 359.5}
    _save(api, "far", "2020-01-02T10:00:00.25Z", files=[far], cloud_fraction=0.29, **angles)
    _save(api, "odd", "2020-01-03T00:00:00Z", cloud_fraction=0.5, tags=["a", "b"])
    extras = {"gsd": 10, "orbit": 7, "s2:tile": "32TNT", "final": True, "platform": "p"}
    more_extras = {"seen": "2020-05-05T01:02:03+02:00", "eo:snow_cover": 2.5, "undeclared": "u"}
    _save(api, "rich", "2020-01-02T11:00:00Z", extra_properties={**extras, **more_extras})
    declared = {"swath.queryables": json.dumps(DECLARED)}
    body = {
        "data": {"type": "product", "id": PRODUCT, "attributes": {"extra_properties": declared}}
    }
    assert api.call("PATCH", f"/products/{PRODUCT}", body).status == 200
    _save(api, "rich2", "2020-01-02T12:00:00Z", extra_properties={**extras, **more_extras})
    wrong = {"gsd": "10", "orbit": "seven", "s2:tile": 1, "final": 1, "seen": "soon"}
    _save(api, "untyped", "2020-01-02T13:00:00Z", extra_properties=wrong)
    _save(api, "broken", "2020-01-02T14:00:00Z", extra_properties={"orbit": 1.5, "gsd": 1})
    _save(api, "long", "2020-01-04T00:00:00Z", satellite_id="x" * 400, provider_id="y")
    more = {"cloud_fraction": 1.5, "tags": ["a", "b"]}
    _save(api, "nowhere", "2020-01-05T00:00:00Z", geometry=None, satellite_id="s", **more)
    ring = [[170, 1], [-170, 1], [-170, 5], [170, 5], [170, 1]]
    across = {"type": "Polygon", "coordinates": [ring]}
    end = {"acquired_end": "2020-02-07T01:00:00Z", "expires": "2040-01-01T00:00:00Z"}
    _save(api, "across", "2020-02-06T23:00:00Z", geometry=across, **end)
    Schedule().run()
    _save(api, "late", "2020-01-03T12:00:00Z", cloud_fraction=0.5)  # a day that changed
    _save(api, "rich3", "2020-01-03T13:00:00Z", extra_properties={**extras, **more_extras})
    _save(api, "untyped2", "2020-01-03T14:00:00Z", extra_properties=wrong)
    _save(api, "later", "2021-05-31T00:00:00Z")  # a month without a file
    _save(api, "before", "1999-12-31T23:59:59.999999Z")


def told_items(api: InProcessApi) -> dict[str, dict[str, Any]]:
    """Return what of the items of the API is told by rows of files."""
    found = api.call("POST", "//stac/search", {"limit": 1000}).json["features"]
    return {each["id"]: comparable(_told(each)) for each in found}


def _told(item: dict[str, Any]) -> dict[str, Any]:
    links = [each for each in item["links"] if each["rel"] in _OWN_LINKS]
    assets = {key: each for key, each in item["assets"].items() if key == "thumbnail"}
    properties = {
        _column(n): v
        for n, v in item["properties"].items()
        if not n.startswith("proj:") and _is_told(n, v)
    }
    extensions = item["stac_extensions"]
    if "eo:snow_cover" in properties and _EO not in extensions:
        extensions = [*extensions, _EO]  # by its own name a property means what the extension says
    told = {"assets": assets, "properties": properties, "stac_extensions": extensions}
    return {**item, "links": links, **told}


def _column(name: str) -> str:
    """Return what a property of an item is called in rows: as searches call it."""
    bare = name.removeprefix("swath:extra_")
    return bare if bare != "platform" else name


def _is_told(name: str, value: Any) -> bool:
    bare = name.removeprefix("swath:extra_")
    is_declared = bare in DECLARED and (bare != "platform" or bare != name)
    if not is_declared:
        return bare == name and name != "undeclared"
    if DECLARED[bare] == "date-time":
        return bool(value != "soon")
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    whole = is_number and value == int(value)
    found = {"number": is_number, "integer": whole, "boolean": isinstance(value, bool)}
    return bool(found.get(DECLARED[bare], isinstance(value, str)))


def comparable(item: dict[str, Any]) -> dict[str, Any]:
    """Return an item without what rows do not hold: nulls, and forms of the same moment."""
    properties = {
        name: _moment(value)
        for name, value in item["properties"].items()
        if value not in (None, [])
    }
    extensions = [
        uri
        for uri in item["stac_extensions"]
        if any(name.startswith(_OF_PROPERTIES.get(uri.split("/")[3], "?")) for name in properties)
    ]
    bbox = item.get("bbox")
    if bbox and bbox[0] > bbox[2]:  # columns of boxes hold what does not cross 180 degrees
        bbox = [-180, bbox[1], 180, bbox[3]]
    return {
        **{name: each for name, each in item.items() if each is not None},
        "properties": properties,
        "stac_extensions": sorted(extensions),
        "bbox": bbox,
    }


def _moment(value: Any) -> Any:
    try:
        return datetime.fromisoformat(value).astimezone(UTC) if isinstance(value, str) else value
    except ValueError:
        return value
