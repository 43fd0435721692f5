"""Scales and types."""

import numpy as np
import pytest
from affine import Affine
from tests.raster_world import DiskCatalog

from swath_core.raster._output import rescale, resolve_scale, to_type

HERE = Affine(10, 0, 500_000, 0, -10, 5_000_000)


def test_a_linear_map_without_clipping() -> None:
    values = rescale(np.array([0, 2000, 4000, 8000]), (0.0, 4000.0, 0.0, 255.0))
    assert values.tolist() == [0, 127.5, 255, 510]


def test_a_range_of_no_width_is_one_wide() -> None:
    assert rescale(np.array([7]), (7.0, 7.0, 0.0, 255.0)).tolist() == [0]


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        ([0.5, 1.5, -0.5, 254.6, 300, -3, np.nan], "uint8", [1, 2, 0, 255, 255, 0, 0]),
        ([-0.5, -1.5, 40_000], "int16", [-1, -2, 32_767]),
        ([2.0**33, -1], "uint32", [2**32 - 1, 0]),
        ([1.25], "float32", [1.25]),
    ],
)
def test_types_round_half_away_and_clip(
    values: list[float], dtype: str, expected: list[float]
) -> None:
    assert to_type(np.array(values), np.dtype(dtype)).tolist() == expected


def test_integers_clip() -> None:
    assert to_type(np.array([300, -5], "int16"), np.dtype("uint8")).tolist() == [255, 0]


def test_two_numbers_go_to_a_byte_and_none_to_what_was_found() -> None:
    assert resolve_scale((1.0, 2.0), None) == (1.0, 2.0, 0.0, 255.0)
    assert resolve_scale((), (3.0, 4.0)) == (3.0, 4.0, 0.0, 255.0)
    assert resolve_scale(None, None) is None


def test_automatic_scales_leave_nodata_and_masked_pixels_out(made: DiskCatalog) -> None:
    made.band("b", data_type="Int16", nodata=-999)
    pixels = np.array([[[-999, 100], [150, 200]]], "int16")
    made.image("one", pixels, HERE)
    _, data, mask = made.raster(scales=[[]], ot="Byte")
    assert data[0].tolist() == [[0, 0], [128, 255]]
    assert mask[0].tolist() == [[True, False], [False, False]]


def test_physical_values(made: DiskCatalog) -> None:
    made.band("b", data_type="UInt16")
    made.image("one", np.array([[[0, 5000], [10_000, 12_000]]], "uint16"), HERE)
    _, data, _ = made.raster(scales=[[0, 10_000, 0, 1.0]], ot="Float64")
    assert data.dtype == np.float64
    assert data[0].ravel() == pytest.approx([0, 0.5, 1, 1.2])
