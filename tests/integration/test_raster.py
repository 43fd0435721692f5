"""Raster on the deployed stack: pictures and arrays over HTTP, compared pixel by pixel."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
import requests
from affine import Affine
from tests.raster_stack import (
    SECONDS,
    Door,
    Gallery,
    Place,
    array,
    colour_product,
    composed,
    error,
    ingest,
    picture,
    tile_of,
)

pytestmark = pytest.mark.stack

COLOURS = ["red", "green", "blue"]
HERE = Place.of(2.05, 40.965, 12)
"""A tile that the three overlapping scenes touch, and that none of them fills."""
NOWHERE = Place(12, 2048, 2048)
BROWSER = {"Origin": "https://map.example"}


# ---- pictures ------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["png", "webp"])
def test_a_tile_shows_its_image_and_nothing_beside_it(
    door: Door, gallery: Gallery, format: str
) -> None:
    expected = tile_of([gallery.scenes["new"]], HERE)
    assert 0.1 < (expected[..., 3] > 0).mean() < 0.9
    for id in (gallery.id("new"), quote(gallery.id("new"), safe="")):
        answer = door.get(f"/images/{id}/{HERE.path(format)}")
        np.testing.assert_array_equal(picture(answer, format), expected)
    assert answer.headers["Cache-Control"].startswith("private")
    beside = picture(door.get(f"/images/{id}/{NOWHERE.path(format)}"), format)
    assert beside.shape == (256, 256, 4)
    assert not beside.any()


def test_a_query_chooses_the_look(gallery: Gallery) -> None:
    path = f"/images/{gallery.id('new')}/{HERE.path()}"
    plain = picture(gallery.door.get(path))
    turned = picture(gallery.door.get(path, bands="blue,green,red"))
    np.testing.assert_array_equal(turned, plain[..., [2, 1, 0, 3]])
    grey = picture(gallery.door.get(path, bands="green", range="0,510"))
    seen = plain[..., 3] > 0
    np.testing.assert_array_equal(grey[..., 3] > 0, seen)
    for channel in range(3):
        half = np.floor(plain[seen][:, 1] / 2 + 0.5)
        np.testing.assert_array_equal(grey[seen][:, channel], half)


@pytest.mark.parametrize("size", [None, 160, 80, 1])
def test_a_preview_is_the_image_and_never_larger(gallery: Gallery, size: int | None) -> None:
    query = {} if size is None else {"size": str(size)}
    path = f"/images/{gallery.id('new')}/preview"
    found = picture(gallery.door.get(f"{path}.png", **query))
    rows, columns = {None: (120, 160), 160: (120, 160), 80: (60, 80), 1: (1, 1)}[size]
    assert found.shape == (rows, columns, 4)
    np.testing.assert_array_equal(picture(gallery.door.get(f"{path}.webp", **query), "webp"), found)
    pixels = gallery.scenes["new"].pixels
    if (rows, columns) == pixels.shape[1:]:
        seen = pixels.all(axis=0)
        np.testing.assert_array_equal(found[..., 3], np.where(seen, 255, 0))
        np.testing.assert_array_equal(found[seen][:, :3], pixels[:, seen].T)


@pytest.mark.parametrize(
    ("path", "query", "where"),
    [
        ("preview.png", {"size": "0"}, "size"),
        ("preview.png", {"size": "4096"}, "size"),
        ("preview.gif", {}, None),
        ("tiles/3/8/0.png", {}, None),
        ("tiles/3/0/x.png", {}, None),
        ("tiles/12/0/0.gif", {}, None),
        ("tiles/12/0/0.png", {"bands": "nir"}, "bands"),
        ("tiles/12/0/0.png", {"range": "2,1"}, "range"),
        ("tiles/12/0/0.png", {"resampling": "best"}, "resampling"),
    ],
)
def test_pictures_that_are_none(
    gallery: Gallery, path: str, query: dict[str, str], where: str | None
) -> None:
    answer = gallery.door.get(f"/images/{gallery.id('new')}/{path}", **query)
    found = error(answer)
    assert answer.status_code == 400
    assert found.get("source") == (None if where is None else {"parameter": where})


def test_what_is_served_nowhere(door: Door, gallery: Gallery) -> None:
    assert door.request("GET", "/npz").status_code == 405
    requested = [("POST", "/other"), ("GET", f"/images/{gallery.id('new')}")]
    requested.append(("GET", f"/images/{gallery.id('new')}/picture.png"))
    for method, path in requested:
        answer = door.request(method, path)
        assert answer.status_code == 404
        assert error(answer)["detail"].startswith("there is no")


def test_a_picture_is_sent_again_only_where_it_changed(door: Door, gallery: Gallery) -> None:
    path = f"/images/{gallery.id('new')}/{HERE.path()}"
    first = door.get(path)
    tag = first.headers["ETag"]
    again = door.request("GET", path, {"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == tag
    assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
    others = [
        door.request("GET", path, {"If-None-Match": '"other"'}),
        door.get(path, bands="red"),
    ]
    assert [each.status_code for each in others] == [200, 200]
    assert others[0].headers["ETag"] == tag
    assert others[1].headers["ETag"] != tag


@pytest.mark.parametrize("form", ["W/{}", '"other", {}', "*"])
def test_caches_may_weaken_and_list_tags(gallery: Gallery, form: str) -> None:
    path = f"/images/{gallery.id('new')}/preview.png"
    tag = gallery.door.get(path).headers["ETag"]
    answer = gallery.door.request("GET", path, {"If-None-Match": form.format(tag)})
    assert answer.status_code == 304


def test_a_product_that_looks_otherwise_has_other_pictures(gallery: Gallery) -> None:
    path = f"/products/{gallery.colours}/{HERE.path()}"
    band = f"/bands/{gallery.colours}:red"
    tag = gallery.door.get(path).headers["ETag"]

    def shown(high: int) -> requests.Response:
        data = {"type": "band", "attributes": {"display_range": [0, high]}}
        gallery.owner.call("PATCH", band, {"data": data})
        answer: requests.Response = gallery.door.request("GET", path, {"If-None-Match": tag})
        return answer

    changed = shown(100)
    restored = shown(255)
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag
    pixels, before = picture(changed), picture(restored)
    assert (pixels[..., 0] >= before[..., 0]).all()
    np.testing.assert_array_equal(pixels[..., 1:], before[..., 1:])


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["old", "middle", "new"]),
        ({"order": "newest"}, ["old", "middle", "new"]),
        ({"order": "oldest"}, ["new", "middle", "old"]),
        ({"order": "clearest"}, ["new", "old", "middle"]),
        ({"start": "2020-02-01"}, ["middle", "new"]),
        ({"end": "2020-03-10"}, ["old", "middle"]),
        ({"start": "2020-01-11", "end": "2020-03", "order": "oldest"}, ["middle"]),
        ({"filter": [{"name": "cloud_fraction", "op": "lt", "val": 0.6}]}, ["old", "middle"]),
        (
            {
                "filter": [{"name": "cloud_fraction", "op": "gt", "val": 0.3}],
                "order": "clearest",
                "end": "2021",
            },
            ["new", "old"],
        ),
    ],
)
def test_a_products_tile_has_its_images_in_order(
    gallery: Gallery, query: dict[str, Any], names: list[str]
) -> None:
    sent = {key: v if isinstance(v, str) else json.dumps(v) for key, v in query.items()}
    answer = gallery.door.get(f"/products/{gallery.colours}/{HERE.path()}", **sent)
    expected = tile_of([gallery.scenes[name] for name in names], HERE)
    np.testing.assert_array_equal(picture(answer), expected)


def test_a_tile_without_images_is_empty(door: Door, gallery: Gallery) -> None:
    path = f"/products/{gallery.colours}/"
    for place, query in (
        (NOWHERE, {}),
        (HERE, {"start": "2021"}),
        (HERE, {"filter": '[{"name":"cloud_fraction","op":"lt","val":0}]'}),
        # a condition cannot reach beyond the product of the address
        (HERE, {"filter": json.dumps([_product_is(gallery.numbers)])}),
    ):
        answer = door.get(path + place.path(), **query)
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer.headers["Cache-Control"].startswith("private")
        assert "ETag" not in answer.headers


def _product_is(product: str) -> dict[str, str]:
    return {"name": "product_id", "op": "eq", "val": product}


@pytest.mark.parametrize(
    "query",
    [
        {"order": "best"},
        {"start": "yesterday"},
        {"filter": "{"},
        {"filter": '{"op":"eq"}'},
        {"filter": '[{"name":"acquired","op":"like","val":1}]'},
        {"bands": "nir"},
    ],
)
def test_a_products_tile_that_is_none(gallery: Gallery, query: dict[str, str]) -> None:
    answer = gallery.door.get(f"/products/{gallery.colours}/{HERE.path()}", **query)
    assert answer.status_code == 400
    error(answer)


def test_a_products_tiles_meet_at_the_antimeridian(gallery: Gallery) -> None:
    scenes = [gallery.scenes[name] for name in ("zone60", "zone1", "degrees")]
    last = Place.of(179.999, -17.03, 12)
    first = Place(12, 0, last.y)
    assert last.x == 2**12 - 1
    for place in (last, first):
        for scene in scenes:
            path = f"/images/{gallery.id(scene.name)}/{place.path()}"
            expected = tile_of([scene], place)
            assert expected.any()
            np.testing.assert_array_equal(picture(gallery.door.get(path)), expected)
        answer = gallery.door.get(f"/products/{gallery.colours}/{place.path()}")
        np.testing.assert_array_equal(picture(answer), tile_of(scenes, place))


def test_remote_images_do_not_hide_stored_ones(gallery: Gallery, tmp_path: Path) -> None:
    product = colour_product(gallery.owner, "remotes")
    scene = gallery.scenes["old"]
    ingest(gallery.owner, tmp_path, [(product, scene)])
    members = [
        {
            "type": "image",
            "attributes": {
                "name": f"remote{number}",
                "product_id": product,
                "acquired": f"2021-01-{number + 1:02}",
                "geometry": scene.footprint,
                "storage_state": "remote",
                "files": [{"provider_href": f"https://provider.example/{number}.tif"}],
            },
        }
        for number in range(25)
    ]
    made = gallery.owner.call("POST", "/images/bulk", {"data": members})
    assert made["meta"]["failed"] == 0
    answer = gallery.door.get(f"/products/{product}/{HERE.path()}")
    np.testing.assert_array_equal(picture(answer), tile_of([scene], HERE))
    refused = gallery.door.npz(ids=[f"{product}:remote0"], bands=COLOURS)
    assert refused.status_code == 400
    assert "remote" in error(refused)["detail"]
    assert gallery.door.get(f"/images/{product}:remote0/{HERE.path()}").status_code >= 400


def test_images_without_files_do_not_hide_stored_ones(gallery: Gallery, tmp_path: Path) -> None:
    product = colour_product(gallery.owner, "announced")
    scene = gallery.scenes["old"]
    ingest(gallery.owner, tmp_path, [(product, scene)])
    id = f"{product}:announced"
    attributes = {"name": "announced", "product_id": product, "acquired": "2021"}
    gallery.owner.save("image", id, {**attributes, "geometry": scene.footprint})
    assert gallery.door.get(f"/images/{id}/{HERE.path()}").status_code == 404
    assert gallery.door.npz(ids=[id], bands=COLOURS).status_code == 404
    answer = gallery.door.get(f"/products/{product}/{HERE.path()}")
    np.testing.assert_array_equal(picture(answer), tile_of([scene], HERE))


# ---- TileJSON ------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["png", "webp"])
@pytest.mark.parametrize("kind", ["image", "product"])
def test_a_browser_opens_the_tiles_of_a_tilejson(
    door: Door, gallery: Gallery, kind: str, format: str
) -> None:
    id = {"image": gallery.id("new"), "product": gallery.colours}[kind]
    path = f"/{kind}s/{id}"
    query = {"bands": "blue,green,red", "range": "0,300", "format": format}
    answer = door.request("GET", f"{path}/tilejson.json", BROWSER, params=query)
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"].startswith("private")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    document = answer.json()
    assert document["tilejson"] == "3.0.0"
    assert document["scheme"] == "xyz"
    assert 0 <= document["minzoom"] <= HERE.z <= document["maxzoom"]
    (address,) = document["tiles"]
    address = address.format(x=HERE.x, y=HERE.y, z=HERE.z)
    assert address.startswith(gallery.stack.api_url)
    seen = requests.get(address, headers=BROWSER, timeout=SECONDS)
    del query["format"]
    expected = door.get(f"{path}/{HERE.path(format)}", **query)
    assert picture(seen, format).any()
    assert seen.content == expected.content
    assert seen.headers["ETag"] == expected.headers["ETag"]
    assert seen.headers["Access-Control-Allow-Origin"] == "*"
    tagged = {"If-None-Match": seen.headers["ETag"]}
    assert requests.get(address, headers=tagged, timeout=SECONDS).status_code == 304


def test_a_tilejson_says_where_the_image_is(gallery: Gallery) -> None:
    scene = gallery.scenes["new"]
    document = gallery.door.get(f"/images/{gallery.id('new')}/tilejson.json").json()
    left, bottom, right, top = document["bounds"]
    longitude, latitude = scene.middle
    assert left < longitude < right
    assert bottom < latitude < top
    # 120 rows of 30 m, little rotated
    assert top - bottom == pytest.approx(120 * 30 / 111_000, rel=0.05)
    assert document["center"][:2] == pytest.approx([longitude, latitude], abs=1e-3)


@pytest.mark.parametrize("name", ["zone60", "zone1", "degrees"])
def test_a_tilejson_at_the_antimeridian_keeps_to_the_map(gallery: Gallery, name: str) -> None:
    """TileJSON 3.0, section 3.3: bounds lie within -180 to 180 and do not wrap around."""
    document = gallery.door.get(f"/images/{gallery.id(name)}/tilejson.json").json()
    left, bottom, right, top = document.get("bounds", [-180, -85, 180, 85])
    assert -180 <= left < right <= 180
    assert bottom < top
    sides = [longitude % 360 for longitude, _ in gallery.scenes[name].footprint["coordinates"][0]]
    east, west = min(sides), max(sides) - 360
    assert east < 180
    assert west > -180
    assert left < west < east < right
    if "center" in document:
        longitude, latitude, zoom = document["center"]
        assert -180 <= longitude <= 180
        place = Place.of(longitude, latitude, zoom)
        shown = picture(gallery.door.get(f"/images/{gallery.id(name)}/{place.path()}"))
        assert shown[..., 3].any()


# ---- arrays --------------------------------------------------------------------------------------


def test_an_image_as_it_was_ingested(door: Door, gallery: Gallery) -> None:
    scene = gallery.scenes["old"]
    answer = door.npz(ids=[gallery.id("old")], bands=COLOURS)
    assert answer.status_code == 200
    assert "Content-Encoding" not in answer.headers
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    metadata, data, mask = array(answer.content)
    assert metadata["id"] == gallery.id("old")
    assert metadata["geoTransform"] == pytest.approx(list(scene.transform.to_gdal()))
    assert metadata["coordinateSystem"]["epsg"] == 32631
    np.testing.assert_array_equal(data, scene.pixels)
    np.testing.assert_array_equal(mask, scene.pixels == 0)


def test_a_result_larger_than_a_response(door: Door, gallery: Gallery) -> None:
    body: dict[str, Any] = {"ids": [f"{gallery.numbers}:large"], "bands": ["one"]}
    answer = door.npz(**body)
    assert (answer.status_code, answer.content) == (303, b"")
    link = answer.headers["Location"]
    assert gallery.stack.outputs["ResultsBucket"] in link
    stored = requests.get(link, timeout=SECONDS)
    assert stored.status_code == 200
    assert "Content-Encoding" not in stored.headers
    metadata, data, mask = array(stored.content)
    np.testing.assert_array_equal(data, gallery.large.pixels)
    np.testing.assert_array_equal(mask, gallery.large.pixels == 0)
    # the link is the permission
    assert requests.get(link.partition("?")[0], timeout=SECONDS).status_code == 403

    left, width, _, top, _, height = metadata["geoTransform"]
    box = [left + 500 * width, top + 800 * height, left + 800 * width, top + 500 * height]
    part, part_data, part_mask = door.array(**body, outputBounds=box)
    assert part["coordinateSystem"] == metadata["coordinateSystem"]
    np.testing.assert_array_equal(part_data, data[:, 500:800, 500:800])
    np.testing.assert_array_equal(part_mask, mask[:, 500:800, 500:800])


@pytest.mark.parametrize(
    ("names", "crs", "box", "resolution"),
    [
        (("zone17", "zone18"), "EPSG:4326", [-78.06, 4.94, -77.95, 5.02], 0.0003),
        (("zone18", "zone17"), "EPSG:32617", [825_000, 546_000, 837_000, 555_000], 31.0),
        (("zone17", "zone18"), "EPSG:32618", [158_000, 546_000, 172_000, 555_000], 30.0),
        (("zone17", "zone18"), "EPSG:3857", [-8_690_000, 551_000, -8_677_000, 560_000], 25.0),
        (("zone60", "zone1"), "EPSG:4326", [179.96, -17.08, 180.06, -16.99], 0.0003),
        (("zone1", "zone60"), "EPSG:32701", [176_000, 8_110_000, 190_000, 8_120_000], 31.0),
        (("zone60", "zone1"), "EPSG:32760", [813_000, 8_109_000, 826_000, 8_119_000], 29.0),
        (("zone60", "degrees"), "EPSG:32701", [176_000, 8_110_000, 190_000, 8_120_000], 31.0),
        (("degrees", "zone1"), "EPSG:4326", [-180.04, -17.08, -179.94, -16.99], 0.0003),
        (
            ("degrees", "zone60"),
            "EPSG:3857",
            [-20_042_000, -1_932_000, -20_032_000, -1_920_000],
            29.0,
        ),
        (("zone60", "zone1"), "EPSG:3832", [3_332_000, -1_920_000, 3_348_000, -1_908_000], 27.0),
    ],
)
def test_a_mosaic_over_zones(
    gallery: Gallery, names: tuple[str, str], crs: str, box: list[float], resolution: float
) -> None:
    scenes = [gallery.scenes[name] for name in names]
    metadata, data, mask = gallery.door.array(
        ids=[gallery.id(name) for name in names],
        bands=COLOURS,
        srs=crs,
        outputBounds=box,
        resolution=resolution,
    )
    grid = Affine.from_gdal(*metadata["geoTransform"])
    assert grid == Affine(resolution, 0, box[0], 0, -resolution, box[3])
    _, rows, columns = data.shape
    assert columns == round((box[2] - box[0]) / resolution)
    assert rows == round((box[3] - box[1]) / resolution)
    expected = composed(scenes, crs, grid, (rows, columns))
    for alone in (composed([scene], crs, grid, (rows, columns)) for scene in scenes):
        assert (alone != 0).any()
        assert (alone != expected).any()
    np.testing.assert_array_equal(data, expected)
    np.testing.assert_array_equal(mask, expected == 0)


def test_a_box_across_the_antimeridian_may_be_written_either_way(gallery: Gallery) -> None:
    body: dict[str, Any] = {
        "ids": [gallery.id("zone60"), gallery.id("zone1")],
        "bands": COLOURS,
        "srs": "EPSG:4326",
        "resolution": 0.0003,
    }
    _, data, mask = gallery.door.array(**body, outputBounds=[179.96, -17.08, 180.06, -16.99])
    for box in ([179.96, -17.08, -179.94, -16.99], [-180.04, -17.08, -179.94, -16.99]):
        _, same, same_mask = gallery.door.array(**body, outputBounds=box)
        np.testing.assert_array_equal(same, data)
        np.testing.assert_array_equal(same_mask, mask)
    # without bounds, the union of both: not the way around the world
    metadata, whole, whole_mask = gallery.door.array(**body)
    _, rows, columns = whole.shape
    assert columns < 400
    expected = composed(
        [gallery.scenes["zone60"], gallery.scenes["zone1"]],
        "EPSG:4326",
        Affine.from_gdal(*metadata["geoTransform"]),
        (rows, columns),
    )
    np.testing.assert_array_equal(whole, expected)
    assert 0 < whole_mask.mean() < 0.5


# ---- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "where", "words"),
    [
        ({"bands": ["nir"]}, "bands", ["'nir'", "blue, green, red"]),
        ({"bands": []}, "bands", ["at least one"]),
        ({"outputBounds": [1, 2, 3]}, "outputBounds", ["four numbers"]),
        ({"outputBounds": [5, 5, 1, 1]}, "outputBounds", ["min x < max x"]),
        ({"resampleAlg": "nearest"}, "resampleAlg", ["'nearest'", "near, bilinear"]),
        ({"srs": "EPSG:999999"}, "srs", ["EPSG:999999"]),
        ({"srs": "+proj=utm +zone=31 +nadgrids=/etc/passwd"}, "srs", ["nadgrids"]),
        ({"shape": "circle"}, "shape", ["GeoJSON"]),
        ({"processing_level": "cooked"}, None, ["cooked"]),
        ({"srs": "EPSG:32631", "resolution": 0.001}, "outputBounds", ["tiles", "outputBounds"]),
        ({"outsize": [50_000, 50_000]}, "outputBounds", ["50000 x 50000", "tiles"]),
    ],
)
def test_a_request_that_is_refused(
    door: Door, gallery: Gallery, change: dict[str, Any], where: str | None, words: list[str]
) -> None:
    answer = door.npz(**{"ids": [gallery.id("old")], "bands": COLOURS, **change})
    found = error(answer)
    assert answer.status_code == 400
    if where is not None:
        assert found["source"] == {"parameter": where}
    for word in words:
        assert word in found["detail"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000])
def test_a_body_that_is_no_request(door: Door, content: bytes) -> None:
    answer = door.request("POST", "/npz", data=content)
    assert answer.status_code == 400
    error(answer)


def test_the_image_that_is_missing_is_named(door: Door, gallery: Gallery) -> None:
    for absent in (gallery.id("none"), "nobody:nothing:none", "none"):
        answer = door.npz(ids=[gallery.id("old"), absent], bands=COLOURS)
        assert answer.status_code == 404
        detail = error(answer)["detail"]
        assert f"'{absent}' does not exist" in detail
        assert gallery.id("old") not in detail
