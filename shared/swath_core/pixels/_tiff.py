"""Two things in a TIFF's header that GDAL does not let its user choose, read and changed in place.

Associated alpha: whether colours are multiplied by the alpha channel is a number of ExtraSamples
(TIFF 6.0, section 18: 1 associated, 2 unassociated); GDAL neither tells it nor lets the COG driver
choose it. Tags of bands: asked to copy namespaces, GDAL 3.10 leaves the default one of bands out;
so these tags travel in a namespace of their own, whose name is blanked out afterwards. Lengths
stay, and with them the layout of the file.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

DEFAULT_SPACE = "SWATH_DEFAULT_OF_BAND"
"""The namespace that stands for the default one of a band."""

_EXTRA_SAMPLES = 338
_GDAL_METADATA = 42112
_SIZES = {2: 1, 3: 2}
_ASSOCIATED, _UNASSOCIATED = 1, 2
_MOST_DIRECTORIES = 64
_MOST_ENTRIES = 1000
_LARGE = 43


@dataclass(frozen=True, slots=True)
class _Form:
    """Byte order and widths: classic TIFF, or BigTIFF."""

    order: str
    large: bool

    def read(self, file: BinaryIO, letters: str) -> tuple[int, ...]:
        pattern = self.order + letters
        return struct.unpack(pattern, file.read(struct.calcsize(pattern)))

    @property
    def offset(self) -> str:
        return "Q" if self.large else "I"


def has_associated_alpha(path: Path) -> bool:
    """Return whether the first image of a TIFF has colours multiplied by its alpha channel."""
    with path.open("rb") as file:
        for form, place, size in _values(file, _EXTRA_SAMPLES):
            file.seek(place)
            return _ASSOCIATED in form.read(file, f"{size // 2}H")
    return False


def associate_alpha(path: Path) -> None:
    """Declare the alpha channel of a TIFF and of its overviews associated."""
    with path.open("r+b") as file:
        for form, place, size in list(_values(file, _EXTRA_SAMPLES)):
            file.seek(place)
            values = form.read(file, f"{size // 2}H")
            file.seek(place)
            changed = [_ASSOCIATED if value == _UNASSOCIATED else value for value in values]
            file.write(struct.pack(f"{form.order}{size // 2}H", *changed))


def restore_default_space(path: Path) -> None:
    """Give the tags of bands that travelled in :data:`DEFAULT_SPACE` their own place again."""
    named = f'domain="{DEFAULT_SPACE}"'.encode()
    with path.open("r+b") as file:
        for _, place, size in list(_values(file, _GDAL_METADATA)):
            file.seek(place)
            # quotation marks in a tag's text are escaped
            text = file.read(size).replace(named, b" " * len(named))
            file.seek(place)
            file.write(text)


def _values(file: BinaryIO, tag: int) -> Iterator[tuple[_Form, int, int]]:
    """Yield, of each image that has a tag, where its values lie and how many bytes they take."""
    try:
        form, directory = _start(file)
        for _ in range(_MOST_DIRECTORIES):
            if directory == 0:
                return
            file.seek(directory)
            (count,) = form.read(file, "Q" if form.large else "H")
            entries, length = file.tell(), 20 if form.large else 12
            for number in range(min(count, _MOST_ENTRIES)):
                file.seek(entries + number * length)
                found = _entry(file, form, tag)
                if found is not None:
                    yield form, *found
            file.seek(entries + count * length)
            (directory,) = form.read(file, form.offset)
    except (struct.error, OverflowError):
        return  # what is no TIFF has no such tag


def _start(file: BinaryIO) -> tuple[_Form, int]:
    file.seek(0)
    order = "<" if file.read(2) == b"II" else ">"
    (version,) = struct.unpack(order + "H", file.read(2))
    form = _Form(order, version == _LARGE)
    if form.large:
        file.seek(8)
    return form, form.read(file, form.offset)[0]


def _entry(file: BinaryIO, form: _Form, wanted: int) -> tuple[int, int] | None:
    """Return place and size of the values of the entry here, if it is the wanted tag."""
    tag, kind, count = form.read(file, "HH" + form.offset)
    if tag != wanted or kind not in _SIZES:
        return None
    size, place = count * _SIZES[kind], file.tell()
    if size > struct.calcsize(form.order + form.offset):
        (place,) = form.read(file, form.offset)
    return place, size
