"""Frames against an independent decoder."""

import imagecodecs
import numpy as np
import pytest
from tests.raster_world import CONTRACT, noise

from swath_core.raster._blosc import blosc_frame, copied_blosc_frame


@pytest.mark.parametrize("dtype", [*CONTRACT, "bool"])
@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 7, 11), (2, 600, 512)])
@pytest.mark.parametrize("kind", ["flat", "smooth", "noise"])
def test_a_frame_decodes_to_its_array(dtype: str, shape: tuple[int, ...], kind: str) -> None:
    if kind == "noise" and dtype != "bool":
        data = noise(shape, dtype)
    else:
        step = 0 if kind == "flat" else 1
        data = (np.arange(np.prod(shape)) // 50 * step % 100).reshape(shape).astype(dtype)
    for encoded in (blosc_frame(data), copied_blosc_frame(data)):
        assert imagecodecs.blosc_decode(encoded) == data.tobytes()
        assert int.from_bytes(encoded[4:8], "little") == data.nbytes
        assert int.from_bytes(encoded[12:16], "little") == len(encoded)


def test_what_compresses_is_small_and_noise_is_copied() -> None:
    assert len(blosc_frame(np.zeros((1, 512, 512), bool))) < 2_000
    assert len(blosc_frame(noise((1, 512, 512), "uint16"))) == 512 * 512 * 2 + 16
