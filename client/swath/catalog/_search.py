"""Searches: built step by step, carried out when their results are asked for."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Generic, Self, TypeVar, cast

from swath.arguments import public
from swath.http import Client, default_client
from swath.progress import track

from ._attribute import unknown_attribute
from ._collection import Collection
from ._expressions import And, Expression
from ._features import feature_collection, to_geopandas
from ._html import search_html
from ._included import Included
from ._resource import Resource

T = TypeVar("T", bound=Resource)


@public
class Search(Generic[T]):
    """A search for objects of one class; every method that refines it returns a new search.

    Iterate over it for the objects; while one page is being worked on, the next is on its way.
    """

    def __init__(
        self,
        kind: type[T],
        *,
        client: Client | None = None,
        request_params: dict[str, Any] | None = None,
    ) -> None:
        self._kind = kind
        self._client = client
        self._extra = dict(request_params or {})
        self._filters: tuple[Expression, ...] = ()
        self._order: str | None = None
        self._most: int | None = None
        self._text: str | None = None
        self._show_progress: bool | None = False

    # -- refining -----------------------------------------------------------------------------

    def filter(self, *expressions: Expression) -> Self:
        """Only objects for which all expressions are true, on top of earlier filters.

        Raises TypeError for something that is no expression, AttributeError for an unknown name.
        """
        for expression in expressions:
            if not isinstance(expression, Expression):
                raise TypeError(f"{expression!r} is no filter; write it like p.name == 'x'")
            for name in expression.names():
                self._check(name)
        return self._with(_filters=self._filters + expressions)

    def sort(self, field: str, ascending: bool = True) -> Self:  # noqa: FBT001, FBT002 - the known form
        """In the order of an attribute; the last call decides. A `-` before it: descending."""
        name = field.removeprefix("-")
        self._check(name)
        up = ascending and name == field
        return self._with(_order=name if up else f"-{name}")

    def limit(self, limit: int) -> Self:
        """At most so many objects."""
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < 0:
            raise ValueError(f"a limit is a whole number from 0, not {limit!r}")
        return self._with(_most=limit)

    def find_text(self, text: str) -> Self:
        """Only objects whose names or descriptions hold these words."""
        if not isinstance(text, str):
            raise TypeError(f"the text to find is a string, not {text!r}")
        return self._with(_text=text)

    def progress(self, show: bool | None = True) -> Self:  # noqa: FBT001, FBT002 - a switch
        """Show a bar while iterating; None: only where somebody looks (see `swath.progress`)."""
        return self._with(_show_progress=show)

    # -- results ------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[T]:
        if self._show_progress is False:
            return self._objects()
        total = self.count()
        total = total if self._most is None else min(total, self._most)
        return track(self._objects(), total, self._kind._collection, show=self._show_progress)

    def first(self) -> T | None:
        """The first object, or None."""
        return next(iter(self.limit(1)), None)

    def count(self) -> int:
        """How many objects match; a limit plays no part."""
        body = self._request({**self._body(), "limit": 0})
        return int(body["meta"]["count"])

    def collect(self) -> Collection[T]:
        """All objects at once, in a collection that groups, filters and sorts."""
        return Collection(self)

    def explain(self) -> dict[str, Any]:
        """How the service would carry out the search and what it costs (the answer's `explain`)."""
        body = self._request({**self._body(), "explain": True})
        plan = (body.get("meta") or {}).get("explain")
        return cast("dict[str, Any]", plan or {})

    def to_geojson(self) -> dict[str, Any]:
        """A GeoJSON FeatureCollection: footprints (null where there are none) and attributes."""
        return feature_collection(self)

    def to_geopandas(self) -> Any:
        """A GeoDataFrame in EPSG:4326, one row per object, indexed by id. Needs geopandas."""
        return to_geopandas(self)

    def __repr__(self) -> str:
        body = ", ".join(f"{name}={value}" for name, value in self._body().items())
        return f"<{type(self).__name__} of {self._kind.__name__}: {body}>"

    def _repr_html_(self) -> str:
        title = f"{type(self).__name__} of {self._kind.__name__}"
        members = {k: v for k, v in self._body().items() if k != "intersects"}
        return search_html(title, members, self._places())

    # -- inside -------------------------------------------------------------------------------

    def _with(self, **changes: Any) -> Self:
        other = copy.copy(self)
        vars(other).update(changes)
        return other

    def _places(self) -> list[Any]:
        """The shapely geometries that it is restricted to."""
        return []

    def _check(self, name: str) -> None:
        if name not in self._kind._searchable():
            raise AttributeError(unknown_attribute(self._kind, name))

    def _body(self) -> dict[str, Any]:
        """The contract's members of the request, all but `include`."""
        parts = [p for f in self._filters for p in (f.parts if isinstance(f, And) else [f])]
        filters = [part.to_wire() for part in parts]
        members = {
            "filter": json.dumps(filters, separators=(",", ":")) if filters else None,
            "sort": self._order,
            "limit": self._most,
            "text": self._text,
        }
        return {**{k: v for k, v in members.items() if v is not None}, **self._extra}

    def _request(self, body: dict[str, Any], suffix: str = "") -> dict[str, Any]:
        client = self._client or default_client()
        return client.catalog("PUT", f"/{self._kind._collection}{suffix}", json=body)

    def _objects(self) -> Iterator[T]:
        left = self._most
        for page in self._pages():
            included = Included(page)
            for resource in page["data"][:left]:
                yield self._kind._from_resource(resource, self._client, included)
            left = None if left is None else left - len(page["data"])

    def _pages(self) -> Iterator[dict[str, Any]]:
        """The pages, the next of which is requested while the current one is used."""
        body = {**self._body(), **self._kind._including()}
        page = self._request(body)
        with ThreadPoolExecutor(1, thread_name_prefix="swath-pages") as background:
            while page.get("data"):
                query = _continuation(page)
                following = background.submit(self._request, body, query) if query else None
                yield page
                if following is None:
                    return
                page = following.result()


def _continuation(page: dict[str, Any]) -> str | None:
    """The query string of `links.next`, or None on the last page.

    Only the query is taken: the token is never sent to a host that an answer names.
    """
    following = (page.get("links") or {}).get("next")
    return f"?{following.partition('?')[2]}" if following else None
