"""Every attribute of every type: set, read back, change, filter, sort, null, wrong type."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from shapely.geometry import shape
from tests.component.api.samples import samples

from swath_core.access import PLATFORM_ADMIN
from swath_core.definitions import BANDS, IMAGE, PRODUCT, Attribute, JsonObject, ListOf, Resource
from swath_dev.inprocess import Answer, InProcessApi

KINDS: dict[str, Resource] = {"product": PRODUCT, **BANDS, "image": IMAGE}
SETTABLE = [
    pytest.param(kind, attribute, id=f"{kind}-{attribute.name}")
    for kind, resource in KINDS.items()
    for attribute in resource
    if not attribute.read_only
]
READ_ONLY = [
    pytest.param(kind, attribute, id=f"{kind}-{attribute.name}")
    for kind, resource in KINDS.items()
    for attribute in resource
    if attribute.read_only
]
NUMBERS = itertools.count()
PRODUCT_ID = "acme:attributes"
IMAGES_ID = "acme:images"


class World:
    """An administrator's catalog with one product that everything else goes into."""

    def __init__(self, api: InProcessApi) -> None:
        self.api = api.as_user("root", "acme", groups=[PLATFORM_ADMIN, "acme:org-admin"])

    def needed(self, kind: str, name: str) -> dict[str, Any]:
        if kind == "product":
            return {"name": "needed"}
        member = {"name": name, "product_id": home(kind)}
        if kind == "image":
            return {**member, "acquired": "2018-05-05", "storage_state": "remote"}
        return {
            **member,
            "type": kind,
            "data_type": "Byte",
            "data_range": [0, 255],
            "display_range": [0, 255],
            "band_index": 0,
        }

    def create(self, kind: str, **attributes: Any) -> Answer:
        name = f"n{next(NUMBERS)}"
        given = {**self.needed(kind, name), **attributes}
        object_id = f"acme:{name}" if kind == "product" else f"{home(kind)}:{given['name']}"
        return self.api.save(type_of(kind), object_id, **given)


def home(kind: str) -> str:
    """Return the product of bands, or that of images: the structure of bands in use is fixed."""
    return IMAGES_ID if kind == "image" else PRODUCT_ID


def type_of(kind: str) -> str:
    return kind if kind in {"product", "image"} else "band"


@pytest.fixture
def world(api: InProcessApi) -> World:
    api.empty()
    made = World(api)
    for product_id in (PRODUCT_ID, IMAGES_ID):
        assert made.api.save("product", product_id, name="p").status == 201
    return made


def same(name: str, found: object, expected: object) -> bool:
    if name == "geometry" and found and expected:
        return bool(shape(found).equals(shape(expected)))
    return bool(found == expected)


def created(world: World, kind: str, attribute: Attribute, value: object) -> dict[str, Any]:
    answer = world.create(kind, **value_of(kind, attribute, value))
    assert answer.status == 201, answer.text
    found: dict[str, Any] = answer.data
    return found


def value_of(kind: str, attribute: Attribute, value: object) -> dict[str, Any]:
    if attribute.name == "name" and kind != "product":
        return {"name": f"{'ab'[value != 'first']}{next(NUMBERS)}"}
    if attribute.name == "product_id":
        return {}
    return {attribute.name: value}


@pytest.mark.parametrize(("kind", "attribute"), SETTABLE)
def test_set_read_back_and_change(world: World, kind: str, attribute: Attribute) -> None:
    (first, stored), (second, changed) = samples(attribute)
    made = created(world, kind, attribute, first)
    name, collection = attribute.name, f"{type_of(kind)}s"
    own_id = name in {"name", "product_id"} and kind != "product"
    if not own_id:
        assert same(name, made["attributes"][name], stored)
    read = world.api.call("GET", f"/{collection}/{made['id']}").attributes
    assert same(name, read[name], made["attributes"][name])
    answer = world.api.change(type_of(kind), made["id"], **{name: second})
    if attribute.mutable:
        assert answer.status == 200, answer.text
        assert same(name, answer.attributes[name], changed)
        assert answer.attributes["modified"] > read["modified"]
        assert answer.attributes["created"] == read["created"]
        read = world.api.call("GET", f"/{collection}/{made['id']}").attributes
        assert same(name, read[name], changed)
    elif name != "type":
        assert (answer.status, answer.pointers) == (422, [attribute.pointer])
        assert world.api.change(type_of(kind), made["id"], **{name: read[name]}).status == 200


