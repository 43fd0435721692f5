"""Access as the published client's own helpers see it, and as the server decides it."""

from __future__ import annotations

import base64
import json
import secrets
from typing import Any

import pytest
from tests.contract.conftest import Start
from tests.contract.published import DESCARTESLABS, EARTHONE, Client, Raised
from tests.contract.tables import BANDS, square

pytestmark = [pytest.mark.stack, pytest.mark.published]


@pytest.fixture(scope="module")
def stranger(start: Start) -> Client:
    """A member of another org."""
    return start(EARTHONE, subject="stranger")


@pytest.fixture(scope="module")
def administrator(start: Start) -> Client:
    return start(DESCARTESLABS, subject="admin", groups=["internal:platform-admin"])


def product_of(client: Client, **attributes: Any) -> str:
    """Make a product with a band and an image."""
    id = f"x{secrets.token_hex(4)}"
    product: str = client.call(
        "objects", "create", kind="Product", id=id, name="mine", **attributes
    )["id"]
    where = {"product_id": product, "name": "one"}
    client.call("objects", "create", kind="GenericBand", **where, **BANDS[4].needed)
    client.call(
        "objects",
        "create",
        kind="Image",
        acquired="2020-01-01",
        geometry=square(0, 0),
        **where,
    )
    return product


def seen(client: Client, product: str) -> dict[str, bool]:
    """Return through which doors a product shows."""
    base = f"p.product_id == {product!r}"
    who = {"id": f"{product}:one"}
    return {
        "get": client.call("objects", "get", kind="Product", id=product) is not None,
        "exists": client.call("objects", "exists", kind="Product", id=product),
        "search": product
        in client.call("searches", "ids", kind="Product", filter=f"p.id == {product!r}"),
        "band": client.call("objects", "get", kind="Band", **who) is not None,
        "bands": client.call("searches", "count", kind="Band", filter=base) > 0,
        "image": client.call("objects", "exists", kind="Image", **who),
        "images": client.call("searches", "count", kind="Image", filter=base) > 0,
        "place": client.call(
            "searches", "count", kind="Image", filter=base, intersects=square(0, 0)
        )
        > 0,
        "summary": client.call("summaries", "total", filter=base)["count"] > 0,
    }


def refuses(client: Client, function: str, **arguments: Any) -> None:
    with pytest.raises(Raised) as refused:
        client.call("objects", function, **arguments)
    assert refused.value.name == "ForbiddenError"


def test_the_owner_by_default(descarteslabs: Client) -> None:
    product = product_of(descarteslabs)
    identity = descarteslabs.call("objects", "identity")
    may = descarteslabs.call("objects", "may", id=product)
    assert may == {
        "own": True,
        "write": True,
        "read": True,
        "owners": [f"user:{identity['namespace']}", f"org:{descarteslabs.org}"],
        "writers": [],
        "readers": [],
    }
    assert set(seen(descarteslabs, product).values()) == {True}


def test_what_one_may_not_read_does_not_exist(descarteslabs: Client, stranger: Client) -> None:
    product = product_of(descarteslabs)
    assert set(seen(stranger, product).values()) == {False}
    assert stranger.call("objects", "delete", kind="Product", id=product) is False
    with pytest.raises(Raised) as refused:
        stranger.call("objects", "create", kind="Image", id=f"{product}:x", acquired="2020-01-01")
    assert refused.value.name in {"NotFoundError", "DeletedObjectError"}
    # an id that is taken elsewhere becomes one's own
    made = stranger.call("objects", "create", kind="Product", id=product, name="n")
    assert made["id"] == f"{stranger.org}:{product}"


@pytest.mark.parametrize("subject", ["org", "user", "email"])
def test_readers(descarteslabs: Client, stranger: Client, subject: str) -> None:
    identity = stranger.call("objects", "identity")
    subjects = [each for each in identity["subjects"] if each.startswith(f"{subject}:")]
    assert subjects
    product = product_of(descarteslabs, readers=["org:others", subjects[0]])
    assert set(seen(stranger, product).values()) == {True}
    may = stranger.call("objects", "may", id=product)
    assert (may["own"], may["write"], may["read"]) == (False, False, True)
    # others' entries are nobody's business
    assert (may["owners"], may["writers"], may["readers"]) == ([], [], [subjects[0]])
    who = {"kind": "Product", "id": product}
    new = {"kind": "Image", "id": f"{product}:two", "acquired": "2020-01-01"}
    refuses(stranger, "change", name="theirs", **who)
    refuses(stranger, "delete", **who)
    refuses(stranger, "delete", kind="Image", id=f"{product}:one")
    refuses(stranger, "create", **new)


