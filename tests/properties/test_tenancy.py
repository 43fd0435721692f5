"""What a caller may not read does not exist for them: compared with a small model.

Users, organisations, access lists and objects are random. Every object carries a secret of its
own, and every subject of an access list is unlike any other word, so that whatever leaks, through
a search, an include, a summary or the text of an error, is found by looking for it in the answer.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.api_mirror import Schedule, mirrored_api

from swath_core.web import routes
from swath_dev.inprocess import Answer, InProcessApi

ORGS = ("redorg", "blueorg", "greyorg")
GROUPS = ("pilots", "redorg:analysts", "blueorg:analysts")
SUBS = ("ann", "bob", "cat", "dan", "eve")
SQUARE = {
    "type": "Polygon",
    "coordinates": [[[10, 50], [10.5, 50], [10.5, 50.5], [10, 50.5], [10, 50]]],
}


def user_id(sub: str) -> str:
    return hashlib.sha1(sub.encode()).hexdigest()  # noqa: S324 - what the clients compute


def email(sub: str) -> str:
    return f"{sub}@mail.example"


OWNERS = [f"user:{user_id(sub)}" for sub in SUBS] + [f"org:{org}" for org in ORGS]
ANYBODY = [*OWNERS, *(f"email:{email(sub)}" for sub in SUBS), *(f"group:{g}" for g in GROUPS)]


@dataclass(frozen=True)
class User:
    """A user, and what the contract's words make of their claims."""

    sub: str
    org: str | None
    groups: tuple[str, ...]

    @property
    def is_admin(self) -> bool:
        return "internal:platform-admin" in self.groups

    def reads_as(self) -> set[str]:
        names = {f"user:{user_id(self.sub)}", f"email:{email(self.sub)}"}
        if self.org:
            names.add(f"org:{self.org}")
        return names | {
            f"group:{g}" for g in self.groups if ":" not in g or g.split(":")[0] == self.org
        }

    def owns_as(self) -> set[str]:
        names = {f"user:{user_id(self.sub)}"}
        if self.org and f"{self.org}:org-admin" in self.groups:
            names.add(f"org:{self.org}")
        return names


@dataclass(frozen=True)
class Product:
    """A product with its lists and its secret."""

    org: str
    name: str
    owners: tuple[str, ...]
    writers: tuple[str, ...]
    readers: tuple[str, ...]
    secret: str

    @property
    def id(self) -> str:
        return f"{self.org}:{self.name}"

    def owned_by(self, user: User) -> bool:
        return user.is_admin or bool(user.owns_as() & set(self.owners))

    def written_by(self, user: User) -> bool:
        return self.owned_by(user) or bool(user.reads_as() & set(self.writers))

    def read_by(self, user: User) -> bool:
        everything = "internal:platform-ro" in user.groups
        return everything or self.written_by(user) or bool(user.reads_as() & set(self.readers))

    def lists_for(self, user: User) -> dict[str, set[str]]:
        lists = {"owners": self.owners, "writers": self.writers, "readers": self.readers}
        if self.owned_by(user):
            return {name: set(subjects) for name, subjects in lists.items()}
        return {name: set(subjects) & user.reads_as() for name, subjects in lists.items()}


users = st.builds(
    User,
    st.sampled_from(SUBS),
    st.sampled_from([*ORGS, None]),
    st.lists(
        st.sampled_from(
            [
                *GROUPS,
                *(f"{org}:org-admin" for org in ORGS),
                "internal:platform-ro",
                "internal:platform-admin",
            ]
        ),
        max_size=3,
        unique=True,
    ).map(tuple),
)


def subjects(pool: list[str], least: int = 0) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(pool), min_size=least, max_size=3, unique=True).map(tuple)


@st.composite
def worlds(draw: st.DrawFn) -> list[Product]:
    return [
        Product(
            draw(st.sampled_from(ORGS)),
            f"p{number}",
            draw(subjects(OWNERS, 1)),
            draw(subjects(ANYBODY)),
            draw(subjects(ANYBODY)),
            f"secret{number}xyzzy",
        )
        for number in range(draw(st.integers(1, 3)))
    ]


@pytest.fixture(scope="module")
def api() -> Iterator[InProcessApi]:
    with mirrored_api() as running:
        yield running


