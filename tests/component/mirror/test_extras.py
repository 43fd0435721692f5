"""Extra properties that a product declares are columns of its files, and read from them."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from arro3.io import read_parquet
from tests.mirror_world import PRODUCT, MirrorWorld, mirror_world

from swath_core.definitions import IMAGE, ImageResource
from swath_core.definitions import Extras as DeclaredExtras
from swath_core.documents import StoredImage
from swath_core.filters import sort_documents
from swath_core.mirror._extras import extra_column
from swath_core.search import ImageQuery, _columns, _merge

DECLARED = {
    "gsd": "number",
    "orbit": "integer",
    "s2:tile": "string",
    "final": "boolean",
    "seen": "date-time",
    "id": "string",
}
FULL: dict[str, Any] = {
    "gsd": 2.5,
    "orbit": 7,
    "s2:tile": "32TNT",
    "final": True,
    "seen": "2020-05-05T01:02:03+02:00",
    "id": "other",
}


def is_of(product_id: str) -> dict[str, Any]:
    return {"op": "eq", "name": "product_id", "val": product_id}


DAY = "2020-01-02T00:00:0{}.000000Z"


@pytest.fixture
def world() -> Iterator[MirrorWorld]:
    with mirror_world() as found:
        yield found


def rows_of(world: MirrorWorld) -> dict[str, dict[str, Any]]:
    """Return the rows of all files, by the names of images."""
    manifest = world.manifests.month(PRODUCT, "2020-01").manifest
    found = {}
    for file in manifest.files:
        table = read_parquet(io.BytesIO(world.objects.held[file.key][0])).read_all()
        columns = {name: table.column(name).to_pylist() for name in table.schema.names}
        for number, id_ in enumerate(columns["id"]):
            found[id_.rpartition(":")[2]] = {n: each[number] for n, each in columns.items()}
    return found


def plan_of(world: MirrorWorld, name: str = "gsd") -> dict[str, Any]:
    asked = {"op": "isnotnull", "name": f"extra_properties.{name}"}
    told = world.search.explain(world.query(asked, limit=0), [world.searched])
    assert told["count"] == len(world.found(world.query(asked)))
    (plan,) = told["plan"]["products"]
    return {**plan, "documents": told["cost"]["documents"]}


def rewrite(world: MirrorWorld) -> None:
    """Let the schedule find that a month is of another declaration, product after product."""
    for _ in range(5):  # the list of products is passed through, and a listed month is done first
        world.settle()


def test_columns_are_typed_and_values_those_of_documents(world: MirrorWorld) -> None:
    world.put("before", DAY.format(1), extra_properties=FULL)  # posted without any of them
    world.declared = DECLARED
    world.put("full", DAY.format(2), extra_properties=FULL)
    world.put("none", DAY.format(3))
    wrong = {"gsd": "2.5", "orbit": "7", "s2:tile": 1, "final": 1, "seen": "soon"}
    world.put("wrong", DAY.format(4), extra_properties=wrong)
    world.put("long", DAY.format(5), extra_properties={"s2:tile": "x" * 300, "orbit": 1.5})
    world.settle()
    rows = rows_of(world)

    columns = ["gsd", "orbit", "s2:tile", "final", "swath:extra_id"]
    for name in ("before", "full"):
        assert [rows[name][each] for each in columns] == [2.5, 7, "32TNT", True, "other"]
        assert rows[name]["seen"].isoformat() == "2020-05-04T23:02:03+00:00"
        assert rows[name]["id"] == f"{PRODUCT}:{name}"
    for name in ("none", "wrong"):
        assert [rows[name][each] for each in columns] == [None] * len(columns)
    assert rows["long"]["s2:tile"] == "x" * 300
    assert (rows["long"]["orbit"], rows["long"]["swath:omitted"]) == (
        None,
        ["extra_properties.orbit"],
    )
    assert world.check_files() >= {"2020-01-02"}
    assert (plan_of(world)["index"], plan_of(world)["documents"]) == ("mirror", 0)
    # one image's number is none that a column of integers holds
    assert (plan_of(world, "orbit")["index"], plan_of(world, "orbit")["documents"]) == ("mirror", 1)


def test_names_that_differ_in_case_only_from_other_columns_are_told_apart() -> None:
    taken = ("Platform", "ID", "Datetime", "month", "product", "SWATH:area")
    assert [extra_column(name) for name in taken] == [f"swath:extra_{name}" for name in taken]
    assert extra_column("Gsd") == "Gsd"


def test_too_many_documents_are_not_read_in_place_of_postings(
    world: MirrorWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (_merge, _columns):
        monkeypatch.setattr(module, "MOST_WHOLE", 3)
    world.declared = {"orbit": "integer", "gsd": "number"}
    for number in range(5):
        extras = {"orbit": number + 0.5, "gsd": number}
        world.put(f"i{number}", DAY.format(number), extra_properties=extras)
    world.settle()
    above = {"op": "gt", "name": "extra_properties.orbit", "val": 2}
    ordered = world.query(sort="-extra_properties.orbit", limit=10)
    page = world.search.page(ordered, [world.searched])
    assert [each.id[-1] for each in page.documents] == list("43210")
    for asked in (above, {"op": "isnull", "name": "extra_properties.orbit"}):
        count = len(world.found(world.query(asked)))
        told = world.search.explain(world.query(asked, limit=0), [world.searched])
        assert (told["count"], told["cost"]["documents"]) == (count, 0)
    assert (plan_of(world)["index"], plan_of(world)["documents"]) == ("mirror", 0)
    assert world.check_files() >= {"2020-01-02"}  # the file is as good as it was


def test_what_another_product_declares_is_not_missing(
    world: MirrorWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (_merge, _columns):
        monkeypatch.setattr(module, "MOST_WHOLE", 3)
    world.declared = {"orbit": "integer"}
    for number in range(5):
        orbit = number + 0.5 if number < 2 else number
        world.put(f"i{number}", DAY.format(number), extra_properties={"orbit": orbit})
    world.settle()
    other = "acme:other"
    declared = [(PRODUCT, world.declared), (other, {"zzz": "number", "orbit": "number"})]
    asked = {
        "or": [
            {"and": [is_of(PRODUCT), {"op": "gt", "name": "extra_properties.orbit", "val": 1}]},
            {"and": [is_of(other), {"op": "gt", "name": "extra_properties.zzz", "val": 1}]},
        ]
    }
    resource = ImageResource.with_extras(DeclaredExtras.of(declared))
    query = ImageQuery.from_body({"filter": json.dumps([asked]), "limit": 0}, resource)
    monkeypatch.setattr(_merge, "MOST_WHOLE", 1)
    told = world.search.explain(query, [world.searched])
    assert (told["count"], told["cost"]["documents"]) == (4, 2)


def test_files_of_another_declaration_are_not_asked_and_written_again(world: MirrorWorld) -> None:
    world.put("a", DAY.format(1), extra_properties={"gsd": 2})
    world.settle()
    assert "gsd" not in rows_of(world)["a"]
    for declared, expected in (({"gsd": "number"}, 2.0), ({"gsd": "string"}, None)):
        world.declared = declared
        assert plan_of(world).get("files", 0) == 0
        rewrite(world)
        assert rows_of(world)["a"]["gsd"] == expected
        assert plan_of(world).get("files", 0) == 1
    world.declared = {}
    rewrite(world)
    assert "gsd" not in rows_of(world)["a"]


def test_an_extra_property_that_differs_from_its_posting_is_drift(world: MirrorWorld) -> None:
    world.declared = {"gsd": "number"}
    world.put("a", DAY.format(1), extra_properties={"gsd": 2})
    world.settle()
    report = world.mirror.run(60)
    for _ in range(40):  # a day of the month, at random
        world.mirror.audit(report)
    assert report.drifted == []
    image = world.images[f"{PRODUCT}:a"]
    assert isinstance(image, StoredImage)
    changed = {**image.attributes, "extra_properties": {"gsd": 3}}
    world.put_as(replace(image, attributes=changed))  # without a mark
    for _ in range(400):
        world.mirror.audit(report)
        if report.drifted:
            break
    assert report.drifted == [f"{PRODUCT} 2020-01-02"]


# ---- a declaration that changes while a request is under way


STORED = [2, 2.5, "a", True, "2020-01-01T00:00:00Z", None, -(2**60)]
OPERANDS: dict[str, Any] = {
    "number": 2.5,
    "integer": 2,
    "string": "a",
    "boolean": True,
    "date-time": "2020-01-01",
}


@pytest.mark.parametrize("now", OPERANDS)
def test_a_type_that_changes_between_two_reads_of_a_request_is_asked_of_postings(
    world: MirrorWorld, now: str
) -> None:
    """The filter was parsed with one declaration; products, and files, have another."""
    world.declared = {"x": now}
    for number, value in enumerate(STORED):
        extras = {} if value is None else {"x": value}
        world.put(f"i{number}", DAY.format(number), extra_properties=extras)
    world.settle()
    for before in (*OPERANDS, None):
        check_asked_as(world, before, now)


def check_asked_as(world: MirrorWorld, before: str | None, now: str) -> None:
    declared = {} if before is None else {"x": before}
    resource = ImageResource.with_extras(DeclaredExtras.of([(PRODUCT, declared)]))
    name = "extra_properties.x"
    for op in ("eq", "ne", "gt", "isnull", "isnotnull"):
        for operand in OPERANDS.values() if before is None else [OPERANDS[before]]:
            if op == "gt" and isinstance(operand, bool):
                continue
            asked = [is_of(PRODUCT), {"op": op, "name": name, "val": operand}]
            query = ImageQuery.from_body({"filter": json.dumps(asked), "limit": 0}, resource)
            told = world.search.explain(query, [world.searched])
            assert told["count"] == len(world.found(query)), (op, operand)
            is_read = told["plan"]["products"][0].get("files", 0) > 0
            assert is_read == (before == now or (before, now) == ("number", "integer"))
    if before is not None:
        body = {"filter": json.dumps([is_of(PRODUCT)]), "sort": name}
        query = ImageQuery.from_body(body, resource)
        page = world.search.page(query, [world.searched])
        assert page.documents == sort_documents(world.found(query), query.sort, IMAGE)
