"""Bringing images in by the explorer: what is dropped becomes an image, or says why not."""

from __future__ import annotations

import base64
import io
import math
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import numpy as np
import pytest
import rasterio
import requests
from matplotlib.image import imread
from rasterio.enums import ColorInterp
from rasterio.io import MemoryFile
from rasterio.transform import from_origin
from tests.explorer_browser import HOSTILE, NEEDS_BROWSER, SECONDS, Browser, chromium

from swath_dev.api import Api
from swath_dev.cloud import Deployed

pytestmark = NEEDS_BROWSER
Array = np.ndarray[Any, np.dtype[Any]]

MANY = int(os.environ.get("SWATH_MANY_FILES", "12"))
"""Files of the test with many of them."""
WEST, NORTH, SIDE, PIXELS = 8.0, 46.0, 0.02, 256
"""Degrees of a picture's corner and side, and its pixels a side."""
COLOURS = [[200, 40, 30], [30, 180, 60], [40, 60, 210], [230, 200, 40]]
"""Red, green and blue of its quarters, row by row."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@dataclass(frozen=True)
class Newcomer:
    """Somebody whose catalog is empty."""

    stack: Deployed
    org: str
    api: Api

    @property
    def url(self) -> str:
        return f"{self.stack.api_url}/#flat=1&at=8,46,2"


@pytest.fixture
def newcomer(stack: Deployed) -> Newcomer:
    org = f"org{secrets.token_hex(4)}"
    return Newcomer(stack, org, Api(stack.api_url, stack.token(org, f"user-of-{org}")))


def quarters(path: Path, when: str = "", dtype: str = "uint8", turn: int = 0) -> Path:
    """Write a picture of four colours, which ``turn`` moves on; ``when`` is its date tag."""
    half = PIXELS // 2
    first, second, third, fourth = (
        np.tile(colour, (half, half, 1)) for colour in COLOURS[turn:] + COLOURS[:turn]
    )
    pixels = np.vstack([np.hstack([first, second]), np.hstack([third, fourth])]).astype(dtype)
    step = SIDE / PIXELS
    with rasterio.open(
        path, "w", driver="GTiff", count=3, height=PIXELS, width=PIXELS, dtype=dtype,
        crs="EPSG:4326", transform=from_origin(WEST, NORTH, step, step), photometric="RGB",
    ) as dataset:  # fmt: skip
        dataset.write(np.moveaxis(pixels, 2, 0))
        dataset.colorinterp = [ColorInterp.red, ColorInterp.green, ColorInterp.blue]
        if when:
            dataset.update_tags(TIFFTAG_DATETIME=when)
    return path


def grey(path: Path, value: int) -> None:
    """Write a picture of one value, as small as can be."""
    with rasterio.open(
        path, "w", driver="GTiff", count=1, height=16, width=16, dtype="uint8",
        crs="EPSG:4326", transform=from_origin(WEST, NORTH, SIDE / 16, SIDE / 16),
    ) as dataset:  # fmt: skip
        dataset.write(np.full((1, 16, 16), value, "uint8"))


def picture(png: bytes) -> Array:
    found: Array = np.round(imread(io.BytesIO(png))[:, :, :3] * 255)
    return found


def on_screen(address: str, shape: tuple[int, int], longitude: float, latitude: float) -> Any:
    """Return row and column where a flat map of an address draws a place."""
    state = parse_qs(urlsplit(address).fragment)
    center, zoom = [float(part) for part in state["at"][0].split(",")[:2]], state["at"][0]
    world = 512 * 2 ** float(zoom.split(",")[2])

    def plane(lng: float, lat: float) -> tuple[float, float]:
        y = math.asinh(math.tan(math.radians(lat))) / math.pi
        return (lng / 360 + 0.5) * world, (1 - y) / 2 * world

    (x, y), (mid_x, mid_y) = plane(longitude, latitude), plane(center[0], center[1])
    return round(shape[0] / 2 + y - mid_y), round(shape[1] / 2 + x - mid_x)


def test_a_file_that_is_dropped_on_an_empty_catalog_is_on_the_map_with_its_pixels(
    browser: Browser, newcomer: Newcomer, tmp_path: Path
) -> None:
    path = quarters(tmp_path / "Four Quarters ä.tif", when="2024:05:02 10:00:00")
    seen = browser.do(
        "firstImage", url=newcomer.url, token=newcomer.api.token, files=[{"path": str(path)}],
        name=HOSTILE,
    )  # fmt: skip

    assert "drop a GeoTIFF here" in seen["empty"]
    assert seen["bands"] == [f"{name} spectral, Byte" for name in ("red", "green", "blue")]
    assert seen["row"]["state"] == "done", seen["row"]
    assert seen["injected"] == 0
    assert seen["found"] == []

    product = f"{newcomer.org}:four-quarters-a"
    image = newcomer.api.call("GET", f"/images/{product}:Four_Quarters__")["data"]
    assert image["attributes"]["acquired"].startswith("2024-05-02T10:00:00")
    assert newcomer.api.call("GET", f"/products/{product}")["data"]["attributes"]["name"] == HOSTILE
    preview = requests.get(
        f"{newcomer.stack.api_url}/raster/v2/images/{quote(image['id'])}/preview.png",
        params={"bands": "red,green,blue", "size": str(PIXELS)},
        headers={"Authorization": f"Bearer {newcomer.api.token}"},
        timeout=SECONDS,
    )
    assert preview.status_code == 200, preview.text
    small, drawn = picture(preview.content), picture(base64.b64decode(seen["png"]))
    for down, across in ((0.25, 0.25), (0.25, 0.75), (0.75, 0.25), (0.75, 0.75), (0.4, 0.6)):
        there = on_screen(
            seen["address"], drawn.shape[:2], WEST + across * SIDE, NORTH - down * SIDE
        )
        own = small[int(down * small.shape[0]), int(across * small.shape[1])]
        assert np.abs(drawn[there] - own).max() <= 12, (down, across)


def test_a_page_of_another_origin_may_send_a_file(newcomer: Newcomer) -> None:
    """As the API's page on AWS, whose bucket is another origin; here the emulator is both."""
    product = newcomer.api.save("product", "p", {"name": "P"})
    upload = {
        "image_id": f"{product}:i",
        "image_upload_options": {"upload_type": "file", "image_files": ["i.tif"]},
    }
    body = {"data": {"type": "image_upload", "attributes": upload}}
    url = newcomer.api.call("POST", "/uploads_v2", body)["data"]["attributes"]["resumable_urls"][0]
    page = {"Origin": "https://catalog.example"}
    asked = {
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "content-type",
    }

    preflight = requests.options(url, headers=page | asked, timeout=SECONDS)
    sent = requests.put(url, data=b"no image", headers=page, timeout=SECONDS)

    assert preflight.status_code == 200
    assert "PUT" in preflight.headers["Access-Control-Allow-Methods"]
    assert preflight.headers["Access-Control-Allow-Origin"] in {"*", page["Origin"]}
    assert sent.ok
    assert "ETag" in sent.headers["Access-Control-Expose-Headers"]


