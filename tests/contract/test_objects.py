"""Every operation on every attribute of products, bands and images, by the living clients."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from shapely.geometry import shape
from tests.contract.published import Client, Raised
from tests.contract.tables import BANDS, IMAGE, KINDS, PRODUCT, READ_ONLY, Kind, Values

pytestmark = [pytest.mark.stack, pytest.mark.published]
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
every_band = pytest.mark.parametrize("kind", BANDS, ids=lambda kind: kind.name)


def fresh(prefix: str = "x") -> str:
    return f"{prefix}{secrets.token_hex(4)}"


def new_product(client: Client, **attributes: Any) -> str:
    found: str = client.call(
        "objects", "create", kind="Product", **{"id": fresh(), "name": "p", **attributes}
    )["id"]
    return found


def new(client: Client, kind: Kind, product: str | None = None, **attributes: Any) -> Any:
    """Make an object with nothing but what is needed and what is given."""
    if kind is PRODUCT:
        where: dict[str, Any] = {"id": fresh()}
    else:
        where = {"product_id": product or new_product(client), "name": fresh()}
    return client.call(
        "objects", "create", kind=kind.name, **{**where, **kind.needed, **attributes}
    )


def values_of(client: Client, kind: Kind) -> dict[str, Values]:
    """Return the attributes that the client's class has, with their values."""
    without = client.release.without
    return {name: each for name, each in kind.values.items() if name not in without}


def same(name: str, found: Any, expected: Any) -> bool:
    if name == "geometry" and found and expected:
        return bool(shape(found).equals(shape(expected)))
    return bool(found == expected)


