"""Attribute types of space: pixel sizes and footprints."""

from __future__ import annotations

import re
from dataclasses import dataclass

from swath_core.documents import finite

from ._attribute import AttributeType, Choice, Json, Number, Schema, wrong
from ._containers import Field, Record

_UNIT_WORDS = {
    "m": "meters",
    "meter": "meters",
    "meters": "meters",
    "metre": "meters",
    "metres": "meters",
    "°": "degrees",
    "deg": "degrees",
    "degree": "degrees",
    "degrees": "degrees",
}


METERS_PER_DEGREE = 111_319.49079327358
"""Length of one degree along the equator of WGS 84: 2 pi 6378137 / 360 metres."""


@dataclass(frozen=True)
class Resolution(AttributeType):
    """A pixel size: ``{"value": 60.0, "unit": "meters" | "degrees"}``, compared in metres."""

    comparable = True
    accepts = (
        'a resolution such as {"value": 60, "unit": "meters"}, "60m", "0.1 degrees" or a number '
        "of meters, greater than 0"
    )

    def normalise(self, value: Json) -> Json:
        """Return the object form."""
        parsed = self._parse(value)
        if parsed is None or parsed[0] <= 0:
            raise wrong(value, self.accepts)
        return {"value": parsed[0], "unit": parsed[1]}

    def _parse(self, value: Json) -> tuple[float, str] | None:
        if isinstance(value, str):
            match = re.fullmatch(r"\s*([0-9.eE+-]+)\s*([A-Za-z°]*)\.?\s*", value)
            try:
                value = {"value": float(match[1]), "unit": match[2] or "m"} if match else None
            except ValueError:
                return None
        if not isinstance(value, dict):
            value = {"value": value, "unit": "meters"}
        if set(value) - {"value", "unit"}:
            return None
        number, unit = finite(value.get("value")), value.get("unit", "meters")
        word = _UNIT_WORDS.get(unit.lower()) if isinstance(unit, str) else None
        return None if number is None or word is None else (number, word)

    def key(self, stored: Json) -> float:
        """Return the size in metres; degrees are taken at the equator."""
        factor = METERS_PER_DEGREE if stored["unit"] == "degrees" else 1.0
        return float(stored["value"]) * factor

    def schema(self) -> Schema:
        """Return the JSON schema of the stored form."""
        return Record(
            {
                "value": Field(Number(), "Length of a pixel's side.", required=True),
                "unit": Field(Choice(("meters", "degrees")), "Its unit.", required=True),
            }
        ).schema()

    def sent_schema(self) -> Schema:
        """Return the JSON schema of what may be sent: an object, a text or a number of metres."""
        text = {"type": "string", "description": self.accepts, "examples": ["60m", "0.1 degrees"]}
        return {"anyOf": [self.schema(), text, {"type": "number", "exclusiveMinimum": 0}]}


@dataclass(frozen=True)
class Footprint(AttributeType):
    """A GeoJSON Polygon or MultiPolygon in WGS 84.

    Here it is an object and no more: whoever stores footprints normalises them, which takes
    geometry (``swath_core.catalog.STORED_IMAGE``).
    """

    accepts = "a GeoJSON Polygon or MultiPolygon in longitude and latitude"

    def normalise(self, value: Json) -> Json:
        """Return the object itself."""
        if not isinstance(value, dict):
            raise wrong(value, self.accepts)
        return value

    def schema(self) -> Schema:
        """Return the JSON schema of the stored form."""
        return {
            "type": "object",
            "properties": {
                "type": {"type": "string", "enum": ["Polygon", "MultiPolygon"]},
                "coordinates": {"type": "array"},
            },
            "required": ["type", "coordinates"],
        }
