"""Frames of the service, decoded with what the base installation has."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from swath.errors import MissingExtraError, ServerError
from swath.raster._blosc import decode
from swath_core.raster._blosc import blosc_frame, copied_blosc_frame

DTYPES = ("uint8", "uint16", "int16", "uint32", "int32", "float32", "float64")


@pytest.fixture(autouse=True)
def _base_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "blosc", None)


def smooth(shape: tuple[int, ...], dtype: str) -> np.ndarray[Any, Any]:
    return (np.arange(np.prod(shape)) // 7 % 251).astype(dtype).reshape(shape)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(1, 512, 512), (3, 512, 512), (1, 1, 1), (2, 37, 11)])
def test_what_the_service_sends_is_read(dtype: str, shape: tuple[int, ...]) -> None:
    data = smooth(shape, dtype)
    for frame in (blosc_frame(data), copied_blosc_frame(data)):
        assert bytes(decode(frame, data.nbytes)) == data.tobytes()


def test_masks_and_noise_are_read() -> None:
    mask = np.zeros((1, 512, 512), bool)
    assert bytes(decode(blosc_frame(mask), mask.nbytes)) == mask.tobytes()
    noise = np.random.default_rng(1).integers(0, 65536, (1, 512, 512), "uint16")
    assert bytes(decode(blosc_frame(noise), noise.nbytes)) == noise.tobytes()


@pytest.mark.parametrize("count", [1000, 70_001, 600_000])
@pytest.mark.parametrize("shuffle", [0, 1])
def test_frames_of_another_encoder_are_read(count: int, shuffle: int) -> None:
    imagecodecs = pytest.importorskip("imagecodecs")
    data = smooth((count,), "uint16").tobytes() + b"z"  # a byte is left over
    frame = imagecodecs.blosc_encode(data, compressor="zlib", shuffle=shuffle, typesize=2, level=1)
    assert bytes(decode(frame, len(data))) == data


def test_frames_that_lie_are_refused() -> None:
    data = smooth((1, 512, 512), "uint16")
    frame = blosc_frame(data)
    assert len(frame) < data.nbytes
    for at in (12, 16, 17, 20, 23, 24, 60, len(frame) - 1):
        broken = bytearray(frame)
        broken[at] ^= 0xFF
        try:
            same = bytes(decode(bytes(broken), data.nbytes)) == data.tobytes()
        except ServerError:
            continue
        assert not same or at > 24, f"byte {at} does not matter"


def test_another_codec_says_what_it_needs() -> None:
    frame = bytearray(blosc_frame(smooth((1, 512, 512), "uint16")))
    frame[2] &= 0x1F  # BloscLZ
    with pytest.raises(MissingExtraError, match="pip install"):
        decode(bytes(frame), 512 * 512 * 2)
