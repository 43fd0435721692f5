"""Writing a COG with GDAL's own driver, in one pass over the pixels and with bounded memory.

The driver takes one resampling for all bands and powers of two only. So the overviews are built
beforehand, by GDAL too, on virtual datasets of the bands that share a resampling; the driver is
then told to take the ones that exist. The virtual datasets (VRT) are written here, never read
from a user.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import rasterio
from rasterio.enums import ColorInterp, Resampling
from rasterio.shutil import copy

from ._georeference import Position
from ._open import HARDENED
from ._overviews import BLOCK

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


def write_cog(  # noqa: PLR0913 - what a COG is made of
    dataset: Any,
    target: Path,
    *,
    where: Position,
    nodata: float | None,
    band_nodata: Sequence[float | None],
    resampling: Sequence[Resampling],
    factors: Sequence[int],
    compression: str,
    categorical: bool,
) -> None:
    """Write ``dataset`` as a COG at ``target``; the folder of ``target`` takes temporary files.

    ``nodata`` goes into the file, ``band_nodata`` says which pixels overviews leave out.
    Raises rasterio's errors where the disk is full.
    """
    folder = target.parent
    with rasterio.Env(**_WRITING):
        base = _describe(dataset, folder / "source.vrt", where)
        for element, value in zip(base.findall("VRTRasterBand"), band_nodata, strict=True):
            _set(element, "NoDataValue", None if value is None else _text(value))
        main = _add_overviews(dataset, base, folder, resampling, factors) if factors else base
        for element in main.findall("VRTRasterBand"):
            _set(element, "NoDataValue", None if nodata is None else _text(nodata))
        path = folder / "main.vrt"
        _save(main, path)
        with rasterio.open(path, driver="VRT", sharing=False) as described:
            copy(
                described,
                target,
                driver="COG",
                **creation_options(compression, categorical=categorical),
            )


def _describe(dataset: Any, path: Path, where: Position) -> ET.Element:
    """Return GDAL's virtual description of a dataset, at the place it was found to have."""
    copy(dataset, path, driver="VRT")
    root = ET.parse(path).getroot()  # noqa: S314 - written by GDAL a moment ago
    for name in ("GCPList", "SRS", "GeoTransform"):
        for element in root.findall(name):
            root.remove(element)
    srs = ET.Element("SRS")
    srs.text = dataset.crs.to_wkt() if dataset.crs else where.crs.to_wkt()
    transform = ET.Element("GeoTransform")
    transform.text = ", ".join(repr(float(value)) for value in where.geotransform)
    root.insert(0, srs)
    root.insert(1, transform)
    for source in root.iter("SourceFilename"):
        source.set("relativeToVRT", "0")
        source.text = str(Path(dataset.name).resolve())
    return root


def _add_overviews(
    dataset: Any,
    base: ET.Element,
    folder: Path,
    resampling: Sequence[Resampling],
    factors: Sequence[int],
) -> ET.Element:
    """Return the description with overviews, built group by group of equal resampling.

    Each level becomes a description of its own, mask included: GDAL asks an overview for its
    mask, not a mask for its overviews.
    """
    main = _copied(base)
    built: dict[int, tuple[Path, int]] = {}
    for algorithm in dict.fromkeys(resampling):
        members = [index for index, chosen in enumerate(resampling) if chosen is algorithm]
        group = _selection(base, [*members, *_alpha_for(dataset, members)])
        path = folder / f"group-{algorithm.name}.vrt"
        _build(group, path, factors, algorithm)
        built |= {index: (path, number) for number, index in enumerate(members, start=1)}
    mask = folder / "mask.vrt"
    if base.find("MaskBand") is not None:
        _build(_mask_alone(base), mask, factors, Resampling.nearest)
    for level, factor in enumerate(factors, start=1):
        path = folder / f"level-{level}.vrt"
        # GDAL rounds the size of an overview up
        size = -(-dataset.width // factor), -(-dataset.height // factor)
        _save(_level(base, level, size, built, mask), path)
        for number, band in enumerate(main.findall("VRTRasterBand"), start=1):
            overview = ET.SubElement(band, "Overview")
            _source(overview, str(path), number)
    return main


def _build(group: ET.Element, path: Path, factors: Sequence[int], algorithm: Resampling) -> None:
    """Build the overviews of a description beside it."""
    _save(group, path)
    # only these temporary ones go uncompressed: the COG's own would take the setting, too
    with rasterio.Env(COMPRESS_OVERVIEW="NONE"), rasterio.open(path, "r+", driver="VRT") as dataset:
        dataset.build_overviews(list(factors), algorithm)


def _mask_alone(base: ET.Element) -> ET.Element:
    """Return a description whose only band is the dataset's mask."""
    alone = _selection(base, [])
    mask = alone.find("MaskBand")
    band = base.find("MaskBand/VRTRasterBand")
    if mask is not None and band is not None:
        alone.remove(mask)
        band = _copied(band)
        band.set("band", "1")
        alone.append(band)
    return alone


def _level(
    base: ET.Element,
    level: int,
    size: tuple[int, int],
    built: dict[int, tuple[Path, int]],
    mask: Path,
) -> ET.Element:
    """Return the description of one level: its bands, and its mask where there is one."""
    root = ET.Element("VRTDataset", {"rasterXSize": str(size[0]), "rasterYSize": str(size[1])})
    for index, band in enumerate(base.findall("VRTRasterBand")):
        path, number = built[index]
        element = ET.SubElement(
            root, "VRTRasterBand", {"dataType": band.get("dataType", ""), "band": str(index + 1)}
        )
        source = ET.SubElement(element, "SimpleSource")
        _source(source, f"GTIFF_DIR:{level}:{path}.ovr", number)
    if base.find("MaskBand") is not None:
        holder = ET.SubElement(root, "MaskBand")
        element = ET.SubElement(holder, "VRTRasterBand", {"dataType": "Byte"})
        source = ET.SubElement(element, "SimpleSource")
        _source(source, f"GTIFF_DIR:{level}:{mask}.ovr", 1)
    return root


def _source(element: ET.Element, name: str, band: int) -> None:
    """Say which band of which dataset an element takes."""
    filename = ET.SubElement(element, "SourceFilename", {"relativeToVRT": "0"})
    filename.text = name
    ET.SubElement(element, "SourceBand").text = str(band)


def _alpha_for(dataset: Any, members: Sequence[int]) -> list[int]:
    """Return the alpha band to average a group's bands by, where it is in another group."""
    return [
        index
        for index, meaning in enumerate(dataset.colorinterp)
        if meaning is ColorInterp.alpha and index not in members
    ]


def _selection(base: ET.Element, indexes: Sequence[int]) -> ET.Element:
    """Return a description of some of the bands."""
    chosen = _copied(base)
    bands = chosen.findall("VRTRasterBand")
    for band in bands:
        chosen.remove(band)
    for number, index in enumerate(indexes, start=1):
        bands[index].set("band", str(number))
        chosen.append(bands[index])
    return chosen


def _copied(element: ET.Element) -> ET.Element:
    return ET.fromstring(ET.tostring(element))  # noqa: S314 - our own


def _save(root: ET.Element, path: Path) -> None:
    path.write_bytes(ET.tostring(root))


def _set(band: ET.Element, name: str, value: str | None) -> None:
    """Set or remove one leaf of a band; it must stand before the sources."""
    for element in band.findall(name):
        band.remove(element)
    if value is not None:
        element = ET.Element(name)
        element.text = value
        band.insert(0, element)


def _text(value: float) -> str:
    return "nan" if math.isnan(value) else repr(float(value))
