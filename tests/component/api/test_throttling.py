"""Every request of every route to DynamoDB is refused in turn, for good and for a moment.

What is refused for good is a 503 with ``Retry-After``, and the same request succeeds afterwards;
what is refused for a moment is not noticed. A 409 is a real conflict.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import Table
from tests.component.api.conftest import band, image
from tests.dynamo_faults import (
    Fault,
    Request,
    cancelled,
    failing,
    left_undone,
    refused,
    throttled,
)

from swath_core.store import requests
from swath_dev.inprocess import Answer, InProcessApi

OF_P = {"name": "product_id", "op": "eq", "val": "acme:p"}
TASK = {"data": {"type": "product_delete_task"}}
FAULTS: dict[str, Fault] = {
    "refused": refused("ThrottlingException"),
    "left undone": left_undone,
}


def upload(api: InProcessApi, name: str) -> Answer:
    attributes = {
        "image_id": f"acme:p:{name}",
        "image": {
            "data": {
                "type": "image",
                "id": f"acme:p:{name}",
                "attributes": {"name": name, "product_id": "acme:p", "acquired": "2020"},
            }
        },
        "image_upload_options": {"upload_type": "file", "image_files": ["a.tif"]},
    }
    body = {"data": {"type": "image_upload", "attributes": attributes}}
    return api.call("POST", "/uploads_v2", body)


def bulk(api: InProcessApi, name: str) -> Answer:
    items = []
    for given in (image("acme:p", f"{name}-{n}") for n in range(2)):
        object_id = given.pop("object_id")
        items.append({"type": "image", "id": object_id, "attributes": given})
    return api.call("POST", "/images/bulk", {"data": items})


def summary(api: InProcessApi, path: str) -> Answer:
    return api.call("PUT", f"/images/summary/{path}", {"filter": json.dumps([OF_P])})


Call = Callable[[InProcessApi], Answer]
ROUTES: dict[str, Call] = {
    "create product": lambda api: api.save("product", "new", name="N"),
    "get product": lambda api: api.call("GET", "/products/acme:p"),
    "update product": lambda api: api.change("product", "acme:p", description="d"),
    "delete product": lambda api: api.call("DELETE", "/products/acme:empty"),
    "search products": lambda api: api.find("products"),
    "create band": lambda api: api.save("band", **band("acme:p", "new")),
    "get band": lambda api: api.call("GET", "/bands/acme:p:blue"),
    "update band": lambda api: api.change("band", "acme:p:blue", resolution="10m"),
    "delete band": lambda api: api.call("DELETE", "/bands/acme:p:blue"),
    "search bands": lambda api: api.find("bands", OF_P),
    "derived bands": lambda api: api.call(
        "PUT", "/products/acme:p/relationships/derived_bands", {}
    ),
    "create image": lambda api: api.save("image", **image("acme:p", "new")),
    "get image": lambda api: api.call("GET", "/images/acme:p:i"),
    "update image": lambda api: api.change("image", "acme:p:i", acquired="2021"),
    "delete image": lambda api: api.call("DELETE", "/images/acme:p:i"),
    "search images": lambda api: api.find("images", OF_P),
    "search everywhere": lambda api: api.find("images"),
    "bulk": lambda api: bulk(api, "new"),
    "total": lambda api: summary(api, "all"),
    "by day": lambda api: summary(api, "acquired/day"),
    "by cell": lambda api: summary(api, "h3/3"),
    "declare upload": lambda api: upload(api, "new"),
    "get upload": lambda api: api.call("GET", f"/uploads_v2/{_uploads[-1]}"),
    "cancel upload": lambda api: api.call(
        "PATCH",
        f"/uploads_v2/{_uploads[-1]}",
        {
            "data": {
                "type": "image_upload",
                "id": _uploads[-1],
                "attributes": {"status": "canceled"},
            }
        },
    ),
    "search uploads": lambda api: api.find("uploads_v2", OF_P),
    "delete all": lambda api: api.call("POST", "/products/acme:p/delete_related_objects", TASK),
    "progress": lambda api: api.call("GET", "/products/acme:p/delete_related_objects"),
}
_uploads: list[str] = []


@pytest.fixture(scope="module")
def tables(api: InProcessApi) -> dict[Table, Any]:
    """Fill the tables once, and return what they hold."""
    api.empty()
    api.restart()
    for product in ("p", "empty"):
        assert api.save("product", product, name="P").status == 201
    assert api.save("band", **band("acme:p")).status == 201
    assert api.save("image", **image("acme:p")).status == 201
    _uploads.append(str(upload(api, "there").data["id"]))
    backend = dynamodb_backends["123456789012"]["us-east-1"]
    return {table: copy.deepcopy(table.items) for table in backend.tables.values()}


@pytest.fixture(autouse=True)
def world(api: InProcessApi, tables: dict[Table, Any]) -> None:
    restore(api, tables)


def restore(api: InProcessApi, tables: dict[Table, Any]) -> None:
    for table, items in tables.items():
        table.items = copy.deepcopy(items)
    api.restart()  # a process that remembers neither marks nor keys


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("route", ROUTES)
def test_what_stays_refused_is_503_and_can_be_sent_again(
    api: InProcessApi, tables: dict[Table, Any], route: str, kind: str
) -> None:
    done: set[Request] = set()
    while asked := refuse_another(api, ROUTES[route], FAULTS[kind], done):
        done.add(asked)
        restore(api, tables)
    assert done or kind == "left undone"


def refuse_another(
    api: InProcessApi, call: Call, fault: Fault, done: set[Request]
) -> Request | None:
    """Refuse a request to DynamoDB that is not done yet; return it, or None if there is none."""
    with failing(fault) as faults:
        faults.wanted = lambda asked: asked not in done and set(faults.met) <= {asked}
        answer = call(api)
        faults.wanted = lambda _: False
        if faults.met and is_refused(answer):
            answer = call(api)
    assert answer.status in {200, 201, 202, 204}, answer.text
    return faults.met[0] if faults.met else None


def is_refused(answer: Answer) -> bool:
    """Return whether a request met a fault that is said as it must be."""
    if "data" in answer.json and any("errors" in each for each in _listed(answer)):  # a bulk
        assert {each["errors"][0]["status"] for each in _listed(answer)} <= {"503"}
        return True
    if answer.status < 400:
        return False  # there was another way: the marks one by one, instead of together
    assert answer.status == 503, answer.text
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json["errors"][0]["title"] == "Service unavailable"
    return True


def _listed(answer: Answer) -> list[dict[str, Any]]:
    data = answer.json.get("data")
    return data if isinstance(data, list) else []


@pytest.mark.parametrize("route", ROUTES)
def test_what_is_refused_for_a_moment_is_not_noticed(api: InProcessApi, route: str) -> None:
    refusals: dict[Request, Iterator[bool]] = {}
    with failing(throttled) as faults:
        faults.wanted = lambda asked: next(refusals.setdefault(asked, iter([True, True])), False)
        answer = ROUTES[route](api)
    assert answer.status in {200, 201, 202, 204}, answer.text
    assert not any("errors" in each for each in _listed(answer))


def test_other_transactions_on_a_product_are_no_conflict_of_its_writers(api: InProcessApi) -> None:
    with failing(cancelled("TransactionConflict")) as faults:
        faults.wanted = lambda _: True
        assert api.change("product", "acme:p", description="d").status == 503
        assert api.change("band", "acme:p:blue", description="d").status == 503
        assert len(faults.met) == 2 * requests.ATTEMPTS
        refusals = iter([True] * (requests.ATTEMPTS - 1))
        faults.wanted = lambda _: next(refusals, False)
        assert api.change("product", "acme:p", description="d").status == 200


def test_other_writers_of_the_same_image_are_a_conflict(api: InProcessApi) -> None:
    with failing(cancelled("TransactionConflict")) as faults:
        faults.wanted = lambda _: True
        answer = api.change("image", "acme:p:i", cloud_fraction=0.5)
    assert answer.status == 409
    assert "another request" in answer.text


@pytest.mark.parametrize(
    "fault",
    [
        refused("ProvisionedThroughputExceededException"),
        refused("InternalServerError", 500),
        refused("TransactionInProgressException"),
        cancelled("ProvisionedThroughputExceeded"),
    ],
)
def test_refusals_by_other_names(api: InProcessApi, fault: Fault) -> None:
    with failing(fault) as faults:
        faults.wanted = lambda asked: asked[0] == "TransactWriteItems"
        assert is_refused(api.change("image", "acme:p:i", cloud_fraction=0.5))
    assert api.change("image", "acme:p:i", cloud_fraction=0.5).status == 200


def test_what_is_wrong_with_a_request_is_no_503(api: InProcessApi) -> None:
    with failing(refused("ValidationException")) as faults:
        faults.wanted = lambda _: True
        assert api.call("GET", "/products/acme:p").status == 500
    with failing(cancelled("ValidationError")) as faults:
        faults.wanted = lambda _: True
        assert api.change("product", "acme:p", description="d").status == 500
