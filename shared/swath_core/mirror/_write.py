"""Postings as a GeoParquet file."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from swath_core.geo import centroids_of
from swath_core.index import OMITTED, split_key
from swath_core.store.postings import PostingRow

from ._cells import cells_at
from ._extras import DocumentReader, Extras, extra_column, extra_values
from ._footer import Bounds
from ._layout import arranged
from ._schema import (
    BBOX,
    BYTES,
    CELLS,
    CENTROID,
    CLOUD_COVER,
    COLLECTION,
    COLUMNS,
    EXTRA_KINDS,
    GEOMETRY,
    ID,
    MOMENT,
    OMITTED_NAMES,
    VERSION,
    Kind,
    column_of,
    geo_metadata,
)

if TYPE_CHECKING:
    from arro3.core import Array

GROUP_ROWS = 4096
"""Rows of a row group: each has the bounds of every column, so that engines pass over most."""

_COMPRESSION = "zstd(6)"
_SIDES = ("xmin", "ymin", "xmax", "ymax")
_MIDDLE = ("lon", "lat")
_DISTINCT = (
    ID,
    MOMENT,
    GEOMETRY,
    *(f"{BBOX}.{side}" for side in _SIDES),
    *(f"{CENTROID}.{part}" for part in _MIDDLE),
    *CELLS.values(),
    *(column_of(name) for name, kind in COLUMNS.items() if kind is Kind.MOMENT),
)
"""Leaves with about as many values as rows, or whose neighbours are alike: a dictionary would add
to them (9 bytes an image)."""
_CURVE_BITS = 16


def write_file(
    product_id: str,
    rows: Sequence[PostingRow],
    extras: Extras = (),
    documents: DocumentReader | None = None,
) -> bytes:
    """Return the file of some images of a product, at least one.

    ``rows`` are their postings by time, with footprints and attributes; ``extras`` get columns,
    with values of ``documents`` where postings do not hold them. Images that are close to
    one another on earth are close to one another in the file.
    """
    # arro3 is a layer that only api and rollup carry
    from arro3.core import Table  # noqa: PLC0415
    from arro3.io import write_parquet  # noqa: PLC0415

    shapes = shapely.from_wkb(np.array([row.footprint for row in rows], dtype=object))
    bounds = shapely.bounds(shapes)
    order = _along_curve(bounds)
    ordered = [rows[place] for place in order]
    in_order = bounds[order]
    columns = _columns(product_id, ordered, in_order)
    columns |= _attribute_columns(ordered, extras, documents)
    target = io.BytesIO()
    write_parquet(
        Table.from_arrays(list(columns.values()), names=list(columns)),
        target,
        compression=_COMPRESSION,
        column_dictionary_enabled=dict.fromkeys(_DISTINCT, False),
        max_row_group_size=GROUP_ROWS,
        key_value_metadata={"geo": _geo(shapes, bounds)},
    )
    groups = [in_order[at : at + GROUP_ROWS] for at in range(0, len(rows), GROUP_ROWS)]
    return arranged(target.getvalue(), [_around(each) for each in groups])


def _around(bounds: NDArray[np.float64]) -> Bounds | None:
    """Return what holds all footprints of some rows; None where one has no footprint."""
    if np.isnan(bounds).any():
        return None
    west, south = bounds[:, :2].min(axis=0).tolist()
    east, north = bounds[:, 2:].max(axis=0).tolist()
    return west, south, east, north


def _geo(shapes: NDArray[np.object_], bounds: NDArray[np.float64]) -> str:
    there = shapes[~shapely.is_missing(shapes)]
    if not len(there):
        return geo_metadata(None, [])
    west, south = np.nanmin(bounds[:, :2], axis=0).tolist()
    east, north = np.nanmax(bounds[:, 2:], axis=0).tolist()
    return geo_metadata((west, south, east, north), sorted({each.geom_type for each in there}))


def _along_curve(bounds: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the order of footprints along a Z curve of their boxes' middles; the others last."""
    middles = np.nan_to_num((bounds[:, :2] + bounds[:, 2:]) / 2, nan=0.0)
    scaled = (middles / [180.0, 90.0] + 1) / 2 * (2**_CURVE_BITS - 1)
    cells = np.clip(scaled, 0, 2**_CURVE_BITS - 1).astype(np.uint64)
    place = np.zeros(len(bounds), dtype=np.uint64)
    for bit in range(_CURVE_BITS):
        for axis in (0, 1):
            taken = (cells[:, axis] >> np.uint64(bit)) & np.uint64(1)
            place |= taken << np.uint64(2 * bit + axis)
    place[np.isnan(bounds[:, 0])] = np.iinfo(np.uint64).max
    return np.argsort(place, kind="stable")


