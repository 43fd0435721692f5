"""Requests as routes are given them, and the responses that they make: no event of AWS in sight."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from aws_lambda_powertools.event_handler import Response

from swath_core.errors import BadRequest, SwathError
from swath_core.settings import settings

if TYPE_CHECKING:
    from swath_core.access import Caller

Body = dict[str, Any]

MEDIA_TYPE = "application/vnd.api+json"
JSONAPI = {"version": "1.0"}
MOST_BODY_BYTES = 10_485_760
"""What API Gateway accepts; the local cloud accepts more, so the limit is kept here as well."""

_COMPRESSED_FROM = 16_384
_LOOPBACK = {"127.0.0.1", "localhost", "[::1]"}
_HOST = re.compile(r"[A-Za-z0-9.\-]+(:\d{1,5})?|\[[0-9A-Fa-f:]+\](:\d{1,5})?")
_LONGEST_KEY = 1000
_DEEPEST_BODY = 500
_NO_VERSION = -1
_INVALID = HTTPStatus.UNPROCESSABLE_ENTITY  # which STAC APIs do not know


@dataclass(frozen=True)
class Request:
    """A request, out of an event of an HTTP API or a function URL (payload 2.0).

    ``authenticate`` returns who sent it; ``time_left`` is in seconds.
    """

    event: Mapping[str, Any]
    authenticate: Callable[[Request], Caller]
    time_left: Callable[[], float]

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
    def json(self) -> dict[str, Any]:
        """The body, a JSON object; an empty body is an empty one. Raises BadRequest."""
        return parse_object(self._body)

    @cached_property
    def value(self) -> Any:
        """The body, any JSON value. Raises BadRequest."""
        return _parse_json(self._body)

    @property
    def _body(self) -> bytes | str | None:
        body = self.event.get("body")
        if body is None or not self.event.get("isBase64Encoded"):
            return body
        try:
            return base64.b64decode(body, validate=True)
        except (binascii.Error, ValueError) as error:
            raise BadRequest("the body is not base64, although the event says so") from error

    @cached_property
    def caller(self) -> Caller:
        """Who sent the request. Raises Unauthorized."""
        return self.authenticate(self)

    @property
    def id(self) -> str:
        """The id that the HTTP API gave the request, which its access log has, too."""
        return str((self.event.get("requestContext") or {}).get("requestId") or "")

    @property
    def domain(self) -> str:
        """The host name at which AWS took the request."""
        return str((self.event.get("requestContext") or {}).get("domainName") or "")

    @property
    def replay_token(self) -> str | None:
        """What a replay of this request shares with it and no other request does.

        Published clients send ``X-Request-Group``, the same on their automatic retries.
        """
        given = self.idempotency_key or self.headers.get("x-request-group")
        return self._digest(given[:_LONGEST_KEY], self.fingerprint) if given else None

    @property
    def idempotency_key(self) -> str | None:
        """The header ``Idempotency-Key``."""
        return self.headers.get("idempotency-key")

    @property
    def key_id(self) -> str:
        """What the caller's ``Idempotency-Key`` is remembered by."""
        return self._digest((self.idempotency_key or "")[:_LONGEST_KEY])

    @cached_property
    def fingerprint(self) -> str:
        """A digest of method, path and body: what makes two requests the same."""
        body = self._body or ""
        data = body if isinstance(body, bytes) else body.encode("utf-8", "surrogatepass")
        about = f"{self.method}\n{unquote(self.path)}\n{hashlib.sha256(data).hexdigest()}"
        return hashlib.sha256(about.encode("utf-8", "surrogatepass")).hexdigest()

    def _digest(self, *texts: str) -> str:
        text = "\n".join((self.caller.subject, *texts))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:40]

    @property
    def expected_version(self) -> int | None:
        """The version that ``If-Match`` names; one that cannot be where it is no version."""
        given = self.headers.get("if-match", "").strip()
        if not given or given == "*":
            return None
        match = re.fullmatch(r'(?:W/)?"?(\d{1,15})"?', given)
        return int(match[1]) if match else _NO_VERSION

    def has_version(self, etag: str) -> bool:
        """Return whether ``If-None-Match`` lists a tag, weakened or not, or any (RFC 9110)."""
        given = self.headers.get("if-none-match", "")
        return bool({etag, "*"} & {each.strip().removeprefix("W/") for each in given.split(",")})

    @property
    def method(self) -> str:
        """The method."""
        return str(self.event["requestContext"]["http"]["method"])

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

    @property
    def root(self) -> str:
        """The address of the API, as the caller addressed it: what paths are appended to."""
        return self._base

    @cached_property
    def _base(self) -> str:
        """Scheme, host and prefix: the caller's own where they are known to be ours.

        The host is taken from the request only if API Gateway itself answers for it, or if it is
        another name of this machine; a forwarded host only if it is the configured one. Anything
        else is answered with the configured public address.
        """
        public = urlsplit(settings().public_url)
        scheme = self._scheme(public.scheme)
        for host in (self.headers.get("x-forwarded-host"), self.headers.get("host")):
            if not host or not _HOST.fullmatch(host):
                continue
            if host == public.netloc or _both_here(host, public.netloc):
                return f"{scheme}://{host}{public.path.rstrip('/')}"
        host = self.headers.get("host") or self.domain
        if host == self.domain or not public.netloc:
            return f"{scheme}://{self.domain or 'localhost'}"
        return settings().public_url.rstrip("/")

    def _scheme(self, default: str) -> str:
        given = self.headers.get("x-forwarded-proto", "").split(",")[0].strip().lower()
        return given if given in {"http", "https"} else default or "https"


