"""The explorer with nothing to show, refused, and on a slow network."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from urllib.parse import quote

import pytest
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


@pytest.fixture
def filled(api: Api) -> str:
    """A product with three images of 2024, without files."""
    product = api.save("product", "filled", {"name": "Filled"})
    for number in range(3):
        west = 8 + number
        ring = [[west, 46], [west + 1, 46], [west + 1, 47], [west, 47], [west, 46]]
        place = {"type": "Polygon", "coordinates": [ring]}
        attributes = {
            "name": f"i{number}",
            "product_id": product,
            "acquired": f"2024-0{number + 1}-05T10:00:00Z",
            "geometry": place,
            "storage_state": "remote",
        }
        api.save("image", f"{product}:i{number}", attributes)
    return product


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
