"""One file from arrival to COG: header, position, every block, footprint, COG."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import rasterio

from swath_core.nodata import Number

from ._array import read_header, write_tiff
from ._cog import Shape, write_cog
from ._footprint import area, corners, footprint
from ._georeference import Position, acquired, placed, position
from ._header import check_bands, check_size, choose_nodata, has_spare_alpha, nodata_of_bands
from ._layout import is_kept
from ._masks import alpha_index
from ._metadata import left_out
from ._model import FileResult, FileTask, Refused
from ._open import CACHE_BYTES, opened
from ._outline import outline
from ._overviews import factors, resampling_of
from ._ring import Point
from ._scan import Scan, scan
from ._tiff import has_associated_alpha
from ._warp import needs_warp, refuse_warp, warp
from ._written import check_written


def process(task: FileTask) -> FileResult:
    """Validate a file and write its COG; raise Refused where it cannot be accepted.

    Any other error means that this attempt failed, not the file: a full disk, for instance.
    """
    if task.is_array:
        return _process_array(task)
    return _process_raster(task, Path(task.path), keepable=True)


def _process_array(task: FileTask) -> FileResult:
    source = Path(task.path)
    header = read_header(source, task.name, task.limits)
    dtypes = [header.dtype.newbyteorder("=").name] * header.bands
    check_bands(task.name, dtypes, task.bands)
    where = placed(task.name, task.given.crs, task.given.geotransform)
    plain = Path(task.folder) / "array.tif"
    with rasterio.Env(GDAL_PAM_ENABLED="NO", GDAL_CACHEMAX=CACHE_BYTES):
        write_tiff(source, header, where, plain)
    try:
        return _process_raster(task, plain, keepable=False)
    finally:
        plain.unlink(missing_ok=True)


def _process_raster(task: FileTask, path: Path, *, keepable: bool) -> FileResult:
    with opened(path, task.name) as dataset:
        _check_header(task, dataset)
        if needs_warp(dataset, is_given=task.given.geotransform is not None):
            return _process_warped(task, dataset)
        where = position(task.name, dataset, task.given)
        nodata = choose_nodata(task.name, dataset.nodatavals, dataset.dtypes, task.bands)
        found = scan(dataset, task.name, nodata_of_bands(dataset.nodatavals, task.bands))
        geometry = _footprint(task, dataset, where, found)
        target, lost = _stored(task, path, dataset, where, nodata, keepable=keepable)
        return FileResult(
            output=None if target == path else str(target),
            size_bytes=target.stat().st_size,
            md5=_md5(target),
            width=dataset.width,
            height=dataset.height,
            bands=dataset.count,
            crs=where.crs.to_wkt(),
            cs_code=where.cs_code,
            geotransform=where.geotransform,
            valid_fraction=found.valid_fraction,
            footprint=geometry,
            area=area(geometry),
            acquired=acquired(dataset),
            notes=tuple(f"{task.name}: {what} is not kept" for what in lost),
        )


def _stored(
    task: FileTask,
    path: Path,
    dataset: Any,
    where: Position,
    nodata: Number | None,
    *,
    keepable: bool,
) -> tuple[Path, list[str]]:
    """Return the COG, which is the file itself if that will do, and which metadata it lacks."""
    band_nodata = nodata_of_bands(dataset.nodatavals, task.bands)
    categorical = _categorical(task, dataset)
    has_own_place = bool(dataset.crs) and not _takes_given_transform(dataset, where)
    if (
        keepable
        and has_own_place
        and is_kept(
            dataset,
            nodata=nodata,
            band_nodata=band_nodata,
            overviews=task.overviews,
            named=_named(task, dataset),
        )
    ):
        return path, []
    target = Path(task.folder) / "cog.tif"
    shape = Shape(
        where=where,
        nodata=nodata,
        band_nodata=band_nodata,
        resampling=resampling_of(task.resampler, categorical, alpha_index(dataset)),
        factors=factors(task.overviews, dataset.width, dataset.height),
        compression=task.compression,
        categorical=all(categorical),
        associated=dataset.driver == "GTiff" and has_associated_alpha(path),
    )
    lost = write_cog(dataset, target, shape)
    check_written(target)
    return target, lost


def _process_warped(task: FileTask, dataset: Any) -> FileResult:
    """Warp a file that has control points or RPCs only, and process what comes out.

    Raises Refused where the product does not ask for it.
    """
    if not task.warp_gcps:
        refuse_warp(task.name, dataset)
    # a warp would not say which block cannot be decoded
    scan(dataset, task.name, nodata_of_bands(dataset.nodatavals, task.bands))
    nodata = choose_nodata(task.name, dataset.nodatavals, dataset.dtypes, task.bands)
    warped = Path(task.folder) / "warped.tif"
    note = warp(task.name, dataset, warped, nodata, _categorical(task, dataset))
    result = _process_raster(task, warped, keepable=False)
    warped.unlink()
    lost = tuple(f"{task.name}: {what} is not kept" for what in left_out(dataset))
    return replace(result, notes=(note, *lost, *result.notes))


def _check_header(task: FileTask, dataset: Any) -> None:
    size = dataset.width, dataset.height
    check_size(task.name, *size, dataset.count, dataset.dtypes, task.limits)
    spare = int(has_spare_alpha(dataset, task.bands)) if task.bands else 0
    check_bands(task.name, dataset.dtypes, task.bands, spare=spare)
    tallest, widest = (max(sides) for sides in zip(*dataset.block_shapes, strict=True))
    block = tallest * widest * 16
    if block > task.limits.memory_bytes // 2:
        raise Refused(
            f"{task.name}: is stored in blocks of {widest} x {tallest} pixels, which need more "
            "memory than one block may take; expected tiles or strips of fewer rows"
        )


def _footprint(
    task: FileTask,
    dataset: Any,
    where: Position,
    found: Scan,
) -> dict[str, Any]:
    size = dataset.width, dataset.height
    rings: Sequence[list[Point]] = outline(found, size) if task.outline else ()
    try:
        return footprint(task.name, where, rings or [corners(*size)], size)
    except Refused:
        if task.geometry is None:
            raise
        return task.geometry


def _categorical(task: FileTask, dataset: Any) -> list[bool]:
    """Return for each band of the file whether no overview of ours averages it: alpha, too."""
    return [
        is_named or meaning.name == "alpha"
        for is_named, meaning in zip(_named(task, dataset), dataset.colorinterp, strict=True)
    ]


def _named(task: FileTask, dataset: Any) -> list[bool]:
    """Return for each band of the file whether its values are names: classes, or of a palette."""
    named = {band.index for band in task.bands if band.is_categorical}
    paletted = dataset.colorinterp[0].name == "palette"
    return [paletted or index in named for index in range(dataset.count)]


def _takes_given_transform(dataset: Any, where: Position) -> bool:
    return tuple(dataset.transform.to_gdal()) != where.geotransform


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
