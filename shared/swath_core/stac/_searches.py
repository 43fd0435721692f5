"""Searches of items: what a request asks, checked, and the query over images that it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from swath_core.definitions import EXTRA, IMAGE, Extras
from swath_core.documents import nearest, shown
from swath_core.errors import BadRequest
from swath_core.filters import (
    ID,
    MOST_CONDITIONS,
    Comparison,
    Expression,
    Or,
    Overlaps,
    Sort,
    conjunction,
)

from ._areas import box_area, intersects_area, parse_box
from ._fields import Fields
from ._intervals import parse_interval
from ._orders import parse_orders
from ._properties import QUERYABLES, SORTABLES, ItemProperties, Property
from ._query_extension import query_expression

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from swath_core.search import ImageQuery

PAGE_ITEMS = 100
MOST_ITEMS = 1_000
"""Items of a page, without a limit and with any."""
_NEWEST_FIRST = Sort("acquired", descending=True)

MEMBERS = (
    *("ids", "collections", "bbox", "intersects", "datetime", "query", "filter", "filter-lang"),
    *("filter-crs", "sortby", "fields", "limit", "token", "sign"),
)
"""What a search of items may ask."""
OF_COLLECTION = tuple(each for each in MEMBERS if each not in {"collections", "intersects"})
"""What a list of the items of a collection may ask."""
_BOUND = tuple(each for each in MEMBERS if each not in {"limit", "fields", "token", "sign"})
"""What a page's token is bound to."""

_FLAGS = {None: False, False: False, True: True, "false": False, "true": True}

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
"""What the coordinates of a filter are in: longitude and latitude."""

Json = Any


@dataclass(frozen=True)
class ItemSearch:
    """A search of items, checked.

    ``asked`` is what its tokens are bound to; ``extras`` returns what the collections declared.
    """

    expression: Expression
    sort: Sort
    sort_given: bool
    fields: Fields
    limit: int
    asked: Mapping[str, Json]
    area: Callable[[], BaseGeometry] | None = None
    token: str | None = None
    sign: bool = False
    extras: Callable[[], Extras] = Extras

    @classmethod
    def parse(
        cls,
        given: Mapping[str, Json],
        collection: str | None = None,
        extras: Callable[[], Extras] = Extras,
    ) -> ItemSearch:
        """Return the search of a body's members, or of a query string's (see :func:`decoded`).

        ``collection`` is the one whose items are listed; ``extras`` returns what the collections
        declare. Raises BadRequest naming the member.
        """
        given = given if collection is None else _within(given, collection)
        check_members(given, MEMBERS if collection is None else OF_COLLECTION)
        if "fields" in given and given["fields"] is None:
            message = "fields: null was sent, but an object or a list of names is expected"
            raise BadRequest(message, parameter="fields")
        present = {name: value for name, value in given.items() if value is not None}
        queryables = ItemProperties(QUERYABLES, extras)
        sort = parse_orders(present.get("sortby"), ItemProperties(SORTABLES, extras))
        conditions, area = list(_conditions(present, collection, queryables)), _area(present)
        if "filter" in present:
            asked, area = _filtered(present, area, queryables)
            conditions.append(asked)
        return cls(
            expression=conjunction(conditions),
            sort=sort or _NEWEST_FIRST,
            sort_given=sort is not None,
            fields=Fields.parse(present.get("fields")),
            limit=parse_limit(present.get("limit")),
            asked={"in": collection} | {name: present.get(name) for name in _BOUND},
            area=area,
            token=_token(present.get("token")),
            sign=parse_sign(present.get("sign")),
            extras=extras,
        )

    def images(self, user: str) -> ImageQuery:
        """Return the query over images. Its tokens are good for ``user`` only.

        Raises BadRequest for a geometry that is none.
        """
        from swath_core.search import ImageQuery, digest, types_of  # noqa: PLC0415 - H3, shapely

        names = self.expression.names | self.sort.names
        asks_for_extras = any(name.startswith(EXTRA) for name in names)
        return ImageQuery(
            expression=self.expression,
            area=None if self.area is None else self.area(),
            sort=self.sort,
            sort_given=self.sort_given,
            page_size=self.limit,
            digest=digest(user, "stac", self.asked, *types_of(self.sort)),
            declared=self.extras().by_name if asks_for_extras else {},
        )


def decoded(query: Mapping[str, str]) -> dict[str, Json]:
    """Return the members that a query string holds, as a body would hold them.

    Raises BadRequest.
    """
    found: dict[str, Json] = dict(query)
    for name in ("ids", "collections"):
        if name in query:
            found[name] = [each for each in query[name].split(",") if each]
    if "bbox" in query:
        found["bbox"] = [_number(each) for each in query["bbox"].split(",")]
    if "limit" in query:
        found["limit"] = _whole(query["limit"])
    if "datetime" in query:
        found["datetime"] = query["datetime"].replace(" ", "+")  # of an offset, not encoded
    for name in ("query", "intersects"):
        if name in query:
            found[name] = _json(name, query[name])
    if not query.get("datetime", "x"):
        del found["datetime"]
    return found


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _whole(text: str) -> int | str:
    return int(text) if text.strip().isdecimal() and len(text) < 20 else text  # noqa: PLR2004


