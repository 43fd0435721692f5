"""The route table is what the functions answer and what the description says."""

from __future__ import annotations

import importlib
import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from swath_core.raster import parse_request
from swath_core.web.openapi import document
from swath_core.web.routes import TABLES, Route, RouteTable
from swath_dev.inprocess import InProcessApi, load_handler, running_api

CHECKED_IN = Path(__file__).parents[3] / "docs" / "openapi.json"
PARAMETERS = {
    "id": "acme:p",
    "name": "i",
    "key": "red",
    "resolution": "3",
    "field": "acquired",
    "interval": "year",
    "queue": "ingest",
    "z": "1",
    "x": "0",
    "y": "0",
    "format": "png",
}
ROWS = [
    pytest.param(table, path, route, id=f"{route.method} {path}")
    for table in TABLES
    for path, routes in table.paths().items()
    for route in routes.values()
]


@pytest.fixture(scope="module")
def functions() -> Iterator[dict[str, InProcessApi]]:
    """The functions that answer HTTP, as somebody without a token calls them."""
    with running_api() as api:
        yield {
            "api": InProcessApi(api.handler, api.issuer),
            "raster": InProcessApi(load_handler("raster"), api.issuer),
        }


def test_the_description_is_the_one_checked_in() -> None:
    """After a change of routes or definitions: python -m swath_dev.openapi > docs/openapi.json."""
    assert json.loads(CHECKED_IN.read_text()) == document()


def test_the_description_has_every_row_and_nothing_else() -> None:
    paths: dict[str, dict[str, Any]] = document()["paths"]
    operations = [(method.upper(), path) for path, item in paths.items() for method in item]
    rows = [(route.method, table.base + route.path) for table in TABLES for route in table.routes]
    assert sorted(operations) == sorted(rows)
    names = [route.name for table in TABLES for route in table.routes]
    assert len(names) == len(set(names))


def test_what_the_description_refers_to_is_in_it() -> None:
    text = json.dumps(document())
    schemas = document()["components"]["schemas"]
    assert set(re.findall(r'"#/components/schemas/(\w+)"', text)) <= set(schemas)


@pytest.mark.parametrize(("table", "path", "route"), ROWS)
def test_a_function_answers_each_of_its_rows(
    functions: dict[str, InProcessApi], table: RouteTable, path: str, route: Route
) -> None:
    """Nobody gets anything without a token, but what is public."""
    for name, api in functions.items():
        absolute = "/" + path.format_map(PARAMETERS)
        answer = api.call(route.method, absolute, {} if route.request else None)
        if name == table.function:
            assert answer.status == (200 if route.public else 401)
        elif route.method != "HEAD":
            assert answer.status == 401  # what a function does not serve needs a token, too


@pytest.mark.parametrize(("table", "path", "route"), ROWS)
def test_a_row_names_a_function_that_takes_its_parameters(
    functions: dict[str, InProcessApi], table: RouteTable, path: str, route: Route
) -> None:
    module, _, name = route.target.partition(":")
    function = getattr(importlib.import_module(f"{table.package}.{module}"), name)
    request, *parameters = inspect.signature(function).parameters
    assert request in {"request", "_"}
    assert parameters == re.findall(r"{(\w+)}", path)


def test_a_path_offers_the_methods_of_its_rows_and_no_others(
    functions: dict[str, InProcessApi],
) -> None:
    for table in TABLES:
        issuer = functions[table.function].issuer
        api = InProcessApi(functions[table.function].handler, issuer, issuer.token())
        for path, routes in table.paths().items():
            offered = table.offered(routes)
            for method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} - set(offered):
                answer = api.call(method, "/" + path.format_map(PARAMETERS))
                assert answer.status == 405, (method, path)
                assert answer.headers["allow"] == ", ".join(sorted(offered))


@pytest.mark.parametrize("address", ["/images/acme:p:i/tiles/1/0/0.png", "/images/a/preview.png"])
def test_a_ticket_is_looked_at_only_where_its_row_says_so(
    functions: dict[str, InProcessApi], address: str
) -> None:
    raster = functions["raster"]
    answer = raster.call("GET", f"//raster/v2{address}?token=none")
    assert answer.status == 401
    assert "token in the address" in answer.json["errors"][0]["detail"]
    answer = raster.call("POST", "//raster/v2/npz?token=none", {})
    assert answer.status == 401
    assert "token in the address" not in answer.json["errors"][0]["detail"]


def test_the_described_array_request_is_what_the_raster_package_reads() -> None:
    members = document()["components"]["schemas"]["RasterRequest"]["properties"]
    source = inspect.getsource(inspect.getmodule(parse_request) or parse_request)
    read = set(re.findall(r'body(?:\.get\(|, )"(\w+)"', source))
    assert set(members) == read
