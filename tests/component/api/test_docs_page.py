"""The page that describes the API, and answers opened in a browser: what is stored runs nowhere."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from swath_dev.inprocess import InProcessApi

SCRIPT = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"


@pytest.fixture(autouse=True)
def _stored(api: InProcessApi) -> None:
    api.empty()
    saved = api.save("product", "acme:p", name=SCRIPT, description=SCRIPT, tags=[SCRIPT])
    assert saved.status == 201, saved.text


def test_the_page_holds_nothing_that_is_stored_and_runs_only_what_it_brings(
    api: InProcessApi,
) -> None:
    page = api.call("GET", "//docs")
    assert page.status == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "alert(1)" not in page.text
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-eval" not in policy
    scripts = [part for part in policy.split(";") if part.strip().startswith("script-src")]
    assert scripts
    assert "unsafe-inline" not in scripts[0]
    assert "*" not in scripts[0].split()
    (script,) = re.findall(r"<script>(.*?)</script>", page.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in scripts[0]
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert way not in script  # what the API answers is put into the page as text


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
