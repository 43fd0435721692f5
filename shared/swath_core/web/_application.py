"""A function's HTTP side: events in, the routes' functions called, errors made responses."""

from __future__ import annotations

import importlib
import re
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, CORSConfig, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from swath_core.errors import (
    MethodNotAllowed,
    NotFound,
    SwathError,
    TooManyRequests,
    Unauthorized,
)
from swath_core.settings import settings

from ._http import Request, answer_error
from .routes import TABLES, Route, RouteTable

if TYPE_CHECKING:
    from swath_core.access import Caller

Redeem = Callable[[str, str], "Caller"]
"""Returns the caller of a ticket for a subject (``image:ID``). Raises Unauthorized."""
Bind = Callable[[str, str], None]
"""Binds an idempotency key to the request that came with it. Raises Invalid for another one's."""

Pages = Callable[[Request], "Response[Any] | None"]
"""Returns the answer at a path that no route has, for anybody; None where there is none."""

_KEY = "Idempotency-Key"
_AS_SAID = {"X-Content-Type-Options": "nosniff"}
"""Browsers take an answer for what it says it is, not for a page that its text looks like."""

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_CORS = CORSConfig(
    allow_origin="*",
    allow_headers=[
        "Authorization",
        "Content-Type",
        "If-Match",
        "Idempotency-Key",
        "X-Request-Group",
        "X-Sign",
    ],
    expose_headers=["ETag"],
    max_age=3600,
)
_DOUBLE_SLASH = re.compile(r"/{2,}")

logger = Logger()


class InternalError(SwathError):
    """500: an error of our own; nothing of it leaves but that it happened."""

    status = 500
    title = "Internal error"


class Application:
    """What a function's ``lambda_handler`` is: it answers every route that the tables give it.

    Whoever calls is known before a route's function runs; ``redeem`` is needed where routes take
    tickets, ``bind`` where they take idempotency keys; ``pages`` answers paths that no table has.
    """

    def __init__(
        self,
        function: str,
        redeem: Redeem | None = None,
        bind: Bind | None = None,
        pages: Pages | None = None,
    ) -> None:
        self._function = function
        self._redeem = redeem
        self._bind = bind
        self._pages = pages
        tables = [table for table in TABLES if table.function == function]
        self._tables = tables
        prefixes: list[str | re.Pattern[str]] = [
            prefix for table in tables for prefix in table.prefixes
        ]
        self._resolver = APIGatewayHttpResolver(cors=_CORS, strip_prefixes=prefixes)
        self._resolver.not_found(self._no_route)
        self._resolver.exception_handler(SwathError)(self._refused)
        self._resolver.exception_handler(Exception)(self._failed)
        for table in tables:
            for path, routes in table.paths().items():
                self._register(path, table.offered(routes), table)

    def __call__(self, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        """Answer one event of an HTTP API or a function URL, and log one line about it."""
        started = time.perf_counter()
        event = _normalised(event)
        request_id = event["requestContext"].get("requestId")
        logger.clear_state()
        logger.append_keys(
            request_id=request_id, function_request_id=getattr(context, "aws_request_id", None)
        )
        response: dict[str, Any] = self._resolver.resolve(event, context)
        method, status = event["requestContext"]["http"]["method"], response["statusCode"]
        if method == "HEAD":
            response |= {"body": "", "isBase64Encoded": False}
        response["headers"] = {**response.get("headers", {}), **_AS_SAID}
        logger.info(
            "answered",
            method=method,
            path=event["rawPath"],
            status=status,
            characters=len(response.get("body") or ""),
            milliseconds=round((time.perf_counter() - started) * 1000, 1),
            failed=status >= HTTPStatus.INTERNAL_SERVER_ERROR,
            function=self._function,
            **_metrics(status),
        )
        return response

    def _register(self, path: str, routes: Mapping[str, Route], table: RouteTable) -> None:
        """Let the resolver know a path: its methods, and all others, which it does not offer."""
        rule = path.replace(".", r"\.").replace("{", "<").replace("}", ">")
        for method in _METHODS:
            endpoint = (
                self._endpoint(routes[method], table, path)
                if method in routes
                else self._unoffered(method, routes)
            )
            self._resolver.route(rule, method)(endpoint)

    def _endpoint(self, route: Route, table: RouteTable, rule: str) -> Callable[..., Response[Any]]:
        module, _, name = route.target.partition(":")

        def endpoint(**given: str) -> Response[Any]:
            parameters = {key: unquote(value) for key, value in given.items()}
            request = self._request(route, parameters)
            logger.append_keys(route=rule)
            if not route.public:
                logger.append_keys(user=request.caller.user)
                _check_known(request.caller, route)
                _within_quota(request.caller)
            if self._bind is not None and request.idempotency_key and _KEY in route.parameters:
                self._bind(request.key_id, request.fingerprint)
            function = getattr(importlib.import_module(f"{table.package}.{module}"), name)
            response: Response[Any] = function(request, **parameters)
            return response

        return endpoint

    def _unoffered(self, method: str, routes: Mapping[str, Route]) -> Callable[..., Response[Any]]:
        offered = ", ".join(sorted(routes))

        def endpoint(**_: str) -> Response[Any]:
            request = self._request()
            if not any(route.public for route in routes.values()):
                logger.append_keys(user=request.caller.user)
            error = MethodNotAllowed(f"{method} is not offered here, only {offered}")
            return self._error(error, request, {"Allow": offered})

        return endpoint

    def _request(
        self, route: Route | None = None, parameters: Mapping[str, str] | None = None
    ) -> Request:
        """Return the present request; with a ticket its route says for what it must be."""
        subject = f"{route.ticket}:{(parameters or {})['id']}" if route and route.ticket else None

        def authenticate(request: Request) -> Caller:
            ticket = request.query.get("token")
            if subject is not None and ticket is not None and self._redeem is not None:
                return _allowed(self._redeem(ticket, subject))
            return _bearer(request)

        context = self._resolver.lambda_context
        return Request(
            self._resolver.current_event.raw_event,
            authenticate,
            lambda: context.get_remaining_time_in_millis() / 1000,
        )

    def _error(
        self, error: SwathError, request: Request, headers: Mapping[str, str] | None = None
    ) -> Response[Any]:
        """Return the response for an error, in the form of the table that has the path."""
        form = next((each.errors for each in self._tables if each.holds(request.path)), "jsonapi")
        return answer_error(error, request.id, headers, form=form)

    def _no_route(self, _: NotFoundError) -> Response[Any]:
        request = self._request()
        try:
            page = self._pages(request) if self._pages is not None else None
            if page is not None:
                return page
            logger.append_keys(user=request.caller.user)
        except SwathError as error:
            return self._error(error, request)
        return self._error(NotFound(f"there is nothing at {request.path[:1000]}"), request)

    def _refused(self, error: SwathError) -> Response[Any]:
        return self._error(error, self._request())

    def _failed(self, error: Exception) -> Response[Any]:
        logger.error("the request failed", exc_info=error)
        detail = "the request could not be answered; it is logged, and may be tried again"
        return self._error(InternalError(detail), self._request())


def _metrics(status: int) -> dict[str, Any]:
    """Return what makes a log line a metric, too (CloudWatch embedded metric format).

    The line that is written anyway carries it, so a metric costs no call and no line of its own.
    The dimensions are few: each combination is a metric that is paid for. Routes are fields of
    the line, for queries over the log.
    """
    described = {
        "Namespace": "Swath",
        "Dimensions": [["service", "function", "answer"]],
        "Metrics": [
            {"Name": "requests", "Unit": "Count"},
            {"Name": "milliseconds", "Unit": "Milliseconds"},
        ],
    }
    directive = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [described]}
    return {"answer": f"{status // 100}xx", "requests": 1, "_aws": directive}


