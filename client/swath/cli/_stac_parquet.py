"""Items as GeoParquet, a row each, in the form of stac-geoparquet 1.1.

A row is an item whose properties are columns beside its members; nulls and empty lists and objects
are not told apart from what is not there (https://github.com/stac-utils/stac-geoparquet, the
specification of the format). arro3 reads and writes it: imported where it is needed, as it is an
extra.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import shapely

from swath.errors import MissingExtraError

Json = dict[str, Any]

ENDINGS = (".parquet", ".geoparquet")
_MEMBERS = (
    *("type", "stac_version", "stac_extensions", "id", "geometry", "bbox", "links", "assets"),
    "collection",
)
_TIMES = frozenset(
    {
        *("datetime", "start_datetime", "end_datetime", "created", "updated"),
        *("published", "expires", "unpublished"),
    }
)
_SIDES = ("xmin", "ymin", "xmax", "ymax")
_SIDES_3D = ("xmin", "ymin", "zmin", "xmax", "ymax", "zmax")
_ROWS = 500
_MAGIC = b"PAR1"
"""How Parquet files begin and end."""


def metadata(**of_geometry: Any) -> dict[str, str]:
    """What a file of items says of itself; with more members for its column of footprints."""
    column = {"encoding": "WKB", "geometry_types": [], **of_geometry}
    geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
    return {"geo": json.dumps(geo), "stac-geoparquet": json.dumps({"version": "1.1.0"})}


def is_parquet(name: str) -> bool:
    """Whether a file is one of Parquet, by its name."""
    return name.lower().endswith(ENDINGS)


def arro3() -> tuple[Any, Any]:
    """Return what reads and writes Parquet. Raises MissingExtraError."""
    try:
        import arro3.core
        import arro3.io
    except ImportError:
        raise MissingExtraError("this needs arro3: pip install 'swath[parquet]'") from None
    return arro3.core, arro3.io


def read_items(path: str) -> Iterator[Json]:
    """The items of a file, a few rows at a time. Raises ValueError where it holds no items."""
    _, io = arro3()
    with Path(path).open("rb") as file:  # arro3 aborts on what does not end as Parquet does
        begin = file.read(len(_MAGIC))
        file.seek(-min(len(_MAGIC), file.seek(0, 2)), 2)
        if begin != _MAGIC or file.read() != _MAGIC:
            raise ValueError(f"{path} is no Parquet file")
    for batch in io.read_parquet(path, batch_size=_ROWS):
        names = list(batch.schema.names)
        if not {"id", "geometry", "assets"} <= set(names):
            raise ValueError(f"{path} has no items: it lacks a column of id, geometry, assets")
        columns = [batch.column(name) for name in names]
        for values in zip(*columns, strict=True):
            yield _item({name: each.as_py() for name, each in zip(names, values, strict=True)})


def _item(row: Json) -> Json:
    wkb = row.get("geometry")
    geometry = None if wkb is None else json.loads(shapely.to_geojson(shapely.from_wkb(wkb)))
    properties = {
        name: _plain(value)
        for name, value in row.items()
        if name not in _MEMBERS and (value is not None or name == "datetime")
    }
    item: Json = {
        "type": "Feature",
        "stac_version": row.get("stac_version") or "1.1.0",
        "stac_extensions": row.get("stac_extensions") or [],
        "id": row["id"],
        "geometry": geometry,
        "properties": properties,
        "links": _plain(row.get("links") or []),
        "assets": _plain(row.get("assets") or {}),
    }
    bbox = _bbox(row.get("bbox"))
    if bbox is not None and geometry is not None:
        item["bbox"] = bbox
    if row.get("collection") is not None:
        item["collection"] = row["collection"]
    return item


def _bbox(given: Any) -> list[float] | None:
    if isinstance(given, dict):
        sides = _SIDES_3D if given.get("zmin") is not None else _SIDES
        return [given[side] for side in sides]
    return given if isinstance(given, list) else None


def _plain(value: Any) -> Any:
    """A value as JSON has it, objects without the members that other rows have."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, datetime):
        moment = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
        return moment.isoformat().replace("+00:00", "Z")
    return value


def write_items(items: Iterable[Json], path: str) -> int:
    """Write items to a file; return how many there are.

    Raises ValueError where a property has values of several types.
    """
    core, io = arro3()
    shapes: list[bytes | None] = []
    with TemporaryDirectory() as folder:
        lines = Path(folder) / "rows.ndjson"
        with lines.open("w", encoding="utf-8") as out:
            for item in items:
                geometry = item.get("geometry")
                shape = None if geometry is None else shapely.geometry.shape(geometry)
                shapes.append(None if shape is None else shapely.to_wkb(shape))
                print(json.dumps(_row(item), separators=(",", ":")), file=out)
        if not shapes:
            raise ValueError("no item matches: nothing is written")
        try:
            schema = _with_times(core, io.infer_json_schema(str(lines)))
            table = io.read_json(str(lines), schema).read_all()
        except Exception as error:
            raise ValueError(
                f"these items do not fit one table, as a property has values of several types: "
                f"{error}; write .ndjson"
            ) from error
    field = core.Field("geometry", core.DataType.binary(), nullable=True)
    column = core.ChunkedArray([core.Array(shapes, type=core.DataType.binary())])
    whole = table.append_column(field, column.rechunk(max_chunksize=len(shapes)))
    io.write_parquet(whole, path, compression="zstd(3)", key_value_metadata=metadata())
    return len(shapes)


def _row(item: Json) -> Json:
    members = {name: item[name] for name in _MEMBERS if name in item and name != "geometry"}
    bbox = members.pop("bbox", None)
    if bbox is not None:
        sides = _SIDES_3D if len(bbox) == len(_SIDES_3D) else _SIDES
        members["bbox"] = dict(zip(sides, map(float, bbox), strict=True))
    own = {name: each for name, each in item["properties"].items() if name not in _MEMBERS}
    return {name: each for name, each in _kept({**own, **members}).items() if each is not None}


def _kept(value: Any) -> Any:
    """A value without nulls, and without empty lists and objects, which columns cannot be of."""
    if isinstance(value, Mapping):
        found = {name: _kept(each) for name, each in value.items()}
        return {name: each for name, each in found.items() if each is not None} or None
    if isinstance(value, list):
        return [_kept(each) for each in value] or None
    return value


def _with_times(core: Any, given: Any) -> Any:
    """A schema whose times are timestamps."""
    schema = core.Schema.from_arrow(given)
    moment = core.DataType.timestamp("us", tz="UTC")
    fields = [schema.field(name) for name in schema.names]
    return core.Schema(
        [
            core.Field(each.name, moment, nullable=True) if each.name in _TIMES else each
            for each in fields
        ]
    )
