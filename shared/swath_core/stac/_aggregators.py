"""Frequencies that are counted match by match: terms, ranges of numbers, cells of a grid.

Each counts every match: those that it has no bucket for are its ``overflow``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal
from typing import Any

import h3.api.basic_int as h3
import numpy as np
from numpy.typing import NDArray

from swath_core.definitions import Attribute, Extra, ListOf
from swath_core.errors import BadRequest
from swath_core.geo import centroids_of
from swath_core.mirror import CELLS
from swath_core.search import Match, MirrorRows
from swath_core.summaries import cells_at

MOST_BUCKETS = 10_000
"""Buckets of one aggregation: each takes about 100 bytes, and a response has 6 MB."""

Floats = NDArray[np.float64]
Aggregation = dict[str, Any]
Bucket = dict[str, Any]


@dataclass
class Frequency(ABC):
    """A distribution in the making."""

    name: str
    counts: Counter[Any] = field(default_factory=Counter, init=False)
    overflow: int = field(default=0, init=False)

    data_type = "string"
    footprints = False
    centroids = False

    @property
    def names(self) -> frozenset[str]:
        """The attributes that it looks at."""
        return frozenset()

    @property
    def declared(self) -> Mapping[str, Attribute]:
        """The declared extra properties among them."""
        return {}

    @abstractmethod
    def keys(self, matches: Sequence[Match]) -> Iterator[Iterable[Any]]:
        """Yield the buckets of each match."""

    @abstractmethod
    def bucket(self, key: Any) -> Bucket:
        """Return what a bucket is, apart from its frequency."""

    def add(self, matches: Sequence[Match]) -> None:
        """Count matches. Raises BadRequest where they have too many buckets."""
        for keys in self.keys(matches):
            found = list(keys)
            self.counts.update(found)
            self.overflow += not found
        self._check()

    def add_rows(self, rows: MirrorRows) -> None:
        """Count matches in a file, as :meth:`add` does."""
        self.counts.update(self.counted(rows))
        self._check()

    @abstractmethod
    def counted(self, rows: MirrorRows) -> Mapping[Any, int]:
        """Return how many matches of a file each bucket has, and note the overflow."""

    def _check(self) -> None:
        if len(self.counts) > MOST_BUCKETS:
            message = (
                f"{self.name} has more than {MOST_BUCKETS} buckets: narrow the search, or take "
                "wider buckets where it has a parameter for that"
            )
            raise BadRequest(message, parameter="aggregations")

    def answer(self) -> Aggregation:
        """Return the aggregation."""
        return distribution(self.name, map(self._counted, self._ordered()), self.overflow)

    def _ordered(self) -> Iterable[Any]:
        return sorted(self.counts)

    def _counted(self, key: Any) -> Bucket:
        bucket = {"key": str(key), "data_type": self.data_type, **self.bucket(key)}
        return {**bucket, "frequency": self.counts[key]}


def distribution(name: str, buckets: Iterable[Bucket], overflow: int = 0) -> Aggregation:
    """Return the form of a distribution."""
    made = {"name": name, "data_type": "frequency_distribution", "buckets": list(buckets)}
    return {**made, "overflow": overflow}


def _stored(attribute: Attribute, match: Match) -> Any:
    """Return the value of an attribute; a declared one of another type counts as none."""
    is_extra = isinstance(attribute, Extra)
    return attribute.of(match.values) if is_extra else match.values.get(attribute.name)


def _truth(value: bool) -> str:  # noqa: FBT001 - a value, no choice
    return str(value).lower()


@dataclass
class _OfAttribute(Frequency):
    """A distribution of the values of an attribute."""

    attribute: Attribute

    @property
    def names(self) -> frozenset[str]:
        """The one attribute."""
        return frozenset({self.attribute.name})

    @property
    def declared(self) -> Mapping[str, Attribute]:
        """The attribute, if it is an extra property."""
        return {self.attribute.name: self.attribute} if isinstance(self.attribute, Extra) else {}


@dataclass
class Terms(_OfAttribute):
    """How often each text is there, the most frequent first; of a list, each of its members."""

    def keys(self, matches: Sequence[Match]) -> Iterator[Iterable[str]]:
        """Yield the texts of each match, once each."""
        for match in matches:
            stored = _stored(self.attribute, match)
            if isinstance(stored, bool):
                stored = _truth(stored)
            yield set(stored) if isinstance(stored, list) else () if stored is None else (stored,)

    def counted(self, rows: MirrorRows) -> Mapping[str, int]:
        """Return the texts of a column."""
        values = rows.listed(self.attribute.name)
        if isinstance(self.attribute.type, ListOf):
            found = Counter(member for value in values for member in set(value or ()))
            self.overflow += sum(not value for value in values)
        else:
            found = Counter(_truth(each) if isinstance(each, bool) else each for each in values)
            self.overflow += found.pop(None, 0)
        return found

    def bucket(self, key: str) -> Bucket:  # noqa: ARG002 - a term is its key
        """Return nothing more."""
        return {}

    def _ordered(self) -> Iterable[str]:
        return sorted(self.counts, key=lambda key: (-self.counts[key], key))


@dataclass
class Ranges(_OfAttribute):
    """How many values lie in ranges, each from its lower end on and below its upper one.

    They are ``width`` wide and begin at its multiples; or ``edges`` part them, ascending.
    """

    width: Decimal = Decimal(10)
    edges: tuple[float, ...] = ()

    data_type = "numeric"

    def keys(self, matches: Sequence[Match]) -> Iterator[Iterable[int]]:
        """Yield the number of each match's range."""
        for match in matches:
            stored = _stored(self.attribute, match)
            yield () if stored is None else (self._number(self.attribute.type.key(stored)),)

    def counted(self, rows: MirrorRows) -> Mapping[int, int]:
        """Return the ranges of a column; of each distinct value that is decided once."""
        values = rows.values(self.attribute.name)
        told = values[~np.isnan(values)]
        self.overflow += len(values) - len(told)
        found: Counter[int] = Counter()
        each, counts = np.unique(told, return_counts=True)
        for value, count in zip(each.tolist(), counts.tolist(), strict=True):
            found[self._number(self.attribute.type.key(value))] += count
        return found

    def _number(self, value: float) -> int:
        """Return a value's range; ends are compared in decimal, so that 0.3 begins at 3 x 0.1."""
        if self.edges:
            return bisect_right(self.edges, value)
        return int((Decimal(repr(value)) / self.width).to_integral_value(ROUND_FLOOR))

    def bucket(self, key: int) -> Bucket:
        """Return the key and the ends of a range; one that is open has none."""
        if self.edges:
            low = self.edges[key - 1] if key else None
            high = self.edges[key] if key < len(self.edges) else None
        else:
            low, high = float(self.width * key), float(self.width * (key + 1))
        ends = {"from": low, "to": high}
        text = "-".join("*" if end is None else str(end) for end in ends.values())
        return {"key": text} | {name: end for name, end in ends.items() if end is not None}


