"""Who gets pixels from the deployed stack: tokens, readers, tickets, and files of others."""

from __future__ import annotations

import json
import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from unittest import mock
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from tests.raster_stack import (
    Door,
    Gallery,
    Place,
    Scene,
    colour_product,
    error,
    geotiff,
    visible,
)
from tests.summary_stack import tables_of

from swath_core.access import Caller
from swath_core.access import tickets as _tickets
from swath_core.access.tickets import issue_ticket
from swath_core.catalog import ImageWriter
from swath_core.catalog import _image_rules as _rules
from swath_core.store.catalog import CatalogStore
from swath_dev._errors import CommandError
from swath_dev.cloud import Deployed
from swath_dev.token import make_token

pytestmark = pytest.mark.stack

PLACE = Place.of(2.05, 40.965, 12)
COLOURS = ["red", "green", "blue"]
BROAD = {"bands": "nir", "range": "no range", "size": "-1", "order": "best", "filter": "{"}
"""A query whose every member is wrong, for those who should not even hear of that."""

Entry = Callable[[Door, str, Mapping[str, str]], requests.Response]

OF_IMAGES: dict[str, Entry] = {
    "array": lambda door, id, query: door.npz(
        ids=[id], bands=[query.get("bands", "red")], outsize=[9, 9]
    ),
    "tile": lambda door, id, query: door.get(f"/images/{id}/{PLACE.path()}", **query),
    "WebP": lambda door, id, query: door.get(f"/images/{id}/{PLACE.path('webp')}", **query),
    "preview": lambda door, id, query: door.get(f"/images/{id}/preview.png", **query),
    "TileJSON": lambda door, id, query: door.get(f"/images/{id}/tilejson.json", **query),
}
OF_PRODUCTS: dict[str, Entry] = {
    "tile": lambda door, id, query: door.get(f"/products/{id}/{PLACE.path()}", **query),
    "WebP": lambda door, id, query: door.get(f"/products/{id}/{PLACE.path('webp')}", **query),
    "TileJSON": lambda door, id, query: door.get(f"/products/{id}/tilejson.json", **query),
}
PICTURES = ("tile", "WebP", "preview")


def answers(
    door: Door, image: str, product: str, query: Mapping[str, str] | None = None
) -> dict[str, requests.Response]:
    """Return what the caller gets at every entry."""
    query = query or {}
    found = {f"image {name}": ask(door, image, query) for name, ask in OF_IMAGES.items()}
    return found | {
        f"product {name}": ask(door, product, query) for name, ask in OF_PRODUCTS.items()
    }


def statuses(door: Door, image: str, product: str) -> set[int]:
    return {answer.status_code for answer in answers(door, image, product).values()}


@pytest.fixture
def url(door: Door) -> str:
    """Each address of the function in turn."""
    return door.url


# ---- callers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", [{}, BROAD], ids=["right", "wrong"])
def test_what_one_may_not_read_does_not_exist(
    stack: Deployed, gallery: Gallery, url: str, query: dict[str, str]
) -> None:
    image, product = gallery.id("new"), gallery.colours
    assert statuses(Door(url, gallery.owner.token), image, product) == {200}
    stranger = Door(url, stack.token(f"org{secrets.token_hex(4)}", "stranger"))
    refused = answers(stranger, image, product, query)
    for absent_image, absent_product in (
        (f"{product}:none", f"{product}none"),
        ("nobody:none:none", "nobody:none"),
    ):
        absent = answers(stranger, absent_image, absent_product, query)
        for name, answer in refused.items():
            assert answer.status_code == 404, name
            detail = error(answer)["detail"]
            assert "does not exist" in detail
            same = (
                without_id(answer)
                .replace(image, absent_image)
                .replace(f"'{product}'", f"'{absent_product}'")
            )
            assert same == without_id(absent[name]), name
            assert headers(answer) == headers(absent[name]), name


def without_id(answer: requests.Response) -> str:
    """Return the body without the id of the request."""
    return json.dumps({**error(answer), "id": None})


def headers(answer: requests.Response) -> set[str]:
    """Return what a header says beside dates, lengths and the numbers of requests."""
    differ = {"date", "content-length", "apigw-requestid", "x-amzn-requestid", "x-amzn-trace-id"}
    return {f"{k.lower()}: {v}" for k, v in answer.headers.items() if k.lower() not in differ}


