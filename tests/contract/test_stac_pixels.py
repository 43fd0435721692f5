"""Pixels through the STAC face: odc-stac, stackstac and GDAL against the catalog's own raster."""

from __future__ import annotations

import base64
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from affine import Affine
from tests.contract.conftest import Start
from tests.contract.published import Client, Release
from tests.raster_stack import Door, Place, Scene, ingest, visible
from tests.raster_world import Array

from swath_dev.api import Api
from swath_dev.cloud import Deployed

pytestmark = [pytest.mark.stack, pytest.mark.published]

PEERS = Release("contract-stac.txt", "STAC")
CRS, METRES = "EPSG:32631", 30
WEST, NORTH = 500_010, 4_540_020
ROWS, COLUMNS = 130, 170
BOX = [WEST, NORTH - ROWS * METRES, WEST + COLUMNS * METRES, NORTH]
GRID = {"crs": CRS, "metres": METRES, "bounds": BOX}
SECONDS = 60


def scene(name: str, seed: int, place: tuple[int, int], size: tuple[int, int, int]) -> Scene:
    """Return a scene whose upper left pixel is one of the grid's: its column and row."""
    corner = Affine(METRES, 0, WEST + place[0] * METRES, 0, -METRES, NORTH - place[1] * METRES)
    acquired = {"acquired": f"2020-0{seed}-11T10:00:00Z", "cloud_fraction": seed / 10}
    return Scene(name, visible(size, "uint16", seed), CRS, corner, acquired)


SCENES = [
    scene("first", 1, (0, 10), (1, 90, 110)),
    scene("second", 2, (50, 30), (1, 100, 120)),
    scene("third", 3, (20, 0), (1, 80, 100)),
]
PAIR = scene("pair", 4, (30, 20), (2, 80, 100))


@dataclass(frozen=True)
class Hills:
    """Collections of a caller's: ``collection`` has files of one band, ``pairs`` of two."""

    url: str
    token: str
    collection: str
    pairs: str

    @property
    def root(self) -> str:
        return f"{self.url}/stac"

    def own(self, *names: str, band: str = "red", collection: str | None = None) -> Array:
        """Return a band of images on the grid: the catalog's own raster, 0 where there is none."""
        door = Door(self.url, self.token)
        ids = [f"{collection or self.collection}:{name}" for name in names]
        _, data, mask = door.array(
            ids=ids, bands=[band], srs=CRS, outputBounds=BOX, resolution=METRES
        )
        found: Array = np.where(mask[0], 0, data[0])
        assert found.shape == (ROWS, COLUMNS)
        assert found.any()
        return found


@pytest.fixture(scope="module")
def hills(stack: Deployed, tmp_path_factory: pytest.TempPathFactory) -> Hills:
    api = Api(stack.api_url, stack.token(f"org{secrets.token_hex(4)}"))
    one, two = product(api, "hills", ["red"]), product(api, "pairs", ["red", "green"])
    ingest(api, tmp_path_factory.mktemp("hills"), [*((one, each) for each in SCENES), (two, PAIR)])
    return Hills(stack.api_url, api.token, one, two)


def product(api: Api, name: str, bands: list[str]) -> str:
    """Save a product of 16-bit bands, all in one file."""
    found = api.save("product", name, {"name": f"The {name}"})
    for index, band in enumerate(bands):
        place = {"name": band, "product_id": found, "type": "spectral", "band_index": index}
        ranges = {"data_range": [0, 65_535], "display_range": [0, 65_535], "resolution": "30m"}
        pixels = {"data_type": "UInt16", "nodata": 0}
        api.save("band", f"{found}:{band}", {**place, **ranges, **pixels})
    return found


@pytest.fixture(scope="module")
def peers(start: Start, hills: Hills) -> Client:
    settings = {"url": hills.url}
    return start(PEERS, token=hills.token, settings=settings)


def decoded(sent: dict[str, Any]) -> Array:
    """Return an array that a peer sent."""
    values = np.frombuffer(base64.b64decode(sent["data"]), sent["dtype"])
    return values.reshape(sent["shape"])


def test_the_catalogs_own_raster_is_what_was_ingested(hills: Hills) -> None:
    for each in SCENES:
        rows, columns = each.pixels.shape[1:]
        column = round((each.transform.c - WEST) / METRES)
        row = round((NORTH - each.transform.f) / METRES)
        inside = hills.own(each.name)[row : row + rows, column : column + columns]
        np.testing.assert_array_equal(inside, each.pixels[0])


