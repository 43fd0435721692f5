"""Nodata: which pixels hold none, compared in the pixels' own type.

A band's nodata is written down as a JSON number or in a file's header, in double precision or as
text; its pixels may be of single precision. So a value counts as the one that the pixel type makes
of it: 0.1 and -3.4e38 are nodata of Float32 pixels that hold those numbers rounded to single
precision. In floating point, what is not a number is missing whatever the nodata value is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Number = float | int


def own_nodata(nodata: Number | None, dtype: npt.DTypeLike) -> Any:
    """Return a nodata value as a NumPy scalar of a pixel type.

    None where there is none, or where no pixel of the type can equal it.
    """
    if nodata is None:
        return None
    kind = np.dtype(dtype)
    if kind.kind == "f":
        with np.errstate(over="ignore"):
            return np.float64(nodata).astype(kind)
    if nodata != nodata or nodata in {float("inf"), float("-inf")} or nodata != int(nodata):  # noqa: PLR0124 - NaN
        return None
    limits = np.iinfo(kind)
    value = int(nodata)
    return kind.type(value) if limits.min <= value <= limits.max else None


def same_nodata(one: Number | None, other: Number | None, dtype: npt.DTypeLike) -> bool:
    """Return whether two nodata values mean the same pixels of a type; None equals None."""
    if one is None or other is None:
        return one is other
    first, second = own_nodata(one, dtype), own_nodata(other, dtype)
    if first is None or second is None:
        return one == other
    return bool(first == second or (first != first and second != second))  # noqa: PLR0124 - NaN


def holds_data(values: npt.NDArray[Any], nodata: Number | None) -> npt.NDArray[np.bool_]:
    """Return where values are neither nodata nor, in floating point, not a number."""
    own = own_nodata(nodata, values.dtype)
    if values.dtype.kind != "f":
        return np.ones(values.shape, bool) if own is None else np.not_equal(values, own)
    valid: npt.NDArray[np.bool_] = ~np.isnan(values)
    if own is not None and not np.isnan(own):
        valid &= values != own
    return valid
