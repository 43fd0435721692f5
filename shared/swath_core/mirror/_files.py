"""The mirror's objects: put once, read whole or in part, and known by their checksums."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from swath_core.store.mirrored_months import Manifest, MirrorFile
from swath_core.store.objects import ObjectGone, Objects

from ._content import NEAR_BYTES, FileContent, LostFileError, Wanted
from ._extras import Extras
from ._footer import Bounds, split_tail, tail_size
from ._layout import columns_of, section_starts
from ._read import MirrorColumns

PREFIX = "mirror/v1/"
LINKS = "mirror/links/"
_LIST = "_files.json"
_TYPE = "application/vnd.apache.parquet"
_MONTH = re.compile(r"/month=(\d{4}-\d{2})/")


@dataclass(frozen=True, slots=True)
class MirrorObject:
    """An object that lies among a product's files: of which month, and when it was written."""

    key: str
    month: str
    written: float


def prefix_of(product_id: str, month: str) -> str:
    """Return what the keys of a product's month begin with."""
    return f"{_prefix_of_product(product_id)}month={month}/"


def _prefix_of_product(product_id: str) -> str:
    return f"{PREFIX}product={product_id}/"


def _list_key(product_id: str, month: str) -> str:
    return f"{prefix_of(product_id, month)}{_LIST}"


def _links_key(product_id: str, month: str) -> str:
    return f"{LINKS}product={product_id}/month={month}/symlink.txt"


def described(key: str, data: bytes, rows: int) -> MirrorFile:
    """Return what a manifest says of a file."""
    index, _ = split_tail(data)
    tail = len(data) - tail_size(data)
    return MirrorFile(
        key,
        rows,
        len(data),
        hashlib.sha256(data).hexdigest(),
        zlib.crc32(data),
        index.bounds,
        (*section_starts(index), tail),
        zlib.crc32(data[tail:]),
    )


def _start(file: MirrorFile, wanted: Wanted, within: Bounds | None) -> int:
    """Return where the part of a file begins that is fetched at first; 0: all of it.

    Which footprints an area may touch is told by that part.
    """
    all_of_space = Wanted.SPACE in wanted and within is None
    if all_of_space or file.bytes <= NEAR_BYTES or not file.starts:
        return 0
    return file.starts[0 if Wanted.CENTROIDS in wanted else 1]


class MirrorFiles:
    """The mirror's bucket."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def put(self, product_id: str, month: str, data: bytes, rows: int) -> MirrorFile:
        """Store a file under a key that none has had, and return it."""
        key = f"{prefix_of(product_id, month)}{uuid.uuid4().hex}.parquet"
        self._objects.write(key, data, _TYPE)
        return described(key, data, rows)

    def put_list(self, product_id: str, month: str, manifest: Manifest) -> None:
        """Tell engines which of a month's objects are its files, beside them; nothing if none is.

        The list's name begins with an underscore, which engines pass over; links to the files lie
        below ``mirror/links/``. Both are written after the manifest: what they tell was true a
        moment ago.
        """
        list_key, links_key = _list_key(product_id, month), _links_key(product_id, month)
        if not manifest.files:
            self._objects.delete([list_key, links_key])
            return
        names = [file.key.rpartition("/")[2] for file in manifest.files]
        text = json.dumps({"files": names, "days": sorted(manifest.clean)})
        self._objects.write(list_key, text.encode(), "application/json")
        # what Hive's SymlinkTextInputFormat, and so Athena, takes for the files of a partition
        links = "".join(f"{self._objects.href(file.key)}\n" for file in manifest.files)
        self._objects.write(links_key, links.encode(), "text/plain")

    def columns(
        self,
        product_id: str,
        file: MirrorFile,
        within: Bounds | None = None,
        wanted: Wanted = Wanted.EVERYTHING,
        extras: Extras = (),
    ) -> MirrorColumns:
        """Return a file's images; ``within`` leaves out what lies wholly outside of these bounds.

        What is ``wanted`` is here then; what else is looked at is fetched when it is. ``extras``
        are the extra properties that it was written with. Raises LostFileError, then, too, and
        Unavailable where S3 does not answer. What was put is read: size and checksums are compared
        before anything is decoded.
        """
        content = self._content(file, wanted, within)
        try:
            found = MirrorColumns(product_id, content, within, extras)
        except ValueError as error:
            raise LostFileError(f"{file.key}: {error}") from error
        if found.in_file != file.rows:
            raise LostFileError(f"{file.key} has {found.in_file} of {file.rows} images")
        found.load(columns_of(found.names, wanted))
        return found

    def _content(self, file: MirrorFile, wanted: Wanted, within: Bounds | None) -> FileContent:
        """Return a file from where the columns wanted begin to its end."""
        start = _start(file, wanted, within)
        data = self._range(file, start, file.bytes)
        if start == 0:
            if zlib.crc32(data) != file.crc:
                raise LostFileError(f"{file.key} is not as it was written")
            return FileContent.whole(data)
        if zlib.crc32(memoryview(data)[file.starts[-1] - start :]) != file.tail_crc:
            raise LostFileError(f"the footer of {file.key} is not as it was written")
        content = FileContent(file.bytes, partial(self._range, file))
        content.put(start, data)
        return content

    def _range(self, file: MirrorFile, start: int, end: int) -> bytes:
        try:
            return self._objects.read_range(file.key, start, end, file.bytes)
        except ObjectGone as error:
            raise LostFileError(f"{file.key} is gone, or not as it was written") from error

    def unnamed(self, product_id: str, month: str, named: set[str]) -> Iterator[tuple[str, float]]:
        """Yield (key, time of writing) of a month's objects that are not among those named."""
        for found in self._under(prefix_of(product_id, month)):
            if found.key not in named:
                yield found.key, found.written

    def objects_of(self, product_id: str) -> Iterator[MirrorObject]:
        """Yield the objects of a product that are files of a month, or were."""
        return self._under(_prefix_of_product(product_id))

    def _under(self, prefix: str) -> Iterator[MirrorObject]:
        for found in self._objects.under(prefix):
            month = _MONTH.search(found.key)
            if month and not found.key.endswith(f"/{_LIST}"):
                written = datetime.fromisoformat(found.modified).timestamp()
                yield MirrorObject(found.key, month[1], written)

    def delete(self, keys: list[str]) -> None:
        """Remove objects."""
        self._objects.delete(keys)
