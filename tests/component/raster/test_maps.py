"""Tiles and previews: places, colours, transparency, tickets."""

import base64
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from affine import Affine
from rasterio.io import MemoryFile
from tests.raster_world import ME, PRODUCT, DiskCatalog, noise

from swath_core.access import Caller
from swath_core.access.tickets import issue_ticket, redeem_ticket
from swath_core.definitions import IMAGE, Resource
from swath_core.documents import Document
from swath_core.errors import BadRequest, NotFound, SwathError, Unauthorized
from swath_core.raster._sources import Product, native_grid
from swath_core.raster.pictures import (
    Picture,
    _renderer,
    _style,
    _tiles,
)
from swath_core.raster.pictures._maps import MapService
from swath_core.raster.pictures._style import NAMES, class_colours, colormap

HERE = Affine(10, 0, 500_000, 0, -10, 5_000_000)


def product(made: DiskCatalog) -> Product:
    found = made.product(PRODUCT)
    assert found is not None
    return found


def rgb(made: DiskCatalog) -> str:
    for name in ("red", "green", "blue"):
        made.band(name, data_type="Byte", nodata=0, display_range=[0, 255])
    pixels = np.maximum(noise((3, 300, 300), "uint8"), 1)
    pixels[:, :50, :50] = 0
    return made.image("one", pixels, HERE, overviews=(2, 4))


def decoded(picture: Picture) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    with MemoryFile(picture.draw()) as memory, memory.open() as dataset:
        return np.asarray(dataset.read())


def test_a_tile_is_the_raster_of_its_square(made: DiskCatalog) -> None:
    image = rgb(made)
    style = _style.style_of(product(made), {})
    place = (14, 4778, 5884)
    found = made.service.find(ME, [image])
    request = _tiles.tile_request([image], style, place)
    drawn = _renderer.PictureRenderer(made.service).picture((found, request), style, "png")
    _, data, mask = made.raster(
        srs="EPSG:3857", outputBounds=list(_tiles.tile_bounds(*place)), outsize=[256, 256]
    )
    pixels = decoded(drawn)
    assert 0 < mask[0].mean() < 1
    assert np.array_equal(pixels[3] == 255, ~mask.any(axis=0))
    assert np.array_equal(pixels[:3][:, pixels[3] > 0], data[:, pixels[3] > 0])


@pytest.mark.parametrize("format", ["png", "webp"])
def test_a_preview_is_no_larger_than_asked(made: DiskCatalog, format: str) -> None:
    image = rgb(made)
    style = _style.style_of(product(made), {})
    native = native_grid(made.documents[image])
    assert native is not None
    request = _tiles.preview_request(image, native, style, 100)
    layer = made.service.find(ME, [image]), request
    drawn = _renderer.PictureRenderer(made.service).picture(layer, style, format)
    assert decoded(drawn).shape == (4, 100, 100)
    assert drawn.content_type == f"image/{format}"


def test_class_colours_and_colormaps(made: DiskCatalog) -> None:
    made.band("land", data_type="Byte", type="class", colormap=[[0, 0, 0, 0], [9, 8, 7, 255]])
    image = made.image("one", np.array([[[0, 1], [1, 7]]], "uint8"), HERE)
    draw = _renderer.PictureRenderer(made.service).picture
    found = made.service.find(ME, [image])
    native = native_grid(made.documents[image])
    assert native is not None
    for query, seen in (({}, [9, 8, 7, 255]), ({"colormap": "viridis"}, [33, 145, 140, 255])):
        style = _style.style_of(product(made), {**query, "range": "0,2"} if query else query)
        request = _tiles.preview_request(image, native, style, 9)
        picture = decoded(draw((found, request), style, "png"))
        assert np.abs(picture[:, 0, 1].astype(int) - seen).max() <= 2
    assert class_colours([[1, 2, 3]])[0].tolist() == [1, 2, 3, 255]
    assert all(colormap(name).shape == (256, 4) for name in NAMES)


@pytest.mark.parametrize(
    "query",
    [
        {"bands": "red,green"},
        {"bands": "nir"},
        {"range": "1"},
        {"range": "5,1"},
        {"range": "nan,1"},
        {"bands": "red", "colormap": "rainbow"},
        {"resampling": "best"},
        {"expression": "red + nir", "range": "0,1"},
        {"expression": "red + green"},
        {"expression": "red;green", "range": "0,1"},
        {"expression": "red +", "range": "0,1"},
        {"expression": "", "range": "0,1"},
        {"expression": "red", "range": "0,1", "bands": "red"},
        {"mask": "nir > 1"},
    ],
)
def test_a_style_that_is_none(made: DiskCatalog, query: dict[str, str]) -> None:
    rgb(made)
    with pytest.raises(BadRequest):
        _style.style_of(product(made), query)


