"""The aggregation extension: counts and frequencies of what a search finds, exact or refused.

What the rollups or one end of the index can tell is asked of them; whatever else is wanted is
counted in one pass over the matches, which is bounded in time as every search is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from swath_core.definitions import Extras, ListOf
from swath_core.documents import finite, nearest, shown
from swath_core.errors import BadRequest
from swath_core.filters import Sort

from ._properties import EXTRA_PREFIX, QUERYABLES, Property, declared_name
from ._searches import MEMBERS, check_members

if TYPE_CHECKING:
    from swath_core.search import Batch, ImageQuery, ImageSearch, SearchProduct
    from swath_core.summaries import Interval, Summaries

    from ._aggregators import Aggregation, Frequency

TOTAL, EARLIEST, LATEST = "total_count", "datetime_min", "datetime_max"
MOMENTS, COLLECTIONS = "datetime_frequency", "collection_frequency"
GRIDS = ("grid_geohex_frequency", "grid_geohash_frequency", "grid_geotile_frequency")

AUTOMATIC_INTERVALS = 100
"""Intervals between the first and the last image, at most, where a request names no interval."""

_WIDTHS = {"view:azimuth": 30, "view:sun_azimuth": 30, "swath:area": 1_000}
_FRACTIONS = ("fraction", "confidence_dlsr")


def _of_kind(kind: str) -> dict[str, Property]:
    """Return the properties of a JSON type by the name of their frequency."""
    return {
        f"{name.rpartition(':')[2]}_frequency": each
        for name, each in QUERYABLES.items()
        if _kind(each) == kind and name not in {"id", "collection"}
    }


def _kind(asked: Property) -> str:
    type_ = asked.attribute.type
    schema = (type_.item if isinstance(type_, ListOf) else type_).schema()
    return str(schema["type"] if schema.get("format") != "date-time" else "date-time")


def _of_number(name: str) -> tuple[str, str]:
    return f"{name}_interval", f"{name}_ranges"


_NUMERIC = frozenset({"number", "integer"})
TERMS = _of_kind("string")
NUMBERS = _of_kind("number")
"""The properties whose frequency is counted, by the name of the aggregation."""

PARAMETERS: Mapping[str, tuple[str, ...]] = {
    MOMENTS: (f"{MOMENTS}_interval",),
    **{name: _of_number(name) for name in NUMBERS},
    **{name: (f"{name}_precision",) for name in GRIDS},
}
"""What a request may say about an aggregation, by its name."""

_SINGLE = {TOTAL: "integer", EARLIEST: "datetime", LATEST: "datetime"}
_DISTRIBUTED = {
    MOMENTS: "datetime",
    COLLECTIONS: "string",
    **dict.fromkeys(NUMBERS, "numeric"),
    **dict.fromkeys(TERMS, "string"),
    **dict.fromkeys(GRIDS, "string"),
}
NAMES = (*_SINGLE, *_DISTRIBUTED)
"""The aggregations that there are."""


def declared_frequencies(extras: Extras) -> dict[str, Property]:
    """Return the declared properties whose frequency is counted, by the aggregations' names.

    Times are not: of them there are nearly as many as items.
    """
    made: dict[str, Property] = {}
    for name, found in extras.found.items():
        asked = Property(declared_name(name), found)
        if _kind(asked) != "date-time":
            made[frequency_name(name)] = asked
    return made


def frequency_name(extra: str) -> str:
    """Return the name of the frequency of a declared property: none that is another's."""
    name = f"{declared_name(extra)}_frequency"
    return f"{EXTRA_PREFIX}{extra}_frequency" if name in NAMES else name


def described(extras: Extras) -> list[dict[str, Any]]:
    """Return what ``/aggregations`` lists; ``extras`` are those that a collection declares."""
    found = declared_frequencies(extras)
    declared = {n: "numeric" if _kind(p) in _NUMERIC else "string" for n, p in found.items()}
    single = [{"name": name, "data_type": type_} for name, type_ in _SINGLE.items()]
    return single + [
        {
            "name": name,
            "data_type": "frequency_distribution",
            "frequency_distribution_data_type": type_,
        }
        for name, type_ in {**_DISTRIBUTED, **declared}.items()
    ]


# ---- what is asked


