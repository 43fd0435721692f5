"""Aggregations against the items themselves, as a search returns them."""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

import h3
import pytest
from shapely.geometry import shape
from tests.component.api.conftest import image
from tests.component.stac.test_api import get

from swath_core.geo import centroids_of
from swath_core.stac import AGGREGATIONS
from swath_core.stac._grids import geohashes, tiles
from swath_dev.inprocess import Answer, InProcessApi, running_api

IMAGES = 18
FILTERS: list[dict[str, Any]] = [
    {},
    {"datetime": "2020-02-01T00:00:00Z/.."},
    {"filter": "eo:cloud_cover > 20 OR platform = 'b'"},
    {"bbox": "-10,-40,170,60", "collections": "acme:a,acme:b"},
    {"ids": "i1,i2,i3,i16"},
    {"ids": "nothing"},
]
ALL = ",".join(AGGREGATIONS)
ALONE = ["total_count", "datetime_min,datetime_max", "collection_frequency", "datetime_frequency"]

Item = Mapping[str, Any]
Found = dict[str, dict[str, Any]]


def random_image(dice: random.Random, number: int) -> dict[str, Any]:
    west, south = dice.uniform(-179, 177), dice.uniform(-80, 78)
    ring = [[west, south], [west + 2, south], [west + 2, south + 1], [west, south]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return image(
        dice.choice(["acme:a", "acme:b"]),
        f"i{number}",
        acquired=f"20{dice.choice([20, 21])}-0{dice.randint(1, 4)}-1{dice.randint(0, 9)}T00:00:00Z",
        cloud_fraction=dice.choice([None, 0.1, 0.29, 0.3, 0.7, dice.random()]),
        fill_fraction=dice.choice([None, 0.3, 0.6, 0.7, 0.9]),
        satellite_id=dice.choice([None, "a", "a", "b", "x" * 400]),
        tags=dice.choice([[], ["s"], ["s", "t"]]),
        geometry=None if dice.random() < 0.1 else geometry,
    )


@pytest.fixture(scope="module")
def api() -> Iterator[InProcessApi]:
    dice = random.Random(1)
    with running_api() as running:
        for name in ("acme:a", "acme:b"):
            running.save("product", name, name=name)
        made = [random_image(dice, number) for number in range(IMAGES)]
        members = [
            {"type": "image", "id": each.pop("object_id"), "attributes": each} for each in made
        ]
        for few in (members[at : at + 6] for at in range(0, IMAGES, 6)):
            answer = running.call("POST", "/images/bulk", {"data": few})
            assert answer.json["meta"]["failed"] == 0, answer.text
        yield running


def aggregated(answer: Answer) -> Found:
    assert answer.status == 200, answer.text
    assert answer.json["type"] == "AggregationCollection"
    return {each["name"]: each for each in answer.json["aggregations"]}


def frequencies(aggregation: dict[str, Any]) -> dict[str, int]:
    return {each["key"]: each["frequency"] for each in aggregation["buckets"]}


def items_of(api: InProcessApi, asked: dict[str, Any]) -> list[Item]:
    key = json.dumps(asked)
    if key not in _ITEMS:
        _ITEMS[key] = get(api, "/search", limit=1000, **asked).json["features"]
    return _ITEMS[key]


_ITEMS: dict[str, list[Item]] = {}


@pytest.mark.parametrize("asked", FILTERS)
def test_counts_and_ends_are_those_of_the_items(api: InProcessApi, asked: dict[str, Any]) -> None:
    items = items_of(api, asked)
    times = sorted(each["properties"]["datetime"] for each in items)
    ends = (times[0], times[-1]) if times else (None, None)
    collections = dict(Counter(each["collection"] for each in items))
    days = dict(Counter(time[:10] + "T00:00:00.000000Z" for time in times))
    by_day = {"datetime_frequency_interval": "day"}

    for names in (ALL, ",".join(ALONE)):
        found = aggregated(get(api, "/aggregate", aggregations=names, **asked, **by_day))
        assert list(found) == names.split(",")
        values = {name: each["value"] for name, each in found.items() if "value" in each}
        expected = {"total_count": len(items), "datetime_min": ends[0], "datetime_max": ends[1]}
        assert values == {name: expected[name] for name in values}
        if "collection_frequency" in found:
            assert frequencies(found["collection_frequency"]) == collections
        if "datetime_frequency" in found:
            assert frequencies(found["datetime_frequency"]) == days
            assert list(days) == list(frequencies(found["datetime_frequency"]))


@pytest.mark.parametrize("asked", FILTERS)
def test_terms_are_those_of_the_items(api: InProcessApi, asked: dict[str, Any]) -> None:
    items = items_of(api, asked)
    platforms = Counter(each["properties"].get("platform") for each in items)
    words = Counter(word for each in items for word in each["properties"].get("keywords", ()))
    found = aggregated(
        get(api, "/aggregate", aggregations="platform_frequency,keywords_frequency", **asked)
    )

    assert found["platform_frequency"]["overflow"] == platforms.pop(None, 0)
    assert frequencies(found["platform_frequency"]) == platforms
    assert frequencies(found["keywords_frequency"]) == words
    counts = [each["frequency"] for each in found["platform_frequency"]["buckets"]]
    assert counts == sorted(counts, reverse=True)


@pytest.mark.parametrize("asked", FILTERS[2:4])
@pytest.mark.parametrize(
    ("name", "said", "of"),
    [
        ("cloud_cover_frequency", {}, "eo:cloud_cover"),
        ("cloud_cover_frequency", {"interval": "7"}, "eo:cloud_cover"),
        ("cloud_cover_frequency", {"ranges": "10,30,70"}, "eo:cloud_cover"),
        ("fill_fraction_frequency", {}, "swath:fill_fraction"),
    ],
)
def test_every_value_lies_in_its_range(
    api: InProcessApi, asked: dict[str, Any], name: str, said: dict[str, str], of: str
) -> None:
    values = [each["properties"].get(of) for each in items_of(api, asked)]
    numbers = [each for each in values if each is not None]
    parameters = {f"{name}_{what}": value for what, value in said.items()}
    found = aggregated(get(api, "/aggregate", aggregations=name, **asked, **parameters))[name]

    assert found["overflow"] == len(values) - len(numbers)
    assert sum(each["frequency"] for each in found["buckets"]) == len(numbers)
    for each in found["buckets"]:
        low, high = each.get("from", float("-inf")), each.get("to", float("inf"))
        assert each["frequency"] == sum(low <= number < high for number in numbers)


def bisected(longitude: float, latitude: float, length: int) -> str:
    """Return a geohash by its definition: halves of the world, longitude first."""
    spans, bits = [[-180.0, 180.0], [-90.0, 90.0]], ""
    for turn in range(length * 5):
        span, value = spans[turn % 2], (longitude, latitude)[turn % 2]
        middle = sum(span) / 2
        bits += "1" if value >= middle else "0"
        span[0 if value >= middle else 1] = middle
    letters = "0123456789bcdefghjkmnpqrstuvwxyz"
    return "".join(letters[int(bits[at : at + 5], 2)] for at in range(0, len(bits), 5))


def hexagon(longitude: float, latitude: float, resolution: int) -> str:
    cell: str = h3.latlng_to_cell(latitude, longitude, resolution)
    return cell


@pytest.mark.parametrize(
    ("name", "cell", "precision"),
    [
        ("grid_geohash_frequency", bisected, 3),
        ("grid_geohash_frequency", bisected, 6),
        ("grid_geohex_frequency", hexagon, 3),
        ("grid_geohex_frequency", hexagon, 8),
    ],
)
def test_cells_are_those_of_the_centroids(
    api: InProcessApi, name: str, cell: Callable[[float, float, int], str], precision: int
) -> None:
    items = items_of(api, {})
    placed = [shape(each["geometry"]).centroid for each in items if each["geometry"]]
    said = {f"{name}_precision": precision}
    found = aggregated(get(api, "/aggregate", aggregations=name, **said))[name]

    assert frequencies(found) == Counter(cell(each.x, each.y, precision) for each in placed)
    assert found["overflow"] == len(items) - len(placed)


def test_tiles_hold_their_centroids_and_edges_belong_to_the_map() -> None:
    points = [(-180, 85), (179.99, -89), (0.01, -0.01), (13.4, 52.5), (-0.001, 66.6)]
    boxes = [shape({"type": "Point", "coordinates": point}).buffer(1e-7).wkb for point in points]
    centres = centroids_of(boxes)

    assert tiles(*centres, 0) == ["0/0/0"] * len(points)
    assert tiles(*centres, 10)[1:4] == ["10/1023/1023", "10/512/512", "10/550/335"]
    assert geohashes(*centres, 5) == [bisected(*point, 5) for point in points]


def test_the_interval_fits_the_time_that_the_items_span(api: InProcessApi) -> None:
    whole = aggregated(get(api, "/aggregate", aggregations="datetime_frequency"))
    short = {"datetime": "2020-02-10T00:00:00Z/2020-02-14T00:00:00Z"}
    days = aggregated(get(api, "/aggregate", aggregations="datetime_frequency", **short))

    starts = [each["key"] for each in whole["datetime_frequency"]["buckets"]]
    assert starts
    assert all(date.fromisoformat(start[:10]).weekday() == 0 for start in starts), "weeks"
    assert len(days["datetime_frequency"]["buckets"]) <= 5


def test_what_there_is_is_listed_and_linked(api: InProcessApi) -> None:
    api.save("product", "acme:empty", name="Empty")
    for path in ("", "/collections/acme:empty"):
        listed = get(api, f"{path}/aggregations").json
        assert [each["name"] for each in listed["aggregations"]] == list(AGGREGATIONS)
        links = {(each["rel"], each.get("method")) for each in get(api, path).json["links"]}
        assert {("aggregate", "GET"), ("aggregate", "POST"), ("aggregations", None)} <= links
        found = aggregated(get(api, f"{path}/aggregate", aggregations="total_count"))
        assert found["total_count"]["value"] == (0 if path else IMAGES)


def test_a_body_asks_the_same(api: InProcessApi) -> None:
    tree = {"op": ">", "args": [{"property": "eo:cloud_cover"}, 20]}
    text = {"aggregations": "total_count,grid_geohex_frequency", "filter": "eo:cloud_cover > 20"}
    body = {"aggregations": ["total_count", "grid_geohex_frequency"], "filter": tree}
    for path in ("", "/collections/acme:a"):
        posted = api.call("POST", f"//stac{path}/aggregate", body)
        assert (
            posted.json["aggregations"]
            == get(api, f"{path}/aggregate", **text).json["aggregations"]
        )
    assert get(api, "/aggregate").json["aggregations"] == []


@pytest.mark.parametrize(
    ("asked", "wrong"),
    [
        ({"aggregations": "total"}, "did you mean 'total_count'"),
        ({"aggregations": "total_count", "sortby": "id"}, "is not asked here"),
        ({"aggregations": "datetime_frequency", "datetime_frequency_interval": "age"}, "year"),
        ({"aggregations": "cloud_cover_frequency", "cloud_cover_frequency_interval": "0"}, "from"),
        ({"aggregations": "cloud_cover_frequency", "cloud_cover_frequency_ranges": "2,1"}, "ascen"),
        ({"aggregations": "grid_geohash_frequency", "grid_geohash_frequency_precision": "0"}, "12"),
        ({"aggregations": "grid_geohex_frequency", "grid_geohex_frequency_precision": "nan"}, "15"),
        ({"aggregations": "total_count", "filter": "x = 1"}, "no queryable property"),
        ({"aggregations": "total_count", "ids": json.dumps(list(range(3000)))}, "at most"),
    ],
)
def test_what_cannot_be_answered_exactly_is_refused(
    api: InProcessApi, asked: dict[str, Any], wrong: str
) -> None:
    answer = get(api, "/aggregate", **asked)

    assert answer.status == 400
    assert wrong in answer.json["description"]


def test_too_many_buckets_are_refused(api: InProcessApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("swath_core.stac._aggregators.MOST_BUCKETS", 2)

    answer = get(api, "/aggregate", aggregations="platform_frequency")
    assert answer.status == 400
    assert "platform_frequency has more than 2 buckets" in answer.json["description"]
