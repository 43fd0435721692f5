"""Tokens to callers: the only place where a JSON Web Token is verified.

The issuer's public keys are inline in the settings, or read from the issuer, kept, and read again
on rotation.
"""

from __future__ import annotations

import json
import re
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from swath_core.documents import is_encodable
from swath_core.errors import Unauthorized
from swath_core.settings import Settings

from ._rules import Caller

if TYPE_CHECKING:
    from jwt import PyJWK

ALGORITHMS = ("RS256", "ES256", "EdDSA")
"""Signatures that are accepted: asymmetric ones only, whatever a token's header asks for."""
LEEWAY_SECONDS = 5
"""How long after its end a token is still taken."""
SKEW_SECONDS = 300
"""How far the issuer's clock may be ahead of a function's: ``nbf`` may lie in the future by it."""
LONGEST_TOKEN = 16_384
LAST_MOMENT = 253_402_300_799
"""The end of the year 9999 in seconds: no time in a token (RFC 7519, NumericDate) is later."""

_TIMES = ("exp", "nbf", "iat")
_ORG = re.compile(r"[A-Za-z0-9_.\-]{1,100}")

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


def authenticate(authorization: str | None, settings: Settings) -> Caller:
    """Return who sent an ``Authorization: Bearer TOKEN`` header. Raises Unauthorized.

    Raises MisconfiguredError where the issuer or the audience is not configured: nothing is
    ever accepted for lack of something to compare it with.
    """
    return caller_of(_claims(_bearer(authorization), settings), settings.org_claim)


def _bearer(authorization: str | None) -> str:
    scheme, _, token = (authorization or "").strip().partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        message = "a token is needed: Authorization: Bearer TOKEN"
        raise Unauthorized(message)
    if len(token) > LONGEST_TOKEN:
        message = f"the token is longer than {LONGEST_TOKEN} characters"
        raise Unauthorized(message)
    return token


def _claims(token: str, settings: Settings) -> dict[str, Any]:
    import jwt  # noqa: PLC0415 - 60 ms that an import of the handler need not take

    issuer, audience = settings.need("issuer"), settings.need("audience")
    try:
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in ALGORITHMS:
            message = f"the token must be signed with one of {', '.join(ALGORITHMS)}"
            raise Unauthorized(message)
        claims: dict[str, Any] = jwt.decode(
            token,
            key_for(header, settings),
            algorithms=list(ALGORITHMS),
            issuer=issuer,
            leeway=LEEWAY_SECONDS,
            options={
                "require": ["exp", "iss", "sub"],
                "verify_aud": False,
                "verify_iat": False,
                "verify_nbf": False,
            },
        )
    except (jwt.PyJWTError, ValueError, TypeError, ArithmeticError, RecursionError) as error:
        message = f"the token is not valid: {error}"
        raise Unauthorized(message) from error
    _check_times(claims)
    _check_audience(claims, audience)
    return claims


def _check_times(claims: Mapping[str, Any]) -> None:
    """Raise Unauthorized for what is no time, and for a token that is not valid yet.

    The clock of the issuer may be ahead by ``SKEW_SECONDS``. That a token has ended is found where
    its signature is verified.
    """
    for name in _TIMES:
        if claims.get(name) is not None and not _is_time(claims[name]):
            message = (
                f"the token is not valid: the claim {name} must be a number of seconds "
                f"from 0 to {LAST_MOMENT}"
            )
            raise Unauthorized(message)
    if (claims.get("nbf") or 0) > time.time() + SKEW_SECONDS:
        message = "the token is not valid: it is not valid yet (nbf)"
        raise Unauthorized(message)


def _is_time(value: object) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and 0 <= value <= LAST_MOMENT  # type: ignore[operator]


def _check_audience(claims: Mapping[str, Any], expected: str) -> None:
    """Raise Unauthorized unless the token is for us.

    Cognito's access tokens carry ``client_id`` in place of ``aud``.
    """
    given = claims.get("aud")
    if given is None and claims.get("token_use") == "access":
        given = claims.get("client_id")
    if expected not in (given if isinstance(given, list) else [given]):
        message = "the token is not valid: it is meant for another audience"
        raise Unauthorized(message)


def caller_of(claims: Mapping[str, Any], org_claim: str = "org") -> Caller:
    """Return the caller that verified claims describe. Raises Unauthorized."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject or not is_encodable(subject):
        message = "the token is not valid: the claim sub must be a text that is not empty"
        raise Unauthorized(message)
    return Caller(
        subject=subject,
        org=_org(claims.get(org_claim), org_claim),
        groups=_groups(claims),
        email=_email(claims),
    )


def _org(value: object, claim: str) -> str | None:
    """Return the organisation: a prefix of ids, so it may hold neither a colon nor a slash."""
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not _ORG.fullmatch(value):
        message = (
            f"the token is not valid: the claim {claim} must be 1 to 100 letters, digits, "
            "'_', '.' or '-'"
        )
        raise Unauthorized(message)
    return value


def _groups(claims: Mapping[str, Any]) -> frozenset[str]:
    found: set[str] = set()
    for name in ("groups", "cognito:groups"):
        value = claims.get(name) or ()
        members = [value] if isinstance(value, str) else value
        if not isinstance(members, list | tuple):
            message = f"the token is not valid: the claim {name} must be a list of strings"
            raise Unauthorized(message)
        found.update(member for member in members if _is_name(member))
    return frozenset(found)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(value) and is_encodable(value)


def _email(claims: Mapping[str, Any]) -> str | None:
    """Return the e-mail address, unless the issuer says that nobody has verified it."""
    value, verified = claims.get("email"), claims.get("email_verified", True)
    if not isinstance(verified, bool | str):
        message = "the token is not valid: the claim email_verified must be true or false"
        raise Unauthorized(message)
    if not isinstance(value, str | None) or (value and not is_encodable(value)):
        message = "the token is not valid: the claim email must be a text"
        raise Unauthorized(message)
    return value if value and verified in {True, "true"} else None


# ---- the issuer's keys


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