@dataclass(frozen=True)
class Aggregations:
    """The aggregations that a request asks for, checked, in its order.

    ``terms`` and ``numbers`` are the properties whose frequency is asked for, by its name.
    """

    names: tuple[str, ...]
    parameters: Mapping[str, Any]
    terms: Mapping[str, Property] = field(default_factory=dict)
    numbers: Mapping[str, Property] = field(default_factory=dict)

    @classmethod
    def parse(cls, given: Mapping[str, Any], extras: Callable[[], Extras] = Extras) -> Aggregations:
        """Return what a body's members, or those of a query string, ask. Raises BadRequest.

        What belongs to the search is left alone: see :func:`searched`. ``extras`` returns what
        the collections declare.
        """
        names = given.get("aggregations")
        if isinstance(names, str):
            names = [each for each in names.split(",") if each]
        if not isinstance(names, list | None):
            raise _bad("aggregations", names, "a list of names")
        declared = _declared([each for each in names or () if each not in NAMES], extras)
        asked = tuple(dict.fromkeys(names or ()))
        terms = {name: each for name, each in declared.items() if _kind(each) not in _NUMERIC}
        numbers = {name: each for name, each in declared.items() if name not in terms}
        known = {**PARAMETERS, **{name: _of_number(name) for name in numbers}}
        check_members(given, (*_SEARCHED, "aggregations", *_parameters(known, known)))
        return cls(
            asked,
            {name: given[name] for name in _parameters(asked, known) if name in given},
            {name: TERMS[name] for name in asked if name in TERMS} | terms,
            {name: NUMBERS[name] for name in asked if name in NUMBERS} | numbers,
        )

    @property
    def interval(self) -> Interval | None:
        """The interval of ``datetime_frequency``; None: it is chosen. Raises BadRequest."""
        from swath_core.summaries import Interval  # noqa: PLC0415 - numpy and H3

        name = f"{MOMENTS}_interval"
        text = self.parameters.get(name)
        if text is None:
            return None
        if not isinstance(text, str) or text not in set(Interval):
            raise _bad(name, text, f"one of {', '.join(Interval)}")
        return Interval(text)

    def width(self, name: str, of: Property) -> Decimal:
        """Return how wide the ranges of a number are. Raises BadRequest."""
        parameter = f"{name}_interval"
        given = self.parameters.get(parameter)
        if given is None:
            return _width(of)
        number = _number(given)
        if number is None or not _NARROWEST <= number <= _WIDEST:
            raise _bad(parameter, given, f"a number from {_NARROWEST} to {_WIDEST}")
        return Decimal(repr(number))

    def edges(self, name: str) -> tuple[float, ...]:
        """Return the numbers that part the ranges of a number; none: widths do. Raises."""
        parameter = f"{name}_ranges"
        given = self.parameters.get(parameter)
        if given is None:
            return ()
        parts = given.split(",") if isinstance(given, str) else given
        numbers = [_number(each) for each in parts] if isinstance(parts, list) else []
        edges = tuple(number for number in numbers if number is not None)
        rising = all(low < high for low, high in pairwise(edges))
        if not 0 < len(edges) <= _MOST_EDGES or len(edges) < len(numbers) or not rising:
            raise _bad(parameter, given, f"1 to {_MOST_EDGES} ascending numbers")
        return edges

    def precision(self, name: str, least: int, most: int, default: int) -> int:
        """Return the precision of a grid. Raises BadRequest."""
        parameter = f"{name}_precision"
        given = self.parameters.get(parameter, default)
        number = _number(given)
        if number is None or number != int(number) or not least <= number <= most:
            raise _bad(parameter, given, f"a whole number from {least} to {most}")
        return int(number)


