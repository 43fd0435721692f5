"""Metadata of a source beyond pixels and place: tags in namespaces, profiles, palettes.

GDAL's virtual copies carry the default namespace only. The others go into the description as
elements, from where the COG driver takes them; what cannot be carried is named, for the event
log of the upload.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.dom import minidom
from xml.etree import ElementTree as ET
from xml.parsers.expat import ExpatError

from rasterio.enums import ColorInterp

from ._tiff import DEFAULT_SPACE

XMP = "xml:XMP"

_GDALS_OWN = re.compile(
    r"|IMAGE_STRUCTURE|DERIVED_SUBDATASETS|SUBDATASETS|RPC|TIFF|JPEG2000"
    r"|xml:gml\..*|xml:BOX_.*|GEOLOCATION|OVERVIEWS|PROXY_OVERVIEW_REQUEST"
)
"""Namespaces that describe a file's structure or place: the COG has its own."""

_MOST_BYTES = 1_000_000
"""Of one namespace: headers that grow further slow down every reader."""

_OPAQUE = 255


def describe_tags(dataset: Any, root: ET.Element) -> tuple[bool, list[str]]:
    """Put the namespaces of a file and its bands into its description.

    Returns whether there are any beside the default one, and what could not be kept, in words.
    """
    lost: list[str] = []
    bands = root.findall("VRTRasterBand")
    described = _add(root, dataset, 0, "the file", lost)
    for number, band in enumerate(bands, start=1):
        described += _add(band, dataset, number, f"band {number}", lost)
    if described:
        for number, band in enumerate(bands, start=1):
            tags = dataset.tags(number)
            if tags:
                band.insert(0, _items(DEFAULT_SPACE, tags))
    return described > 0, lost


def left_out(dataset: Any) -> list[str]:
    """Return what of a file a COG has no place for beside tags, in words."""
    lost = []
    images = len(dataset.subdatasets)
    if images > 1:
        lost.append(f"what follows the first of its {images} images")
    if any(_has_transparent_colours(dataset, index) for index in dataset.indexes):
        lost.append("the transparency of its palette's colours")
    return lost


def _has_transparent_colours(dataset: Any, index: int) -> bool:
    """Return whether a palette has colours that are not opaque, but for the one of nodata."""
    if dataset.colorinterp[index - 1] is not ColorInterp.palette:
        return False
    nodata = dataset.nodatavals[index - 1]
    colours = dataset.colormap(index).items()
    return any(alpha != _OPAQUE for value, (*_, alpha) in colours if value != nodata)


def _add(element: ET.Element, dataset: Any, index: int, owner: str, lost: list[str]) -> int:
    """Add the namespaces of a file or band to its element, and return how many there are."""
    count = 0
    for space, tags in _spaces(dataset, index):
        size = sum(len(key) + len(value) for key, value in tags.items())
        described = _xml(space, tags) if space.startswith("xml:") else _items(space, tags)
        if described is None or size > _MOST_BYTES:
            lost.append(f"{space} of {owner} ({size} characters)")
        else:
            element.insert(0, described)
            count += 1
    return count


def _spaces(dataset: Any, index: int) -> Iterator[tuple[str, dict[str, str]]]:
    for space in dataset.tag_namespaces(index):
        if not _GDALS_OWN.fullmatch(space):
            tags = dataset.tags(index, ns=space)
            if tags:
                yield space, tags


def _items(space: str, tags: dict[str, str]) -> ET.Element:
    holder = ET.Element("Metadata", {"domain": space})
    for key, value in tags.items():
        ET.SubElement(holder, "MDI", {"key": key}).text = _printable(value)
    return holder


def _printable(text: str) -> str:
    """Leave out the control characters that XML cannot hold."""
    return re.sub(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]", "", text)


def _xml(space: str, tags: dict[str, str]) -> ET.Element | None:
    """Return the element of a namespace that is one XML document, or None where it is not.

    The document is parsed and written anew, so that no part of it can be taken for a part of the
    description around it; prefixes stay as they are.
    """
    text = next(iter(tags.values()))
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        return None
    try:
        document = minidom.parseString(text.strip().rstrip("\0"))  # noqa: S318 - no entities
    except (ExpatError, ValueError):
        return None
    holder = ET.Element("Metadata", {"domain": space, "format": "xml"})
    holder.append(_plain(document.documentElement))
    return holder


def _plain(node: Any) -> ET.Element:
    """Return a DOM element as an element whose names keep their prefixes, without comments."""
    element = ET.Element(node.tagName, dict(node.attributes.items()))
    last: ET.Element | None = None
    for child in node.childNodes:
        if child.nodeType in {child.TEXT_NODE, child.CDATA_SECTION_NODE}:
            if last is None:
                element.text = (element.text or "") + child.data
            else:
                last.tail = (last.tail or "") + child.data
        elif child.nodeType == child.ELEMENT_NODE:
            last = _plain(child)
            element.append(last)
    return element
