"""What of a mirror's file satisfies a query, decided column by column.

It means what the matcher means (``_merge``), which decides posting by posting: key range, area,
predicate; and where the file leaves a long attribute out, the document tells.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from swath_core.definitions import (
    EXTRA,
    IMAGE,
    Boolean,
    Choice,
    Integer,
    Number,
    Text,
    Timestamp,
)
from swath_core.filters import (
    EVERYTHING,
    And,
    Comparison,
    Expression,
    IsNull,
    KeyRange,
    Or,
    Sort,
    SortKey,
    is_after,
    sort_key,
    sorted_keys,
)
from swath_core.index import IN_KEYS, key_of
from swath_core.mirror import NO_MOMENT, Kind, MirrorColumns, MirrorPart, moment_texts

from ._merge import MOST_WHOLE, Matcher
from ._query import ImageQuery, Match

Places = NDArray[np.intp]
Mask = NDArray[np.bool_]

_ORDERS: Mapping[str, Callable[[Any, Any], Any]] = {
    "gt": np.greater,
    "gte": np.greater_equal,
    "lt": np.less,
    "lte": np.less_equal,
}
_WHOLE = 2**53
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
        stored: NDArray[np.int64] = self.columns.stored[self.places]
        return stored

    @property
    def acquired(self) -> list[str]:
        """When each was taken, as canonical timestamps."""
        return list(map(str, moment_texts(self.columns.acquired[self.places])))

    @property
    def ends(self) -> tuple[str, str]:
        """When the first and the last of them, of which there is one, were taken."""
        moments = self.columns.acquired[self.places]
        first, last = moment_texts(np.array([moments.min(), moments.max()]))
        return str(first), str(last)

    def parted(self, names: frozenset[str]) -> tuple[MirrorRows, MirrorRows]:
        """Return those whose attributes the file tells, and the others."""
        told, short = _parted(self.columns, self.places, names)
        return MirrorRows(self.columns, told), MirrorRows(self.columns, short)

    def values(self, name: str) -> NDArray[Any]:
        """Return an attribute: numbers (NaN: unset), or texts or lists of them (None: unset)."""
        return self.columns.values_at(name, self.places)

    def listed(self, name: str) -> list[Any]:
        """Return what is set of an attribute, moments as canonical timestamps; None: unset."""
        return _members(self.columns, name, self.places)

    def moments(self, name: str) -> NDArray[np.int64]:
        """Return a date attribute in microseconds; ``NO_MOMENT`` where it is not set."""
        return self.columns.values_at(name, self.places)

    @property
    def centroids(self) -> NDArray[np.float64]:
        """Longitude and latitude of the footprints' centroids; NaN without a footprint."""
        middles: NDArray[np.float64] = self.columns.centroids[self.places]
        return middles

    def cells(self, resolution: int) -> NDArray[np.int64]:
        """Return the H3 cells that the centroids lie in; 0 without a footprint."""
        return self.columns.cells(resolution, self.places)

    def matches(
        self,
        places: Places | None = None,
        *,
        footprints: bool = False,
        names: Collection[str] | None = None,
    ) -> list[Match]:
        """Return them, or some of them, as the index would hold them, with some attributes."""
        chosen = self.places if places is None else places
        if not len(chosen):
            return []  # no column is fetched for nothing
        rows = self.columns.rows(chosen, footprints=footprints, names=names)
        return [Match(row.key, self.product_id, row) for row in rows]

    def first_taken(self, most: int, *, descending: bool) -> list[Match]:
        """Return at least those ``most`` that were taken first, or last; in no order."""
        if len(self.places) <= most:
            return self.matches(names=())
        moments = self.columns.acquired[self.places]
        ranks = -moments if descending else moments
        first = self.places[ranks <= np.partition(ranks, most - 1)[most - 1]]
        return self.matches(first, names=())

    def first(
        self, sort: Sort, last: SortKey | None, most: int, worst: SortKey | None = None
    ) -> list[Match]:
        """Return at least those of the first ``most`` in an order that come behind a sort key.

        ``worst`` is a sort key behind which none is wanted.
        """
        names = sort.names
        told, short = _parted(self.columns, self.places, names)
        places = _leading(self.columns, told, sort, (last, worst), most)
        values = _told(self.columns, names | {"id"}, places)
        pairs = zip(values, places.tolist(), strict=True)
        keys = {sort_key(sort, IMAGE, each): place for each, place in pairs}
        behind = [key for key in keys if last is None or is_after(key, last, sort)]
        best = [keys[key] for key in sorted_keys(behind, sort)[:most]]
        chosen = np.array(sorted([*best, *short.tolist()]), dtype=np.intp)
        return self.matches(chosen, names=names)


