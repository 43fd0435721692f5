"""`swath stac import` and `export`, against the real handler behind a socket."""

from __future__ import annotations

import copy
import json
import os
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from wsgiref.simple_server import WSGIRequestHandler, make_server

import arro3.io as parquet
import pytest
from arro3 import core
from tests import stac_items
from tests.wsgi import WsgiApi

from swath.cli import main
from swath.cli._stac import bands_of
from swath_dev.inprocess import InProcessApi, running_api

Run = Callable[..., tuple[int, str, str]]


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def api() -> Iterator[InProcessApi]:
    with running_api() as running:
        yield running


@pytest.fixture
def run(
    api: InProcessApi, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Run]:
    api.empty()
    with make_server("127.0.0.1", 0, WsgiApi(api), handler_class=_Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setenv("SWATH_URL", address)
        monkeypatch.setenv("SWATH_TOKEN", api.token)

        def command(*arguments: str) -> tuple[int, str, str]:
            status = main(arguments)
            out = capsys.readouterr()
            return status, out.out, out.err

        yield command
        server.shutdown()


def items(number: int) -> list[dict[str, Any]]:
    made = []
    for n in range(number):
        item = copy.deepcopy(stac_items.LANDSAT)
        made.append({**item, "id": f"i{n:02}", "collection": "acme:far"})
    return made


COLLECTION = {
    "type": "Collection",
    "stac_version": "1.1.0",
    "id": "acme:far",
    "title": "Far away",
    "description": "Elsewhere.",
    "license": "CC0-1.0",
    "extent": {"spatial": {"bbox": [[0, 0, 1, 1]]}, "temporal": {"interval": [[None, None]]}},
    "item_assets": {
        "red": {
            "roles": ["data"],
            "title": "Red",
            "bands": [
                {"data_type": "uint16", "eo:common_name": "red", "eo:center_wavelength": 0.65}
            ],
        },
        "nir": {"roles": ["data"], "raster:bands": [{"data_type": "float32", "nodata": -1}]},
        "odd": {"roles": ["data"]},
        "scl": {"roles": ["data"], "raster:bands": [{"data_type": "uint8"}]},
    },
    "links": [{"rel": "items", "href": "./far/items"}],
}


@pytest.fixture
def public() -> Iterator[str]:
    """A STAC API of somebody else's: a collection, and pages of items linked by POST and GET."""
    features = items(7)
    features[0]["assets"]["red"]["href"] = "./red.tif"

    class Api(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            if "/items" not in self.path:
                self.answer(COLLECTION)
            else:
                self.page(int(query.get("at", ["0"])[0]))

        def do_POST(self) -> None:
            size = int(self.headers["Content-Length"])
            self.page(json.loads(self.rfile.read(size))["at"])

        def page(self, at: int) -> None:
            assert "Authorization" not in self.headers
            links: list[dict[str, Any]] = []
            if at + 3 < len(features):
                get = {"rel": "next", "href": f"items?at={at + 3}"}
                post = {"rel": "next", "href": "items", "method": "POST", "body": {"at": at + 3}}
                links = [get if at == 0 else post]
            found = {"type": "FeatureCollection", "features": features[at : at + 3]}
            self.answer({**found, "links": links})

        def answer(self, body: dict[str, Any]) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Api) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/collections/far"
        server.shutdown()


def numbers(out: str) -> dict[str, Any]:
    (found,) = json.loads(out)
    return {name: value for name, value in found.items() if value}


def test_what_is_no_item_is_told_and_the_others_are_saved(run: Run, tmp_path: Path) -> None:
    """A line may hold what other line separators than newlines are: they are text in JSON."""
    one, two = items(2)
    one["properties"]["title"] = "one\u2028line\x85"
    others = [5, {"type": "Feature"}, {**two, "id": 7}, {**two, "links": "none"}, two, one]
    told = [json.dumps(each, ensure_ascii=False) for each in (one, *others)]
    path, report = tmp_path / "items.ndjson", tmp_path / "report.ndjson"
    path.write_text("\n".join([told[0], "no JSON", "", *told[1:]]), encoding="utf-8")
    asked = ("stac", "import", str(path), "--product", "far", "--json")
    status, _, err = run(*asked, "--report", str(report))
    assert status == 1, err
    lines = map(json.loads, report.read_text().splitlines())
    assert sorted((each["id"], each["result"]) for each in lines) == [
        *(("i00", "existing"), ("i00", "saved"), ("i01", "refused"), ("i01", "saved")),
        *((f"line {number}", "refused") for number in (2, 4, 5, 6)),
    ]
    status, out, _ = run(*asked)
    assert numbers(out) == {"product": "acme:far", "existing": 4, "refused": 4}
    empty = tmp_path / "empty.ndjson"
    empty.write_text("no JSON")
    status, _, err = run("stac", "import", str(empty), "--product", "nothing")
    assert status != 0
    assert "line 1: it is not JSON" in err


def test_a_collection_of_elsewhere_is_imported_with_its_bands(
    run: Run, api: InProcessApi, public: str
) -> None:
    status, out, err = run("stac", "import", public, "--chunk", "3", "--json")
    assert status == 0, err
    assert numbers(out) == {"product": "acme:far", "saved": 7}
    product = api.call("GET", "/products/acme:far").attributes
    assert product["name"] == "Far away"
    bands = {each["attributes"]["name"]: each["attributes"] for each in api.find("bands").data}
    assert set(bands) == {"red", "nir"}
    assert bands["red"]["wavelength_nm_center"] == 650
    assert (bands["nir"]["data_type"], bands["nir"]["file_index"]) == ("Float32", 1)
    first = api.call("GET", "//stac/collections/acme:far/items/i00").json
    assert first["assets"]["red"]["href"] == f"{public}/red.tif"
    assert api.call("GET", "/images/acme:far:i00").attributes["storage_state"] == "remote"
    status, out, _ = run("stac", "import", public, "--json")
    assert (status, numbers(out)) == (0, {"product": "acme:far", "existing": 7})


def test_files_are_imported_and_each_item_reported(
    run: Run, api: InProcessApi, tmp_path: Path
) -> None:
    api.save("product", "acme:p", name="P")
    good, source, report = items(3), tmp_path / "items.ndjson", tmp_path / "report.ndjson"
    wrong = {**good[0], "id": "odd", "geometry": {"type": "Point", "coordinates": [1, 2]}}
    source.write_text("\n".join(map(json.dumps, [good[0], wrong, good[1]])))
    given = ("stac", "import", str(source), "--product", "acme:p", "--report", str(report))
    status, out, _ = run(*given, "--json")
    assert status == 1
    assert numbers(out) == {"product": "acme:p", "saved": 2, "refused": 1}
    told = {each["id"]: each for each in map(json.loads, report.read_text().splitlines())}
    assert [told[name]["result"] for name in ("i00", "odd", "i01")] == ["saved", "refused", "saved"]
    assert "footprint" in told["odd"]["reason"]
    good[1]["properties"]["gsd"] = 15
    whole = {"type": "FeatureCollection", "features": good}
    source.write_text(json.dumps(whole))
    status, out, err = run(
        "stac", "import", str(source), "--product", "acme:p", "--update", "--json"
    )
    assert numbers(out) == {"product": "acme:p", "saved": 1, "updated": 2}, err
    assert api.call("GET", "//stac/collections/acme:p/items/i01").json["properties"]["gsd"] == 15


def test_what_is_exported_is_what_came(run: Run, api: InProcessApi, tmp_path: Path) -> None:
    source, target = tmp_path / "in.ndjson", tmp_path / "out.ndjson"
    api.save("product", "acme:far", name="F")
    source.write_text("\n".join(map(json.dumps, items(4))))
    assert run("stac", "import", str(source), "--limit", "3")[0] == 0
    status, _, err = run("stac", "export", "acme:far", "-o", str(target))
    assert (status, err) == (0, "3 items\n")
    exported = {each["id"]: each for each in map(json.loads, target.read_text().splitlines())}
    for item in items(3):
        assert exported[item["id"]]["assets"] == item["assets"]
        assert exported[item["id"]]["properties"].items() >= item["properties"].items()
    status, out, _ = run("stac", "export", "--ids", "i01", "--datetime", "../2030-01-01T00:00:00Z")
    assert [json.loads(line)["id"] for line in out.splitlines()] == ["i01"]
    query = '{"eo:cloud_cover": {"gt": 50}}'
    assert (
        run("stac", "export", "acme:far", "--query", query, "--bbox", "9", "47", "12", "49")[1]
        == ""
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [("{", 2), ("5", 2), ('{"type": "Fish"}\n', 2), ('{"id": "i", "type": "Fish"}', 1)],
)
def test_what_is_no_item_is_said(
    run: Run, api: InProcessApi, tmp_path: Path, text: str, code: int
) -> None:
    api.save("product", "acme:p", name="P")
    source = tmp_path / "in.json"
    source.write_text(text)
    status, out, err = run("stac", "import", str(source), "--product", "acme:p")
    assert status == code
    assert err or out


def test_items_of_the_catalog_itself_are_read_with_the_token_and_saved_under_a_name_alone(
    run: Run, api: InProcessApi, public: str
) -> None:
    assert run("stac", "import", public)[0] == 0
    own = f"{os.environ['SWATH_URL']}/stac/collections/acme:far/items"
    status, out, err = run("stac", "import", own, "--product", "copy", "--json")
    assert status == 0, err
    assert numbers(out) == {"product": "acme:copy", "saved": 7}
    status, out, err = run("stac", "import", own, "--product", "copy", "--json")
    assert (status, numbers(out)) == (0, {"product": "acme:copy", "existing": 7}), err


def test_bands_that_share_an_asset_are_made_in_its_order() -> None:
    told = [{"name": name, "data_type": "uint16"} for name in ("blue", "green")]
    told[1]["eo:common_name"] = "green"
    mask = {"roles": ["data"], "data_type": "uint8", "bands": [{}]}
    collection = {"item_assets": {"image": {"roles": ["data"], "bands": told}, "mask": mask}}
    found = [
        (each["name"], each["data_type"], each["file_index"], each["band_index"])
        for each in bands_of(collection, "acme:far")
    ]
    assert found == [("blue", "UInt16", 0, 0), ("green", "UInt16", 0, 1), ("mask", "Byte", 1, 0)]


def test_parquet_brings_items_there_and_back(run: Run, api: InProcessApi, tmp_path: Path) -> None:
    sent = [*items(2), {**copy.deepcopy(stac_items.SAR), "collection": "acme:far"}]
    sent.append({**copy.deepcopy(stac_items.MODEL), "collection": "acme:far", "geometry": None})
    sent[-1].pop("bbox", None)
    lines = tmp_path / "items.ndjson"
    lines.write_text("\n".join(map(json.dumps, sent)))
    assert run("stac", "import", str(lines), "--product", "acme:far")[0] == 0
    out = tmp_path / "items.parquet"
    status, _, err = run("stac", "export", "acme:far", "-o", str(out))
    assert status == 0
    assert "4 items" in err

    again = run("stac", "import", str(out), "--product", "acme:again", "--json")
    assert again[0] == 0, again[2]
    assert numbers(again[1]) == {"product": "acme:again", "saved": 4}
    for item in sent:
        first, second = (
            api.call("GET", f"//stac/collections/{product}/items/{item['id']}").json
            for product in ("acme:far", "acme:again")
        )
        assert comparable(second) == comparable(first)
    # sent again, nothing is done twice
    assert numbers(run("stac", "import", str(out), "--product", "acme:again", "--json")[1]) == {
        "product": "acme:again",
        "existing": 4,
    }


def comparable(item: Any) -> Any:
    """Return an item as far as rows hold it: no nulls, empty lists or objects."""
    if isinstance(item, dict):
        foreign = {
            name: each
            for name, each in item.items()
            if name not in {"collection", "created", "updated"}
        }
        if "links" in foreign:
            own = {"self", "root", "parent", "collection"}
            foreign["links"] = [each for each in foreign["links"] if each["rel"] not in own]
        found = {name: comparable(each) for name, each in foreign.items()}
        return {name: each for name, each in found.items() if each not in (None, [], {})}
    if isinstance(item, list | tuple):
        return [comparable(each) for each in item]
    if isinstance(item, int | float) and not isinstance(item, bool):
        return float(item)
    try:
        return datetime.fromisoformat(item) if isinstance(item, str) else item
    except ValueError:
        return item


def test_what_is_no_parquet_of_items_is_said(run: Run, api: InProcessApi, tmp_path: Path) -> None:
    api.save("product", "acme:far", name="Far")
    lines = tmp_path / "text.parquet"
    lines.write_text("no parquet")
    status, _, err = run("stac", "import", str(lines), "--product", "acme:far")
    assert status == 2
    assert "is no Parquet file" in err
    assert run("stac", "import", str(tmp_path / "none.parquet"), "--product", "acme:far")[0] != 0
    table = core.Table({"id": core.Array(["a"], type=core.DataType.string())})
    parquet.write_parquet(table, str(lines))
    status, _, err = run("stac", "import", str(lines), "--product", "acme:far")
    assert status == 2
    assert "lacks a column" in err
    out = tmp_path / "out.parquet"
    status, _, err = run("stac", "export", "acme:far", "-o", str(out))
    assert (status, out.exists()) == (2, False)
    assert "no item matches" in err


def test_a_property_of_several_types_fits_no_table(
    run: Run, api: InProcessApi, tmp_path: Path
) -> None:
    mixed = items(2)
    mixed[0]["properties"]["odd"], mixed[1]["properties"]["odd"] = ["a"], {"b": 1}
    lines = tmp_path / "items.ndjson"
    lines.write_text("\n".join(map(json.dumps, mixed)))
    assert run("stac", "import", str(lines), "--product", "acme:far")[0] == 0
    status, _, err = run("stac", "export", "acme:far", "-o", str(tmp_path / "out.parquet"))
    assert status == 2
    assert "several types" in err