def _both_here(host: str, other: str) -> bool:
    """Return whether two hosts are names of this machine, with the same port."""
    names = [each.rpartition(":") if ":" in each else (each, "", "") for each in (host, other)]
    return all(name[0] in _LOOPBACK for name in names) and names[0][2] == names[1][2]


def parse_object(body: bytes | str | None) -> dict[str, Any]:
    """Return the JSON object of a body; an empty body is an empty object. Raises BadRequest."""
    value = _parse_json(body)
    if not isinstance(value, dict):
        raise BadRequest(f"the body must be a JSON object, not {json_kind(value)}")
    return value


def _parse_json(body: bytes | str | None) -> Any:
    if body is None:
        return {}
    size = len(body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body)
    if size > MOST_BODY_BYTES:
        raise BadRequest(f"the body has {size} bytes; at most {MOST_BODY_BYTES} are accepted")
    if not body.strip():
        return {}
    try:
        value = json.loads(body, parse_constant=_no_constant)
    except RecursionError as error:
        raise BadRequest("the body is nested too deeply") from error
    except ValueError as error:
        raise BadRequest(f"the body is not JSON: {error}") from error
    _check_depth(value)
    return value


def _check_depth(value: object) -> None:
    """Raise BadRequest for a value in which whatever recurses after this would fail."""
    level = [value]
    for _ in range(_DEEPEST_BODY):
        level = [
            member
            for each in level
            if isinstance(each, dict | list)
            for member in (each.values() if isinstance(each, dict) else each)
            if isinstance(member, dict | list)
        ]
        if not level:
            return
    raise BadRequest(f"the body is nested more than {_DEEPEST_BODY} deep")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def json_kind(value: object) -> str:
    """Return what JSON calls a value, with its article."""
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean"}
    return names.get(type(value), "null" if value is None else "a number")


def dumps(body: object) -> str:
    """Return compact JSON. Characters outside ASCII are escaped, so lone surrogates are safe."""
    return json.dumps(body, separators=(",", ":"), allow_nan=False)


def answer(
    body: Body,
    status: int = HTTPStatus.OK,
    headers: Mapping[str, Any] | None = None,
    media_type: str = MEDIA_TYPE,
) -> Response[Any]:
    """Return a JSON response, compressed where that pays and the client takes it."""
    return answer_text(dumps(body), status, headers, media_type)


def answer_text(
    text: str,
    status: int = HTTPStatus.OK,
    headers: Mapping[str, Any] | None = None,
    media_type: str = MEDIA_TYPE,
) -> Response[Any]:
    """Return a response of JSON that was written before, compressed as in :func:`answer`."""
    return Response(
        status_code=int(status),
        content_type=media_type,
        body=text,
        headers=dict(headers or {}),
        compress=len(text) >= _COMPRESSED_FROM,
    )


def answer_nothing() -> Response[Any]:
    """Return 204."""
    return Response(status_code=int(HTTPStatus.NO_CONTENT), content_type=None, body="")


def answer_error(
    error: SwathError,
    request_id: str,
    headers: Mapping[str, Any] | None = None,
    *,
    form: str = "jsonapi",
) -> Response[Any]:
    """Return the response for an error, in the form of the contract, which names the request.

    ``form`` ``stac`` is that of a STAC API.
    """
    delay = {"Retry-After": str(error.retry_after)} if error.retry_after else {}
    all_headers = {**delay, **(headers or {})}
    if form == "stac":
        status = HTTPStatus.BAD_REQUEST if error.status == _INVALID else error.status
        return answer(stac_error(error), status, all_headers, "application/json")
    return answer(errors_body(error, request_id), error.status, all_headers)


def stac_error(error: SwathError) -> Body:
    """Return the body that answers an error in STAC's form."""
    where = [f"{each.pointer}: {each.detail}" if each.pointer else each.detail for each in error]
    return {"code": next(iter(error)).code, "description": "; ".join(where)}


def errors_body(error: SwathError, request_id: str) -> Body:
    """Return the body that answers an error; each of its members carries the request's id."""
    named = {"id": request_id} if request_id else {}
    return {"errors": [{**named, **each.to_json()} for each in error], "jsonapi": JSONAPI}
