"""The page that describes the API, and answers opened in a browser: what is stored runs nowhere."""

from __future__ import annotations

import re

import pytest

from swath_core.settings import settings
from swath_core.store.s3 import bucket_origin
from swath_dev.inprocess import InProcessApi

SCRIPT = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"


@pytest.fixture(autouse=True)
def _stored(api: InProcessApi) -> None:
    api.empty()
    saved = api.save("product", "acme:p", name=SCRIPT, description=SCRIPT, tags=[SCRIPT])
    assert saved.status == 201, saved.text


@pytest.mark.parametrize("path", ["//docs", "//stac/api.html"])
def test_the_page_holds_nothing_that_is_stored_and_runs_only_what_it_brings(
    api: InProcessApi, path: str
) -> None:
    page = api.call("GET", path)
    assert page.status == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "alert(1)" not in page.text
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'self';")
    policy = policy.replace(bucket_origin(settings().need("data_bucket")), "", 1)
    for loose in ("unsafe-inline", "unsafe-eval", "*", "http:", "https:"):
        assert loose not in policy
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", page.text, re.DOTALL)
    assert scripts
    for attributes, inline in scripts:
        assert 'src="./explorer/' in attributes
        assert not inline
    assert "<style" not in page.text
    assert 'style="' not in page.text
    for linked in re.findall(r'(?:src|href)="\./([^"]+)"', page.text):
        assert api.call("HEAD", f"//{linked}").status == 200


def test_the_page_is_asked_for_again_and_has_no_body_where_it_is_known(api: InProcessApi) -> None:
    page = api.call("GET", "//docs")
    again = api.call("GET", "//docs", headers={"if-none-match": page.headers["etag"]})
    assert (again.status, again.text) == (304, "")
    assert api.call("HEAD", "//docs").text == ""


@pytest.mark.parametrize("host", ["x.example/'><script>alert(1)</script>", 'x"onload="alert(1)'])
def test_the_address_that_it_was_asked_under_runs_nothing(api: InProcessApi, host: str) -> None:
    for path in ("//docs", "//openapi.json"):
        answer = api.call("GET", path, headers={"host": host})
        assert "<script>alert(1)" not in answer.text or "json" in answer.headers["content-type"]
        if "json" not in answer.headers["content-type"]:
            assert 'onload="alert' not in answer.text


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/products/acme:p"),
        ("PUT", "/products"),
        ("GET", "/products/<script>alert(1)<script>"),
        ("GET", "//openapi.json"),
        ("GET", "//<script>alert(1)<script>"),
    ],
)
def test_no_other_answer_is_taken_for_a_page(api: InProcessApi, method: str, path: str) -> None:
    answer = api.call(method, path, {} if method == "PUT" else None)
    assert "json" in answer.headers["content-type"]
    assert answer.headers.get("x-content-type-options") == "nosniff"
