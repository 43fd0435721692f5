"""Virtual descriptions (VRT) of a raster: of all of its bands, of some, of one overview level.

They are written here, never read from a user. A source is described as it stands: overviews that
it brings are shut out, since nothing says what they were made from.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.shutil import copy

from swath_core.nodata import Number

from ._georeference import Position

_WHOLE = 2**64
"""Below, integral values are written without an exponent, as GDAL reads 64-bit integers."""

_PACKED = frozenset({"1", "2", "4"})
"""Bits per sample below a byte that readers of TIFF know well."""


def describe(dataset: Any, path: Path, where: Position, *, packed: bool) -> ET.Element:
    """Return GDAL's virtual description of a dataset, at the place it was found to have.

    ``packed`` keeps bits per sample below a byte; any other number of bits is widened to its
    type, which holds the same values and takes a predictor.
    """
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
    for source in root.iter("SimpleSource"):
        _stand_alone(source, Path(dataset.name).resolve())
    _settle_bits(root, packed=packed)
    return root


def _stand_alone(source: ET.Element, path: Path) -> None:
    for filename in source.findall("SourceFilename"):
        filename.set("relativeToVRT", "0")
        filename.text = str(path)
    options = ET.Element("OpenOptions")
    ET.SubElement(options, "OOI", {"key": "OVERVIEW_LEVEL"}).text = "NONE"
    source.insert(1, options)


def _settle_bits(root: ET.Element, *, packed: bool) -> None:
    items = root.findall("VRTRasterBand/Metadata/MDI[@key='NBITS']")
    bands = root.findall("VRTRasterBand")
    found = {item.text for item in items}
    if packed and len(items) == len(bands) and len(found) == 1 and found <= _PACKED:
        return
    for holder in root.findall("VRTRasterBand/Metadata"):
        for item in holder.findall("MDI[@key='NBITS']"):
            holder.remove(item)


def for_overviews(dataset: Any, base: ET.Element, nodata: Sequence[Number | None]) -> ET.Element:
    """Return the description to build overviews from: every missing pixel is marked as such.

    In floating point, what is not a number becomes nodata, and so does what is masked: GDAL knows
    one kind of missing pixels at a time.
    """
    root = copied(base)
    masked = is_masked(dataset)
    bands = root.findall("VRTRasterBand")
    for band, value, dtype in zip(bands, nodata, dataset.dtypes, strict=True):
        if _is_marked(band, dtype):
            for source in band.findall("SimpleSource"):
                source.tag = "ComplexSource"
                if masked:
                    ET.SubElement(source, "UseMaskBand").text = "true"
                ET.SubElement(source, "NODATA").text = "nan"
            set_nodata(band, _mark(value, dtype))
        else:
            set_nodata(band, value)
    return root


def is_masked(dataset: Any) -> bool:
    """Return whether an alpha channel or an internal mask says where there is data."""
    return any(MaskFlags.per_dataset in flags for flags in dataset.mask_flag_enums)


def _is_marked(band: ET.Element, dtype: str) -> bool:
    return dtype.startswith("float") and not is_alpha(band)


def is_alpha(band: ET.Element) -> bool:
    """Return whether a described band is an alpha channel."""
    return band.findtext("ColorInterp") == "Alpha"


def _mark(nodata: Number | None, dtype: str) -> float:
    """Return what missing pixels are while overviews are built: nodata, or the lowest number."""
    finite = nodata is not None and math.isfinite(nodata)
    return float(nodata) if finite and nodata is not None else float(np.finfo(dtype).min)


def level(
    dataset: Any,
    base: ET.Element,
    number: int,
    size: tuple[int, int],
    built: dict[int, tuple[Path, int]],
    mask: Path | None,
    nodata: Sequence[Number | None],
) -> ET.Element:
    """Return the description of one level: its bands, and its mask where there is one.

    ``built`` says in which file, as which band, the overviews of each band lie.
    """
    root = ET.Element("VRTDataset", {"rasterXSize": str(size[0]), "rasterYSize": str(size[1])})
    for index, band in enumerate(base.findall("VRTRasterBand")):
        path, place = built[index]
        element = ET.SubElement(
            root, "VRTRasterBand", {"dataType": band.get("dataType", ""), "band": str(index + 1)}
        )
        value, dtype = nodata[index], dataset.dtypes[index]
        back = _is_marked(band, dtype) and _mark(value, dtype) != value
        source = ET.SubElement(element, "ComplexSource" if back else "SimpleSource")
        add_source(source, f"GTIFF_DIR:{number}:{path}.ovr", place)
        if back:
            ET.SubElement(source, "NODATA").text = _text(_mark(value, dtype))
            set_nodata(element, math.nan if value is None else value)
    if mask is not None:
        holder = ET.SubElement(root, "MaskBand")
        element = ET.SubElement(holder, "VRTRasterBand", {"dataType": "Byte"})
        source = ET.SubElement(element, "SimpleSource")
        add_source(source, f"GTIFF_DIR:{number}:{mask}.ovr", 1)
    return root


def mask_alone(base: ET.Element) -> ET.Element:
    """Return a description whose only band is the dataset's mask."""
    alone = selection(base, [])
    mask = alone.find("MaskBand")
    band = base.find("MaskBand/VRTRasterBand")
    if mask is not None and band is not None:
        alone.remove(mask)
        band = copied(band)
        band.set("band", "1")
        alone.append(band)
    return alone


def add_source(element: ET.Element, name: str, band: int) -> None:
    """Say which band of which dataset an element takes."""
    filename = ET.SubElement(element, "SourceFilename", {"relativeToVRT": "0"})
    filename.text = name
    ET.SubElement(element, "SourceBand").text = str(band)


def alpha_for(dataset: Any, members: Sequence[int]) -> list[int]:
    """Return the alpha band to average a group's bands by, where it is in another group."""
    return [
        index
        for index, meaning in enumerate(dataset.colorinterp)
        if meaning is ColorInterp.alpha and index not in members
    ]


def selection(base: ET.Element, indexes: Sequence[int]) -> ET.Element:
    """Return a description of some of the bands."""
    chosen = copied(base)
    bands = chosen.findall("VRTRasterBand")
    for band in bands:
        chosen.remove(band)
    for number, index in enumerate(indexes, start=1):
        bands[index].set("band", str(number))
        chosen.append(bands[index])
    return chosen


def copied(element: ET.Element) -> ET.Element:
    """Return a copy that shares nothing with an element."""
    return ET.fromstring(ET.tostring(element))  # noqa: S314 - our own


def save(root: ET.Element, path: Path) -> None:
    """Write a description."""
    path.write_bytes(ET.tostring(root))


def set_nodata(band: ET.Element, value: Number | None) -> None:
    """Set or remove the nodata value of a band; it must stand before the sources."""
    for element in band.findall("NoDataValue"):
        band.remove(element)
    if value is not None:
        element = ET.Element("NoDataValue")
        element.text = _text(value)
        band.insert(0, element)


def _text(value: Number) -> str:
    if math.isnan(value):
        return "nan"
    whole = abs(value) < _WHOLE and value == int(value)
    return str(int(value)) if whole else repr(float(value))
