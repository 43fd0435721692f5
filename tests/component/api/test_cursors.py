"""Continuation tokens in the hands of somebody else: they open nothing that is not theirs."""

from __future__ import annotations

import base64
import json
from functools import partial
from typing import Any

import pytest
from tests.component.api.conftest import band, image

from swath_core.catalog import Query
from swath_dev.inprocess import BASE, PUBLIC_URL, Answer, InProcessApi


def below(link: str) -> str:
    return link.removeprefix(PUBLIC_URL + BASE)


def following(api: InProcessApi, first: Answer, body: dict[str, Any]) -> Answer:
    return api.call("PUT", below(first.json["links"]["next"]), body)


@pytest.fixture
def shared(api: InProcessApi, monkeypatch: pytest.MonkeyPatch) -> str:
    """A product that all of the organisation may read, and one that only its owner may."""
    api.empty()
    monkeypatch.setattr("swath_core.search._pages.PAGE_IMAGES", 2)
    for name, readers in (("open", ["org:acme"]), ("shut", [])):
        assert api.save("product", name, name=name, readers=readers).status == 201
        for number in range(3):
            assert api.save("image", **image(f"acme:{name}", f"i{number}")).status == 201
            assert api.save("band", **band(f"acme:{name}", f"b{number}")).status == 201
    return "acme:open"


def of(*products: str) -> dict[str, str]:
    condition = {"name": "product_id", "op": "eq", "val": list(products)}
    return {"filter": json.dumps([condition])}


def test_a_search_of_images_goes_on_for_its_caller_alone(api: InProcessApi, shared: str) -> None:
    asked = of(shared)
    first = api.call("PUT", "/images", asked)
    assert following(api, first, asked).status == 200
    bob = api.as_user("bob", "acme")
    assert bob.call("PUT", "/images", asked).status == 200
    for stranger in (bob, api.as_user("eve", "globex"), api.as_user("alice2", "acme")):
        answer = following(stranger, first, asked)
        assert answer.status == 400, answer.text
        assert "another search or caller" in answer.json["errors"][0]["detail"]


def test_a_search_that_was_allowed_more_gives_nothing_away(api: InProcessApi, shared: str) -> None:
    """The owner's search covers both products; whoever may see one cannot go on with it."""
    asked = of(shared, "acme:shut")
    first = api.call("PUT", "/images", asked)
    bob = api.as_user("bob", "acme")
    answer = following(bob, first, asked)
    assert answer.status == 400
    assert "shut" not in answer.text
    assert {
        each["attributes"]["product_id"] for each in bob.call("PUT", "/images", asked).data
    } == {shared}


def test_who_lost_the_right_to_read_cannot_go_on(api: InProcessApi, shared: str) -> None:
    bob, asked = api.as_user("bob", "acme"), of(shared)
    first = bob.call("PUT", "/images", asked)
    assert following(bob, first, asked).status == 200
    assert api.change("product", shared, readers=[]).status == 200
    gone = following(bob, first, asked)
    assert gone.status == 400 or (gone.status == 200 and gone.data == [])


@pytest.mark.parametrize("collection", ["products", "bands"])
def test_the_token_of_a_list_shows_what_its_new_holder_may_see(
    api: InProcessApi, shared: str, collection: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.call("PUT", f"/{collection}", {})  # loads the module, as a first request does
    monkeypatch.setattr("swath_api.objects.Query", partial(Query, page_size=1))
    asked = {"sort": "-name"} | ({} if collection == "products" else of(shared, "acme:shut"))
    first = api.call("PUT", f"/{collection}", asked)
    assert len(first.data) == 1
    bob = api.as_user("bob", "acme")
    seen, answer = [], following(bob, first, asked)
    while True:
        assert answer.status == 200, answer.text
        seen += [each["id"] for each in answer.data]
        if not answer.json["links"].get("next"):
            break
        answer = following(bob, answer, asked)
    assert seen
    assert all(each.startswith(shared) for each in seen), seen
    assert following(api.as_user("eve", "globex"), first, asked).json["data"] == []


MADE_UP = (
    "[]", "{}", "null", "1", '["a"]', '["a", "b"]', '["a", "b", []]', '["a", "b", true]',
    '["a", "b", -1]', '["a", "b", 1e400]', '[[], "b", 0]', '[{}, "b", 0]', '[null, "b", 0]',
    '[true, "b", 0]', '["a", [], 0]', '["\\ud800", "\\ud800", 0]', "[" * 2_000, '["a", "b", 0, 0]',
    '["a", "b", ' + "9" * 400 + "]", "NaN", '[NaN, "b", 0]', '["' + "x" * 5_000 + '", "b", 0]',
)  # fmt: skip


@pytest.mark.parametrize("collection", ["products", "bands", "images", "uploads_v2"])
def test_tokens_that_were_made_up(api: InProcessApi, shared: str, collection: str) -> None:
    asked = of(shared) if collection != "products" else {}
    for text in (*MADE_UP, "\0", "\u00e9"):
        token = base64.urlsafe_b64encode(text.encode("utf-8", "surrogatepass")).decode()
        for given in (token, token.rstrip("="), token[:-1]):
            for body in (asked, asked | {"sort": "-name"}):
                answer = api.call("PUT", f"/{collection}?continuation={given}", body)
                assert answer.status in {200, 400}, (text[:40], answer.text)