def test_an_image_of_others_is_not_read_among_ones_own(stack: Deployed, gallery: Gallery) -> None:
    door = Door(stack.api_url, stack.token("other", "reader"))
    with reading(gallery, ["email:reader@other.example"]):
        assert door.npz(ids=[gallery.id("old")], bands=["red"]).status_code == 200
        both = [gallery.id("old"), f"{gallery.numbers}:large"]
        for ids in (both, both[::-1]):
            answer = door.npz(ids=ids, bands=["red"], outsize=[9, 9])
            assert answer.status_code == 404
            assert f"'{gallery.numbers}:large' does not exist" in error(answer)["detail"]
        # a condition does not reach into products that the caller may not read
        other = {"name": "product_id", "op": "eq", "val": gallery.numbers}
        query = {"filter": json.dumps([{"or": [other]}])}
        path = f"/products/{gallery.colours}/{PLACE.path()}"
        assert door.get(path, **query).status_code in {204, 400}


@pytest.mark.parametrize("kind", ["none", "garbled", "forged", "expired", "another scheme"])
def test_callers_without_a_valid_token(
    stack: Deployed, gallery: Gallery, url: str, tmp_path: Path, kind: str
) -> None:
    org = gallery.colours.partition(":")[0]
    good = gallery.owner.token
    token = {
        "none": None,
        "garbled": "not.a.token",
        "forged": make_token(tmp_path, org=org),
        "expired": stack.token(org, days=-1),
        "another scheme": good,
    }[kind]
    door = Door(url, token)
    if kind == "another scheme":
        door = Door(url)
        door.session.headers["Authorization"] = f"Basic {good}"
    for image, product in (
        (gallery.id("new"), gallery.colours),
        ("nobody:none:none", "nobody:none"),
    ):
        for name, answer in answers(door, image, product, BROAD).items():
            assert answer.status_code == 401, name
            assert "token" in error(answer)["detail"]


@contextmanager
def reading(gallery: Gallery, readers: list[str]) -> Iterator[None]:
    """Name readers of the colour scenes, and nobody afterwards."""

    def name(subjects: list[str]) -> None:
        data = {"type": "product", "attributes": {"readers": subjects}}
        gallery.owner.call("PATCH", f"/products/{gallery.colours}", {"data": data})

    name(readers)
    try:
        yield
    finally:
        name([])


@pytest.mark.parametrize("subject", ["org", "user", "email", "group"])
def test_readers_read_until_they_are_named_no_more(
    stack: Deployed, gallery: Gallery, subject: str
) -> None:
    org = f"org{secrets.token_hex(4)}"
    user = f"reader{secrets.token_hex(4)}"
    token = stack.token(org, user, groups=[f"{org}:artists"])
    named = {
        "org": f"org:{org}",
        "user": f"user:{user}",
        "email": f"email:{user}@{org}.example",
        "group": f"group:{org}:artists",
    }[subject]
    door = Door(stack.api_url, token)
    colleague = Door(stack.api_url, stack.token(org, "colleague"))
    image, product = gallery.id("new"), gallery.colours
    assert statuses(door, image, product) == {404}
    with reading(gallery, ["org:others", named]):
        assert statuses(door, image, product) == {200}
        theirs = colleague.get(f"/products/{product}/tilejson.json").status_code
        assert theirs == (200 if subject == "org" else 404)
        given = {kind: ticket_of(door, kind, gallery) for kind in ("image", "product")}
        for kind, ticket in given.items():
            assert {each.status_code for each in by_ticket(gallery, kind, ticket)} == {200}
    assert statuses(door, image, product) == {404}
    for kind, ticket in given.items():
        for answer in by_ticket(gallery, kind, ticket):
            assert answer.status_code == 404
            assert "does not exist" in error(answer)["detail"]


# ---- tickets -------------------------------------------------------------------------------------


def ticket_of(door: Door, kind: str, gallery: Gallery, name: str = "new") -> str:
    """Return the ticket in the TileJSON of a colour scene or of the product of all."""
    id = {"image": gallery.id(name), "product": gallery.colours}[kind]
    answer = door.get(f"/{kind}s/{id}/tilejson.json")
    assert answer.status_code == 200, answer.text
    return ticket_in(answer)


def ticket_in(tilejson: requests.Response) -> str:
    (address,) = tilejson.json()["tiles"]
    (ticket,) = parse_qs(urlsplit(address).query)["token"]
    return str(ticket)


def by_ticket(
    gallery: Gallery, kind: str, ticket: str, name: str = "new"
) -> list[requests.Response]:
    """Return what the bearer of a ticket gets to see of a colour scene, or of the product."""
    entries = OF_IMAGES if kind == "image" else OF_PRODUCTS
    id = {"image": gallery.id(name), "product": gallery.colours}[kind]
    door, query = Door(gallery.stack.api_url), {"token": ticket}
    return [entries[name](door, id, query) for name in PICTURES if name in entries]


def claims_of(ticket: str, key: bytes) -> dict[str, Any]:
    raw = urlsafe_b64decode(ticket + "=" * (-len(ticket) % 4))
    nonce, sealed = raw[: _tickets._NONCE_BYTES], raw[_tickets._NONCE_BYTES :]
    claims: dict[str, Any] = json.loads(_tickets._cipher(key).decrypt(nonce, sealed, None))
    return claims


