"""Tickets: signed texts with which a browser may fetch a map's pictures, and nothing else.

A ticket says who asked for it, for which product or image, and until when. Whether that caller
may read is decided anew for every picture.
"""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from hmac import compare_digest
from hmac import new as hmac

from swath_core.access import Caller
from swath_core.errors import Unauthorized

SECONDS = 86_400
_MAC_BYTES = 32
_PURPOSE = b"swath map ticket\0"


def issue_ticket(caller: Caller, subject: str, key: bytes, *, now: float | None = None) -> str:
    """Return a ticket of a caller for a subject (``product:ID``, ``image:ID``), good a day."""
    body = json.dumps(
        {
            "sub": caller.subject,
            "org": caller.org,
            "groups": sorted(caller.groups),
            "email": caller.email,
            "for": subject,
            "exp": int((time.time() if now is None else now) + SECONDS),
        },
        separators=(",", ":"),
    ).encode()
    return urlsafe_b64encode(_mac(body, key) + body).decode().rstrip("=")


def redeem_ticket(ticket: str, subject: str, key: bytes, *, now: float | None = None) -> Caller:
    """Return the caller of a ticket for a subject. Raises Unauthorized."""
    try:
        raw = urlsafe_b64decode(ticket + "=" * (-len(ticket) % 4))
    except ValueError as error:
        raise Unauthorized("the token in the address is damaged") from error
    mac, body = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    if not compare_digest(mac, _mac(body, key)):
        raise Unauthorized("the token in the address was not given by this catalog")
    claims = json.loads(body)
    if claims["for"] != subject:
        raise Unauthorized("the token in the address is for something else")
    if claims["exp"] < (time.time() if now is None else now):
        raise Unauthorized("the token in the address has expired; fetch the TileJSON again")
    return Caller(claims["sub"], claims["org"], frozenset(claims["groups"]), claims["email"])


def _mac(body: bytes, key: bytes) -> bytes:
    return hmac(key, _PURPOSE + body, sha256).digest()
