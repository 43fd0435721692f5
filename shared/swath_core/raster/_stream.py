"""The response stream of ``/npz``: two lines of JSON, then chunks of data and mask.

Chunks are the 512 x 512 blocks of a tiled GeoTIFF in their order, all bands in each, so that a
client can write them to a file as they come.

A function's response may have 6,291,556 bytes, and a binary body travels in it as base64, a third
longer. A stream that is larger is written to the bucket of results part by part while it is
computed, and the caller is redirected to it.
"""

from __future__ import annotations

import base64
import json
import uuid
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from aws_lambda_powertools import Logger

from swath_core.errors import SwathError, Unavailable
from swath_core.store.s3 import answered

from ._blosc import blosc_frame
from ._grid import Window
from ._mosaic import BLOCK

Array = np.ndarray[Any, Any]
CONTENT_TYPE = "application/octet-stream"
ENCODERS = 4

_log = Logger()  # the function's own: its lines carry what the request or message is called


@dataclass(frozen=True, slots=True)
class Part:
    """A window of a raster, whole blocks of it: data and mask, both (bands, rows, columns)."""

    window: Window
    data: Array
    mask: Array


@dataclass(frozen=True, slots=True)
class Raster:
    """A raster to be streamed: its metadata, its shape and type, and its parts in block order.

    ``parts`` is consumed once.
    """

    metadata: dict[str, Any]
    shape: tuple[int, int, int]
    dtype: np.dtype[Any]
    parts: Iterable[Part]

    def whole(self) -> tuple[Array, Array]:
        """Return all data and masks, both (bands, rows, columns); consumes the parts."""
        outer, parts = Window(0, 0, *self.shape[1:]), iter(self.parts)
        first = next(parts)
        if first.window == outer:
            return first.data, first.mask
        data, mask = np.empty(self.shape, self.dtype), np.empty(self.shape, bool)
        for part in chain([first], parts):
            rows, columns = part.window.within(outer)
            data[:, rows, columns], mask[:, rows, columns] = part.data, part.mask
        return data, mask


def encode(raster: Raster) -> Iterator[bytes]:
    """Yield the stream of a raster.

    An error of the caller's making (a file that cannot be read) is raised as it is; any other that
    happens after the first line ends the stream with an error chunk, which clients retry.
    """
    _, height, width = raster.shape
    count = -(-height // BLOCK) * -(-width // BLOCK)
    yield _line(raster.metadata)
    yield _line({"shape": list(raster.shape), "dtype": raster.dtype.name, "chunks": count})
    try:
        with ThreadPoolExecutor(ENCODERS) as executor:
            for part in raster.parts:
                yield from executor.map(_chunk, *zip(*_blocks(part), strict=True))
    except SwathError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it was, the caller hears of it
        _log.exception("a raster broke off")
        yield _line({"error": f"the raster broke off: {type(error).__name__}; try again"})


def _blocks(part: Part) -> Iterator[tuple[Part, int, int]]:
    for y in range(0, part.window.height, BLOCK):
        for x in range(0, part.window.width, BLOCK):
            yield part, y, x


def _chunk(part: Part, y: int, x: int) -> bytes:
    data = part.data[:, y : y + BLOCK, x : x + BLOCK]
    mask = part.mask[:, y : y + BLOCK, x : x + BLOCK]
    offset = [0, part.window.row + y, part.window.column + x]
    return (
        _line({"offset": offset, "shape": list(data.shape)}) + blosc_frame(data) + blosc_frame(mask)
    )


def _line(document: dict[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":"), allow_nan=False).encode() + b"\n"


RESPONSE_BYTES = 6_291_556
INLINE_BYTES = (RESPONSE_BYTES - 16_384) // 4 * 3
"""Largest body that fits a response as base64, with room for the headers around it."""
PART_BYTES = 16 * 2**20
PARTS_AHEAD = 2
LINK_SECONDS = 3_600


@dataclass(frozen=True, slots=True)
class Delivered:
    """What the caller gets: a body, or a link to where it is."""

    body: bytes | None = None
    link: str | None = None


def deliver(stream: Iterable[bytes], begin: Callable[[], MultipartUpload]) -> Delivered:
    """Return a stream's body if it fits a response, else write it with an upload that is begun."""
    pieces = iter(stream)
    held = bytearray()
    for piece in pieces:
        held += piece
        if len(held) > INLINE_BYTES:
            return Delivered(link=_upload(_parts(held, pieces), begin()))
    return Delivered(body=bytes(held))


def _parts(held: bytearray, pieces: Iterator[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        held += piece
        while len(held) >= PART_BYTES:
            yield bytes(held[:PART_BYTES])
            del held[:PART_BYTES]
    if held:
        yield bytes(held)


def _upload(parts: Iterator[bytes], upload: MultipartUpload) -> str:
    sending: deque[Future[None]] = deque()
    try:
        with ThreadPoolExecutor(PARTS_AHEAD) as executor:
            for number, part in enumerate(parts, start=1):
                while len(sending) >= PARTS_AHEAD:
                    sending.popleft().result()
                sending.append(executor.submit(upload.put, number, part))
            for future in sending:
                future.result()
        return upload.finish()
    except BaseException:
        with suppress(Unavailable):  # the bucket's rule removes what is left of it after a day
            upload.abort()
        raise


class ResultsBucket:
    """The bucket of large results, whose objects expire after a day."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client, self._bucket = client, bucket

    def begin(self) -> MultipartUpload:
        """Begin a new object under a name that cannot be guessed."""
        key = f"npz/{uuid.uuid4()}"
        with answered():
            made = self._client.create_multipart_upload(
                Bucket=self._bucket, Key=key, ContentType=CONTENT_TYPE, ChecksumAlgorithm="CRC32"
            )
        return MultipartUpload(self._client, {"Bucket": self._bucket, "Key": key}, made["UploadId"])


class MultipartUpload:
    """A large object being written to the bucket of results."""

    def __init__(self, client: Any, place: dict[str, str], upload_id: str) -> None:
        self._client, self._place, self._id = client, place, upload_id
        self._parts: dict[int, dict[str, Any]] = {}

    def put(self, number: int, part: bytes) -> None:
        """Store a part; parts are numbered from 1."""
        checksum = base64.b64encode(zlib.crc32(part).to_bytes(4, "big")).decode()
        with answered():
            answer = self._client.upload_part(
                **self._place,
                UploadId=self._id,
                PartNumber=number,
                Body=part,
                ChecksumCRC32=checksum,
            )
        # an object whose algorithm was named is only made of parts that repeat their checksums
        self._parts[number] = {
            "PartNumber": number,
            "ETag": answer["ETag"],
            "ChecksumCRC32": checksum,
        }

    def finish(self) -> str:
        """Make the object of its parts and return a link from which it can be read."""
        parts = [self._parts[number] for number in sorted(self._parts)]
        with answered():
            self._client.complete_multipart_upload(
                **self._place, UploadId=self._id, MultipartUpload={"Parts": parts}
            )
        link: str = self._client.generate_presigned_url(
            "get_object", Params=self._place, ExpiresIn=LINK_SECONDS
        )
        return link

    def abort(self) -> None:
        """Remove the parts."""
        with answered():
            self._client.abort_multipart_upload(**self._place, UploadId=self._id)
