"""Associated alpha: whether colours are multiplied by it is one number in a TIFF's header.

GDAL reads that number (ExtraSamples, TIFF 6.0 section 18: 1 associated, 2 unassociated) but
neither tells it nor lets the COG driver choose it. So it is read from the source, and changed in
place in the COG: the file keeps its layout.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_EXTRA_SAMPLES = 338
_SHORT = 3
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


def has_associated_alpha(path: Path) -> bool:
    """Return whether the first image of a TIFF has colours multiplied by its alpha channel."""
    with path.open("rb") as file:
        for _, values in _extra_samples(file):
            return _ASSOCIATED in values
    return False


def associate_alpha(path: Path) -> None:
    """Declare the alpha channel of a TIFF and of its overviews associated, in place."""
    with path.open("r+b") as file:
        places = [
            offset + 2 * number
            for offset, values in _extra_samples(file)
            for number, value in enumerate(values)
            if value == _UNASSOCIATED
        ]
        file.seek(0)
        order = "<H" if file.read(2) == b"II" else ">H"
        for place in places:
            file.seek(place)
            file.write(struct.pack(order, _ASSOCIATED))


def _extra_samples(file: BinaryIO) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Yield, of each image that has it, where the values of ExtraSamples lie and what they are."""
    try:
        form, place = _start(file)
        for _ in range(_MOST_DIRECTORIES):
            if place == 0:
                return
            file.seek(place)
            (count,) = form.read(file, "Q" if form.large else "H")
            entries = file.tell()
            size = 20 if form.large else 12
            for number in range(min(count, _MOST_ENTRIES)):
                found = _values(file, form, entries + number * size)
                if found is not None:
                    yield found
            file.seek(entries + count * size)
            (place,) = form.read(file, "Q" if form.large else "I")
    except (struct.error, OverflowError):
        return  # what is no TIFF has no such tag


def _start(file: BinaryIO) -> tuple[_Form, int]:
    file.seek(0)
    order = "<" if file.read(2) == b"II" else ">"
    (version,) = struct.unpack(order + "H", file.read(2))
    form = _Form(order, version == _LARGE)
    if form.large:
        file.seek(8)
    return form, form.read(file, "Q" if form.large else "I")[0]


def _values(file: BinaryIO, form: _Form, entry: int) -> tuple[int, tuple[int, ...]] | None:
    file.seek(entry)
    tag, kind, count = form.read(file, "HHQ" if form.large else "HHI")
    if tag != _EXTRA_SAMPLES or kind != _SHORT or count > _MOST_ENTRIES:
        return None
    place = file.tell()
    if 2 * count > (8 if form.large else 4):
        (place,) = form.read(file, "Q" if form.large else "I")
    file.seek(place)
    return place, form.read(file, f"{count}H")
