"""What holds for every route: tokens, methods, errors, addresses, CORS, the public pages."""

from __future__ import annotations

import base64
import io
import json
import re
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest

from swath_core.catalog import Products
from swath_core.settings import settings
from swath_core.web._application import logger
from swath_core.web.openapi import document
from swath_core.web.routes import CATALOG, PUBLIC
from swath_dev.inprocess import Context, InProcessApi


def stranger(api: InProcessApi) -> InProcessApi:
    return InProcessApi(api.handler, api.issuer)


def test_nothing_but_the_public_pages_answers_without_a_token(api: InProcessApi) -> None:
    nobody = stranger(api)
    for template, routes in CATALOG.paths().items():
        path = template.replace("{id}", "acme:p").replace("{resolution}", "3")
        path = path.replace("{field}", "acquired").replace("{interval}", "year")
        for method in routes:
            answer = nobody.call(method, f"/{path}", {} if method in {"PUT", "POST"} else None)
            assert answer.status == 401, (method, path)
            assert method == "HEAD" or answer.json["errors"][0]["status"] == "401"
    for path in ("//", "//nothing", "/products/a/b/c", "//catalog/v2"):
        assert nobody.call("GET", path).status == 401
        assert api.call("GET", path).status == 404
    for path, routes in PUBLIC.paths().items():
        for method in routes:
            assert nobody.call(method, f"/{path}").status == 200


def test_tokens_of_others(api: InProcessApi) -> None:
    forger = InProcessApi(api.handler, api.issuer, api.token[:-3] + "AAA")
    assert forger.call("GET", "/products/acme:p").status == 401


def test_methods_that_a_route_does_not_have(api: InProcessApi) -> None:
    for method, path in (("GET", "/products"), ("PUT", "/products/x"), ("DELETE", "/images/bulk")):
        answer = api.call(method, path)
        assert answer.status == 405
        assert "only" in answer.json["errors"][0]["detail"]
        assert answer.headers["allow"] in answer.json["errors"][0]["detail"]
    assert api.call("POST", "//health").status == 405


def test_preflight_requests_and_origins(api: InProcessApi) -> None:
    headers = {"Origin": "https://map.example", "Access-Control-Request-Method": "PUT"}
    answer = stranger(api).call("OPTIONS", "/products", headers=headers)
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "PATCH" in answer.headers["access-control-allow-methods"]
    assert "Authorization" in answer.headers["access-control-allow-headers"]
    assert api.call("PUT", "/products", {}, headers=headers).headers["access-control-allow-origin"]


def self_url(api: InProcessApi, path: str = "/products", **headers: str) -> str:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = api.call("PUT", path, {}, headers=given)
    found: str = answer.json["links"]["self"]
    return found


