"""Extra properties that products declare, through both faces, from declaration to reindexing."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from tests import stac_documents
from tests.component.api.conftest import image

from swath_core.catalog import Reindex
from swath_core.search import _merge
from swath_core.settings import Settings
from swath_core.stac import AGGREGATIONS, ItemSearch
from swath_dev.inprocess import Answer, InProcessApi, running_api

DECLARED = {"gsd": "number", "s2:tile": "string", "seen": "date-time", "final": "boolean"}
COLLECTION = "//stac/collections/acme:p"
ITEMS: list[dict[str, Any]] = [
    {"gsd": 10.0, "s2:tile": "32TMS", "seen": "2024-01-01T00:00:00Z", "final": True},
    {"gsd": 20.5, "s2:tile": "32TLS", "seen": "2024-01-01T01:00:00+02:00", "final": False},
    {"gsd": "10", "s2:tile": "31UFU", "note": "n"},
    {"gsd": 15, "note": "m"},
    {},
]


@pytest.fixture(scope="module")
def running() -> Iterator[InProcessApi]:
    with running_api() as found:
        yield found


@pytest.fixture
def api(running: InProcessApi) -> InProcessApi:
    running.empty()
    assert running.save("product", "acme:p", name="P").status == 201
    return running


def declare(api: InProcessApi, names: dict[str, str] | None, product: str = "acme:p") -> Answer:
    text = None if names is None else json.dumps(names)
    extra = {"keep": 1} if text is None else {"keep": 1, "swath.queryables": text}
    return api.change("product", product, extra_properties=extra)


def fill(api: InProcessApi, product: str = "acme:p", first: int = 0) -> None:
    for number, extra in list(enumerate(ITEMS))[first:]:
        made = image(product, f"i{number}", extra_properties=extra)
        assert api.save("image", **made).status == 201


def ids(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.text
    return [each["id"] for each in answer.json["features"]]


def found(api: InProcessApi, filter_: str, **more: Any) -> list[str]:
    body = {"filter": filter_, "filter-lang": "cql2-text", "collections": ["acme:p"], **more}
    body.setdefault("sortby", [{"field": "id", "direction": "asc"}])
    return ids(api.call("POST", "//stac/search", body))


def reindex() -> None:
    for _ in Reindex(Settings.from_environment(os.environ), sleep=lambda _: None).run("acme:p"):
        pass


def check_answers(api: InProcessApi) -> None:
    assert found(api, "gsd < 18") == ["i0", "i3"]
    assert found(api, "gsd IS NULL") == ["i2", "i4"]
    assert found(api, "s2:tile LIKE '32T%' AND NOT final") == ["i1"]
    assert found(api, "seen >= TIMESTAMP('2024-01-01T00:00:00Z')") == ["i0"]
    assert found(api, "seen > DATE('2023-12-30') AND gsd > 1") == ["i0", "i1"]
    by_gsd = [{"field": "properties.gsd", "direction": "desc"}]
    assert found(api, "gsd > 0 OR gsd IS NULL", sortby=by_gsd) == ["i1", "i3", "i0", "i4", "i2"]
    query = {"gsd": {"gte": 15}, "s2:tile": {"startsWith": "32"}}
    answer = api.call("POST", "//stac/search", {"query": query})
    assert ids(answer) == ["i1"]
    assert answer.json["numberMatched"] == 1
    filters: list[dict[str, Any]] = [
        {"op": "gt", "name": "extra_properties.gsd", "val": 1},
        {"op": "eq", "name": "product_id", "val": "acme:p"},
    ]
    page = api.find("images", *filters, sort="-extra_properties.gsd")
    assert [each["id"] for each in page.data] == ["acme:p:i1", "acme:p:i3", "acme:p:i0"]
    counted = api.call("PUT", "/images/summary/all", {"filter": json.dumps(filters)})
    assert counted.attributes["count"] == 3


@pytest.mark.parametrize("when", ["before", "after", "meanwhile"])
def test_both_faces_filter_and_sort_by_what_is_declared(api: InProcessApi, when: str) -> None:
    if when == "before":
        assert "meta" not in declare(api, DECLARED).json
    fill(api)
    if when != "before":
        (warning,) = declare(api, DECLARED).json["meta"]["warnings"]
        assert "python -m swath_dev reindex" in warning["message"]
        check_answers(api)
        api.change("image", "acme:p:i1", cloud_fraction=0.5)
    if when == "after":
        reindex()
    with mock.patch.object(_merge, "MOST_WHOLE", 0 if when != "meanwhile" else len(ITEMS) - 1):
        check_answers(api)


def test_what_is_declared_is_described(api: InProcessApi) -> None:
    declare(api, {**DECLARED, "platform": "string", "mission": "string"})
    queryables = api.call("GET", f"{COLLECTION}/queryables").json["properties"]
    sortables = api.call("GET", f"{COLLECTION}/sortables").json["properties"]
    assert queryables["gsd"]["type"] == sortables["gsd"]["type"] == "number"
    assert queryables["seen"]["format"] == "date-time"
    assert "satellite" in queryables["platform"]["description"]
    assert queryables["swath:extra_platform"]["type"] == "string"
    assert "gsd" not in api.call("GET", "//stac/queryables").json["properties"]
    collection = api.call("GET", COLLECTION).json
    stac_documents.check(collection)
    assert collection["swath:queryables"]["gsd"] == "number"


def test_collections_declare_and_keep_other_extra_properties(api: InProcessApi) -> None:
    api.change("product", "acme:p", extra_properties={"keep": 1})
    answer = api.call("PATCH", COLLECTION, {"swath:queryables": {"gsd": "number"}})
    assert answer.status == 204
    assert "warning" not in answer.headers
    extra = api.call("GET", "/products/acme:p").attributes["extra_properties"]
    assert extra == {"keep": 1.0, "swath.queryables": '{"gsd":"number"}'}
    fill(api)
    assert found(api, "gsd = 10") == ["i0"]
    again = api.call("PUT", COLLECTION, api.call("GET", COLLECTION).json)
    assert "reindex" in again.headers["warning"]
    assert api.call("GET", "/products/acme:p").attributes["extra_properties"] == extra
    assert api.call("PATCH", COLLECTION, {"swath:queryables": None}).status == 204
    kept = api.call("GET", "/products/acme:p").attributes["extra_properties"]
    assert kept == {"keep": 1.0}
    assert "swath:queryables" not in api.call("GET", COLLECTION).json


def test_what_an_item_came_with_is_declared_by_its_name(api: InProcessApi) -> None:
    declare(api, {"mission": "string", "gsd": "number"})
    item = {
        "type": "Feature",
        "id": "came",
        "geometry": None,
        "properties": {"datetime": "2024-01-01T00:00:00Z", "mission": "m-1", "gsd": 30},
        "assets": {},
    }
    assert api.call("POST", f"{COLLECTION}/items", item).status == 201
    with mock.patch.object(_merge, "MOST_WHOLE", 0):
        assert found(api, "mission LIKE 'm-%' AND gsd BETWEEN 20 AND 40") == ["came"]
        by_get = "//stac/search?filter=mission%20LIKE%20%27m%25%27&limit=1"
        assert ids(api.call("GET", by_get)) == ["came"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("gsd", "JSON text such as"),
        ("[]", "JSON text such as"),
        ('{"gsd": "float"}', "'float' is no type; there are number, integer, string"),
        ('{"": "number"}', "no name of an extra property"),
        ('{"swath.shards": "number"}', "no name of an extra property"),
        (json.dumps({f"property{n}": "string" for n in range(15)}), "declare fewer"),
        (7, "JSON text such as"),
    ],
)
def test_a_declaration_that_says_nothing_is_refused(
    api: InProcessApi, text: Any, reason: str
) -> None:
    answer = api.change("product", "acme:p", extra_properties={"swath.queryables": text})
    assert answer.status == 422
    assert reason in answer.text.replace('\\"', '"')
    assert answer.pointers == ["/data/attributes/extra_properties/swath.queryables"]


def test_what_nobody_declares_is_looked_up_in_few_documents(api: InProcessApi) -> None:
    fill(api)
    unknown = api.call("POST", "//stac/search", {"query": {"note": {"eq": "n"}}})
    assert unknown.status == 400
    assert "swath.queryables" in unknown.json["description"]
    assert found(api, "swath:extra_note = 'n'") == ["i2"]
    assert found(api, "swath:extra_note IS NULL") == ["i0", "i1", "i4"]
    assert found(api, "swath:extra_gsd > 10") == ["i1", "i3"]
    assert found(api, "swath:extra_gsd + 1 = 11") == ["i0"]
    assert found(api, "10 < swath:extra_gsd AND swath:extra_gsd IS NOT NULL") == ["i1", "i3"]
    query = {"swath:extra_note": {"in": ["n", "m"]}}
    assert sorted(ids(api.call("POST", "//stac/search", {"query": query}))) == ["i2", "i3"]
    names = [("note", "m", ["i3"]), ("gsd", [10, 15], ["i0", "i3"]), ("final", True, ["i0"])]
    for name, value, right in names:
        page = api.find("images", {"op": "eq", "name": f"extra_properties.{name}", "val": value})
        assert sorted(each["id"][7:] for each in page.data) == right
    null = api.find("images", {"op": "isnotnull", "name": "extra_properties.gsd"})
    assert len(null.data) == 4
    sort = api.call("PUT", "/images", {"sort": "extra_properties.note"})
    assert sort.status == 400
    assert "swath.queryables" in sort.text


COUNTED = {**DECLARED, "cloud_cover": "integer"}
SEVERAL: list[dict[str, Any]] = [*ITEMS, {"gsd": 29.9, "cloud_cover": 7, "s2:tile": "32TMS"}]


def aggregated(api: InProcessApi, **asked: Any) -> dict[str, Any]:
    answer = api.call("POST", f"{COLLECTION}/aggregate", asked)
    assert answer.status == 200, answer.text
    return {each["name"]: each for each in answer.json["aggregations"]}


@pytest.mark.parametrize("when", ["before", "after", "reindexed"])
@pytest.mark.parametrize("where", [{}, {"bbox": [9, 49, 11, 51]}, {"filter": {"op": "=",
    "args": [{"property": "s2:tile"}, "32TMS"]}}])  # fmt: skip
def test_frequencies_of_declared_properties_are_those_of_the_items(
    api: InProcessApi, when: str, where: dict[str, Any]
) -> None:
    if when == "before":
        declare(api, COUNTED)
    for number, extra in enumerate(SEVERAL):
        api.save("image", **image("acme:p", f"i{number}", extra_properties=extra))
    if when != "before":
        declare(api, COUNTED)
    if when == "reindexed":
        reindex()
    held = [SEVERAL[0], SEVERAL[5]] if "filter" in where else SEVERAL
    names = ["gsd_frequency", "s2:tile_frequency", "final_frequency", "total_count"]
    names.append("swath:extra_cloud_cover_frequency")
    found = aggregated(api, aggregations=names, gsd_frequency_interval=5, **where)
    assert found["total_count"]["value"] == len(held)

    numbers = [v for each in held if isinstance(v := each.get("gsd"), (int, float))]
    assert found["gsd_frequency"]["overflow"] == len(held) - len(numbers)
    buckets = found["gsd_frequency"]["buckets"]
    assert sum(each["frequency"] for each in buckets) == len(numbers)
    for each in buckets:
        assert each["to"] == each["from"] + 5
        assert each["frequency"] == sum(each["from"] <= n < each["to"] for n in numbers)
    for name, key in (("s2:tile", str), ("final", json.dumps)):
        values = Counter(key(each[name]) for each in held if name in each)
        terms = found[f"{name}_frequency"]
        assert {each["key"]: each["frequency"] for each in terms["buckets"]} == values
        assert terms["overflow"] == len(held) - values.total()
    (clouds,) = found["swath:extra_cloud_cover_frequency"]["buckets"]
    assert (clouds["key"], clouds["frequency"]) == ("0.0-10.0", 1)


def test_which_declared_properties_are_aggregated_is_told(api: InProcessApi) -> None:
    declare(api, COUNTED)
    listed = api.call("GET", f"{COLLECTION}/aggregations").json["aggregations"]
    types = {each["name"]: each.get("frequency_distribution_data_type") for each in listed}
    mine = {name: type_ for name, type_ in types.items() if name not in AGGREGATIONS}
    assert mine == {
        "gsd_frequency": "numeric",
        "s2:tile_frequency": "string",
        "final_frequency": "string",
        "swath:extra_cloud_cover_frequency": "numeric",
    }
    everywhere = api.call("GET", "//stac/aggregations").json["aggregations"]
    assert [each["name"] for each in everywhere] == list(AGGREGATIONS)
    for asked, said in (
        ({"aggregations": ["gsd_freq"]}, "did you mean 'gsd_frequency'"),
        ({"aggregations": ["seen_frequency"]}, "is expected"),
        ({"aggregations": [{"name": "gsd_frequency"}]}, "is expected"),
        ({"aggregations": ["gsd_frequency"], "gsd_frequency_interval": 0}, "gsd_frequency_inter"),
        ({"aggregations": ["total_count"], "gsd_frequency_interval": 1}, "is not asked here"),
    ):
        refused = api.call("POST", f"{COLLECTION}/aggregate", asked)
        assert refused.status == 400, asked
        assert said in refused.json["description"]
    assert api.save("product", "acme:q", name="Q").status == 201
    declare(api, {"gsd": "string"}, "acme:q")
    asked = {"aggregations": ["gsd_frequency"]}
    differing = api.call("POST", "//stac/aggregate", asked)
    assert "acme:q" in differing.json["description"]
    assert differing.status == 400
    assert aggregated(api, **asked)["gsd_frequency"]["buckets"] == []
    with mock.patch.object(_merge, "MOST_WHOLE", 0):
        declare(api, None)
        fill(api)
        declare(api, COUNTED)
        refused = api.call("POST", f"{COLLECTION}/aggregate", asked)
        assert refused.status == 400
        assert "python -m swath_dev reindex" in refused.json["description"]


def test_too_many_documents_are_a_400_that_says_what_to_do(api: InProcessApi) -> None:
    fill(api)
    declare(api, DECLARED)
    with mock.patch.object(_merge, "MOST_WHOLE", 3):
        refused = api.call("POST", "//stac/search", {"query": {"gsd": {"gt": 100}}})
        assert refused.status == 400
        assert refused.json["code"] == "BadRequest"
        assert "acme:p" in refused.json["description"]
        assert "python -m swath_dev reindex" in refused.json["description"]
        page = api.call("POST", "//stac/search", {"query": {"gsd": {"lt": 11}}, "limit": 1})
        assert page.status == 400  # there may be more of them than were looked at
        reindex()
        assert found(api, "gsd > 100") == []
        assert found(api, "gsd < 11") == ["i0"]


def test_postings_never_tell_what_is_no_longer_so(api: InProcessApi) -> None:
    """A value that changes while nobody declares it is not found by its old posting later."""
    declare(api, DECLARED)
    fill(api)
    declare(api, {})
    api.change("image", "acme:p:i0", extra_properties={"gsd": 99.0})
    declare(api, DECLARED)
    where = {"bbox": [9, 49, 11, 51]}
    for asked in ({}, where):
        assert found(api, "gsd = 10", **asked) == []
        assert found(api, "gsd = 99", **asked) == ["i0"]
    declare(api, {**DECLARED, "gsd": "string"})
    for asked in ({}, where):
        assert found(api, "gsd = '10'", **asked) == ["i2"]
        assert found(api, "gsd IS NULL", **asked) == ["i0", "i1", "i3", "i4"]


def test_several_products_declare_alike_or_are_asked_apart(api: InProcessApi) -> None:
    api.save("product", "acme:q", name="Q")
    declare(api, {"gsd": "number", "note": "string"})
    declare(api, {"gsd": "integer", "note": "number"}, "acme:q")
    fill(api)
    fill(api, "acme:q", 3)
    answer = api.call("POST", "//stac/search", {"query": {"gsd": {"eq": 15}}})
    assert sorted(each["collection"] for each in answer.json["features"]) == ["acme:p", "acme:q"]
    refused = api.call("POST", "//stac/search", {"query": {"note": {"eq": "m"}}})
    assert refused.status == 400
    assert "string in acme:p and number in acme:q" in refused.json["description"]
    one = {"query": {"note": {"eq": "m"}}, "collections": ["acme:p"]}
    assert ids(api.call("POST", "//stac/search", one)) == ["i3"]
    other = [{"op": "eq", "name": "product_id", "val": "acme:q"}]
    other.append({"op": "isnull", "name": "extra_properties.note", "val": ""})
    assert len(api.find("images", *other).data) == 2  # texts are no numbers


def test_a_stranger_learns_of_no_declaration(api: InProcessApi) -> None:
    declare(api, {"secret": "number"})
    stranger = api.as_user("bob", "other")
    answer = stranger.call("POST", "//stac/search", {"query": {"secret": {"eq": 1}}})
    assert answer.status == 400
    assert "number" not in answer.json["description"].partition("; a product declares")[0]


def test_tokens_belong_to_the_type_that_they_were_made_with(api: InProcessApi) -> None:
    declare(api, DECLARED)
    fill(api)
    body = {"sortby": "gsd", "collections": ["acme:p"], "limit": 1}
    token = api.call("POST", "//stac/search", body).json["links"][-1]["body"]["token"]
    declare(api, {"gsd": "string"})
    answer = api.call("POST", "//stac/search", {**body, "token": token})
    assert answer.status == 400


def test_between_is_read_as_drafts_of_cql2_wrote_it() -> None:
    filter_ = {"op": "between", "args": [{"property": "eo:cloud_cover"}, [0, 50]]}
    expression = ItemSearch.parse({"filter": filter_}).expression
    assert expression.matches({"cloud_fraction": 0.5})
    assert not expression.matches({"cloud_fraction": 0.51})
