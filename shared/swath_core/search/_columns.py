"""What of a mirror's file satisfies a query, decided column by column.

It means what the matcher means (``_merge``), which decides posting by posting: key range, area,
predicate; and where the file leaves a long attribute out, the document tells.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from swath_core.definitions import IMAGE, Choice, Number, Text, Timestamp
from swath_core.filters import (
    And,
    Comparison,
    Expression,
    IsNull,
    KeyRange,
    Or,
    Sort,
    is_after,
    sort_key,
    sorted_keys,
)
from swath_core.index import IN_KEYS, key_of
from swath_core.mirror import COLUMNS, NO_MOMENT, Kind, MirrorColumns, MirrorPart, moment_texts

from ._merge import Matcher
from ._query import ImageQuery, Match

Places = NDArray[np.intp]
Mask = NDArray[np.bool_]

_ORDERS: Mapping[str, Callable[[Any, Any], Any]] = {
    "gt": np.greater,
    "gte": np.greater_equal,
    "lt": np.less,
    "lte": np.less_equal,
}
_MOMENT = len("2021-05-31T10:20:30.000000Z")


@dataclass(frozen=True, slots=True)
class MirrorRows:
    """Matches in a file: their places."""

    columns: MirrorColumns
    places: Places

    @property
    def product_id(self) -> str:
        """The product that they are of."""
        return self.columns.product_id

    def __len__(self) -> int:
        return len(self.places)

    @property
    def stored(self) -> NDArray[np.int64]:
        """The stored bytes of each."""
        stored: NDArray[np.int64] = self.columns.bytes[self.places]
        return stored

    def moments(self, name: str) -> NDArray[np.int64]:
        """Return a date attribute in microseconds; ``NO_MOMENT`` where it is not set."""
        found: NDArray[np.int64] = self.columns.values(name)[self.places]
        return found

    @property
    def centroids(self) -> NDArray[np.float64]:
        """Longitude and latitude of the footprints' centroids; NaN without a footprint."""
        middles: NDArray[np.float64] = self.columns.centroids[self.places]
        return middles

    def matches(self, places: Places | None = None) -> list[Match]:
        """Return them, or some of them, as the index would hold them."""
        chosen = self.places if places is None else places
        return [Match(row.key, self.product_id, row) for row in self.columns.rows(chosen)]

    def first(self, sort: Sort, last: tuple[Any, ...] | None, most: int) -> list[Match]:
        """Return at least those of the first ``most`` in an order that come behind a sort key."""
        names = sort.names
        short = np.intersect1d(self.places, self.columns.omitting(names))
        places = _leading(self.columns, np.setdiff1d(self.places, short), sort, last, most)
        values = _Values(self.columns, names | {"id"})
        keys = {sort_key(sort, IMAGE, values.at(place)): place for place in places.tolist()}
        behind = [key for key in keys if last is None or is_after(key, last, sort)]
        best = [keys[key] for key in sorted_keys(behind, sort)[:most]]
        return self.matches(np.array(sorted([*best, *short.tolist()]), dtype=np.intp))


def _leading(
    columns: MirrorColumns, places: Places, sort: Sort, last: tuple[Any, ...] | None, most: int
) -> Places:
    """Leave out what the first of several sort keys alone puts behind so many others."""
    order = sort.all[0]
    kind = COLUMNS.get(order.name)
    if kind is not Kind.NUMBER:
        return places
    values = columns.values(order.name)[places]
    ranks = np.where(np.isnan(values), np.inf, -values if order.descending else values)
    if last is not None:
        edge = np.inf if last[0] is None else (-last[0] if order.descending else last[0])
        behind = ranks >= edge
        places, ranks = places[behind], ranks[behind]
    if len(places) <= most:
        return places
    leading: Places = places[ranks <= np.partition(ranks, most - 1)[most - 1]]
    return leading


def selected(matcher: Matcher, part: MirrorPart, columns: MirrorColumns) -> MirrorRows:
    """Return the matches in a file of a part."""
    asked = matcher.plan.queries[part.product_id]
    places = columns.places_of_days(part.month, part.days)
    matcher.cost.images += len(places)
    places = _in_range(columns, places, asked.keys)
    places = _touching(matcher.plan.query, columns, places)
    names = asked.predicate.names
    short = np.intersect1d(places, columns.omitting(names))
    told = np.setdiff1d(places, short)
    good = told[_Evaluation(columns, told).of(asked.predicate)]
    if len(short):
        rows = MirrorRows(columns, short)
        good = np.union1d(good, short[matcher.told_by_documents(rows.matches())])
    matcher.cost.matches += len(good)
    return MirrorRows(columns, good)


def _in_range(columns: MirrorColumns, places: Places, keys: KeyRange) -> Places:
    """Return the places whose keys lie in a range; only those at its very ends are spelled out."""
    moments = columns.acquired[places]
    inside = np.ones(len(places), dtype=bool)
    edges = np.zeros(len(places), dtype=bool)
    for bound, is_low in ((keys.low, True), (keys.high, False)):
        moment = _moment_of(bound[:_MOMENT])
        if moment is None:
            continue
        inside &= moments >= moment if is_low else moments <= moment
        edges |= moments == moment
    for number in np.flatnonzero(inside & edges).tolist():
        place = int(places[number])
        (text,) = moment_texts(columns.acquired[place : place + 1])
        inside[number] = keys.low <= key_of(str(text), columns.ids[place]) <= keys.high
    return places[inside]


