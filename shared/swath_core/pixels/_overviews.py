"""Overviews: which decimation factors, and which resampling for which bands."""

from __future__ import annotations

from collections.abc import Sequence

from rasterio.enums import Resampling

BLOCK = 512
"""Side of a block, and so of the smallest overview, in pixels."""

RESAMPLERS = {
    "nearest": Resampling.nearest,
    "average": Resampling.average,
    "gauss": Resampling.gauss,
    "cubic": Resampling.cubic,
    "cubicspline": Resampling.cubic_spline,
    "lanczos": Resampling.lanczos,
    # averages of magnitude and phase are plain averages of the real pixels that are accepted
    "average_mp": Resampling.average,
    "average_magphase": Resampling.average,
    "mode": Resampling.mode,
}
"""The contract's resamplers and GDAL's."""

_UNAVERAGED = (Resampling.nearest, Resampling.mode)


def factors_down_to_one_block(width: int, height: int, block: int = BLOCK) -> list[int]:
    """Return the powers of two until the whole raster fits one block of this side."""
    factors = []
    factor = 1
    while -(-max(width, height) // factor) > block:
        factor *= 2
        factors.append(factor)
    return factors


def factors(wanted: tuple[int, ...] | None, width: int, height: int) -> list[int]:
    """Return the factors to build: those asked for that leave a pixel, in order; else all.

    No or an empty wish means down to one block.
    """
    if not wanted:
        return factors_down_to_one_block(width, height)
    return sorted({factor for factor in wanted if 1 < factor <= min(width, height)})


def resampling_of(
    resampler: str, categorical: Sequence[bool], alpha: int | None = None
) -> list[Resampling]:
    """Return the resampling of each band: what was asked for, but never an average of classes.

    A categorical band takes the wish only where that is nearest or mode; the alpha channel, whose
    index is ``alpha``, is thinned out as an internal mask is.
    """
    wish = RESAMPLERS[resampler]
    careful = wish if wish in _UNAVERAGED else Resampling.nearest
    chosen = [careful if is_category else wish for is_category in categorical]
    if alpha is not None:
        chosen[alpha] = Resampling.nearest
    return chosen
