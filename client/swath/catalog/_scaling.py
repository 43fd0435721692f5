"""From a band's ranges and a user's wish to the `scales` and `ot` of a raster request.

A wish is a mode for all bands ("raw", "auto", "display", "physical"), a list with one entry per
band, or a mapping of band names (and "default_" for the rest) to entries. An entry is None (as
stored), a mode, () (the range found in the data), (low, high) to the full range of the output type,
or (low, high, out_low, out_high). The output type is Byte where nothing else is said, and floats
range from 0 to 1. Percentages like "10%" are of the range of the output and, for inputs, of the
display range for bytes, of the data range for floats, else of the type's. Mask and class bands are
never scaled by a mode that is meant for all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ._generated import BandAttributes, BandType, DataType

Scale = list[float] | None
Range = tuple[float, ...] | None
_MODES = ("raw", "auto", "display", "physical")
_BYTE = (0, 255)
_FALLBACK = (0.0, 10000.0)  # display range of a band that has none (contract, surprise 19)
_SIGNED = {
    "Byte": "Int16",
    "Int8": "Int8",
    "UInt16": "Int32",
    "Int16": "Int16",
    "Int32": "Int32",
}
_BY_MODE = {"physical": DataType.FLOAT64, "display": DataType.BYTE, "auto": DataType.BYTE}
_ORDER = (
    "Byte", "UInt16", "Int16", "Int32", "UInt32", "Float32", "Float64", "Int8", "Int64", "UInt64"
)  # fmt: skip
_FLOATS = ("Float32", "Float64")
_DISPLAYED_FLOAT = (0, 255.99)  # so that a float cut to a byte later uses all 256 values evenly
_LIMITS: dict[str, tuple[float, float]] = {
    "Byte": _BYTE,
    "UInt16": (0, 65535),
    "Int16": (-32768, 32767),
    "UInt32": (0, 4294967295),
    "Int32": (-2147483648, 2147483647),
    "Float32": (0.0, 1.0),
    "Float64": (0.0, 1.0),
    "Int8": (-128, 127),
    "Int64": (-(2**63), 2**63 - 1),
    "UInt64": (0, 2**64 - 1),
}


@dataclass(frozen=True, slots=True)
class Ranges:
    """What of a band decides how its pixels are scaled."""

    name: str
    type: BandType | None
    data_type: DataType | None
    data_range: Range
    display_range: Range
    physical_range: Range

    @classmethod
    def of(cls, name: str, band: BandAttributes) -> Ranges:
        """Those of the stored pixels."""
        physical = getattr(band, "physical_range", None)  # of some types of bands only
        return cls(name, band.type, band.data_type, band.data_range, band.display_range, physical)

    @classmethod
    def at_level(cls, name: str, band: BandAttributes, level: str | None) -> Ranges:
        """Those that a processing level gives; None: the default one, where there is one.

        Raises ValueError for a level that the band does not have.
        """
        levels = band.processing_levels
        steps = levels.get(level or "default")
        while isinstance(steps, str):
            steps = levels.get(steps)
        if level is not None and steps is None and level != "default":
            raise ValueError(f"band {name!r} has no processing level {level!r}")
        own = cls.of(name, band)
        if not steps:
            return own
        last = steps[-1]
        physical = own.physical_range
        if hasattr(type(band), "physical_range"):
            physical = last.physical_range or physical
        return cls(
            name,
            own.type,
            last.data_type or DataType.FLOAT64,
            last.data_range or own.data_range,
            last.display_range or own.display_range,
            physical,
        )


def scaling_parameters(
    bands: Sequence[Ranges], scaling: Any = None, data_type: DataType | str | None = None
) -> tuple[list[Scale] | None, DataType | None]:
    """`scales`, or None when no band is scaled, and the output type; None: the service's choice.

    Raises ValueError for a wish that makes no sense.
    """
    entries = _entries(bands, scaling)
    modes = {entry for entry in entries if isinstance(entry, str)}
    modes |= {scaling} if isinstance(scaling, str) else set()
    if len(modes) > 1:
        raise ValueError(f"scaling modes do not mix: {' and '.join(sorted(modes))}")
    wanted = _known_type(data_type)
    scales = [_scale(band, entry, wanted) for band, entry in zip(bands, entries, strict=True)]
    implied = _BY_MODE.get(next(iter(modes), "")) or _implied(bands, scales)
    unscaled = all(scale is None for scale in scales)
    return (None if unscaled else scales), wanted or implied


def common_data_type(types: Sequence[str]) -> DataType | None:
    """The smallest type that holds every value of all, or None where only the service can say."""
    distinct = set(types)
    for float_type in ("Float64", "Float32"):
        if float_type in distinct:
            return DataType(float_type)
    if distinct & {"Int64", "UInt64"}:
        return DataType(*distinct) if len(distinct) == 1 else None
    if "UInt32" in distinct:
        signed = distinct & {"Int8", "Int16", "Int32"}
        return None if signed else DataType.UINT32
    if distinct <= {"Byte", "UInt16"}:
        return DataType.UINT16 if "UInt16" in distinct else DataType.BYTE
    needed = {_SIGNED[name] for name in distinct}
    if needed == {"Int8"}:
        return DataType.INT8
    return DataType.INT32 if "Int32" in needed else DataType.INT16


def _known_type(data_type: DataType | str | None) -> DataType | None:
    try:
        return None if data_type is None else DataType(data_type)
    except ValueError:
        raise ValueError(f"{data_type!r} is no data type; there are {', '.join(_ORDER)}") from None


def _entries(bands: Sequence[Ranges], scaling: Any) -> list[Any]:
    if scaling is None or isinstance(scaling, str):
        return [_for_all(band, scaling) for band in bands]
    if isinstance(scaling, Mapping):
        default = scaling.get("default_")
        return [scaling.get(band.name, _for_all(band, default)) for band in bands]
    if not isinstance(scaling, list | tuple):
        raise ValueError(  # noqa: TRY004 - the known exception of a wrong scaling
            f"scaling is a mode, a list or a mapping, not {scaling!r}"
        )
    if len(scaling) != len(bands):
        raise ValueError(f"{len(scaling)} scalings for {len(bands)} bands")
    return [_checked(entry, band) for entry, band in zip(scaling, bands, strict=True)]


def _for_all(band: Ranges, entry: Any) -> Any:
    entry = _checked(entry, band)
    return None if band.type in {BandType.MASK, BandType.CLASS} else entry


def _checked(entry: Any, band: Ranges) -> Any:
    if isinstance(entry, str) and entry not in _MODES:
        raise ValueError(f"{entry!r} (band {band.name!r}) is no scaling; {', '.join(_MODES)}")
    if entry is None or isinstance(entry, str):
        return entry
    if not isinstance(entry, list | tuple) or len(entry) not in {0, 2, 4}:
        raise ValueError(f"{entry!r} (band {band.name!r}) is no scaling: 0, 2 or 4 numbers")
    return tuple(entry)


def _scale(band: Ranges, entry: Any, data_type: DataType | None) -> Scale:
    if entry is None or entry == "raw":
        return None
    if entry in {"auto", ()}:
        return []
    if entry == "display":
        shown = _DISPLAYED_FLOAT if data_type in _FLOATS else _BYTE
        return [*(band.display_range or _FALLBACK), *shown]
    if entry == "physical":
        physical = band.physical_range
        return None if physical is None else [*(band.data_range or _FALLBACK), *physical]
    inputs = [_share(value, *_input_range(band, data_type)) for value in entry[:2]]
    if data_type is None and any(isinstance(value, str) for value in entry[2:]):
        raise ValueError("percentages of the output need a data_type")
    limits = _LIMITS[data_type or "Byte"]
    outputs = [_share(value, *limits) for value in entry[2:]]
    return [*inputs, *(outputs or limits)]


def _input_range(band: Ranges, data_type: DataType | None) -> tuple[float, ...]:
    if data_type is None or data_type == DataType.BYTE:
        return band.display_range or _FALLBACK
    return (band.data_range or _FALLBACK) if data_type in _FLOATS else _LIMITS[data_type]


def _share(value: Any, low: float, high: float) -> float:
    """A number as it is; "25%" as that share of the way from `low` to `high`, whole if both are."""
    if not isinstance(value, str):
        return float(value) if isinstance(value, float) else int(value)
    try:
        share = float(value.removesuffix("%")) / 100.0
    except ValueError:
        raise ValueError(f"{value!r} is no percentage") from None
    found = low + share * (high - low)
    whole = isinstance(low, int) and isinstance(high, int)
    return int(found) if whole or found.is_integer() else found


def _implied(bands: Sequence[Ranges], scales: list[Scale]) -> DataType | None:
    """Byte when something is scaled to it; Float64 when the output range may not fit a byte."""
    scaled = [scale for scale in scales if scale is not None]
    if not scaled:
        return common_data_type([str(band.data_type or DataType.UINT16) for band in bands])
    outputs = [value for scale in scaled for value in scale[2:]]
    whole = all(isinstance(value, int) and 0 <= value <= _BYTE[1] for value in outputs)
    full = [scale for scale in scaled if scale and scale[2:] != list(_BYTE)]
    return DataType.BYTE if whole and not full else DataType.FLOAT64
