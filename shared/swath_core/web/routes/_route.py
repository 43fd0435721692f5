"""What a row of a route table says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Literal

JSONAPI_TYPE = "application/vnd.api+json"


@dataclass(frozen=True, slots=True)
class Route:
    """What one method of one path does, and for whom.

    ``path`` is below the base of the table, parameters in braces. ``target`` is
    ``module:function`` in the table's package; the function takes the request and the path's
    parameters by name. ``name`` is the operation's in OpenAPI; ``request`` and ``response`` name
    schemas of its components, ``parameters`` those of header and query; ``others`` says what
    answers of other statuses than ``status`` mean. A token is needed unless the route is
    ``public``; with a ``ticket`` (``image`` or ``product``) in the query, a browser needs none.
    ``reads`` says of a method that usually changes something that it does not.
    """

    method: str
    path: str
    target: str
    name: str
    summary: str
    request: str | None = None
    response: str | None = None
    status: int = HTTPStatus.OK
    parameters: tuple[str, ...] = ()
    others: Mapping[int, str] = field(default_factory=dict)
    media_types: tuple[str, ...] = (JSONAPI_TYPE,)
    public: bool = False
    ticket: str | None = None
    reads: bool = False

    @property
    def reading(self) -> bool:
        """Whether it changes nothing, so that callers without a token may be let in."""
        return self.reads or self.method in {"GET", "HEAD"}


@dataclass(frozen=True, slots=True)
class RouteTable:
    """The routes of one face of the service.

    ``function`` is the function of the stack that serves them, ``package`` where their targets
    are, ``base`` what their paths begin with. ``prefixes`` may stand before the base, too.
    ``refusals`` are the statuses of errors that any of them may answer with, ``errors`` the form
    that errors have: JSON:API's, or STAC's ``{"code", "description"}``. With ``heads`` every path
    that takes GET takes HEAD (RFC 9110, 9.3.2).
    """

    function: str
    package: str
    routes: tuple[Route, ...]
    base: str = ""
    prefixes: tuple[str, ...] = ()
    request_type: str = JSONAPI_TYPE
    refusals: tuple[int, ...] = ()
    errors: Literal["jsonapi", "stac"] = "jsonapi"
    heads: bool = False

    def holds(self, path: str) -> bool:
        """Return whether a path lies below the base of the table."""
        return path == self.base or path.startswith(f"{self.base}/")

    def offered(self, routes: Mapping[str, Route]) -> Mapping[str, Route]:
        """Return which row answers each method of a path whose rows these are."""
        return {"HEAD": routes["GET"], **routes} if self.heads and "GET" in routes else routes

    def paths(self) -> dict[str, dict[str, Route]]:
        """Return the routes by full path and method, in the order of the table."""
        found: dict[str, dict[str, Route]] = {}
        for route in self.routes:
            found.setdefault(self.base + route.path, {})[route.method] = route
        return found
