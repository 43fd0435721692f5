"""The explorer in a browser, on the deployed stack: nothing is asked of any other host."""

from __future__ import annotations

import base64
import io
import json
import math
import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import jwt
import pytest
import requests
from matplotlib.image import imread
from rasterio.warp import transform
from tests.explorer_browser import HOSTILE, NEEDS_BROWSER, SECONDS, Browser, chromium
from tests.raster_stack import Gallery

from swath_core.web.routes import TABLES
from swath_dev.api import Api
from swath_dev.cloud import Deployed

pytestmark = NEEDS_BROWSER


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@dataclass
class World:
    """An organisation with two products of images without pixels."""

    stack: Deployed
    api: Api
    hostile: str
    across: str
    images: list[dict[str, Any]] = field(default_factory=list)

    def url(self, **state: object) -> str:
        """Return the explorer's address with a state."""
        return f"{self.stack.api_url}/#{urlencode(state, quote_via=quote)}"

    def count(self, **search: object) -> int:
        """Return the API's count of a STAC search."""
        answer = requests.post(
            f"{self.stack.api_url}/stac/search",
            json={"limit": 1, **search},
            headers={"Authorization": f"Bearer {self.api.token}"},
            timeout=SECONDS,
        )
        return int(answer.json()["numberMatched"])


def square(west: float, south: float, size: float = 0.5) -> dict[str, Any]:
    east, north = west + size, south + size
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def remote(product: str, name: str, place: dict[str, Any], acquired: datetime) -> dict[str, Any]:
    attributes = {
        "name": name,
        "product_id": product,
        "acquired": acquired.isoformat(),
        "geometry": place,
        "storage_state": "remote",
    }
    return {"type": "image", "id": f"{product}:{name}", "attributes": attributes}


@pytest.fixture(scope="module")
def world(stack: Deployed) -> World:
    """60 images over a year and Europe, and one across 180 degrees."""
    org = f"org{secrets.token_hex(4)}"
    api = Api(stack.api_url, stack.token(org, f"user-of-{org}"))  # who owns nothing else
    hostile = api.save("product", f"{org}:hostile", {"name": HOSTILE, "description": HOSTILE})
    across = api.save("product", f"{org}:across", {"name": "Across the Pacific"})
    start = datetime(2024, 1, 3, tzinfo=UTC)
    images = [
        remote(
            hostile,
            f"i{at:02}",
            square(-10 + 30 * (at % 9) / 9, 36 + 20 * (at % 7) / 7),
            start + timedelta(days=6 * at, hours=at),
        )
        for at in range(60)
    ]
    api.call("POST", "/images/bulk", {"data": images})
    cut = {
        "type": "MultiPolygon",
        "coordinates": [
            square(176, -4, 4)["coordinates"],
            [[[-180, -4], [-176, -4], [-176, 0], [-180, 0], [-180, -4]]],
        ],
    }
    one = remote(across, "pacific", cut, start)
    api.call("POST", "/images", {"data": one})
    return World(stack, api, hostile, across, images)


def number(words: str) -> int:
    found = re.match(r"([\d,]+) images?", words)
    assert found, words
    return int(found[1].replace(",", ""))


def state_of(address: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(urlsplit(address).fragment).items()}


def sum_between(bars: list[list[str]], state: dict[str, str]) -> int:
    """Return how many images the bars have from the one to the other time of a state."""
    low, high = (state[name][:16].replace("T", " ") for name in ("from", "to"))
    return sum(int(images) for start, images in bars if low <= start < high)


