"""From images, bands and an area to a raster request, and from its answer to arrays."""

from __future__ import annotations

import math
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from swath.arguments import takes
from swath.geo import AOI, GeoContext
from swath.http import Client
from swath.raster import Pixels, download, read_pixels

from ._enums import DownloadFileFormat, PixelSelection, ResampleAlgorithm
from ._generated import BandAttributes, BandType, DataType
from ._scaling import Ranges, scaling_parameters

if TYPE_CHECKING:
    from numpy.typing import NDArray

_KEPT = 600.0  # seconds that a product's bands are believed
_ALPHA = "alpha"
_PLACING = ("crs", "resolution", "all_touched")
Bands = str | Sequence[str]
KnownBands = Mapping[str, Mapping[str, BandAttributes]]  # by product id, then by name


class FileArguments(TypedDict, total=False):
    """How pixels are wanted; see `Image.ndarray`."""

    crs: str | None
    resolution: float | None
    all_touched: bool | None
    resampler: ResampleAlgorithm | str
    processing_level: str | None
    scaling: Any
    data_type: DataType | str | None
    expressions: Mapping[str, str] | None
    mask: str | None
    progress: bool | None


class ArrayArguments(FileArguments, total=False):
    """The same of pixels in memory: masked or not, and where the bands are."""

    mask_nodata: bool
    mask_alpha: bool | str | None
    bands_axis: int


