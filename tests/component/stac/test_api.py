"""The STAC face in this process: its documents, its pages, its errors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from tests import stac_documents
from tests.component.api.conftest import SQUARE, band, image

from swath_core.stac import CONFORMANCE
from swath_dev.inprocess import Answer, InProcessApi, running_api

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
HOST = "https://api.example"
FEW = 7


@pytest.fixture(scope="module")
def api() -> Iterator[InProcessApi]:
    with running_api() as running:
        fill(running)
        yield running


def fill(api: InProcessApi) -> None:
    api.save("product", "acme:p", name="Hills", tags=["t"], default_display_bands=["blue"])
    api.save("product", "acme:q", name="Sea", description="Nothing but water")
    api.save("band", **band("acme:p", nodata=0, resolution="10m"))
    for n in range(FEW):
        made = image(
            "acme:p",
            f"i{n}",
            acquired=f"2020-01-{n + 1:02}T00:00:00Z",
            cloud_fraction=n / 10,
            satellite_id="ab"[n % 2],
            files=[{"href": "https://x.example/b.tif", "size_bytes": 7, "hash": "0" * 32}],
        )
        assert api.save("image", **made).status == 201
    assert api.save("image", **image("acme:q", "nowhere", geometry=None)).status == 201


def get(api: InProcessApi, path: str, **query: Any) -> Answer:
    return api.call("GET", f"//stac{path}" + (f"?{urlencode(query)}" if query else ""))


def post(api: InProcessApi, **body: Any) -> Answer:
    return api.call("POST", "//stac/search", body)


def found(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.text
    return [each["id"] for each in answer.json["features"]]


def test_every_object_is_what_the_specification_says(api: InProcessApi) -> None:
    landing = get(api, "").json
    collections = get(api, "/collections").json["collections"]
    items = get(api, "/search").json["features"]

    assert len(collections) == 2
    assert len(items) == FEW + 1
    stac_documents.check(landing, *collections, *items)
    for each in collections:
        assert get(api, f"/collections/{each['id']}").json == each
    for each in items:
        assert get(api, f"/collections/{each['collection']}/items/{each['id']}").json == each


def test_every_link_of_the_face_leads_somewhere(api: InProcessApi) -> None:
    documents = [get(api, path).json for path in ("", "/collections/acme:p", "/search")]
    documents += get(api, "/search").json["features"]
    links = {
        (link.get("method", "GET"), link["href"]): link["type"]
        for document in documents
        for link in document["links"]
        if link["href"].startswith(f"{HOST}/stac")
    }
    assert len(links) > 20
    for (method, href), media_type in links.items():
        answer = api.call(method, "/" + href.removeprefix(HOST), {} if method == "POST" else None)
        assert answer.status == 200, href
        assert answer.headers["content-type"].startswith(media_type)


def test_what_describes_the_face_needs_no_token(api: InProcessApi) -> None:
    nobody = InProcessApi(api.handler, api.issuer)
    assert get(nobody, "/conformance").json["conformsTo"] == list(CONFORMANCE)
    assert get(nobody, "/api").json["openapi"] == "3.1.0"
    assert set(get(nobody, "/api").json["paths"]) <= {
        path for path in get(api, "/api").json["paths"] if path.startswith("/stac")
    }
    assert "<html" in get(nobody, "/api.html").text
    assert "eo:cloud_cover" in get(nobody, "/queryables").json["properties"]
    assert "keywords" not in get(nobody, "/sortables").json["properties"]
    refused = get(nobody, "/search")
    assert refused.status == 401
    assert set(refused.json) == {"code", "description"}


def test_errors_have_the_form_of_a_stac_api(api: InProcessApi) -> None:
    for answer, status in (
        (get(api, "/nothing"), 404),
        (get(api, "/collections/acme:none"), 404),
        (get(api, "/collections/acme:none/items"), 404),
        (get(api, "/collections/acme:p/items/none"), 404),
        (get(api, "/collections/acme/items/p:i1"), 404),
        (get(api, "/collections/acme:none/queryables"), 404),
        (get(api, "/search", bbox="1,2"), 400),
        (get(api, "/search", limit=0), 400),
        (get(api, "/search", intersects='{"type": "Polygon"}'), 400),
        (post(api, colllections=["acme:p"]), 400),
        (post(api, token="x"), 400),
        (api.call("DELETE", "//stac/search"), 405),
        (api.call("POST", "//stac/search", raw="{"), 400),
    ):
        assert answer.status == status, answer.text
        assert set(answer.json) == {"code", "description"}
        assert answer.headers["content-type"] == "application/json"


def pages_of(api: InProcessApi, answer: Answer) -> list[Answer]:
    """Follow the next links as clients do: method, address and body are those of the link."""
    pages = [answer]
    while link := next((x for x in pages[-1].json["links"] if x["rel"] == "next"), None):
        path = "/" + link["href"].removeprefix(HOST)
        pages.append(api.call(link["method"], path, link.get("body")))
        assert pages[-1].status == 200, pages[-1].text
        assert len(pages) < 20
    return pages


SEARCHES: list[tuple[dict[str, Any], list[int]]] = [
    ({}, [6, 5, 4, 3, 2, 1, 0]),
    ({"sortby": "+datetime"}, [0, 1, 2, 3, 4, 5, 6]),
    ({"sortby": "-eo:cloud_cover"}, [6, 5, 4, 3, 2, 1, 0]),
    ({"sortby": "platform,-datetime"}, [6, 4, 2, 0, 5, 3, 1]),
    ({"datetime": "2020-01-02T00:00:00Z/2020-01-04T00:00:00Z"}, [3, 2, 1]),
    ({"datetime": "../2020-01-02T00:00:00Z"}, [1, 0]),
    ({"datetime": "2020-01-02T00:00:00Z"}, [1]),
    ({"bbox": "10.4,50.4,11,51"}, [6, 5, 4, 3, 2, 1, 0]),
    ({"bbox": "170,-10,-170,10"}, []),
    ({"query": '{"eo:cloud_cover": {"gte": 20, "lt": 50}}'}, [4, 3, 2]),
    ({"ids": "i3,acme:p:i1", "sortby": "id"}, [1, 3]),
    ({"collections": "acme:q,acme:none"}, []),
]


@pytest.mark.parametrize(("asked", "expected"), SEARCHES)
@pytest.mark.parametrize("limit", [2, 3, 100])
def test_pages_hold_everything_once_and_say_how_much(
    api: InProcessApi, asked: dict[str, Any], expected: list[int], limit: int
) -> None:
    asked = {"collections": "acme:p", **asked, "limit": limit}
    pages = pages_of(api, get(api, "/search", **asked))

    assert [each for page in pages for each in found(page) if each != "nowhere"] == [
        f"i{n}" for n in expected
    ]
    numbers = {page.json.get("numberMatched") for page in pages}
    assert numbers == {sum(page.json["numberReturned"] for page in pages)}
    assert all(page.json["numberReturned"] == len(found(page)) <= limit for page in pages)
    as_body: dict[str, Any] = {
        "limit": limit,
        **{name: asked[name] for name in ("datetime", "sortby") if name in asked},
        **{name: asked[name].split(",") for name in ("ids", "collections") if name in asked},
    }
    if "bbox" in asked:
        as_body["bbox"] = [float(each) for each in asked["bbox"].split(",")]
    if "query" in asked:
        return
    posted = pages_of(api, post(api, **as_body))
    assert [found(page) for page in posted] == [found(page) for page in pages]


def test_a_page_follows_the_whole_body_of_the_first(api: InProcessApi) -> None:
    fields = {"include": ["properties.datetime"], "exclude": ["links"]}
    first = post(api, limit=3, fields=fields, collections=["acme:p"])
    link = first.json["links"][-1]
    assert link["rel"] == "next"
    assert link["merge"] is False
    assert {**link["body"], "token": None} == {
        "limit": 3, "fields": fields, "collections": ["acme:p"], "token": None,
    }  # fmt: skip
    second = api.call("POST", "//stac/search", link["body"])
    moment = "2020-01-04T00:00:00.000000Z"
    assert second.json["features"][0] == {
        "type": "Feature",
        "stac_version": "1.1.0",
        "id": "i3",
        "collection": "acme:p",
        "properties": {"datetime": moment},
    }


def test_a_token_is_good_for_its_search_and_its_caller_only(api: InProcessApi) -> None:
    body = post(api, limit=3).json["links"][-1]["body"]
    for other in ({"sortby": "id"}, {"ids": ["i1"]}, {"datetime": "../2030-01-01T00:00:00Z"}):
        answer = post(api, **(body | other))
        assert answer.status == 400
        assert "token" in answer.json["description"]
    assert post(api, **(body | {"fields": "id", "limit": 2})).status == 200
    bob = api.as_user("bob", "acme")
    assert post(bob, **body).status == 400


def test_items_of_a_collection_are_searched_alike(api: InProcessApi) -> None:
    assert found(get(api, "/collections/acme:p/items", limit=2)) == ["i6", "i5"]
    assert found(get(api, "/collections/acme:q/items")) == ["nowhere"]
    answer = get(api, "/collections/acme:p/items", bbox="10,50,11,51", fields="id", sortby="id")
    assert found(answer)[0] == "i0"
    assert get(api, "/collections/acme:p/items", collections="acme:q").status == 400
    assert get(api, f"/collections/{quote('acme:p', safe='')}/items").status == 200


def test_collections_are_found_by_words_place_and_time(api: InProcessApi) -> None:
    def ids(**query: Any) -> list[str]:
        return [each["id"] for each in get(api, "/collections", **query).json["collections"]]

    assert ids() == ["acme:p", "acme:q"]
    assert ids(q="water") == ["acme:q"]
    assert ids(q="water,hill") == ["acme:p", "acme:q"]
    assert ids(q="hill water") == []
    assert ids(sortby="-title") == ["acme:q", "acme:p"]
    assert ids(bbox="10,50,11,51") == ["acme:p"]
    assert ids(bbox="100,-50,101,-49") == []
    assert ids(datetime="2019-01-01T00:00:00Z/2020-01-01T00:00:00Z") == ["acme:p", "acme:q"]
    assert ids(datetime="2021-01-01T00:00:00Z/..") == []
    answer = get(api, "/collections", fields="title", bbox="10,50,11,51", limit=1)
    identity = {"type": "Collection", "stac_version": "1.1.0", "id": "acme:p"}
    assert answer.json["collections"] == [{**identity, "title": "Hills"}]
    pages = pages_of(api, get(api, "/collections", limit=1))
    assert [page.json["collections"][0]["id"] for page in pages] == ["acme:p", "acme:q"]
    assert {page.json["numberMatched"] for page in pages} == {2}


def test_an_image_that_took_long_is_found_by_overlap(api: InProcessApi) -> None:
    assert api.save("product", "acme:long", name="L").status == 201
    long = image("acme:long", "l", acquired="2018-01-01", acquired_end="2019-06-01")
    assert api.save("image", **long).status == 201
    for asked, there in (
        ("2018-07-01T00:00:00Z", True),
        ("2019-05-01T00:00:00Z/..", True),
        ("2019-07-01T00:00:00Z/..", False),
        ("../2017-12-31T00:00:00Z", False),
    ):
        answer = get(api, "/search", datetime=asked, collections="acme:long")
        assert found(answer) == (["l"] if there else []), asked
        assert answer.json["numberMatched"] == there
    item = get(api, "/collections/acme:long/items/l").json
    stac_documents.check(item)
    assert item["properties"]["end_datetime"] == "2019-06-01T00:00:00.000000Z"


def test_what_a_caller_may_not_read_does_not_exist(api: InProcessApi) -> None:
    stranger = api.as_user("eve", "blueorg")
    assert found(get(stranger, "/search")) == []
    assert get(stranger, "/collections").json["collections"] == []
    for path in ("", "/items", "/items/i1", "/queryables", "/sortables"):
        answer = get(stranger, f"/collections/acme:p{path}")
        absent = get(stranger, f"/collections/acme:zz{path}")
        assert answer.status == 404
        assert answer.text.replace("acme:p", "acme:zz") == absent.text


def test_the_square_is_where_it_was_saved(api: InProcessApi) -> None:
    item = get(api, "/collections/acme:p/items/i1").json
    assert item["geometry"]["type"] == SQUARE["type"]
    assert item["bbox"] == [10.0, 50.0, 10.5, 50.5]


def test_filters_are_cql2_text_or_json_by_get_and_post(api: InProcessApi) -> None:
    text = "eo:cloud_cover BETWEEN 20 AND 40 AND NOT platform = 'b'"
    tree = {"op": "<", "args": [{"property": "eo:cloud_cover"}, 10]}

    assert found(get(api, "/search", filter=text)) == ["i4", "i2"]
    assert found(get(api, "/collections/acme:p/items", filter=text)) == ["i4", "i2"]
    assert found(post(api, **{"filter": text, "filter-lang": "cql2-text"})) == ["i4", "i2"]
    assert found(post(api, filter=tree)) == ["i0"]
    encoded = {"filter": json.dumps(tree), "filter-lang": "cql2-json"}
    assert found(get(api, "/search", **encoded)) == ["i0"]
    assert found(post(api, filter=tree, **{"filter-crs": CRS84})) == ["i0"]


def test_a_filter_and_an_area_both_hold_on_every_page(api: InProcessApi) -> None:
    places = {"collections": ["acme:p"], "bbox": [-180, -90, 180, 90], "limit": 2}
    places["filter-lang"] = "cql2-text"
    inside = (
        "S_INTERSECTS(geometry, BBOX(-180, -90, 180, 90)) AND datetime < '2020-01-06T00:00:00Z'"
        " AND id LIKE 'i_'"
    )
    body = {**places, "filter": inside}
    first = post(api, **body)
    (after,) = [each for each in first.json["links"] if each["rel"] == "next"]

    assert first.json["numberMatched"] == 5
    assert found(first) + found(post(api, **after["body"])) == ["i4", "i3", "i2", "i1"]
    nowhere = {**places, "filter": "S_DISJOINT(geometry, BBOX(-180, -90, 180, 90))"}
    assert found(post(api, **nowhere)) == []


@pytest.mark.parametrize(
    ("asked", "wrong"),
    [
        ({"filter": {"op": "=", "args": [{"property": "x"}, 1]}}, "'x' is no queryable property"),
        ({"filter": "eo:cloud_cover <"}, "is not CQL2 text"),
        ({"filter": "TRUE", "filter-lang": "cql"}, "none of cql2-text, cql2-json"),
        ({"filter": True, "filter-crs": "EPSG:4326"}, "coordinates are in http"),
    ],
)
def test_a_filter_that_is_none_is_a_400(
    api: InProcessApi, asked: dict[str, Any], wrong: str
) -> None:
    answer = post(api, **asked)

    assert answer.status == 400
    assert wrong in answer.json["description"]


def test_collections_are_filtered_by_what_they_say(api: InProcessApi) -> None:
    def listed(text: str) -> list[str]:
        answer = get(api, "/collections", filter=text)
        assert answer.status == 200, answer.text
        assert answer.json["numberMatched"] == len(answer.json["collections"])
        return [each["id"] for each in answer.json["collections"]]

    assert listed("title = 'Hills' OR A_CONTAINS(keywords, ('none'))") == ["acme:p"]
    assert listed("CASEI(description) LIKE '%water' AND id <> 'acme:p'") == ["acme:q"]
    assert listed("keywords IS NULL AND NOT title = 'Hills' AND id IN ('acme:p', 'acme:q')") == [
        "acme:q"
    ]
    assert "acme:p" in listed("created > DATE('2020-01-01') AND updated >= created")
    for wrong in ("eo:cloud_cover < 1", "S_INTERSECTS(geometry, POINT(1 1))"):
        answer = get(api, "/collections", filter=wrong)
        assert answer.status == 400
        assert "is no queryable property" in answer.json["description"]
        assert "; there are id, title, description" in answer.json["description"]
