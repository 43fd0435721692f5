"""A request of the API, out of API Gateway's event."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from swath_core.errors import BadRequest
from swath_core.settings import settings

if TYPE_CHECKING:
    from swath_core.access import Caller

_LOOPBACK = {"127.0.0.1", "localhost", "[::1]"}
_HOST = re.compile(r"[A-Za-z0-9.\-]+(:\d{1,5})?|\[[0-9A-Fa-f:]+\](:\d{1,5})?")
_LONGEST_TOKEN = 1000
_NO_VERSION = -1


@dataclass(frozen=True)
class ApiRequest:
    """What a route is given: nothing of it knows how API Gateway writes an event."""

    event: Mapping[str, Any]

    @cached_property
    def headers(self) -> dict[str, str]:
        """The headers by their names in lower case."""
        given = self.event.get("headers") or {}
        return {str(name).lower(): str(value) for name, value in given.items()}

    @cached_property
    def query(self) -> dict[str, str]:
        """The query parameters; of a repeated one the last."""
        return dict(parse_qsl(self.event.get("rawQueryString") or "", keep_blank_values=True))

    @cached_property
    def body(self) -> bytes | str | None:
        """The body. Raises BadRequest where its base64 is broken."""
        body = self.event.get("body")
        if body is None or not self.event.get("isBase64Encoded"):
            return body
        try:
            return base64.b64decode(body, validate=True)
        except (binascii.Error, ValueError) as error:
            raise BadRequest("the body is not base64") from error

    @cached_property
    def caller(self) -> Caller:
        """Who sent the request. Raises Unauthorized."""
        from swath_core.access import authenticate  # noqa: PLC0415 - public pages need no keys

        return authenticate(self.headers.get("authorization"), settings())

    @property
    def token(self) -> str | None:
        """What a replay of this request shares with it and no other caller's request does.

        Published clients send ``X-Request-Group``, the same on their automatic retries.
        """
        given = self.headers.get("idempotency-key") or self.headers.get("x-request-group")
        if not given:
            return None
        text = f"{self.caller.subject}\n{given[:_LONGEST_TOKEN]}"
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:40]

    @property
    def expected(self) -> int | None:
        """The version that ``If-Match`` names; one that cannot be where it is no version."""
        given = self.headers.get("if-match", "").strip()
        if not given or given == "*":
            return None
        match = re.fullmatch(r'(?:W/)?"?(\d{1,15})"?', given)
        return int(match[1]) if match else _NO_VERSION

    @property
    def path(self) -> str:
        """The path as the caller wrote it, below the base of the API."""
        return str(self.event.get("rawPath") or "/")

    @cached_property
    def url(self) -> str:
        """The address of the request as its sender knows it, without the query."""
        return self._base + quote(self.path, safe="/:@!$&'()*+,;=~%")

    def next_url(self, token: str) -> str:
        """Return the address of the next page."""
        kept = {name: value for name, value in self.query.items() if name != "continuation"}
        return f"{self.url}?{urlencode({**kept, 'continuation': token})}"

    @cached_property
    def _base(self) -> str:
        """Scheme, host and prefix: the caller's own where they are known to be ours.

        The host is taken from the request only if API Gateway itself answers for it, or if it is
        another name of this machine; a forwarded host only if it is the configured one. Anything
        else is answered with the configured public address.
        """
        public = urlsplit(settings().public_url)
        context = self.event.get("requestContext") or {}
        domain = str(context.get("domainName") or "")
        scheme = self._scheme(public.scheme)
        for host in (self.headers.get("x-forwarded-host"), self.headers.get("host")):
            if not host or not _HOST.fullmatch(host):
                continue
            if host == public.netloc or _both_here(host, public.netloc):
                return f"{scheme}://{host}{public.path.rstrip('/')}"
        host = self.headers.get("host") or domain
        if host == domain or not public.netloc:
            return f"{scheme}://{domain or 'localhost'}"
        return settings().public_url.rstrip("/")

    def _scheme(self, default: str) -> str:
        given = self.headers.get("x-forwarded-proto", "").split(",")[0].strip().lower()
        return given if given in {"http", "https"} else default or "https"


def _both_here(host: str, other: str) -> bool:
    """Return whether two hosts are names of this machine, with the same port."""
    names = [each.rpartition(":") if ":" in each else (each, "", "") for each in (host, other)]
    return all(name[0] in _LOOPBACK for name in names) and names[0][2] == names[1][2]