COASTAL = {"extra_properties": {"eo:common_name": "coastal"}}
RED = {"extra_properties": {"eo:common_name": "red"}}


@pytest.mark.parametrize(
    ("display", "bands", "shown"),
    [
        (None, {"blue": {}, "green": {}, "red": {}, "nir": {}}, ("red", "green", "blue")),
        (None, {"Blue": {}, "Green": {}, "b4": RED, "b5": RED}, ("b4", "Green", "Blue")),
        (None, {"blue": COASTAL, "green": {}, "red": {}}, ("blue", "green", "red")),
        (None, {"qa": {"type": "mask"}, "b1": {}, "b2": {}, "b3": {}}, ("b1", "b2", "b3")),
        (None, {"b1": {"sort_order": 2}, "b2": {"sort_order": 1}}, ("b2",)),
        (["nir", "alpha"], {"red": {}, "nir": {}, "alpha": {"type": "mask"}}, ("nir",)),
        (["b2"], {"red": {}, "green": {}, "blue": {}, "b2": {}}, ("b2",)),
        (["gone", "b2", "red"], {"red": {}, "b2": {}}, ("b2",)),
    ],
)
def test_what_is_shown_unless_asked_otherwise(
    made: DiskCatalog, display: list[str] | None, bands: dict[str, Any], shown: tuple[str, ...]
) -> None:
    for name, attributes in bands.items():
        made.band(name, data_type="Byte", display_range=[0, 255], **attributes)
    document, documents = product(made)
    owned = replace(document, attributes={**document.attributes, "default_display_bands": display})
    assert _style.style_of((owned, documents), {}).bands == shown


@pytest.mark.parametrize("place", [(0, 1, 0), (25, 0, 0), (3, 0, 8), (-1, 0, 0)])
def test_a_tile_that_is_none(place: tuple[int, int, int]) -> None:
    with pytest.raises(BadRequest):
        _tiles.tile_bounds(*place)


def test_tags_change_with_what_is_shown(made: DiskCatalog) -> None:
    image = rgb(made)
    style = _style.style_of(product(made), {})
    request = _tiles.tile_request([image], style, (0, 0, 0))
    found = made.service.find(ME, [image])
    tag = _renderer.etag([(found, request)], "png")
    assert tag == _renderer.etag([(made.service.find(ME, [image]), request)], "png")
    assert tag != _renderer.etag([(found, request)], "webp")
    made.documents[image] = made.documents[image].next_version({**made.documents[image].attributes})
    assert tag != _renderer.etag([(made.service.find(ME, [image]), request)], "png")


def layers(made: DiskCatalog, style: _style.Style, *images: str) -> Iterator[_renderer.Layer]:
    """Yield one layer of each image; fail if more are taken than there are."""
    for image in images:
        request = _tiles.tile_request([image], style, (14, 4778, 5884))
        yield made.service.find(ME, [image]), request
    pytest.fail("a layer was asked for although the picture was full")


def test_layers_fill_the_holes_of_those_above_and_no_more_are_taken(made: DiskCatalog) -> None:
    made.band("b", data_type="Byte", nodata=0, display_range=[0, 255])
    wide = Affine(10, 0, 490_000, 0, -10, 5_010_000)
    holed = np.full((1, 2000, 2000), 9, "uint8")
    holed[0, :, ::2] = 0
    style = _style.style_of(product(made), {})
    top, below = made.image("top", holed, wide), made.image("below", holed * 0 + 5, wide)
    renderer = _renderer.PictureRenderer(made.service)
    picture = renderer.stacked(layers(made, style, top, below), style, "png").picture
    assert picture is not None
    found = decoded(picture)
    assert set(np.unique(found[0])) == {5, 9}
    assert (found[3] == 255).all()
    assert renderer.stacked(iter(()), style, "png").picture is None


