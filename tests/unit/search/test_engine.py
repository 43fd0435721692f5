"""Pages, limits, cursors, orders, ids, counts and what a search says of itself."""

import base64
import dataclasses
import json
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from tests.unit.search.world import PRODUCTS, World, box, image, page_through

from swath_core.documents import Document
from swath_core.errors import BadRequest
from swath_core.search import (
    Cost,
    ImageQuery,
    ImageSearch,
    MonthReader,
    SearchProduct,
    _pages,
)
from swath_core.search._query import sign
from swath_core.store.postings import PostingReader
from swath_core.store.rollups import RollupState


def day(number: int) -> str:
    return f"2021-{1 + number // 28:02d}-{1 + number % 28:02d}T00:00:00.000000Z"


@pytest.fixture
def world() -> World:
    """Hold 90 images of product a along a line, 10 of product b around the same place."""
    world = World()
    for n in range(90):
        geometry = box(10 + n / 100, 50, 10.5 + n / 100, 50.5)
        world.put(image(f"i{n:02d}", acquired=day(n), geometry=geometry, cloud_fraction=n % 7 / 7))
    for n in range(10):
        world.put(image(f"j{n}", PRODUCTS[1], acquired=day(n * 9), geometry=box(10, 50, 11, 51)))
    return world


def ask(**body: Any) -> ImageQuery:
    if "filter" in body:
        body["filter"] = json.dumps(body["filter"])
    return ImageQuery.from_body(body)


def eq(name: str, value: object) -> dict[str, Any]:
    return {"name": name, "op": "eq", "val": value}


HERE = box(10.2, 50.2, 10.3, 50.3)


@pytest.mark.parametrize("size", [1, 7, 100])
@pytest.mark.parametrize("sort", ["acquired", "-acquired", "cloud_fraction", "-name", "id"])
@pytest.mark.parametrize("area", [None, HERE])
def test_pages_hold_everything_once(
    world: World, monkeypatch: pytest.MonkeyPatch, size: int, sort: str, area: object
) -> None:
    monkeypatch.setattr(_pages, "PAGE_IMAGES", size)
    query = ask(sort=sort) if area is None else ask(sort=sort, intersects=area)
    expected = [document.id for document in world.expected(query)]
    assert page_through(world.search(), query, world.products) == expected
    assert len(expected) > 30


@pytest.mark.parametrize("limit", [1, 6, 7, 8, 14, 99, 100, 1000])
@pytest.mark.parametrize("sort", ["acquired", "name"])
def test_the_limit_holds_across_pages(
    world: World, monkeypatch: pytest.MonkeyPatch, limit: int, sort: str
) -> None:
    monkeypatch.setattr(_pages, "PAGE_IMAGES", 7)
    query = ask(limit=limit, sort=sort)
    found = page_through(world.search(), query, world.products)
    assert found == [document.id for document in world.expected(query)][:limit]
    assert world.search().count(query, world.products)[0] == 100


def test_a_limit_of_nothing(world: World) -> None:
    page = world.search().page(ask(limit=0), world.products)
    assert (page.documents, page.token) == ([], None)


def test_no_product_means_no_image(world: World) -> None:
    assert world.search().page(ask(), []).documents == []
    assert world.search().count(ask(intersects=HERE), [])[0] == 0


def test_only_the_given_products_are_searched(world: World) -> None:
    only = [product for product in world.products if product.id == PRODUCTS[1]]
    found = world.search().page(ask(intersects=HERE), only).documents
    assert {document.attributes["product_id"] for document in found} == {PRODUCTS[1]}
    asked = ask(filter=[eq("id", [f"{PRODUCTS[0]}:i01", f"{PRODUCTS[1]}:j1"])])
    assert [d.id for d in world.search().page(asked, only).documents] == [f"{PRODUCTS[1]}:j1"]


def test_images_by_id_come_as_asked_and_cost_no_posting(world: World) -> None:
    ids = [f"{PRODUCTS[1]}:j3", f"{PRODUCTS[0]}:i07", "acme:a:missing", f"{PRODUCTS[0]}:i01"]
    page = world.search().page(ask(filter=[eq("id", ids)]), world.products)
    assert [document.id for document in page.documents] == [ids[0], ids[1], ids[3]]
    assert page.cost.postings == 0
    assert world.search().count(ask(filter=[eq("id", ids)]), world.products)[0] == 3


