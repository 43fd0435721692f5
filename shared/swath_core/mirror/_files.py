"""The mirror's objects: put once, read whole, and known by their checksum."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator
from datetime import datetime

from swath_core.store.manifests import Manifest, MirrorFile
from swath_core.store.objects import ObjectGone, Objects

from ._read import MirrorColumns

PREFIX = "mirror/v1/"
_TYPE = "application/vnd.apache.parquet"


class LostFileError(Exception):
    """An object that a manifest names is gone, or is not what was written."""


def prefix_of(product_id: str, month: str) -> str:
    """Return what the keys of a product's month begin with."""
    return f"{PREFIX}product={product_id}/month={month}/"


def _list_key(product_id: str, month: str) -> str:
    return f"{prefix_of(product_id, month)}_files.json"


class MirrorFiles:
    """The mirror's bucket."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def put(self, product_id: str, month: str, data: bytes, rows: int) -> MirrorFile:
        """Store a file under a key that none has had, and return it."""
        key = f"{prefix_of(product_id, month)}{uuid.uuid4().hex}.parquet"
        self._objects.write(key, data, _TYPE)
        return MirrorFile(key, rows, len(data), hashlib.sha256(data).hexdigest())

    def put_list(self, product_id: str, month: str, manifest: Manifest) -> None:
        """Tell engines which of a month's objects are its files, beside them.

        Their names begin with an underscore, which engines pass over. It is written after the
        manifest: what it tells was true a moment ago.
        """
        names = [file.key.rpartition("/")[2] for file in manifest.files]
        text = json.dumps({"files": names, "days": sorted(manifest.clean)})
        self._objects.write(_list_key(product_id, month), text.encode(), "application/json")

    def columns(self, product_id: str, file: MirrorFile) -> MirrorColumns:
        """Return a file's images. Raises LostFileError, and Unavailable where S3 does not answer.

        What was put is read: size and checksum are compared before anything is decoded.
        """
        try:
            data = self._objects.read(file.key, file.bytes)
        except ObjectGone as error:
            raise LostFileError(f"{file.key} is gone") from error
        if len(data) != file.bytes or hashlib.sha256(data).hexdigest() != file.sha256:
            raise LostFileError(f"{file.key} is not as it was written")
        try:
            found = MirrorColumns(product_id, data)
        except ValueError as error:
            raise LostFileError(f"{file.key}: {error}") from error
        if len(found) != file.rows:
            raise LostFileError(f"{file.key} has {len(found)} of {file.rows} images")
        return found

    def unnamed(self, product_id: str, month: str, named: set[str]) -> Iterator[tuple[str, float]]:
        """Yield (key, time of writing) of a month's objects that are not among those named."""
        for found in self._objects.under(prefix_of(product_id, month)):
            if found.key not in named and found.key != _list_key(product_id, month):
                yield found.key, datetime.fromisoformat(found.modified).timestamp()

    def delete(self, keys: list[str]) -> None:
        """Remove objects."""
        self._objects.delete(keys)