def _columns(
    product_id: str, rows: Sequence[PostingRow], bounds: NDArray[np.float64]
) -> dict[str, Array]:
    from arro3.core import Array, DataType, Field, struct_array  # noqa: PLC0415

    text, number, whole = DataType.utf8(), DataType.float64(), DataType.int64()
    keys = [split_key(row.key) for row in rows]
    columns = {
        COLLECTION: Array([product_id] * len(rows), text),  # the first: see _layout
        ID: Array([image_id for _, image_id in keys], text),
        MOMENT: _moments([acquired for acquired, _ in keys]),
        GEOMETRY: Array([row.footprint for row in rows], DataType.binary()),
    }

    def struct(names: Sequence[str], parts: Sequence[Sequence[float | None]]) -> Array:
        arrays = [Array(list(part), number) for part in parts]
        return struct_array(arrays, fields=[Field(name, number) for name in names])

    sides = [_nulled(side) for side in bounds.T]
    columns[BBOX] = struct(_SIDES, sides)
    middles = _middles(rows)
    columns[CENTROID] = struct(_MIDDLE, [_nulled(part) for part in middles.T])
    for resolution, name in CELLS.items():
        cells = cells_at(middles, resolution).tolist()
        columns[name] = Array([cell or None for cell in cells], whole)
    return columns


def _attribute_columns(
    rows: Sequence[PostingRow], extras: Extras, documents: DocumentReader | None
) -> dict[str, Array]:
    """Return the columns of attributes; those of extra properties come last.

    Athena's table names columns by their place.
    """
    from arro3.core import Array, DataType  # noqa: PLC0415

    whole = DataType.int64()
    values = [json.loads(row.attributes or "{}") for row in rows]
    columns = {
        column_of(name): _column(kind, [each.get(name) for each in values])
        for name, kind in COLUMNS.items()
    }
    fractions = [each.get("cloud_fraction") for each in values]
    percents = [None if f is None else f * 100 for f in fractions]
    columns[CLOUD_COVER] = Array(percents, DataType.float64())
    columns[BYTES] = Array([row.bytes for row in rows], whole)
    columns[VERSION] = Array([row.version for row in rows], whole)
    found = extra_values(values, [split_key(row.key)[1] for row in rows], extras, documents)
    # a posting lists the extra properties that it leaves out, too: these are told, or short
    own = [[name for name in each.get(OMITTED, ()) if name in COLUMNS] for each in values]
    omitted = [[*names, *short] or None for names, short in zip(own, found.short, strict=True)]
    columns[OMITTED_NAMES] = _texts(omitted)
    for name, type_name in extras:
        told = found.columns[name]
        is_whole = type_name == "integer"
        column = Array(told, whole) if is_whole else _column(EXTRA_KINDS[type_name], told)
        columns[extra_column(name)] = column
    return columns


def _nulled(side: NDArray[np.float64]) -> list[float | None]:
    return [None if value != value else value for value in side.tolist()]  # noqa: PLR0124 - NaN


def _middles(rows: Sequence[PostingRow]) -> NDArray[np.float64]:
    """Return longitude and latitude of each centroid in a row; NaN without a footprint."""
    placed = [number for number, row in enumerate(rows) if row.footprint is not None]
    found = np.full((len(rows), 2), np.nan)
    if placed:
        found[placed] = np.array(centroids_of([rows[n].footprint or b"" for n in placed])).T
    return found


def _column(kind: Kind, values: Sequence[Any]) -> Array:
    from arro3.core import Array, DataType  # noqa: PLC0415

    if kind is Kind.MOMENT:
        return _moments(values)
    if kind is Kind.TEXTS:
        return _texts(values)
    if kind is Kind.TRUTH:
        return Array(list(values), DataType.bool())
    if kind is Kind.NUMBER:
        numbers = [None if value is None else float(value) for value in values]
        return Array(numbers, DataType.float64())
    return Array(list(values), DataType.utf8())


def _moments(texts: Sequence[str | None]) -> Array:
    """Return canonical timestamps as microseconds in UTC."""
    from arro3.core import Array, DataType  # noqa: PLC0415

    there = [text[:-1] for text in texts if text is not None]
    found = iter(np.array(there, dtype="datetime64[us]").astype(np.int64).tolist())
    numbers = [None if text is None else next(found) for text in texts]
    return Array(numbers, DataType.int64()).cast(DataType.timestamp("us", tz="UTC"))


def _texts(values: Sequence[Sequence[str] | None]) -> Array:
    from arro3.core import Array, DataType, list_array  # noqa: PLC0415

    members = [member for value in values for member in value or ()]
    ends = np.cumsum([0, *(len(value or ()) for value in values)]).astype(np.int32)
    return list_array(Array.from_numpy(ends), Array(members, DataType.utf8()))
