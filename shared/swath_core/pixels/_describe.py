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
from rasterio.shutil import copy

from swath_core.nodata import Number, own_nodata

from ._georeference import Position
from ._masks import alpha_index, hides_pixels

_WHOLE = 2**64
"""Below, integral values are written without an exponent, as GDAL reads 64-bit integers."""

_WIDER = {"Int16": "Float32", "Int32": "Float64", "Int64": "Float64"}
"""Types of floating point in which GDAL takes the mode of integers."""

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


def marks(dataset: Any, nodata: Sequence[Number | None]) -> list[Number | None]:
    """Return what each band's missing pixels become while its overviews are built.

    GDAL knows one kind of missing pixels at a time: so where there may be several (nodata, what is
    not a number, what is masked) all become one number. None where there is one kind at most.
    """
    # several values of nodata, of all bands together, are a mask and nothing else
    masked = hides_pixels(dataset) and "NODATA_VALUES" not in dataset.tags()
    alpha = alpha_index(dataset)
    return [
        None if index == alpha else _mark(value, dtype, masked=masked)
        for index, (value, dtype) in enumerate(zip(nodata, dataset.dtypes, strict=True))
    ]


def _mark(nodata: Number | None, dtype: str, *, masked: bool) -> Number | None:
    if dtype.startswith("float"):
        finite = nodata is not None and math.isfinite(nodata)
        return nodata if finite else float(np.finfo(dtype).min)
    return nodata if masked and own_nodata(nodata, dtype) is not None else None


def for_overviews(
    dataset: Any,
    base: ET.Element,
    nodata: Sequence[Number | None],
    marks: Sequence[Number | None],
    path: Path,
) -> ET.Element:
    """Return the description to build overviews from: every missing pixel is marked as such.

    What is not a number is marked first and what is masked after it, in descriptions of their own
    (``path`` takes the first), since GDAL does one of them at a time.
    """
    root = copied(base)
    bands = root.findall("VRTRasterBand")
    for band, value, mark, dtype in zip(bands, nodata, marks, dataset.dtypes, strict=True):
        set_nodata(band, value if mark is None else mark)
        if mark is not None and dtype.startswith("float"):
            for source in band.findall("SimpleSource"):
                source.tag = "ComplexSource"
                ET.SubElement(source, "NODATA").text = "nan"
    if hides_pixels(dataset):
        _mark_masked(dataset, root, marks, path)
    return root


def _mark_masked(
    dataset: Any, root: ET.Element, marks: Sequence[Number | None], path: Path
) -> None:
    """Mark what is masked, where a band is to be marked; an alpha channel becomes a mask."""
    if alpha_index(dataset) is not None and root.find("MaskBand") is None:
        root.append(_mask_of_alpha(root))
    save(root, path)
    for number, band in enumerate(root.findall("VRTRasterBand"), start=1):
        for name in ("SimpleSource", "ComplexSource"):
            for source in band.findall(name):
                band.remove(source)
        mark = marks[number - 1]
        source = ET.SubElement(band, "SimpleSource" if mark is None else "ComplexSource")
        add_source(source, str(path), number)
        if mark is not None:
            ET.SubElement(source, "UseMaskBand").text = "true"


def _mask_of_alpha(root: ET.Element) -> ET.Element:
    """Return the mask that the last band of a description is."""
    holder = ET.Element("MaskBand")
    mask = ET.SubElement(holder, "VRTRasterBand", {"dataType": "Byte"})
    for source in root.findall("VRTRasterBand")[-1].findall("SimpleSource"):
        mask.append(copied(source))
    return holder


def level(
    base: ET.Element,
    number: int,
    size: tuple[int, int],
    built: dict[int, tuple[Path, int]],
    mask: Path | None,
    nodata: Sequence[Number | None],
    marks: Sequence[Number | None],
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
        value, mark = nodata[index], marks[index]
        back = mark is not None and mark != value
        source = ET.SubElement(element, "ComplexSource" if back else "SimpleSource")
        add_source(source, f"GTIFF_DIR:{number}:{path}.ovr", place)
        if mark is not None and back:
            ET.SubElement(source, "NODATA").text = _text(mark)
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


def remove_mask(root: ET.Element) -> None:
    """Leave a description without its mask."""
    for mask in root.findall("MaskBand"):
        root.remove(mask)


def widen_for_mode(root: ET.Element) -> None:
    """Let bands have a type of which GDAL 3.10 takes the mode right, and which holds their values.

    Of bytes it takes the mode of masked pixels, too; and of signed integers whose nodata is
    negative it makes 0 of what has no data at all.
    """
    masked = root.find("MaskBand") is not None
    for band in root.findall("VRTRasterBand"):
        kind, nodata = band.get("dataType", ""), band.findtext("NoDataValue")
        if masked and kind == "Byte":
            band.set("dataType", "UInt16")
        elif nodata is not None and float(nodata) < 0 and kind in _WIDER:
            band.set("dataType", _WIDER[kind])


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
