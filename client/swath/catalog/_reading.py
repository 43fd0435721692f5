"""From images, bands and an area to a raster request, and from its answer to arrays."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from swath.catalog._enums import DataType, ResampleAlgorithm
from swath.catalog._scaling import scaling_parameters

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from swath.catalog._band import Band
    from swath.geo import GeoContext
    from swath.http import Client
    from swath.raster import Pixels

_KEPT = 600.0  # seconds that a product's bands are believed
_ALPHA = "alpha"


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadOptions:
    """How pixels are wanted; see `Image.ndarray`."""

    bands: str | Sequence[str]
    resampler: ResampleAlgorithm | str = ResampleAlgorithm.NEAR
    processing_level: str | None = None
    scaling: Any = None
    data_type: DataType | str | None = None
    mask_nodata: bool = True
    mask_alpha: bool | str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A raster request, without its ids, and what must be done with its answer."""

    request: dict[str, Any]
    bands: list[str]
    masked: bool


class BandCache:
    """The bands of the products that were read lately, by client and product."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[tuple[int, str], tuple[float, dict[str, Band]]] = {}

    def bands(self, product_id: str, client: Client) -> dict[str, Band]:
        """Name to band, requested when what is kept is older than ten minutes."""
        from swath.catalog._band import Band
        from swath.catalog._expressions import properties

        key = (id(client), product_id)
        with self._lock:
            kept = self._kept.get(key)
        if kept and time.monotonic() - kept[0] < _KEPT:
            return kept[1]
        search = Band.search(client=client).filter(properties.product_id == product_id)
        found = {str(band.name): band for band in search}
        with self._lock:
            self._kept[key] = (time.monotonic(), found)
        return found

    def forget(self, product_id: str | None) -> None:
        """A band of this product changed."""
        with self._lock:
            for key in [key for key in self._kept if key[1] == product_id]:
                del self._kept[key]


band_cache = BandCache()


def plan(
    product_ids: Iterable[str], context: GeoContext, options: ReadOptions, client: Client
) -> Reading:
    """The request for some bands of images of these products over an area.

    Raises ValueError for a band that one of the products does not have, or bands that differ.
    """
    names = split_bands(options.bands)
    products = sorted(set(product_ids))
    known = [band_cache.bands(product, client) for product in products]
    alpha = _alpha(options.mask_alpha, known)
    drop = alpha is not None and alpha != names[-1]
    asked = [*names, alpha] if alpha is not None and drop else names
    chosen = [
        _chosen(asked, bands, product) for product, bands in zip(products, known, strict=True)
    ]
    scales, data_type = _same_scaling(chosen, options)
    request = {
        "bands": asked,
        "scales": scales,
        "ot": data_type and str(data_type),
        **context.raster_params,
        "resampleAlg": str(ResampleAlgorithm(options.resampler)),
        "processing_level": options.processing_level,
        "output_window": None,
        "mask_nodata": bool(options.mask_nodata),
        "mask_alpha": alpha is not None,
        "drop_alpha": drop,
    }
    return Reading(request, names, bool(options.mask_nodata) or alpha is not None)


def for_download(reading: Reading) -> dict[str, Any]:
    """The request of a download: the contract's, without the three members about masks."""
    keys = {"mask_nodata", "mask_alpha", "drop_alpha"}
    return {name: value for name, value in reading.request.items() if name not in keys}


def to_array(reading: Reading, pixels: Pixels) -> NDArray[Any]:
    """(bands, rows, columns): a masked array where something was to be masked."""
    import numpy as np

    return np.ma.MaskedArray(pixels.data, pixels.mask) if reading.masked else pixels.data


def without_mask(options: ReadOptions) -> ReadOptions:
    """The same options for a file: nothing is masked, an alpha band only if it was asked for."""
    return replace(options, mask_nodata=False, mask_alpha=False)


def split_bands(bands: str | Sequence[str]) -> list[str]:
    """A list of names, or one string with spaces between them. Raises ValueError without any."""
    names = bands.split() if isinstance(bands, str) else [str(name) for name in bands]
    if not names:
        raise ValueError("no bands: name at least one")
    return names


def _alpha(wish: bool | str | None, known: list[dict[str, Band]]) -> str | None:  # noqa: FBT001
    """The name of the band to mask by, or None."""
    if isinstance(wish, str):
        return wish
    everywhere = all(_ALPHA in bands for bands in known)
    if wish and not everywhere:
        raise ValueError("mask_alpha: there is no band named 'alpha'; give the mask band's name")
    return _ALPHA if everywhere and wish is not False and known else None


def _chosen(names: list[str], bands: dict[str, Band], product: str) -> list[Band]:
    missing = [name for name in names if name not in bands]
    if missing:
        there = ", ".join(bands) or "none"
        raise ValueError(f"product {product} has no band {missing[0]!r}; it has {there}")
    return [bands[name] for name in names]


def _same_scaling(
    chosen: list[list[Band]], options: ReadOptions
) -> tuple[list[Any] | None, DataType | None]:
    found = []
    for bands in chosen:
        leveled = [_at_level(band, options.processing_level) for band in bands]
        found.append(_parameters(leveled, options))
    if any(parameters != found[0] for parameters in found[1:]):
        raise ValueError("the bands of these products differ in type or range: give data_type")
    return found[0]


def _parameters(
    bands: list[Band], options: ReadOptions
) -> tuple[list[Any] | None, DataType | None]:
    scaling = options.scaling
    if isinstance(scaling, list | tuple) and len(scaling) == len(bands) - 1:
        scaling = [*scaling, None]  # the alpha band that was added
    return scaling_parameters(bands, scaling, options.data_type)


def _at_level(band: Band, level: str | None) -> Band:
    """The band with the ranges and the type that a processing level gives it."""
    from swath.catalog._processing import ProcessingStep

    levels = band.processing_levels
    steps = levels.get(level or "default")
    while isinstance(steps, str):
        steps = levels.get(steps)
    if level is not None and steps is None and level != "default":
        raise ValueError(f"band {band.name!r} has no processing level {level!r}")
    if not steps:
        return band
    last: ProcessingStep = steps[-1]
    given = {
        name: value
        for name in ("data_range", "display_range", "physical_range")
        if (value := getattr(last, name)) is not None and hasattr(type(band), name)
    }
    return type(band)(
        name=band.name, product_id=band.product_id, **{**_ranges(band), **given},
        data_type=last.data_type or DataType.FLOAT64,
    )  # fmt: skip


def _ranges(band: Band) -> dict[str, Any]:
    names = ("data_range", "display_range", "physical_range")
    return {name: value for name in names if (value := getattr(band, name, None)) is not None}
