from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
import shapely
from tests.client.fake import FakeCatalog

import swath
from swath.catalog import (
    AggregateDateField,
    Band,
    BandType,
    Collection,
    Image,
    ImageCollection,
    Product,
    Resolution,
    SpectralBand,
)
from swath.catalog import properties as p
from swath.geo import AOI


def fill(fake: FakeCatalog, count: int = 8) -> None:
    fake.objects["products"]["acme:p"] = {"name": "P"}
    for i in range(count):
        fake.objects["images"][f"acme:p:{i}"] = {
            "name": str(i),
            "product_id": "acme:p",
            "cloud_fraction": i / 10,
            "acquired": f"202{i % 3}-01-01T00:00:00Z",
        }


@pytest.mark.parametrize(
    ("expression", "wire"),
    [
        (p.a == 1, {"name": "a", "op": "eq", "val": 1}),
        (p.a != "x", {"name": "a", "op": "ne", "val": "x"}),
        (p.a < 1.5, {"name": "a", "op": "lt", "val": 1.5}),
        (p.a == BandType.CLASS, {"name": "a", "op": "eq", "val": "class"}),
        (
            p.a == Resolution(60, "meters"),
            {"name": "a", "op": "eq", "val": {"value": 60.0, "unit": "meters"}},
        ),
        (
            p.a > datetime(2020, 1, 1),
            {"name": "a", "op": "gt", "val": "2020-01-01T00:00:00.000000Z"},
        ),
        (
            p.a > datetime(2020, 1, 1, tzinfo=UTC).date(),
            {"name": "a", "op": "gt", "val": "2020-01-01"},
        ),
        (p.product == "acme:p", {"name": "product_id", "op": "eq", "val": "acme:p"}),
        (p.a.in_(["x"]), {"name": "a", "op": "eq", "val": "x"}),
        (
            p.a.any_of([1, 2]),
            {"or": [{"name": "a", "op": "eq", "val": 1}, {"name": "a", "op": "eq", "val": 2}]},
        ),
        (p.a.isnull, {"name": "a", "op": "isnull"}),
        (p.a.isnotnull, {"name": "a", "op": "isnotnull"}),
        (p.a.prefix("x"), {"name": "a", "op": "prefix", "val": "x"}),
        (p.a == ["x", "y"], {"name": "a", "op": "eq", "val": ["x", "y"]}),
        (
            1 < p.a <= 5,
            {"and": [{"name": "a", "op": "gt", "val": 1}, {"name": "a", "op": "lte", "val": 5}]},
        ),
        (
            (p.a == 1) & (p.b == 2) & (p.c == 3),
            {"and": [{"name": n, "op": "eq", "val": v} for n, v in (("a", 1), ("b", 2), ("c", 3))]},
        ),
        (
            (p.a == 1) | (p.b == 2) & (p.c == 3),
            {
                "or": [
                    {"name": "a", "op": "eq", "val": 1},
                    {
                        "and": [
                            {"name": "b", "op": "eq", "val": 2},
                            {"name": "c", "op": "eq", "val": 3},
                        ]
                    },
                ]
            },
        ),
    ],
)
def test_expressions_on_the_wire(expression: swath.catalog.Expression, wire: object) -> None:
    assert expression.to_wire() == wire


def test_and_is_refused_where_it_would_lose_half() -> None:
    with pytest.raises(TypeError, match="join expressions with &"):
        _ = p.a > 1 and p.b < 2
    with pytest.raises(TypeError, match="join expressions with &"):
        _ = p.a == 1 or p.b == 2
    with pytest.raises(TypeError, match="join expressions with &"):
        bool((p.a == 1) & (p.b == 1))