@dataclass
class Session:
    """A user at work: every answer is searched for what the user may not know."""

    api: InProcessApi
    user: User
    products: list[Product]
    writes: list[Answer] = field(default_factory=list)

    @classmethod
    def of(cls, api: InProcessApi, user: User, products: list[Product]) -> Session:
        caller = api.as_user(user.sub, user.org, groups=list(user.groups), email=email(user.sub))
        return cls(caller, user, products)

    def call(self, method: str, path: str, body: object = None) -> Answer:
        answer = self.api.call(method, path, body)
        assert answer.status < 500, answer.text
        for product in self.products:
            if not product.read_by(self.user):
                assert product.secret not in answer.text
        return answer

    def find(self, collection: str, **body: Any) -> list[dict[str, Any]]:
        answer = self.call("PUT", f"/{collection}", body)
        assert answer.status == 200, answer.text
        found: list[dict[str, Any]] = answer.data
        return found

    def count(self, collection: str) -> int:
        answer = self.call("PUT", f"/{collection}", {"limit": 0})
        found: int = answer.json["meta"]["count"]
        return found


def build(api: InProcessApi, products: list[Product]) -> dict[str, str]:
    """Fill the catalog as the platform's administrator; return the upload of each product."""
    api.empty()
    uploads = {}
    for product in products:
        root = api.as_user("root", product.org, groups=["internal:platform-admin"])
        lists = {
            "owners": list(product.owners),
            "writers": list(product.writers),
            "readers": list(product.readers),
        }
        saved = [
            root.save("product", product.id, name=product.secret, tags=[product.secret], **lists),
            root.save(
                "band",
                f"{product.id}:b",
                name="b",
                product_id=product.id,
                type="mask",
                data_type="Byte",
                band_index=0,
                description=product.secret,
            ),
            root.save(
                "image",
                f"{product.id}:i",
                name="i",
                product_id=product.id,
                acquired="2020-01-02",
                geometry=SQUARE,
                satellite_id=product.secret,
                storage_state="remote",
                files=[{"href": f"s3://x/{product.secret}", "size_bytes": 7, "hash": "0" * 32}],
            ),
            root.call("POST", "/uploads_v2", upload(product)),
        ]
        assert all(each.status == 201 for each in saved), [each.text for each in saved]
        uploads[product.id] = saved[-1].data["id"]
    Schedule().run()
    return uploads


def upload(product: Product) -> dict[str, Any]:
    image_id = f"{product.id}:u"
    image = {"type": "image", "id": image_id, "attributes": {"acquired": "2020-01-01"}}
    attributes = {
        "image": {"data": image},
        "image_id": image_id,
        "image_upload_options": {"upload_type": "file", "image_files": [product.secret]},
    }
    return {"data": {"type": "image_upload", "attributes": attributes}}


def ids(found: list[dict[str, Any]]) -> set[str]:
    return {each["id"] for each in found}


def check_reads(session: Session, uploads: dict[str, str]) -> None:
    user, products = session.user, session.products
    readable = {each.id for each in products if each.read_by(user)}
    found = session.find("products")
    assert ids(found) == readable
    for each in found:
        product = next(p for p in products if p.id == each["id"])
        for name, expected in product.lists_for(user).items():
            assert set(each["attributes"][name]) == expected
    assert session.count("products") == len(readable)
    for collection, name in (("bands", "b"), ("images", "i")):
        members = {f"{product_id}:{name}" for product_id in readable}
        assert ids(session.find(collection, include="product")) == members
        assert session.count(collection) == len(members)
        asked = [{"name": "id", "op": "eq", "val": [f"{p.id}:{name}" for p in products]}]
        assert ids(session.find(collection, filter=json.dumps(asked))) == members
    near = session.find("images", intersects=json.dumps(SQUARE))
    assert ids(near) == {f"{product_id}:i" for product_id in readable}
    check_stac(session, readable)
    written = {uploads[each.id] for each in products if each.written_by(user)}
    assert ids(session.find("uploads_v2", include="events")) == written


STAC = "//stac"
FILE = "geoparquet-2020-01"
"""The key of the mirror's file of each product's image."""
SEARCHES: list[tuple[str, str, dict[str, Any] | None]] = [
    ("GET", "/search", None),
    ("POST", "/search", {}),
    ("POST", "/search", {"sign": True}),
    ("POST", "/search", {"intersects": SQUARE, "sortby": "platform"}),
    ("GET", "/search?bbox=10,50,11,51&ids=i&fields=collection", None),
    ("POST", "/search", {"query": {"platform": {"startsWith": "secret"}}}),
    ("POST", "/search", {"filter": "platform LIKE 'secret%' AND NOT platform LIKE '%~%'"}),
    ("GET", "/search?filter=S_WITHIN(geometry,BBOX(-180,-90,180,90))", None),
]
COUNTED = ("total_count,collection_frequency", "total_count,collection_frequency,area_frequency")


