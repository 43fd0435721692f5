"""The application: one resolver, all routes, and the one place where errors become responses."""

from __future__ import annotations

import importlib
import re
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, CORSConfig, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from swath_core.errors import MethodNotAllowed, NotFound, SwathError

from .request import ApiRequest
from .responses import answer_error, answer_failure
from .routes import ALIASES, METHODS, PUBLIC, Targets, catalog_routes

logger = Logger()
app = APIGatewayHttpResolver(
    cors=CORSConfig(
        allow_origin="*",
        allow_headers=[
            "Authorization",
            "Content-Type",
            "If-Match",
            "Idempotency-Key",
            "X-Request-Group",
        ],
        expose_headers=["ETag"],
        max_age=3600,
    ),
    strip_prefixes=list(ALIASES),
)


def _endpoint(targets: Targets, method: str, *, public: bool) -> Callable[..., Response[Any]]:
    """Return the function that answers a method of a route, refusing what it does not offer."""

    def endpoint(**parameters: str) -> Response[Any]:
        request = ApiRequest(app.current_event.raw_event)
        app.append_context(request=request)  # type: ignore[no-untyped-call]  # powertools
        if not public:
            logger.append_keys(user=request.caller.user)
        if method not in targets:
            offered = ", ".join(sorted(targets))
            message = f"{method} is not offered here, only {offered}"
            raise MethodNotAllowed(message)
        module, _, name = targets[method].partition(":")
        function = getattr(importlib.import_module(f"swath_api.{module}"), name)
        given = {key: unquote(value) for key, value in parameters.items()}
        response: Response[Any] = function(request, **given)
        return response

    return endpoint


def _register() -> None:
    for rule, targets in PUBLIC.items():
        for method in METHODS:
            app.route(rule, method)(_endpoint(targets, method, public=True))
    for rule, targets in catalog_routes():
        for method in METHODS:
            app.route(rule, method)(_endpoint(targets, method, public=False))


_register()


@app.not_found
def _no_route(_: NotFoundError) -> Response[Any]:
    request = ApiRequest(app.current_event.raw_event)
    try:
        logger.append_keys(user=request.caller.user)
        message = f"there is nothing at {request.path[:1000]}"
        raise NotFound(message)
    except SwathError as error:
        return answer_error(error)


@app.exception_handler(SwathError)  # type: ignore[untyped-decorator]  # powertools
def _refused(error: SwathError) -> Response[Any]:
    return answer_error(error)


@app.exception_handler(Exception)  # type: ignore[untyped-decorator]
def _failed(error: Exception) -> Response[Any]:
    logger.error("the request failed", exc_info=error)
    return answer_failure()


def resolve(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer one event, and log one line about it."""
    started = time.perf_counter()
    logger.clear_state()
    event = _normalised(event)
    response: dict[str, Any] = app.resolve(event, context)  # type: ignore[arg-type]  # any context
    http = event["requestContext"]["http"]
    if http["method"] == "HEAD":
        response["body"] = ""
        response["isBase64Encoded"] = False
    logger.info(
        "answered",
        method=http["method"],
        path=event["rawPath"],
        status=response["statusCode"],
        milliseconds=round((time.perf_counter() - started) * 1000, 1),
        request_id=event["requestContext"].get("requestId"),
        failed=response["statusCode"] >= HTTPStatus.INTERNAL_SERVER_ERROR,
    )
    return response


_DOUBLE_SLASH = re.compile(r"/{2,}")


def _normalised(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the event as the resolver matches it.

    A base address with a slash at its end makes clients ask for ``//products``.
    """
    path = _DOUBLE_SLASH.sub("/", str(event.get("rawPath") or "/"))
    return {**event, "rawPath": path, "headers": event.get("headers") or {}}
