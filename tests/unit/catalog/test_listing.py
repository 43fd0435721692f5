"""Searches in memory: order, limits, pages that stay put while the list changes."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swath_core.catalog import Query
from swath_core.catalog._listing import Search, text_matches, words
from swath_core.definitions import PRODUCT
from swath_core.documents import Document
from swath_core.errors import BadRequest
from swath_core.filters import allowed_values


def products(*names: str | None) -> list[Document]:
    return [
        Document("product", f"acme:{number}", {"name": name} if name is not None else {})
        for number, name in enumerate(names)
    ]


def ids(found: list[Document]) -> list[str]:
    return [each.id for each in found]


@given(
    names=st.lists(st.one_of(st.none(), st.sampled_from("abc")), max_size=12),
    page_size=st.integers(1, 5),
    limit=st.one_of(st.none(), st.integers(0, 14)),
    sort=st.sampled_from([None, "name", "-name", "id", "-id"]),
)
def test_pages_together_are_the_whole(
    names: list[str | None], page_size: int, limit: int | None, sort: str | None
) -> None:
    documents = products(*names)
    whole = Search(Query(sort=sort), PRODUCT, "id").run(documents).documents
    seen: list[Document] = []
    after = None
    while True:
        query = Query(sort=sort, limit=limit, after=after, page_size=page_size)
        page = Search(query, PRODUCT, "id").run(documents)
        seen += page.documents
        assert page.count == len(documents)
        if not page.more:
            break
        after = page.positions[-1]
    assert seen == whole[:limit]


@given(
    before=st.lists(st.sampled_from("abcdef"), min_size=3, max_size=8),
    kept=st.data(),
)
def test_what_is_deleted_between_pages_disturbs_no_other(
    before: list[str], kept: st.DataObject
) -> None:
    documents = products(*before)
    first = Search(Query(sort="name", page_size=2), PRODUCT, "id").run(documents)
    gone = kept.draw(st.sets(st.sampled_from(ids(documents))))
    left = [each for each in documents if each.id not in gone]
    query = Query(sort="name", after=first.positions[-1])
    second = Search(query, PRODUCT, "id").run(left).documents
    whole = Search(Query(sort="name"), PRODUCT, "id").run(documents).documents
    assert ids(second) == [each.id for each in whole[2:] if each.id not in gone]


def test_ids_set_the_order() -> None:
    wanted = [{"name": "id", "op": "eq", "val": ["acme:2", "acme:9", "acme:0", "acme:2"]}]
    search = Search(Query(filter=json.dumps(wanted)), PRODUCT, "id")
    assert search.ids == ["acme:2", "acme:9", "acme:0"]
    assert ids(search.run(products("a", "b", "c")).documents) == ["acme:2", "acme:0"]


@pytest.mark.parametrize(
    ("filters", "values"),
    [
        ([], None),
        ([{"name": "id", "op": "eq", "val": "a"}], ["a"]),
        ([{"name": "id", "op": "ne", "val": "a"}], None),
        ([{"name": "name", "op": "eq", "val": "a"}], None),
        ([{"or": [{"name": "id", "op": "eq", "val": v} for v in "ab"]}], ["a", "b"]),
        (
            [
                {
                    "or": [
                        {"name": "id", "op": "eq", "val": "a"},
                        {"name": "name", "op": "eq", "val": "b"},
                    ]
                }
            ],
            None,
        ),
        (
            [{"name": "name", "op": "eq", "val": "x"}, {"name": "id", "op": "eq", "val": "a"}],
            ["a"],
        ),
    ],
)
def test_allowed_values(filters: list[dict[str, Any]], values: list[str] | None) -> None:
    search = Search(Query(filter=json.dumps(filters)), PRODUCT, "id")
    assert allowed_values(search.expression, "id") == values


@given(token=st.text(max_size=40))
def test_any_token_is_ours_or_refused(token: str) -> None:
    with contextlib.suppress(BadRequest):
        Search(Query(after=token, sort="name"), PRODUCT, "id").run(products("a", "b"))


def test_words() -> None:
    assert words("L\u00c9O_8, Stra\u00dfe \u4e2d\u6587\ufb01") == [
        "leo",
        "8",
        "strasse",
        "\u4e2d\u6587fi",
    ]
    held = {"name": "Harmonised Landsat", "description": None, "product_tier": "gold"}
    for text in ("landsat", "LAND harm", "", "..."):
        assert text_matches(text, held, PRODUCT)
    for text in ("sat", "gold", "landsat sentinel"):
        assert not text_matches(text, held, PRODUCT)
