"""Drops that failed for want of a product: who finds them, and the list of awaited products."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from swath_core.settings import settings
from swath_core.store.awaited import Awaited, AwaitedProducts
from swath_core.uploads import Step, Upload, UploadStore, machine
from swath_dev.inprocess import InProcessApi

NOW = "2026-01-01T00:00:00.000000Z"
STEP = Step(NOW, "ingest", "test")
ALL = {"op": "prefix", "name": "user", "val": "org:"}


@pytest.fixture
def drops(api: InProcessApi) -> Iterator[None]:
    """Drops that wait, of two organisations, and one that failed with its product there."""
    for org in ("acme", "acmeter"):
        record(org, "hill", awaits=True)
    record("acme", "gone", awaits=False)
    yield
    api.empty()


def record(org: str, name: str, *, awaits: bool) -> None:
    upload = Upload(
        id=f"drop-{org}-{name}",
        product_id=f"{org}:{name}",
        image_id=f"{org}:{name}:a",
        user=f"org:{org}",
        status="transferring",
        options={"upload_type": "file", "image_files": ["a.tif"]},
        image={},
        parts=(),
        created=NOW,
        modified=NOW,
        door="drop",
        keep_failed_seconds=86_400,
    )
    if awaits:
        AwaitedProducts(settings()).put(Awaited(upload.product_id, NOW, STEP.after(machine.LEASE)))
    fail = machine.await_product if awaits else machine.fail
    UploadStore(settings()).create(fail(upload, STEP, "there is no product"))


def found(api: InProcessApi, *filters: dict[str, str]) -> list[str]:
    answer = api.find("uploads_v2", *(filters or (ALL,)), include="events")
    assert answer.status == 200, answer.text
    return sorted(each["id"] for each in answer.data)


def of_product(product_id: str) -> dict[str, str]:
    return {"op": "eq", "name": "product_id", "val": product_id}


def test_members_of_the_organisation_find_them(api: InProcessApi, drops: None) -> None:
    assert found(api) == ["drop-acme-hill"]
    assert found(api, of_product("acme:hill")) == ["drop-acme-hill"]
    answer = api.call("GET", "/uploads_v2/drop-acme-hill?include=events")
    assert answer.data["attributes"]["status"] == "failure"
    assert answer.json["included"][0]["attributes"]["message"] == "there is no product"
    colleague = api.as_user("bob", "acme")
    assert found(colleague) == ["drop-acme-hill"]


@pytest.mark.parametrize("org", ["globex", None, "acmete"])
def test_others_do_not(api: InProcessApi, drops: None, org: str | None) -> None:
    stranger = api.as_user("carl", org)
    assert found(stranger) == []
    assert found(stranger, of_product("acme:hill")) == []
    assert stranger.call("GET", "/uploads_v2/drop-acme-hill").status == 404


@pytest.mark.parametrize("group", ["internal:platform-admin", "internal:platform-ro"])
def test_operators_find_those_of_all(api: InProcessApi, drops: None, group: str) -> None:
    operator = api.as_user("olga", "internal", groups=[group])
    assert found(operator) == ["drop-acme-hill", "drop-acmeter-hill"]
    assert operator.call("GET", "/uploads_v2/drop-acmeter-hill").status == 200


def test_uploads_of_a_product_that_was_deleted_stay_out_of_sight(
    api: InProcessApi, drops: None
) -> None:
    assert found(api, of_product("acme:gone")) == []
    assert api.call("GET", "/uploads_v2/drop-acme-gone").status == 404


def test_with_the_product_its_own_rules_hold(api: InProcessApi, drops: None) -> None:
    assert api.save("product", "hill", name="Hill", owners=["user:alice"]).status == 201
    colleague = api.as_user("bob", "acme")
    assert found(api) == ["drop-acme-hill"]
    assert found(colleague) == []
    assert colleague.call("GET", "/uploads_v2/drop-acme-hill").status == 404


def test_nobody_changes_one_that_waits(api: InProcessApi, drops: None) -> None:
    for status, answer in (("pending", 404), ("canceled", 409)):
        data = {"type": "image_upload", "id": "drop-acme-hill", "attributes": {"status": status}}
        assert api.call("PATCH", "/uploads_v2/drop-acme-hill", {"data": data}).status == answer


def test_a_product_leaves_the_list_unless_another_drop_has_come(api: InProcessApi) -> None:
    listed = AwaitedProducts(settings())
    first, second = Awaited("acme:p", NOW, NOW), Awaited("acme:p", STEP.after(machine.LEASE), NOW)
    listed.put(first)
    listed.put(second)
    listed.remove(first)
    assert list(listed.listed()) == list(listed.listed("acme:")) == [second]
    assert list(listed.listed("acme:q")) == list(listed.listed("x" * 2000)) == []
    listed.remove(second)
    assert list(listed.listed()) == []