def check_stac(session: Session, readable: set[str]) -> None:
    """Look at the same objects through the STAC face."""
    for method, path, body in SEARCHES:
        found = session.call(method, STAC + path, body).json
        assert {each["collection"] for each in found["features"]} == readable
        assert found["numberMatched"] == len(readable)
    every = ",".join(product.id for product in session.products)
    found = session.call("GET", f"{STAC}/search?collections={every}").json
    assert {each["collection"] for each in found["features"]} == readable
    for names in COUNTED:
        body = {"aggregations": names.split(",")}
        path = f"{STAC}/aggregate"
        for answer in (
            session.call("GET", f"{path}?aggregations={names}"),
            session.call("POST", path, body),
        ):
            total, collections = answer.json["aggregations"][:2]
            assert total["value"] == len(readable)
            assert {each["key"] for each in collections["buckets"]} == readable
    for query in ("", "?q=nothing,secret", "?bbox=10,50,11,51"):
        listed = session.call("GET", f"{STAC}/collections{query}").json
        assert {each["id"] for each in listed["collections"]} == readable
        assert listed["numberMatched"] == len(readable)


def check_sums(session: Session) -> None:
    readable = {each.id for each in session.products if each.read_by(session.user)}
    total = session.call("PUT", "/images/summary/all", {}).attributes
    assert total == {
        "count": len(readable),
        "bytes": 7 * len(readable),
        "products": sorted(readable),
    }
    everything = [{"name": "product_id", "op": "eq", "val": p.id} for p in session.products]
    body = {"filter": json.dumps([{"or": everything}])}
    assert session.call("PUT", "/images/summary/all", body).attributes == total
    series = session.call("PUT", "/images/summary/acquired/day", body).data
    assert sum(each["attributes"]["count"] for each in series) == len(readable)


def check_objects(session: Session, uploads: dict[str, str]) -> None:
    for product in session.products:
        allowed = product.read_by(session.user)
        paths = {
            f"/products/{product.id}": allowed,
            f"/bands/{product.id}:b?include=product": allowed,
            f"/images/{product.id}:i?include=product": allowed,
            f"/products/{product.id}/delete_related_objects": allowed,
            f"/uploads_v2/{uploads[product.id]}": product.written_by(session.user),
            **dict.fromkeys(stac_paths(product), allowed),
        }
        for path, is_there in paths.items():
            answer = session.call("GET", path)
            there = 302 if "/assets/" in path else 200
            assert answer.status == (there if is_there else 404), (path, answer.text)
            if not is_there:
                check_looks_absent(session, path, answer, product.id)


def stac_paths(product: Product) -> list[str]:
    """Return every address of the STAC face that names a product, for reading."""
    rows = [route.path for route in routes.STAC.routes if route.method == "GET"]
    assert len(rows) > 10
    return [
        STAC + path.format(id=product.id, name="i", key="b" if "{name}" in path else FILE)
        for path in rows
        if "{id}" in path
    ]


def check_looks_absent(session: Session, path: str, answer: Answer, product_id: str) -> None:
    """Compare the answer with that for an object that nobody ever made."""
    absent = product_id.replace(":", ":no-such-")
    if product_id in path:
        other = session.call("GET", path.replace(product_id, absent))
        assert without_id(answer).replace(product_id, absent) == without_id(other)
        assert answer.headers == other.headers


def without_id(answer: Answer) -> str:
    """Return the body without the id of the request."""
    body = answer.json
    if "errors" not in body:
        return answer.text
    return json.dumps({**body, "errors": [{**error, "id": None} for error in body["errors"]]})


def expected_status(session: Session, product: Product, *, owner: bool = False) -> int:
    if not product.read_by(session.user):
        return 404
    may = product.owned_by(session.user) if owner else product.written_by(session.user)
    return 0 if may else 403


def check_writes(session: Session) -> None:
    """Try to change what is not theirs to change; what would be allowed is left alone."""
    for product in session.products:
        status = expected_status(session, product)
        if status:
            for method, path, body in forbidden_writes(product):
                answer = session.call(method, path, body)
                assert answer.status == status, (path, answer.text)
        status = expected_status(session, product, owner=True)
        if status:
            for method, path, body in owners_writes(product):
                answer = session.call(method, path, body)
                assert answer.status == status, (path, answer.text)