@pytest.mark.parametrize("library", ["odc_array", "stackstac_array"])
def test_libraries_load_what_the_raster_answers(peers: Client, hills: Hills, library: str) -> None:
    found = peers.call(
        "stac_pixels",
        library,
        root=hills.root,
        token=hills.token,
        collection=hills.collection,
        band="red",
        **GRID,
    )
    assert found["ids"] == [each.name for each in SCENES]
    values = decoded(found["array"])
    assert values.shape == (len(SCENES), ROWS, COLUMNS)
    for each, layer in zip(SCENES, values, strict=True):
        np.testing.assert_array_equal(layer, hills.own(each.name))


def test_odc_stac_loads_any_band_of_a_file(peers: Client, hills: Hills) -> None:
    caller = {"root": hills.root, "token": hills.token, "collection": hills.pairs}
    found = peers.call("stac_pixels", "odc_array", **caller, band="image.2", **GRID)
    (layer,) = decoded(found["array"])
    own = hills.own("pair", band="green", collection=hills.pairs)
    np.testing.assert_array_equal(layer, own)


@pytest.mark.parametrize("limit", [100, 1])
def test_gdal_opens_a_search(peers: Client, hills: Hills, limit: int) -> None:
    """STACIT sends the token as GDAL's own options have it, and follows the pages."""
    address = f"{hills.root}/search?collections={hills.collection}&sign=true&limit={limit}"
    found = peers.call("stac_pixels", "stacit", name=address, token=hills.token)
    check_mosaic(found, hills)


def test_gdal_opens_a_search_that_was_saved(peers: Client, hills: Hills, tmp_path: Path) -> None:
    answer = requests.get(
        f"{hills.root}/search",
        params={"collections": hills.collection, "sign": "true"},
        headers={"Authorization": f"Bearer {hills.token}"},
        timeout=SECONDS,
    )
    saved = tmp_path / "items.json"
    saved.write_bytes(answer.content)
    check_mosaic(peers.call("stac_pixels", "stacit", name=str(saved), token=None), hills)


def test_pictures_of_a_signed_item_open_without_a_header(hills: Hills) -> None:
    address = f"{hills.root}/collections/{hills.collection}/items/first"
    headers = {"Authorization": f"Bearer {hills.token}"}
    item = requests.get(f"{address}?sign=true", headers=headers, timeout=SECONDS).json()
    links = {each["rel"]: each["href"] for each in item["links"]}
    tilejson = requests.get(links["tilejson"], timeout=SECONDS)
    assert tilejson.status_code == 200
    place = Place.of(*SCENES[0].middle, 13)
    tile = links["xyz"].format(z=place.z, x=place.x, y=place.y)
    for href in (item["assets"]["thumbnail"]["href"], links["preview"], tile):
        answer = requests.get(href, timeout=SECONDS)
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"] == "image/png"
        assert requests.get(href.partition("?")[0], timeout=SECONDS).status_code == 401


def check_mosaic(found: dict[str, Any], hills: Hills) -> None:
    """Compare GDAL's mosaic, in which the newest image lies on top, with the catalog's own."""
    assert found["driver"] == "STACIT"
    assert found["crs"] == CRS
    west, south, east, north = found["bounds"]
    assert (west, north) == (BOX[0], BOX[3])
    own = hills.own(*(each.name for each in SCENES))
    rows, columns = round((north - south) / METRES), round((east - west) / METRES)
    np.testing.assert_array_equal(decoded(found["array"]), own[:rows, :columns])
    assert not own[rows:].any()
    assert not own[:, columns:].any()


def test_the_documentation_does_what_it_says(peers: Client, hills: Hills, tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "stac.md").read_text()
    section = text.partition("## From Python, GDAL and QGIS\n")[2].partition("\n## ")[0]
    pieces = re.findall(r"```(python|sh)\n(.*?)```", section, re.DOTALL)
    assert len(pieces) == section.count("```") // 2 == 6
    found = peers.call(
        "stac_pixels",
        "run",
        pieces=[(name, code.replace("acme:hills", hills.collection)) for name, code in pieces],
        environment={"SWATH_URL": hills.url, "SWATH_TOKEN": hills.token},
        folder=str(tmp_path),
    )
    assert found["ids"] == [each.name for each in SCENES]
    cube, stack = decoded(found["cube"]), decoded(found["stack"])
    assert cube.any(axis=(1, 2)).all()
    for each, layer, other in zip(SCENES, cube, stack, strict=True):
        assert layer.sum() == each.pixels.sum()
        assert np.isfinite(other).any()
    assert decoded(found["mosaic"]).sum() == hills.own(*found["ids"]).sum()
    assert found["overview"] == [64, 64]
