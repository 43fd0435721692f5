"""What is computed from each image's own bands: expressions, and the mask that hides its pixels.

A mosaic of expressions is a mosaic as if each image had them as bands: a pixel is valid where all
the bands are from which it is computed, and where the result is a number. A hidden pixel counts as
one that the image does not have. Masks look at stored values, nodata or not: a mask that nodata
shall make true says so. Where a band of the mask has no pixel, the image has none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from swath_core.documents import Document, shown
from swath_core.errors import BadRequest

from ._canvas import Parts
from ._grid import Window
from ._request import MAX_BANDS, MAX_READS, RasterRequest
from ._sources import BandInfo, Product, plan_bands
from ._warp import BandPixels
from .expressions import Expression

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Derivation:
    """How an image's bands as they are read become the bands of the mosaic.

    ``inputs`` are the bands that are read, in the order of their positions; ``bands`` what the
    mosaic has: the name of an input, or an expression over some.
    """

    inputs: Sequence[BandInfo]
    bands: Sequence[str | Expression]
    mask: Expression | None

    @property
    def plain(self) -> bool:
        """Whether the bands are those that are read, as they are."""
        return self.mask is None and list(self.bands) == [band.name for band in self.inputs]

    def apply(self, parts: Parts) -> Parts:
        """Return what an image has for the mosaic, from what was read of it."""
        if self.plain:
            return parts
        window = _around(parts)
        if window is None:
            return []
        read = {
            self.inputs[band.position].name: _over(window, part, band)
            for part, bands in parts
            for band in bands
        }
        shown = self._shown(read)
        found = [self._band(position, read, shown) for position in range(len(self.bands))]
        return [(window, [band for band in found if band is not None])]

    def _shown(self, read: Mapping[str, BandPixels]) -> Array | bool:
        """Return where the mask hides nothing."""
        if self.mask is None:
            return True
        if not set(self.mask.bands) <= set(read):
            return False
        used = [read[name] for name in self.mask.bands]
        inside = np.logical_and.reduce([band.inside for band in used])
        shown: Array = inside & ~self.mask.values(self._values(self.mask, read))
        return shown

    def _band(
        self,
        position: int,
        read: Mapping[str, BandPixels],
        shown: Array | bool,  # noqa: FBT001 - an array, or one value for all of it
    ) -> BandPixels | None:
        wanted = self.bands[position]
        names = (wanted,) if isinstance(wanted, str) else wanted.bands
        if not set(names) <= set(read):
            return None
        used = [read[name] for name in names]
        inside = np.logical_and.reduce([band.inside for band in used]) & shown
        valid = np.logical_and.reduce([band.valid for band in used]) & shown
        if isinstance(wanted, str):
            return BandPixels(position, used[0].values, inside, valid)
        values = wanted.values(self._values(wanted, read))
        return BandPixels(position, values, inside, valid & np.isfinite(values))

    def _values(self, wanted: Expression, read: Mapping[str, BandPixels]) -> dict[str, Array]:
        """Return the values that an expression uses, in the types that it was checked with."""
        dtypes = {band.name: band.dtype for band in self.inputs}
        with np.errstate(invalid="ignore"):
            return {
                name: read[name].values.astype(dtypes[name], copy=False) for name in wanted.bands
            }


def _around(parts: Parts) -> Window | None:
    windows = [window for window, bands in parts if bands]
    if not windows:
        return None
    row, column = min(w.row for w in windows), min(w.column for w in windows)
    bottom = max(w.row + w.height for w in windows)
    right = max(w.column + w.width for w in windows)
    return Window(row, column, bottom - row, right - column)


def _over(window: Window, part: Window, band: BandPixels) -> BandPixels:
    """Return a band over a larger window."""
    if part == window:
        return band
    size, cut = (window.height, window.width), part.within(window)
    values = np.zeros(size, band.values.dtype)
    inside, valid = np.zeros(size, bool), np.zeros(size, bool)
    values[cut], inside[cut], valid[cut] = band.values, band.inside, band.valid
    return BandPixels(band.position, values, inside, valid)


def derivation(products: Mapping[str, Product], request: RasterRequest) -> Derivation:
    """Return what a request reads of each image, and what it makes of it.

    Raises BadRequest where a product lacks a band, an expression is called like one, operations
    do not fit the bands' types, or there are too many.
    """
    _refuse_names_of_bands(products, request)
    names = [name for name in request.bands if name not in request.expressions]
    wanted = [request.expressions.get(name, name) for name in request.bands]
    used = [each for each in wanted if isinstance(each, Expression)]
    used += [] if request.mask is None else [request.mask]
    level = request.processing_level
    inputs = list(plan_bands(products, names, level))
    for expression in used:
        more = [n for n in expression.bands if n not in {band.name for band in inputs}]
        inputs += plan_bands(products, more, level, expression.parameter)
        expression.check({band.name: band.dtype for band in inputs})
    _refuse_excess(request, len(inputs))
    return Derivation(inputs, wanted, request.mask)


def derived_bands(derivation: Derivation, names: Sequence[str]) -> list[BandInfo]:
    """Return the bands of a mosaic by their names: expressions are in double precision."""
    inputs = {band.name: band for band in derivation.inputs}
    return [
        inputs[wanted] if isinstance(wanted, str) else _computed(name, wanted)
        for name, wanted in zip(names, derivation.bands, strict=True)
    ]


def _computed(name: str, expression: Expression) -> BandInfo:
    document = Document(
        "band", name, {"type": "generic", "data_type": "Float64", "description": expression.text}
    )
    return BandInfo(name, np.dtype("float64"), None, False, document)


def _refuse_names_of_bands(products: Mapping[str, Product], request: RasterRequest) -> None:
    for product, bands in products.values():
        for band in bands:
            if band.get("name") in request.expressions:
                raise BadRequest(
                    f"expressions has {shown(band.get('name'))}, which is a band of "
                    f"{product.id!r}; give the expression a name of its own",
                    parameter="expressions",
                )


def _refuse_excess(request: RasterRequest, inputs: int) -> None:
    if inputs > MAX_BANDS or len(request.ids) * inputs > MAX_READS:
        raise BadRequest(
            f"{len(request.ids)} images are read in {inputs} bands, those of expressions and mask "
            f"included; one request reads at most {MAX_BANDS} bands and, images times bands, "
            f"{MAX_READS}",
            parameter="bands",
        )