@pytest.mark.parametrize("selection", ["last", "max"])
@pytest.mark.parametrize("how", ["no file", "no file, no grid", "no picture", "too few files"])
def test_a_stack_leaves_out_what_cannot_be_read(
    made: DiskCatalog, how: str, selection: str
) -> None:
    made.band("b", data_type="Byte", nodata=0, display_range=[0, 255])
    wide = Affine(10, 0, 490_000, 0, -10, 5_010_000)
    there = made.image("there", np.full((1, 2000, 2000), 5, "uint8"), wide)
    lost = made.image("lost", np.full((1, 2000, 2000), 9, "uint8"), wide)
    spoil(made, lost, how)
    style = _style.style_of(product(made), {})
    renderer = _renderer.PictureRenderer(made.service)

    def drawn(*stacks: list[str]) -> _renderer.StackedPicture:
        asked = [(made.service.find(ME, ids), ids) for ids in stacks]
        place = (14, 4778, 5884)
        requests = [(f, _tiles.tile_request(ids, style, place, selection)) for f, ids in asked]
        return renderer.stacked(requests, style, "png")

    alone, whole = drawn([lost]), drawn([there])
    assert set(alone.lost) == {lost}
    assert not whole.lost
    assert alone.picture is None or not decoded(alone.picture)[3].any()
    assert whole.picture is not None
    for found in (drawn([there, lost]), drawn([lost], [there])):
        assert found.picture is not None
        assert found.lost == {lost}
        assert found.picture.etag != whole.picture.etag
        np.testing.assert_array_equal(decoded(found.picture), decoded(whole.picture))
    with pytest.raises(NotFound):
        made.service.compute(*_of_one(made, lost, style)).whole()


def _of_one(made: DiskCatalog, image: str, style: _style.Style) -> _renderer.Layer:
    return made.service.find(ME, [image]), _tiles.tile_request([image], style, (14, 4778, 5884))


def spoil(made: DiskCatalog, image: str, how: str) -> None:
    """Make the file of an image one that cannot be read."""
    path, document = Path(made.path(image)), made.documents[image]
    attributes = dict(document.attributes)
    if how == "no picture":
        path.write_bytes(b"no picture at all")
    elif how == "too few files":
        attributes["files"] = []
    else:
        path.unlink()
    if how.endswith("no grid"):
        del attributes["geotrans"]
    made.documents[image] = document.next_version(attributes)


def test_a_picture_of_expressions_and_masks(made: DiskCatalog) -> None:
    image = rgb(made)
    native = native_grid(made.documents[image])
    assert native is not None
    pixels = np.maximum(noise((3, 300, 300), "uint8"), 1).astype(float)
    pixels[:, :50, :50] = 0
    red, green, _ = pixels
    query = {"expression": "red / green; green; 255 - red", "range": "0,255", "mask": "red > 200"}
    for text, drawn in ((query["expression"], "RGB"), ("green", "one"), ("red / green", "one")):
        style = _style.style_of(product(made), {**query, "expression": text})
        request = _tiles.preview_request(image, native, style, 300)
        layer = made.service.find(ME, [image]), request
        picture = decoded(
            _renderer.PictureRenderer(made.service).picture(layer, style, "png")
        ).astype(int)
        seen = (red <= 200) & (red > 0)
        assert np.array_equal(picture[3] == 255, seen)
        values = {"green": green, "red / green": np.floor(red / np.maximum(green, 1) + 0.5)}
        first = values.get(text, values["red / green"])
        assert np.array_equal(picture[0][seen], first[seen])
        last = 255 - red if drawn == "RGB" else first
        assert np.array_equal(picture[2][seen], last[seen])


def test_a_computed_band_takes_a_colormap(made: DiskCatalog) -> None:
    rgb(made)
    query = {"expression": "red / green", "range": "0,2", "colormap": "viridis"}
    style = _style.style_of(product(made), query)
    assert style.table is colormap("viridis")
    assert style.bands == ("red / green",)


class Found:
    """A search that finds the images of a catalog, the topmost first."""

    def __init__(self, made: DiskCatalog) -> None:
        self._made = made

    def page(self, asked: Any, _products: object, token: str | None = None) -> Any:
        return SimpleNamespace(documents=list(self._made.documents.values()), token=None)

    def of(self, _caller: object, _expression: object) -> tuple[list[object], None]:
        return [], None

    def resource(self, _caller: object, _body: object) -> Resource:
        return IMAGE


