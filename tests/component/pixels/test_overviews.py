"""Overviews: made by us against NumPy, and those that a file brings against its pixels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.enums import ColorInterp, Resampling
from rasterio.shutil import copy
from tests.decoding import level, run, stored
from tests.ingest_world import Values, raster

from swath_core.nodata import holds_data


def built(values: Values, factors: tuple[int, ...], how: Resampling, **profile: Any) -> bytes:
    return raster(values, change=lambda d: d.build_overviews(list(factors), how), **profile)


# -- overviews against NumPy


def mean_of(values: Values, valid: Values, factor: int) -> tuple[Values, Values]:
    """Return the mean of the valid pixels of each cell, and where there is one."""
    shape = values.shape[0] // factor, factor, values.shape[1] // factor, factor
    count = valid.reshape(shape).sum(axis=(1, 3))
    total = np.where(valid, values, 0).astype(float).reshape(shape).sum(axis=(1, 3))
    with np.errstate(invalid="ignore"):
        return total / count, count > 0


def modes_of(values: Values, valid: Values, row: int, column: int) -> set[Any]:
    """Return the most frequent valid values of a cell of 2 x 2 pixels."""
    cell = np.s_[2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
    found, counts = np.unique(values[cell][valid[cell]], return_counts=True)
    return set(found[counts == counts.max(initial=0)].tolist())


SIDE = 256
HOLES = [
    "none", "nodata", "not a number", "nodata and not a number",
    "mask", "mask and nodata", "mask and not a number",
    "alpha", "alpha and nodata", "alpha behind two bands", "alpha behind four bands",
]  # fmt: skip


@dataclass(frozen=True)
class Holed:
    """A raster with holes, its pixels, and which of them are valid; ``shown`` is its mask."""

    body: bytes
    values: Values
    valid: Values
    shown: Values | None
    nodata: float | None
    bands: int


def holed(dtype: str, how: str) -> Holed:
    """Return a raster whose first band has holes that are made in some way."""
    generator = np.random.default_rng(5)
    values = generator.integers(1, 200, (SIDE, SIDE)).astype(dtype)
    valid = generator.uniform(size=values.shape) > 0.4
    valid[:64, :64] = False
    shown = None
    if how == "none":
        valid[:] = True
    if how.startswith(("mask", "alpha")):
        # where there are two kinds of holes, some pixels are shown and missing all the same
        shown = valid | ((generator.uniform(size=valid.shape) > 0.5) & (" and " in how))
    # of signed 16 bits, GDAL does not move a mean that would be nodata
    nodata = (-7.0 if dtype == "int16" else 7.0) if "nodata" in how else None
    values[values == nodata] = 8
    if nodata is not None:
        values[~valid] = nodata
    if how == "nodata and not a number":
        values.reshape(-1)[np.flatnonzero(~valid)[::2]] = np.nan
    elif "not a number" in how:
        values[~valid] = np.nan
    bands = {"alpha behind two bands": 2, "alpha behind four bands": 4}.get(how, 1)
    body = _with_mask([values] * bands, shown, nodata, how)
    return Holed(body, values, valid, shown, nodata, bands)


def _with_mask(bands: list[Values], shown: Values | None, nodata: float | None, how: str) -> bytes:
    if shown is None:
        return raster(np.stack(bands), nodata=nodata)
    if how.startswith("alpha"):
        alpha = np.where(shown, 200, 0).astype(bands[0].dtype)
        meaning = [ColorInterp.gray, *[ColorInterp.undefined] * (len(bands) - 1), ColorInterp.alpha]
        return raster(np.stack([*bands, alpha]), nodata=nodata, meaning=meaning)
    mask = np.where(shown, 255, 0).astype("uint8")
    return raster(np.stack(bands), nodata=nodata, change=lambda d: d.write_mask(mask))


@pytest.mark.parametrize("how", HOLES)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32", "float64"])
@pytest.mark.parametrize("resampler", ["average", "nearest", "mode"])
def test_overviews_are_what_numpy_makes_of_the_pixels(
    resampler: str, dtype: str, how: str, tmp_path: Path
) -> None:
    if "number" in how and not dtype.startswith("float"):
        pytest.skip("integers are numbers")
    case = holed(dtype, how)
    task = {"nodata": case.nodata, "resampler": resampler, "overviews": (2,)}
    result = run(case.body, tmp_path, dtype, count=case.bands, **task)  # type: ignore[arg-type]
    assert result.valid_fraction == pytest.approx(case.valid.mean())
    path = stored(result, tmp_path)
    with rasterio.open(path, OVERVIEW_LEVEL=0) as overview:
        found, mask = overview.read(1), overview.read_masks(1).astype(bool)
        if how.startswith("alpha"):
            mask = overview.read(case.bands + 1) > 0
    if case.shown is not None:
        np.testing.assert_array_equal(mask, case.shown[::2, ::2])
    has_data = holds_data(found, case.nodata)
    if resampler == "nearest":
        picked = case.valid[::2, ::2]
        np.testing.assert_array_equal(found[picked], case.values[::2, ::2][picked])
        np.testing.assert_array_equal(has_data & mask, picked)
        return
    mean, any_valid = mean_of(case.values, case.valid, 2)
    if case.shown is None or case.nodata is not None or dtype.startswith("float"):
        np.testing.assert_array_equal(has_data, any_valid)
    if resampler == "average":
        slack = 0.5001 if "int" in dtype else 1e-4
        # a mean that would be nodata is moved by GDAL, so that it stays data
        near = np.abs(mean - (case.nodata or np.nan)) <= 0.5
        slack_here = np.where(near & any_valid, 1.5, slack)
        assert (np.abs(found - mean)[any_valid] <= slack_here[any_valid]).all()
    else:
        rows, columns = np.nonzero(any_valid)
        for row, column in zip(rows[::37], columns[::37], strict=True):
            assert found[row, column] in modes_of(case.values, case.valid, row, column)


# -- overviews that a file brings


def test_overviews_of_a_small_source_are_not_taken_over(tmp_path: Path) -> None:
    body = raster(np.full((1, 300, 300), 7, "uint16"))
    path = tmp_path / "stale.tif"
    path.write_bytes(body)
    with rasterio.open(path, "r+") as dataset:
        dataset.write(np.full((1, 300, 300), 100, "uint16"))
        dataset.build_overviews([2], Resampling.nearest)
        dataset.write(np.full((1, 300, 300), 7, "uint16"))
    result = run(path.read_bytes(), tmp_path)
    with rasterio.open(stored(result, tmp_path)) as dataset:
        assert dataset.overviews(1) == []
        assert (dataset.read() == 7).all()


def test_averaged_overviews_of_classes_are_made_anew(tmp_path: Path) -> None:
    values = np.random.default_rng(0).choice([1, 9], (1, 1100, 1100)).astype("uint8")
    body = built(values, (4, 2), Resampling.average, nodata=0)
    result = run(body, tmp_path, "uint8", kind="class", nodata=0)
    path = stored(result, tmp_path)
    with rasterio.open(path) as dataset:
        assert dataset.overviews(1) == [2, 4]
    np.testing.assert_array_equal(level(path, 0), values[:, ::2, ::2])
    assert set(np.unique(level(path, 1))) == {1, 9}


def cog(
    values: Values, folder: Path, how: str, *, source: Values | None = None, **more: Any
) -> bytes:
    """Return a COG as GDAL writes it, with overviews of ``source`` where that is given."""
    path = folder / "plain.tif"
    path.write_bytes(raster(values if source is None else source, **more))
    with rasterio.open(path, "r+") as dataset:
        dataset.build_overviews([2, 4], Resampling[how])
        if source is not None:
            dataset.write(values)
    target = folder / "cog.tif"
    copy(path, target, driver="COG", COMPRESS="DEFLATE", OVERVIEWS="FORCE_USE_EXISTING")
    body = target.read_bytes()
    target.unlink()
    return body


def scene(side: int = 1500) -> Values:
    line = np.arange(side)
    noise = np.random.default_rng(3).integers(0, 80, (side, side))
    slope = 1500 * np.cos(line / 131.0)[:, np.newaxis] + 900 * np.sin(line / 97.0)
    return np.asarray((3000 + slope + noise).astype("uint16")[np.newaxis])


@pytest.mark.parametrize("how", ["average", "nearest", "mode", "cubic", "lanczos", "gauss"])
def test_a_cog_with_overviews_of_its_pixels_is_kept(how: str, tmp_path: Path) -> None:
    assert run(cog(scene(), tmp_path, how), tmp_path).output is None


def shaded(count: int = 3) -> Values:
    """Return an aerial view: bytes, smooth in parts, with edges."""
    line = np.arange(1100)
    waves = np.add.outer(90 * np.cos(line / 131.0), 30 * np.sin(line / 37.0))
    roofs = 60 * (np.add.outer(line // 40 % 3, line // 50 % 2) == 2)
    noise = np.random.default_rng(3).integers(0, 12, (1100, 1100))
    return np.stack([np.clip(120 + waves + roofs + noise + 5 * n, 0, 255) for n in range(count)])


def aerial(folder: Path, how: str, *, others: bool = False, **creation: Any) -> bytes:
    """Return a COG as GDAL writes it of an aerial view: with overviews of its own making."""
    values = shaded().astype("uint8")
    hidden = np.add.outer(np.arange(1100), np.arange(1100)) > 1600
    path = folder / "plain.tif"

    def mask(dataset: Any) -> None:
        if how == "mask":
            dataset.write_mask(np.where(hidden, 0, 255).astype("uint8"))

    if how == "alpha":
        alpha = np.where(hidden, 0, 255).astype("uint8")
        values = np.concatenate([np.where(hidden, 0, values), alpha[np.newaxis]])
        path.write_bytes(raster(values, alpha="YES", photometric="RGB"))
    else:
        path.write_bytes(raster(values, photometric="RGB", change=mask))
    with rasterio.open(path, "r+") as dataset:
        if others:
            dataset.write(255 - values)
            dataset.build_overviews([2, 4], Resampling.average)
            dataset.write(values)
            creation |= {"OVERVIEWS": "FORCE_USE_EXISTING"}
    target = folder / "cog.tif"
    copy(path, target, driver="COG", **creation)
    body = target.read_bytes()
    target.unlink()
    return body


AERIAL: list[tuple[str, dict[str, Any]]] = [
    ("plain", {"COMPRESS": "JPEG"}),
    ("plain", {"COMPRESS": "JPEG", "QUALITY": "40"}),
    ("mask", {"COMPRESS": "JPEG"}),
    ("plain", {"COMPRESS": "WEBP"}),
    ("plain", {"COMPRESS": "LERC", "MAX_Z_ERROR": "4"}),
    ("mask", {"COMPRESS": "DEFLATE"}),
    ("alpha", {"COMPRESS": "DEFLATE"}),
    ("alpha", {"COMPRESS": "DEFLATE", "RESAMPLING": "AVERAGE"}),
    ("alpha", {"COMPRESS": "WEBP", "RESAMPLING": "NEAREST"}),
]


@pytest.mark.parametrize(("how", "creation"), AERIAL)
def test_an_aerial_view_as_gdal_writes_it_is_kept(
    how: str, creation: dict[str, Any], tmp_path: Path
) -> None:
    body = aerial(tmp_path, how, **creation)
    assert run(body, tmp_path, "uint8", count=3).output is None


@pytest.mark.parametrize(("how", "creation"), AERIAL)
def test_an_aerial_view_with_overviews_of_another_is_written_anew(
    how: str, creation: dict[str, Any], tmp_path: Path
) -> None:
    body = aerial(tmp_path, how, others=True, **creation)
    assert run(body, tmp_path, "uint8", count=3).output is not None


def test_overviews_end_where_one_block_of_the_file_holds_all(tmp_path: Path) -> None:
    path = tmp_path / "plain.tif"
    path.write_bytes(raster(scene(1700)))
    copy(path, tmp_path / "cog.tif", driver="COG", BLOCKSIZE="1024")
    with rasterio.open(tmp_path / "cog.tif") as dataset:
        assert dataset.overviews(1) == [2]
    assert run((tmp_path / "cog.tif").read_bytes(), tmp_path).output is None


@pytest.mark.parametrize("how", ["nearest", "mode"])
def test_a_cog_of_classes_with_overviews_of_classes_is_kept(how: str, tmp_path: Path) -> None:
    values = np.random.default_rng(0).choice([1, 9], (1, 1100, 1101)).astype("uint8")
    assert run(cog(values, tmp_path, how), tmp_path, "uint8", kind="class").output is None


WRONG: dict[str, Callable[[Path], tuple[bytes, dict[str, Any]]]] = {
    "of other pixels": lambda folder: (
        cog(scene(), folder, "average", source=np.roll(scene(), 400, axis=1)), {},
    ),
    "of a brighter scene": lambda folder: (
        cog(scene(), folder, "average", source=scene() + np.uint16(200)), {},
    ),
    "of nothing": lambda folder: (
        cog(scene(), folder, "nearest", source=np.zeros_like(scene()), nodata=0), {"nodata": 0},
    ),
    "averaged, of classes": lambda folder: (
        cog((scene() // 700 * 50).astype("uint8"), folder, "average"),
        {"dtype": "uint8", "kind": "class"},
    ),
    "with ever more missing": lambda folder: (
        cog(_thinned(), folder, "nearest", source=_thinned(0.8)), {"dtype": "float32"},
    ),
}  # fmt: skip


def _thinned(share: float = 0.3) -> Values:
    values = scene().astype("float32")
    values[np.random.default_rng(1).uniform(size=values.shape) < share] = np.nan
    return values


@pytest.mark.parametrize("overviews", WRONG)
def test_a_cog_with_other_overviews_is_written_anew(overviews: str, tmp_path: Path) -> None:
    body, expected = WRONG[overviews](tmp_path)
    result = run(body, tmp_path, **expected)
    assert result.output is not None
    (tmp_path / "again").mkdir()
    again = run(Path(result.output).read_bytes(), tmp_path / "again", **expected)
    assert again.output is None
