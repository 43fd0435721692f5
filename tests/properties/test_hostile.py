"""Hostile requests in process: no 5xx, nothing slow, nothing that the description does not say.

``SWATH_HOSTILE_REQUESTS`` is how many are sent (the default keeps CI short), ``SWATH_HOSTILE_SEED``
chooses others, ``SWATH_HOSTILE_PATHS`` is how the paths begin that are asked (``/stac``).
"""

from __future__ import annotations

import itertools
import json
import os
import random
import time
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import jwt
import pytest
from benchmarks._flows import Invocation
from tests.ingest_world import PRODUCT, World, raster
from tests.properties import hostile
from tests.properties.hostile_service import (
    SLOWEST_SECONDS,
    Description,
    Service,
    judge,
    running_service,
)

from swath_dev.inprocess import AUDIENCE, ISSUER, InProcessApi

REQUESTS = int(os.environ.get("SWATH_HOSTILE_REQUESTS", "1000"))
SEED = int(os.environ.get("SWATH_HOSTILE_SEED", "1"))


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with running_service() as made:
        yield made


PIXELS = {"ids": ["acme:p:i"], "bands": ["spectral"]}
SECONDS = 3.0
"""Of processor time, for what takes 0.1 to 0.4 s on an idle machine."""


@pytest.mark.parametrize("points", [201, 1001, 1999, 2999])
def test_stars_are_counted_before_they_are_repaired(service: Service, points: int) -> None:
    ring = hostile.star(points)
    image = {"name": "s", "product_id": "acme:p", "acquired": "2020", "geometry": ring}
    member = {"type": "image", "attributes": image}
    sent: tuple[tuple[str, str, Any], ...] = (
        ("POST", "/raster/v2/npz", {**PIXELS, "shape": json.dumps(ring)}),
        ("PUT", "/catalog/v2/images", {"intersects": json.dumps(ring)}),
        ("POST", "/catalog/v2/images", {"data": member}),
        ("POST", "/catalog/v2/images/bulk", {"data": [member] * 40}),
    )
    for method, path, body in sent:
        event = service.api.event(method, path, body)
        function = service.raster if path.startswith("/raster/") else service.api.handler
        began = time.process_time()
        answer = function.lambda_handler(event, Invocation())
        seconds = time.process_time() - began
        print(points, path, answer["statusCode"], f"{seconds:.2f} s")
        assert answer["statusCode"] in {200, 400, 422}
        if path.endswith("/bulk"):
            results = json.loads(answer["body"])["data"]
            assert {each["meta"]["status"] for each in results} == {"422"}
        else:
            assert "places" in answer["body"] or "positions" in answer["body"], answer["body"]
            assert seconds < SECONDS


NOT_DONE = {
    ("DELETE", "/catalog/v2/products/{id}"): HTTPStatus.CONFLICT,  # it has bands
    ("DELETE", "/stac/collections/{id}"): HTTPStatus.CONFLICT,
    ("GET", "/catalog/v2/derived_bands/{id}"): HTTPStatus.NOT_FOUND,  # there are none
    ("HEAD", "/catalog/v2/derived_bands/{id}"): HTTPStatus.NOT_FOUND,
    ("GET", "/stac/collections/{id}/assets/{key}"): HTTPStatus.NOT_FOUND,  # there is no mirror
    ("HEAD", "/stac/collections/{id}/assets/{key}"): HTTPStatus.NOT_FOUND,
    ("GET", "/operations"): HTTPStatus.FORBIDDEN,  # the caller is no operator
    ("POST", "/operations/queues/{queue}/redrive"): HTTPStatus.FORBIDDEN,
}


def test_what_hostile_requests_are_made_of_is_right(service: Service) -> None:
    """Else the first of two faults would be all that is ever looked at."""
    wrong = []
    for request in hostile.right_requests(Description().document, random.Random(SEED)):
        if request.method not in {"GET", "HEAD"}:
            service.fill()
        status, _, body = service.answer(request)
        expected = NOT_DONE.get((request.method, request.operation.path))
        if status != expected if expected else status >= HTTPStatus.BAD_REQUEST:
            wrong.append(f"{request.method} {request.operation.path}: {status} {body}")
    assert not wrong, "\n".join(wrong)


def test_no_request_breaks_or_occupies_the_service(service: Service) -> None:
    description = Description().document
    requests = hostile.hostile_requests(description, random.Random(SEED))
    judge(service, itertools.islice(requests, REQUESTS))
    assert service.statuses[200] + service.statuses[201] > REQUESTS // 50


