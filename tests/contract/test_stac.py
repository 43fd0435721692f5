"""The STAC face on the deployed stack, as those who speak STAC see it."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from tests.contract.conftest import Start
from tests.contract.published import Client, Release

from swath_dev.cloud import Deployed, LocalCloud

pytestmark = [pytest.mark.stack, pytest.mark.published]

PEERS = Release("contract-stac.txt", "STAC")
SCHEMAS = Path(__file__).parents[1] / "stac_schemas"
CLASSES = [
    *("core", "collections", "features", "item-search", "item-search#sort", "transaction"),
    *("item-search#fields", "item-search#query", "features#sort", "features#fields"),
    *("features#query", "item-search#filter", "features#filter"),
]
IMAGES = 47
SECONDS = 60


@dataclass(frozen=True)
class Face:
    """The STAC face as one caller sees it, with a collection of that caller's."""

    root: str
    token: str
    collection: str

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        answer = requests.request(
            method,
            f"{self.root}{path}",
            params=query,
            json=body,
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=SECONDS,
        )
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None


def ring(x: float, y: float) -> dict[str, Any]:
    east = x + 1 if x + 1 <= 180 else x + 1 - 360
    corners = [[x, y], [east, y], [east, y + 1], [x, y + 1], [x, y]]
    return {"type": "Polygon", "coordinates": [corners]}


def item(number: int) -> dict[str, Any]:
    """Return an item; they lie along the equator, one across 180 degrees."""
    return {
        "type": "Feature",
        "stac_version": "1.1.0",
        "id": f"i{number:02}",
        "geometry": ring(133.5 + number, number % 7),
        "bbox": [133.5 + number, number % 7, (134.5 + number + 180) % 360 - 180, number % 7 + 1],
        "properties": {
            "datetime": f"2023-{number % 12 + 1:02}-11T10:20:{number:02}Z",
            "eo:cloud_cover": number * 2.5 % 100,
            "platform": ["sat-one", "sat-two"][number % 2],
            "keywords": ["odd" if number % 2 else "even"],
        },
        "links": [],
        "assets": {"red": {"href": f"https://far.example/{number}.tif", "roles": ["data"]}},
        "stac_extensions": ["https://stac-extensions.github.io/eo/v2.0.0/schema.json"],
    }


ITEMS = {each["id"]: each for each in map(item, range(IMAGES))}


@pytest.fixture(scope="module")
def face(stack: Deployed, cloud: LocalCloud) -> Face:
    org = f"org{secrets.token_hex(4)}"
    made = Face(f"{stack.api_url}/stac", cloud.token(org), f"{org}:line")
    collection = {
        "type": "Collection",
        "stac_version": "1.1.0",
        "id": made.collection,
        "description": "Along the equator.",
        "license": "other",
        "extent": {
            "spatial": {"bbox": [[133.5, 0, -179, 8]]},
            "temporal": {"interval": [["2023-01-01T00:00:00Z", "2023-12-31T00:00:00Z"]]},
        },
        "links": [],
        "swath:queryables": {"mission": "string"},  # which the validator's filters name
    }
    made.call("POST", "/collections", collection)
    items = {"type": "FeatureCollection", "features": list(ITEMS.values())}
    made.call("POST", f"/collections/{made.collection}/items", items)
    return made


@pytest.fixture(scope="module")
def peers(start: Start, face: Face) -> Client:
    return start(PEERS, token=face.token, settings={})


def test_the_validator_of_stac_apis_finds_no_error(peers: Client, face: Face) -> None:
    found = peers.call(
        "stac",
        "validate",
        root=face.root,
        token=face.token,
        collection=face.collection,
        geometry=json.dumps(ring(139.5, 6)),
        classes=CLASSES,
        nested="properties.eo:cloud_cover",
        comparison=["eo:cloud_cover", 25, 10, 90, "sat-one"],
        schemas=str(SCHEMAS),
    )
    print(found["warnings"])
    assert not found["errors"], "\n".join(found["errors"])


SEARCHES: list[dict[str, Any]] = [
    {},
    {"datetime": "2023-03-01T00:00:00Z/2023-06-30T00:00:00Z"},
    {"bbox": [178, 0, -179, 8]},
    {"intersects": {"type": "Point", "coordinates": [150.2, 2.5]}},
    {"query": {"eo:cloud_cover": {"lt": 30}, "platform": {"eq": "sat-two"}}},
    {"ids": ["i03", "i30"]},
]


def expected(asked: dict[str, Any]) -> set[str]:
    """Return which items a search has to find, by looking at each."""

    def fits(each: dict[str, Any]) -> bool:
        x, y = 133.5 + int(each["id"][1:]), each["geometry"]["coordinates"][0][0][1]
        properties = each["properties"]
        if "datetime" in asked:
            start, end = asked["datetime"].split("/")
            return bool(start <= properties["datetime"] <= end)
        if "bbox" in asked:
            return bool(x + 1 >= 178 and x <= 181 and y <= 8)
        if "intersects" in asked:
            east, north = asked["intersects"]["coordinates"]
            return bool(x <= east <= x + 1 and y <= north <= y + 1)
        if "query" in asked:
            cover = properties["eo:cloud_cover"]
            return bool(cover < 30 and properties["platform"] == "sat-two")
        return each["id"] in asked.get("ids", ITEMS)

    return {name for name, each in ITEMS.items() if fits(each)}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("asked", SEARCHES)
def test_pystac_client_finds_what_there_is(
    peers: Client, face: Face, method: str, asked: dict[str, Any]
) -> None:
    if method == "GET" and "query" in asked:
        pytest.skip("pystac-client sends a query by POST only")
    found = peers.call(
        "stac",
        "search",
        root=face.root,
        token=face.token,
        method=method,
        collections=[face.collection],
        limit=10,
        **asked,
    )
    right = expected(asked)
    assert len(right) > 0
    assert sorted(found["ids"]) == sorted(right)
    assert found["matched"] == len(right)
    assert total(face, method, asked) == len(right)


def total(face: Face, method: str, asked: dict[str, Any]) -> int:
    """Return how many items there are for a search, as `/aggregate` counts them."""
    whole = {"collections": [face.collection], "aggregations": ["total_count"], **asked}
    if method == "POST":
        answer = face.call("POST", "/aggregate", whole)
    else:
        answer = face.call("GET", "/aggregate", **{k: as_query(each) for k, each in whole.items()})
    (found,) = answer["aggregations"]
    return int(found["value"])


def as_query(value: Any) -> str:
    """Return a member of a search as a parameter of an address."""
    if isinstance(value, list):
        return ",".join(map(str, value))
    return value if isinstance(value, str) else json.dumps(value)


def test_pystac_client_reads_collections_and_items(peers: Client, face: Face) -> None:
    arguments = {"root": face.root, "token": face.token}
    assert face.collection in peers.call("stac", "collections", **arguments)
    assert set(peers.call("stac", "listed", **arguments, collection=face.collection)) == set(ITEMS)
    told = {"query": ["eo:cloud_cover<30", "platform=sat-two"], "method": "POST"}
    asked = peers.call("stac", "search", **arguments, collections=[face.collection], **told)
    assert set(asked["ids"]) == expected({"query": {}})
    found = peers.call("stac", "item", **arguments, collection=face.collection, name="i03")
    assert found["properties"]["eo:cloud_cover"] == ITEMS["i03"]["properties"]["eo:cloud_cover"]
    assert found["assets"]["red"]["href"] == "https://far.example/3.tif"