def test_a_tile_of_a_product_as_a_statistic(made: DiskCatalog) -> None:
    made.band("b", data_type="Byte", nodata=0, display_range=[0, 255])
    wide = Affine(10, 0, 490_000, 0, -10, 5_010_000)
    layers = [np.full((1, 2000, 2000), value, "uint8") for value in (10, 20, 90, 200)]
    layers[0][0, :, ::2] = 0
    for number, pixels in enumerate(layers):
        made.image(f"i{number}", pixels, wide)
    found = cast("Any", Found(made))
    maps = MapService(made.service, found, found)
    for selection, seen in (("median", {55, 90}), ("max", {200}), ("min", {10, 20})):
        drawn = maps.product_tile(
            ME, PRODUCT, (14, 4778, 5884), {"pixel_selection": selection}, "png"
        )
        assert drawn.picture is not None
        assert set(np.unique(decoded(drawn.picture)[0])) == seen
    masked = {"pixel_selection": "median", "mask": "b > 50"}
    drawn = maps.product_tile(ME, PRODUCT, (14, 4778, 5884), masked, "png")
    assert drawn.picture is not None
    assert set(np.unique(decoded(drawn.picture)[0])) == {15, 20}
    for wrong in ("first", "", "mode"):
        with pytest.raises(BadRequest, match="is said by order") as refused:
            maps.product_tile(ME, PRODUCT, (0, 0, 0), {"pixel_selection": wrong}, "png")
        assert refused.value.parameter == "pixel_selection"
    made.documents.clear()
    empty = {"pixel_selection": "median"}
    assert maps.product_tile(ME, PRODUCT, (0, 0, 0), empty, "png").picture is None


class Searched:
    """A search that finds so many images, in pages of 60, and notes what it was asked."""

    def __init__(self, count: int) -> None:
        self._found = [Document("image", f"{PRODUCT}:i{n}", {"files": [{}]}) for n in range(count)]
        self.limits: list[int | None] = []

    def page(self, asked: Any, _products: object, token: str | None = None) -> Any:
        start = int(token or 0)
        stop = min(start + 60, asked.limit, len(self._found))
        self.limits += [] if token else [asked.limit]
        more = str(stop) if stop < min(asked.limit, len(self._found)) else None
        return SimpleNamespace(documents=self._found[start:stop], token=more)

    def of(self, _caller: object, _expression: object) -> tuple[list[object], None]:
        return [], None

    def resource(self, _caller: object, _body: object) -> Resource:
        return IMAGE


@pytest.mark.parametrize(
    ("count", "sizes", "limits"),
    [(3, [3], [24]), (100, [24, 36, 40], [24, 200]), (500, [24, 36, 60, 60, 20], [24, 200])],
)
def test_a_tile_looks_at_a_few_images_and_then_at_more(
    made: DiskCatalog, count: int, sizes: list[int], limits: list[int]
) -> None:
    found = Searched(count)
    maps = MapService(cast("Any", made.service), cast("Any", found), cast("Any", found))
    caller = Caller("me", "acme", frozenset({"acme:x"}), "me@acme.example")
    stacks = list(maps.images(caller, PRODUCT, (0, 0, 0), {}))
    assert [len(stack) for stack in stacks] == sizes
    assert found.limits == limits
    ids = [image.id for stack in stacks for image in stack]
    assert ids == [f"{PRODUCT}:i{n}" for n in range(min(count, 200))]


def test_nothing_of_the_caller_can_be_read_in_a_ticket() -> None:
    caller, key = Caller("sub-7", "acme", frozenset({"acme:org-admin"}), "me@x.example"), b"k" * 32
    ticket = issue_ticket(caller, "image:a", key)
    raw = base64.urlsafe_b64decode(ticket + "=" * (-len(ticket) % 4))
    for word in (b"sub-7", b"acme", b"admin", b"me@x", b"image", b"exp"):
        assert word not in raw
    assert ticket != issue_ticket(caller, "image:a", key)
    assert redeem_ticket(ticket, "image:a", key) == caller


def test_a_ticket_is_for_one_thing_and_one_day() -> None:
    key, caller = b"k" * 32, Caller("me", "acme", frozenset({"acme:x"}), "me@acme.example")
    ticket = issue_ticket(caller, "image:a", key, now=0)
    assert redeem_ticket(ticket, "image:a", key, now=1) == caller
    for args in (("image:b", key, 1), ("image:a", b"other", 1), ("image:a", key, 10**9)):
        with pytest.raises(Unauthorized):
            redeem_ticket(ticket, args[0], args[1], now=args[2])
    for broken in (ticket[:-2], "x", "", "é", ticket[1:]):
        with pytest.raises(SwathError):
            redeem_ticket(broken, "image:a", key, now=1)
