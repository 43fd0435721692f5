"""A key belongs to one request: the same caller, method, path and body."""

from __future__ import annotations

from typing import Any

import pytest

from swath_dev.inprocess import InProcessApi

KEY = {"Idempotency-Key": "k"}
PRODUCT = {"data": {"type": "product", "id": "p", "attributes": {"name": "P"}}}
OTHER = {"data": {"type": "product", "id": "p", "attributes": {"name": "Q"}}}
IMAGE = {"name": "i", "product_id": "acme:p", "acquired": "2020"}


@pytest.fixture(autouse=True)
def _nothing(api: InProcessApi) -> None:
    api.empty()


def refused(api: InProcessApi, method: str, path: str, body: Any = None) -> None:
    answer = api.call(method, path, body, headers=KEY)
    assert answer.status == 422, (method, path)
    assert answer.pointers == ["Idempotency-Key"]


def test_a_key_with_another_body_is_refused_and_the_first_one_stands(api: InProcessApi) -> None:
    assert api.call("POST", "/products", PRODUCT, headers=KEY).status == 201
    assert api.call("POST", "/products", PRODUCT, headers=KEY).status == 201
    refused(api, "POST", "/products", OTHER)
    assert api.call("GET", "/products/acme:p").attributes["name"] == "P"
    somebody = api.as_user("bob", "globex")
    assert somebody.call("POST", "/products", OTHER, headers=KEY).status == 201


def test_a_change_is_not_taken_for_the_one_before(api: InProcessApi) -> None:
    api.save("product", "p", name="P")
    first, second = (
        {"data": {"type": "product", "attributes": {"description": text}}} for text in "ab"
    )
    assert api.call("PATCH", "/products/acme:p", first, headers=KEY).status == 200
    refused(api, "PATCH", "/products/acme:p", second)
    group = {"X-Request-Group": "g"}  # which published clients send: another body, another request
    for body, text in ((first, "a"), (second, "b"), (second, "b")):
        found = api.call("PATCH", "/products/acme:p", body, headers=group)
        assert found.attributes["description"] == text


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/products"),
        ("POST", "/bands"),
        ("POST", "/images"),
        ("POST", "/images/bulk"),
        ("POST", "/uploads_v2"),
        ("POST", "/products/acme:p/delete_related_objects"),
        ("PATCH", "/products/acme:p"),
        ("PATCH", "/bands/acme:p:b"),
        ("PATCH", "/images/acme:p:i"),
        ("PATCH", "/uploads_v2/u"),
        ("DELETE", "/products/acme:p"),
        ("DELETE", "/bands/acme:p:b"),
        ("DELETE", "/images/acme:p:i"),
    ],
)
def test_every_change_is_bound_to_its_key(api: InProcessApi, method: str, path: str) -> None:
    assert api.call("POST", "/products", PRODUCT, headers=KEY).status == 201
    refused(api, method, path, OTHER)


def test_a_deletion_that_was_refused_is_not_remembered(api: InProcessApi) -> None:
    api.save("product", "p", name="P")
    api.save("image", "acme:p:i", **IMAGE)
    late = {**KEY, "If-Match": '"7"'}
    assert api.call("DELETE", "/images/acme:p:i", headers=late).status == 409
    assert api.call("DELETE", "/images/acme:p:i").status == 200
    assert api.call("DELETE", "/images/acme:p:i", headers=late).status == 404