def test_every_position_of_every_body_is_looked_at_before_it_is_used(service: Service) -> None:
    judge(service, hostile.wrong_everywhere(Description().document))


def test_a_key_belongs_to_one_request_of_every_operation(service: Service) -> None:
    """A second body under a key is neither done nor answered as the first was."""
    description = Description().document
    chance = random.Random(SEED)
    samples = hostile.Samples(description["components"]["schemas"], chance)
    keyed = [
        operation
        for operation in hostile.operations(description)
        if "Idempotency-Key" in {each["name"] for each in operation.parameters}
    ]
    assert len(keyed) > 5
    for number, operation in enumerate(keyed):
        service.fill()
        right = hostile.right_parameters(operation, samples)
        right |= {"Idempotency-Key": f"{SEED}-{number}"}
        body = samples.of(operation.body) if operation.body is not None else {}
        body = hostile.coherent(operation, body, right)
        raw = hostile.Raw(str(number))
        more = {**body, "more": raw} if isinstance(body, dict) else [*body, raw]
        bodies = (body, hostile.replaced(body, (), more))
        first, again, other = (
            service.answer(hostile._request(operation, right, each, "parameter Idempotency-Key"))
            for each in (bodies[0], bodies[0], bodies[1])
        )
        where = f"{operation.method} {operation.path}"
        is_stac = operation.path.startswith("/stac")  # where there is no 422
        refused = HTTPStatus.BAD_REQUEST if is_stac else HTTPStatus.UNPROCESSABLE_ENTITY
        assert other[0] == refused, f"{where}: {other[0]} {other[2]}"
        assert "Idempotency-Key" in json.dumps(other[2]), where
        assert first[0] < HTTPStatus.INTERNAL_SERVER_ERROR, where
        assert again[0] < HTTPStatus.INTERNAL_SERVER_ERROR, where


def signed(issuer: Any, claim: str, value: str) -> str:
    """Return a token of the issuer's with a claim of any text at all."""
    now = int(time.time())
    usual = {"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "org": "acme", "exp": now + 600}
    usual |= {"email": "alice@example.org"}
    body = json.dumps({name: each for name, each in usual.items() if name != claim})
    text = f"{body[:-1]}, {json.dumps(claim)}: {value}}}"
    key = issuer._key
    return jwt.api_jws.encode(text.encode("utf-8", "replace"), key, "ES256", {"kid": "test"})


def may_be_right(claim: str, value: str) -> bool:
    """Return whether a claim may have a value: times are numbers of seconds up to the year 9999."""
    if claim not in {"exp", "nbf", "iat"} or (value == "null" and claim != "exp"):
        return True
    try:
        number = json.loads(value)
    except (ValueError, RecursionError):
        return False
    is_number = isinstance(number, int | float) and not isinstance(number, bool)
    return is_number and 0 <= number < 253_402_300_800


def test_no_claim_of_the_issuers_breaks_authentication(service: Service) -> None:
    every = list(hostile.hostile_claims())
    chosen = random.Random(SEED).sample(every, min(len(every), max(150, REQUESTS // 4)))
    faults = []
    for claim, value in chosen:
        caller = InProcessApi(service.api.handler, service.api.issuer)
        caller.headers["authorization"] = f"Bearer {signed(caller.issuer, claim, value)}"
        found = caller.call("GET", "/products/acme:p").status
        expected = {200, 401, 404} if may_be_right(claim, value) else {401}
        if found not in expected:
            faults.append(f"{claim} = {value[:60]}: {found}")
    assert not faults, "\n".join(faults)


def test_whatever_lies_beside_a_dropped_file_ends_in_an_image_or_a_reason() -> None:
    pixels = raster()
    documents = hostile.drop_documents(random.Random(SEED))
    for _ in range(max(60, REQUESTS // 20)):
        text, wrong = next(documents)
        world = World()
        is_manifest = '"files"' in text[:12]
        where = "a/one.tif" if is_manifest else "a.tif"
        began = time.process_time()
        world.put("drop/acme/scenes/a.json", text.encode("utf-8", "surrogatepass"))
        world.deliver(world.put(f"drop/acme/scenes/{where}", pixels))
        assert time.process_time() - began < SLOWEST_SECONDS, wrong
        (upload,) = world.uploads.of_product(PRODUCT)
        if wrong.startswith("files/0") and upload.status == "transferring":
            continue  # another name of a file is one that is waited for
        assert upload.status in {"success", "failure"}, wrong
        assert upload.status == "success" or len(world.why(upload)) > 10, wrong
