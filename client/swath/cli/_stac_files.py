"""Items of a whole collection out of its GeoParquet files, without pages of the API.

A row has what the files tell of an image: its place, the attributes that searches know, and the
extra properties that the collection declares.
Addresses that follow from its id are computed. Of its assets that is the thumbnail alone: files
do not say which others there are. Days that no file tells, and images of which a file leaves out an
attribute, are read from the API, and become the same rows.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from io import BytesIO
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import shapely

from swath.errors import NotFoundError

from ._stac_declared import Declared, declared_in
from ._stac_parquet import Json, arro3, metadata

Columns = dict[str, Any]
"""By name: an Arrow array, or a list of what is JSON."""
Ask = Callable[[Json], Iterator[Json]]
"""Returns the items of all pages of a search."""
Get = Callable[[str], bytes]
"""Returns the file that has a key among the collection's assets. Raises ApiError."""

_MOMENTS = ("datetime", "start_datetime", "end_datetime", "created", "updated", "published",
            "expires")  # fmt: skip
_BOUNDED: Mapping[str, tuple[str, float, float]] = {
    "view:off_nadir": ("swath:view_angle", 0, 90),
    "view:incidence_angle": ("swath:incidence_angle", 0, 90),
    "view:azimuth": ("swath:azimuth_angle", 0, 360),
    "view:sun_azimuth": ("swath:solar_azimuth_angle", 0, 360),
    "view:sun_elevation": ("swath:solar_elevation_angle", -90, 90),
    "eo:cloud_cover": ("swath:cloud_fraction", 0, 100),
}
"""Properties with bounds: a value outside has the other name."""
_NUMBERS = ("swath:area", "swath:bright_fraction", "swath:confidence_dlsr",
            "swath:alt_cloud_fraction", "swath:fill_fraction", "swath:roll_angle")  # fmt: skip
_TEXTS = ("platform", "swath:storage_state", "swath:processing_pipeline_id", "swath:provider_id")
_SIDES = ("xmin", "ymin", "xmax", "ymax")
_EXTENSIONS = {
    "https://stac-extensions.github.io/eo/v2.0.0/schema.json": ("eo:cloud_cover",),
    "https://stac-extensions.github.io/view/v1.1.0/schema.json": tuple(
        name for name in _BOUNDED if name.startswith("view:")
    ),
    "https://stac-extensions.github.io/timestamps/v1.1.0/schema.json": ("published", "expires"),
}
_IN_FILES = {
    *("id", "datetime", "geometry", "bbox", "keywords", "swath:bytes", "swath:omitted"),
    *("swath:cloud_fraction", *_NUMBERS, *_TEXTS),
    *(name for name in (*_MOMENTS, *_BOUNDED) if name != "start_datetime"),
}
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_KEY = re.compile(r"geoparquet-(\d{4}-\d{2})(?:-\d+)?")
_MOST_LISTED = 1_000
_SHA256_MULTIHASH = "1220"
_ROWS, _GROUP_ROWS, _IDS = 4_096, 16_384, 200
_DAY_US = 86_400_000_000
_EPOCH = date(1970, 1, 1).toordinal()
_GEOJSON, _JSON = "application/geo+json", "application/json"


@dataclass
class Exported:
    """How many items were written, and how many of them were read from the API."""

    items: int = 0
    from_api: int = 0


@dataclass(frozen=True)
class _Group:
    """Files that hold some days together."""

    days: frozenset[str]
    assets: tuple[Json, ...]


