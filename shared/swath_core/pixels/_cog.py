"""Writing a COG with GDAL's own driver, in one pass over the pixels and with bounded memory.

The driver takes one resampling for all bands and powers of two only. So the overviews are built
beforehand, by GDAL too, on virtual descriptions of the bands that share a resampling; the driver
is then told to take the ones that exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import rasterio
from rasterio.enums import Resampling
from rasterio.shutil import copy

from swath_core.nodata import Number

from . import _describe as vrt
from ._georeference import Position
from ._masks import alpha_index
from ._metadata import describe_tags, left_out
from ._open import HARDENED
from ._overviews import BLOCK
from ._tiff import associate_alpha, restore_default_space

COMPRESSIONS = {
    # every TIFF reader since 1996 reads DEFLATE
    "deflate": {"COMPRESS": "DEFLATE", "LEVEL": "6"},
    # a third faster to read and some percent smaller, for readers of libtiff 4.0.10 (2018) on
    "zstd": {"COMPRESS": "ZSTD", "LEVEL": "9"},
    "lzw": {"COMPRESS": "LZW"},
    "none": {"COMPRESS": "NONE"},
}
"""Lossless compressions that a product may choose."""

_WRITING = HARDENED | {
    # the virtual datasets find their overviews beside them, in a folder of their own
    "GDAL_DISABLE_READDIR_ON_OPEN": "FALSE",
    "GDAL_TIFF_OVR_BLOCKSIZE": str(BLOCK),
    "BIGTIFF_OVERVIEW": "IF_SAFER",
    "GDAL_NUM_THREADS": "ALL_CPUS",
}


@dataclass(frozen=True, slots=True)
class Shape:
    """How a COG is to be written.

    ``nodata`` goes into the file, ``band_nodata`` says which pixels overviews leave out.
    ``resampling`` is of each band, ``factors`` are decimations, in order; ``categorical`` tells
    that all bands hold names instead of measurements; ``associated`` that colours are multiplied
    by the alpha channel.
    """

    where: Position
    nodata: Number | None
    band_nodata: Sequence[Number | None]
    resampling: Sequence[Resampling]
    factors: Sequence[int]
    compression: str = "deflate"
    categorical: bool = False
    associated: bool = False


def creation_options(compression: str, *, categorical: bool) -> dict[str, str]:
    """Return the options of the COG driver.

    A predictor stores differences of neighbours: it shrinks measurements (twofold for smooth
    16-bit bands) and swells classes, so categorical files go without.
    """
    options = {
        "BLOCKSIZE": str(BLOCK),
        "BIGTIFF": "IF_SAFER",
        "OVERVIEWS": "FORCE_USE_EXISTING",
        "NUM_THREADS": "ALL_CPUS",
        **COMPRESSIONS[compression],
    }
    if compression != "none":
        options["PREDICTOR"] = "NO" if categorical else "YES"
    return options


def write_cog(dataset: Any, target: Path, shape: Shape) -> list[str]:
    """Write ``dataset`` as a COG at ``target``; the folder of ``target`` takes temporary files.

    Returns what of the source's metadata could not be kept, in words. Raises rasterio's errors
    where the disk is full.
    """
    folder = target.parent
    options = creation_options(shape.compression, categorical=shape.categorical)
    with rasterio.Env(**_WRITING):
        main = vrt.describe(dataset, folder / "source.vrt", shape.where, packed=shape.categorical)
        if shape.factors:
            _add_overviews(dataset, main, folder, shape)
        else:
            options["OVERVIEWS"] = "NONE"
        for element in main.findall("VRTRasterBand"):
            vrt.set_nodata(element, shape.nodata)
        named, lost = describe_tags(dataset, main)
        if named:
            options["COPY_SRC_MDD"] = "YES"
        path = folder / "main.vrt"
        vrt.save(main, path)
        with rasterio.open(path, driver="VRT", sharing=False) as described:
            copy(described, target, driver="COG", **options)
    if named:
        restore_default_space(target)
    if shape.associated:
        associate_alpha(target)
    return lost + left_out(dataset)


def _add_overviews(dataset: Any, main: ET.Element, folder: Path, shape: Shape) -> None:
    """Add overviews to a description, built group by group of equal resampling.

    Each level becomes a description of its own, mask included: GDAL asks an overview for its
    mask, not a mask for its overviews.
    """
    marks = vrt.marks(dataset, shape.band_nodata)
    base = vrt.for_overviews(dataset, main, shape.band_nodata, marks, folder / "unmarked.vrt")
    built: dict[int, tuple[Path, int]] = {}
    for (algorithm, masked), members in _groups(dataset, shape, marks).items():
        group = vrt.selection(base, members)
        if not masked:
            vrt.remove_mask(group)
        if algorithm is Resampling.mode:
            vrt.widen_for_mode(group)
        path = folder / f"group-{algorithm.name}-{'masked' if masked else 'marked'}.vrt"
        _build(group, path, shape.factors, algorithm)
        built |= {index: (path, number) for number, index in enumerate(members, start=1)}
    mask = folder / "mask.vrt" if main.find("MaskBand") is not None else None
    if mask is not None:
        _build(vrt.mask_alone(main), mask, shape.factors, Resampling.nearest)
    for number, factor in enumerate(shape.factors, start=1):
        # GDAL rounds the size of an overview up
        size = -(-dataset.width // factor), -(-dataset.height // factor)
        path = folder / f"level-{number}.vrt"
        vrt.save(
            vrt.level(base, number, size, built, mask, shape.band_nodata, marks),
            path,
        )
        for place, band in enumerate(main.findall("VRTRasterBand"), start=1):
            vrt.add_source(ET.SubElement(band, "Overview"), str(path), place)


def _groups(
    dataset: Any, shape: Shape, marks: Sequence[Number | None]
) -> dict[tuple[Resampling, bool], list[int]]:
    """Return the indexes of bands by their resampling, and whether it is to look at the mask.

    What is marked needs none; and the alpha channel itself is seen where it is 0, too.
    """
    groups: dict[tuple[Resampling, bool], list[int]] = {}
    alpha = alpha_index(dataset)
    for index, (algorithm, mark) in enumerate(zip(shape.resampling, marks, strict=True)):
        groups.setdefault((algorithm, mark is None and index != alpha), []).append(index)
    return groups


def _build(group: ET.Element, path: Path, factors: Sequence[int], algorithm: Resampling) -> None:
    """Build the overviews of a description beside it."""
    vrt.save(group, path)
    # only these temporary ones go uncompressed: the COG's own would take the setting, too
    with rasterio.Env(COMPRESS_OVERVIEW="NONE"), rasterio.open(path, "r+", driver="VRT") as dataset:
        dataset.build_overviews(list(factors), algorithm)