def differences(attributes: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    return {
        name: (attributes.get(name), value)
        for name, value in expected.items()
        if not same(name, attributes.get(name), value)
    }


@every_kind
def test_the_table_leaves_no_attribute_out(client: Client, kind: Kind) -> None:
    known = set(client.call("objects", "attributes_of", kind=kind.name))
    assert known - READ_ONLY == set(values_of(client, kind)) | kind.fixed | kind.read_only


@every_kind
def test_every_attribute_is_set_read_and_changed(client: Client, kind: Kind) -> None:
    values = values_of(client, kind)
    first = {name: each.first for name, each in values.items()}
    made = new(client, kind, **first)
    assert made["state"] == "saved"
    assert made["class"] == kind.name
    expected = {name: each.answers[0] for name, each in values.items()} | kind.implicit
    assert not differences(made["attributes"], expected)
    assert made["attributes"]["created"] == made["attributes"]["modified"]

    got = client.call("objects", "get", kind=kind.name, id=made["id"])
    assert got["attributes"] == made["attributes"]

    answers = client.call(
        "objects",
        "change_each",
        kind=kind.name,
        id=made["id"],
        changes={name: each.second for name, each in values.items()},
    )
    expected = {name: each.answers[1] for name, each in values.items()}
    assert not differences(answers, expected)
    got = client.call("objects", "get", kind=kind.name, id=made["id"])
    assert not differences(got["attributes"], expected | kind.implicit)
    assert got["attributes"]["created"] == made["attributes"]["created"]
    assert got["attributes"]["modified"] > made["attributes"]["modified"]


@every_kind
def test_every_optional_attribute_is_cleared(client: Client, kind: Kind) -> None:
    values = values_of(client, kind)
    made = new(client, kind, **{name: each.first for name, each in values.items()})
    optional = [name for name, each in values.items() if each.nullable]
    answers = client.call(
        "objects",
        "change_each",
        kind=kind.name,
        id=made["id"],
        changes=dict.fromkeys(optional),
    )
    # None, an empty container, or the default
    assert {name: value for name, value in answers.items() if value} == {}


@every_kind
def test_what_is_needed_cannot_be_cleared(client: Client, kind: Kind) -> None:
    made = new(client, kind)
    path = {"Product": "products", "Image": "images"}.get(kind.name, "bands")
    for name in kind.needed:
        with pytest.raises(Raised, match=name) as refused:
            client.call(
                "objects",
                "send",
                method="patch",
                path=f"/{path}/{made['id']}",
                body={"data": {"id": made["id"], "attributes": {name: None}}},
            )
        assert refused.value.name == "ValidationError"


@every_kind
def test_a_wrong_type_is_refused_by_name(client: Client, kind: Kind) -> None:
    made = new(client, kind)
    path = {"Product": "products", "Image": "images"}.get(kind.name, "bands")
    for name in [*kind.values, "no_such_attribute"]:
        with pytest.raises(Raised, match=name) as refused:
            client.call(
                "objects",
                "send",
                method="patch",
                path=f"/{path}/{made['id']}",
                body={"data": {"id": made["id"], "attributes": {name: {"wrong": [{}]}}}},
            )
        assert refused.value.name in {"ValidationError", "BadRequestError"}, name
    got = client.call("objects", "get", kind=kind.name, id=made["id"])
    assert got["attributes"] == made["attributes"]


@every_kind
def test_what_is_fixed_stays(client: Client, kind: Kind) -> None:
    made = new(client, kind)
    path = {"Product": "products", "Image": "images"}.get(kind.name, "bands")
    for name in {"created", "modified", *kind.fixed} - {"product", "data_range", "display_range"}:
        with pytest.raises(Raised, match=name) as refused:
            client.call(
                "objects",
                "send",
                method="patch",
                path=f"/{path}/{made['id']}",
                body={"data": {"id": made["id"], "attributes": {name: "2001-01-01T00:00:00Z"}}},
            )
        assert refused.value.name in {"ValidationError", "BadRequestError"}, name


@every_kind
def test_save_update_reload_delete(client: Client, kind: Kind) -> None:
    made = new(client, kind)
    who = {"kind": kind.name, "id": made["id"]}
    assert client.call("objects", "exists", **who) is True

    changed = client.call("objects", "change", by_update=True, tags=["a"], **who)
    assert (changed["between"], changed["state"]) == ("modified", "saved")
    assert changed["attributes"]["tags"] == ["a"]

    both = client.call("objects", "reload", tags=["b", "c"], **who)
    assert both["equal"]
    assert both["mine"]["attributes"]["tags"] == ["b", "c"]

    contained = client.call("objects", "change_containers", **who)["attributes"]
    assert contained["tags"] == ["two"]
    assert contained["extra_properties"] == {"b": "two"}

    again = client.call("objects", "save_again", **who)
    assert again["after"] >= again["before"]
    if kind is not IMAGE:
        assert again["attributes"]["description"] == "forced"

    after = client.call("objects", "delete_instance", **who)
    assert after == {
        "state": "deleted",
        "get": None,
        "reload": "DeletedObjectError",
        "save": "DeletedObjectError",
        "delete": "DeletedObjectError",
        "other_reload": "DeletedObjectError",
        "other_delete": "DeletedObjectError",
    }
    assert client.call("objects", "exists", **who) is False
    assert client.call("objects", "get", **who) is None
    assert client.call("objects", "delete", **who) is False


@every_kind
def test_get_or_create(client: Client, kind: Kind) -> None:
    product = new_product(client)
    name = fresh()
    id = f"{client.org}:{name}" if kind is PRODUCT else f"{product}:{name}"
    who = {"kind": kind.name, "id": id}
    first = client.call("objects", "get_or_create", tags=["x"], **{**kind.needed, **who})
    assert (first["before"], first["state"], first["id"]) == ("unsaved", "saved", id)
    second = client.call("objects", "get_or_create", **who)
    assert second["before"] == "saved"
    assert second["attributes"] == first["attributes"]
    third = client.call("objects", "get_or_create", tags=["y"], **who)
    assert (third["before"], third["attributes"]["tags"]) == ("modified", ["y"])


@every_kind
def test_get_many(client: Client, kind: Kind) -> None:
    product = new_product(client)
    ids = [new(client, kind, product)["id"] for _ in range(4)]
    asked = [ids[2], ids[0], ids[3]]
    found = client.call("objects", "get_many", kind=kind.name, ids=asked)
    assert [each["id"] for each in found] == asked
    missing = [ids[1], f"{product}:there-is-none"]
    with pytest.raises(Raised, match="there-is-none") as refused:
        client.call("objects", "get_many", kind=kind.name, ids=missing)
    assert refused.value.name == "NotFoundError"
    found = client.call("objects", "get_many", kind=kind.name, ids=missing, ignore_missing=True)
    assert [each["id"] for each in found] == [ids[1]]


@every_kind
def test_a_duplicate_is_a_conflict(client: Client, kind: Kind) -> None:
    made = new(client, kind)
    where = (
        {"id": made["id"]}
        if kind is PRODUCT
        else {name: made["attributes"][name] for name in ("product_id", "name")}
    )
    with pytest.raises(Raised, match="exists") as refused:
        client.call("objects", "create", kind=kind.name, **{**kind.needed, **where})
    assert refused.value.name == "ConflictError"
    got = client.call("objects", "get", kind=kind.name, id=made["id"])
    assert got["attributes"] == made["attributes"]


def test_the_name_is_unique_among_bands_of_all_types(client: Client) -> None:
    product = new_product(client)
    new(client, BANDS[0], product, name="same")
    with pytest.raises(Raised) as refused:
        new(client, BANDS[4], product, name="same")
    assert refused.value.name == "ConflictError"


def test_ids_carry_the_org(client: Client) -> None:
    name = fresh()
    made = client.call("objects", "create", kind="Product", id=name, name="n")
    assert made["id"] == f"{client.org}:{name}"
    assert client.call("objects", "get", kind="Product", id=name) is None
    with pytest.raises(Raised) as refused:
        client.call("objects", "create", kind="Product", id=made["id"], name="n")
    assert refused.value.name == "ConflictError"


def test_a_product_leads_to_its_bands_and_images(client: Client) -> None:
    product = new_product(client)
    band = new(client, BANDS[0], product, name="second", sort_order=5)
    other = new(client, BANDS[2], product, name="first", sort_order=2)
    image = new(client, IMAGE, product, name="image")
    doors = client.call("objects", "product_doors", id=product, band="second", image="image")
    assert doors == {
        "named_id": band["id"],
        "get_band": band,
        "get_image": image,
        "no_band": None,
        "bands": [other["id"], band["id"]],
        "images": [image["id"]],
        "band_product": product,
        "image_product": product,
        "included": product,
        "namespace_id": f"{client.org}:some",
    }


def test_the_class_decides_which_band_is_found(client: Client) -> None:
    product = new_product(client)
    made = {kind.name: new(client, kind, product)["id"] for kind in BANDS}
    for name, id in made.items():
        assert client.call("objects", "get", kind="Band", id=id)["class"] == name
        for other in made:
            found = client.call("objects", "get", kind=other, id=id)
            assert (found is not None) == (other == name)
        typed = client.call("searches", "both", kind=name, filter=f"p.product_id == {product!r}")
        assert typed == {"ids": [id], "count": 1}


def test_the_order_of_bands_is_given(client: Client) -> None:
    product = new_product(client)
    orders = [
        new(client, BANDS[0], product, **given)["attributes"]["sort_order"]
        for given in ({}, {}, {"sort_order": 10}, {})
    ]
    assert orders == [1, 2, 10, 11]


def test_the_resolution_of_a_product_is_that_of_its_bands(client: Client) -> None:
    product = new_product(client)
    forms = ["60m", "1.2 deg.", "10 metres", "0.0001 degrees"]
    bands = [new(client, BANDS[0], product, resolution=each) for each in forms]
    assert [each["attributes"]["resolution"] for each in bands] == [
        {"value": 60.0, "unit": "meters"},
        {"value": 1.2, "unit": "degrees"},
        {"value": 10.0, "unit": "meters"},
        {"value": 0.0001, "unit": "degrees"},
    ]
    found = client.call("objects", "get", kind="Product", id=product)["attributes"]
    assert found["resolution_min"] == {"value": 10.0, "unit": "meters"}
    assert found["resolution_max"] == {"value": 1.2, "unit": "degrees"}
    client.call("objects", "delete", kind="Band", id=bands[1]["id"])
    found = client.call("objects", "get", kind="Product", id=product)["attributes"]
    assert found["resolution_max"] == {"value": 60.0, "unit": "meters"}


def test_a_product_with_children_stays(client: Client) -> None:
    product = new_product(client)
    band = new(client, BANDS[0], product)
    with pytest.raises(Raised, match="related objects exist") as refused:
        client.call("objects", "delete", kind="Product", id=product)
    assert refused.value.name == "ConflictError"
    assert client.call("objects", "delete", kind="Band", id=band["id"]) is True
    assert client.call("objects", "delete", kind="Product", id=product) is True


def test_deleting_everything_in_a_product(client: Client) -> None:
    product = new_product(client)
    for kind in BANDS:
        new(client, kind, product)
    for _ in range(7):
        new(client, IMAGE, product, geometry={**IMAGE.values["geometry"].first})
    done = client.call("objects", "delete_related", id=product)
    assert done["never"] == "NONE"
    assert {each["status"] for each in done["statuses"]} == {"SUCCESS"}
    assert sum(each["deleted"] for each in done["statuses"]) == 12
    assert (done["bands"], done["images"]) == (0, 0)
    assert done["last"]["status"] == "SUCCESS"
    assert not done["last"]["errors"]
    assert done["last"]["seconds"] >= 0
    assert client.call("objects", "delete", kind="Product", id=product) is True


def test_objects_of_no_product(client: Client) -> None:
    for kind in (*BANDS, IMAGE):
        with pytest.raises(Raised, match="no-such-product") as refused:
            client.call(
                "objects",
                "create",
                kind=kind.name,
                product_id=f"{client.org}:no-such-product",
                name="x",
                **kind.needed,
            )
        # the client takes a missing object for one that was deleted
        assert refused.value.name in {"NotFoundError", "DeletedObjectError"}


def test_remote_images_are_registered(client: Client) -> None:
    product = new_product(client)
    remote = new(
        client,
        IMAGE,
        product,
        storage_state="remote",
        geometry=IMAGE.values["geometry"].first,
        files=[{"provider_href": "https://provider.example/scene.tif", "provider_id": "S1"}],
    )
    attributes = remote["attributes"]
    assert attributes["storage_state"] == "remote"
    assert attributes["files"][0]["provider_href"] == "https://provider.example/scene.tif"
    with pytest.raises(Raised, match="files") as refused:
        new(client, IMAGE, product, storage_state="remote", files=[{"size_bytes": 1}])
    assert refused.value.name in {"ValidationError", "BadRequestError"}
    with pytest.raises(Raised, match="files"):
        new(client, IMAGE, product, storage_state="available", files=[{"href": "s3://x/y"}])


def test_statuses_become_the_clients_exceptions(client: Client) -> None:
    cases = {
        ("get", "/products/nobody:nothing"): "NotFoundError",
        ("get", "/nothing"): "NotFoundError",
        ("delete", "/products"): "MethodNotAllowedError",
        ("put", "/images/summary/acquired/fortnight"): "BadRequestError",
        ("patch", "/products/nobody:nothing"): "NotFoundError",
    }
    for (method, path), expected in cases.items():
        with pytest.raises(Raised) as refused:
            client.call(
                "objects", "send", method=method, path=path, body={"data": {"attributes": {}}}
            )
        assert refused.value.name == expected, (method, path)