@dataclass
class FileExport:
    """One export of a collection: what it is told, and what it counts."""

    collection: Json
    ask: Ask
    get: Get
    done: Exported = field(default_factory=Exported)

    def write(self, path: str) -> Exported:
        """Write all items to a file, a few thousand at a time. Raises ValueError for none."""
        core, io = arro3()
        partial = Path(f"{path}.part")
        failures: list[Exception] = []

        def batches() -> Iterator[Any]:
            try:
                yield from self._batches()
            except Exception as error:
                failures.append(error)  # Arrow tells of it in its own words
                raise

        reader = core.RecordBatchReader.from_batches(self._schema, batches())
        covered = {side: ["bbox", side] for side in _SIDES}
        try:
            io.write_parquet(
                reader,
                str(partial),
                compression="zstd(3)",
                max_row_group_size=_GROUP_ROWS,
                key_value_metadata=metadata(covering={"bbox": covered}),
            )
        except Exception as error:
            if failures:
                raise failures[0] from error
            raise
        else:
            if not self.done.items:
                raise ValueError("no item matches: nothing is written")
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        return self.done

    def _batches(self) -> Iterator[Any]:
        told: set[str] = set()
        for group in self._groups():
            files = self._files(group)
            if files is not None:
                told |= group.days
                for data in files:
                    yield from self._of_file(data, group.days)
        for asked in untold(told):
            yield from self._of_api({"query": {"datetime": asked}} if asked else {})

    # ---- files

    def _groups(self) -> Iterator[_Group]:
        """Yield the files that are listed, those together that hold the same days."""
        named = (
            (found[1], {**asset, "key": key})
            for key, asset in (self.collection.get("assets") or {}).items()
            if (found := _KEY.fullmatch(key))
        )
        listed = [
            (frozenset(f"{month}-{day}" for day in asset["swath:days"]), asset)
            for month, asset in named
        ]
        groups = [
            _Group(days, tuple(asset for _, asset in each))
            for days, each in groupby(listed, lambda pair: pair[0])
        ]
        # where the latest are listed alone, the first may be without its first files
        yield from groups[len(listed) >= _MOST_LISTED :]

    def _files(self, group: _Group) -> list[bytes] | None:
        """Return the files of a group as they were listed; None where one is so no more.

        Nor are those taken that were written with another declaration of extra properties.
        """
        _, io = arro3()
        found = []
        for asset in group.assets:
            try:
                data = self.get(asset["key"])
            except NotFoundError:
                return None
            digest = hashlib.sha256(data).hexdigest()
            if asset["file:checksum"] != _SHA256_MULTIHASH + digest:
                return None
            schema = io.read_parquet(BytesIO(data)).schema
            if not all(each.is_in(schema) for each in self._declared):
                return None
            found.append(data)
        return found

    def _of_file(self, data: bytes, days: frozenset[str]) -> Iterator[Any]:
        _, io = arro3()
        numbers = [date.fromisoformat(day).toordinal() - _EPOCH for day in days]
        omitted: list[str] = []
        for batch in io.read_parquet(BytesIO(data), batch_size=_ROWS):
            missing = _IN_FILES - set(batch.schema.names)
            if missing:
                message = f"a GeoParquet file without the columns {', '.join(sorted(missing))}"
                raise ValueError(message)
            moments = np.array(_integers(batch.column("datetime")), dtype=np.int64)
            whole = np.array([not each for each in batch.column("swath:omitted").to_pylist()])
            told = np.isin(moments // _DAY_US, np.array(numbers, dtype=np.int64))
            omitted += self._names(batch.take(_indices(told & ~whole)))
            rows = batch.take(_indices(told & whole))
            if rows.num_rows:
                yield self._batch(self._columns(rows), rows.num_rows)
        for at in range(0, len(omitted), _IDS):
            yield from self._of_api({"ids": omitted[at : at + _IDS]})

    def _names(self, rows: Any) -> list[str]:
        start = len(self.collection["id"]) + 1
        return [each[start:] for each in rows.column("id").to_pylist()]

    def _columns(self, rows: Any) -> Columns:
        """Return what a file tells of some images, named and scaled as items have it."""
        core, _ = arro3()
        found: Columns = {name: rows.column(name) for name in rows.schema.names}
        fractions = found.pop("swath:cloud_fraction").to_pylist()
        found["eo:cloud_cover"] = [None if f is None else percent(f) for f in fractions]
        for name, (outside, least, most) in _BOUNDED.items():
            column = found[name]
            values = column if isinstance(column, list) else column.to_pylist()
            out = [v is not None and not least <= v <= most for v in values]
            if any(out):
                found[name] = _kept(values, [not each for each in out])
                stored = fractions if name == "eo:cloud_cover" else values
                found[outside] = _kept(stored, out)
        ended = [each is not None for each in found["end_datetime"].to_pylist()]
        starts = core.Array(_kept(_integers(found["datetime"]), ended), core.DataType.int64())
        found["start_datetime"] = starts.cast(_moment(core))
        found["keywords"] = [each or None for each in found["keywords"].to_pylist()]
        states = found["swath:storage_state"].to_pylist()
        stored = found["swath:bytes"].to_pylist()
        pairs = zip(states, stored, strict=True)
        found["pictured"] = [self._has_pictures and s != "remote" and b > 0 for s, b in pairs]
        found["id"] = self._names(rows)
        held = {each.column: each.of_file(rows) for each in self._declared}
        return {**found, **held}

    # ---- the API

    def _of_api(self, asked: Json) -> Iterator[Any]:
        items = self.ask({"collections": [self.collection["id"]], **asked})
        while rows := [item for _, item in zip(range(_ROWS), items, strict=False)]:
            self.done.from_api += len(rows)
            yield self._batch(_columns_of(rows, self._declared), len(rows))

    # ---- rows

    @property
    def _has_pictures(self) -> bool:
        return "xyz" in {each["rel"] for each in self.collection["links"]}

    def _batch(self, columns: Columns, size: int) -> Any:
        core, io = arro3()
        self.done.items += size
        filled = {**columns, **self._computed(columns, size)}
        listed = {n: filled[n] for n in self._types if isinstance(filled.get(n), list)}
        schema = self._schema
        named = core.Schema([schema.field(name) for name in listed])
        rows = (dict(zip(listed, row, strict=True)) for row in zip(*listed.values(), strict=True))
        lines = "\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
        read = io.read_json(BytesIO(lines.encode()), schema=named, batch_size=size).read_all()
        filled |= {name: read.column(name).combine_chunks() for name in listed}
        arrays = [filled.get(name) for name in self._types]
        nothing = core.Array([None] * size, core.DataType.float64())
        whole = [nothing if each is None else each for each in arrays]
        return core.RecordBatch.from_arrays(whole, schema=schema)

    def _computed(self, columns: Columns, size: int) -> Columns:
        """Return the columns that follow from the others."""
        links = {each["rel"]: each["href"] for each in self.collection["links"]}
        product, items = self.collection["id"], f"{links['items']}/"
        above = [
            {"rel": "root", "href": links["root"], "type": _JSON},
            {"rel": "parent", "href": links["self"], "type": _JSON},
            {"rel": "collection", "href": links["self"], "type": _JSON},
        ]
        addresses = [items + quote(each, safe=":") for each in columns["id"]]
        own = [{"rel": "self", "href": each, "type": _GEOJSON} for each in addresses]
        images = f"{links['root'].removesuffix('/stac')}/raster/v2/images"
        named = zip(columns["id"], columns["pictured"], strict=True)

        def thumbnail(name: str) -> Json:
            href = f"{images}/{quote(f'{product}:{name}', safe=':')}/preview.png"
            return {"href": href, "type": "image/png", "roles": ["thumbnail"]}

        return {
            "type": ["Feature"] * size,
            "stac_version": ["1.1.0"] * size,
            "stac_extensions": _extensions(columns, size, self._declared),
            "collection": [product] * size,
            "links": [[each, *above] for each in own],
            "assets": [
                {"thumbnail": thumbnail(each) if is_pictured else None}
                for each, is_pictured in named
            ],
        }

    @cached_property
    def _declared(self) -> tuple[Declared, ...]:
        return declared_in(self.collection, {name.lower() for name in (*self._own, "properties")})

    @property
    def _types(self) -> Columns:
        """The types of the columns, by name."""
        return {**self._own, **{each.column: each.type for each in self._declared}}

    @property
    def _schema(self) -> Any:
        core, _ = arro3()
        types = self._types.items()
        return core.Schema([core.Field(name, each, nullable=True) for name, each in types])

    @cached_property
    def _own(self) -> Columns:
        """The types of the columns that all collections have, by name."""
        core, _ = arro3()
        text, number, moment = core.DataType.utf8(), core.DataType.float64(), _moment(core)

        def struct(**members: Any) -> Any:
            return core.DataType.struct([core.Field(n, each) for n, each in members.items()])

        def listed(kind: Any) -> Any:
            return core.DataType.list(core.Field("item", kind))

        return {
            **dict.fromkeys(("type", "stac_version"), text),
            "stac_extensions": listed(text),
            **dict.fromkeys(("id", "collection"), text),
            "geometry": core.DataType.binary(),
            "bbox": struct(**dict.fromkeys(_SIDES, number)),
            "links": listed(struct(rel=text, href=text, type=text)),
            "assets": struct(thumbnail=struct(href=text, type=text, roles=listed(text))),
            **dict.fromkeys(_MOMENTS, moment),
            **dict.fromkeys(_TEXTS, text),
            "keywords": listed(text),
            **dict.fromkeys((*_NUMBERS, *_BOUNDED), number),
            **dict.fromkeys((outside for outside, *_ in _BOUNDED.values()), number),
        }


def untold(days: set[str]) -> Iterator[dict[str, str]]:
    """Yield what is asked of `datetime` so that all other days (`YYYY-MM-DD`) are found."""
    numbers = sorted(date.fromisoformat(day).toordinal() for day in days)
    begin: str | None = None
    for number in numbers:
        first = _midnight(number)
        if begin is None:
            yield {"lt": first}
        elif begin < first:
            yield {"gte": begin, "lt": first}
        begin = _midnight(number + 1)
    yield {} if begin is None else {"gte": begin}


def percent(fraction: float) -> float:
    """A fraction in percent; its decimal digits stay as they are."""
    text, _, exponent = repr(fraction).partition("e")
    return float(f"{text}e{int(exponent or 0) + 2}")


def _midnight(ordinal: int) -> str:
    return f"{date.fromordinal(ordinal).isoformat()}T00:00:00Z"


def _moment(core: Any) -> Any:
    return core.DataType.timestamp("us", tz="UTC")


def _integers(column: Any) -> list[int | None]:
    core, _ = arro3()
    found: list[int | None] = column.cast(core.DataType.int64()).to_pylist()
    return found


def _indices(mask: Any) -> Any:
    core, _ = arro3()
    return core.Array.from_numpy(np.flatnonzero(mask).astype(np.uint64))


def _kept(values: Sequence[Any], mask: Sequence[bool]) -> list[Any]:
    return [value if keep else None for value, keep in zip(values, mask, strict=True)]


def _columns_of(items: Sequence[Json], declared: Sequence[Declared]) -> Columns:
    """Return items of the API as columns, as far as files have them."""
    core, _ = arro3()
    shapes = [
        None if each["geometry"] is None else shapely.geometry.shape(each["geometry"])
        for each in items
    ]
    outside = (name for name, *_ in _BOUNDED.values())
    found: Columns = {
        name: [fitting(name, each["properties"].get(name)) for each in items]
        for name in (*_MOMENTS, *_TEXTS, "keywords", *_NUMBERS, *_BOUNDED, *outside)
    }
    spans = zip(found["start_datetime"], found["end_datetime"], strict=True)
    found["datetime"] = [
        moment if start is None or end is None else start
        for moment, (start, end) in zip(found["datetime"], spans, strict=True)
    ]
    found["id"] = [each["id"] for each in items]
    found["pictured"] = ["thumbnail" in each["assets"] for each in items]
    found |= {one.column: [one.of(each["properties"]) for each in items] for one in declared}
    wkb = [None if each is None else shapely.to_wkb(each) for each in shapes]
    found["geometry"] = core.Array(wkb, type=core.DataType.binary())
    found["bbox"] = [
        None if each is None else dict(zip(_SIDES, each.bounds, strict=True)) for each in shapes
    ]
    return found


def fitting(name: str, value: Any) -> Any:
    """A property of an item as its column holds it: null if that is of another type."""
    if name == "keywords":
        whole = isinstance(value, list) and all(isinstance(each, str) for each in value)
        return value if whole and value else None
    if name in _MOMENTS:
        return value if isinstance(value, str) and _MOMENT.fullmatch(value) else None
    if name in _TEXTS:
        return value if isinstance(value, str) else None
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _extensions(columns: Columns, size: int, declared: Sequence[Declared]) -> list[list[str]]:
    """Return the extensions that each row's properties use."""
    found: list[list[str]] = [[] for _ in range(size)]
    for uri, names in _EXTENSIONS.items():
        prefixes = tuple({f"{name.partition(':')[0]}:" for name in names if ":" in name})
        more = [each.column for each in declared if each.column.startswith(prefixes)]
        held = [columns[name] for name in (*names, *more)]
        lists = [each if isinstance(each, list) else each.to_pylist() for each in held]
        for uris, values in zip(found, zip(*lists, strict=True), strict=True):
            if any(each is not None for each in values):
                uris.append(uri)
    return found