def test_mistakes_in_filters() -> None:
    with pytest.raises(ValueError, match="at least one"):
        p.a.in_([])
    with pytest.raises(TypeError, match="no filter expression"):
        _ = (p.a == 1) & True  # type: ignore[operator]
    with pytest.raises(TypeError, match="another property"):
        _ = p.a == p.b
    with pytest.raises(AttributeError, match="did you mean 'acquired'"):
        Image.search().filter(p.aquired > "2020")
    with pytest.raises(TypeError, match="no filter"):
        Image.search().filter(True)  # type: ignore[arg-type]
    with pytest.raises(AttributeError, match="nonsense"):
        Image.search().sort("nonsense")
    with pytest.raises(ValueError, match="a limit"):
        Image.search().limit(-1)
    with pytest.raises(ValueError, match="no place: give GeoJSON"):
        Image.search().intersects(5)


def test_searches_do_not_change() -> None:
    first = Image.search()
    second = first.filter(p.name == "x").sort("acquired", ascending=False).limit(3).find_text("y")
    assert first._body() == {}
    assert second._body() == {
        "filter": '[{"name":"name","op":"eq","val":"x"}]',
        "sort": "-acquired",
        "limit": 3,
        "text": "y",
    }
    assert second.sort("-name")._body()["sort"] == "-name"


def test_pages_are_followed_with_the_same_body(client: swath.Client, fake: FakeCatalog) -> None:
    fill(fake)
    found = list(Image.search().filter(p.product_id == "acme:p").sort("name"))
    assert [image.name for image in found] == [str(i) for i in range(8)]
    sent = fake.requests("PUT", "/images")
    assert [request.query for request in sent] == [{}, {"from": "3"}, {"from": "6"}]
    assert {json.dumps(request.body) for request in sent} == {json.dumps(sent[0].body)}
    assert sent[0].body["include"] == "product"
    assert found[0].product is not None
    assert not fake.requests("GET", "acme%3Ap")


def test_an_unfinished_iteration_ends_quietly(client: swath.Client, fake: FakeCatalog) -> None:
    fill(fake)
    for _image in Image.search():
        break
    assert len(fake.requests("PUT", "/images")) <= 2


def test_the_token_is_not_sent_where_an_answer_points(
    client: swath.Client, fake: FakeCatalog
) -> None:
    fill(fake)
    fake.url, home = "http://elsewhere.invalid", fake.url
    assert len(list(Image.search())) == 8
    assert client.settings.url == home


def test_limit_count_first(client: swath.Client, fake: FakeCatalog) -> None:
    fill(fake)
    search = Image.search().limit(4)
    assert len(list(search)) == 4
    assert search.count() == 8
    assert fake.requests("PUT", "/images")[-1].body == {"limit": 0}
    first = Image.search().sort("-name").first()
    assert first is not None
    assert first.name == "7"
    assert Image.search().filter(p.name == "none").first() is None


def test_typed_band_searches(client: swath.Client, fake: FakeCatalog) -> None:
    list(SpectralBand.search().filter(p.wavelength_nm_min > 1))
    sent = json.loads(fake.requests("PUT", "/bands")[0].body["filter"])
    assert sent[0] == {"name": "type", "op": "eq", "val": "spectral"}
    Band.search().filter(p.wavelength_nm_min > 1)  # an attribute of one of the types


def test_relations_of_a_product(client: swath.Client, fake: FakeCatalog) -> None:
    fill(fake)
    product = Product.get("acme:p")
    assert product is not None
    list(product.bands().limit(4))
    body = fake.requests("PUT", "/bands")[0].body
    assert body == {
        "filter": '[{"name":"product_id","op":"eq","val":"acme:p"}]',
        "sort": "sort_order",
        "limit": 4,
        "include": "product",
    }
    assert product.images().count() == 8
    list(product.image_uploads())
    assert fake.requests("PUT", "/uploads_v2")[0].body["include"] == "events"
    assert product.get_band("none") is None


TRIANGLE = {"type": "Polygon", "coordinates": [[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]]}


