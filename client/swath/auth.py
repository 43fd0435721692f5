"""Bearer tokens: read, judge, fetch and renew.

The client never verifies a token's signature (the service does); it reads the claims to tell an
expired token before the service must, and to know who the user is.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from dataclasses import dataclass
from typing import Any, Protocol

from .config import Settings
from .errors import AuthenticationError

_LEEWAY = 60.0  # seconds before its end from which a renewable token is renewed


@dataclass(frozen=True, slots=True)
class Claims:
    """Who a token speaks for; `expires` in seconds since 1970, or None."""

    subject: str | None
    org: str | None
    groups: tuple[str, ...]
    email: str | None
    expires: float | None

    def subjects(self, *, admin: bool = False) -> set[str]:
        """The entries of access lists that mean this user.

        `admin`: as an owner; `org:` there means the organisation's administrators only. A user is
        named by the SHA-1 of his subject (contract, section 1.2).
        """
        found = {f"group:{group}" for group in self.groups}
        if self.subject:
            found.add(f"user:{hashlib.sha1(self.subject.encode()).hexdigest()}")  # noqa: S324
        if self.email:
            found.add(f"email:{self.email.lower()}")
        if self.org and (not admin or f"{self.org}:org-admin" in self.groups):
            found.add(f"org:{self.org}")
        return found


def read_claims(token: str) -> Claims:
    """The claims of a JWT. Raises AuthenticationError when it is none."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        expires = claims.get("exp")
        return Claims(
            subject=claims.get("sub"),
            org=claims.get("org"),
            groups=tuple(claims.get("groups") or ()),
            email=claims.get("email"),
            expires=None if expires is None else float(expires),
        )
    except (IndexError, ValueError, TypeError, AttributeError) as error:
        raise AuthenticationError("the token is not a JSON web token (xxx.yyy.zzz)") from error


class TokenSource(Protocol):
    """Something that has a usable token whenever asked."""

    def token(self) -> str:
        """A token that has not expired. Raises AuthenticationError."""
        ...


class StaticToken:
    """The token that the user gave; refused, with its age, once it has expired."""

    def __init__(self, token: str) -> None:
        self._token = token.strip().removeprefix("Bearer ").strip()

    def token(self) -> str:
        """The token itself."""
        if not self._token:
            raise AuthenticationError(
                "there is no token: set SWATH_TOKEN, call swath.configure(token=...), "
                "or store one with `swath login`"
            )
        expires = read_claims(self._token).expires
        if expires is not None and expires <= time.time():
            raise AuthenticationError(
                f"the token expired {_span(time.time() - expires)} ago: "
                "get a new one and run `swath login` or set SWATH_TOKEN"
            )
        return self._token


class FetchedToken:
    """Tokens from an OAuth 2 endpoint (RFC 6749: client credentials 4.4, refresh token 6)."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._token = ""
        self._expires = 0.0

    def token(self) -> str:
        """A token with at least a minute to live, fetched when there is none."""
        with self._lock:
            if self._expires - _LEEWAY <= time.time():
                self._fetch()
            return self._token

    def _fetch(self) -> None:
        import requests

        settings = self._settings
        secret = (settings.client_id, settings.client_secret) if settings.client_secret else None
        try:
            answer = requests.post(
                settings.token_url,
                data=self._grant(),
                auth=secret,
                timeout=(settings.connect_timeout, settings.read_timeout),
            )
            body: dict[str, Any] = answer.json()
        except (requests.RequestException, ValueError) as error:
            raise AuthenticationError(f"no token from {settings.token_url}: {error}") from error
        token = body.get("access_token") or body.get("id_token")
        if not answer.ok or not token:
            reason = body.get("error_description") or body.get("error") or answer.status_code
            raise AuthenticationError(f"{settings.token_url} gave no token: {reason}")
        self._token = str(token)
        self._expires = time.time() + float(body.get("expires_in") or 300)

    def _grant(self) -> dict[str, str]:
        if self._settings.refresh_token:
            return {
                "grant_type": "refresh_token",
                "refresh_token": self._settings.refresh_token,
                "client_id": self._settings.client_id,
            }
        return {"grant_type": "client_credentials", "client_id": self._settings.client_id}


def token_source(settings: Settings) -> TokenSource:
    """The source that the settings describe."""
    if settings.token or not settings.token_url:
        return StaticToken(settings.token)
    return FetchedToken(settings)


def _span(seconds: float) -> str:
    for unit, size in (("day", 86400.0), ("hour", 3600.0), ("minute", 60.0)):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return f"{max(int(seconds), 0)} seconds"
