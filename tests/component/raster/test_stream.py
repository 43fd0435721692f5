"""The stream as the published client reads it, and the two ways in which it reaches the caller."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import imagecodecs
import numpy as np
import pytest
from moto import mock_aws
from tests.raster_world import noise

from swath_core.errors import NotFound
from swath_core.raster import _stream
from swath_core.raster._grid import Window
from swath_core.raster._stream import (
    Delivered,
    MultipartUpload,
    Part,
    Raster,
    ResultsBucket,
    deliver,
    encode,
)


def raster(data: Any, mask: Any, strip: int = 512) -> Raster:
    _, height, width = data.shape
    parts = []
    for row in range(0, height, strip):
        window = Window(row, 0, min(strip, height - row), width)
        parts.append(Part(window, data[:, row : row + strip], mask[:, row : row + strip]))
    return Raster({"geoTransform": [0, 1, 0, 0, 0, -1]}, data.shape, data.dtype, parts)


def read(stream: bytes) -> tuple[Any, Any, list[dict[str, Any]]]:
    """Read a stream as the contract describes it."""
    at = 0

    def line() -> Any:
        nonlocal at
        end = stream.index(b"\n", at)
        text, at = stream[at:end], end + 1
        return json.loads(text)

    def frame(dtype: str, shape: list[int]) -> Any:
        nonlocal at
        size = int.from_bytes(stream[at + 12 : at + 16], "little")
        raw, at = imagecodecs.blosc_decode(stream[at : at + size]), at + size
        return np.frombuffer(raw, dtype).reshape(shape)

    line()
    head = line()
    data, mask = np.zeros(head["shape"], head["dtype"]), np.ones(head["shape"], bool)
    places = []
    for _ in range(head["chunks"]):
        place = line()
        _, y, x = place["offset"]
        _, height, width = place["shape"]
        cut = (slice(None), slice(y, y + height), slice(x, x + width))
        data[cut] = frame(head["dtype"], place["shape"])
        mask[cut] = frame("bool", place["shape"])
        places.append(place)
    assert at == len(stream)
    return data, mask, places


@pytest.mark.parametrize("size", [(3, 5, 7), (1, 511, 511), (2, 512, 512), (3, 700, 600)])
def test_a_stream_is_the_raster(size: tuple[int, int, int]) -> None:
    data, mask = noise(size, "uint16"), noise(size, "uint8") > 99
    found, hidden, places = read(b"".join(encode(raster(data, mask))))
    assert np.array_equal(found, data)
    assert np.array_equal(hidden, mask)
    assert all(place["offset"][0] == 0 and place["shape"][0] == size[0] for place in places)


def test_chunks_are_the_blocks_of_a_geotiff_in_their_order() -> None:
    data = noise((2, 1100, 600), "uint8")
    _, _, places = read(b"".join(encode(raster(data, data > 3, strip=1024))))
    assert [(place["offset"][1:], place["shape"][1:]) for place in places] == [
        ([0, 0], [512, 512]),
        ([0, 512], [512, 88]),
        ([512, 0], [512, 512]),
        ([512, 512], [512, 88]),
        ([1024, 0], [76, 512]),
        ([1024, 512], [76, 88]),
    ]


def failing(error: Exception) -> Iterator[Part]:
    zeros = np.zeros((1, 512, 10), "uint8")
    yield Part(Window(0, 0, 512, 10), zeros, zeros > 0)
    raise error


def test_what_breaks_off_ends_with_an_error_chunk() -> None:
    broken = Raster({}, (1, 700, 10), np.dtype("uint8"), failing(OSError("reset")))
    last = list(encode(broken))[-1]
    assert "broke off" in json.loads(last)["error"]


def test_what_is_the_callers_is_raised() -> None:
    broken = Raster({}, (1, 700, 10), np.dtype("uint8"), failing(NotFound("gone")))
    with pytest.raises(NotFound):
        b"".join(encode(broken))


class Uploads(MultipartUpload):
    def __init__(self) -> None:
        self.parts: dict[int, bytes] = {}
        self.aborted = False

    def put(self, number: int, part: bytes) -> None:
        self.parts[number] = part

    def finish(self) -> str:
        return "link"

    def abort(self) -> None:
        self.aborted = True


def test_what_fits_is_the_body() -> None:
    uploads = Uploads()
    sent = deliver([b"a" * _stream.INLINE_BYTES], lambda: uploads)
    assert sent.body is not None
    assert (len(sent.body) + 2) // 3 * 4 < _stream.RESPONSE_BYTES
    assert not uploads.parts


def test_what_does_not_fit_goes_part_by_part() -> None:
    uploads = Uploads()
    pieces = [bytes([number]) * 3_000_000 for number in range(20)]
    sent = deliver(pieces, lambda: uploads)
    assert sent == Delivered(link="link")
    stored = [uploads.parts[number] for number in sorted(uploads.parts)]
    assert b"".join(stored) == b"".join(pieces)
    assert all(len(part) == _stream.PART_BYTES for part in stored[:-1])


def test_what_fails_on_the_way_leaves_nothing() -> None:
    uploads = Uploads()

    def pieces() -> Iterator[bytes]:
        yield b"a" * (_stream.INLINE_BYTES + 1)
        raise NotFound("gone")

    with pytest.raises(NotFound):
        deliver(pieces(), lambda: uploads)
    assert uploads.aborted


@mock_aws
def test_the_results_bucket() -> None:
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket="results")
    bucket = ResultsBucket(client, "results")
    upload = bucket.begin()
    upload.put(2, b"b")
    upload.put(1, b"a" * 5 * 2**20)
    link = upload.finish()
    (stored,) = client.list_objects_v2(Bucket="results")["Contents"]
    assert stored["Key"].startswith("npz/")
    assert stored["Key"] in link
    assert stored["Size"] == 5 * 2**20 + 1
    bucket.begin().abort()
    assert "Uploads" not in client.list_multipart_uploads(Bucket="results")