def test_the_brush_finds_what_its_bars_say_and_its_link_brings_it_back(
    browser: Browser, world: World
) -> None:
    url = world.url(c=world.hostile, at="10,25,1.2")
    seen = browser.do("brush", url=url, token=world.api.token)

    assert seen["flat"] == "false", "a link says whether the map is a globe"
    assert number(seen["all"]) == len(world.images)
    state = state_of(seen["address"])
    chosen = [
        image
        for image in world.images
        if state["from"][:19] <= image["attributes"]["acquired"][:19] < state["to"][:19]
    ]
    assert 0 < len(chosen) < len(world.images)
    brushed = sum_between(seen["bars"], state)
    assert number(seen["brushed"]) == number(seen["said"]) == brushed == len(chosen)
    near = seen["near"]
    assert 0 < number(near["few"]) < number(seen["brushed"])
    assert sum(int(images) for _, images in near["shown"]) == number(near["few"])
    assert near["asked"] == 1
    part = {name: values[-1] for name, values in parse_qs(near["state"]).items()}
    assert part["from"][11:13] != "00" or part["to"][11:13] != "00", "bars of hours"
    assert sum_between(near["shown"], part) == number(near["fewer"])
    assert seen["shared"] == seen["brushed"]
    assert seen["from"] == state["from"][:16]
    assert seen["again"] == {"elsewhere": [], "errors": [], "dialogs": []}
    assert HOSTILE in seen["names"], "names are text"
    assert seen["injected"] == 0
    assert not [kept for kept in seen["kept"] if world.api.token in kept]
    assert world.api.token not in seen["address"]


def test_the_brush_follows_a_finger_that_can_scroll_over_it(browser: Browser, world: World) -> None:
    seen = browser.do("touch", url=world.url(c=world.hostile), token=world.api.token)

    assert number(seen["all"]) == len(world.images)
    found = number(seen["brushed"])
    assert 0 < found < len(world.images)
    assert found == sum_between(seen["bars"], state_of(seen["address"]))
    assert seen["scrolled"] > 0
    assert seen["after"] == seen["address"], "scrolling chooses no other times"
    assert seen["selected"]["width"] > 20, "and leaves those that are chosen on the screen"


def test_a_telephone_shows_what_is_done_in_the_order_of_the_keys(
    browser: Browser, world: World
) -> None:
    url = world.url(c=world.hostile, at="5,46,3.5", flat=1)
    seen = browser.do("telephone", url=url, token=world.api.token)

    height = 844
    assert 0 < seen["signing"] < height / 2, "signing in comes first"
    assert seen["written"] == ["side", "mapbox", "time", "results"]
    assert seen["laid"] == sorted(seen["laid"])
    assert seen["laid"][1] < height / 3, "the search leaves the map its room"
    assert seen["parts"] == ["mapbox", "side"], "an open image comes after its map"
    for name in ("drawing", "pane", "looked", "values", "again"):
        assert -2 < seen[name] < height / 2, (name, seen[name])
    assert seen["back"] < height


def test_an_area_finds_what_the_api_counts_in_it(browser: Browser, world: World) -> None:
    url = world.url(c=world.hostile, at="5,46,3.5", flat=1)
    seen = browser.do("area", url=url, token=world.api.token, typed="-1, 40, 9, 50")

    assert "GeoJSON, WKT" in seen["refused"]
    of = {"collections": [world.hostile]}
    assert number(seen["typedCount"]) == world.count(**of, bbox=[-1, 40, 9, 50])
    area = json.loads(state_of(seen["address"])["area"])
    assert area["type"] == "Polygon"
    assert number(seen["drawn"]) == world.count(**of, intersects=area)
    assert 0 < number(seen["drawn"]) < len(world.images)


def test_the_map_begins_with_the_side_of_the_globe_that_has_images(
    browser: Browser, world: World
) -> None:
    token = world.api.token
    europe = browser.do("firstLook", url=world.url(c=world.hostile), token=token)
    pacific = browser.do("firstLook", url=world.url(c=world.across), token=token)

    assert europe["flat"] == pacific["flat"] == "false"
    assert "at" not in state_of(europe["address"]), "its side is seen at once"
    longitude, latitude, _ = map(float, state_of(pacific["address"])["at"].split(","))
    assert abs(longitude) > 170
    assert abs(latitude + 2) < 5
    for seen in (europe, pacific):
        column = (imread(io.BytesIO(base64.b64decode(seen["png"])))[:, 4, :3] * 255).round()
        space = column[1]
        globe = [at for at, colour in enumerate(column) if abs(colour - space).sum() > 15]
        assert 0.8 < (globe[-1] - globe[0]) / len(column) < 0.97, "it fills most of its pane"


