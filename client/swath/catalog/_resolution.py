"""The size of a pixel."""

from __future__ import annotations

import re
from typing import Any

from swath.arguments import public
from swath.errors import AttributeValidationError

from ._attributes import Enumerated, Number
from ._enums import ResolutionUnit
from ._structure import Structure, StructureAttribute

_WRITTEN = re.compile(r"\s*([0-9.]+(?:[eE][-+]?\d+)?)\s*([a-zA-Z]+\.?|°)?\s*")
_UNITS = {
    **dict.fromkeys(("m", "meter", "meters", "metre", "metres"), ResolutionUnit.METERS),
    **dict.fromkeys(("°", "deg", "degree", "degrees"), ResolutionUnit.DEGREES),
}


@public
class Resolution(Structure):
    """The size of a pixel: a `value` in a `unit`, metres or degrees."""

    value = Number(doc="Length of a pixel's side, in `unit`.")
    unit = Enumerated(ResolutionUnit, doc="Metres or degrees.")

    def __init__(
        self, value: float | None = None, unit: ResolutionUnit | str | None = None
    ) -> None:
        given = {"value": value, "unit": unit}
        super().__init__(**{name: item for name, item in given.items() if item is not None})

    @classmethod
    def parse(cls, text: str) -> Resolution:
        """`"60m"`, `"1.2 deg."`, `"60 metres"`; a bare number is metres. Raises ValueError."""
        match = _WRITTEN.fullmatch(text)
        unit = _UNITS.get((match[2] or "m").rstrip(".").lower()) if match else None
        if match is None or unit is None:
            raise AttributeValidationError(f"{text!r} is no resolution; write it like '60m'")
        return cls(value=float(match[1]), unit=unit)

    def __str__(self) -> str:
        return f"{self.value:g} {self.unit}" if self.value is not None else "unset"


class ResolutionAttribute(StructureAttribute[Resolution]):
    """A resolution; strings like `"60m"` may be assigned."""

    def __init__(self, **options: Any) -> None:
        super().__init__(Resolution, **options)

    def __set__(self, owner: Any, value: Resolution | dict[str, Any] | str | None) -> None:
        self.write(owner, value)

    def coerce(self, value: Any) -> Resolution:
        """Structures, mappings and strings."""
        return Resolution.parse(value) if isinstance(value, str) else super().coerce(value)