def searched(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of a request that say which items are aggregated."""
    return {name: value for name, value in given.items() if name in _SEARCHED}


_SEARCHED = tuple(
    each for each in MEMBERS if each not in {"sortby", "fields", "limit", "token", "sign"}
)
_NARROWEST, _WIDEST = 1e-6, 1e12
_MOST_EDGES = 1_000
_AT_ONCE = 8


def _declared(names: Sequence[Any], extras: Callable[[], Extras]) -> dict[str, Property]:
    """Return the declared properties of aggregations that not all collections have."""
    if not names:
        return {}
    found = extras()
    there = declared_frequencies(found)
    for name in names:
        if not isinstance(name, str) or name not in there:
            for differing in found.differing:
                if name == frequency_name(differing):
                    found.get(differing)  # which says what differs
            every = (*NAMES, *there)
            near = nearest(name, every) if isinstance(name, str) else ""
            raise _bad("aggregations", name, f"one of {', '.join(every)}", near)
    return {name: there[name] for name in names}


def _parameters(names: Iterable[str], known: Mapping[str, tuple[str, ...]]) -> list[str]:
    return [each for name in names for each in known.get(name, ())]


def _width(of: Property) -> Decimal:
    fraction = of.name.endswith(_FRACTIONS)
    return Decimal("0.1") if fraction else Decimal(_WIDTHS.get(of.name, 10))


def _number(value: object) -> float | None:
    if isinstance(value, str):
        try:
            return finite(float(value))
        except ValueError:
            return None
    return finite(value)


def _bad(name: str, given: object, right: str, near: str = "") -> BadRequest:
    message = f"{name}: {shown(given)} was sent, but {right} is expected{near}"
    return BadRequest(message, parameter=name)


# ---- what is answered


@dataclass(frozen=True)
class Aggregator:
    """Answers aggregations over the images of a query. ``products`` are those readable."""

    search: ImageSearch
    summaries: Summaries
    query: ImageQuery
    products: Sequence[SearchProduct]

    def answers(self, asked: Aggregations) -> list[Aggregation]:
        """Return the aggregations in the order asked.

        Raises BadRequest where a parameter is none, or where counting takes too long.
        """
        counters = self._counters(asked)
        if not counters:
            told = {TOTAL: self._total, EARLIEST: self._first, LATEST: self._last}
            told |= {COLLECTIONS: self._collections}
            return [told[name]() if name in told else self._series(asked) for name in asked.names]
        total, ends = self._count(counters.values())
        single = {TOTAL: total, EARLIEST: ends[0], LATEST: ends[1]}
        return [
            counters[name].answer() if name in counters else _value(name, single[name])
            for name in asked.names
        ]

    def _counters(self, asked: Aggregations) -> dict[str, Frequency]:
        """Return what counts match by match, if something has to be counted so."""
        from ._aggregators import Cells, Collections, Moments, Ranges, Terms  # noqa: PLC0415
        from ._grids import GRIDS as CELLS  # noqa: PLC0415

        made: dict[str, Frequency] = {}
        for name in asked.names:
            if name in asked.terms:
                made[name] = Terms(name, asked.terms[name].attribute)
            elif name in asked.numbers:
                of = asked.numbers[name]
                width, edges = asked.width(name, of), asked.edges(name)
                made[name] = Ranges(name, of.attribute, width, edges)
            elif name in CELLS:
                grid = CELLS[name]
                precision = asked.precision(name, grid.least, grid.most, grid.default)
                made[name] = Cells(name, grid.cells, precision)
        if made and MOMENTS in asked.names:
            made[MOMENTS] = Moments(MOMENTS, self._interval(asked).start)
        if made and COLLECTIONS in asked.names:
            made[COLLECTIONS] = Collections(COLLECTIONS)
        return made

    def _count(self, counters: Iterable[Frequency]) -> tuple[int, tuple[str | None, str | None]]:
        """Count all matches; return how many there are, and when the ends of them were taken."""
        names = frozenset[str]().union(*(each.names for each in counters))
        footprints = any(each.footprints for each in counters)
        total, ends = 0, set[str]()
        declared = {name: each for one in counters for name, each in one.declared.items()}
        query = replace(
            self.query, sort=Sort("acquired"), declared={**self.query.declared, **declared}
        )
        for batch in self.search.batches(
            query,
            self.products,
            footprints=footprints,
            attributes=bool(names),
            centroids=any(each.centroids for each in counters),
            whole=names,
        ):
            if not batch:
                continue
            for each in counters:
                each.add(batch) if isinstance(batch, list) else each.add_rows(batch)
            total += len(batch)
            ends |= _ends(batch)
        return total, (min(ends, default=None), max(ends, default=None))

    # ---- without looking at every match

    def _total(self) -> Aggregation:
        return _value(TOTAL, self.search.count(self.query, self.products)[0])

    def _first(self) -> Aggregation:
        return _value(EARLIEST, self._end(descending=False))

    def _last(self) -> Aggregation:
        return _value(LATEST, self._end(descending=True))

    def _end(self, *, descending: bool) -> str | None:
        one = replace(self.query, sort=Sort("acquired", descending), sort_given=True, limit=1)
        page = self.search.page(one, self.products)
        return page.documents[0].attributes["acquired"] if page.documents else None

    def _collections(self) -> Aggregation:
        from ._aggregators import distribution  # noqa: PLC0415

        with ThreadPoolExecutor(_AT_ONCE) as threads:
            found = list(threads.map(self._counted, self.products))
        ordered = sorted(found, key=lambda each: (-each[1], each[0]))
        buckets = [
            {"key": name, "data_type": "string", "frequency": count}
            for name, count in ordered
            if count
        ]
        return distribution(COLLECTIONS, buckets)

    def _counted(self, product: SearchProduct) -> tuple[str, int]:
        return product.id, self.search.count(self.query, [product])[0]

    def _series(self, asked: Aggregations) -> Aggregation:
        from swath_core.summaries import DateField, RequestedRange  # noqa: PLC0415

        from ._aggregators import distribution  # noqa: PLC0415

        found = self.summaries.series(
            self.query,
            self.products,
            DateField.ACQUIRED,
            self._interval(asked),
            RequestedRange(),
        )
        buckets = [
            {"key": start, "data_type": "datetime", "frequency": summary.count}
            for start, summary in found.items()
        ]
        return distribution(MOMENTS, buckets)

    def _interval(self, asked: Aggregations) -> Interval:
        """Return the interval asked for, or the shortest with few enough from end to end."""
        from swath_core.summaries import Interval  # noqa: PLC0415

        if asked.interval is not None:
            return asked.interval
        first, last = self._end(descending=False), self._end(descending=True)
        if first is None or last is None:
            return Interval.YEAR
        fitting = (
            each
            for each in reversed(Interval)
            if each.count_between(first, last) <= AUTOMATIC_INTERVALS
        )
        return next(fitting, Interval.YEAR)


def _ends(batch: Batch) -> set[str]:
    """Return when the first and the last of some matches were taken."""
    if isinstance(batch, list):
        moments = [match.acquired for match in batch]
        return {min(moments), max(moments)}
    return set(batch.ends)


def _value(name: str, value: Any) -> Aggregation:
    return {"name": name, "data_type": _SINGLE[name], "value": value}