@dataclass
class Cells(Frequency):
    """How many centroids lie in each cell of a grid."""

    cells: Callable[[Floats, Floats, int], list[str]]
    precision: int

    footprints = True

    def __post_init__(self) -> None:
        """Centroids of files are looked at where these do not tell the cells."""
        self.centroids = self.cells is not cells_at or self.precision not in CELLS

    def keys(self, matches: Sequence[Match]) -> Iterator[Iterable[str]]:
        """Yield the cell of each match that has a footprint."""
        placed = [match.row.footprint for match in matches if match.row.footprint is not None]
        found = iter(self.cells(*centroids_of(placed), self.precision) if placed else ())
        for match in matches:
            yield () if match.row.footprint is None else (next(found),)

    def counted(self, rows: MirrorRows) -> Mapping[str, int]:
        """Return the cells of centroids; H3's are mostly told by the file."""
        if self.cells is cells_at:
            each, counts = np.unique(rows.cells(self.precision), return_counts=True)
            found = dict(zip(each.tolist(), counts.tolist(), strict=True))
            self.overflow += found.pop(0, 0)
            return {h3.int_to_str(cell): count for cell, count in found.items()}
        centroids = rows.centroids
        placed = centroids[~np.isnan(centroids[:, 0])]
        self.overflow += len(centroids) - len(placed)
        return Counter(
            self.cells(placed[:, 0], placed[:, 1], self.precision) if len(placed) else ()
        )

    def bucket(self, key: str) -> Bucket:  # noqa: ARG002 - a cell is its key
        """Return nothing more."""
        return {}


@dataclass
class Moments(Frequency):
    """How many images were acquired in each interval, by the interval's start."""

    start: Callable[[str], str]

    data_type = "datetime"

    def keys(self, matches: Sequence[Match]) -> Iterator[Iterable[str]]:
        """Yield the start of each match's interval."""
        for match in matches:
            yield (self.start(match.acquired),)

    def counted(self, rows: MirrorRows) -> Mapping[str, int]:
        """Return the intervals of a column."""
        return Counter(map(self.start, rows.acquired))

    def bucket(self, key: str) -> Bucket:  # noqa: ARG002 - an interval is its start
        """Return nothing more."""
        return {}


@dataclass
class Collections(Frequency):
    """How many items each collection has."""

    def keys(self, matches: Sequence[Match]) -> Iterator[Iterable[str]]:
        """Yield the collection of each match."""
        for match in matches:
            yield (match.product_id,)

    def counted(self, rows: MirrorRows) -> Mapping[str, int]:
        """Return the one collection that a file is of."""
        return {rows.product_id: len(rows)}

    def bucket(self, key: str) -> Bucket:  # noqa: ARG002 - a collection is its id
        """Return nothing more."""
        return {}

    def _ordered(self) -> Iterable[str]:
        return sorted(self.counts, key=lambda key: (-self.counts[key], key))
