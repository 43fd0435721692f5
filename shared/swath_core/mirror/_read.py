"""A file's images as columns, and as the postings that they were written from."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from swath_core.index import OMITTED, key_of
from swath_core.store.postings import PostingRow

from ._schema import (
    BBOX,
    BYTES,
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
    from arro3.core import Array, Table

NO_MOMENT = np.iinfo(np.int64).min
"""What stands for an unset moment in a column of microseconds."""

_BATCH = 65_536
_DAY = 86_400_000_000


class MirrorColumns:
    """The images of one file, column by column; each is decoded when it is first looked at.

    Moments are microseconds since 1970 (``NO_MOMENT``: unset), numbers doubles (NaN: unset),
    texts and footprints objects (None: unset).
    """

    def __init__(self, product_id: str, data: bytes) -> None:
        """Decode a file. Raises ValueError where it is none of the mirror's."""
        from arro3.io import read_parquet  # noqa: PLC0415 - a layer that only api and rollup carry

        self.product_id = product_id
        try:
            self._table: Table = read_parquet(data, batch_size=_BATCH).read_all()
        except Exception as error:
            message = f"not a Parquet file: {error}"
            raise ValueError(message) from error
        expected = {column_of(name) for name in COLUMNS} | {ID, MOMENT, GEOMETRY, BYTES, VERSION}
        missing = expected - set(self._table.column_names)
        if missing:
            raise ValueError(f"a file without the columns {', '.join(sorted(missing))}")
        self._held: dict[str, NDArray[Any]] = {}

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def _column(self, name: str) -> Array:
        return self._table.column(name).combine_chunks()

    @cached_property
    def ids(self) -> NDArray[np.object_]:
        """The images' ids."""
        return _objects(list(self._column(ID).to_pylist()))

    @cached_property
    def acquired(self) -> NDArray[np.int64]:
        """When they were taken."""
        return self._moments(MOMENT)

    @cached_property
    def bytes(self) -> NDArray[np.int64]:
        """The stored bytes of their files."""
        return np.array(self._column(BYTES).to_numpy(), dtype=np.int64)

    @cached_property
    def versions(self) -> NDArray[np.int64]:
        """The versions of their documents."""
        return np.array(self._column(VERSION).to_numpy(), dtype=np.int64)

    @cached_property
    def footprints(self) -> NDArray[np.object_]:
        """Their footprints as WKB."""
        return _objects(list(self._column(GEOMETRY).to_pylist()))

    @cached_property
    def bounds(self) -> NDArray[np.float64]:
        """West, south, east and north of the footprints; NaN without one."""
        return self._parts(BBOX, 4)

    @cached_property
    def centroids(self) -> NDArray[np.float64]:
        """Longitude and latitude of the footprints' centroids; NaN without one."""
        return self._parts(CENTROID, 2)

    @cached_property
    def omitted(self) -> list[list[str]]:
        """Which attributes their postings leave out."""
        return list(self._column(OMITTED_NAMES).to_pylist())

    def omitting(self, names: Collection[str]) -> NDArray[np.intp]:
        """Return where the images are whose postings leave out one of some attributes."""
        from arro3.core import list_offsets  # noqa: PLC0415

        ends = np.array(list_offsets(self._column(OMITTED_NAMES)).to_numpy(), dtype=np.int64)
        some = np.flatnonzero(np.diff(ends))
        if not len(some):
            return np.empty(0, dtype=np.intp)
        left_out = [not set(names).isdisjoint(self.omitted[place]) for place in some.tolist()]
        found: NDArray[np.intp] = some[np.array(left_out, dtype=bool)]
        return found

    def values(self, name: str) -> NDArray[Any]:
        """Return the column of an attribute that postings tell: of those in keys ``acquired``."""
        if name == "acquired":
            return self.acquired
        if name not in self._held:
            kind, column = COLUMNS[name], column_of(name)
            if kind is Kind.MOMENT:
                self._held[name] = self._moments(column)
            elif kind is Kind.NUMBER:
                self._held[name] = np.array(self._column(column).to_pylist(), dtype=np.float64)
            else:
                self._held[name] = _objects(list(self._column(column).to_pylist()))
        return self._held[name]

    def _moments(self, column: str) -> NDArray[np.int64]:
        from arro3.core import DataType  # noqa: PLC0415

        numbers = self._column(column).cast(DataType.int64())
        if numbers.null_count == 0:
            return np.array(numbers.to_numpy(), dtype=np.int64)
        found = [NO_MOMENT if each is None else each for each in numbers.to_pylist()]
        return np.array(found, dtype=np.int64)

    def _parts(self, column: str, number: int) -> NDArray[np.float64]:
        from arro3.core import struct_field  # noqa: PLC0415

        whole = self._column(column)
        parts = [struct_field(whole, [place]).to_pylist() for place in range(number)]
        return np.array(parts, dtype=np.float64).T.reshape(len(self), number)

    def places_of_days(self, month: str, days: Collection[str]) -> NDArray[np.intp]:
        """Return where the images are that were taken on some days of a month (``YYYY-MM``)."""
        numbers = [np.datetime64(f"{month}-{day}", "D").astype(np.int64) for day in days]
        return np.flatnonzero(np.isin(self.acquired // _DAY, np.array(numbers, dtype=np.int64)))

    # ---- as postings

    def rows(self, places: NDArray[np.intp]) -> Iterator[PostingRow]:
        """Yield the postings of images, given by their places in the file."""
        moments = [str(text) for text in moment_texts(self.acquired[places])]
        columns = COLUMNS.items()
        held = [(name, _jsonable(kind, self.values(name)[places])) for name, kind in columns]
        for number, place in enumerate(places.tolist()):
            values = {name: column[number] for name, column in held if column[number] is not None}
            omitted = self.omitted[place]
            if omitted:
                values[OMITTED] = omitted
            yield PostingRow(
                key_of(moments[number], self.ids[place]),
                self.footprints[place],
                json.dumps(values, separators=(",", ":"), ensure_ascii=False),
                int(self.bytes[place]),
                int(self.versions[place]),
            )


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
