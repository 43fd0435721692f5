"""`swath stac export --from-files`: what files tell of a collection is what the API answers."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import boto3
import pytest
from tests.api_mirror import BUCKET, mirrored_api
from tests.contract.published import Release, environment_of
from tests.exported_items import DECLARED, PRODUCT, comparable, fill, told_items
from tests.wsgi import WsgiApi

from swath.cli import main
from swath.cli._stac_declared import declared_in
from swath.cli._stac_files import untold
from swath.cli._stac_parquet import read_items
from swath_core.settings import settings
from swath_core.store.manifests import ManifestStore
from swath_dev.inprocess import InProcessApi

Run = Callable[..., tuple[int, str]]


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def api() -> Iterator[InProcessApi]:
    with mirrored_api() as running:
        fill(running)
        yield running


@pytest.fixture
def run(
    api: InProcessApi, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Run]:
    with make_server("127.0.0.1", 0, WsgiApi(api), handler_class=_Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("SWATH_URL", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("SWATH_TOKEN", api.token)
        api.headers["host"] = f"127.0.0.1:{server.server_port}"

        def command(*arguments: str) -> tuple[int, str]:
            status = main(["stac", "export", *arguments])
            return status, capsys.readouterr().err

        yield command
        server.shutdown()


READ = """
import json, sys
import pyarrow.parquet
import pystac
from stac_geoparquet.arrow import stac_table_to_items
table = pyarrow.parquet.read_table(sys.argv[1])
table = table.filter(table["geometry"].is_valid())  # the package takes no items without a box
items = map(pystac.Item.from_dict, stac_table_to_items(table))
print(json.dumps([each.to_dict(include_self_link=True, transform_hrefs=False) for each in items]))
"""


def exported(path: Path) -> dict[str, dict[str, Any]]:
    rows = list(read_items(str(path)))
    found = {each["id"]: comparable(each) for each in rows}
    assert len(found) == len(rows)
    return found


def check(
    found: dict[str, dict[str, Any]], api: InProcessApi, without: frozenset[str] = frozenset()
) -> None:
    expected = {name: each for name, each in told_items(api).items() if name not in without}
    assert found.keys() == expected.keys()
    for name, item in expected.items():
        assert found[name] == item


def test_rows_are_what_the_api_answers(run: Run, api: InProcessApi, tmp_path: Path) -> None:
    path = tmp_path / "items.parquet"
    status, err = run(PRODUCT, "--from-files", "-o", str(path))
    assert status == 0, err
    # those of a day that has changed and of months without files, and two of which the file leaves
    # something out: `long` a text, `broken` a number that is no whole one
    assert "15 items, 8 of them read from the API" in err
    check(exported(path), api)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("fault", ["gone", "other"])
def test_a_file_that_is_not_as_it_was_listed_is_made_up_for_by_the_api(
    run: Run, api: InProcessApi, tmp_path: Path, fault: str
) -> None:
    (file,) = ManifestStore(settings()).month(PRODUCT, "2020-02").manifest.files
    s3, path = boto3.client("s3"), tmp_path / "items.parquet"
    data = s3.get_object(Bucket=BUCKET, Key=file.key)["Body"].read()
    if fault == "gone":
        s3.delete_object(Bucket=BUCKET, Key=file.key)
    else:
        s3.put_object(Bucket=BUCKET, Key=file.key, Body=b"PAR1 else PAR1")
    status, err = run(PRODUCT, "--from-files", "-o", str(path))
    s3.put_object(Bucket=BUCKET, Key=file.key, Body=data)
    assert status == 0, err
    assert "15 items, 9 of them" in err
    check(exported(path), api)


def test_what_files_are_not_asked_for_is_said(run: Run, api: InProcessApi, tmp_path: Path) -> None:
    path = tmp_path / "items.parquet"
    for wrong in (
        [PRODUCT, "--from-files"],
        ["--from-files", "-o", str(path)],
        [PRODUCT, "--from-files", "-o", str(path), "--datetime", "2020-01-01T00:00:00Z"],
    ):
        status, err = run(*wrong)
        assert status == 2
        assert "--from-files" in err
    assert api.save("product", "acme:empty", name="E").status == 201
    status, err = run("acme:empty", "--from-files", "-o", str(path))
    assert (status, list(tmp_path.iterdir())) == (2, [])
    assert "no item matches" in err
    assert run("acme:none", "--from-files", "-o", str(path))[0] != 0


def test_all_other_days_are_asked_for() -> None:
    assert list(untold(set())) == [{}]
    assert list(untold({"2020-02-28", "2020-02-29", "2020-03-03"})) == [
        {"lt": "2020-02-28T00:00:00Z"},
        {"gte": "2020-03-01T00:00:00Z", "lt": "2020-03-03T00:00:00Z"},
        {"gte": "2020-03-04T00:00:00Z"},
    ]


@pytest.mark.published
def test_stac_geoparquet_makes_items_of_rows(run: Run, api: InProcessApi, tmp_path: Path) -> None:
    path = tmp_path / "items.parquet"
    assert run(PRODUCT, "--from-files", "-o", str(path))[0] == 0
    python = environment_of(Release("contract-stac.txt", "STAC"))
    done = subprocess.run(
        [python, "-c", READ, str(path)], capture_output=True, check=False, text=True
    )
    assert not done.returncode, done.stderr
    found = {each["id"]: comparable(each) for each in json.loads(done.stdout)}
    check(found, api, without=frozenset({"nowhere"}))


def test_properties_of_other_types_and_own_times_become_rows(
    run: Run, api: InProcessApi, tmp_path: Path
) -> None:
    assert api.save("product", "acme:odd", name="O").status == 201
    around = {
        "start_datetime": "2021-01-02T00:00:00Z",
        "end_datetime": "2021-01-03T00:00:00Z",
    }
    odd = {"platform": 7, "view:off_nadir": "n/a", "keywords": "none"}
    for name, properties in (
        ("wrong", {"datetime": "2021-01-02T00:00:00Z", **odd}),
        ("null", {"datetime": None, **around}),
        ("middle", {"datetime": "2021-01-02T12:00:00Z", **around}),
    ):
        item = {
            "type": "Feature",
            "stac_version": "1.1.0",
            "stac_extensions": [],
            "id": name,
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[1, 1], [2, 1], [2, 2], [1, 2], [1, 1]]],
            },
            "bbox": [1, 1, 2, 2],
            "links": [],
            "assets": {"b": {"href": "https://far.example/b.tif"}},
            "properties": properties,
        }
        answer = api.call("POST", "//stac/collections/acme:odd/items", item)
        assert answer.status == 201, answer.text
    path = tmp_path / "items.parquet"
    status, err = run("acme:odd", "--from-files", "-o", str(path))
    assert (status, "3 items, 3 of them read from the API" in err) == (0, True), err
    found = {each["id"]: each["properties"] for each in read_items(str(path))}
    assert found["wrong"].keys().isdisjoint(odd)
    begins = {name: each["datetime"] for name, each in found.items()}
    assert len(set(begins.values())) == 1, begins


def test_files_of_another_declaration_are_made_up_for_by_the_api(
    run: Run, api: InProcessApi, tmp_path: Path
) -> None:
    def declare(names: dict[str, str]) -> None:
        about = {"swath.queryables": json.dumps(names)}
        data = {"type": "product", "id": PRODUCT, "attributes": {"extra_properties": about}}
        assert api.call("PATCH", f"/products/{PRODUCT}", {"data": data}).status == 200

    path = tmp_path / "items.parquet"
    declare({**DECLARED, "gsd": "string"})
    status, err = run(PRODUCT, "--from-files", "-o", str(path))
    declare(DECLARED)
    assert (status, "15 items, 15 of them" in err) == (0, True), err
    found = {each["id"]: each["properties"] for each in read_items(str(path))}
    assert found["untyped"]["gsd"] == "10"
    assert "gsd" not in found["rich"]


@pytest.mark.parametrize(
    ("type_name", "stored", "told"),
    [
        ("number", 3, 3.0),
        ("number", True, None),
        ("number", "3", None),
        ("integer", 3.0, 3),
        ("integer", 3.5, None),
        ("integer", -(2**63) + 1, -(2**63) + 1),
        ("integer", 2**70, None),
        ("integer", False, None),
        ("string", "x" * 1000, "x" * 1000),
        ("string", "x" * 1001, None),
        ("string", 3, None),
        ("boolean", False, False),
        ("boolean", 0, None),
        ("date-time", "2020", "2020-01-01T00:00:00.000000Z"),
        ("date-time", "2020-02", "2020-02-01T00:00:00.000000Z"),
        ("date-time", "2020-02-03", "2020-02-03T00:00:00.000000Z"),
        ("date-time", "2020-02-03T04:05:06.5+02:00", "2020-02-03T02:05:06.500000Z"),
        ("date-time", "2020-W01", None),
        ("date-time", "soon", None),
        ("date-time", 2020, None),
    ],
)
def test_values_of_another_type_are_none(type_name: str, stored: object, told: object) -> None:
    (one,) = declared_in({"swath:queryables": {"x": type_name}}, set())
    found = one.of({"x": stored})
    assert (found, type(found)) == (told, type(told))


def test_a_declared_property_that_is_called_as_a_column_has_another_name() -> None:
    names = ("Platform", "swath:bytes", "gsd")
    declared = declared_in({"swath:queryables": dict.fromkeys(names, "number")}, {"platform"})
    columns = {each.name: each.column for each in declared}
    assert columns == {
        "Platform": "swath:extra_Platform",
        "swath:bytes": "swath:extra_swath:bytes",
        "gsd": "gsd",
    }
    found = {each.name: each.of({"Platform": 1, "swath:extra_Platform": 2}) for each in declared}
    assert found == {"Platform": 2, "swath:bytes": None, "gsd": None}