def test_ids_obey_the_rest_of_the_search(world: World) -> None:
    ids = [f"{PRODUCTS[0]}:i{n:02d}" for n in (89, 30, 2, 1)]
    query = ask(filter=[eq("id", ids), eq("product_id", PRODUCTS[0])], intersects=HERE)
    assert [d.id for d in world.search().page(query, world.products).documents] == ids[1:]
    query = ask(filter=[eq("id", ids)], sort="acquired", limit=2)
    assert [d.id for d in world.search().page(query, world.products).documents] == ids[:1:-1]


def test_ids_are_paged_by_bytes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_pages, "PAGE_BYTES", 1500)
    ids = [f"{PRODUCTS[0]}:i{n:02d}" for n in range(20, 0, -1)]
    query = ask(filter=[eq("id", ids)])
    assert 1 < len(world.search().page(query, world.products).documents) < 20
    assert page_through(world.search(), query, world.products) == ids


def test_a_name_is_an_id_within_products(world: World) -> None:
    page = world.search().page(ask(filter=[eq("name", "i05")]), world.products)
    assert [document.id for document in page.documents] == [f"{PRODUCTS[0]}:i05"]
    assert page.cost.postings == 0


def test_ids_of_one_product_or_all_of_another(world: World) -> None:
    either = {"or": [eq("id", f"{PRODUCTS[0]}:i05"), eq("product_id", PRODUCTS[1])]}
    query = ask(filter=[either])
    expected = [document.id for document in world.expected(query)]
    assert len(expected) == 11
    assert page_through(world.search(), query, world.products) == expected


@pytest.mark.parametrize("sort", ["acquired", "name"])
def test_pages_are_bounded_by_bytes(
    world: World, monkeypatch: pytest.MonkeyPatch, sort: str
) -> None:
    monkeypatch.setattr(_pages, "PAGE_BYTES", 2000)
    query = ask(sort=sort)
    assert 1 < len(world.search().page(query, world.products).documents) < 20
    expected = [document.id for document in world.expected(query)]
    assert page_through(world.search(), query, world.products) == expected


def test_one_document_larger_than_a_page_is_a_page(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_pages, "PAGE_BYTES", 10)
    page = world.search().page(ask(), world.products)
    assert len(page.documents) == 1
    assert page.token is not None


# ---- cursors


def test_a_cursor_is_bound_to_its_query(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_pages, "PAGE_IMAGES", 7)
    token = world.search().page(ask(), world.products).token
    assert token is not None
    assert world.search().page(ask(), world.products, token).documents
    for other in (ask(limit=50), ask(sort="-acquired"), ask(intersects=HERE), ask(filter=[])):
        with pytest.raises(BadRequest, match="belongs to another search"):
            world.search().page(other, world.products, token)


def test_a_cursor_cannot_be_made_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_pages, "PAGE_IMAGES", 7)
    token = world.search().page(ask(), world.products).token or ""
    raw = bytearray(base64.urlsafe_b64decode(token + "=="))
    raw[20] ^= 1
    forged = [
        "x",
        "",
        "é",
        token[:-4],
        token[::-1],
        base64.urlsafe_b64encode(bytes(raw)).decode(),
        sign({"n": 0, "q": ask().digest}, b"another key"),
    ]
    for each in forged[1:2]:
        assert world.search().page(ask(), world.products, each).documents  # no token at all
    for each in [forged[0], *forged[2:]]:
        with pytest.raises(BadRequest, match="no token that a search of this catalog gave"):
            world.search().page(ask(), world.products, each)


