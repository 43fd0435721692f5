"""The explorer without a mouse, with nothing to show, refused, and on a slow network."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin
from tests.explorer_browser import NEEDS_BROWSER, Browser, chromium

from swath_dev.api import Api
from swath_dev.cloud import Deployed

pytestmark = NEEDS_BROWSER

MOST_SHIFT = 0.1
"""Of the cumulative layout shift, what counts as good (web.dev/articles/cls)."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def api(stack: Deployed) -> Api:
    """Somebody of an organisation of their own."""
    org = f"org{secrets.token_hex(4)}"
    return Api(stack.api_url, stack.token(org, f"user-of-{org}"))


def square(west: int) -> dict[str, Any]:
    ring = [[west, 46], [west + 1, 46], [west + 1, 47], [west, 47], [west, 46]]
    return {"type": "Polygon", "coordinates": [ring]}


@pytest.fixture
def filled(api: Api) -> str:
    """A product with three images of 2024, without files."""
    product = api.save("product", "filled", {"name": "Filled"})
    for number in range(3):
        attributes = {
            "name": f"i{number}",
            "product_id": product,
            "acquired": f"2024-0{number + 1}-05T10:00:00Z",
            "geometry": square(8 + number),
            "storage_state": "remote",
        }
        api.save("image", f"{product}:i{number}", attributes)
    return product


@pytest.fixture
def long(api: Api) -> str:
    """A product with 120 images, without files: three pages of the list."""
    product = api.save("product", "long", {"name": "Long"})
    images = [
        {
            "type": "image",
            "id": f"{product}:i{number:03}",
            "attributes": {
                "name": f"i{number:03}",
                "product_id": product,
                "acquired": f"2024-01-01T{number // 60:02}:{number % 60:02}:00Z",
                "geometry": square(8),
                "storage_state": "remote",
            },
        }
        for number in range(120)
    ]
    api.call("POST", "/images/bulk", {"data": images})
    return product


def test_a_long_list_loads_what_is_seen(browser: Browser, api: Api, long: str) -> None:
    sizes = [[390, 844], [700, 360], [844, 390], [1000, 720]]
    url = f"{api.url}/#c={quote(long)}"
    seen = browser.do("long", url=url, token=api.token, sizes=sizes)

    for size, taken in zip(sizes, seen["taken"], strict=True):
        assert 0 < taken["rows"] < 30, size
        assert taken["before"]["searches"] == 1, size
        assert taken["before"]["previews"] <= taken["rows"], size
        assert taken["after"] == 3, size
        assert taken["end"] < 30, size


def test_everything_goes_without_a_mouse(browser: Browser, api: Api, tmp_path: Path) -> None:
    path = tmp_path / "rocks_20240502.tif"
    with rasterio.open(
        path, "w", driver="GTiff", count=1, height=64, width=64, dtype="uint8",
        crs="EPSG:4326", transform=from_origin(8, 46, 0.001, 0.001),
    ) as dataset:  # fmt: skip
        dataset.write(np.arange(64 * 64, dtype="uint16").reshape(1, 64, 64).astype("uint8"))
    seen = browser.do(
        "withoutMouse", url=f"{api.url}/#flat=1", token=api.token, file=str(path),
        name="rocks", image=path.stem, taken="2024-05-02", reader="somebody",
    )  # fmt: skip

    assert seen["all"] == "1 image"
    at = seen["at"]
    assert at["bring"] == "bring"
    assert at["created"] != "BODY"
    assert at["shown"] == "image"
    assert at["closed"] == f"Show it {path.stem}"
    assert at["searching"] == "Bring images in"
    assert at["managed"] == at["field"] == "managed"
    assert at["back"].startswith("Manage")
    assert at["asked"], "the dialog has the focus"
    assert at["kept"] == "Delete the image…"
    assert at["gone"] == at["end"] == "results"
    assert seen["found"] == []


