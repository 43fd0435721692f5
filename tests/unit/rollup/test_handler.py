import importlib.util
import json
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest import mock

import pytest

from swath_core.catalog import Expired
from swath_core.ingest import Swept
from swath_core.mirror import MirrorReport
from swath_core.summaries import RollupReport

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "swath")
    path = ROOT / "functions" / "rollup" / "handler.py"
    spec = importlib.util.spec_from_file_location("rollup_handler", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "complete_directory", lambda _: True)
    monkeypatch.setattr(module, "settings", lambda: None)
    monkeypatch.setattr(module, "scheduled_mirror", lambda *_, **__: MirrorReport())
    return module


def context(milliseconds: int = 300_000) -> SimpleNamespace:
    return SimpleNamespace(get_remaining_time_in_millis=lambda: milliseconds)


def message(body: Any) -> dict[str, Any]:
    return {
        "messageId": "m1",
        "receiptHandle": "r",
        "body": json.dumps(body),
        "attributes": {},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:1:tasks",
        "awsRegion": "us-east-1",
    }


def test_the_schedule_keeps_rollups_and_uploads(
    handler: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    event = json.loads((ROOT / "events" / "schedule.json").read_text())
    report = RollupReport(recounted=3, lag_seconds=12.5, audited=2, drifted=["acme:p 2020-01-01"])
    with (
        mock.patch.object(handler, "scheduled_rollup", return_value=report) as rolled,
        mock.patch.object(handler, "sweep", return_value=Swept(1, 1, 0, awaited=4)),
        mock.patch.object(handler, "expire_images", return_value=Expired(7, problems=["i: why"])),
        mock.patch.object(handler, "schedule_context"),
        mock.patch.object(handler.logger, "error") as complained,
    ):
        mirrored = MirrorReport(1, 5, 400, lost=["acme:p 2020-01"], drifted=["acme:p 2020-02-01"])
        handler.scheduled_mirror = mock.Mock(return_value=mirrored)  # type: ignore[attr-defined]
        completed = mock.Mock(return_value=False)
        handler.complete_directory = completed  # type: ignore[attr-defined]
        done = handler.lambda_handler(event, context())
    assert completed.call_count == 1
    assert rolled.call_args.kwargs == {"seconds": 45}
    assert done["recounted"] == 3
    assert done["expired_uploads"] == 1
    assert (done["mirrored_months"], done["mirrored_images"]) == (1, 5)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (metrics,) = [line for line in lines if "_aws" in line]
    assert metrics["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Swath"
    assert metrics["service"] == "swath"
    assert metrics["RollupLagSeconds"] == [12.5]
    assert metrics["BucketsRecounted"] == [3.0]
    assert metrics["RollupDrift"] == [1.0]
    assert metrics["AwaitedProducts"] == [4.0]
    assert metrics["ImagesExpired"] == [7.0]
    assert metrics["SweepProblems"] == [1.0]
    assert (metrics["MirroredBytes"], metrics["MirrorDrift"]) == ([400.0], [2.0])
    assert [call.kwargs for call in complained.call_args_list] == [
        {"buckets": ["acme:p 2020-01-01"]},
        {"days": ["acme:p 2020-02-01"]},
        {"months": ["acme:p 2020-01"]},
        {"problems": ["i: why"]},
    ]


def test_failures_are_raised_when_all_else_is_done(handler: ModuleType) -> None:
    report = RollupReport(failures=[ValueError("broken")])
    with (
        mock.patch.object(handler, "scheduled_rollup", return_value=report),
        mock.patch.object(handler, "sweep", return_value=Swept(0, 0, 0)) as swept,
        mock.patch.object(handler, "expire_images", return_value=Expired()),
        mock.patch.object(handler, "schedule_context"),
        pytest.raises(ExceptionGroup, match="could not be recounted"),
    ):
        handler.lambda_handler({}, context())
    assert swept.called


def test_a_month_that_cannot_be_mirrored_is_raised_at_the_end(handler: ModuleType) -> None:
    failed = MirrorReport(failures=[ValueError("broken")])
    handler.scheduled_mirror = mock.Mock(return_value=failed)  # type: ignore[attr-defined]
    with (
        mock.patch.object(handler, "scheduled_rollup", return_value=RollupReport()),
        mock.patch.object(handler, "sweep", return_value=Swept(0, 0, 0)),
        mock.patch.object(handler, "expire_images", return_value=Expired()),
        mock.patch.object(handler, "schedule_context"),
        pytest.raises(ExceptionGroup, match="mirrored") as raised,
    ):
        handler.lambda_handler({}, context())
    assert raised.value.exceptions == (failed.failures[0],)


def test_a_task_is_run_with_the_time_there_is(handler: ModuleType) -> None:
    task = {"task": "delete_related_objects", "product_id": "acme:p"}
    with mock.patch.object(handler, "run_task") as ran:
        answer = handler.lambda_handler({"Records": [message(task)]}, context(90_000))
    assert answer == {"batchItemFailures": []}
    _, product_id, remaining = ran.call_args.args
    assert product_id == "acme:p"
    assert remaining() == 90.0


def test_a_message_that_cannot_be_run_goes_back_alone(handler: ModuleType) -> None:
    good = message({"task": "delete_related_objects", "product_id": "acme:p"})
    bad = message({"task": "paint"}) | {"messageId": "m2"}
    with mock.patch.object(handler, "run_task"):
        answer = handler.lambda_handler({"Records": [good, bad]}, context())
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m2"}]}