def _within_quota(caller: Caller) -> None:
    """Count the request if the stack limits its callers. Raises TooManyRequests."""
    most = settings().requests_per_minute
    if not most:
        return
    from swath_core.store.quota import count_request  # noqa: PLC0415 - only with a quota

    made, seconds_left = count_request(settings(), caller.user)
    if made > most:
        raise TooManyRequests(
            f"{made} requests in this minute; {most} are allowed, and the next minute begins in "
            f"{seconds_left} s",
            retry_after=seconds_left,
        )


def _bearer(request: Request) -> Caller:
    """Return the caller of the Authorization header. Raises Unauthorized.

    Without the header it is nobody in particular, where the stack lets them in.
    """
    from swath_core.access import ANONYMOUS, authenticate  # noqa: PLC0415 - with a token only

    given = request.headers.get("authorization")
    if given is None and settings().anonymous:
        return ANONYMOUS
    return authenticate(given, settings())


def _allowed(caller: Caller) -> Caller:
    """Return the caller of a ticket. Raises Unauthorized for nobody's, if none is let in now."""
    if caller.is_anonymous and not settings().anonymous:
        message = "a token is needed: Authorization: Bearer TOKEN"
        raise Unauthorized(message)
    return caller


def _check_known(caller: Caller, route: Route) -> None:
    """Raise Unauthorized where somebody without a token would change something."""
    if caller.is_anonymous and not route.reading:
        message = "without a token nothing is changed: Authorization: Bearer TOKEN"
        raise Unauthorized(message)


def _normalised(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the event as the resolver matches it.

    A base address with a slash at its end makes clients ask for ``//products``.
    """
    path = _DOUBLE_SLASH.sub("/", str(event.get("rawPath") or "/"))
    return {**event, "rawPath": path, "headers": event.get("headers") or {}}
