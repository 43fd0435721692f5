"""Tickets: sealed texts with which a browser may fetch a map's pictures, and nothing else.

A ticket says who asked for it, for which product or image, and until when. Whether that caller
may read is decided anew for every picture. Tickets stand in addresses, which logs and histories
keep, so that only this catalog can read them: AES-GCM, a key of its own derived from the catalog's.
"""

from __future__ import annotations

import json
import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from hmac import new as hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from swath_core.errors import Unauthorized

from ._rules import Caller

SECONDS = 86_400
_NONCE_BYTES = 12
_PURPOSE = b"swath map ticket\0"


def issue_ticket(
    caller: Caller, subject: str, key: bytes, *, now: float | None = None, seconds: int = SECONDS
) -> str:
    """Return a ticket of a caller for a subject (``product:ID``, ``image:ID``), good a day."""
    body = json.dumps(
        {
            "sub": caller.subject,
            "org": caller.org,
            "groups": sorted(caller.groups),
            "email": caller.email,
            "for": subject,
            "exp": int((time.time() if now is None else now) + seconds),
        },
        separators=(",", ":"),
    ).encode()
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed = nonce + _cipher(key).encrypt(nonce, body, None)
    return urlsafe_b64encode(sealed).decode().rstrip("=")


def redeem_ticket(ticket: str, subject: str, key: bytes, *, now: float | None = None) -> Caller:
    """Return the caller of a ticket for a subject. Raises Unauthorized."""
    try:
        raw = urlsafe_b64decode(ticket + "=" * (-len(ticket) % 4))
    except ValueError as error:
        raise Unauthorized("the token in the address is damaged") from error
    if (
        urlsafe_b64encode(raw).decode().rstrip("=") != ticket
    ):  # decoding passes over what is foreign
        raise Unauthorized("the token in the address is damaged")
    try:
        body = _cipher(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], None)
    except (InvalidTag, ValueError) as error:
        raise Unauthorized("the token in the address was not given by this catalog") from error
    claims = json.loads(body)
    if claims["for"] != subject:
        raise Unauthorized("the token in the address is for something else")
    if claims["exp"] < (time.time() if now is None else now):
        raise Unauthorized("the token in the address has expired; fetch the TileJSON again")
    return Caller(claims["sub"], claims["org"], frozenset(claims["groups"]), claims["email"])


def _cipher(key: bytes) -> AESGCM:
    return AESGCM(hmac(key, _PURPOSE, sha256).digest())
