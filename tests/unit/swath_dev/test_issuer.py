"""The local issuer's pages: the code with PKCE, refresh tokens, and who gets neither."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest

from swath_dev import issuer
from swath_dev.token import AUDIENCE, ISSUER, make_token, trusted_keys

CLOUD = "http://127.0.0.1:4566"
PAGE = f"{CLOUD}/_aws/execute-api/swath/"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=")
ASKED = {
    "client_id": issuer.CLIENT,
    "response_type": "code",
    "redirect_uri": PAGE,
    "state": "s1",
    "code_challenge": CHALLENGE.decode(),
    "code_challenge_method": "S256",
}
GOING = {"sec-fetch-site": "same-origin", "sec-fetch-mode": "navigate"}
FETCHING = {"sec-fetch-site": "same-origin", "sec-fetch-mode": "cors"}


@pytest.fixture(autouse=True)
def _variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(issuer.STATE, str(tmp_path))
    monkeypatch.setenv(issuer.ENDPOINT, CLOUD)
    monkeypatch.setenv(issuer.PAGES, f"{PAGE} {PAGE}docs")


def ask(
    method: str, path: str, fields: dict[str, str], headers: dict[str, str]
) -> tuple[int, dict[str, str], Any]:
    """Return status, headers and the body, read where there is one."""
    event: dict[str, Any] = {
        "rawPath": path,
        "rawQueryString": urlencode(fields) if method == "GET" else "",
        "headers": headers,
        "requestContext": {"domainPrefix": "abc", "http": {"method": method}},
    }
    if method == "POST":
        event["body"] = base64.b64encode(urlencode(fields).encode()).decode()
        event["isBase64Encoded"] = True
    answer = issuer.lambda_handler(event, None)
    body = json.loads(answer["body"]) if answer["body"] else None
    return answer["statusCode"], answer["headers"], body


def code(**other: str) -> str:
    status, headers, _ = ask("GET", "/authorize", ASKED | other, GOING)
    assert status == 302
    assert headers["Location"].startswith(f"{PAGE}?")
    query = parse_qs(urlsplit(headers["Location"]).query)
    assert query["state"] == ["s1"]
    return query["code"][0]


def exchange(**fields: str) -> tuple[int, Any]:
    given = {"grant_type": "authorization_code", "code_verifier": VERIFIER, "redirect_uri": PAGE}
    status, _, body = ask("POST", "/token", given | fields, FETCHING)
    return status, body


def test_discovery_names_addresses_of_its_own() -> None:
    status, _, found = ask("GET", "/.well-known/openid-configuration", {}, {})
    assert status == 200
    assert found["issuer"] == ISSUER
    assert found["token_endpoint"] == f"{CLOUD}/_aws/lambda-url/abc/token"


def test_a_code_becomes_tokens_that_the_api_takes_and_these_are_renewed(tmp_path: Path) -> None:
    status, given = exchange(code=code())
    assert status == 200
    key = jwt.PyJWKSet.from_json(trusted_keys(tmp_path)).keys[0]
    claims = jwt.decode(
        given["id_token"], key.key, algorithms=["ES256"], audience=AUDIENCE, issuer=ISSUER
    )
    assert claims["org"] == "acme"
    assert claims["exp"] - claims["iat"] == given["expires_in"] == issuer.TOKEN_SECONDS
    status, renewed = exchange(grant_type="refresh_token", refresh_token=given["refresh_token"])
    assert status == 200
    assert renewed["id_token"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"},
        {"sec-fetch-site": "none", "sec-fetch-mode": "navigate"},
        FETCHING,
    ],
)
def test_a_code_is_for_pages_of_the_same_address_that_go_there(headers: dict[str, str]) -> None:
    status, _, body = ask("GET", "/authorize", ASKED, headers)
    assert status == 400
    assert body["error"] == "access_denied"


@pytest.mark.parametrize(
    ("other", "error"),
    [
        ({"redirect_uri": "https://evil.example/"}, "invalid_request"),
        ({"redirect_uri": f"{PAGE}other"}, "invalid_request"),
        ({"client_id": "other"}, "unauthorized_client"),
        ({"response_type": "token"}, "unauthorized_client"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
    ],
)
def test_a_code_needs_all_of_its_terms(other: dict[str, str], error: str) -> None:
    status, headers, body = ask("GET", "/authorize", ASKED | other, GOING)
    assert (status, body["error"]) == (400, error)
    assert "Location" not in headers


def test_a_code_is_worth_nothing_without_its_verifier_and_its_page(tmp_path: Path) -> None:
    given = code()
    for fields in (
        {"code": given, "code_verifier": "w" * 43},
        {"code": given, "code_verifier": ""},
        {"code": given, "redirect_uri": f"{PAGE}docs"},
        {"code": "none"},
        {"code": make_token(tmp_path)},
        {"grant_type": "refresh_token", "refresh_token": given},
        {"grant_type": "refresh_token", "refresh_token": make_token(tmp_path)},
    ):
        status, body = exchange(**fields)
        assert (status, body["error"]) == (400, "invalid_grant")
    assert exchange(grant_type="password")[1]["error"] == "unsupported_grant_type"
    crossing = {"grant_type": "authorization_code", "code": given, "code_verifier": VERIFIER}
    assert ask("POST", "/token", crossing, {"sec-fetch-site": "cross-site"})[0] == 400


def test_signing_out_leads_to_a_page_of_the_stack_only() -> None:
    back = ask("GET", "/logout", {"post_logout_redirect_uri": PAGE}, GOING)
    assert (back[0], back[1]["Location"]) == (302, PAGE)
    assert ask("GET", "/logout", {"post_logout_redirect_uri": "https://evil.example"}, {})[0] == 400
    assert ask("GET", "/nothing", {}, {})[0] == 404
