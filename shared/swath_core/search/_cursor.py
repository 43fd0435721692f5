"""Cursors: opaque, signed, bound to their query, holding all the state there is."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from typing import Any

from swath_core.errors import BadRequest

_MAC_BYTES = 16


def digest(*parts: object) -> str:
    """Return a short fingerprint of what a query asks for."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def sign(state: dict[str, Any], key: bytes) -> str:
    """Return the token of a state; it survives in a URL's query as it is."""
    body = json.dumps(state, separators=(",", ":"), ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(_mac(body, key) + body).decode().rstrip("=")


def unsign(token: str, key: bytes, query: str) -> dict[str, Any]:
    """Return the state of a token that this catalog gave for this query. Raises BadRequest."""
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (ValueError, binascii.Error) as error:
        raise _foreign() from error
    mac, body = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(body, key)):
        raise _foreign()
    state: dict[str, Any] = json.loads(body)
    if state.get("q") != query:
        message = (
            "continuation: the token belongs to another search; send the body that it came with"
        )
        raise BadRequest(message, parameter="continuation")
    return state


def _mac(body: bytes, key: bytes) -> bytes:
    return hmac.new(key, body, hashlib.sha256).digest()[:_MAC_BYTES]


def _foreign() -> BadRequest:
    message = "continuation: this is no token that a search of this catalog gave"
    return BadRequest(message, parameter="continuation")