def _leading(
    columns: MirrorColumns,
    places: Places,
    sort: Sort,
    between: tuple[SortKey | None, SortKey | None],
    most: int,
) -> Places:
    """Leave out what the first of several sort keys alone puts behind so many others.

    What it puts outside of two sort keys is left out, too. Those that it does not tell from the
    first of these are no others: they may come before it, as those of earlier pages do.
    """
    order = sort.all[0]
    kind = columns.kind(order.name)
    if kind not in {Kind.NUMBER, Kind.MOMENT}:
        return places
    values = columns.values_at(order.name, places)
    unset = np.isnan(values) if kind is Kind.NUMBER else values == NO_MOMENT
    sign = -1.0 if order.descending else 1.0
    ranks = np.where(unset, np.inf, sign * values)
    last, worst = (None if key is None else _rank(key[0], sign) for key in between)
    inside = np.ones(len(places), dtype=bool)
    if last is not None:
        inside &= ranks >= last
    if worst is not None:
        inside &= ranks <= worst
    places, ranks = places[inside], ranks[inside]
    tied = np.zeros(len(places), dtype=bool) if last is None else ranks == last
    others = ranks[~tied]
    if len(others) <= most:
        return places
    leading: Places = places[tied | (ranks <= np.partition(others, most - 1)[most - 1])]
    return leading


def _rank(value: Any, sign: float) -> float:
    """Return the rank of a sort key's first member, rounded as a column's ranks are."""
    if value is None:
        return float(np.inf)
    moment = _moment_of(value) if isinstance(value, str) else None
    return sign * float(value if moment is None else moment)


def selected(matcher: Matcher, part: MirrorPart, columns: MirrorColumns) -> MirrorRows:
    """Return the matches in a file of a part."""
    asked = matcher.plan.queries[part.product_id]
    if not len(columns):
        return MirrorRows(columns, np.empty(0, dtype=np.intp))
    places = columns.places_of_days(part.month, part.days)
    matcher.cost.images += len(places)
    places = _in_range(columns, places, asked.keys)
    places = _touching(matcher.plan.query, columns, places)
    told, short = _parted(columns, places, asked.predicate.names)
    good = told
    if asked.predicate != EVERYTHING:
        good = told[_Evaluation(columns, told).of(asked.predicate)]
    if len(short):
        rows = MirrorRows(columns, short)
        good = np.union1d(good, short[matcher.told_by_documents(rows.matches())])
    matcher.cost.matches += len(good)
    return MirrorRows(columns, good)


class ShortFileError(Exception):
    """A file leaves extra properties of so many images to documents that postings are read."""


def _parted(columns: MirrorColumns, places: Places, names: frozenset[str]) -> tuple[Places, Places]:
    """Return the places of images whose attributes the file tells, and of the others.

    Raises ShortFileError.
    """
    short = columns.omitting(names) if names else ()
    if not len(short):
        return places, np.empty(0, dtype=np.intp)
    left_out = np.zeros(len(columns), dtype=bool)
    left_out[short] = True
    told, others = places[~left_out[places]], places[left_out[places]]
    if len(others) > MOST_WHOLE and any(name.startswith(EXTRA) for name in names):
        raise ShortFileError
    return told, others


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
    close = np.flatnonzero(inside & edges)
    texts, ids = moment_texts(moments[close]), columns.ids(places[close])
    for number, text, image_id in zip(close.tolist(), texts, ids, strict=True):
        inside[number] = keys.low <= key_of(str(text), image_id) <= keys.high
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
    shapes = shapely.from_wkb(_objects(columns.footprints(places[edge])))
    hits[edge[shapely.intersects(query.area, shapes)]] = True
    return places[hits]