@pytest.fixture(scope="module")
def key(stack: Deployed) -> bytes:
    """The key with which the catalog signs its tickets."""
    with tables_of(stack) as tables:
        return CatalogStore(tables.settings).signing_key()


def owner_of(gallery: Gallery) -> Caller:
    return Caller("developer", gallery.colours.partition(":")[0])


def test_a_ticket_opens_what_it_is_for_and_nothing_else(gallery: Gallery, url: str) -> None:
    image = ticket_of(Door(url, gallery.owner.token), "image", gallery)
    product = ticket_of(Door(url, gallery.owner.token), "product", gallery)
    assert {each.status_code for each in by_ticket(gallery, "image", image)} == {200}
    assert {each.status_code for each in by_ticket(gallery, "product", product)} == {200}
    for refused in (
        *by_ticket(gallery, "image", image, "old"),
        *by_ticket(gallery, "image", image, "none"),
        *by_ticket(gallery, "product", image),
        *by_ticket(gallery, "image", product),
    ):
        assert refused.status_code == 401
        assert "for something else" in error(refused)["detail"]


def test_a_ticket_is_no_token(gallery: Gallery, url: str) -> None:
    ticket = ticket_of(gallery.door, "image", gallery)
    body: dict[str, Any] = {"ids": [gallery.id("new")], "bands": ["red"]}
    refused = [
        Door(url).request("POST", "/npz", params={"token": ticket}, json=body),
        Door(url, ticket).npz(**body),
        Door(url, ticket).get(f"/images/{gallery.id('new')}/{PLACE.path()}"),
        # nor is a token a ticket: addresses end up in logs
        Door(url).get(f"/images/{gallery.id('new')}/preview.png", token=gallery.owner.token),
    ]
    for answer in refused:
        assert answer.status_code == 401
        error(answer)
    catalog = requests.get(
        f"{gallery.stack.api_url}/catalog/v2/images/{gallery.id('new')}",
        headers={"Authorization": f"Bearer {ticket}"},
        timeout=30,
    )
    assert catalog.status_code == 401


def damaged(ticket: str, other: str) -> Iterator[str]:
    """Yield texts that resemble a ticket; `other` is a valid one for something else."""
    raw, foreign = (urlsafe_b64decode(each + "=" * (-len(each) % 4)) for each in (ticket, other))
    yield from ("", "x", "é", ticket[:-4], ticket[4:], ticket + "AAAA", "A" * 5_000)
    for changed in (
        bytes([raw[0] ^ 1]) + raw[1:],
        raw[:32],
        raw[32:],
        foreign[:32] + raw[32:],
        raw[:32] + foreign[32:],
        raw[:-1] + bytes([raw[-1] ^ 1]),
        raw[:32] + bytes([raw[32] ^ 1]) + raw[33:],
        bytes(32) + raw[32:],
    ):
        yield urlsafe_b64encode(changed).decode().rstrip("=")


def test_a_ticket_that_was_changed(gallery: Gallery) -> None:
    ticket = ticket_of(gallery.door, "image", gallery)
    other = ticket_of(gallery.door, "image", gallery, "old")
    for changed in damaged(ticket, other):
        for answer in by_ticket(gallery, "image", changed):
            assert answer.status_code == 401, changed
            assert "token" in error(answer)["detail"]


def test_a_ticket_is_good_for_a_day(gallery: Gallery, key: bytes) -> None:
    now = time.time()
    subject = f"image:{gallery.id('new')}"
    until = claims_of(ticket_of(gallery.door, "image", gallery), key)["exp"]
    assert 86_000 < until - now < 87_000
    late = issue_ticket(owner_of(gallery), subject, key, now=now - 86_000)
    assert {each.status_code for each in by_ticket(gallery, "image", late)} == {200}
    expired = issue_ticket(owner_of(gallery), subject, key, now=now - 86_500)
    for answer in by_ticket(gallery, "image", expired):
        assert answer.status_code == 401
        assert "expired" in error(answer)["detail"]


@pytest.mark.parametrize("kind", ["image", "product"])
def test_a_ticket_is_not_exchanged_for_one_that_lasts_longer(
    gallery: Gallery, key: bytes, kind: str
) -> None:
    id = {"image": gallery.id("new"), "product": gallery.colours}[kind]
    old = issue_ticket(owner_of(gallery), f"{kind}:{id}", key, now=time.time() - 80_000)
    answer = Door(gallery.stack.api_url).get(f"/{kind}s/{id}/tilejson.json", token=old)
    if answer.status_code == 200:
        assert claims_of(ticket_in(answer), key)["exp"] <= claims_of(old, key)["exp"]
    else:
        assert answer.status_code == 401
        error(answer)


