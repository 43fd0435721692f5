"""Extra properties that a collection declares, as columns of what is exported of it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ._stac_parquet import Json, arro3

_PREFIX, _EXTRA_PREFIX = "swath:", "swath:extra_"
_MEMBER = "swath:queryables"
_LONGEST = 1_000
_MOST_INT64 = 2**63 - 1
_MOMENT = re.compile(r"\d{4}(-?\d\d(-?\d\d(T.*)?)?)?")
_REST = {4: "-01-01", 7: "-01"}


@dataclass(frozen=True)
class Declared:
    """A declared extra property: its name, that of its type, and the column that it becomes."""

    name: str
    type_name: str
    column: str

    @property
    def type(self) -> Any:
        """The type of the column. Times are text: readers know of STAC's own times only."""
        core, _ = arro3()
        return core.DataType.utf8() if self._is_moment else self._type_in_files

    def is_in(self, schema: Any) -> bool:
        """Return whether a file has a column of it, of the declared type."""
        column = self._column_in(schema)
        return column is not None and schema.field(column).type == self._type_in_files

    def of_file(self, rows: Any) -> Any:
        """Return the column of some rows of a file."""
        found = rows.column(self._column_in(rows.schema))
        if not self._is_moment:
            return found
        return [None if each is None else _text_of(each) for each in found.to_pylist()]

    @property
    def _is_moment(self) -> bool:
        return self.type_name == "date-time"

    @property
    def _type_in_files(self) -> Any:
        core, _ = arro3()
        types: Mapping[str, Any] = {
            "number": core.DataType.float64(),
            "integer": core.DataType.int64(),
            "string": core.DataType.utf8(),
            "boolean": core.DataType.bool(),
            "date-time": core.DataType.timestamp("us", tz="UTC"),
        }
        return types[self.type_name]

    def _column_in(self, schema: Any) -> str | None:
        named = [_EXTRA_PREFIX + self.name, *([self.name] if self.column == self.name else [])]
        return next((name for name in named if name in schema.names), None)

    def of(self, properties: Json) -> Any:
        """Return its value among the properties of an item; None where it has none of its type."""
        is_named = self.column == self.name and self.name in properties
        value = properties.get(self.name if is_named else _EXTRA_PREFIX + self.name)
        if self.type_name == "boolean":
            return value if isinstance(value, bool) else None
        if isinstance(value, str):
            return self._of_text(value)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        return self._of_number(value)

    def _of_text(self, value: str) -> str | None:
        if self.type_name == "string":
            return value if len(value) <= _LONGEST else None
        return _moment(value) if self._is_moment else None

    def _of_number(self, value: float) -> float | None:
        if self.type_name == "number":
            return float(value)
        is_whole = value == int(value) and abs(value) <= _MOST_INT64
        return int(value) if self.type_name == "integer" and is_whole else None


def declared_in(collection: Json, taken: Collection[str]) -> tuple[Declared, ...]:
    """Return what a collection declares; ``taken`` are the other columns, in lower case.

    Columns are called as the properties are in searches, unless another one may be called so.
    """
    return tuple(
        Declared(name, type_name, _EXTRA_PREFIX + name if _is_taken(name, taken) else name)
        for name, type_name in sorted((collection.get(_MEMBER) or {}).items())
    )


def _is_taken(name: str, taken: Collection[str]) -> bool:
    lower = name.lower()  # engines do not tell case
    return lower in taken or lower.startswith(_PREFIX)


def _moment(value: str) -> str | None:
    """Return a whole or partial timestamp of ISO 8601 in UTC; None for any other text."""
    text = value.strip()
    if not _MOMENT.fullmatch(text):
        return None
    try:
        return _text_of(datetime.fromisoformat(text + _REST.get(len(text), "")))
    except (ValueError, OverflowError):
        return None


def _text_of(moment: datetime) -> str:
    """Return a moment as items have it; one without an offset is in UTC."""
    utc = moment.astimezone(UTC) if moment.tzinfo else moment
    return f"{utc.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
