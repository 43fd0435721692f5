"""The upload store and the bucket against moto: the same conditions as the memory ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import boto3
import pytest
from botocore.stub import Stubber
from pynamodb.transactions import TransactWrite
from tests.dynamo_faults import failing, refused
from tests.strict_store import STORES
from tests.strict_store import store as dynamodb

from swath_core.errors import Unavailable
from swath_core.settings import Settings
from swath_core.store.bus import IMAGE_AVAILABLE, Bus
from swath_core.store.objects import ObjectGone, Objects
from swath_core.store.requests import ConditionError, transact
from swath_core.store.tables import UploadItem
from swath_core.uploads import Lease, Part, StaleUpload, Step, Upload, UploadStore, machine

SETTINGS = Settings.from_environment(
    {
        "SWATH_UPLOADS_TABLE": "uploads",
        "SWATH_DATA_BUCKET": "data",
        "SWATH_EVENT_BUS": "swath",
    }
)
NOW = "2026-01-01T00:00:00.000000Z"
LATER = "2026-01-01T00:10:00.000000Z"
STEP = Step(NOW, "test", "1")


@pytest.fixture(params=STORES)
def aws(request: pytest.FixtureRequest) -> Iterator[None]:
    with dynamodb(request.param):
        strings = ("id", "product_id", "created", "sweep", "due", "failed_on", "failed_at")
        boto3.client("dynamodb").create_table(
            TableName="uploads",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in strings],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": name,
                    "KeySchema": [
                        {"AttributeName": first, "KeyType": "HASH"},
                        {"AttributeName": second, "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": projection},
                }
                for name, first, second, projection in (
                    ("by_product", "product_id", "created", "ALL"),
                    ("by_due", "sweep", "due", "KEYS_ONLY"),
                    ("by_failure", "failed_on", "failed_at", "ALL"),
                )
            ],
        )
        boto3.client("s3").create_bucket(Bucket="data")
        boto3.client("events").create_event_bus(Name="swath")
        yield


@pytest.fixture
def store(aws: None) -> UploadStore:
    return UploadStore(SETTINGS)


def upload(name: str = "u1", **changes: object) -> Upload:
    made = Upload(
        id=name,
        product_id="acme:p",
        image_id="acme:p:a",
        user="me",
        status="transferring",
        options={"upload_type": "file", "image_files": ["a.tif"]},
        image={"acquired": NOW, "cloud_fraction": 0.25},
        parts=(Part(f"uploads/{name}/0/a.tif", "a.tif"),),
        created=NOW,
        modified=NOW,
        due=LATER,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_what_is_stored_comes_back(store: UploadStore) -> None:
    made = store.create(machine.log(upload(), STEP, "log", "hello"))
    assert store.get("u1") == made
    assert store.get("u2") is None


def test_an_upload_is_created_once_and_each_step_is_taken_once(store: UploadStore) -> None:
    made = store.create(upload())
    with pytest.raises(StaleUpload):
        store.create(upload(user="other"))
    store.save(machine.cancel(made, STEP), made)
    with pytest.raises(StaleUpload):
        store.save(machine.log(made, STEP, "log", "late"), made)


def test_what_fails_in_the_sweep_is_due_later_and_later(store: UploadStore) -> None:
    made = store.create(replace(upload(), due="2026-01-01T00:00:00.000000Z"))
    assert store.postpone(made.id, "2026-01-01T00:00:00.000000Z") == 1
    assert store.postpone(made.id, "2026-01-01T00:00:30.000000Z") == 0  # it is not due
    assert store.due("2026-01-01T00:00:59.000000Z") == []
    assert store.postpone(made.id, "2026-01-01T00:01:00.000000Z") == 2
    assert store.due("2026-01-01T00:02:59.000000Z") == []
    for _ in range(20):
        store.postpone(made.id, "2026-01-02T00:00:00.000000Z")
        store.postpone(made.id, "2026-01-02T00:50:00.000000Z")
    assert store.due("2026-01-02T01:40:00.000000Z") == [made.id]
    assert store.postpone("unknown", NOW) == 0

    current = store.get(made.id)
    assert current is not None
    saved = store.save(replace(current, due="2026-01-03T00:00:00.000000Z"), current)
    assert store.postpone(saved.id, "2026-01-03T00:00:00.000000Z") == 1


def test_a_repeated_write_of_the_same_step_is_that_step(store: UploadStore) -> None:
    made = store.create(upload())
    assert store.create(upload()) == made
    step = machine.cancel(made, STEP)
    assert store.save(step, made) == store.save(step, made)


def test_a_lease_is_taken_over_only_from_the_silent(store: UploadStore) -> None:
    made = store.create(upload(status="running", lease=Lease("t1", NOW)))
    assert not store.renew(made, Lease("t2", LATER))
    assert store.renew(made, Lease("t1", LATER))
    with pytest.raises(StaleUpload):
        store.save(replace(made, lease=Lease("t2", LATER)), made)
    assert store.save(replace(made, status="success", lease=None), made, "t1").lease is None


def test_a_transaction_depends_on_the_lease(store: UploadStore) -> None:
    made = store.create(upload(status="running", lease=Lease("t1", NOW)))
    other = store.create(upload("u2"))

    def settle_other(token: str) -> None:
        def changes(write: TransactWrite) -> None:
            store.lease_check("u1", token)(write)
            item = UploadItem("u2")
            write.update(item, [UploadItem.due.remove()], UploadItem.version == other.version)

        transact(changes)

    with pytest.raises(ConditionError):
        settle_other("t2")
    assert store.due(LATER) == ["u1", "u2"]
    settle_other("t1")
    assert store.due(LATER) == ["u1"]
    store.save(replace(made, status="failure", lease=None), made, "t1")
    with pytest.raises(ConditionError):
        settle_other("t1")
    with pytest.raises(ConditionError):
        transact(store.lease_check("none", "t1"))


def test_a_step_that_meets_a_transaction_can_be_sent_again(store: UploadStore) -> None:
    made = store.create(upload())
    with failing(refused("TransactionConflictException")) as faults:
        faults.wanted = lambda request: request[0] == "PutItem"
        with pytest.raises(Unavailable):
            store.save(machine.cancel(made, STEP), made)
    assert store.get("u1") == made


def test_records_of_old_have_one_prefix_or_none(store: UploadStore) -> None:
    made = upload()
    for stored, found in (("images/x/", ("images/x/",)), (None, ()), (["a/", "b/"], ("a/", "b/"))):
        values = made.to_json() | {"outputs": stored}
        keys = {"id": "u1", "product_id": "acme:p", "created": NOW}
        assert Upload.from_json(values, **keys).outputs == found


def test_what_is_due_is_found_by_the_sweep(store: UploadStore) -> None:
    made = store.create(upload())
    store.create(upload("u2", due=None))
    store.create(upload("u3", due="2027-01-01T00:00:00.000000Z"))
    assert store.due(NOW) == []
    assert store.due(LATER) == ["u1"]
    store.save(machine.settle(made), made)
    assert store.due("2026-12-01T00:00:00.000000Z") == []


def test_uploads_of_a_product_come_newest_first(store: UploadStore) -> None:
    store.create(upload("old", created="2025-01-01T00:00:00.000000Z"))
    store.create(upload("new"))
    store.create(upload("other", product_id="acme:q"))
    assert [each.id for each in store.of_product("acme:p")] == ["new", "old"]


def test_objects_are_read_by_version(aws: None, tmp_path: Path) -> None:
    objects = Objects(SETTINGS)
    path = tmp_path / "a"
    path.write_bytes(b"x" * 1000)
    objects.upload(path, "images/a.tif")
    found = objects.head("images/a.tif")
    assert found is not None
    assert found.size == 1000
    target = tmp_path / "b"
    objects.download("images/a.tif", found.etag, found.size, target)
    assert target.read_bytes() == path.read_bytes()
    objects.copy("images/a.tif", found.etag, "images/b.tif")
    assert objects.read("images/b.tif", 10) == b"x" * 11
    with pytest.raises(ObjectGone):
        objects.download("images/a.tif", "0" * 32, 1000, target)
    with pytest.raises(ObjectGone):
        objects.read("images/none.tif", 10)
    assert objects.head("images/none.tif") is None
    assert [each.key for each in objects.under("images/")] == ["images/a.tif", "images/b.tif"]
    objects.delete(["images/a.tif", "images/b.tif", "images/none.tif"])
    assert list(objects.under("images/")) == []


@pytest.mark.parametrize(
    ("status", "code"), [(204, ""), (404, "NoSuchKey"), (412, "PreconditionFailed")]
)
def test_a_version_is_deleted_by_s3_in_one_step_or_not_at_all(status: int, code: str) -> None:
    """One request that names the version; whether it is there still is for S3 to say."""
    objects = Objects(SETTINGS)
    expected = {"Bucket": "data", "Key": "drop/a.tif", "IfMatch": '"abc"'}
    with Stubber(objects._s3) as s3:
        if code:
            s3.add_client_error("delete_object", code, "", status, expected_params=expected)
        else:
            s3.add_response("delete_object", {}, expected)
        objects.delete_version("drop/a.tif", "abc")
        s3.assert_no_pending_responses()


def test_an_empty_object_is_an_empty_file(aws: None, tmp_path: Path) -> None:
    objects = Objects(SETTINGS)
    boto3.client("s3").put_object(Bucket="data", Key="k", Body=b"")
    found = objects.head("k")
    assert found is not None
    objects.download("k", found.etag, 0, tmp_path / "k")
    assert (tmp_path / "k").read_bytes() == b""


def test_files_too_big_for_one_request_come_in_parts(aws: None) -> None:
    objects = Objects(SETTINGS)
    key = "uploads/u/0/a.tif"
    parts = objects.begin_parts(key)
    assert len(objects.part_urls(key, parts, 6 * 1024**3)) == 12
    assert not objects.finish_parts(key, parts)
    boto3.client("s3").upload_part(
        Bucket="data", Key=key, UploadId=parts, PartNumber=1, Body=b"abc"
    )
    assert objects.finish_parts(key, parts)
    assert objects.read(key, 10) == b"abc"
    objects.abort_parts(key, parts)


def test_an_event_goes_to_the_bus(aws: None) -> None:
    Bus(SETTINGS).announce(IMAGE_AVAILABLE, {"image_id": "acme:p:a"})
