"""The issuer's public keys: inline, or read from the issuer, kept, and read again on rotation."""

from __future__ import annotations

import json
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from swath_core.errors import Unauthorized
from swath_core.settings import Settings

if TYPE_CHECKING:
    from jwt import PyJWK

KEEP_SECONDS = 3600.0
"""Keys older than this are read again."""
ROTATION_SECONDS = 60.0
"""An unknown key id makes the keys be read again, but not more often than this."""
STALE_SECONDS = 86_400.0
"""How long old keys stand in for an issuer that cannot be reached."""
_TIMEOUT_SECONDS = 3.0
_LARGEST_DOCUMENT = 1_000_000
_LOOPBACK = ("127.0.0.1", "localhost", "::1")

Fetch = Callable[[str], Any]


class KeysUnavailableError(RuntimeError):
    """The issuer's keys cannot be read: nobody's token can be verified."""


def fetch_json(url: str) -> Any:
    """Return the JSON document at an HTTPS address (HTTP on this machine only)."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        message = f"{url} is not an HTTPS address"
        raise KeysUnavailableError(message)
    with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as response:  # noqa: S310 - checked
        return json.loads(response.read(_LARGEST_DOCUMENT))


@dataclass
class PublishedKeys:
    """The keys that an issuer publishes."""

    issuer: str
    fetch: Fetch = fetch_json
    clock: Callable[[], float] = time.monotonic
    _keys: list[PyJWK] = field(default_factory=list)
    _read_at: float | None = None
    _tried_at: float | None = None

    def find(self, key_id: str | None) -> PyJWK | None:
        """Return the key of that id, or None. Raises KeysUnavailableError."""
        if self._age(self._read_at) > KEEP_SECONDS:
            self._refresh()
        key = pick(self._keys, key_id)
        if key is None and self._age(self._tried_at) > ROTATION_SECONDS:
            self._refresh()
            key = pick(self._keys, key_id)
        return key

    def _age(self, since: float | None) -> float:
        return float("inf") if since is None else self.clock() - since

    def _refresh(self) -> None:
        if self._keys and self._age(self._tried_at) <= ROTATION_SECONDS:
            return
        self._tried_at = self.clock()
        try:
            self._keys = parse(self.fetch(self._address()))
            self._read_at = self._tried_at
        except Exception as error:
            if self._age(self._read_at) > STALE_SECONDS:
                message = f"the keys of {self.issuer} cannot be read: {error}"
                raise KeysUnavailableError(message) from error

    def _address(self) -> str:
        """Return where the keys are: as the discovery document says, or the usual place."""
        base = self.issuer.rstrip("/")
        try:
            found = self.fetch(f"{base}/.well-known/openid-configuration")
        except KeysUnavailableError:
            raise
        except (OSError, ValueError):
            found = None
        if isinstance(found, dict) and isinstance(found.get("jwks_uri"), str):
            return str(found["jwks_uri"])
        return f"{base}/.well-known/jwks.json"


def parse(key_set: object) -> list[PyJWK]:
    """Return the signing keys of a JSON Web Key Set; those of other kinds are passed over."""
    import jwt  # noqa: PLC0415 - see _tokens

    members = key_set.get("keys") if isinstance(key_set, dict) else None
    if not isinstance(members, list):
        message = 'a JSON Web Key Set is expected: {"keys": [...]}'
        raise ValueError(message)  # noqa: TRY004 - a value from outside
    found = []
    for member in members:
        if not isinstance(member, dict) or member.get("use", "sig") != "sig":
            continue
        if member.get("kty") not in {"RSA", "EC", "OKP"}:
            continue
        try:
            found.append(jwt.PyJWK(member))
        except jwt.PyJWTError:
            continue
    return found


def pick(keys: list[PyJWK], key_id: str | None) -> PyJWK | None:
    """Return the key of that id; without an id, the only key there is."""
    if key_id is None:
        return keys[0] if len(keys) == 1 else None
    return next((key for key in keys if key.key_id == key_id), None)


_published: dict[str, PublishedKeys] = {}
_inline: dict[str, list[PyJWK]] = {}


def key_for(header: Mapping[str, Any], settings: Settings) -> PyJWK:
    """Return the key that a token's header names. Raises Unauthorized where there is none."""
    key_id = header.get("kid")
    if settings.trusted_keys is not None:
        text = json.dumps(settings.trusted_keys, sort_keys=True)
        if text not in _inline:
            _inline[text] = parse(settings.trusted_keys)
        key = pick(_inline[text], key_id)
    else:
        issuer = settings.need("issuer")
        key = _published.setdefault(issuer, PublishedKeys(issuer)).find(key_id)
    if key is None or key.algorithm_name != header.get("alg"):
        message = "the token is not valid: it is signed with a key that is not the issuer's"
        raise Unauthorized(message)
    return key