def _json(name: str, text: str) -> Json:
    try:
        return json.loads(text, parse_constant=lambda constant: constant)
    except (ValueError, RecursionError) as error:
        message = f"{name}: {shown(text)} is not JSON ({error})"
        raise BadRequest(message, parameter=name) from error


# ---- members


def check_members(given: Mapping[str, Json], known: tuple[str, ...]) -> None:
    """Raise BadRequest for a member that would be ignored."""
    for name in given:
        if name not in known:
            message = (
                f"{shown(name)} is not asked here; what can be is {', '.join(known)}"
                f"{nearest(name, known)}"
            )
            raise BadRequest(message, parameter=name[:100])


def parse_limit(value: Json, default: int = PAGE_ITEMS, most: int = MOST_ITEMS) -> int:
    """Return how many objects a page may have: more than are given at once is as many as are.

    Raises BadRequest.
    """
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        message = f"limit: {shown(value)} was sent, but a whole number of at least 1 is expected"
        raise BadRequest(message, parameter="limit")
    return min(value, most)


def _token(value: Json) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    message = f"token: {shown(value)} was sent, but the text of a next link is expected"
    raise BadRequest(message, parameter="token")


def parse_sign(value: Json) -> bool:
    """Return whether files are to have addresses that open without a token. Raises BadRequest."""
    found = _FLAGS.get(value) if isinstance(value, str | bool | None) else None
    if found is None:
        message = f"sign: {shown(value)} was sent, but true or false is expected"
        raise BadRequest(message, parameter="sign")
    return found


def _within(given: Mapping[str, Json], collection: str) -> dict[str, Json]:
    """Return the members of a list of a collection's items, whom clients name a second time.

    Raises BadRequest for any other collection.
    """
    named = given.get("collections")
    if named and _texts("collections", named) != [collection]:
        message = f"collections: {shown(named)} was sent to the items of {shown(collection)}"
        raise BadRequest(message, parameter="collections")
    return {name: value for name, value in given.items() if name != "collections"}


def _texts(name: str, value: Json) -> list[str]:
    if isinstance(value, str):
        return [value]  # which clients send for a list of one
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        message = f"{name}: {shown(value)} was sent, but a list of texts is expected"
        raise BadRequest(message, parameter=name)
    if len(value) > MOST_CONDITIONS:
        message = f"{name}: {len(value)} were sent, but at most {MOST_CONDITIONS} are looked for"
        raise BadRequest(message, parameter=name)
    return value


def _conditions(
    given: Mapping[str, Json], collection: str | None, queryables: Mapping[str, Property]
) -> Iterator[Expression]:
    if collection is not None:
        yield one_of("product_id", [collection])
    elif given.get("collections"):
        yield one_of("product_id", _texts("collections", given["collections"]))
    if given.get("ids"):
        yield _named(_texts("ids", given["ids"]))
    if "datetime" in given:
        yield overlapping(given["datetime"])
    if "query" in given:
        yield query_expression(given["query"], queryables)


def one_of(name: str, values: list[str]) -> Expression:
    """Return the condition that an attribute is one of some texts."""
    return Comparison(IMAGE.attribute(name), "eq", tuple(values))


def _named(ids: list[str]) -> Expression:
    """Return the condition that an image has one of these names, or one of these full ids."""
    names, full = ([each for each in ids if (":" in each) is whole] for whole in (False, True))
    parts = [one_of("name", names)] if names else []
    parts += [Comparison(ID, "eq", tuple(full))] if full else []
    return parts[0] if len(parts) == 1 else Or(tuple(parts))


def overlapping(value: Json) -> Expression:
    """Return the condition of a ``datetime``. Raises BadRequest."""
    if not isinstance(value, str):
        message = f"datetime: {shown(value)} was sent, but a text is expected"
        raise BadRequest(message, parameter="datetime")
    return Overlaps(*parse_interval(value))


def _filtered(
    given: Mapping[str, Json],
    area: Callable[[], BaseGeometry] | None,
    queryables: Mapping[str, Property],
) -> tuple[Expression, Callable[[], BaseGeometry] | None]:
    """Return what a ``filter`` asks beside the area, and the area of both. Raises BadRequest."""
    from .cql2 import parse_cql2  # noqa: PLC0415 - shapely

    crs = given.get("filter-crs", CRS84)
    if crs != CRS84:
        message = f"filter-crs: {shown(crs)} was sent, but coordinates are in {CRS84}"
        raise BadRequest(message, parameter="filter-crs")
    language = given.get("filter-lang", language_of(given["filter"]))
    near = None if area is None else area()
    found = parse_cql2(given["filter"], language, queryables, area=near)
    whole = found.area
    return found.expression, None if whole is None else lambda: whole


def language_of(given: Json) -> str:
    """Return the language of a filter that is sent without its name."""
    return "cql2-text" if isinstance(given, str) else "cql2-json"


def _area(given: Mapping[str, Json]) -> Callable[[], BaseGeometry] | None:
    box, geometry = given.get("bbox"), given.get("intersects")
    if box is not None and geometry is not None:
        message = "bbox and intersects: a search has one of them"
        raise BadRequest(message, parameter="intersects")
    if box is not None:
        bounds = parse_box(box)
        return lambda: box_area(bounds)
    return None if geometry is None else lambda: intersects_area(geometry)
