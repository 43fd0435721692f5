"""The samples in events/: one per trigger, each as its function receives it."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from swath_core import settings as settings_module
from swath_core.store import bus

ROOT = Path(__file__).resolve().parents[2]
Load = Callable[[str], ModuleType]


class Context:
    """What Lambda tells of an invocation."""

    function_name = "swath"
    memory_limit_in_mb = 1024
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:swath"
    aws_request_id = "6f8c9d3e-0a51-4c6c-8a77-0c3f0a0f5a11"

    def get_remaining_time_in_millis(self) -> int:
        return 300_000


def sample(name: str) -> dict[str, Any]:
    return dict(json.loads((ROOT / "events" / name).read_text()))


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Iterator[Load]:
    """Load a function's handler as Lambda does: its folder first on the path."""
    for name in ("ISSUER", "AUDIENCE"):
        monkeypatch.setenv(f"SWATH_{name}", "https://issuer.example")
    monkeypatch.setenv("SWATH_TRUSTED_KEYS", '{"keys": []}')
    settings_module.settings.cache_clear()

    def handler(function: str) -> ModuleType:
        folder = ROOT / "functions" / function
        monkeypatch.syspath_prepend(str(folder))
        spec = importlib.util.spec_from_file_location(f"{function}_handler", folder / "handler.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, spec.name, module)
        spec.loader.exec_module(module)
        return module

    yield handler
    settings_module.settings.cache_clear()


@pytest.mark.parametrize(
    ("event", "function"), [("http-api.json", "api"), ("function-url.json", "raster")]
)
def test_requests_are_answered_in_the_contracts_form(load: Load, event: str, function: str) -> None:
    answer = load(function).lambda_handler(sample(event), Context())

    assert answer["statusCode"] == 401  # the sample's token is none
    (error,) = json.loads(answer["body"])["errors"]
    assert error["status"] == "401"


def test_the_schedule_runs_the_rollup(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    rollup = load("rollup")
    monkeypatch.setattr(rollup, "scheduled", lambda: {"recounted": 3})

    assert rollup.lambda_handler(sample("schedule.json"), Context()) == {"recounted": 3}


def test_a_task_reaches_what_does_it(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    rollup = load("rollup")
    products = []
    monkeypatch.setattr(rollup, "run_task", lambda _, product, __: products.append(product))

    answer = rollup.lambda_handler(sample("task.json"), Context())

    assert answer == {"batchItemFailures": []}
    assert products == ["acme:weather"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("image-available.json", bus.IMAGE_AVAILABLE),
        ("image-deleted.json", bus.IMAGE_DELETED),
        ("upload-failed.json", bus.UPLOAD_FAILED),
    ],
)
def test_events_out_are_as_documented(name: str, kind: str) -> None:
    event = sample(name)

    assert (event["source"], event["detail-type"]) == (bus.SOURCE, kind)
    (row,) = [
        line
        for line in (ROOT / "docs" / "ingest.md").read_text().splitlines()
        if line.startswith(f"| `{kind}` |")
    ]
    assert not [field for field in event["detail"] if f"`{field}`" not in row]


def test_every_sample_is_used_by_a_test() -> None:
    texts = [path.read_text() for path in (ROOT / "tests").rglob("*.py")]

    unused = {
        sample.name
        for sample in (ROOT / "events").glob("*.json")
        if not any(sample.name in text for text in texts)
    }
    assert unused == set()
