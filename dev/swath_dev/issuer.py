"""The local issuer's pages: a function on the local cloud that signs everybody in as one developer.

It speaks what the explorer speaks to any issuer: OpenID Connect's discovery, the authorization
code with PKCE (RFC 7636), and refresh tokens (RFC 6749). Codes and refresh tokens are signed and
kept nowhere. Only pages of the local cloud's own address get anywhere: browsers say where a
request comes from (Fetch Metadata), and a code goes to the addresses of the stack alone.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

import jwt

from swath_dev.token import AUDIENCE, ISSUER, KEY_ID, issuer_key, make_token

CLIENT = AUDIENCE
"""The explorer's client; the tokens that are for it are those that the API takes."""
STATE, ENDPOINT, PAGES = "ISSUER_STATE", "ISSUER_ENDPOINT", "ISSUER_PAGES"
"""Variables: the folder of the key, the local cloud, and the addresses that get codes."""
TOKEN_SECONDS = 3600
_CODE_SECONDS = 60
_REFRESH_SECONDS = 30 * 86_400
_ALGORITHM = "ES256"
Answer = dict[str, Any]


class _RefusedError(Exception):
    """What is wrong with a request: an error code of RFC 6749, and words."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


def lambda_handler(event: dict[str, Any], _: object) -> Answer:
    """Answer a request to the function's address."""
    asked = (event["requestContext"]["http"]["method"], event["rawPath"])
    try:
        match asked:
            case ("GET", "/.well-known/openid-configuration"):
                return _json(200, _discovery(_base(event)))
            case ("GET", "/authorize"):
                return _authorize(event)
            case ("POST", "/token"):
                return _token(event)
            case ("GET", "/logout"):
                return _logout(event)
    except _RefusedError as refused:
        return _json(400, {"error": refused.code, "error_description": str(refused)})
    return _json(404, {"error": "not_found", "error_description": f"nothing at {asked[1]}"})


def _base(event: dict[str, Any]) -> str:
    return f"{os.environ[ENDPOINT]}/_aws/lambda-url/{event['requestContext']['domainPrefix']}"


def _discovery(base: str) -> dict[str, Any]:
    return {
        "issuer": ISSUER,
        "authorization_endpoint": f"{base}/authorize",
        "token_endpoint": f"{base}/token",
        "end_session_endpoint": f"{base}/logout",
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "id_token_signing_alg_values_supported": [_ALGORITHM],
    }


def _authorize(event: dict[str, Any]) -> Answer:
    """Lead back with a code: whoever sits at this machine is the developer."""
    _refuse_strangers(event, mode="navigate")
    asked = _fields(event["rawQueryString"])
    page = _page(asked.get("redirect_uri", ""))
    if asked.get("client_id") != CLIENT or asked.get("response_type") != "code":
        raise _RefusedError("unauthorized_client", f"only a code for the client {CLIENT} is given")
    if asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge"):
        raise _RefusedError("invalid_request", "a code_challenge is needed, by the method S256")
    code = _signed(
        "code", _CODE_SECONDS,
        page=page, challenge=asked["code_challenge"], nonce=asked.get("nonce"),
    )  # fmt: skip
    return _lead(page, {"code": code, "state": asked.get("state", "")})


def _token(event: dict[str, Any]) -> Answer:
    _refuse_strangers(event, mode=None)
    body = event.get("body") or ""
    text = base64.b64decode(body).decode() if event.get("isBase64Encoded") else body
    asked = _fields(text)
    if asked.get("grant_type") == "refresh_token":
        _verified("refresh", asked.get("refresh_token", ""))
    elif asked.get("grant_type") == "authorization_code":
        _check_code(asked)
    else:
        raise _RefusedError("unsupported_grant_type", "authorization_code or refresh_token")
    token = make_token(Path(os.environ[STATE]), days=TOKEN_SECONDS / 86_400)
    return _json(200, {
        "token_type": "Bearer",
        "expires_in": TOKEN_SECONDS,
        "id_token": token,
        "access_token": token,
        "refresh_token": _signed("refresh", _REFRESH_SECONDS),
    })  # fmt: skip


def _check_code(asked: dict[str, str]) -> None:
    claims = _verified("code", asked.get("code", ""))
    digest = hashlib.sha256(asked.get("code_verifier", "").encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    if not hmac.compare_digest(challenge, str(claims["challenge"])):
        raise _RefusedError("invalid_grant", "the code_verifier is not that of the code")
    if asked.get("redirect_uri") != claims["page"]:
        raise _RefusedError("invalid_grant", "the code was given to another address")


def _logout(event: dict[str, Any]) -> Answer:
    asked = _fields(event["rawQueryString"])
    return _lead(_page(asked.get("post_logout_redirect_uri", "")), {})


# ---- what all of them use


def _refuse_strangers(event: dict[str, Any], *, mode: str | None) -> None:
    """Raise unless a page of this very origin asks, by going there itself where that is needed."""
    headers = event["headers"]
    from_here = headers.get("sec-fetch-site") == "same-origin"
    if not from_here or (mode and headers.get("sec-fetch-mode") != mode):
        raise _RefusedError("access_denied", "the local issuer is for pages of this address only")


def _page(address: str) -> str:
    if address not in os.environ[PAGES].split():
        raise _RefusedError("invalid_request", "the redirect_uri is none of this stack's")
    return address


def _fields(text: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(text).items()}


def _signed(use: str, seconds: int, **claims: object) -> str:
    """Return a token of our own; its audience is no API's."""
    moment = int(time.time())
    body = {"iss": ISSUER, "aud": f"issuer:{use}", "exp": moment + seconds, **claims}
    key = issuer_key(Path(os.environ[STATE]))
    return jwt.encode(body, key, algorithm=_ALGORITHM, headers={"kid": KEY_ID})


def _verified(use: str, token: str) -> dict[str, Any]:
    key = issuer_key(Path(os.environ[STATE])).public_key()
    try:
        claims: dict[str, Any] = jwt.decode(
            token, key, algorithms=[_ALGORITHM], audience=f"issuer:{use}", issuer=ISSUER
        )
    except jwt.InvalidTokenError as error:
        raise _RefusedError("invalid_grant", f"the {use} is not valid: {error}") from error
    return claims


def _lead(page: str, query: dict[str, str]) -> Answer:
    where = f"{page}?{urlencode(query)}" if query else page
    headers = {"Location": where, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return {"statusCode": 302, "headers": headers, "body": ""}


def _json(status: int, body: dict[str, Any]) -> Answer:
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    return {"statusCode": status, "headers": headers, "body": json.dumps(body)}
