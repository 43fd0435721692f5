"""Transactions under ``/stac``."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from swath_core.catalog import BULK_LIMIT
from swath_core.definitions import HOW_TO_REINDEX, declared
from swath_core.documents import Document, StoredProduct
from swath_core.errors import BadRequest, SwathError
from swath_core.stac import GEOJSON, JSON, Addresses, Transaction, features_of
from swath_core.web import Body, Request, Response, answer, answer_nothing

from . import services

_JSON_PATCH = "application/json-patch+json"
_MOST_TOLD = 20


def _transaction(request: Request) -> Transaction:
    return Transaction(
        services.stac(),
        request.caller,
        Addresses(request.root),
        request.replay_token,
        request.expected_version,
    )


# ---- items


def create_items(request: Request, id: str) -> Response[Any]:
    """``POST /collections/ID/items``: one item, or a FeatureCollection of up to a thousand."""
    transaction = _transaction(request)
    features = features_of(request.value)
    if features is None:
        item, image = transaction.create_item(id, request.value)
        headers = {"Location": transaction.here.item(id, item["id"])}
        return _answer(item, image, GEOJSON, HTTPStatus.CREATED, headers)
    if len(features) > BULK_LIMIT:
        message = f"{len(features)} items were sent, but at most {BULK_LIMIT} are saved at once"
        raise BadRequest(message)
    errors = transaction.create_items(id, features)
    wrong = {number: error for number, error in enumerate(errors) if error is not None}
    if wrong:
        raise _some_refused(features, wrong)
    return answer({"numberSaved": len(features)}, HTTPStatus.CREATED, media_type=GEOJSON)


def _some_refused(features: list[Any], wrong: dict[int, SwathError]) -> SwathError:
    """Return the error for items of which some were refused: the others are saved."""
    told = [
        f"item {number} ({_named(features[number])}): {error.detail}"
        for number, error in list(wrong.items())[:_MOST_TOLD]
    ]
    message = f"{len(features) - len(wrong)} of {len(features)} items were saved; {'; '.join(told)}"
    first = next(iter(next(iter(wrong.values()))))
    return type(first)(message)


def _named(feature: Any) -> str:
    return str(feature.get("id"))[:100] if isinstance(feature, dict) else "no item"


def replace_item(request: Request, id: str, name: str) -> Response[Any]:
    """``PUT /collections/ID/items/NAME``."""
    return _changed(_transaction(request).replace_item(id, name, request.value))


def change_item(request: Request, id: str, name: str) -> Response[Any]:
    """``PATCH /collections/ID/items/NAME``."""
    transaction = _transaction(request)
    if (operations := _operations(request)) is not None:
        return _changed(transaction.patch_item(id, name, operations))
    return _changed(transaction.merge_item(id, name, request.json))


def delete_item(request: Request, id: str, name: str) -> Response[Any]:
    """``DELETE /collections/ID/items/NAME``."""
    _transaction(request).delete_item(id, name)
    return _nothing()


# ---- collections


def create_collection(request: Request) -> Response[Any]:
    """``POST /collections``."""
    transaction = _transaction(request)
    found, product = transaction.create_collection(request.value)
    headers = {"Location": transaction.here.collection(product.id)}
    return _answer(found, product, JSON, HTTPStatus.CREATED, headers)


def replace_collection(request: Request, id: str) -> Response[Any]:
    """``PUT /collections/ID``."""
    return _redeclared(_transaction(request).replace_collection(id, request.value))


def change_collection(request: Request, id: str) -> Response[Any]:
    """``PATCH /collections/ID``."""
    transaction = _transaction(request)
    if (operations := _operations(request)) is not None:
        return _redeclared(transaction.patch_collection(id, operations))
    return _redeclared(transaction.merge_collection(id, request.json))


def _redeclared(product: Document) -> Response[Any]:
    """Answer a change of a collection; where it declares queryables, say what items need."""
    done = _changed(product)
    if isinstance(product, StoredProduct) and product.years and declared(product.attributes):
        done.headers["Warning"] = f'299 swath "{HOW_TO_REINDEX}"'
    return done


def delete_collection(request: Request, id: str) -> Response[Any]:
    """``DELETE /collections/ID``."""
    _transaction(request).delete_collection(id)
    return _nothing()


# ---- both


def _operations(request: Request) -> list[Any] | None:
    """Return the operations of a JSON patch, None where the body is a merge patch."""
    value = request.value
    if isinstance(value, list):
        return value
    if request.headers.get("content-type", "").startswith(_JSON_PATCH):
        message = "a JSON patch is an array of operations"
        raise BadRequest(message)
    return None


def _changed(document: Document) -> Response[Any]:
    """Return 204 with the version of what was changed."""
    done = _nothing()
    done.headers["ETag"] = f'"{document.version}"'
    return done


def _nothing() -> Response[Any]:
    """Return 204 and say that there is no content type: gateways add one where none is given."""
    done = answer_nothing()
    done.headers["Content-Type"] = ""
    return done


def _answer(
    body: Body,
    document: Document,
    media_type: str,
    status: int = HTTPStatus.OK,
    headers: dict[str, str] | None = None,
) -> Response[Any]:
    """Answer an object as it is now, its version as ``ETag``."""
    tagged = {"ETag": f'"{document.version}"', **(headers or {})}
    return answer(body, status, tagged, media_type)