def change(kind: str, object_id: str, **attributes: object) -> dict[str, Any]:
    return {"data": {"type": kind, "id": object_id, "attributes": attributes}}


def forbidden_writes(product: Product) -> list[tuple[str, str, object]]:
    band, image = f"{product.id}:b", f"{product.id}:i"
    new_band = {
        "name": "n",
        "product_id": product.id,
        "type": "mask",
        "data_type": "Byte",
        "band_index": 0,
    }
    new_image = {"name": "n", "product_id": product.id, "acquired": "2020"}
    return [
        ("PATCH", f"/products/{product.id}", change("product", product.id, tags=["x"])),
        ("PATCH", f"/bands/{band}", change("band", band, tags=["x"])),
        ("DELETE", f"/bands/{band}", None),
        ("PATCH", f"/images/{image}", change("image", image, tags=["x"])),
        ("DELETE", f"/images/{image}", None),
        ("POST", "/bands", change("band", f"{product.id}:n", **new_band)),
        ("POST", "/images", change("image", f"{product.id}:n", **new_image)),
        ("POST", "/uploads_v2", upload(product)),
        *stac_writes(product),
    ]


def stac_writes(product: Product) -> list[tuple[str, str, object]]:
    """Return what changes an item or a collection through the STAC face."""
    collection = f"{STAC}/collections/{product.id}"
    place = {"geometry": None, "properties": {"datetime": "2020-01-02T00:00:00Z"}}
    new = {"type": "Feature", "id": "n", "assets": {}, **place}
    bodies: dict[tuple[str, str], object] = {
        ("POST", "/collections/{id}/items"): new,
        ("PUT", "/collections/{id}/items/{name}"): {**new, "id": "i"},
        ("PATCH", "/collections/{id}/items/{name}"): {"properties": {"x": 1}},
        ("DELETE", "/collections/{id}/items/{name}"): None,
        ("PUT", "/collections/{id}"): {"type": "Collection", "id": product.id},
        ("PATCH", "/collections/{id}"): {"title": "mine now"},
    }
    changing = {(row.method, row.path) for row in routes.STAC.routes if not row.reading}
    assert changing == {*bodies, ("POST", "/collections"), ("DELETE", "/collections/{id}")}
    return [
        (method, collection + path.removeprefix("/collections/{id}").format(name="i"), body)
        for (method, path), body in bodies.items()
    ]


def owners_writes(product: Product) -> list[tuple[str, str, object]]:
    path = f"/products/{product.id}"
    task = {"data": {"type": "product_delete_task"}}
    return [
        ("DELETE", path, None),
        ("DELETE", f"{STAC}/collections/{product.id}", None),
        ("PATCH", path, change("product", product.id, readers=["org:redorg"])),
        ("POST", f"{path}/delete_related_objects", task),
    ]


def snapshot(api: InProcessApi) -> list[Any]:
    root = api.as_user("root", "x", groups=["internal:platform-admin"])
    return [root.call("PUT", f"/{name}", {}).data for name in ("products", "bands", "images")]


@settings(max_examples=max(5, settings().max_examples // 6))
@given(products=worlds(), callers=st.lists(users, min_size=1, max_size=3))
def test_nothing_leaks(api: InProcessApi, products: list[Product], callers: list[User]) -> None:
    uploads = build(api, products)
    before = snapshot(api)
    for user in callers:
        session = Session.of(api, user, products)
        check_reads(session, uploads)
        check_sums(session)
        check_objects(session, uploads)
        check_writes(session)
    assert snapshot(api) == before


def test_bulk_and_batches_keep_to_what_the_caller_may_write(api: InProcessApi) -> None:
    products = [
        Product("redorg", "mine", (f"user:{user_id('ann')}",), (), (), "secret1xyzzy"),
        Product("blueorg", "theirs", ("org:blueorg",), (), ("org:redorg",), "secret2xyzzy"),
        Product("greyorg", "hidden", ("org:greyorg",), (), (), "secret3xyzzy"),
    ]
    build(api, products)
    session = Session.of(api, User("ann", "redorg", ()), products)
    members = [
        {"type": "image", "attributes": {"name": "n", "product_id": p.id, "acquired": "2020"}}
        for p in products
    ]
    answer = session.call("POST", "/images/bulk", {"data": members})
    statuses = [each["meta"]["status"] for each in answer.data]
    assert statuses == ["201", "403", "404"]
    assert answer.json["meta"] == {"count": 1, "failed": 2}
