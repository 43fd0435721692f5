"""schemathesis against the API's own description: no 5xx, no answer outside of the schema.

``SWATH_FUZZ_REQUESTS`` is how many requests are generated (the default keeps CI short),
``SWATH_FUZZ_PATHS`` how the paths begin that are asked.
"""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.wsgi import WsgiApi

from swath_core.web.openapi import document
from swath_dev.inprocess import PUBLIC_URL, InProcessApi, running_api

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import schemathesis
    from schemathesis import checks as generic
    from schemathesis.specs.openapi import checks

REQUESTS = int(os.environ.get("SWATH_FUZZ_REQUESTS", "250"))
PATHS = os.environ.get("SWATH_FUZZ_PATHS", "/")
CHECKS: list[Any] = [
    generic.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
SQUARE = {
    "type": "Polygon",
    "coordinates": [[[10, 50], [10.5, 50], [10.5, 50.5], [10, 50.5], [10, 50]]],
}
BAND = {
    "data_type": "UInt16",
    "data_range": [0, 1],
    "display_range": [0, 1],
    "band_index": 0,
    "product_id": "acme:p",
}


@pytest.fixture(scope="module")
def api() -> Iterator[InProcessApi]:
    with running_api() as running:
        yield running


def fill(api: InProcessApi) -> None:
    """Put back the objects that generated requests may have deleted."""
    api.save("product", "acme:p", name="P")
    for name in ("spectral", "mask", "class"):
        api.save("band", f"acme:p:{name}", name=name, type=name, **BAND)
    api.save(
        "image", "acme:p:i", name="i", product_id="acme:p", acquired="2020-01-02", geometry=SQUARE
    )


IDS = {
    "products": st.sampled_from(["acme:p", "acme:q"]),
    "bands": st.sampled_from(["acme:p:spectral", "acme:p:mask", "acme:p:class", "acme:p:x"]),
    "images": st.sampled_from(["acme:p:i", "acme:p:j"]),
}


def steer(case: Any, data: Any) -> None:
    """Let half of the requests be about objects that exist: random ids never are."""
    if not data.draw(st.booleans()):
        return
    collection = case.path.split("/")[3] if case.path.count("/") > 2 else ""
    if "id" in (case.path_parameters or {}) and collection in IDS:
        case.path_parameters["id"] = data.draw(IDS[collection])
    if case.path.startswith("/stac"):
        for name, value in (("id", "acme:p"), ("name", "i")):
            if name in (case.path_parameters or {}):
                case.path_parameters[name] = value
        if isinstance(case.body, dict) and case.body.get("type") == "Feature":
            case.body |= {"id": "i", "collection": "acme:p"}
        return
    body = case.body if isinstance(case.body, dict) else {}
    resource = body.get("data")
    if not isinstance(resource, dict):
        return
    if case.method == "PATCH":
        resource.pop("id", None)
    attributes = resource.get("attributes")
    if isinstance(attributes, dict) and "product_id" in attributes:
        attributes["product_id"] = "acme:p"
        resource.pop("id", None)


def test_no_request_breaks_the_api_or_its_description(api: InProcessApi) -> None:
    application = WsgiApi(api)
    schema = schemathesis.openapi.from_dict(document(PUBLIC_URL))
    schema.app = application
    asked = schema.include(path_regex=f"^{PATHS}").exclude(path_regex="^/raster/")
    found: list[Any] = list(asked.get_all_operations())
    operations = [each.ok() for each in found]
    statuses: Counter[int] = Counter()
    authorization = {"Authorization": f"Bearer {api.token}"}

    for operation in operations:
        fill(api)

        @settings(
            max_examples=REQUESTS * 5 // (4 * len(operations)) + 1,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(data=st.data(), case=operation.as_strategy())
        def check(data: Any, case: Any) -> None:
            steer(case, data)
            response = case.call(headers=authorization)
            statuses[response.status_code] += 1
            case.validate_response(response, checks=CHECKS)

        check()
    print(application.requests, dict(statuses))
    assert application.requests >= REQUESTS * 9 // 10  # some have few cases
    assert statuses[200]
    assert statuses[201]
