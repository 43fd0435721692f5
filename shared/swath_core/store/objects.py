"""The data bucket: the few things that the catalog does with objects, one request each.

Everything that ingest does to S3 goes through here, so that a test can fail any single step.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

from swath_core.errors import Unavailable
from swath_core.settings import Settings

from .requests import PASSING
from .s3 import answered, s3_client, signed_for

URL_SECONDS = 86_400
"""How long a presigned URL is signed for; see ``Objects.urls_hold`` for what can be promised."""

PART_BYTES = 512 * 1024 * 1024
"""Size of a part of a file that is too big for one request (5 GiB)."""

_ABSENT = frozenset({"404", "NoSuchKey", "NotFound"})
_CHANGED = frozenset({"412", "PreconditionFailed"})
_SHORTER = frozenset({"416", "InvalidRange"})
_DELETE_BATCH = 1000
_RANGE_BYTES = 64 * 1024 * 1024
_RANGES_AT_ONCE = 4
_CHUNK_BYTES = 1024 * 1024
_FETCHES = 4
"""How often a range is asked for whose answers are cut short: botocore repeats no bodies."""


class ObjectGone(Exception):
    """The object, or the version of it that was asked for, is not there (any more)."""


@dataclass(frozen=True, slots=True)
class Found:
    """An object as S3 describes it: ``modified`` is ISO 8601, to the second."""

    key: str
    etag: str
    size: int
    modified: str


def _found(key: str, answer: dict[str, Any], size: int) -> Found:
    modified = answer["LastModified"].strftime("%Y-%m-%dT%H:%M:%SZ")
    return Found(key, answer["ETag"].strip('"'), size, modified)


class Objects:
    """A bucket: the data bucket, or another by the name of its setting."""

    def __init__(self, settings: Settings, bucket: str = "data_bucket") -> None:
        self.bucket = settings.need(bucket)

    @cached_property
    def _s3(self) -> Any:
        return s3_client()

    def href(self, key: str) -> str:
        """Return the URL of a key as an image's files carry it."""
        return f"s3://{self.bucket}/{key}"

    def head(self, key: str) -> Found | None:
        """Return what is known of an object, or None where there is none."""
        found: list[Found] = []
        with _explained(key):
            answer = self._s3.head_object(Bucket=self.bucket, Key=key)
            found.append(_found(key, answer, answer["ContentLength"]))
        return found[0] if found else None

    def read(self, key: str, most: int) -> bytes:
        """Return the content of a small object, at most ``most + 1`` bytes. Raises ObjectGone."""
        with _explained(key, raises=True):
            answer = self._s3.get_object(Bucket=self.bucket, Key=key)
        with answered(), closing(answer["Body"]) as body:
            data = bytes(body.read(most + 1))
        if len(data) < min(answer["ContentLength"], most + 1):
            raise _cut_short(key, len(data), answer["ContentLength"])
        return data

    def read_range(self, key: str, start: int, end: int, size: int) -> bytes:
        """Return bytes ``start`` to ``end`` of an object that has ``size`` of them.

        Raises ObjectGone where there is none of that size.
        """
        with _explained(key, raises=True, also=_SHORTER):
            answer = self._s3.get_object(
                Bucket=self.bucket, Key=key, Range=f"bytes={start}-{end - 1}"
            )
        with answered(), closing(answer["Body"]) as body:
            if answer.get("ContentRange", "").rpartition("/")[2] != str(size):
                raise ObjectGone(key)
            data = bytes(body.read())
        if len(data) < end - start:
            raise _cut_short(key, len(data), end - start)
        return data

    def download(self, key: str, etag: str, size: int, target: Path) -> None:
        """Write one version of an object to a file. Raises ObjectGone where it was replaced."""
        starts = range(0, max(size, 1), _RANGE_BYTES)
        with target.open("wb") as file:
            file.truncate(size)

        def fetch(start: int) -> None:
            self._fetch(key, etag, start, min(start + _RANGE_BYTES, size), target)

        with ThreadPoolExecutor(min(_RANGES_AT_ONCE, len(starts))) as threads:
            for _ in threads.map(fetch, starts):
                pass

    def _fetch(self, key: str, etag: str, start: int, end: int, target: Path) -> None:
        """Write bytes of one version to a file; go on where an answer was cut short."""
        for last in (False,) * (_FETCHES - 1) + (True,):
            start = self._fetch_once(key, etag, (start, end), target, raises=last)
            if start == end:
                return
        raise _cut_short(key, start, end)

    def _fetch_once(
        self, key: str, etag: str, span: tuple[int, int], target: Path, *, raises: bool
    ) -> int:
        """Return how far bytes were written. Raises Unavailable only if ``raises``."""
        start, end = span
        asked = {"Range": f"bytes={start}-{end - 1}"} if end > start else {}
        with _explained(key, raises=True):
            answer = self._s3.get_object(Bucket=self.bucket, Key=key, IfMatch=f'"{etag}"', **asked)
        with target.open("r+b") as file:
            file.seek(start)
            with contextlib.suppress(*() if raises else (Unavailable,)):
                _copy(answer["Body"], file)
            return file.tell()

    def upload(self, source: Path, key: str) -> None:
        """Store a file as a TIFF; several parts at once for large ones."""
        with answered():
            self._s3.upload_file(
                str(source), self.bucket, key, ExtraArgs={"ContentType": "image/tiff"}
            )

    def write(self, key: str, data: bytes, content_type: str) -> None:
        """Store a small object."""
        with answered():
            self._s3.put_object(Bucket=self.bucket, Key=key, Body=data, ContentType=content_type)

    def copy(self, source: str, etag: str, target: str) -> None:
        """Copy one version of an object inside the bucket. Raises ObjectGone."""
        with _explained(source, raises=True):
            self._s3.copy(
                {"Bucket": self.bucket, "Key": source},
                self.bucket,
                target,
                ExtraArgs={
                    "CopySourceIfMatch": f'"{etag}"',
                    "MetadataDirective": "REPLACE",
                    "ContentType": "image/tiff",
                },
            )

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects; those that are not there are fine."""
        for start in range(0, len(keys), _DELETE_BATCH):
            batch = keys[start : start + _DELETE_BATCH]
            with answered():
                answer = self._s3.delete_objects(
                    Bucket=self.bucket,
                    Delete={"Objects": [{"Key": key} for key in batch], "Quiet": True},
                )
            for error in answer.get("Errors", ()):
                said = f"{error['Key']} could not be deleted: {error.get('Message')}"
                raise Unavailable(said) if error.get("Code") in PASSING else RuntimeError(said)

    def delete_version(self, key: str, etag: str) -> None:
        """Delete an object unless it was replaced since: what replaced it has not been read.

        S3 compares and deletes in one step. It asks for the right to read the object, too.
        """
        with _explained(key):
            self._s3.delete_object(Bucket=self.bucket, Key=key, IfMatch=f'"{etag}"')

    def under(self, prefix: str) -> Iterator[Found]:
        """Yield the objects under a prefix."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=prefix
        )
        with answered():
            for page in pages:
                for entry in page.get("Contents", ()):
                    yield _found(entry["Key"], entry, entry["Size"])

    def urls_hold(self) -> int:
        """Return the seconds that URLs signed now certainly hold."""
        return signed_for(URL_SECONDS)

    def put_url(self, key: str) -> str:
        """Return a URL that takes one PUT of up to 5 GiB, without further credentials."""
        return str(
            self._s3.generate_presigned_url(
                "put_object", Params={"Bucket": self.bucket, "Key": key}, ExpiresIn=URL_SECONDS
            )
        )

    def get_url(self, key: str, seconds: int, method: str = "GET") -> str:
        """Return a URL that an object is read at for so long, without further credentials.

        It takes one method, GET or HEAD: that is part of what is signed.
        """
        return str(
            self._s3.generate_presigned_url(
                f"{method.lower()}_object",
                Params={"Bucket": self.bucket, "Key": key},
                ExpiresIn=seconds,
            )
        )

    def begin_parts(self, key: str) -> str:
        """Begin an upload in parts and return its id."""
        with answered():
            answer = self._s3.create_multipart_upload(Bucket=self.bucket, Key=key)
        return str(answer["UploadId"])

    def part_urls(self, key: str, upload: str, size: int) -> list[str]:
        """Return one URL per part of ``PART_BYTES`` (the last is shorter), in order."""
        return [
            str(
                self._s3.generate_presigned_url(
                    "upload_part",
                    Params={
                        "Bucket": self.bucket,
                        "Key": key,
                        "UploadId": upload,
                        "PartNumber": number,
                    },
                    ExpiresIn=URL_SECONDS,
                )
            )
            for number in range(1, -(-size // PART_BYTES) + 1)
        ]

    def finish_parts(self, key: str, upload: str) -> bool:
        """Make the parts that arrived one object; False where there is nothing to finish."""
        parts: list[dict[str, Any]] = []
        with _explained(key, also=frozenset({"NoSuchUpload"})):
            pages = self._s3.get_paginator("list_parts").paginate(
                Bucket=self.bucket, Key=key, UploadId=upload
            )
            parts = [
                {"PartNumber": part["PartNumber"], "ETag": part["ETag"]}
                for page in pages
                for part in page.get("Parts", ())
            ]
            if parts:
                self._s3.complete_multipart_upload(
                    Bucket=self.bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": parts}
                )
        return bool(parts)

    def abort_parts(self, key: str, upload: str) -> None:
        """Drop the parts of an upload; none is fine."""
        with _explained(key, also=frozenset({"NoSuchUpload"})):
            self._s3.abort_multipart_upload(Bucket=self.bucket, Key=key, UploadId=upload)


def _copy(source: Any, file: BinaryIO) -> None:
    """Write a body to a file as far as it comes. Raises Unavailable."""
    with answered(), closing(source) as body:
        while chunk := body.read(_CHUNK_BYTES):
            file.write(chunk)


def _cut_short(key: str, found: int, expected: int) -> Unavailable:
    return Unavailable(f"{key}: {found} of {expected} bytes came from the object store")


@contextlib.contextmanager
def _explained(
    key: str, *, raises: bool = False, also: frozenset[str] = frozenset()
) -> Iterator[None]:
    """Swallow S3's "not there" or "not that version", or turn it into ObjectGone.

    Raises Unavailable where S3 does not answer.
    """
    from botocore.exceptions import ClientError  # noqa: PLC0415

    try:
        with answered():
            yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code not in _ABSENT | _CHANGED | also:
            raise
        if raises:
            raise ObjectGone(key) from error