@pytest.mark.parametrize(
    "area",
    [
        TRIANGLE,
        json.dumps(TRIANGLE),
        "POLYGON((0 0, 1 0, 1 1, 0 0))",
        shapely.from_wkt("POLYGON((0 0, 1 0, 1 1, 0 0))"),
        AOI(TRIANGLE),
    ],
)
def test_areas_in_any_form(area: object) -> None:
    body = Image.search().intersects(area)._body()
    assert json.loads(body["intersects"]) == TRIANGLE
    assert "intersects_none" not in body
    assert Image.search().intersects(area, match_null_geometry=True)._body()["intersects_none"]


def test_features_pass_as_they_are() -> None:
    feature = {"type": "Feature", "geometry": TRIANGLE, "properties": {}}
    assert json.loads(Image.search().intersects(feature)._body()["intersects"]) == feature


def test_summaries(client: swath.Client, fake: FakeCatalog) -> None:
    fill(fake)
    search = Image.search().filter(p.product_id == "acme:p").sort("name").limit(1)
    total = search.summary()
    assert (total.count, total.bytes, total.products) == (8, 8000, ["acme:p"])
    assert repr(total).splitlines()[1] == " - Total bytes: 8,000"
    buckets = search.summary_interval(
        AggregateDateField.CREATED,
        "month",
        start_datetime="2020",
        end_datetime=datetime(2021, 1, 1),
    )
    assert buckets[0].interval_start == datetime(2020, 1, 1, tzinfo=UTC)
    sent = fake.seen[-1]
    assert sent.path.endswith("/images/summary/created/month")
    assert sent.body == {
        "filter": '[{"name":"product_id","op":"eq","val":"acme:p"}]',
        "_start": "2020-01-01T00:00:00.000000Z",
        "_end": "2021-01-01T00:00:00.000000Z",
    }
    search.summary_interval(start_datetime=0)
    assert fake.seen[-1].body["_start"] == ""
    with pytest.raises(ValueError, match="decade"):
        search.summary_interval(interval="decade")


def test_explain(client: swath.Client) -> None:
    assert Image.search().explain() == {"rung": 3}


def test_collections(client: swath.Client, fake: FakeCatalog) -> None:
    fill(fake)
    found = Image.search().collect()
    assert isinstance(found, ImageCollection)
    assert [len(group) for _, group in found.groupby("acquired.year")] == [3, 3, 2]
    assert next(key for key, _ in found.groupby("product_id", "acquired.year")) == ("acme:p", 2020)
    assert found.filter(lambda i: (i.cloud_fraction or 0) < 0.2).each.name.collect() == ["0", "1"]
    assert found.sorted("cloud_fraction", reverse=True)[0].name == "7"
    assert isinstance(found[:2], ImageCollection)
    assert len(found[:2] + found[2:]) == 8
    assert found.map("name")[0] == "0"
    assert "Jan 01, 2020 to Jan 01, 2022" in repr(found)
    assert repr(found).splitlines()[0] == "ImageCollection of 8 Images"


def test_nothing_is_last_in_either_order() -> None:
    items = Collection(
        [Image(id=f"a:{i}", cloud_fraction=c) for i, c in enumerate((None, 0.2, 0.1))]
    )
    assert items.sorted("cloud_fraction").map("cloud_fraction") == [0.1, 0.2, None]
    assert items.sort("cloud_fraction", ascending=False).map("cloud_fraction") == [0.2, 0.1, None]


def test_geojson_and_geopandas(client: swath.Client, fake: FakeCatalog) -> None:
    fill(fake, 1)
    fake.objects["images"]["acme:p:0"]["geometry"] = TRIANGLE
    collection = Image.search().to_geojson()
    assert collection["features"][0]["geometry"] == TRIANGLE
    assert collection["features"][0]["properties"]["cloud_fraction"] == 0.0
    pytest.importorskip("geopandas")
    frame = Image.search().to_geopandas()
    assert frame.crs == "EPSG:4326"
    assert frame.loc["acme:p:0"].geometry.area == 0.5
    assert frame.acquired.dt.year.iloc[0] == 2020
