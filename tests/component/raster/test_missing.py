"""What is missing: nodata in the type of the pixels, and what is not a number."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from affine import Affine
from tests.raster_world import DiskCatalog

HERE = Affine(10, 0, 500_000, 0, -10, 5_000_000)
COARSER = {
    "srs": "EPSG:32618",
    "outputBounds": [500_000, 4_999_360, 500_640, 5_000_000],
    "outputBoundsSRS": "EPSG:32618",
    "resolution": 20,
}
KERNELS = ["near", "bilinear", "average", "mode"]


def holed(missing: float, share: float = 0.3) -> Any:
    """Return 64 x 64 pixels of 100, of which a share is missing, and a whole quarter."""
    values = np.full((1, 64, 64), 100, "float32")
    values[np.random.default_rng(2).uniform(size=values.shape) < share] = missing
    values[:, :32, :32] = missing
    return values


@pytest.mark.parametrize("resampler", KERNELS)
@pytest.mark.parametrize("nodata", [None, -9999, "NaN"])
def test_what_is_not_a_number_is_missing(
    made: DiskCatalog, nodata: float | str | None, resampler: str
) -> None:
    made.band("b", data_type="Float32", nodata=nodata)
    made.image("one", holed(float("nan")), HERE)
    _, data, mask = made.raster(resampleAlg=resampler, **COARSER)
    assert (data[~mask] == 100).all()
    assert mask[0, 1:15, 1:15].all()
    expected = -9999 if nodata == -9999 else np.nan
    np.testing.assert_array_equal(data[mask], np.full(mask.sum(), expected, "float32"))
    if resampler == "average":
        assert mask[0, 17:].mean() < 0.05
    _, shown, unmasked = made.raster(resampleAlg=resampler, mask_nodata=False, **COARSER)
    assert not unmasked.any()
    np.testing.assert_array_equal(shown, data)


@pytest.mark.parametrize("resampler", [*KERNELS, "cubic", "lanczos"])
def test_missing_is_missing_however_it_is_written(made: DiskCatalog, resampler: str) -> None:
    made.band("b", data_type="Float32", nodata=-9999)
    made.image("one", holed(float("nan")), HERE)
    made.image("two", holed(-9999), HERE)
    one, two = (
        made.raster(ids=[id], resampleAlg=resampler, **COARSER)[1:] for id in made.documents
    )
    np.testing.assert_array_equal(one[0], two[0])
    np.testing.assert_array_equal(one[1], two[1])


@pytest.mark.parametrize("resampler", KERNELS)
def test_an_image_below_shows_where_one_is_not_a_number(made: DiskCatalog, resampler: str) -> None:
    made.band("b", data_type="Float32")
    made.image("below", np.full((1, 64, 64), 7, "float32"), HERE)
    made.image("above", holed(float("nan"), share=0), HERE)
    _, data, mask = made.raster(resampleAlg=resampler, **COARSER)
    assert not mask.any()
    assert (data[0, :15, :15] == 7).all()
    assert (data[0, 17:, 17:] == 100).all()


@pytest.mark.parametrize("resampler", KERNELS)
@pytest.mark.parametrize("nodata", [-3.4e38, 1e20, 0.1])
def test_nodata_is_compared_in_single_precision(
    made: DiskCatalog, nodata: float, resampler: str
) -> None:
    made.band("b", data_type="Float32", nodata=nodata)
    made.image("one", holed(nodata), HERE)
    _, data, mask = made.raster(resampleAlg=resampler, **COARSER)
    assert (data[~mask] == 100).all()
    assert mask[0, 1:15, 1:15].all()
    assert (data[mask] == np.float32(nodata)).all()


def test_nodata_that_no_pixel_can_hold_masks_nothing(made: DiskCatalog) -> None:
    made.band("b", data_type="UInt16", nodata=-9999)
    made.image("one", np.full((1, 64, 64), 55_537, "uint16"), HERE)  # -9999 modulo 65536
    for resampler in KERNELS:
        _, data, mask = made.raster(resampleAlg=resampler, **COARSER)
        assert (data == 55_537).all()
        assert not mask.any()


@pytest.mark.parametrize("nodata", ["NaN", "Infinity", 3.5])
def test_the_description_names_nodata_in_json(made: DiskCatalog, nodata: float | str) -> None:
    made.band("b", data_type="Float32", nodata=nodata)
    made.image("one", holed(float("nan")), HERE)
    raster, _, _ = made.raster()
    (line,) = (band["noDataValue"] for band in raster.metadata["bands"])
    assert line == nodata
    json.dumps(raster.metadata, allow_nan=False)


@pytest.mark.parametrize(
    ("dtype", "name"), [("int8", "Int8"), ("int64", "Int64"), ("uint64", "UInt64")]
)
@pytest.mark.parametrize("resampler", ["near", "mode", "average"])
def test_types_beyond_the_contract(
    made: DiskCatalog, dtype: str, name: str, resampler: str
) -> None:
    made.band("b", data_type=name, nodata=9)
    pixels = np.full((1, 64, 64), 100 if dtype == "int8" else 2**40, dtype)
    pixels[:, :32] = 9
    made.image("one", pixels, HERE)
    _, data, mask = made.raster(resampleAlg=resampler, **COARSER)
    assert data.dtype == dtype
    assert (data[0, 17:] == pixels[0, 63, 63]).all()
    assert mask[0, :15].all()
    assert not mask[0, 17:].any()


def test_unsigned_and_signed_32_bits_still_meet_in_double_precision(made: DiskCatalog) -> None:
    made.band("a", data_type="UInt32")
    made.band("b", data_type="Int32")
    made.image("one", np.ones((2, 64, 64), "uint32"), HERE)
    assert made.raster()[1].dtype == np.float64