def _moment_of(text: str) -> int | None:
    """Return a canonical timestamp in microseconds; None for a bound that is none."""
    if len(text) != _MOMENT or not text.endswith("Z"):
        return None
    return int(np.datetime64(text[:-1], "us").astype(np.int64))


def _touching(query: ImageQuery, columns: MirrorColumns, places: Places) -> Places:
    if query.area is None:
        return places
    west, south, east, north = query.area.bounds
    boxes = columns.bounds[places]
    near = (boxes[:, 0] <= east) & (boxes[:, 2] >= west)
    near &= (boxes[:, 1] <= north) & (boxes[:, 3] >= south)
    hits = np.isnan(boxes[:, 0]) if query.or_without_area else np.zeros(len(places), dtype=bool)
    close = np.flatnonzero(near)
    # what has its box in the area is in it, too: most footprints need not be decoded
    inside = shapely.contains_properly(query.area, shapely.box(*boxes[close].T))
    hits[close[inside]] = True
    edge = close[~inside]
    shapes = shapely.from_wkb(columns.footprints[places[edge]])
    hits[edge[shapely.intersects(query.area, shapes)]] = True
    return places[hits]


class _Values:
    """The attributes of single images, as expressions and orders look at them."""

    def __init__(self, columns: MirrorColumns, names: frozenset[str]) -> None:
        self._columns = columns
        self._names = names
        self._texts = {
            name: moment_texts(columns.values(name))
            for name in names
            if name == "acquired" or COLUMNS.get(name) is Kind.MOMENT
        }

    def at(self, place: int) -> dict[str, Any]:
        """Return what is set of an image."""
        found = {name: self._value(name, place) for name in self._names}
        return {name: value for name, value in found.items() if value is not None}

    def _value(self, name: str, place: int) -> Any:
        columns = self._columns
        if name in self._texts:
            return self._texts[name][place]
        if name in IN_KEYS:
            image_id = columns.ids[place]
            product_id = columns.product_id
            named = {"id": image_id, "product_id": product_id}
            return named.get(name, image_id[len(product_id) + 1 :])
        if name == "geometry":
            wkb = columns.footprints[place]
            return None if wkb is None else shapely.from_wkb(wkb)
        value = columns.values(name)[place]
        if COLUMNS[name] is Kind.NUMBER:
            return None if np.isnan(value) else float(value)
        return None if value == [] else value


class _Evaluation:
    """A predicate on some images of a file."""

    def __init__(self, columns: MirrorColumns, places: Places) -> None:
        self._columns = columns
        self._places = places

    def of(self, expression: Expression) -> Mask:
        """Return which images satisfy an expression."""
        if isinstance(expression, And):
            together = np.ones(len(self._places), dtype=bool)
            for part in expression.parts:
                together &= self.of(part)
            return together
        if isinstance(expression, Or):
            either = np.zeros(len(self._places), dtype=bool)
            for part in expression.parts:
                either |= self.of(part)
            return either
        found = None
        if isinstance(expression, Comparison):
            found = self._compared(expression)
        elif isinstance(expression, IsNull):
            found = self._null(expression)
        return self._one_by_one(expression) if found is None else found

    def _column(self, name: str) -> NDArray[Any] | None:
        is_column = name == "acquired" or name in COLUMNS
        return self._columns.values(name)[self._places] if is_column else None

    def _null(self, test: IsNull) -> Mask | None:
        kind, column = COLUMNS.get(test.attribute.name), self._column(test.attribute.name)
        if column is None or kind not in {Kind.NUMBER, Kind.MOMENT}:
            return None
        unset: Mask = np.isnan(column) if kind is Kind.NUMBER else column == NO_MOMENT
        return ~unset if test.negated else unset

    def _compared(self, test: Comparison) -> Mask | None:
        """Compare a column as a whole; None where the attribute's type compares otherwise."""
        type_, column = type(test.attribute.type), self._column(test.attribute.name)
        if column is not None and type_ in {Text, Choice}:
            return _texts(column.tolist(), test)
        if column is None or test.op == "prefix" or type_ not in {Number, Timestamp}:
            return None
        if type_ is Number:
            return _numbers(column, ~np.isnan(column), test.op, list(test.operands))
        moments = [_moment_of(str(each)) for each in test.operands]
        return None if None in moments else _numbers(column, column != NO_MOMENT, test.op, moments)

    def _one_by_one(self, expression: Expression) -> Mask:
        values = _Values(self._columns, expression.names)
        found = [expression.matches(values.at(place)) for place in self._places.tolist()]
        return np.array(found, dtype=bool)


def _texts(column: list[Any], test: Comparison) -> Mask:
    """Compare each distinct text once."""
    told = {text: test.matches({test.attribute.name: text}) for text in set(column)}
    return np.array([told[text] for text in column], dtype=bool)


def _numbers(column: NDArray[Any], there: Mask, op: str, operands: list[Any]) -> Mask:
    if op in _ORDERS:
        ordered: Mask = _ORDERS[op](column, operands[0])
        return ordered & there
    among: Mask = np.isin(column, np.array(operands, dtype=column.dtype))
    return (among if op == "eq" else ~among) & there