@pytest.mark.parametrize("sort", ["acquired", "-acquired", "cloud_fraction"])
def test_pages_survive_inserts_and_deletes(
    world: World, monkeypatch: pytest.MonkeyPatch, sort: str
) -> None:
    monkeypatch.setattr(_pages, "PAGE_IMAGES", 7)
    query = ask(sort=sort)
    throughout = {each for each in world.documents if not each.endswith(("3", "4"))}
    found: list[str] = []
    token = None
    for step in range(40):
        page = world.search().page(query, world.products, token)
        found += [document.id for document in page.documents]
        token = page.token
        if token is None:
            break
        last = page.documents[-1]
        world.remove(last.id)  # the very image that the cursor stands on, at times
        throughout.discard(last.id)
        world.put(image(f"new{step}", acquired=last.attributes["acquired"], cloud_fraction=0.5))
        for each in [each for each in world.documents if each.endswith(("3", "4"))][:3]:
            world.remove(each)
    assert token is None
    assert len(found) == len(set(found))
    assert throughout <= set(found)


# ---- what changed since it was indexed


class Changing(World):
    """Documents that differ from what the postings said a moment ago."""

    def get_many(self, ids: Iterable[str]) -> Mapping[str, Document]:
        found = dict(super().get_many(ids))
        for number, each in enumerate(sorted(found)):
            document = found[each]
            if number % 4 == 1:
                del found[each]
            elif number % 4 == 2:
                changed = {**document.attributes, "cloud_fraction": 1.0}
                found[each] = dataclasses.replace(document, attributes=changed, version=2)
            elif number % 4 == 3:
                changed = {**document.attributes, "acquired": day(0)}
                found[each] = dataclasses.replace(document, attributes=changed, version=2)
        return found


def test_documents_that_changed_meanwhile_are_checked_again(world: World) -> None:
    changing = Changing(world.documents, world.postings, world.states)
    query = ask(filter=[{"name": "cloud_fraction", "op": "lt", "val": 0.9}])
    found = changing.search().page(query, changing.products).documents
    assert 0 < len(found) < 50
    assert all(each.version == 1 or each.get("cloud_fraction") < 0.9 for each in found)
    assert all(each.version == 1 or each.attributes["acquired"] == day(0) for each in found)


class Gone(World):
    """Documents of which the first seventy have been deleted since the postings were read."""

    def get_many(self, ids: Iterable[str]) -> Mapping[str, Document]:
        return {
            each: self.documents[each]
            for each in ids
            if self.documents[each].get("acquired") > day(70)
        }


def test_a_page_is_not_empty_while_there_is_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_pages, "PAGE_IMAGES", 7)
    gone = Gone(world.documents, world.postings, world.states)
    page = gone.search().page(ask(), gone.products)
    assert page.documents[0].get("acquired") > day(70)


# ---- attributes that postings leave out


def test_long_values_are_looked_up(world: World) -> None:
    long = "x" * 300
    world.put(image("long1", tags=[long, "a"], provider_id=long + "1", acquired=day(3)))
    world.put(image("long2", tags=[long, "b"], provider_id=long + "2", acquired=day(2)))
    search = world.search()
    query = ask(filter=[eq("tags", "b")])
    assert page_through(search, query, world.products) == [f"{PRODUCTS[0]}:long2"]
    assert search.count(ask(filter=[eq("tags", long)]), world.products)[0] == 2
    query = ask(filter=[{"name": "provider_id", "op": "isnotnull"}], sort="-provider_id")
    assert [i[-5:] for i in page_through(search, query, world.products)] == ["long2", "long1"]


# ---- counts


def test_whole_months_are_counted_from_the_rollups(world: World) -> None:
    only = {"or": [eq("product_id", PRODUCTS[0]), eq("product_id", PRODUCTS[1])]}
    count, cost = world.search().count(ask(filter=[only]), world.products)
    assert (count, cost.postings) == (100, 0)
    half = {"name": "acquired", "op": "gte", "val": day(14)}
    count, cost = world.search().count(ask(filter=[half]), world.products)
    assert count == len(world.expected(ask(filter=[half])))
    assert 0 < cost.postings < 20
    world.dirty = True
    count, cost = world.search().count(ask(), world.products)
    assert (count, cost.postings) == (100, 100)