def test_what_is_empty_says_what_to_do(
    browser: Browser, stack: Deployed, api: Api, filled: str
) -> None:
    emptied = api.save("product", "emptied", {"name": "Emptied"})
    without = f"c={quote(filled)}&from=1990-01-01T00:00:00.000Z&to=1991-01-01T00:00:00.000Z"
    seen = browser.do(
        "nothing", url=f"{api.url}/", token=api.token, emptied=quote(emptied), without=without,
        unseen=stack.token(f"org{secrets.token_hex(4)}", "nobody"),
    )  # fmt: skip

    assert "drop files here" in seen["product"]
    assert "could not be counted" in seen["uncounted"]
    assert "No condition alone" not in seen["uncounted"]
    assert seen["ways"] == ["Without the times: 3 images"]
    assert seen["widened"] == "3 images"
    assert seen["wide"] <= 0, "a small screen needs no scrolling sideways"
    assert "drop a GeoTIFF here" in seen["nobody"]
    assert "Sharing" in seen["nobody"]
    assert seen["found"] == []


def test_what_is_refused_is_said_with_what_to_do(browser: Browser, api: Api, filled: str) -> None:
    del filled
    seen = browser.do("refused", url=f"{api.url}/", token=api.token)

    unknown, often, busy, failed, away = seen["said"]
    assert "try again in a moment" in unknown
    assert "try again in 7 seconds" in often
    assert "too much to do" in busy
    assert "operator" in failed
    assert "does not answer" in away
    assert seen["found"] == []


def test_nothing_jumps_on_a_slow_network(browser: Browser, api: Api, filled: str) -> None:
    del filled
    seen = browser.do("slowly", url=f"{api.url}/", token=api.token)

    assert sum(each["value"] for each in seen["shifts"]) < MOST_SHIFT, seen["shifts"]


def test_images_are_in_an_order_that_their_collection_declares(
    browser: Browser, api: Api, filled: str
) -> None:
    """Names go up as the declared grades go down; in another collection nothing has a grade."""
    declared = {"swath.queryables": '{"grade": "number"}'}
    graded = api.save("product", "graded", {"name": "Graded", "extra_properties": declared})
    for number in range(2):
        attributes = {
            "name": f"i{2 * number}",
            "product_id": graded,
            "acquired": f"2024-0{number + 1}-05T10:00:00Z",
            "storage_state": "remote",
            "extra_properties": {"grade": 9.5 - 5 * number},
        }
        api.save("image", f"{graded}:i{2 * number}", attributes)

    seen = browser.do(
        "order", url=f"{api.url}/#c={quote(graded)}", token=api.token, declared="grade",
        other=quote(filled),
    )  # fmt: skip

    assert seen["offered"][:5] == [
        "newest first", "oldest first", "fewest clouds first", "last saved first", "by name",
    ]  # fmt: skip
    assert {"grade, ascending", "grade, descending", "id, descending"} < set(seen["offered"])
    assert seen["up"] == ["i2", "i0"]
    assert seen["down"] == ["i0", "i2"]
    assert "sort=-grade" in seen["address"]
    assert "grade, descending" in seen["word"]
    assert "sortby" in seen["word"], "why, in the API's words"
    assert seen["others"] == ["i2", "i1", "i0"]
    assert seen["shown"] == "grade, descending"
    assert seen["trouble"] == 0
    assert seen["found"] == []
    assert seen["wide"] <= 0, "a small screen needs no scrolling sideways"


def test_any_number_of_collections_is_listed(browser: Browser, api: Api, filled: str) -> None:
    """3,000, of which the browser is told in place of those that there are."""
    del filled
    seen = browser.do("collections", url=f"{api.url}/", token=api.token, count=3000)

    assert seen["early"] == ["Collections (200 loaded so far)", "-1"]
    assert seen["late"] == ["Collections", "3000"]
    assert seen["jump"] == 0
    assert max(seen["drawn"]) < 40
    assert seen["tabbed"] == [1 + step // 2 for step in range(81)], "a box and a button a row"
    assert seen["held"] == [41, 42, 41], "scrolled away, the focus goes on from where it was"
    assert seen["moved"] == 0, "what is chosen stays where it is"
    assert seen["first"] == seen["id"], "until somebody wants it first"
    ids = {f"some:c{number}" for number in range(3000) if "25" in str(number)}
    assert seen["some"] == str(len(ids | {seen["id"]})), "with the words, and the chosen one"
    below, height = seen["sizes"]
    assert below == 0, "no empty room in a short list"
    assert abs(height - seen["parts"]) <= 1
    assert seen["back"] == seen["managed"]
    assert seen["found"] == []
