"""Summaries over HTTP on the deployed stack equal a count by hand, whichever way they are made."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from tests.summary_stack import Tables, tables_of

from swath_core.store.rollups import RollupStore
from swath_core.summaries import LiveCounter, Rollup
from swath_dev._errors import CommandError
from swath_dev.api import Api
from swath_dev.cloud import Deployed, LocalCloud

pytestmark = pytest.mark.stack

STEP = 97  # hours between two images
NUMBER = 120


@pytest.fixture(scope="module")
def tables(stack: Deployed) -> Iterator[Tables]:
    with tables_of(stack) as found:
        yield found


@pytest.fixture(scope="module")
def api(stack: Deployed, cloud: LocalCloud) -> Api:
    return Api(stack.api_url, cloud.token(org=f"org{time.time_ns():x}"))


def _image(product: str, number: int) -> dict[str, Any]:
    day, hour = divmod(number * STEP, 24)
    month, day = divmod(day, 28)
    year, month = divmod(month, 12)
    x = -170 + number * 2.5
    ring = [[x, 10], [x + 1, 10], [x + 1, 11], [x, 11], [x, 10]]
    file = {"href": f"https://example.com/{number}.tif", "size_bytes": 1000 + number, "hash": "ab"}
    return {
        "name": f"i{number:03}",
        "product_id": product,
        "acquired": f"{2019 + year}-{month + 1:02}-{day + 1:02}T{hour:02}:15:30.250000Z",
        "published": f"{2021 + year}-{month + 1:02}-{day + 1:02}T01:00:00.000000Z",
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "cloud_fraction": number % 10 / 10,
        "storage_state": "remote",
        "files": [file],
    }


@pytest.fixture(scope="module")
def product(api: Api) -> str:
    answer = api.call(
        "POST", "/products", {"data": {"type": "product", "id": "s", "attributes": {"name": "S"}}}
    )
    return str(answer["data"]["id"])


@pytest.fixture(scope="module")
def images(api: Api, product: str) -> list[dict[str, Any]]:
    given = [_image(product, number) for number in range(NUMBER)]
    items = [{"type": "image", "id": f"{product}:{i['name']}", "attributes": i} for i in given]
    api.call("POST", "/images/bulk", {"data": items})
    return given


def _stored(images: list[dict[str, Any]]) -> int:
    return sum(image["files"][0]["size_bytes"] for image in images)


def _filter(product: str, *more: dict[str, Any]) -> str:
    return json.dumps([{"op": "eq", "name": "product_id", "val": product}, *more])


def _total(api: Api, body: dict[str, Any]) -> dict[str, Any]:
    data = api.call("PUT", "/images/summary/all", body)["data"]
    assert (data["type"], data["id"]) == ("image_summary", "all")
    return dict(data["attributes"])


def _series(api: Api, path: str, body: dict[str, Any]) -> dict[str, int]:
    answer = api.call("PUT", f"/images/summary/{path}", body)
    assert answer["meta"]["count"] == len(answer["data"])
    found = {}
    for each in answer["data"]:
        assert each["type"] == "image_interval_summary"
        assert each["attributes"]["interval_start"].endswith("Z")
        found[each["attributes"]["interval_start"][:10]] = each["attributes"]["count"]
    return found


def _check_everything(api: Api, product: str, images: list[dict[str, Any]]) -> None:
    everything = _total(api, {"filter": _filter(product)})
    assert everything == {"count": NUMBER, "bytes": _stored(images), "products": [product]}
    early = [image for image in images if image["acquired"] < "2019-07-15T12"]
    until = {"op": "lt", "name": "acquired", "val": "2019-07-15T12:00:00"}
    assert _total(api, {"filter": _filter(product, until)})["bytes"] == _stored(early)
    by_month = Counter(image["acquired"][:7] + "-01" for image in images)
    assert _series(api, "acquired/month", {"filter": _filter(product)}) == by_month
    by_day = Counter(image["acquired"][:10] for image in images)
    body = {"filter": _filter(product), "_start": "2019-02-01", "_end": "2019-02-28T23:59:59"}
    days = _series(api, "acquired/day", body)
    assert days == {f"2019-02-{day:02}": by_day[f"2019-02-{day:02}"] for day in range(1, 29)}


def test_summaries_before_and_after_the_rollup(
    api: Api, product: str, images: list[dict[str, Any]], tables: Tables
) -> None:
    _check_everything(api, product, images)
    store = RollupStore(tables.settings)
    assert len(store.state(product).dirty) == len({image["acquired"][:10] for image in images})
    later = Rollup(store, LiveCounter(tables.postings), clock=lambda: time.time() + 500)
    assert later.run(60).finished
    state = store.state(product)
    assert state.dirty == {}
    assert sum(tally.count for tally in state.months.values()) == NUMBER
    _check_everything(api, product, images)


def test_filters_and_geometry_are_counted_from_postings(
    api: Api, product: str, images: list[dict[str, Any]]
) -> None:
    clear = {"op": "lt", "name": "cloud_fraction", "val": 0.25}
    expected = [image for image in images if image["cloud_fraction"] < 0.25]
    assert _total(api, {"filter": _filter(product, clear)})["bytes"] == _stored(expected)
    box = {
        "type": "Polygon",
        "coordinates": [[[-20, 0], [20, 0], [20, 20], [-20, 20], [-20, 0]]],
    }
    touched = [image for image in images if -21 <= image["geometry"]["coordinates"][0][0][0] <= 20]
    body = {"filter": _filter(product), "intersects": json.dumps(box)}
    assert _total(api, body)["count"] == len(touched)
    by_year = Counter(image["acquired"][:4] + "-01-01" for image in touched)
    assert _series(api, "acquired/year", body) == by_year
    nothing = {"op": "eq", "name": "satellite_id", "val": "none"}
    assert _total(api, {"filter": _filter(product, nothing)}) == {
        "count": 0,
        "bytes": 0,
        "products": [],
    }


def test_every_field_interval_and_spelling(
    api: Api, product: str, images: list[dict[str, Any]]
) -> None:
    for field in ("acquired", "created", "modified", "published"):
        for interval in ("year", "quarter", "month", "week", "day", "hour", "minute"):
            series = _series(api, f"{field}/{interval}", {"filter": _filter(product)})
            if interval not in {"hour", "minute"}:  # several begin on one day
                assert sum(series.values()) == NUMBER
    spelled = "AggregateDateField.PUBLISHED/Interval.QUARTER"
    quarters = _series(api, spelled, {"filter": _filter(product), "_start": "", "_end": ""})
    assert sum(quarters.values()) == NUMBER
    assert all(start[5:7] in {"01", "04", "07", "10"} for start in quarters)


def test_five_months_are_five_intervals(
    api: Api, product: str, images: list[dict[str, Any]]
) -> None:
    body = {"filter": _filter(product), "_start": "2019-01-01", "_end": "2019-06-01"}
    assert list(_series(api, "acquired/month", body)) == [f"2019-0{m}-01" for m in range(1, 6)]


def test_cells(api: Api, product: str, images: list[dict[str, Any]]) -> None:
    answer = api.call("PUT", "/images/summary/h3/2", {"filter": _filter(product)})
    cells = answer["data"]["attributes"]
    features = cells["features"]
    assert (cells["type"], cells["without_footprint"]) == ("FeatureCollection", 0)
    assert sum(each["properties"]["count"] for each in features) == NUMBER


def test_others_see_nothing(stack: Deployed, cloud: LocalCloud, product: str) -> None:
    stranger = Api(stack.api_url, cloud.token(org="strangers", subject="other"))
    for body in ({"filter": _filter(product)}, {}):
        assert product not in _total(stranger, body)["products"]
    series = stranger.call("PUT", "/images/summary/acquired/year", {"filter": _filter(product)})
    assert series["data"] == []


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("all", {"filter": '[{"op":"eq","name":"nosuch","val":1}]'}, "nosuch"),
        ("acquired/decade", {}, "decade"),
        ("taken/year", {}, "taken"),
        ("acquired/year", {"_start": "soon"}, "_start"),
        ("acquired/year", {"_start": "2021", "_end": "2020"}, "after"),
        ("acquired/minute", {"_start": "1990", "_end": "2020"}, "narrow"),
        ("h3/16", {}, "resolution"),
        ("h3/x", {}, "resolution"),
    ],
)
def test_wrong_requests_say_what_is_wrong(
    api: Api, path: str, body: dict[str, Any], words: str
) -> None:
    with pytest.raises(CommandError, match=words) as caught:
        api.call("PUT", f"/images/summary/{path}", body)
    assert "answered 400" in str(caught.value)


def test_the_scheduled_function_runs(stack: Deployed, product: str) -> None:
    function = stack.outputs["RollupFunction"]
    event = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}
    answer = stack.session.client("lambda").invoke(
        FunctionName=function, Payload=json.dumps(event).encode()
    )
    done = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, done
    assert done["drifted"] == []
    assert done["finished"] is True