takes_file = takes(FileArguments, resampler="near")
takes_array = takes(ArrayArguments, resampler="near", mask_nodata=True, bands_axis=0)
takes_stack = takes(ArrayArguments, resampler="near", mask_nodata=True, bands_axis=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadOptions:
    """How pixels are wanted; see `Image.ndarray`."""

    bands: Bands
    resampler: ResampleAlgorithm | str = ResampleAlgorithm.NEAR
    processing_level: str | None = None
    scaling: Any = None
    data_type: DataType | str | None = None
    mask_nodata: bool = True
    mask_alpha: bool | str | None = None
    expressions: Mapping[str, str] | None = None
    mask: str | None = None
    pixel_selection: PixelSelection | None = None
    progress: bool | None = None

    @classmethod
    def of(
        cls, bands: Bands, arguments: Mapping[str, Any], *, as_file: bool = False
    ) -> ReadOptions:
        """Those among a method's arguments; for a file nothing is masked."""
        own = {k: v for k, v in arguments.items() if k not in {*_PLACING, "bands_axis"}}
        made = cls(bands=bands, **own)
        return replace(made, mask_nodata=False, mask_alpha=False) if as_file else made


@dataclass(frozen=True, slots=True)
class Reading:
    """A raster request, and what must be done with its answer."""

    client: Client
    request: dict[str, Any]
    bands: list[str]
    masked: bool
    progress: bool | None = None

    def of(self, ids: Iterable[str | None]) -> Reading:
        """The same of these images, later ones over earlier ones."""
        return replace(self, request={**self.request, "ids": list(ids)})

    def quiet(self) -> Reading:
        """The same without a bar of its own, for one of several that share one."""
        return replace(self, progress=False)

    def pixels(self) -> Pixels:
        """The whole answer."""
        return read_pixels(self.client, self.request, progress=self.progress)

    def download(self, path: Path, kind: str, nodata: float | None) -> str:
        """Write the answer to a file. The request is without the three members about masks."""
        keys = {"mask_nodata", "mask_alpha", "drop_alpha"}
        request = {name: value for name, value in self.request.items() if name not in keys}
        written = download(
            self.client, request, path, format=kind, nodata=nodata, progress=self.progress
        )
        return str(written)

    def array(self, pixels: Pixels, bands_axis: int = 0) -> NDArray[Any]:
        """(bands, rows, columns): a masked array where something was to be masked."""
        import numpy as np

        whole: NDArray[Any] = pixels.data
        if self.masked:
            whole = np.ma.MaskedArray(pixels.data, pixels.mask)
        return np.moveaxis(whole, 0, bands_axis)


class BandCache:
    """The bands of the products that were read lately, by client and product."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: weakref.WeakKeyDictionary[
            Client, dict[str, tuple[float, Mapping[str, BandAttributes]]]
        ] = weakref.WeakKeyDictionary()

    def bands(
        self, product_id: str, client: Client, load: Callable[[], Mapping[str, BandAttributes]]
    ) -> Mapping[str, BandAttributes]:
        """Name to band, loaded when what is kept is older than ten minutes."""
        with self._lock:
            kept = self._kept.get(client, {}).get(product_id)
        if kept and time.monotonic() - kept[0] < _KEPT:
            return kept[1]
        found = load()
        with self._lock:
            self._kept.setdefault(client, {})[product_id] = (time.monotonic(), found)
        return found

    def forget(self, product_id: str | None) -> None:
        """A band of this product changed."""
        with self._lock:
            for kept in self._kept.values():
                kept.pop(str(product_id), None)


band_cache = BandCache()


def plan(known: KnownBands, context: GeoContext, options: ReadOptions, client: Client) -> Reading:
    """The request, without ids, for some bands of images of these products over an area.

    Raises ValueError for a band that one of the products does not have, or bands that differ.
    """
    names = split_bands(options.bands)
    alpha = _alpha(options.mask_alpha, list(known.values()))
    drop = alpha is not None and alpha != names[-1]
    asked = [*names, alpha] if alpha is not None and drop else names
    chosen = [_chosen(asked, bands, product, options) for product, bands in sorted(known.items())]
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
        **_beyond(options),
    }
    masked = bool(options.mask_nodata) or alpha is not None
    return Reading(client, request, names, masked, options.progress)


def _beyond(options: ReadOptions) -> dict[str, Any]:
    """The members of a request that other services of the contract do not know, where given."""
    selection = options.pixel_selection
    members = {
        "expressions": None if options.expressions is None else dict(options.expressions),
        "mask": options.mask,
        "pixel_selection": None if selection is None else str(selection),
    }
    return {name: value for name, value in members.items() if value is not None}


def split_bands(bands: Bands) -> list[str]:
    """A list of names, or one string with spaces between them. Raises ValueError without any."""
    names = bands.split() if isinstance(bands, str) else [str(name) for name in bands]
    if not names:
        raise ValueError("no bands: name at least one")
    return names


def adjusted(context: GeoContext, arguments: Mapping[str, Any]) -> GeoContext:
    """The context with the changes that a method was given. Raises ValueError for a fixed tile."""
    given = {name: arguments.get(name) for name in _PLACING}
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if not changes:
        return context
    if not isinstance(context, AOI):
        raise ValueError(  # noqa: TRY004 - a wrong combination, not a wrong type
            f"{', '.join(changes)} can only be changed on an AOI: a tile is fixed"
        )
    return context.assign(**changes)


def destination(
    dest: str | Path | None, format: DownloadFileFormat | str | None, stem: str
) -> tuple[Path, str]:
    """The path of a download and its format, "tif" where neither says anything else."""
    path = None if dest is None else Path(dest)
    ending = path.suffix.removeprefix(".").lower() if path else ""
    ending = {"tiff": "tif", "jpeg": "jpg"}.get(ending, ending)
    kinds = {str(kind) for kind in DownloadFileFormat}
    kind = str(DownloadFileFormat(format)) if format else (ending if ending in kinds else "tif")
    name = f"{stem.replace(':', '_').replace('/', '_')}.{kind}"
    if path is None:
        return Path(name), kind
    if path.is_dir() or not path.suffix:
        return path / name, kind
    if ending != kind:
        raise ValueError(f"{path} does not end like a {kind} file")
    return path, kind


def own_grid(geotrans: Sequence[float], columns: int, rows: int, crs: str) -> AOI:
    """The grid of an image; of a rotated one the upright box around it, pixels of the same size."""
    left, dx, rx, top, ry, dy = geotrans
    corners = [
        (left + i * dx + j * rx, top + i * ry + j * dy) for i in (0, columns) for j in (0, rows)
    ]
    xs, ys = zip(*corners, strict=True)
    bounds = (min(xs), min(ys), max(xs), max(ys))
    if rx == 0 and ry == 0:
        shape = (rows, columns)
        return AOI(None, None, crs, align_pixels=False, bounds=bounds, bounds_crs=crs, shape=shape)
    size = math.sqrt(abs(dx * dy - rx * ry))
    return AOI(None, size, crs, align_pixels=False, bounds=bounds, bounds_crs=crs)


def _alpha(
    wish: bool | str | None,  # noqa: FBT001
    known: list[Mapping[str, BandAttributes]],
) -> str | None:
    """The name of the band to mask by, or None."""
    if isinstance(wish, str):
        return wish
    everywhere = all(_ALPHA in bands for bands in known)
    if wish and not everywhere:
        raise ValueError("mask_alpha: there is no band named 'alpha'; give the mask band's name")
    return _ALPHA if everywhere and wish is not False and known else None


def _chosen(
    names: list[str], bands: Mapping[str, BandAttributes], product: str, options: ReadOptions
) -> list[Ranges]:
    computed = options.expressions or {}
    missing = [name for name in names if name not in bands and name not in computed]
    if missing:
        there = ", ".join([*bands, *computed]) or "none"
        raise ValueError(f"product {product} has no band {missing[0]!r}; it has {there}")
    return [
        # a class is what no scaling for all bands touches
        Ranges(name, BandType.CLASS, DataType.FLOAT64, None, None, None)
        if name in computed
        else Ranges.at_level(name, bands[name], options.processing_level)
        for name in names
    ]


def _same_scaling(
    chosen: list[list[Ranges]], options: ReadOptions
) -> tuple[list[Any] | None, DataType | None]:
    found = [_parameters(bands, options) for bands in chosen]
    if any(parameters != found[0] for parameters in found[1:]):
        raise ValueError("the bands of these products differ in type or range: give data_type")
    return found[0]


def _parameters(
    bands: list[Ranges], options: ReadOptions
) -> tuple[list[Any] | None, DataType | None]:
    scaling = options.scaling
    if isinstance(scaling, list | tuple) and len(scaling) == len(bands) - 1:
        scaling = [*scaling, None]  # the alpha band that was added
    return scaling_parameters(bands, scaling, options.data_type)
