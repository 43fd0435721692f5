"""The mirror's objects: put once, read whole, and known by their checksum."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from swath_core.store.manifests import Manifest, MirrorFile
from swath_core.store.objects import ObjectGone, Objects

from ._footer import Bounds
from ._read import MirrorColumns

PREFIX = "mirror/v1/"
LINKS = "mirror/links/"
_LIST = "_files.json"
_TYPE = "application/vnd.apache.parquet"
_MONTH = re.compile(r"/month=(\d{4}-\d{2})/")


class LostFileError(Exception):
    """An object that a manifest names is gone, or is not what was written."""


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


class MirrorFiles:
    """The mirror's bucket."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def put(self, product_id: str, month: str, data: bytes, rows: int) -> MirrorFile:
        """Store a file under a key that none has had, and return it."""
        key = f"{prefix_of(product_id, month)}{uuid.uuid4().hex}.parquet"
        self._objects.write(key, data, _TYPE)
        digest = hashlib.sha256(data).hexdigest()
        return MirrorFile(key, rows, len(data), digest, zlib.crc32(data))

    def put_list(self, product_id: str, month: str, manifest: Manifest) -> None:
        """Tell engines which of a month's objects are its files, beside them.

        The list's name begins with an underscore, which engines pass over; links to the files lie
        below ``mirror/links/``. Both are written after the manifest: what they tell was true a
        moment ago.
        """
        names = [file.key.rpartition("/")[2] for file in manifest.files]
        text = json.dumps({"files": names, "days": sorted(manifest.clean)})
        self._objects.write(_list_key(product_id, month), text.encode(), "application/json")
        # what Hive's SymlinkTextInputFormat, and so Athena, takes for the files of a partition
        links = "".join(f"{self._objects.href(file.key)}\n" for file in manifest.files)
        self._objects.write(_links_key(product_id, month), links.encode(), "text/plain")

    def columns(
        self, product_id: str, file: MirrorFile, within: Bounds | None = None
    ) -> MirrorColumns:
        """Return a file's images; ``within`` leaves out what lies wholly outside of these bounds.

        Raises LostFileError, and Unavailable where S3 does not answer. What was put is read: size
        and checksum are compared before anything is decoded.
        """
        try:
            data = self._objects.read(file.key, file.bytes)
        except ObjectGone as error:
            raise LostFileError(f"{file.key} is gone") from error
        if len(data) != file.bytes or zlib.crc32(data) != file.crc:
            raise LostFileError(f"{file.key} is not as it was written")
        try:
            found = MirrorColumns(product_id, data, within)
        except ValueError as error:
            raise LostFileError(f"{file.key}: {error}") from error
        if found.in_file != file.rows:
            raise LostFileError(f"{file.key} has {found.in_file} of {file.rows} images")
        return found

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