@pytest.fixture
def hills(newcomer: Newcomer, tmp_path: Path) -> str:
    """A product of two images, one of them with a file."""
    api = newcomer.api
    product = api.save("product", "hills", {"name": HOSTILE})
    for index, name in enumerate(("red", "green", "blue")):
        band = {
            "name": name, "product_id": product, "type": "spectral", "data_type": "Byte",
            "data_range": [0, 255], "display_range": [0, 255], "band_index": index,
        }  # fmt: skip
        api.save("band", f"{product}:{name}", band)
    path = quarters(tmp_path / "first.tif", when="2024:05:02 10:00:00")
    assert [status for status, _ in api.watch(api.upload(f"{product}:first", {}, [path]))][-1] == (
        "success"
    )
    far = {"name": "far", "acquired": "2024-01-01", "storage_state": "remote"}
    api.save("image", f"{product}:far", {**far, "product_id": product})
    return product


def test_a_product_is_changed_shared_and_deleted(
    browser: Browser, newcomer: Newcomer, hills: str
) -> None:
    reader = f"org{secrets.token_hex(4)}"
    catalog = f"{newcomer.stack.api_url}/catalog/v2"
    seen = browser.do(
        "manage", url=newcomer.url, token=newcomer.api.token, product=hills, title=HOSTILE,
        image="first", rival=f"{catalog}/products/{hills}", reader=reader,
    )  # fmt: skip

    assert "read it again" in seen["overtaken"]
    assert seen["theirs"] == "of somebody else"
    assert "Owners are users or organisations" in seen["refused"]
    assert f"everybody of {reader}" in seen["shared"]
    assert re.search(r"first goes, and with it its file \([\d.]+ kB\)", seen["ofImage"])
    assert "complete:" in seen["log"][0]
    assert seen["left"] == "1 image"
    assert "1 image, 0 files (0 B) and 3 bands" in seen["ofProduct"]
    assert seen["found"] == []
    assert not newcomer.api.exists(f"/products/{hills}")