def test_a_card_leads_to_its_image_on_the_map(browser: Browser, world: World) -> None:
    url = world.url(c=world.hostile, at="-150,10,2", flat=1)
    seen = browser.do("fromCard", url=url, token=world.api.token, image="i59")

    longitude, latitude, zoom = map(float, state_of(seen["results"])["at"].split(","))
    assert abs(longitude - 5) < 5, "the middle of all 60, of which the list has loaded 50"
    assert abs(latitude - 46) < 5
    assert 3 < zoom < 6
    first, second = (state_of(address) for address in seen["at"])
    assert first["image"] == f"{world.hostile}/i59"
    longitude, latitude, zoom = map(float, first["at"].split(","))
    west, south = world.images[59]["attributes"]["geometry"]["coordinates"][0][0]
    assert west < longitude < west + 0.5
    assert south < latitude < south + 0.5
    assert zoom > 7
    assert second["at"] == first["at"], "what is seen already stays where it is"


def test_a_typed_address_is_followed(browser: Browser, world: World, gallery: Gallery) -> None:
    image = f"{gallery.colours}/{next(iter(gallery.scenes))}"
    near = {"c": gallery.colours, "at": "10,45,8", "flat": 1}
    nearer, refused, right = (
        urlsplit(world.url(**near, **more)).fragment
        for more in ({}, {"image": image, "bands": "zzz"}, {"image": image})
    )
    far = world.url(**near | {"at": "10,45,4"})
    seen = browser.do(
        "typed", url=far, token=gallery.owner.token, nearer=nearer, refused=refused, right=right
    )

    assert seen["scales"][0] != seen["scales"][1]


