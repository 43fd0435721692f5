"""Assets: one for each file of an image, with the bands that it holds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from swath_core.documents import Document

from ._bands import Band, band_object, resolution_metres, without_long_classes

Asset = dict[str, Any]

COG = "image/tiff; application=geotiff; profile=cloud-optimized"
_TYPES = {
    ".tif": "image/tiff; application=geotiff",
    ".tiff": "image/tiff; application=geotiff",
    ".jp2": "image/jp2",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".json": "application/json",
    ".xml": "application/xml",
    ".nc": "application/netcdf",
    ".zarr": "application/vnd.zarr",
}
_RESERVED = frozenset({"thumbnail"})
_MD5 = re.compile(r"[0-9a-f]{32}")
MD5_MULTIHASH = "d50110"
"""The prefix of an MD5 digest in the multihash form: its code, 0xd5, as a varint, and 16 bytes."""


@dataclass(frozen=True)
class FileForm:
    """What is alike in a file of all images of a product: its key among the assets, its bands."""

    index: int
    key: str
    bands: tuple[Band, ...] = ()
    title: str | None = None
    metres: float | None = None

    def asset(self, href: str, file: Mapping[str, Any], *, own: bool) -> Asset:
        """Return the asset of a file at an address; what ``alike`` holds in it is every item's.

        ``own`` files are the catalog's, and those are Cloud-Optimized GeoTIFFs.
        """
        made: Asset = {"href": href, **self.alike}
        size, digest = file.get("size_bytes"), file.get("hash")
        if size is not None:
            made["file:size"] = size
        if digest and _MD5.fullmatch(digest := str(digest).lower()):
            made["file:checksum"] = MD5_MULTIHASH + digest
        media_type = COG if own else media_type_of(str(file.get("href") or ""))
        if media_type:
            made["type"] = media_type
        return made

    @cached_property
    def alike(self) -> Asset:
        """The members that say what the file holds."""
        made: Asset = {"roles": ["data"]}
        if self.title:
            made["title"] = self.title
        if self.bands:
            made["bands"] = [without_long_classes(each) for each in self.bands]
        if self.metres:
            made["gsd"] = self.metres
        return made


def file_forms(bands: Sequence[Document]) -> dict[int, FileForm]:
    """Return the files that a product's bands are in, by index, bands in their order in the file.

    A file of one band is called as the band; the only file of a product ``image``; any other
    ``file`` and its index.
    """
    by_file: dict[int, list[Document]] = {}
    for band in sorted(bands, key=lambda each: (each.get("band_index") or 0, each.id)):
        by_file.setdefault(int(band.get("file_index") or 0), []).append(band)
    wanted = {index: _key(index, held, len(by_file)) for index, held in by_file.items()}
    taken = Counter(wanted.values())
    return {
        index: FileForm(
            index,
            key if taken[key] == 1 and key not in _RESERVED else default_key(index),
            tuple(map(band_object, by_file[index])),
            _title(by_file[index]),
            _common_metres(by_file[index]),
        )
        for index, key in sorted(wanted.items())
    }


def default_key(index: int) -> str:
    """Return the key of a file that no band tells anything of."""
    return f"file{index}"


def _key(index: int, bands: Sequence[Document], files: int) -> str:
    if len(bands) == 1:
        return str(bands[0].get("name"))
    return "image" if files == 1 else default_key(index)


def _title(bands: Sequence[Document]) -> str | None:
    return (bands[0].get("description") or None) if len(bands) == 1 else None


def _common_metres(bands: Sequence[Document]) -> float | None:
    found = {resolution_metres(band) for band in bands}
    return found.pop() if len(found) == 1 else None


def media_type_of(href: str) -> str | None:
    """Return the media type that the ending of an address means."""
    path = href.partition("?")[0].lower()
    return _TYPES.get("." + path.rpartition(".")[2])
