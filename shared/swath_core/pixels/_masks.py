"""Masks and alpha channels: what says, beside the values of pixels, where there is data.

GDAL takes an alpha channel for a mask only where it is the second or the fourth band, of 8 or 16
bits without a sign. Here it is one wherever it is the last band.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.windows import Window

Mask = npt.NDArray[np.bool_]


def has_mask(dataset: Any) -> bool:
    """Return whether GDAL knows a mask of all bands: an internal one, or an alpha channel."""
    return any(MaskFlags.per_dataset in flags for flags in dataset.mask_flag_enums)


def has_internal_mask(dataset: Any) -> bool:
    """Return whether there is a mask of all bands that is no band itself."""
    return any(
        MaskFlags.per_dataset in flags and MaskFlags.alpha not in flags
        for flags in dataset.mask_flag_enums
    )


def alpha_index(dataset: Any) -> int | None:
    """Return the index of the alpha channel, which is the last of several bands, or None."""
    last = dataset.count - 1
    return last if last and dataset.colorinterp[last] is ColorInterp.alpha else None


def hides_pixels(dataset: Any) -> bool:
    """Return whether a mask or an alpha channel says where there is data."""
    return has_mask(dataset) or alpha_index(dataset) is not None


def read_shown(dataset: Any, window: Window) -> Mask | None:
    """Return where mask or alpha channel show the pixels of a window; None where all are shown.

    Raises rasterio's errors where they cannot be decoded.
    """
    if has_mask(dataset):
        return np.asarray(dataset.read_masks(1, window=window)).astype(bool)
    alpha = alpha_index(dataset)
    if alpha is None:
        return None
    return np.asarray(dataset.read(alpha + 1, window=window) > 0)