def test_writers(descarteslabs: Client, stranger: Client) -> None:
    product = product_of(descarteslabs, writers=[f"org:{stranger.org}"])
    may = stranger.call("objects", "may", id=product)
    assert (may["own"], may["write"], may["read"]) == (False, True, True)
    who = {"kind": "Product", "id": product}
    changed = stranger.call("objects", "change", description="by a writer", **who)
    assert changed["attributes"]["description"] == "by a writer"
    image = {"kind": "Image", "id": f"{product}:two"}
    stranger.call("objects", "create", acquired="2020-01-01", **image)
    assert stranger.call("objects", "delete", **image) is True
    refuses(stranger, "change", readers=["org:more"], **who)
    refuses(stranger, "delete", **who)
    refuses(stranger, "delete_related", id=product)
    # what was given can be taken back
    descarteslabs.call("objects", "change", writers=[], **who)
    assert set(seen(stranger, product).values()) == {False}


def test_owners_are_given(descarteslabs: Client, stranger: Client) -> None:
    mine = descarteslabs.call("objects", "identity")["namespace"]
    theirs = stranger.call("objects", "identity")["namespace"]
    owners = [f"user:{mine}", f"user:{theirs}"]
    product = product_of(descarteslabs, owners=owners)
    may = stranger.call("objects", "may", id=product)
    assert (may["own"], may["owners"]) == (True, owners)
    stranger.call("objects", "change", kind="Product", id=product, readers=["org:all"])
    answer = stranger.call("objects", "delete_related", id=product)
    assert answer["images"] == answer["bands"] == 0
    assert stranger.call("objects", "delete", kind="Product", id=product) is True


def test_owners_are_users_or_orgs(descarteslabs: Client) -> None:
    for owners in (["email:a@b.example"], ["group:x"], ["somebody"]):
        with pytest.raises(Raised, match="owners") as refused:
            product_of(descarteslabs, owners=owners)
        assert refused.value.name == "ValidationError"


def test_what_is_privileged(descarteslabs: Client, administrator: Client) -> None:
    product = product_of(descarteslabs)
    values = {"is_core": True, "image_index_name": "some", "product_tier": "gold"}
    for name, value in values.items():
        with pytest.raises(Raised, match=name) as refused:
            descarteslabs.call("objects", "change", kind="Product", id=product, **{name: value})
        assert refused.value.name == "ForbiddenError"
    changed = administrator.call("objects", "change", kind="Product", id=product, **values)
    assert {name: changed["attributes"][name] for name in values} == values
    for expression in ("p.is_core == True", "p.product_tier == 'gold'"):
        found = descarteslabs.call(
            "searches", "ids", kind="Product", filter=[expression, f"p.id == {product!r}"]
        )
        assert found == [product]
    assert administrator.call("objects", "may", id=product)["own"]


def test_tokens(start: Start, descarteslabs: Client) -> None:
    forged = start(DESCARTESLABS, org=descarteslabs.org, token=_forged(descarteslabs.org))
    with pytest.raises(Raised) as refused:
        forged.call("searches", "count", kind="Product")
    assert refused.value.name == "UnauthorizedError"


def _forged(org: str | None) -> str:
    """Return a token that the client accepts, whose signature is nobody's."""
    claims = {
        "sub": "tester",
        "org": org,
        "iss": "https://issuer.swath.local",
        "aud": "swath",
        "groups": ["internal:platform-admin"],
        "exp": 4_102_444_800,
    }
    head = {"alg": "ES256", "kid": "local", "typ": "JWT"}
    parts = [json.dumps(head).encode(), json.dumps(claims).encode(), b"x" * 64]
    return ".".join(base64.urlsafe_b64encode(each).decode().rstrip("=") for each in parts)