def test_matches_say_what_was_asked_for(world: World) -> None:
    cost = Cost()
    found = [
        match
        for batch in world.search().matches(
            ask(intersects=HERE), world.products, footprints=True, attributes=True, cost=cost
        )
        for match in batch
    ]
    assert [match.id for match in found] == [d.id for d in world.expected(ask(intersects=HERE))]
    assert found[0].acquired == day(0)
    assert found[0].footprint is not None
    assert found[0].values["storage_state"] == "available"
    assert (found[0].bytes, found[0].version) == (0, 1)
    assert cost.matches == len(found)
    by_id = world.search().matches(ask(filter=[eq("name", "i03")]), world.products)
    assert [match.id for batch in by_id for match in batch] == [f"{PRODUCTS[0]}:i03"]


def test_a_count_that_is_explained_is_planned_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    state = World.state

    def counted(self: World, product_id: str) -> RollupState:
        asked.append(product_id)
        return state(self, product_id)

    monkeypatch.setattr(World, "state", counted)
    explained = world.search().explain(ask(limit=0), world.products)
    assert explained["count"] == len(world.documents)
    assert asked == list(PRODUCTS)


# ---- bounds


def late() -> Any:
    ticks = iter(range(0, 10**9, 1000))
    return lambda: next(ticks)


def slow_search(world: World) -> ImageSearch:
    months: MonthReader = world
    postings: PostingReader = world.postings
    return ImageSearch(
        postings=postings,
        documents=world,
        months=months,
        signing_key=lambda: b"secret",
        clock=late(),
    )


def test_what_takes_too_long_is_refused(world: World) -> None:
    never = ask(filter=[eq("cloud_fraction", 0.123)], intersects=HERE)
    with pytest.raises(BadRequest, match="narrow it by product, acquired or intersects"):
        slow_search(world).count(never, world.products)
    with pytest.raises(BadRequest, match="postings for 0 matches and is not done"):
        slow_search(world).page(ask(filter=[eq("cloud_fraction", 0.123)]), world.products)


def test_too_many_images_to_sort(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_pages, "MOST_SORTED", 50)
    with pytest.raises(BadRequest, match="more than 50 images match, too many to sort by name"):
        world.search().page(ask(sort="name"), world.products)
    assert world.search().page(ask(sort="-acquired"), world.products).documents


# ---- explain


def test_explain_tells_plan_and_cost(world: World) -> None:
    told = world.search().explain(ask(intersects=HERE), world.products)
    assert told["images"] == len(world.expected(ask(intersects=HERE)))
    assert told["plan"]["area"]["bounds"] == [10.2, 50.2, 10.3, 50.3]
    assert {each["index"] for each in told["plan"]["products"]} == {"cells"}
    assert told["cost"]["matches"] == told["images"]
    assert told["cost"]["rounds"] == 1
    assert told["cost"]["postings"] >= told["images"]
    assert told["cost"]["read_units"] > 0
    assert json.dumps(told)


def test_explain_of_a_count(world: World) -> None:
    told = world.search().explain(ask(limit=0), world.products)
    assert told["count"] == 100
    assert {each["index"] for each in told["plan"]["products"]} == {"time"}


# ---- bodies


@pytest.mark.parametrize(
    ("body", "parameter", "reason"),
    [
        ({"text": "x"}, "text", "images have no text"),
        ({"limit": -1}, "limit", "limit must be .* not -1"),
        ({"limit": True}, "limit", "limit must be .* not true"),
        ({"limit": "5"}, "limit", 'limit must be .* not "5"'),
        ({"sort": "color"}, "sort", "sorted by id, name, .* not by 'color'"),
        ({"sort": "-geometry"}, "sort", "not by 'geometry'"),
        ({"sort": 5}, "sort", "5 is not the name"),
        ({"intersects": "{}"}, "intersects", "none of Polygon"),
        ({"filter": "{}"}, "filter", "None is no attribute"),
    ],
)
def test_bad_bodies(body: dict[str, Any], parameter: str, reason: str) -> None:
    with pytest.raises(BadRequest, match=reason) as caught:
        ImageQuery.from_body(body)
    assert caught.value.parameter == parameter


def test_products_without_images_are_no_trouble() -> None:
    world = World()
    product = SearchProduct("acme:new", world.products[0].state)
    for query in (ask(), ask(intersects=HERE), ask(sort="name"), ask(filter=[eq("name", "x")])):
        assert world.search().page(query, [product]).documents == []
        assert world.search().count(query, [product])[0] == 0
