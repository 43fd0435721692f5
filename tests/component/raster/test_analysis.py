"""Expressions, masks and pixel selections of mosaics, against NumPy and rio-tiler's methods."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from affine import Affine
from rio_tiler.mosaic.methods import defaults as methods
from tests.raster_world import PRODUCT, DiskCatalog, noise

from swath_core.definitions import PIXEL_SELECTIONS
from swath_core.errors import BadRequest
from swath_core.raster import _mosaic
from swath_core.raster._grid import Window
from swath_core.raster._mosaic import pieces_of
from swath_core.raster._request import parse_request

Array = np.ndarray[Any, Any]
Masked = np.ma.MaskedArray[Any, Any]

HERE = Affine(10, 0, 500_000, 0, -10, 5_000_000)
SIDE = 20
NDVI = {"ndvi": "(nir - red) / (nir + red)"}
CLEAR = "qa & 0b11 != 0"
STATISTICS = ("mean", "median", "min", "max", "count", "std")


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DiskCatalog]:
    """Seven images of two bands and a quality band, with nodata, that lie side by side in part."""
    made = DiskCatalog(tmp_path_factory.mktemp("series"))
    made.band("red", data_type="UInt16", nodata=0)
    made.band("nir", data_type="UInt16", nodata=0)
    made.band("qa", data_type="UInt16", type="class")
    for number in range(7):
        generator = np.random.default_rng(number)
        pixels = generator.integers(0, 3000, (3, SIDE, SIDE), dtype=np.uint16)
        pixels[:2][generator.random((2, SIDE, SIDE)) < 0.2] = 0
        pixels[2] = generator.integers(0, 16, (SIDE, SIDE))
        place = HERE @ Affine.translation(number % 3, number % 2)
        cloud: dict[str, Any] = {} if number == 3 else {"cloud_fraction": (number * 5 % 7) / 10}
        made.image(f"i{number}", pixels, place, **cloud)
    yield made
    made.pool.close()


GRID = {"outputBounds": [500_000, 4_999_800, 500_200, 5_000_000], "resolution": 10}


def each(made: DiskCatalog, **body: Any) -> list[Masked]:
    """Return every image by itself, as masked arrays."""
    read = [made.raster(**GRID, **body, ids=[id]) for id in made.documents]
    return [np.ma.MaskedArray(data, mask) for _, data, mask in read]


def clear(made: DiskCatalog, bands: list[str]) -> list[Masked]:
    """Return every image without the pixels that CLEAR hides, by NumPy alone."""
    found = []
    for image, qa in zip(each(made, bands=bands), each(made, bands=["qa"]), strict=True):
        hidden = qa.mask | (qa.data & 3 != 0)
        found.append(np.ma.MaskedArray(image.data, image.mask | hidden))
    return found


def same(one: Masked | None, data: Array, mask: Array) -> bool:
    assert one is not None
    hidden = np.ma.getmaskarray(one)
    return bool(
        np.array_equal(hidden, mask)
        and np.allclose(one.data[~mask], data[~mask], rtol=1e-12, atol=1e-9)
    )


def overlaid(images: list[Masked]) -> Masked:
    """Return images one over the other, the first on top."""
    found = images[0].copy()
    for image in images[1:]:
        hidden = np.ma.getmaskarray(found)
        found = np.ma.MaskedArray(
            np.where(hidden, image.data, found.data), hidden & np.ma.getmaskarray(image)
        )
    return found


def test_an_expression_is_a_band_of_each_image(series: DiskCatalog) -> None:
    for image, alone in zip(series.documents, each(series, bands=["red", "nir"]), strict=True):
        red, nir = alone.astype(float)
        _, data, mask = series.raster(**GRID, ids=[image], bands=["ndvi", "red"], expressions=NDVI)
        assert data.dtype == np.float64
        assert same((nir - red) / (nir + red), data[0], mask[0])
        assert same(red, data[1], mask[1])


def test_an_expression_of_a_mosaic_is_the_mosaic_of_the_expressions(series: DiskCatalog) -> None:
    singles = each(series, bands=["ndvi"], expressions=NDVI)
    raster, data, mask = series.raster(**GRID, bands=["ndvi"], expressions=NDVI)
    assert same(overlaid(singles[::-1]), data, mask)
    (described,) = raster.metadata["bands"]
    assert described["description"]["name"] == "ndvi"
    assert described["type"] == "Float64"


def test_what_cannot_be_computed_is_masked_and_shows_what_is_below(made: DiskCatalog) -> None:
    made.band("b", data_type="Int16")
    low = np.full((1, 4, 4), 4, "int16")
    top = np.array([[[0, 1, 2, -1]] * 4], "int16")
    made.image("low", low, HERE)
    made.image("top", top, HERE)
    _, data, mask = made.raster(bands=["x"], expressions={"x": "sqrt(1 / b)"})
    assert data[0, 0].tolist() == [0.5, 1.0, 0.5**0.5, 0.5]
    _, data, mask = made.raster(
        ids=[f"{PRODUCT}:top"], bands=["x"], expressions={"x": "sqrt(1 / b)"}
    )
    assert mask[0, 0].tolist() == [True, False, False, True]


def test_expressions_are_scaled_and_typed_like_bands(series: DiskCatalog) -> None:
    one = [next(iter(series.documents))]
    _, exact, mask = series.raster(ids=one, bands=["ndvi"], expressions=NDVI)
    _, scaled, _ = series.raster(
        ids=one, bands=["ndvi"], expressions=NDVI, scales=[[-1, 1, 0, 200]], ot="Byte"
    )
    assert scaled.dtype == np.uint8
    assert np.array_equal(scaled[~mask], np.floor((exact[~mask] + 1) * 100 + 0.5))


def test_expressions_use_processing_levels_and_files_of_their_own(made: DiskCatalog) -> None:
    steps = [{"function": "gain_bias", "parameter": "reflectance_gain_bias", "index": 0}]
    made.band("a", data_type="Byte", file_index=0, band_index=0, processing_levels={"x": steps})
    made.band("b", data_type="Byte", file_index=1, band_index=0, processing_levels={"x": steps})
    made.image("one", np.full((1, 8, 8), 10, "uint8"), HERE, reflectance_gain_bias=[[2.0, 1.0]])
    made.image("other", np.full((1, 8, 4), 3, "uint8"), HERE)
    document = made.documents[f"{PRODUCT}:one"]
    document.attributes["files"].append({"href": made.path(f"{PRODUCT}:other")})
    body = {"ids": [document.id], "bands": ["sum", "a"], "expressions": {"sum": "a + b"}}
    _, data, mask = made.raster(**body, processing_level="x")
    assert data[0, 0].tolist()[:4] == [21 + 7] * 4
    # the second file ends half way: there is no sum, but the band is there
    assert mask[0, 0].tolist() == [False] * 4 + [True] * 4
    assert not mask[1].any()
    _, data, mask = made.raster(**body, mask="b > 5")
    assert mask[1, 0].tolist() == [False] * 4 + [True] * 4


@pytest.mark.parametrize("selection", ["last", "first"])
def test_masks_hide_pixels_before_the_selection(series: DiskCatalog, selection: str) -> None:
    images = clear(series, ["red"])
    _, data, mask = series.raster(**GRID, bands=["red"], mask=CLEAR, pixel_selection=selection)
    in_order = images if selection == "first" else images[::-1]
    assert same(overlaid(in_order), data, mask)
    method = methods.FirstMethod()
    for image in in_order:
        method.feed(image.copy())
    assert same(method.data, data, mask)


def test_the_least_cloudy_is_on_top(series: DiskCatalog) -> None:
    clouds = [image.get("cloud_fraction") for image in series.documents.values()]
    images = clear(series, ["red", "nir"])
    order = sorted(range(7), key=lambda at: (clouds[at] is None, clouds[at] or 0))
    _, data, mask = series.raster(
        **GRID, bands=["red", "nir"], mask=CLEAR, pixel_selection="least_cloudy"
    )
    assert clouds[order[-1]] is None
    assert same(overlaid([images[at] for at in order]), data, mask)


RIO_TILER: dict[str, Any] = {
    "mean": lambda: methods.MeanMethod(enforce_data_type=False),
    "median": lambda: methods.MedianMethod(enforce_data_type=False),
    "min": methods.LowestMethod,
    "max": methods.HighestMethod,
    "count": methods.CountMethod,
    "std": methods.StdevMethod,
}
NUMPY: dict[str, Any] = {
    "mean": np.ma.mean,
    "median": np.ma.median,
    "min": np.ma.min,
    "max": np.ma.max,
    "count": np.ma.count,
    "std": np.ma.std,
}


@pytest.mark.parametrize("selection", STATISTICS)
@pytest.mark.parametrize("hiding", [None, CLEAR])
@pytest.mark.parametrize("band", ["red", "ndvi"])
def test_statistics_are_numpys_and_rio_tilers(
    series: DiskCatalog, selection: str, hiding: str | None, band: str
) -> None:
    expressions = NDVI if band == "ndvi" else None
    body = {"bands": [band], "expressions": expressions}
    images = each(series, **body, mask=hiding)
    _, data, mask = series.raster(
        **GRID, **body, mask=hiding, pixel_selection=selection, ot="Float64"
    )
    stack = np.ma.stack(images)
    expected = np.ma.MaskedArray(NUMPY[selection](stack, axis=0), stack.mask.all(axis=0))
    assert same(expected, data, mask)
    method = RIO_TILER[selection]()
    for image in images:
        method.feed(image.copy())
    found = method.data
    assert np.allclose(found.data[..., ~mask[0]], data[:, ~mask[0]], rtol=1e-12, atol=1e-9)


def test_types_of_statistics(series: DiskCatalog) -> None:
    types = {
        selection: series.raster(**GRID, bands=["red"], pixel_selection=selection)[1].dtype.name
        for selection in PIXEL_SELECTIONS
    }
    own = dict.fromkeys(PIXEL_SELECTIONS, "uint16")
    assert types == own | {"std": "float64"}
    _, exact, mask = series.raster(**GRID, bands=["red"], pixel_selection="median", ot="Float64")
    _, whole, _ = series.raster(**GRID, bands=["red"], pixel_selection="median")
    assert (exact[~mask] % 1 == 0.5).any()
    assert np.array_equal(np.floor(exact[~mask] + 0.5), whole[~mask])


def test_opaque_pixels_alone_make_statistics(made: DiskCatalog) -> None:
    made.band("b", data_type="Byte", nodata=9)
    made.band("alpha", data_type="Byte", type="mask", is_alpha=True)
    values = [[10, 20, 30, 9], [30, 40, 9, 9], [50, 61, 71, 80]]
    alphas = [[255, 255, 255, 0], [128, 255, 1, 0], [0, 255, 255, 0]]
    for number, rows in enumerate(zip(values, alphas, strict=True)):
        made.image(f"i{number}", np.array([[row] * 4 for row in rows], "uint8"), HERE)
    _, data, mask = made.raster(pixel_selection="mean", ot="Float64")
    assert data[0, 0].tolist() == [20, 121 / 3, 50.5, 0]
    assert data[1, 0].tolist() == [255, 255, 255, 0]
    assert mask[:, 0].tolist() == [[False, False, False, True]] * 2
    _, data, mask = made.raster(pixel_selection="count", drop_alpha=True)
    assert data[0, 0].tolist() == [2, 3, 2, 0]
    _, data, mask = made.raster(pixel_selection="max", mask="alpha < 200", drop_alpha=True)
    assert data[0, 0].tolist() == [10, 61, 71, 0]


@pytest.mark.parametrize("selection", ["median", "mean", "last"])
def test_pieces_are_one_raster(
    series: DiskCatalog, monkeypatch: pytest.MonkeyPatch, selection: str
) -> None:
    body = {**GRID, "bands": ["red", "nir"], "mask": CLEAR, "pixel_selection": selection}
    whole = series.raster(**body)
    for stack_bytes in (7 * 4 * 9, 7 * 4 * SIDE * 3 + 5):
        monkeypatch.setattr(_mosaic, "STACK_BYTES", stack_bytes)
        pieces = series.raster(**body)
        assert np.array_equal(whole[1], pieces[1])
        assert np.array_equal(whole[2], pieces[2])


@pytest.mark.parametrize("pixels", [1, 3, 511, 512, 5_000, 2**18, 2**19 + 7, 2**21, 2**40])
def test_pieces_make_up_their_window(pixels: int) -> None:
    outer = Window(512, 1024, 1100, 1030)
    if pixels < 500:
        outer = Window(3, 4, 20, 30)
    hits = np.zeros((outer.height, outer.width), np.uint8)
    for piece in pieces_of(outer, pixels):
        assert 0 < piece.height * piece.width <= max(pixels, 1)
        hits[piece.within(outer)] += 1
    assert (hits == 1).all()


def test_a_cutline_and_other_grids(series: DiskCatalog) -> None:
    ring = "POLYGON((-75 45.1543, -74.9975 45.1543, -74.9975 45.1530, -75 45.1543))"
    body = {"srs": "EPSG:3857", "resolution": 11, "bands": ["red"], "shape": ring}
    singles = [series.raster(**body, **GRID_4326, ids=[id]) for id in series.documents]
    stack = np.ma.stack([np.ma.MaskedArray(data, mask) for _, data, mask in singles])
    _, data, mask = series.raster(**body, **GRID_4326, pixel_selection="median", ot="Float64")
    assert 0 < mask.mean() < 1
    assert same(np.ma.MaskedArray(NUMPY["median"](stack, axis=0)), data, mask)


GRID_4326 = {"outputBounds": [-75, 45.1525, -74.997, 45.1543], "outputBoundsSRS": "EPSG:4326"}


@pytest.mark.parametrize(
    ("change", "where", "reason"),
    [
        ({"expressions": []}, "expressions", "must be an object"),
        ({"expressions": {"x": "a"}}, "expressions", "not among bands"),
        ({"bands": ["x"], "expressions": {"x": 1}}, "expressions", "must be a text"),
        ({"bands": ["x"], "expressions": {"x": "red +"}}, "expressions", "cannot be read"),
        ({"bands": ["x"], "expressions": {"x": "blue"}}, "expressions", "its bands are: red"),
        ({"expressions": {"red": "nir"}}, "expressions", "a name of its own"),
        ({"bands": ["x"], "expressions": {"x": "red / nir & 1"}}, "expressions", "whole numbers"),
        ({"mask": "blue > 1"}, "mask", "its bands are: red"),
        ({"mask": "red"}, "mask", "a mask is a condition"),
        ({"mask": 7}, "mask", "must be a text"),
        ({"mask": ""}, "mask", "must be a text"),
        ({"pixel_selection": "newest"}, "pixel_selection", "must be one of last, first"),
        ({"pixel_selection": []}, "pixel_selection", "must be one of"),
        ({"bands": ["qa"], "pixel_selection": "mean"}, "pixel_selection", "class band"),
        ({"pixel_selecton": "mean"}, "pixel_selection", "did you mean 'pixel_selection'?"),
        ({"pixelSelection": "mean"}, "pixel_selection", "did you mean"),
        ({"expression": {}}, "expressions", "did you mean 'expressions'?"),
        ({"masks": "red > 1"}, "mask", "did you mean 'mask'?"),
    ],
)
def test_what_is_refused(
    series: DiskCatalog, change: dict[str, Any], where: str, reason: str
) -> None:
    with pytest.raises(BadRequest, match=reason) as refused:
        series.raster(**{**GRID, "bands": ["red"], **change})
    assert refused.value.parameter == where


def test_more_reads_than_one_request_may_make(made: DiskCatalog) -> None:
    for number in range(101):
        made.band(f"b{number}", data_type="UInt16", band_index=0)
    one = made.image("one", noise((1, 4, 4), "uint16"), HERE)
    names = [f"x{number}" for number in range(60)]
    texts = dict.fromkeys(names, "b1 + b2")
    assert made.raster(ids=[one] * 9, bands=names, expressions=texts)[1].shape[0] == 60
    many = " + ".join(f"b{number}" for number in range(101))
    with pytest.raises(BadRequest, match="101 bands, those of expressions and mask included"):
        made.raster(ids=[one] * 1000, bands=["x"], expressions={"x": many})


def test_members_that_other_clients_send_are_still_ignored() -> None:
    body = {"ids": ["i"], "bands": ["b"], "dltile": None, "location": "x", "masked": True}
    assert parse_request({**body, "mask_alpha": False, "mask_nodata": True}).mask is None


MOST = 300 * 2 * 48 * 20


def test_the_median_of_300_images_in_bounded_memory(
    made: DiskCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a median holds at once is limited, however many images there are."""
    made.band("b", data_type="UInt16", nodata=0)
    one = made.image("one", noise((1, 48, 48), "uint16"), HERE)
    held: list[int] = []
    full = np.full

    def noted(shape: Any, *rest: Any, **more: Any) -> Any:
        array = full(shape, *rest, **more)
        held.append(array.nbytes)
        return array

    monkeypatch.setattr(np, "full", noted)
    monkeypatch.setattr(_mosaic, "STACK_BYTES", MOST)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, data, mask = made.raster(ids=[one] * 300, bands=["b"], pixel_selection="median")
    _, alone, hidden = made.raster(ids=[one], bands=["b"])
    assert len(held) == 3
    assert max(held) <= MOST
    assert np.array_equal(data, alone)
    assert np.array_equal(mask, hidden)
