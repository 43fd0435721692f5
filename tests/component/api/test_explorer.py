"""The explorer's page and files as the API serves them: to whom, how, and nothing else."""

from __future__ import annotations

import base64
import gzip
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from swath_core.settings import settings
from swath_core.store.s3 import bucket_origin
from swath_dev.build import ROOT
from swath_dev.inprocess import Context, InProcessApi

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
BUILT = ROOT / "functions" / "api" / "swath_api" / "built"


@pytest.fixture
def nobody(api: InProcessApi) -> InProcessApi:
    return InProcessApi(api.handler, api.issuer)


@pytest.fixture
def on_a_laptop(api: InProcessApi, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A stack below a path of the local cloud; yields its host."""
    host = "127.0.0.1:4566"
    monkeypatch.setenv("SWATH_PUBLIC_URL", f"http://{host}/_aws/execute-api/swath")
    api.restart()
    yield host
    monkeypatch.undo()
    api.restart()


def raw(api: InProcessApi, path: str, **headers: str) -> dict[str, Any]:
    event = api.event("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})
    answer: dict[str, Any] = api.handler.lambda_handler(event, Context())
    return answer


def names() -> list[str]:
    return sorted(path.name.removesuffix(".br") for path in (BUILT / "explorer").glob("*.br"))


def script() -> str:
    return next(name for name in names() if re.fullmatch(r"index-[\w-]+\.js", name))


def test_a_browser_gets_the_page_and_everybody_else_what_they_got(
    api: InProcessApi, nobody: InProcessApi
) -> None:
    page = nobody.call("GET", "//", headers=BROWSER)
    assert page.status == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["vary"] == "Accept"
    for accept in (
        "*/*",
        "application/json",
        "application/json, text/html;q=0.5",
        "text/html;q=0",
        "",
    ):
        assert nobody.call("GET", "//", headers={"accept": accept}).status == 401
        assert api.call("GET", "//", headers={"accept": accept}).status == 404
    assert nobody.call("POST", "//", {}, headers=BROWSER).status == 401
    assert nobody.call("GET", "//products/x", headers=BROWSER).status == 401
    assert nobody.call("HEAD", "//", headers=BROWSER).text == ""


def test_the_page_names_files_that_there_are_and_runs_nothing_else(nobody: InProcessApi) -> None:
    page = nobody.call("GET", "//", headers=BROWSER)
    assert '<base href="/">' in page.text
    linked = re.findall(r'(?:src|href)="\./([^"]+)"', page.text)
    assert len(linked) >= 3
    for path in linked:
        assert raw(nobody, f"/{path}", accept_encoding="gzip")["statusCode"] == 200
    assert "http:" not in page.text
    assert "https:" not in page.text
    assert not re.findall(r"<script(?![^>]* src=)", page.text)
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'self';")
    bucket = bucket_origin(settings().need("data_bucket"))
    assert f" connect-src 'self' {bucket};" in policy
    policy = policy.replace(bucket, "", 1)
    for loose in ("unsafe-inline", "unsafe-eval", "*", "http:", "https:"):
        assert loose not in policy
    assert "frame-ancestors 'none'" in policy


def test_the_page_is_told_where_the_api_is(nobody: InProcessApi, on_a_laptop: str) -> None:
    page = nobody.call("GET", "//", headers=BROWSER | {"host": on_a_laptop})
    assert '<base href="/_aws/execute-api/swath/">' in page.text
    hostile = nobody.call("GET", "//", headers=BROWSER | {"host": '"><script>alert(1)</script>'})
    assert "alert(1)" not in hostile.text


def test_a_browser_asks_again_for_the_page_and_never_for_files(nobody: InProcessApi) -> None:
    for path in ("/", f"/explorer/{script()}"):
        first = raw(nobody, path, **BROWSER, accept_encoding="gzip")
        etag = first["headers"]["ETag"]
        again = raw(nobody, path, **BROWSER, accept_encoding="gzip", if_none_match=etag)
        assert again["statusCode"] == 304
        assert not again["body"]
        assert "Content-Encoding" not in again["headers"]
        assert raw(nobody, path, **BROWSER, if_none_match='"other"')["statusCode"] == 200
        lasting = "no-cache" if path == "/" else "public, max-age=31536000, immutable"
        assert {first["headers"]["Cache-Control"], again["headers"]["Cache-Control"]} == {lasting}


def test_files_come_as_the_browser_takes_them(nobody: InProcessApi) -> None:
    name = script()
    kept = {
        ending: (BUILT / "explorer" / f"{name}.{ending}").read_bytes() for ending in ("br", "gz")
    }
    plain = gzip.decompress(kept["gz"])
    for accepted, encoding, body in (
        ("gzip, deflate, br", "br", kept["br"]),
        ("gzip, deflate", "gzip", kept["gz"]),
        ("br;q=0, gzip;q=0.5", "gzip", kept["gz"]),
        ("identity", None, plain),
        ("gzip;q=nothing", None, plain),
    ):
        answer = raw(nobody, f"/explorer/{name}", accept_encoding=accepted)
        assert answer["headers"].get("Content-Encoding") == encoding
        assert answer["headers"]["Vary"] == "Accept-Encoding"
        assert answer["headers"]["Content-Type"] == "text/javascript; charset=utf-8"
        assert answer["headers"]["X-Content-Type-Options"] == "nosniff"
        assert base64.b64decode(answer["body"]) == body


def test_every_file_is_served_with_its_type(nobody: InProcessApi) -> None:
    for name in names():
        answer = raw(nobody, f"/explorer/{name}", accept_encoding="gzip")
        assert answer["statusCode"] == 200
        assert answer["headers"]["Content-Type"] != "application/octet-stream", name
        assert len(answer["body"]) < 6_291_556, "more than a function answers"


@pytest.mark.parametrize(
    "name",
    [
        "", "nothing.js", "../index.html", "..%2findex.html", "%2e%2e/explorer.py", "index.html",
        "../../explorer.py", "/etc/passwd", "..\\index.html", "x/../index.html", "\x00",
        "config.json/",
    ],
)  # fmt: skip
def test_what_is_no_file_is_never_another_one(nobody: InProcessApi, name: str) -> None:
    for path in (f"/explorer/{name}", f"/explorer/{script()}{name or '/'}"):
        answer = raw(nobody, path, **BROWSER)
        assert answer["statusCode"] == 404, path
        assert "json" in answer["headers"]["Content-Type"]
    kept = f"/explorer/{script()}.br"
    assert raw(nobody, kept)["statusCode"] == 404, "compressed files have no names of their own"


def test_files_are_read_only(nobody: InProcessApi) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        answer = nobody.call(method, f"//explorer/{script()}", {})
        assert answer.status == 405


@pytest.fixture
def configured(
    nobody: InProcessApi, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., InProcessApi]]:
    """What makes the API start anew with variables."""

    def start(**variables: str) -> InProcessApi:
        for name, value in variables.items():
            monkeypatch.setenv(f"SWATH_{name.upper()}", value)
        nobody.restart()
        return nobody

    yield start
    monkeypatch.undo()
    nobody.restart()


def config(api: InProcessApi) -> dict[str, Any]:
    answer = api.call("GET", "//explorer/config.json")
    assert answer.headers["cache-control"] == "no-store"
    found: dict[str, Any] = answer.json
    return found


def sources(api: InProcessApi) -> dict[str, list[str]]:
    policy = api.call("GET", "//", headers=BROWSER).headers["content-security-policy"]
    parts = [part.split() for part in policy.split(";")]
    return {name: values for name, *values in parts}


def test_the_page_learns_what_the_stack_allows(configured: Callable[..., InProcessApi]) -> None:
    api = configured()
    assert config(api) == {"anonymous": False, "signIn": None, "labels": None}
    assert len(sources(api)["connect-src"]) == 2, "its own origin and the data bucket's"
    assert config(configured(anonymous="true"))["anonymous"] is True


def test_the_page_signs_in_with_the_token_that_is_meant_for_the_api(
    configured: Callable[..., InProcessApi],
) -> None:
    issuer = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_x"
    own = config(configured(issuer=issuer, audience="c1", client_id="c1"))
    assert own["signIn"] == {
        "issuer": issuer,
        "metadata": f"{issuer}/.well-known/openid-configuration",
        "client": "c1",
        "scope": "openid",
        "token": "id_token",
    }
    foreign = config(configured(audience="https://api", sign_in_scope="openid offline_access"))
    assert foreign["signIn"]["token"] == "access_token"
    assert foreign["signIn"]["scope"] == "openid offline_access"


def test_the_page_may_ask_its_own_origin_and_the_issuers_and_no_other(
    configured: Callable[..., InProcessApi],
) -> None:
    api = configured(issuer="https://login.example/realms/a", client_id="c")
    own, bucket, *others = sources(api)["connect-src"]
    assert own == "'self'"
    assert others == ["https://login.example"]
    assert sources(api)["default-src"] == ["'self'"]
    api = configured(
        sign_in_url="http://127.0.0.1:99/x/", sign_in_origins="https://tokens.example,https://b/c"
    )
    expected = [own, bucket, "http://127.0.0.1:99", "https://tokens.example", "https://b"]
    assert sources(api)["connect-src"] == expected
    metadata = config(api)["signIn"]["metadata"]
    assert metadata == "http://127.0.0.1:99/x/.well-known/openid-configuration"


def test_labels_come_from_the_host_that_the_stack_names_and_from_none_unless_it_does(
    configured: Callable[..., InProcessApi],
) -> None:
    before = sources(configured())
    tiles = "https://tiles.example:8443/names/{z}/{x}/{y}.png?key=k"
    api = configured(label_tiles=tiles, label_attribution="<b>Names</b> & Co")
    assert config(api)["labels"] == {"tiles": tiles, "attribution": "<b>Names</b> & Co"}
    after = sources(api)
    added = after.pop("connect-src")
    assert added == [*before.pop("connect-src"), "https://tiles.example:8443"]
    assert after == before


def test_the_api_gives_no_token_away(nobody: InProcessApi, on_a_laptop: str) -> None:
    headers = {"sec-fetch-site": "same-origin", "host": on_a_laptop}
    assert nobody.call("GET", "//explorer/token", headers=headers).status == 404
    assert nobody.call("POST", "//explorer/token", headers=headers).status in {404, 405}