def test_a_footprint_across_180_degrees_is_drawn_once_and_whole(
    browser: Browser, world: World
) -> None:
    url = world.url(c=world.across, at="180,-2,5", flat=1)
    seen = browser.do(
        "look", url=url, token=world.api.token, words="1 image", x=0, y=0.5, width=640, height=8
    )

    picture = imread(io.BytesIO(base64.b64decode(seen["png"])))
    row = (picture[4, :, :3] * 255).round().astype(int)
    per_degree = 512 * 2**5 / 360  # pixels, at zoom 5
    sea = row[4]
    edges = [at for at in range(1, len(row)) if abs(row[at] - row[at - 1]).sum() > 40]
    runs = [edges[0], *(b for a, b in pairwise(edges) if b - a > 8)]
    assert len(runs) == 2, "its outline is crossed twice: no line where it was cut"
    assert math.isclose(runs[1] - runs[0], 8 * per_degree, abs_tol=6), "its 8 degrees"
    middle = row[(runs[0] + runs[1]) // 2 - 40 : (runs[0] + runs[1]) // 2 + 40]
    assert (middle == middle[0]).all(), "filled alike on both sides of 180 degrees"
    assert (middle[0] != sea).any()


def test_an_image_shows_its_pixels(browser: Browser, world: World, gallery: Gallery) -> None:
    name, scene = next(iter(gallery.scenes.items()))
    column, row = (side // 2 for side in scene.size)
    x, y = scene.transform @ (column + 0.5, row + 0.5)  # of 30 m, of which the map draws some 5
    (longitude,), (latitude,) = transform(scene.crs, "EPSG:4326", [x], [y])
    image = f"{gallery.colours}/{name}"
    url = world.url(at=f"{longitude},{latitude},13", flat=1, image=image)
    seen = browser.do("image", url=url, token=gallery.owner.token)

    assert min(seen["size"]) > 0
    place = re.search(r"(-?[\d.]+), (-?[\d.]+)", seen["place"])
    assert place is not None
    answer = requests.get(
        f"{world.stack.api_url}/raster/v2/images/{gallery.id(name)}/point",
        params={"lon": place[1], "lat": place[2]},
        headers={"Authorization": f"Bearer {gallery.owner.token}"},
        timeout=SECONDS,
    )
    values = answer.json()["values"]
    shown = [f"{band}{'masked' if value is None else value}" for band, value in values.items()]
    assert seen["values"] == shown
    pixel = [int(value) for value in scene.pixels[:, row, column]]
    assert list(values.values()) == [value or None for value in pixel], "as it was ingested"
    low, high = map(float, state_of(seen["address"])["range"].split(","))
    assert low < high
    assert seen["cached"] > 0, "tiles of the last visit come from the browser's cache"


def test_the_issuer_signs_in_and_out_and_a_session_is_renewed_until_it_ends(
    browser: Browser, world: World
) -> None:
    image = world.url(image=f"{world.hostile}/i00")
    seen = browser.do("oidc", image=image)

    assert "cannot be shown" in seen["forbidden"], "the developer of acme may not see it"
    assert seen["marked"] == [["image", "none"], ["image", "solid"]], "marked where keys are used"
    assert state_of(seen["address"])["image"] == f"{world.hostile}/i00"
    assert state_of(seen["after"])["image"] == f"{world.hostile}/i00"
    assert seen["asked"] == ["authorization_code", "refresh_token", "refresh_token"]
    tokens = {header.removeprefix("Bearer ") for header in seen["sent"]}
    assert tokens
    claims = [jwt.decode(token, options={"verify_signature": False}) for token in tokens]
    assert {(each["org"], each["sub"]) for each in claims} == {("acme", "developer")}
    for kept in (*seen["kept"], seen["out"], seen["after"]):
        assert "code=" not in kept
        assert not [token for token in tokens if token in kept]
    assert seen["out"].partition("#")[0] == f"{world.stack.api_url}/"


def test_who_may_not_see_is_told_so(browser: Browser, world: World) -> None:
    stranger, ended = (world.stack.token("strangers", "somebody", days=days) for days in (1, -1))
    image = world.url(image=f"{world.hostile}/i00")
    seen = browser.do("signing", url=world.url(), image=image, token=stranger, ended=ended)

    assert "refused the token" in seen["refused"]
    assert "expired" in seen["refused"]
    assert "cannot be shown" in seen["forbidden"]
    assert stranger not in seen["address"]


def reason_of_failure(api: Api, upload: str) -> str:
    """Wait until an upload has failed; return the last error of its log."""
    deadline = time.monotonic() + SECONDS
    while True:
        answer = api.call("GET", f"/uploads_v2/{upload}?include=events")
        if answer["data"]["attributes"]["status"] == "failure":
            break
        assert time.monotonic() < deadline, answer
        time.sleep(0.5)
    events = [each["attributes"] for each in answer["included"]]
    return str([each["message"] for each in events if each["severity"] == "ERROR"][-1])


def test_operating_shows_why_an_upload_failed_and_what_products_keep(
    browser: Browser, world: World
) -> None:
    attributes = {
        "image_id": f"{world.across}:broken",
        "image_upload_options": {"upload_type": "file", "image_files": ["broken.tif"]},
    }
    sent = {"data": {"type": "image_upload", "attributes": attributes}}
    declared = world.api.call("POST", "/uploads_v2", sent)["data"]
    (address,) = declared["attributes"]["resumable_urls"]
    assert requests.put(address, data=b"no raster", timeout=SECONDS).ok
    reason = reason_of_failure(world.api, declared["id"])

    seen = browser.do(
        "operating", url=world.url(), token=world.api.token, failed=f"{world.across}:broken"
    )

    assert seen["reason"] == reason
    counts = {name: int(images) for name, images, _ in seen["rows"]}
    assert counts[HOSTILE] == len(world.images)
    assert counts["All that you may see"] >= len(world.images) + 1
    assert seen["found"] == []
    assert seen["into"] == world.across
    assert seen["told"] == 0, "how the whole service is doing is the operators'"


def test_operators_see_the_service_and_send_dead_letters_again(
    browser: Browser, world: World
) -> None:
    product = f"{HOSTILE} {secrets.token_hex(4)}"  # there is none: the task is done once it is sent
    task = json.dumps({"task": "delete_related_objects", "product_id": product})
    dead = world.stack.outputs["TasksDeadLetters"]
    world.stack.session.client("sqs").send_message(QueueUrl=dead, MessageBody=task)
    token = world.stack.token("internal", "olga", groups=["internal:platform-admin"])

    seen = browser.do("operators", url=world.url(), token=token, letter=product)

    assert seen["queues"] == ["Files that arrived", "Background tasks"]
    assert re.search(r"[1-9]\d* sent again, 0 left", seen["said"]), seen["said"]
    assert seen["lag"].startswith(("Summaries hold all", "Summaries lack changes of"))
    assert seen["found"] == []


def test_the_reference_has_every_operation_and_tries_them(browser: Browser, world: World) -> None:
    stac = f"{world.stack.api_url}/stac/api.html"
    seen = browser.do("reference", url=world.url(), stac=stac, token=world.api.token)

    assert seen["operations"] == sum(len(table.routes) for table in TABLES)
    tags = [
        "products",
        "bands",
        "derived_bands",
        "images",
        "uploads",
        "stac",
        "raster",
        "operations",
        "service",
    ]
    assert seen["tags"] == tags
    assert seen["described"] == ["stac"]
    assert "Find collections." in seen["words"]
    assert seen["status"] == "200"
    assert world.hostile in seen["body"]
    assert "`" not in seen["text"], "descriptions are Markdown"
    assert not [kept for kept in seen["kept"] if world.api.token in kept]
    assert '"Authorization: Bearer $SWATH_TOKEN"' in seen["text"]
    assert world.api.token not in seen["text"]
    assert set(seen["pills"]) == {"rgba(0, 0, 0, 0)"}, "white words on a coloured ground"
    assert seen["found"] == [], "of the page's own parts"


def test_labels_are_asked_of_the_host_that_the_policy_names(browser: Browser, world: World) -> None:
    tiles = "https://names.example/{z}/{x}/{y}.png"
    seen = browser.do(
        "labels", url=f"{world.stack.api_url}/", tiles=tiles, attribution="<b>Names</b> & Co"
    )

    assert seen["without"], "the policy of a stack without labels names no host"
    assert seen["asked"]
    assert all(re.fullmatch(r"/\d+/\d+/\d+\.png", each) for each in seen["asked"]), "and no token"
    assert seen["markup"] == 0


def test_the_reference_says_when_a_session_ends_and_takes_another(
    browser: Browser, world: World
) -> None:
    docs = f"{world.stack.api_url}/docs"
    hour, days = (world.stack.token("acme", "visitor", days=days) for days in (1 / 24, 10))

    seen = browser.do("ending", url=world.url(), docs=docs, short=hour, token=days)

    why = re.fullmatch(r"The catalog refused the token: (.+)\. Sign in, or .*", seen["refused"])
    assert why is not None, seen["refused"]


def test_axe_finds_nothing(browser: Browser, world: World) -> None:
    """Light with all of its rules, dark with those about colours."""
    seen = browser.do("axe", url=world.url(c=world.hostile), token=world.api.token)

    assert seen["themes"] == ["light", "dark"]
    assert seen["found"] == []


def test_a_search_needs_no_mouse(browser: Browser, world: World) -> None:
    seen = browser.do(
        "searchByKeys",
        url=world.url(),
        token=world.api.token,
        words="pacific",
        collection="Across the Pacific",
    )

    assert number(seen["all"]) == len(world.images) + 1
    assert number(seen["found"]) == 1
    assert seen["opened"] == seen["first"] == "pacific"
    assert seen["flat"] == "true", "without a graphics card, where nobody chose"
