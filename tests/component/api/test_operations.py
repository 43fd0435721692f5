"""What operators see and do: queues, dead letters, lag, failed uploads; nobody else does."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import boto3
import pytest

from swath_core.documents import Document
from swath_core.settings import settings
from swath_core.store.catalog import CatalogStore
from swath_core.store.manifests import ManifestStore
from swath_core.store.mirrored_months import Due
from swath_core.store.rollups import RollupStore
from swath_core.times import format_timestamp, now, parse_timestamp
from swath_core.uploads import Part, Step, Upload, UploadStore, machine, upload_key
from swath_dev.inprocess import InProcessApi

SEE = "//operations"
PRODUCT = "acme:hills"


@pytest.fixture
def operator(api: InProcessApi) -> Iterator[InProcessApi]:
    """An administrator of the platform, on queues and tables without anything in them."""
    sqs = boto3.client("sqs")
    for url in urls().values():
        sqs.delete_queue(QueueUrl=url)
        sqs.create_queue(QueueName=url.rpartition("/")[2])
    yield api.as_user("olga", "internal", groups=["internal:platform-admin"])
    api.empty()


def urls() -> dict[str, str]:
    found = settings()
    return {
        "ingest": found.ingest_queue_url,
        "tasks": found.tasks_queue_url,
        "dead ingest": found.ingest_dead_letters_url,
        "dead tasks": found.tasks_dead_letters_url,
    }


def send(queue: str, *bodies: object) -> None:
    for body in bodies:
        text = body if isinstance(body, str) else json.dumps(body)
        boto3.client("sqs").send_message(QueueUrl=urls()[queue], MessageBody=text)


def seen(api: InProcessApi) -> dict[str, Any]:
    answer = api.call("GET", SEE)
    assert answer.status == 200, answer.text
    return answer.attributes


def queue(api: InProcessApi, name: str) -> dict[str, Any]:
    (found,) = (each for each in seen(api)["queues"] if each["name"] == name)
    return dict(found)


def failed(name: str, message: str, at: str, file: str = "a.tif", **changes: Any) -> Upload:
    upload = Upload(
        id=f"u-{name}",
        product_id=PRODUCT,
        image_id=f"{PRODUCT}:{name}",
        user="somebody",
        status="pending",
        options={},
        image={},
        parts=(Part(upload_key(f"u-{name}", 0, file), file, "etag"),),
        created=at,
        modified=at,
        **changes,
    )
    ended = machine.fail(upload, Step(at, "ingest", "test"), message)
    return UploadStore(settings()).create(ended)


def ago(**span: float) -> str:
    return format_timestamp(parse_timestamp(now()) - timedelta(**span))


def created(key: str) -> dict[str, Any]:
    return {"Records": [{"s3": {"object": {"key": key}}}]}


def test_nothing_to_tell_of_an_empty_stack(operator: InProcessApi) -> None:
    found = seen(operator)
    idle = {"waiting": 0, "running": 0, "dead_letters": 0, "oldest_dead_letter": None}
    assert found["queues"] == [
        {"name": name, **idle, "letters": []} for name in ("ingest", "tasks")
    ]
    none = {"oldest_change": None, "lag_seconds": 0.0, "complete": True}
    assert found["rollups"] == {"products": 0, **none}
    assert found["mirror"] == {"months": 0, **none}
    assert found["failed_uploads"].pop("since") < now()
    assert found["failed_uploads"] == {"count": 0, "complete": True, "reasons": []}


def test_operators_who_read_see_and_only_administrators_act(
    api: InProcessApi, operator: InProcessApi
) -> None:
    reader = api.as_user("rita", "internal", groups=["internal:platform-ro"])
    again = "//operations/queues/ingest/redrive"
    assert seen(reader)["queues"]
    assert reader.call("POST", again).status == 403
    assert operator.call("POST", again).status == 200
    for stranger in (api, api.as_user("adam", "acme", groups=["acme:org-admin"])):
        for method, path in (("GET", SEE), ("POST", again)):
            answer = stranger.call(method, path)
            assert answer.status == 403
            assert "internal:platform-admin" in answer.json["errors"][0]["detail"]
    nobody = InProcessApi(api.handler, api.issuer)
    assert nobody.call("GET", SEE).status == nobody.call("POST", again).status == 401


def test_callers_without_a_token_are_refused_where_others_may_read(
    operator: InProcessApi, api: InProcessApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWATH_ANONYMOUS", "true")
    api.restart()
    nobody = InProcessApi(api.handler, api.issuer)
    assert nobody.call("GET", SEE).status == 403
    assert nobody.call("POST", "//operations/queues/ingest/redrive").status == 401
    monkeypatch.undo()
    api.restart()


def test_a_queue_tells_what_waits_and_what_is_under_way(operator: InProcessApi) -> None:
    send("ingest", "a", "b", "c")
    boto3.client("sqs").receive_message(QueueUrl=urls()["ingest"], VisibilityTimeout=60)
    found = queue(operator, "ingest")
    assert (found["waiting"], found["running"], found["dead_letters"]) == (2, 1, 0)


def test_dead_letters_say_what_they_are_about_and_why(operator: InProcessApi) -> None:
    upload = failed("one", "the disk is full", now())
    dropped = replace(
        failed("two", "no <b>bands</b>", now()),
        id="drop-2",
        parts=(Part("drop/acme/hills/two words.tif", "two words.tif", "etag"),),
    )
    UploadStore(settings()).create(dropped)
    send("dead ingest", created(upload.parts[0].key), created("drop/acme/hills/two+words.tif"))
    send("dead ingest", created("uploads/gone/0/a.tif"), created("drop/acme"), "no JSON")
    send("dead ingest", "[]", "7", '{"Records": []}', {"task": "x"})

    before = now()
    found = queue(operator, "ingest")
    assert found["dead_letters"] == 9
    told = {each["about"]: each for each in found["letters"]}
    one = told[upload.parts[0].key]
    assert (one["product_id"], one["upload_id"]) == (PRODUCT, "u-one")
    assert one["reason"] == "the disk is full"
    two = told["drop/acme/hills/two words.tif"]
    assert (two["upload_id"], two["reason"]) == ("drop-2", "no <b>bands</b>")
    silent = set(told) - {one["about"], two["about"]}
    assert {"no JSON", "[]", "7", "uploads/gone/0/a.tif", "drop/acme"} <= silent
    assert {told[each]["reason"] for each in silent} == {None}
    assert found["oldest_dead_letter"] == min(each["sent"] for each in found["letters"])
    assert found["oldest_dead_letter"] <= before
    assert queue(operator, "ingest")["dead_letters"] == 9, "looking takes nothing away"


def test_a_dead_task_says_what_went_wrong(operator: InProcessApi) -> None:
    store = CatalogStore(settings())

    errors = {
        "status": "FAILURE",
        "errors": ["acme:hills:i: it changed", "the bands keep changing"],
    }
    store.save_task(Document("product_delete_task", PRODUCT, errors).next_version(errors, None))
    send("dead tasks", {"task": "delete_related_objects", "product_id": PRODUCT})
    (letter,) = queue(operator, "tasks")["letters"]
    assert letter["about"] == f"delete_related_objects of {PRODUCT}"
    assert letter["reason"] == "the bands keep changing"


def test_all_letters_are_sent_again_and_no_other_queue_is_touched(operator: InProcessApi) -> None:
    send("dead ingest", *(f"letter {number}" for number in range(12)))
    send("dead tasks", "stays")
    answer = operator.call("POST", "//operations/queues/ingest/redrive")
    assert answer.attributes == {"sent_again": 12, "dead_letters": 0}
    found = queue(operator, "ingest")
    assert (found["waiting"], found["dead_letters"]) == (12, 0)
    assert queue(operator, "tasks")["dead_letters"] == 1
    answer = operator.call("POST", "//operations/queues/nothing/redrive")
    assert answer.status == 404
    assert "ingest and tasks" in answer.json["errors"][0]["detail"]


def test_the_lag_is_that_of_the_oldest_change(
    operator: InProcessApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    rollups = RollupStore(settings())
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() - 1200)
    rollups.mark("acme:old", ["2024-01-01"])
    monkeypatch.setattr(time, "time", lambda: real() - 60)
    rollups.mark("acme:old", ["2024-01-02"])
    rollups.mark("acme:new", ["2024-01-02"])
    monkeypatch.undo()
    found = seen(operator)["rollups"]
    assert found["products"] == 2
    assert 1190 < found["lag_seconds"] < 1300
    assert found["oldest_change"] < ago(seconds=1190)


def test_the_mirror_lags_by_its_oldest_month(operator: InProcessApi) -> None:
    manifests = ManifestStore(settings())
    at = time.time()
    manifests.list_month("acme:a", "2024-01", Due(at - 500, at - 5))
    manifests.list_month("acme:b", "2024-01", Due(1.0, at - 100))  # its files were lost
    manifests.list_month("acme:c", "2024-01", Due(at - 9000, 0.0, at + 9))  # objects to remove
    found = seen(operator)["mirror"]
    assert found["months"] == 2
    assert 490 < found["lag_seconds"] < 600


def test_uploads_that_failed_are_told_by_reason(operator: InProcessApi) -> None:
    failed("a", "a.tif: block 12 of 40 cannot be read", ago(hours=3))
    failed("b", "other.tif: block 3 of 7 cannot be read", ago(hours=2), "other.tif")
    failed("c", "there is no product acme:hills", ago(hours=1))
    failed("old", "a.tif: block 1 of 1 cannot be read", ago(hours=25))
    UploadStore(settings()).create(
        replace(failed("d", "?", ago(hours=1)), id="e", status="success")
    )

    found = seen(operator)["failed_uploads"]
    assert found["count"] == 4
    first = found["reasons"][0]
    assert (first["count"], first["upload_id"]) == (2, "u-b")
    assert first["reason"] == "other.tif: block 3 of 7 cannot be read"
    assert {each["reason"] for each in found["reasons"][1:]} == {
        "there is no product acme:hills",
        "?",
    }


def test_an_upload_that_is_taken_up_again_has_not_failed(operator: InProcessApi) -> None:
    store = UploadStore(settings())
    stored = failed("a", "there is no product", now(), awaits_product=True)
    store.save(replace(stored, status="pending"), stored)
    assert seen(operator)["failed_uploads"]["count"] == 0
