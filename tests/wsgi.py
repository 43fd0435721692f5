"""The in-process API as a WSGI application, for tools that speak HTTP only."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

from swath_dev.inprocess import Context, InProcessApi

Start = Callable[[str, list[tuple[str, str]]], object]


class WsgiApi:
    """Turns WSGI requests into events of API Gateway."""

    def __init__(self, api: InProcessApi) -> None:
        self._api = api
        self.requests = 0

    def __call__(self, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        self.requests += 1
        path = quote(environ["PATH_INFO"].encode("latin-1"), safe="/:@!$&'()*+,;=~-._")
        query = environ.get("QUERY_STRING", "")
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length).decode("utf-8", "surrogateescape")
        headers = {
            name[5:].replace("_", "-").lower(): value
            for name, value in environ.items()
            if name.startswith("HTTP_")
        }
        headers.pop("accept-encoding", None)
        event = self._api.event(
            environ["REQUEST_METHOD"],
            f"{path}?{query}" if query else path,
            None,
            headers,
            body if length else None,
        )
        answer = self._api.handler.lambda_handler(event, Context())
        start_response(
            f"{answer['statusCode']} X",
            [(name, str(value)) for name, value in answer["headers"].items()],
        )
        return [(answer.get("body") or "").encode()]