@pytest.mark.parametrize(("kind", "attribute"), SETTABLE)
def test_null_clears_unless_it_is_required(world: World, kind: str, attribute: Attribute) -> None:
    (first, _), _ = samples(attribute)
    made = created(world, kind, attribute, first)
    answer = world.api.change(type_of(kind), made["id"], **{attribute.name: None})
    if attribute.required or attribute.name == "owners":
        assert (answer.status, answer.pointers) == (422, [attribute.pointer])
    else:
        assert answer.status == 200, answer.text
        assert not answer.attributes.get(attribute.name)


@pytest.mark.parametrize(("kind", "attribute"), SETTABLE)
def test_a_wrong_type_is_refused_with_a_pointer(
    world: World, kind: str, attribute: Attribute
) -> None:
    (first, _), _ = samples(attribute)
    made = created(world, kind, attribute, first)
    values: list[Any] = [{"no": {"such": "thing"}}, [[{}]], "\0"]
    if isinstance(attribute.type, JsonObject):
        del values[0]  # any object is right there
    for wrong in values:
        for answer in (
            world.create(kind, **{attribute.name: wrong}),
            world.api.change(type_of(kind), made["id"], **{attribute.name: wrong}),
        ):
            assert answer.status == 422, answer.text
            assert answer.pointers[0].startswith(attribute.pointer)


@pytest.mark.parametrize(("kind", "attribute"), READ_ONLY)
def test_what_the_service_sets_cannot_be_sent(
    world: World, kind: str, attribute: Attribute
) -> None:
    answer = world.create(kind, **{attribute.name: "2020-01-01"})
    assert (answer.status, answer.pointers) == (422, [attribute.pointer])


def found_ids(world: World, kind: str, *filters: dict[str, Any], **members: Any) -> list[str]:
    scope = [] if kind == "product" else [{"op": "eq", "name": "product_id", "val": home(kind)}]
    answer = world.api.find(f"{type_of(kind)}s", *scope, *filters, **members)
    assert answer.status == 200, answer.text
    return [each["id"] for each in answer.data]


@pytest.mark.parametrize(("kind", "attribute"), SETTABLE)
def test_filter(world: World, kind: str, attribute: Attribute) -> None:
    name = attribute.name
    (first, _), (second, _) = samples(attribute)
    one = created(world, kind, attribute, first)
    two = created(world, kind, attribute, second if attribute.mutable else first)
    equal = {"op": "eq", "name": name, "val": operand(one["attributes"].get(name))}
    if not attribute.filterable:
        answer = world.api.find(f"{type_of(kind)}s", equal)
        assert (answer.status, answer.pointers) == (400, ["filter"])
        return
    ids = found_ids(world, kind, equal)
    assert one["id"] in ids
    if attribute.mutable and name != "owners":
        assert two["id"] not in ids
    assert one["id"] in found_ids(world, kind, {"op": "isnotnull", "name": name})
    assert one["id"] not in found_ids(world, kind, {"op": "isnull", "name": name})
    different = {**equal, "op": "ne"}
    assert one["id"] not in found_ids(world, kind, different)
    if getattr(attribute.type, "comparable", False):
        inclusive = {"op": "gte", "name": name, "val": operand(one["attributes"].get(name))}
        assert one["id"] in found_ids(world, kind, inclusive)
        assert one["id"] not in found_ids(world, kind, {**inclusive, "op": "gt"})


def operand(stored: Any) -> Any:
    return stored[0] if isinstance(stored, list) and stored else stored


@pytest.mark.parametrize(("kind", "attribute"), SETTABLE)
def test_sort(world: World, kind: str, attribute: Attribute) -> None:
    name = attribute.name
    if not attribute.sortable:
        answer = world.api.find(f"{type_of(kind)}s", sort=name)
        assert (answer.status, answer.pointers) == (400, ["sort"])
        return
    (first, _), (second, _) = samples(attribute)
    low = created(world, kind, attribute, first)
    high = created(world, kind, attribute, second if attribute.mutable else first)
    pair = json.dumps([low["id"], high["id"]])
    only = {"op": "eq", "name": "id", "val": json.loads(pair)}
    ascending = found_ids(world, kind, only, sort=name)
    assert ascending == sorted(ascending, key=[low["id"], high["id"]].index)
    assert found_ids(world, kind, only, sort=f"-{name}") == ascending[::-1]


def test_the_tables_hold_every_attribute() -> None:
    listed = {each.id for each in (*SETTABLE, *READ_ONLY)}
    assert listed == {
        f"{kind}-{each.name}" for kind, resource in KINDS.items() for each in resource
    }
    assert not any(isinstance(each.type, ListOf) and each.sortable for each in PRODUCT)
