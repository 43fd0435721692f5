"""Warping files that have ground control points or RPCs instead of a geotransform.

Done only where the product asks for it (``swath.gcps`` = ``warp``): pixels move. GDAL fits a
polynomial to ground control points, of first order below six of them and of second from there on;
how far it misses them is stated. Rational polynomials are evaluated at their mean height, without
a model of the terrain.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.enums import ColorInterp, Resampling
from rasterio.transform import GCPTransformer
from rasterio.warp import calculate_default_transform, reproject

from swath_core.nodata import Number

from ._model import Refused

_SETTING = "swath.gcps = warp among the product's extra properties"
_RPC_CRS = "EPSG:4326"
_FEWEST = 3
_TEMPORARY = {
    "driver": "GTiff",
    "tiled": True,
    "blockxsize": 512,
    "blockysize": 512,
    "interleave": "band",
    "BIGTIFF": "IF_SAFER",
    "SPARSE_OK": "TRUE",
}
"""How the warped file is laid out, from which the COG is made."""


def needs_warp(dataset: Any, *, is_given: bool) -> bool:
    """Return whether a file has nothing but control points or RPCs to say where it lies.

    ``is_given`` tells that the image's attributes have a geotransform.
    """
    placed = is_given or not dataset.transform.is_identity
    return not placed and (bool(dataset.gcps[0]) or dataset.rpcs is not None)


def refuse_warp(name: str, dataset: Any) -> None:
    """Refuse a file that could be warped only, naming the setting that allows it."""
    points, crs = dataset.gcps
    if points:
        _check_points(name, points, crs)
        found = f"{len(points)} ground control points only"
        error = f", which fits its points to {_fit(points, crs)}"
    else:
        found, error = "rational polynomial coefficients only", ""
    raise Refused(
        f"{name}: is georeferenced by {found}; expected a geotransform, or {_SETTING}{error}"
    )


def warp(
    name: str,
    dataset: Any,
    target: Path,
    nodata: Number | None,
    categorical: Sequence[bool],
) -> str:
    """Write a dataset warped to the CRS of its control points, and return how well it fits.

    What lies outside of it becomes nodata; an alpha channel tells it where there is none. Names
    are picked, measurements interpolated. Raises Refused where the points cannot be fitted.
    """
    crs, options, note = _fitted(name, dataset)
    transform, width, height = calculate_default_transform(
        crs, crs, dataset.width, dataset.height, **options
    )
    if nodata is None and dataset.dtypes[0].startswith("float"):
        nodata = float("nan")
    adds_alpha = nodata is None and ColorInterp.alpha not in dataset.colorinterp
    profile = _TEMPORARY | {
        "count": dataset.count + adds_alpha,
        "dtype": dataset.dtypes[0],
        "width": width,
        "height": height,
        "crs": crs,
        "transform": transform,
        "nodata": nodata,
    }
    with rasterio.open(target, "w", **profile) as output:
        _describe(dataset, output, adds_alpha=adds_alpha)
        reproject(
            rasterio.band(dataset, list(dataset.indexes)),
            rasterio.band(output, list(dataset.indexes)),
            src_crs=crs,
            dst_crs=crs,
            dst_transform=transform,
            src_nodata=nodata,
            dst_nodata=nodata,
            dst_alpha=output.count if adds_alpha else 0,
            resampling=Resampling.nearest if any(categorical) else Resampling.bilinear,
            warp_mem_limit=64,
            **options,
        )
    return f"{name}: {note}"


def _fitted(name: str, dataset: Any) -> tuple[Any, dict[str, Any], str]:
    """Return the CRS to warp to, what GDAL is to warp by, and how well that fits, in words."""
    points, crs = dataset.gcps
    if points:
        _check_points(name, points, crs)
        note = f"warped by {len(points)} ground control points, fitted to {_fit(points, crs)}"
        return crs, {"gcps": points}, note
    height = dataset.rpcs.height_off
    note = f"warped by rational polynomials at a height of {height:g} m, without terrain"
    return _RPC_CRS, {"rpcs": dataset.rpcs, "RPC_HEIGHT": height}, note


def _describe(dataset: Any, output: Any, *, adds_alpha: bool) -> None:
    """Carry over what stands beside the pixels."""
    extra = (ColorInterp.alpha,) if adds_alpha else ()
    output.colorinterp = (*dataset.colorinterp, *extra)
    for index in (0, *dataset.indexes):
        for space in ("", *dataset.tag_namespaces(index)):
            tags = dataset.tags(index, ns=space)
            structural = space in {"IMAGE_STRUCTURE", "DERIVED_SUBDATASETS", "RPC"}
            if tags and not structural and not space.startswith("xml:"):
                output.update_tags(index, ns=space, **tags)
    for index in dataset.indexes:
        output.set_band_description(index, dataset.descriptions[index - 1] or "")
        if dataset.colorinterp[index - 1] is ColorInterp.palette:
            output.write_colormap(index, dataset.colormap(index))
    unit = (1.0,) * len(extra)
    output.scales = (*dataset.scales, *unit)
    output.offsets = (*dataset.offsets, *(0.0,) * len(extra))


def _check_points(name: str, points: Sequence[Any], crs: Any) -> None:
    if crs is None or len(points) < _FEWEST:
        raise Refused(
            f"{name}: is georeferenced by {len(points)} ground control points "
            f"{'without a CRS' if crs is None else f'in {crs}'}; expected {_FEWEST} or more in a "
            "known CRS"
        )


def _fit(points: Sequence[Any], crs: Any) -> str:
    """Return how far the fitted polynomial misses the control points, in words."""
    with GCPTransformer(points) as fitted:
        x, y = fitted.xy(
            [point.row for point in points], [point.col for point in points], offset="ul"
        )
    away = np.hypot(
        np.asarray(x) - [point.x for point in points], np.asarray(y) - [point.y for point in points]
    )
    unit = "degrees" if crs.is_geographic else crs.linear_units
    return f"{np.sqrt((away**2).mean()):.3g} {unit} RMS, {away.max():.3g} at most"
