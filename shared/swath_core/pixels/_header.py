"""Checks that need the header only: size, bands, pixel types, nodata."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from swath_core.definitions import NUMPY_TYPES
from swath_core.nodata import Number, same_nodata

from ._model import ExpectedBand, Limits, Refused

_NAMES = {dtype: name for name, dtype in NUMPY_TYPES.items()}
_SIZES = {"complex_int16": 4}


def check_size(
    name: str, width: int, height: int, bands: int, dtypes: Sequence[str], limits: Limits
) -> None:
    """Refuse a raster that claims more than the limits allow, before anything is decoded."""
    if max(width, height) > limits.side:
        raise Refused(
            f"{name}: is {width} x {height} pixels; at most {limits.side} on a side are accepted"
        )
    if bands > limits.bands:
        raise Refused(f"{name}: has {bands} bands; at most {limits.bands} are accepted")
    size = width * height * sum(_item_size(dtype) for dtype in dtypes)
    if size > limits.pixel_bytes:
        raise Refused(
            f"{name}: holds {size} bytes of pixels ({width} x {height}, {bands} bands); "
            f"at most {limits.pixel_bytes} are accepted"
        )


def _item_size(dtype: str) -> int:
    import numpy as np  # noqa: PLC0415 - only here

    return _SIZES.get(dtype) or int(np.dtype(dtype).itemsize)


def check_bands(
    name: str,
    dtypes: Sequence[str],
    expected: Sequence[ExpectedBand],
    *,
    spare: int = 0,
) -> None:
    """Compare a file's bands with the product's: how many there are, and of which type.

    ``spare`` trailing bands (an alpha channel that the product does not name) may follow.
    """
    if not expected:
        raise Refused(f"{name}: no band of the product lies in this file")
    wanted = 1 + max(band.index for band in expected)
    if not wanted <= len(dtypes) <= wanted + spare:
        listed = ", ".join(f"{band.name} (index {band.index})" for band in expected)
        raise Refused(
            f"{name}: has {len(dtypes)} bands; expected {wanted} for the product's {listed}"
        )
    for band in expected:
        found = _NAMES.get(dtypes[band.index], dtypes[band.index])
        if found != band.data_type:
            raise Refused(
                f"{name}: band {band.index + 1} ({band.name}) has pixels of type {found}; "
                f"expected {band.data_type}"
            )


def choose_nodata(
    name: str,
    found: Sequence[Number | None],
    dtypes: Sequence[str],
    expected: Sequence[ExpectedBand],
) -> Number | None:
    """Return the nodata value that the COG is to carry, or None.

    A file's own value must agree with the product's where both have one, as far as pixels of
    their type can tell. A TIFF has one value for all of its bands: it is written only where all
    of them agree.
    """
    for band in expected:
        own, dtype = found[band.index], dtypes[band.index]
        if None not in {own, band.nodata} and not same_nodata(own, band.nodata, dtype):
            raise Refused(
                f"{name}: band {band.index + 1} ({band.name}) has nodata {own:g}; "
                f"the product's band has {band.nodata:g}"
            )
    values = nodata_of_bands(found, expected)
    first = values[0]
    alike = all(
        same_nodata(value, first, dtype) for value, dtype in zip(values, dtypes, strict=True)
    )
    return first if alike else None


def nodata_of_bands(
    nodata: Sequence[Number | None], expected: Sequence[ExpectedBand]
) -> list[Number | None]:
    """Return each band's nodata: the file's own, else the product's."""
    by_index = {band.index: band.nodata for band in expected}
    return [own if own is not None else by_index.get(i) for i, own in enumerate(nodata)]


def has_spare_alpha(dataset: Any, expected: Sequence[ExpectedBand]) -> bool:
    """Return whether the last band is an alpha channel that the product does not name."""
    last = dataset.count - 1
    named = any(band.index == last for band in expected)
    return not named and dataset.colorinterp[-1].name == "alpha"
