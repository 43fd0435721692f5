"""The functions that answer HTTP, in process, and the judge of how they answer hostile requests."""

from __future__ import annotations

import gc
import json
import os
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
from benchmarks._flows import Invocation, bucket_over_http, ingested
from tests.properties import hostile

from swath_core.web.openapi import document
from swath_dev.inprocess import BUCKET, PUBLIC_URL, InProcessApi, load_handler, running_api

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
        """Put back what earlier requests may have deleted, delete what they may have made."""
        api = self.api
        for path in ("/images/acme:p:new", "/bands/acme:p:new", "/products/acme:new"):
            api.call("DELETE", path)
        for product, bands in (("p", ("spectral", "mask", "class")), ("q", ("spectral",))):
            api.save("product", f"acme:{product}", name=product)
            for name in bands:
                values = {**BAND, "product_id": f"acme:{product}"}
                api.save("band", f"acme:{product}:{name}", name=name, type=name, **values)
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


@contextmanager
def running_service() -> Iterator[Service]:
    """Run both functions in process."""
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


def judge(
    service: Service, requests: Iterable[hostile.Hostile], most: float = SLOWEST_SECONDS
) -> None:
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
    assert slowest[0][0] < most, slowest[:5]
