"""What the description offers as bodies is answered as it stands, as the API's page sends it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import jsonschema_rs
import pytest
from benchmarks._flows import Invocation
from tests.properties.hostile_service import Service, running_service

from swath_core.web.openapi import document

WITH_PIXELS = (("acme:hills:first", "acme:p:i"), ('"red"', '"spectral"'))
"""What an image with pixels is called in the service of this test, in place of the examples'."""
LAST = "startDelete"
"""The operation whose example takes away what others are about."""


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    found = [
        (method.upper(), path, described)
        for path, methods in document()["paths"].items()
        for method, described in methods.items()
        if "requestBody" in described
    ]
    # what makes something first, in the order of the table; what deletes last
    return sorted(found, key=lambda each: (each[2]["operationId"] == LAST, each[0] != "POST"))


def offered(described: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    ((media_type, body),) = described["requestBody"]["content"].items()
    return media_type, body


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with running_service() as running:
        yield running


def address(path: str, name: str, upload: str) -> str:
    """Return a path about what the examples make."""
    ids = {"products": "acme:hills", "bands": "acme:hills:red", "images": "acme:hills:first"}
    ids |= {"collections": "acme:hills", "uploads_v2": upload}
    collection = path.split("/{id}", maxsplit=1)[0].rsplit("/", 1)[-1]
    values = {"name": "first", "field": "acquired", "interval": "year", "resolution": "3"}
    found = path.replace("{id}", quote(ids.get(collection, name), safe=":"))
    for each, value in values.items():
        found = found.replace(f"{{{each}}}", value)
    return found


def test_every_body_is_offered_within_its_schema() -> None:
    components = document()["components"]
    for method, path, described in operations():
        _, body = offered(described)
        validator = jsonschema_rs.validator_for({**body["schema"], "components": components})
        errors = [error.message for error in validator.iter_errors(body["example"])]
        assert not errors, f"{method} {path}: {errors}"


def test_every_body_is_answered_as_it_is_offered(service: Service) -> None:
    upload, refused = "", []
    for method, path, described in operations():
        media_type, body = offered(described)
        sent = json.dumps(body["example"])
        if path.startswith("/raster/"):
            for made, ours in WITH_PIXELS:
                sent = sent.replace(made, ours)
        if described["operationId"] == "createStacCollection":
            service.api.call("DELETE", "/products/acme:other")
            sent = sent.replace("acme:hills", "acme:other")
        event = service.api.event(
            method, address(path, "first", upload), None, {"content-type": media_type}, sent
        )
        function = service.raster if path.startswith("/raster/") else service.api.handler
        answer = function.lambda_handler(event, Invocation())
        if answer["statusCode"] >= 300:
            refused.append(f"{method} {path}: {answer['statusCode']} {answer.get('body')}")
        if described["operationId"] == "createUpload":
            upload = json.loads(answer["body"])["data"]["id"]
    assert not refused, "\n".join(refused)