def test_what_was_changed_meanwhile_is_not_deleted_before_it_was_loaded_anew(
    browser: Browser, newcomer: Newcomer, hills: str
) -> None:
    seen = browser.do(
        "deleting", url=newcomer.url, token=newcomer.api.token, product=hills, title=HOSTILE,
        image="first", other="far", catalog=f"{newcomer.stack.api_url}/catalog/v2",
    )  # fmt: skip

    assert "read it again" in seen["ofImage"]
    assert seen["clouds"] == "50", "what somebody else left"
    assert "nothing was deleted" in seen["ofProduct"]
    assert seen["still"] == 200, "nor anything in it"
    assert seen["theirs"] == "of somebody else"
    for name in ("imageHeld", "productHeld"):
        assert seen[name] == [True, True, True], "open, and both of its buttons disabled"
    assert seen["found"] == []
    assert not newcomer.api.exists(f"/products/{hills}")


def test_what_goes_wrong_is_said_and_goes_on(
    browser: Browser, newcomer: Newcomer, hills: str, tmp_path: Path
) -> None:
    dated = "2024:05:02 10:00:00"
    good = quarters(tmp_path / "good.tif", dated)
    (tmp_path / "nothing.tif").touch()
    (tmp_path / "page.tif").write_text(HOSTILE)
    files = [
        {"path": str(good), "name": f"{HOSTILE.replace('/', '')}.tif"},
        {"path": str(good), "name": "first.tif"},
        {"path": str(tmp_path / "nothing.tif")},
        {"path": str(tmp_path / "page.tif")},
        {"path": str(quarters(tmp_path / "wide.tif", dated, "uint16"))},
        {"path": str(quarters(tmp_path / "undated.tif"))},
        {"path": str(good)},
    ]
    seen = browser.do(
        "trouble", url=newcomer.url, token=newcomer.api.token, product=hills, files=files,
        undated="undated", there="first",
    )  # fmt: skip

    first = {row["name"]: (row["state"], row["words"]) for row in seen["first"]}
    hostile = re.sub("[^A-Za-z0-9_.-]", "_", HOSTILE.replace("/", ""))
    assert first[hostile][0] == first["good"][0] == "done", first
    assert first["first"][0] == "there"
    assert "0 bytes" in first["nothing"][1]
    assert "no GeoTIFF" in first["page"][1]
    assert first["wide"][0] == "failed"
    assert "UInt16" in first["wide"][1], "as the upload's log says it"
    assert "When was it taken?" in first["undated"][1]
    last = {row["name"]: row["state"] for row in seen["last"]}
    assert last["undated"] == last["first"] == "done"
    assert seen["once"]["cut"] > 1
    assert seen["injected"] == 0
    assert seen["found"] == []
    assert seen["wide"] <= 0, "a small screen needs no scrolling sideways"


def test_it_is_asked_which_product_files_are_for_that_are_dropped(
    browser: Browser, newcomer: Newcomer, hills: str, tmp_path: Path
) -> None:
    files = [
        {"path": str(quarters(tmp_path / name, when="2024:05:02 10:00:00", turn=turn))}
        for turn, name in enumerate(("one.tif", "two.tif"))
    ]
    url = f"{newcomer.url}&c={quote(hills)}"
    seen = browser.do("dropped", url=url, token=newcomer.api.token, files=files)

    assert seen["question"] == "Into which product? 2 files wait for it: nothing is sent before."
    assert seen["offered"] == f"Into {HOSTILE} ({hills})"
    assert seen["choice"] == "choose one"
    assert [name.split()[0] for name in seen["waiting"]] == ["one.tif", "two.tif"]
    assert seen["before"] == [], "nothing is sent before it is said"
    assert seen["after"], "then it is"
    assert seen["chosen"] == hills
    assert seen["states"] == [["one", "done"], ["two", "done"]]
    assert seen["injected"] == 0
    assert seen["found"] == []
    assert newcomer.api.exists(f"/images/{hills}:one")


