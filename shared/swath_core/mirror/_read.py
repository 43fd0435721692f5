"""A file's images as columns, and as the postings that they were written from."""

from __future__ import annotations

import json
from calendar import monthrange
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from swath_core.definitions import EXTRA
from swath_core.index import OMITTED, held_name, key_of
from swath_core.store.postings import PostingRow

from ._cells import cells_at
from ._content import FileContent
from ._extras import Extras, extra_column, kinds_of
from ._footer import Bounds, cut_footer, split_tail
from ._schema import (
    BBOX,
    BYTES,
    CELLS,
    CENTROID,
    COLUMNS,
    GEOMETRY,
    ID,
    MOMENT,
    OMITTED_NAMES,
    VERSION,
    Kind,
    column_of,
)

if TYPE_CHECKING:
    from arro3.core import Array

NO_MOMENT = np.iinfo(np.int64).min
"""What stands for an unset moment in a column of microseconds."""

Places = NDArray[np.intp]
"""Where images are in a file, in ascending order."""

_EXPECTED = {column_of(name) for name in COLUMNS} | {
    *(ID, MOMENT, GEOMETRY, BYTES, VERSION),
    *CELLS.values(),
}
_BATCH = 65_536
_FEW = 4
_DAY = 86_400_000_000


class MirrorColumns:
    """The images of one file, column by column; each is decoded when it is first looked at.

    Moments are microseconds since 1970 (``NO_MOMENT``: unset), numbers doubles (NaN: unset),
    texts and footprints objects (None: unset).
    """

    def __init__(
        self,
        product_id: str,
        content: bytes | FileContent,
        within: Bounds | None = None,
        extras: Extras = (),
    ) -> None:
        """Open a file; ``within`` leaves out row groups that touch nothing of these bounds.

        ``extras`` are the extra properties that it was written with. Raises ValueError where it is
        none of the mirror's. Where not all of it is here, the first look at a column may raise what
        its content raises.
        """
        self.product_id = product_id
        self._content = FileContent.whole(content) if isinstance(content, bytes) else content
        self._index, self._footer = split_tail(self._content.data)
        self._extras = extras
        self._kinds = {**COLUMNS, **kinds_of(extras)}
        expected = _EXPECTED.union(extra_column(name) for name, _ in extras)
        missing = expected - self._index.schema.keys()
        if missing:
            raise ValueError(f"a file without the columns {', '.join(sorted(missing))}")
        self._groups = self._index.touching(within)
        self._decoded: dict[str, Array] = {}
        self._held: dict[str, NDArray[Any]] = {}

    def __len__(self) -> int:
        """Return the images of the row groups that are read."""
        return sum(group.rows for group in self._groups)

    @property
    def in_file(self) -> int:
        """All images of the file."""
        return self._index.rows

    @property
    def names(self) -> list[str]:
        """The columns of the file."""
        return list(self._index.schema)

    def load(self, names: Collection[str]) -> None:
        """Have columns here that are to be looked at, by their names in the file."""
        self._content.need([group.chunks[name] for group in self._groups for name in names])

    def _column(self, name: str) -> Array:
        if name not in self._decoded:
            self._decoded[name] = self._decode(name)
        return self._decoded[name]

    def _decode(self, name: str) -> Array:
        from arro3.io import read_parquet  # noqa: PLC0415 - a layer that only api and rollup carry

        self.load({name})
        end = cut_footer(self._index, self._footer, {name}, self._groups)
        data = self._content.data
        data[-len(end) :] = end
        return read_parquet(data, batch_size=_BATCH).read_all().column(name).combine_chunks()

    def ids(self, places: Places) -> list[str]:
        """Return the ids of some images."""
        return list(self._taken(ID, places))

    @cached_property
    def acquired(self) -> NDArray[np.int64]:
        """When they were taken."""
        return _moments(self._column(MOMENT))

    @cached_property
    def stored(self) -> NDArray[np.int64]:
        """The stored bytes of their files."""
        return np.array(self._column(BYTES).to_numpy(), dtype=np.int64)

    def footprints(self, places: Places) -> list[bytes | None]:
        """Return the footprints of some images as WKB."""
        return list(self._taken(GEOMETRY, places))

    @cached_property
    def bounds(self) -> NDArray[np.float64]:
        """West, south, east and north of the footprints; NaN without one."""
        return self._parts(BBOX, 4)

    @cached_property
    def centroids(self) -> NDArray[np.float64]:
        """Longitude and latitude of the footprints' centroids; NaN without one."""
        return self._parts(CENTROID, 2)

    def cells(self, resolution: int, places: Places) -> NDArray[np.int64]:
        """Return the H3 cells that the centroids of some images lie in; 0 without a footprint."""
        if resolution not in CELLS:
            return cells_at(self.centroids[places], resolution)
        column = self._column(CELLS[resolution])
        if column.null_count == 0:
            return np.array(column.to_numpy(), dtype=np.int64)[places]
        return np.array([each or 0 for each in column.to_pylist()], dtype=np.int64)[places]

    def omitting(self, names: Collection[str]) -> Places:
        """Return where the images are whose postings leave out one of some attributes."""
        from arro3.core import list_offsets  # noqa: PLC0415

        ends = np.array(list_offsets(self._column(OMITTED_NAMES)).to_numpy(), dtype=np.int64)
        some = np.flatnonzero(np.diff(ends))
        if not len(some):
            return np.empty(0, dtype=np.intp)
        left_out = [not set(names).isdisjoint(each) for each in self._taken(OMITTED_NAMES, some)]
        found: NDArray[np.intp] = some[np.array(left_out, dtype=bool)]
        return found

    def values(self, name: str) -> NDArray[Any]:
        """Return the column of an attribute that postings tell: of those in keys ``acquired``."""
        if name == "acquired":
            return self.acquired
        if name not in self._held:
            self._held[name] = _values(self._kinds[name], self._attribute(name))
        return self._held[name]

    def kind(self, name: str) -> Kind | None:
        """Return how an attribute is kept, or an extra property; None for what has no column."""
        return self._kinds.get(name)

    def _attribute(self, name: str) -> Array:
        bare = name.removeprefix(EXTRA)
        return self._column(extra_column(bare) if bare != name else column_of(name))

    def values_at(self, name: str, places: Places) -> NDArray[Any]:
        """Return :meth:`values` of some images; few of them are decoded alone."""
        if name == "acquired" or name in self._held or len(places) * _FEW > len(self):
            found: NDArray[Any] = self.values(name)[places]
            return found
        return _values(self._kinds[name], self._attribute(name).take(_indices(places)))

    def _taken(self, column: str, places: Places) -> list[Any]:
        return list(self._column(column).take(_indices(places)).to_pylist())

    def _parts(self, column: str, number: int) -> NDArray[np.float64]:
        from arro3.core import struct_field  # noqa: PLC0415

        whole = self._column(column)
        parts = [_numbers(struct_field(whole, [place])) for place in range(number)]
        return np.array(parts, dtype=np.float64).T.reshape(len(self), number)

    def places_of_days(self, month: str, days: Collection[str]) -> Places:
        """Return where the images are that were taken on some days of a month (``YYYY-MM``)."""
        if len(days) == monthrange(int(month[:4]), int(month[5:]))[1]:
            return np.arange(len(self))
        numbers = [np.datetime64(f"{month}-{day}", "D").astype(np.int64) for day in days]
        return np.flatnonzero(np.isin(self.acquired // _DAY, np.array(numbers, dtype=np.int64)))

    # ---- as postings

    def rows(
        self, places: Places, *, footprints: bool = True, names: Collection[str] | None = None
    ) -> Iterator[PostingRow]:
        """Yield the postings of images, given by their places in the file.

        What neither footprints nor ``names`` of attributes (None: all) ask for is left out, and not
        decoded.
        """
        moments = [str(text) for text in moment_texts(self.acquired[places])]
        kinds = [(n, kind) for n, kind in self._kinds.items() if names is None or n in names]
        held = [(name, _jsonable(kind, self.values_at(name, places))) for name, kind in kinds]
        keyed = zip(
            map(key_of, moments, self.ids(places)),
            self.footprints(places) if footprints else [None] * len(places),
            self.stored[places].tolist(),
            self._taken(VERSION, places),
            self._taken(OMITTED_NAMES, places),
            strict=True,
        )
        for number, (key, footprint, stored, version, omitted) in enumerate(keyed):
            values = {name: column[number] for name, column in held if column[number] is not None}
            if self._extras:
                told = {name for name, _ in held} - set(omitted or ())
                values = self._with_extras(values, told)
            if omitted:
                values[OMITTED] = [_stored_name(name) for name in omitted]
            text = json.dumps(values, separators=(",", ":"), ensure_ascii=False)
            yield PostingRow(key, footprint, text, stored, version)

    def _with_extras(self, values: dict[str, Any], told: Collection[str]) -> dict[str, Any]:
        """Return what a posting says: null, too, of the extra properties that it holds."""
        names = [name for name, _ in self._extras if EXTRA + name in told]
        held = {held_name(name): values.get(EXTRA + name) for name in names}
        return {name: each for name, each in values.items() if name in COLUMNS} | held


def _stored_name(name: str) -> str:
    bare = name.removeprefix(EXTRA)
    return held_name(bare) if bare != name else name


def _indices(places: Places) -> Array:
    from arro3.core import Array  # noqa: PLC0415

    return Array.from_numpy(places.astype(np.uint64))


def _values(kind: Kind, column: Array) -> NDArray[Any]:
    if kind is Kind.MOMENT:
        return _moments(column)
    return _numbers(column) if kind is Kind.NUMBER else _objects(list(column.to_pylist()))


def _numbers(column: Array) -> NDArray[np.float64]:
    """Return doubles, NaN where there is none."""
    if column.null_count == 0:
        return np.array(column.to_numpy(), dtype=np.float64)
    if column.null_count == len(column):
        return np.full(len(column), np.nan)
    return np.array(column.to_pylist(), dtype=np.float64)


def _moments(column: Array) -> NDArray[np.int64]:
    from arro3.core import DataType  # noqa: PLC0415

    if column.null_count == len(column):
        return np.full(len(column), NO_MOMENT)
    numbers = column.cast(DataType.int64())
    if numbers.null_count == 0:
        return np.array(numbers.to_numpy(), dtype=np.int64)
    found = [NO_MOMENT if each is None else each for each in numbers.to_pylist()]
    return np.array(found, dtype=np.int64)


def _jsonable(kind: Kind, column: NDArray[Any]) -> list[Any]:
    if kind is Kind.MOMENT:
        return moment_texts(column)
    if kind is Kind.NUMBER:
        return [None if each != each else each for each in column.tolist()]  # noqa: PLR0124 - NaN
    return [None if each == [] else each for each in column.tolist()]


def moment_texts(moments: NDArray[np.int64]) -> list[str | None]:
    """Return microseconds as canonical timestamps; None for ``NO_MOMENT``."""
    texts = np.datetime_as_string(moments.view("datetime64[us]"), unit="us").tolist()
    return [None if text == "NaT" else f"{text}Z" for text in texts]


def _objects(values: Sequence[Any]) -> NDArray[np.object_]:
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found