def test_a_ticket_of_somebody_who_may_not_read_opens_nothing(gallery: Gallery, key: bytes) -> None:
    stranger = Caller("stranger", f"org{secrets.token_hex(4)}")
    for kind, id in (("image", gallery.id("new")), ("product", gallery.colours)):
        ticket = issue_ticket(stranger, f"{kind}:{id}", key)
        assert {each.status_code for each in by_ticket(gallery, kind, ticket)} == {404}


# ---- files that are not the catalog's ------------------------------------------------------------


class Trap(BaseHTTPRequestHandler):
    """A server that nobody should ask for anything."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_error(404)

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *arguments: object) -> None:
        """Stay silent."""


@pytest.fixture
def trap() -> Iterator[ThreadingHTTPServer]:
    """A server on this machine; it fails the test if it was asked for anything."""
    asked: list[str] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("OneTrap", (Trap,), {"asked": asked}))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()
    assert asked == []


def test_no_files_but_the_products_own_are_ever_opened(
    stack: Deployed, gallery: Gallery, tmp_path: Path, trap: ThreadingHTTPServer
) -> None:
    scene = Scene.at("secret", visible((3, 50, 50), "uint8", 9), "EPSG:32631", (2.03, 40.97))
    content = geotiff(scene.pixels, scene.crs, scene.transform)
    s3 = stack.session.client("s3")
    # the function may read this bucket, and this folder of the other one
    elsewhere = stack.outputs["ResultsBucket"]
    s3.put_object(Bucket=elsewhere, Key="npz/secret.tif", Body=content)
    foreign = "images/others/secrets/2020/01/01/secret/1/secret.tif"
    s3.put_object(Bucket=stack.bucket, Key=foreign, Body=content)
    on_disk = tmp_path / "secret.tif"
    on_disk.write_bytes(content)
    web = f"http://127.0.0.1:{trap.server_port}/secret.tif"
    product = colour_product(gallery.owner, "pointers")
    own = f"s3://{stack.bucket}/images/{product.replace(':', '/')}/2020/01/01"
    hrefs = [
        f"s3://{elsewhere}/npz/secret.tif",
        f"s3://{stack.bucket}/{foreign}",
        f"{own}/../../../../../{foreign}",
        f"/vsis3/{stack.bucket}/{foreign}",
        f"{own}/secret/1/secret.tif?{web}",
        web,
        f"/vsicurl/{web}",
        f"<VRTDataset><SourceFilename>{web}</SourceFilename></VRTDataset>",
        str(on_disk),
        f"file://{on_disk}",
    ]
    images = {f"pointer{number}": href for number, href in enumerate(hrefs)}
    for name, href in images.items():
        assert not catalogued(stack, gallery, product, scene, name=name, href=href), href
    for name, href in images.items():
        for entry in ("array", "tile", "preview"):
            answer = OF_IMAGES[entry](gallery.door, f"{product}:{name}", {})
            assert answer.status_code == 404, (entry, href)
            detail = error(answer)["detail"]
            assert "cannot be read" in detail
            for private in (stack.bucket, elsewhere, "127.0.0.1", str(tmp_path)):
                assert private not in detail


def catalogued(
    stack: Deployed, gallery: Gallery, product: str, scene: Scene, *, name: str, href: str
) -> bool:
    """Save an image whose file is there; say whether the API took it.

    One that it refuses is written past the API: raster should not depend on that.
    """
    columns, rows = scene.size
    attributes = {
        "name": name,
        "product_id": product,
        "acquired": "2020-01-01",
        "geometry": scene.footprint,
        "cs_code": scene.crs,
        "geotrans": list(scene.transform.to_gdal()),
        "x_pixels": columns,
        "y_pixels": rows,
        "files": [{"href": href, "size_bytes": 1, "hash": "0"}],
    }
    try:
        gallery.owner.save("image", f"{product}:{name}", attributes)
    except CommandError as error:
        if "answered 422" not in str(error):
            raise
    else:
        return True
    with tables_of(stack) as tables:
        document = CatalogStore(tables.settings).product(product)
        assert document is not None
        passed = mock.Mock(return_value=())
        unchecked = {"_file_errors": passed, "_elsewhere_errors": passed}
        with mock.patch.multiple(_rules, **unchecked):
            ImageWriter(tables.settings).create(attributes, document)
    return False


def test_a_file_of_another_image_is_not_catalogued(gallery: Gallery) -> None:
    product, image = gallery.colours, gallery.id("new")
    files = gallery.owner.call("GET", f"/images/{image}")["data"]["attributes"]["files"]
    attributes = {"name": "copy", "product_id": product, "acquired": "2020", "files": files}
    with pytest.raises(CommandError, match="not a file of this image"):
        gallery.owner.save("image", f"{product}:copy", attributes)