def test_a_file_is_downloaded_with_its_bytes(
    browser: Browser, newcomer: Newcomer, hills: str, tmp_path: Path
) -> None:
    api = newcomer.api
    item = f"{newcomer.stack.api_url}/stac/collections/{hills}/items/first"
    headers = {"Authorization": f"Bearer {api.token}"}
    assets = requests.get(item, headers=headers, timeout=SECONDS).json()["assets"]
    url = f"{newcomer.url}&image={quote(hills + '/first')}"
    seen = browser.do("download", url=url, token=api.token)

    href = assets[seen["names"][0]]["href"]
    content = requests.get(href, headers=headers, timeout=SECONDS).content
    bytes_ = base64.b64decode(seen["bytes"])
    assert bytes_ == content
    with (
        MemoryFile(bytes_) as memory,
        memory.open() as brought,
        rasterio.open(quarters(tmp_path / "same.tif")) as sent,
    ):
        assert (brought.read() == sent.read()).all()
    assert seen["name"].endswith(".tif")
    assert api.token not in seen["from"]
    assert seen["still"] == [True, 1], "the page stays as it is"


def test_two_images_are_compared(
    browser: Browser, newcomer: Newcomer, hills: str, tmp_path: Path
) -> None:
    api = newcomer.api
    path = quarters(tmp_path / "second.tif", turn=1, when="2024:06:02 10:00:00")
    assert [state for state, _ in api.watch(api.upload(f"{hills}:second", {}, [path]))][-1] == (
        "success"
    )
    middle = f"{WEST + SIDE / 2},{NORTH - SIDE / 2}"
    url = f"{newcomer.stack.api_url}/#flat=1&at={middle},13&image={quote(hills + '/first')}"
    seen = browser.do("compare", url=url, token=api.token, other=f"{hills}/second")

    assert seen["offered"][1].startswith("second, 2024-06-02")
    assert parse_qs(urlsplit(seen["address"]).fragment)["with"] == [f"{hills}/second"]
    half, none = (picture(base64.b64decode(seen[name])) for name in ("half", "none"))
    for down, across, own, other in ((0.35, 0.4, 0, 0), (0.35, 0.6, 1, 2)):
        there = on_screen(
            seen["address"], half.shape[:2], WEST + across * SIDE, NORTH - down * SIDE
        )
        assert np.abs(none[there] - COLOURS[own]).max() <= 12, across
        assert np.abs(half[there] - COLOURS[other]).max() <= 12, across
    assert seen["found"] == []


def test_many_files_are_sent_once_whatever_comes_between(
    browser: Browser, newcomer: Newcomer, tmp_path: Path
) -> None:
    api = newcomer.api
    product = api.save("product", "many", {"name": "Many"})
    band = {
        "name": "grey", "product_id": product, "type": "spectral", "data_type": "Byte",
        "data_range": [0, 255], "display_range": [0, 255], "band_index": 0,
    }  # fmt: skip
    api.save("band", f"{product}:grey", band)
    names = [f"tile_2024{1 + at // 28:02}{1 + at % 28:02}" for at in range(MANY)]
    for at, name in enumerate(names):
        grey(tmp_path / f"{name}.tif", at)
    files = [{"path": str(tmp_path / f"{name}.tif")} for name in names]

    seen = browser.do(
        "many", url=newcomer.url, token=api.token, product=product, files=files
    )  # fmt: skip

    assert seen["still"] == seen["paused"], "nothing is sent while it is paused"
    assert set(seen["states"]) <= {"done", "there"}
    assert len(seen["sent"]) == len(set(seen["sent"])) == MANY, "each file arrives once"
    assert seen["leaving"] == 1, "who leaves is warned"
    assert seen["found"] == []
    filters = [{"op": "eq", "name": "product_id", "val": product}]
    images = api.search("images", filter=filters, limit=1000)["data"]
    assert sorted(each["attributes"]["name"] for each in images) == names
    uploads = api.search("uploads_v2", filter=filters, limit=1000)["data"]
    assert [each["attributes"]["status"] for each in uploads] == ["success"] * MANY