def test_links_begin_as_the_caller_began(
    api: InProcessApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = "https://api.example/catalog/v2/products"
    assert self_url(api) == own
    assert self_url(api, host="evil.example") == own
    assert self_url(api, x_forwarded_host="evil.example") == own
    assert self_url(api, x_forwarded_host="a b\r\nx") == own
    assert self_url(api, x_forwarded_proto="http") == own.replace("https", "http")
    assert self_url(api, x_forwarded_proto="javascript") == own
    assert self_url(api, "//metadata/v1/catalog/v2/products") == own.replace(
        "/catalog", "/metadata/v1/catalog", 1
    )
    local = "http://127.0.0.1:4566/_aws/execute-api/ab/$default"
    monkeypatch.setenv("SWATH_PUBLIC_URL", local)
    api.restart()
    plain = {"x_forwarded_proto": "http"}
    for host in ("127.0.0.1:4566", "localhost:4566"):
        expected = f"http://{host}/_aws/execute-api/ab/$default/catalog/v2/products"
        assert self_url(api, host=host, **plain) == expected
    assert self_url(api, host="localhost:9", **plain).startswith(local)
    monkeypatch.undo()
    api.restart()


def test_slashes_and_aliases(api: InProcessApi) -> None:
    for path in ("//catalog/v2//products", "//metadata/v1/catalog/v2/products"):
        assert api.call("PUT", path, {}).status == 200


def test_bodies_in_base64_and_compressed_answers(api: InProcessApi) -> None:
    body = {"data": {"type": "product", "id": "z", "attributes": {"name": "Z"}}}
    event = api.event("POST", "/catalog/v2/products", body)
    event["body"] = base64.b64encode(json.dumps(body).encode()).decode()
    event["isBase64Encoded"] = True
    assert api.handler.lambda_handler(event, Context())["statusCode"] == 201
    event["body"] = "%%%"
    assert api.handler.lambda_handler(event, Context())["statusCode"] == 400
    api.change("product", "acme:z", description="x" * 50_000)
    plain = api.call("GET", "/products/acme:z")
    packed = api.call("GET", "/products/acme:z", headers={"Accept-Encoding": "gzip, deflate"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.json == plain.json


def test_what_fails_inside_stays_inside(api: InProcessApi, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Any:
        message = "the password is 1234"
        raise RuntimeError(message)

    monkeypatch.setattr(Products, "get", broken)
    log = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", log)
    answer = api.call("GET", "/products/acme:p")
    assert answer.status == 500
    (error,) = answer.json["errors"]
    assert error["title"] == "Internal error"
    assert "1234" not in answer.text
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert "1234" in lines[0]["exception"]
    assert {line["request_id"] for line in lines} == {error["id"]}


def test_an_error_carries_the_id_of_its_request(api: InProcessApi) -> None:
    event = api.event("GET", "/catalog/v2/products/acme:none")
    given = event["requestContext"]["requestId"]
    body = json.loads(api.handler.lambda_handler(event, Context())["body"])
    assert [error["id"] for error in body["errors"]] == [given]
    several = {"data": {"type": "product", "id": "x", "attributes": {"name": 7, "tags": 7}}}
    errors = api.call("POST", "/products", several).json["errors"]
    assert len(errors) == 2
    assert len({error["id"] for error in errors}) == 1


def test_the_description_is_served(api: InProcessApi) -> None:
    served = stranger(api).call("GET", "//openapi.json").json
    assert served == document("https://api.example")


def test_the_page_needs_no_other_host(api: InProcessApi) -> None:
    page = stranger(api).call("GET", "//docs")
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["content-security-policy"].startswith("default-src 'self';")
    assert "http://" not in page.text
    assert "https://" not in page.text
    for address in re.findall(r'(?:src|href)="([^"]*)"', page.text):
        assert address == "/" or address.startswith("./explorer/")


@pytest.fixture
def limited(api: InProcessApi, monkeypatch: pytest.MonkeyPatch) -> Iterator[InProcessApi]:
    """The API with a quota of three requests a minute."""
    monkeypatch.setenv("SWATH_REQUESTS_PER_MINUTE", "3")
    settings.cache_clear()
    yield api
    monkeypatch.undo()
    settings.cache_clear()


def test_a_caller_over_the_quota_is_told_when_to_come_back(
    limited: InProcessApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1_000_000 * 60.0 + 48]
    monkeypatch.setattr("swath_core.store.quota.time", SimpleNamespace(time=lambda: now[0]))
    other = limited.as_user("other", "acme")
    statuses = [limited.call("GET", "/products/acme:none").status for _ in range(3)]
    assert statuses == [404, 404, 404]
    refused = limited.call("GET", "/products/acme:none")
    assert refused.status == 429
    assert refused.headers["retry-after"] == "12"
    assert "4 requests in this minute; 3 are allowed" in refused.json["errors"][0]["detail"]
    assert other.call("GET", "/products/acme:none").status == 404  # a quota of one's own
    assert stranger(limited).call("GET", "//health").status == 200
    now[0] += 12
    assert limited.call("GET", "/products/acme:none").status == 404


def test_without_a_quota_nothing_is_counted(api: InProcessApi) -> None:
    with mock.patch("swath_core.store.quota.count_request") as counted:
        assert api.call("GET", "/products/acme:none").status == 404
    counted.assert_not_called()


def test_the_line_of_a_request_is_its_metric(
    api: InProcessApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", log)
    api.call("GET", "/products/acme:none")
    line = json.loads(log.getvalue().splitlines()[-1])
    (described,) = line["_aws"]["CloudWatchMetrics"]
    assert described["Namespace"] == "Swath"
    names = [*described["Dimensions"][0], *(each["Name"] for each in described["Metrics"])]
    assert all(name in line for name in names)  # CloudWatch drops a record that lacks one
    assert (line["function"], line["answer"], line["requests"]) == ("api", "4xx", 1)
    assert line["route"] == "/catalog/v2/products/{id}"
    assert abs(line["_aws"]["Timestamp"] / 1000 - time.time()) < 60
