"""Processing levels: the steps of a band that are computed from coefficients of each image.

A band's ``processing_levels`` maps a level's name to a list of steps or to another name; each step
names a function and the image attribute that holds its coefficients. The published client
resolves levels in the same way (``descarteslabs.catalog.scaling.resolve_processing_level``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from swath_core.documents import Document
from swath_core.errors import BadRequest
from swath_core.raster.request import is_number

Values = np.ndarray[Any, Any]
Coefficients = tuple[float, ...]

MAX_ALIASES = 10
_IGNORED_LEVELS = frozenset({"default", "toa", "surface"})
"""Level names that bands without levels take for their own values, as the client does."""


def gain_bias(values: Values, coefficients: Coefficients) -> Values:
    """Return ``gain * value + bias``: radiance, reflectance or temperature from counts."""
    gain, bias = coefficients
    return values * gain + bias


def scale(values: Values, coefficients: Coefficients) -> Values:
    """Return ``factor * value``: reflectance from radiance by ``reflectance_scale``."""
    (factor,) = coefficients
    return values * factor


def brightness_temperature(values: Values, coefficients: Coefficients) -> Values:
    """Return ``k2 / ln(k1 / radiance + 1)`` in kelvin (Landsat handbook, section 11.3)."""
    k1, k2 = coefficients
    with np.errstate(divide="ignore", invalid="ignore"):
        return k2 / np.log(k1 / values + 1.0)


_FUNCTIONS: Mapping[str, tuple[Callable[[Values, Coefficients], Values], int]] = {
    "gain_bias": (gain_bias, 2),
    "scale": (scale, 1),
    "reflectance_scale": (scale, 1),
    "brightness_temperature": (brightness_temperature, 2),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One computation on a band's values with the coefficients of one image."""

    function: str
    coefficients: Coefficients

    def apply(self, values: Values) -> Values:
        """Return the float64 values after this step."""
        function, _ = _FUNCTIONS[self.function]
        return function(values, self.coefficients)


def level_definition(band: Document, level: str | None) -> list[dict[str, Any]]:
    """Return the steps that a band defines for a level (empty: its stored values).

    Raises BadRequest where the band has no such level or its definition goes in circles.
    """
    levels = band.get("processing_levels") or {}
    if not levels:
        if level and level not in _IGNORED_LEVELS and band.get("type") not in {"mask", "class"}:
            raise BadRequest(
                f"the band {band.get('name')!r} has no processing levels, so none that is "
                f"called {level!r}",
                parameter="processing_level",
            )
        return []
    found = levels.get(level or "default")
    for _ in range(MAX_ALIASES):
        if not isinstance(found, str):
            return list(found or [])
        found = levels.get(found)
    raise BadRequest(
        f"the processing level {level or 'default'!r} of the band {band.get('name')!r} is an "
        "alias that never ends",
        parameter="processing_level",
    )


def level_data_type(band: Document, level: str | None) -> str:
    """Return the contract's data type of a band at a level: ``Float64`` unless the step says."""
    steps = level_definition(band, level)
    if not steps:
        return str(band.get("data_type") or "UInt16")
    return str(steps[-1].get("data_type") or "Float64")


def image_steps(image: Document, band: Document, level: str | None) -> tuple[Step, ...]:
    """Return a band's steps with an image's coefficients. Raises BadRequest where they lack."""
    return tuple(_step(image, band, step) for step in level_definition(band, level))


def _step(image: Document, band: Document, definition: Mapping[str, Any]) -> Step:
    name = definition.get("function")
    if name not in _FUNCTIONS:
        raise BadRequest(
            f"the band {band.get('name')!r} asks for the processing function {name!r}, which "
            f"cannot be computed from image attributes; these can: {', '.join(_FUNCTIONS)}",
            parameter="processing_level",
        )
    parameter, index = definition.get("parameter"), definition.get("index")
    value = image.get(str(parameter))
    if index is None and isinstance(value, list) and value and isinstance(value[0], list):
        index = (band.get("vendor_order") or 1) - 1
    if index is not None:
        value = value[index] if isinstance(value, list) and 0 <= index < len(value) else None
    coefficients = value if isinstance(value, list) else [value]
    _, count = _FUNCTIONS[str(name)]
    if len(coefficients) != count or not all(map(is_number, coefficients)):
        where = f"{parameter}[{index}]" if index is not None else str(parameter)
        raise BadRequest(
            f"the image {image.id!r} has no {where} of {count} number(s), which {name} of the "
            f"band {band.get('name')!r} needs",
            parameter="processing_level",
        )
    return Step(str(name), tuple(map(float, coefficients)))
