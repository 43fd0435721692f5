"""Getting a stream to the caller: in the response where it fits, else through the results bucket.

A function's response may have 6,291,556 bytes, and a binary body travels in it as base64, a third
longer. What is larger is written to the bucket part by part while it is computed.
"""

from __future__ import annotations

import base64
import uuid
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

from swath_core.raster.stream import CONTENT_TYPE

RESPONSE_BYTES = 6_291_556
INLINE_BYTES = (RESPONSE_BYTES - 16_384) // 4 * 3
"""Largest body that fits a response as base64, with room for the headers around it."""
PART_BYTES = 16 * 2**20
PARTS_AHEAD = 2
LINK_SECONDS = 3_600


class Upload(Protocol):
    """A large object being written."""

    def put(self, number: int, part: bytes) -> None:
        """Store a part; parts are numbered from 1."""

    def finish(self) -> str:
        """Make the object of its parts and return a link from which it can be read."""

    def abort(self) -> None:
        """Forget the parts."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """What the caller gets: a body, or a link to where it is."""

    body: bytes | None = None
    link: str | None = None


def deliver(stream: Iterable[bytes], begin: Callable[[], Upload]) -> Delivered:
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


def _upload(parts: Iterator[bytes], upload: Upload) -> str:
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
        upload.abort()
        raise


class ResultsBucket:
    """The bucket of large results, whose objects expire after a day."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client, self._bucket = client, bucket

    def begin(self) -> Upload:
        """Begin a new object under a name that cannot be guessed."""
        key = f"npz/{uuid.uuid4()}"
        made = self._client.create_multipart_upload(
            Bucket=self._bucket, Key=key, ContentType=CONTENT_TYPE, ChecksumAlgorithm="CRC32"
        )
        return _Multipart(self._client, {"Bucket": self._bucket, "Key": key}, made["UploadId"])


class _Multipart:
    def __init__(self, client: Any, place: dict[str, str], upload_id: str) -> None:
        self._client, self._place, self._id = client, place, upload_id
        self._parts: dict[int, dict[str, Any]] = {}

    def put(self, number: int, part: bytes) -> None:
        checksum = base64.b64encode(zlib.crc32(part).to_bytes(4, "big")).decode()
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
        parts = [self._parts[number] for number in sorted(self._parts)]
        self._client.complete_multipart_upload(
            **self._place, UploadId=self._id, MultipartUpload={"Parts": parts}
        )
        link: str = self._client.generate_presigned_url(
            "get_object", Params=self._place, ExpiresIn=LINK_SECONDS
        )
        return link

    def abort(self) -> None:
        self._client.abort_multipart_upload(**self._place, UploadId=self._id)