def _told(
    columns: MirrorColumns, names: frozenset[str], places: Places
) -> Iterator[dict[str, Any]]:
    """Yield what is set of single images, as expressions and orders look at them."""
    members = [_members(columns, name, places) for name in sorted(names)]
    for values in zip(*members, strict=True):
        held = zip(sorted(names), values, strict=True)
        yield {name: value for name, value in held if value is not None}


def _members(columns: MirrorColumns, name: str, places: Places) -> list[Any]:
    if name in IN_KEYS and name != "acquired":
        ids, product_id = columns.ids(places), columns.product_id
        if name == "product_id":
            return [product_id] * len(ids)
        return ids if name == "id" else [each[len(product_id) + 1 :] for each in ids]
    if name == "geometry":
        return list(shapely.from_wkb(_objects(columns.footprints(places))))
    column = columns.values_at(name, places)
    if name == "acquired" or columns.kind(name) is Kind.MOMENT:
        return moment_texts(column)
    if columns.kind(name) is Kind.NUMBER:
        return [None if each != each else each for each in column.tolist()]  # noqa: PLR0124 - NaN
    return [None if each == [] else each for each in column.tolist()]


def _objects(values: list[Any]) -> NDArray[np.object_]:
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found


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
        is_column = name == "acquired" or self._columns.kind(name) is not None
        return self._columns.values_at(name, self._places) if is_column else None

    def _null(self, test: IsNull) -> Mask | None:
        kind, column = self._kind(test), self._column(test.attribute.name)
        if column is None or kind not in {Kind.NUMBER, Kind.MOMENT}:
            return None
        unset: Mask = np.isnan(column) if kind is Kind.NUMBER else column == NO_MOMENT
        return ~unset if test.negated else unset

    def _compared(self, test: Comparison) -> Mask | None:
        """Compare a column as a whole; None where the attribute's type compares otherwise."""
        type_, column = type(test.attribute.type), self._column(test.attribute.name)
        if column is not None and type_ in {Text, Choice, Boolean}:
            return _texts(column.tolist(), test)
        if column is None or test.op == "prefix":
            return None
        if type_ is Number or (type_ is Integer and all(map(_is_double, test.operands))):
            return _numbers(column, ~np.isnan(column), test.op, list(test.operands))
        if type_ is not Timestamp:
            return None
        moments = [_moment_of(str(each)) for each in test.operands]
        return None if None in moments else _numbers(column, column != NO_MOMENT, test.op, moments)

    def _kind(self, test: IsNull) -> Kind | None:
        return self._columns.kind(test.attribute.name)

    def _one_by_one(self, expression: Expression) -> Mask:
        told = _told(self._columns, expression.names, self._places)
        return np.array([expression.matches(values) for values in told], dtype=bool)


def _is_double(operand: float) -> bool:
    """Return whether an operand is what a column of doubles compares with."""
    return abs(operand) <= _WHOLE


def _texts(column: list[Any], test: Comparison) -> Mask:
    """Compare each distinct text, or truth value, once."""
    told = {text: test.matches({test.attribute.name: text}) for text in set(column)}
    return np.array([told[text] for text in column], dtype=bool)


def _numbers(column: NDArray[Any], there: Mask, op: str, operands: list[Any]) -> Mask:
    if op in _ORDERS:
        ordered: Mask = _ORDERS[op](column, operands[0])
        return ordered & there
    among: Mask = np.isin(column, np.array(operands, dtype=column.dtype))
    return (among if op == "eq" else ~among) & there
