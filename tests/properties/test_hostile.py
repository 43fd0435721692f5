"""Hostile requests in process: no 5xx, nothing slow, nothing that the description does not say.

``SWATH_HOSTILE_REQUESTS`` is how many are sent (the default keeps CI short), ``SWATH_HOSTILE_SEED``
chooses others, ``SWATH_HOSTILE_PATHS`` is how the paths begin that are asked (``/stac``).
"""

from __future__ import annotations

import gc
import itertools
import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from types import ModuleType
from typing import Any

import jsonschema_rs
import jwt
import pytest
from benchmarks._flows import Invocation, bucket_over_http, ingested
from tests.ingest_world import PRODUCT, World, raster
from tests.properties import hostile

from swath_core.web.openapi import document
from swath_dev.inprocess import (
    AUDIENCE,
    BUCKET,
    ISSUER,
    PUBLIC_URL,
    InProcessApi,
    load_handler,
    running_api,
)

REQUESTS = int(os.environ.get("SWATH_HOSTILE_REQUESTS", "600"))
SEED = int(os.environ.get("SWATH_HOSTILE_SEED", "1"))
PATHS = os.environ.get("SWATH_HOSTILE_PATHS", "/")
SLOWEST_SECONDS = 3.0
MOST_SECONDS = 120.0
"""After which a request is ended: one that goes on for ever must not take the report with it."""
REFILL = 20
BAND = {
    "data_type": "UInt16",
    "data_range": [0, 1],
    "display_range": [0, 1],
    "band_index": 0,
    "product_id": "acme:p",
}


@dataclass
class Service:
    """Both functions that answer HTTP, on one catalog with an image that has pixels."""

    api: InProcessApi
    raster: ModuleType
    upload: str = ""
    fills: int = 0
    statuses: Counter[int] = field(default_factory=Counter)

    def fill(self) -> None:
        """Put back what earlier requests may have deleted."""
        api = self.api
        api.save("product", "acme:p", name="P")
        for name in ("spectral", "mask", "class"):
            api.save("band", f"acme:p:{name}", name=name, type=name, **BAND)
        api.save("image", "acme:p:j", name="j", product_id="acme:p", acquired="2020")
        self.fills += 1
        if self.fills % 10 == 1:
            self.upload = self._declared()

    def _declared(self) -> str:
        options = {"upload_type": "file", "image_files": ["one.tif"]}
        image = {"data": {"type": "image", "attributes": {"acquired": "2020"}}}
        sent = {"image_id": "acme:p:u", "image": image, "image_upload_options": options}
        body = {"data": {"type": "image_upload", "attributes": sent}}
        return str(self.api.call("POST", "/uploads_v2", body).data["id"])

    def answer(self, request: hostile.Hostile) -> tuple[int, dict[str, str], Any]:
        """Send a request to the function that serves it."""
        address = request.address.replace("the-upload", self.upload)
        body = request.body and request.body.replace("the-upload", self.upload)
        event = self.api.event(request.method, address, None, request.headers, body)
        function = self.raster if address.startswith("/raster/") else self.api.handler
        answer = function.lambda_handler(event, Invocation())
        headers = {name.lower(): str(value) for name, value in answer["headers"].items()}
        if answer.get("isBase64Encoded") or not answer.get("body"):
            return answer["statusCode"], headers, None
        is_json = "json" in headers.get("content-type", "")
        return answer["statusCode"], headers, json.loads(answer["body"]) if is_json else None


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with ExitStack() as stack:
        stack.enter_context(bucket_over_http())
        api = stack.enter_context(running_api())
        os.environ["SWATH_RESULTS_BUCKET"] = BUCKET
        api.restart()
        made = Service(api, load_handler("raster"))
        made.fill()
        for name in ("mask", "class"):  # the file that is ingested has one band
            api.call("DELETE", f"/bands/acme:p:{name}")
        ingested(load_handler("ingest"), "i")()
        made.fill()
        yield made


class Description:
    """The service's description, as what answers are held against."""

    def __init__(self) -> None:
        whole = document(PUBLIC_URL)
        asked = {path: each for path, each in whole["paths"].items() if path.startswith(PATHS)}
        self.document = {**whole, "paths": asked}
        self._validators: dict[tuple[str, int], Any] = {}

    def faults(self, request: hostile.Hostile, status: int, body: Any) -> str | None:
        """Return what of an answer the description does not say."""
        described = request.operation.described["responses"].get(str(status))
        if status == HTTPStatus.METHOD_NOT_ALLOWED and request.wrong.endswith(" ''"):
            return None  # a path without one of its parts is another one
        if described is None:
            return f"answered {status}"
        schema = next((each["schema"] for each in described.get("content", {}).values()), None)
        if schema is None or body is None:
            return None
        key = (request.operation.described["operationId"], status)
        if key not in self._validators:
            whole = {**schema, "components": self.document["components"]}
            self._validators[key] = jsonschema_rs.validator_for(whole)
        error = next(self._validators[key].iter_errors(body), None)
        return (
            None
            if error is None
            else f"answered {status} outside of its schema: {error.message[:200]}"
        )


@contextmanager
def ended_after(seconds: float, what: str) -> Iterator[None]:
    """Raise TimeoutError within what takes longer than so many seconds of real time."""

    def end(*_: object) -> None:
        raise TimeoutError(f"not answered after {seconds} s: {what}")

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


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


def test_no_request_breaks_or_occupies_the_service(service: Service) -> None:
    description = Description().document
    requests = hostile.hostile_requests(description, random.Random(SEED))
    judge(service, itertools.islice(requests, REQUESTS))
    assert service.statuses[200] + service.statuses[201] > REQUESTS // 50


def test_every_position_of_every_body_is_looked_at_before_it_is_used(service: Service) -> None:
    judge(service, hostile.wrong_everywhere(Description().document))


def judge(service: Service, requests: Iterable[hostile.Hostile]) -> None:
    """Send requests; fail where one breaks the service, occupies it, or is answered unawares."""
    description = Description()
    faults: list[str] = []
    slowest: list[tuple[float, str]] = []
    service.statuses.clear()
    for number, request in enumerate(requests):
        if number % REFILL == 0:
            service.fill()
            gc.freeze()  # collecting what the tables of the double hold is not the service's time
        label = f"{request.method} {request.operation.path}: {request.wrong}"
        began = time.process_time()
        with ended_after(MOST_SECONDS, label):
            status, _, body = service.answer(request)
        slowest.append((time.process_time() - began, label))
        service.statuses[status] += 1
        reason = description.faults(request, status, body)
        if reason is not None:
            faults.append(f"{label}: {reason}")
    slowest.sort(reverse=True)
    print(
        len(slowest),
        dict(service.statuses),
        *(f"{seconds:.2f} {label}" for seconds, label in slowest[:5]),
        sep="\n",
    )
    assert not faults, f"{len(faults)}:\n" + "\n".join(faults[:60])
    assert slowest[0][0] < SLOWEST_SECONDS, slowest[:5]


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
        right = {
            each["name"]: hostile._parameter(operation, each, samples)
            for each in operation.parameters
        } | {"Idempotency-Key": f"{SEED}-{number}"}
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
