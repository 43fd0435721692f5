"""The same program on this client and on `descarteslabs` 3.2.2: the same requests, in meaning."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
from tests.client.conftest import token
from tests.client.fake import FakeCatalog, Seen, running, stream
from tests.contract.published import DESCARTESLABS, environment_of

from swath.catalog._times import format_time, parse_time

PROGRAM = Path(__file__).parent / "differential" / "program.py"
CASES = int(os.environ.get("SWATH_EXAMPLES", "300"))
TIME = re.compile(r"\d{4}-\d\d(-\d\d([T ].*)?)?")
HEX = re.compile(r"[0-9a-f]{32}")
META = {
    "geoTransform": [0, 1, 0, 0, 0, -1],
    "coordinateSystem": {"proj4": "", "wkt": "", "epsg": 32615},
    "bands": [],
}


def prepare(fake: FakeCatalog) -> None:
    created = {"created": "2020-01-01T00:00:00Z", "modified": "2020-01-01T00:00:00Z"}
    fake.objects["products"]["acme:p"] = {"name": "P", **created}
    kinds = {"blue": "spectral", "red": "spectral", "alpha": "mask", "cls": "class"}
    for order, (name, kind) in enumerate(kinds.items()):
        ranges = {"data_range": [0, 10000], "display_range": [0, 4000]}
        fake.objects["bands"][f"acme:p:{name}"] = {
            "name": name, "product_id": "acme:p", "type": kind, "data_type": "UInt16",
            "sort_order": order, **ranges, **created,
        }  # fmt: skip
    fake.objects["bands"]["acme:p:red"]["physical_range"] = [0, 1]
    for name in ("i1", "i2"):
        fake.objects["images"][f"acme:p:{name}"] = {
            "name": name, "product_id": "acme:p", "cs_code": "EPSG:32615", "x_pixels": 4,
            "y_pixels": 5, "geotrans": [100.0, 10.0, 0.0, 200.0, 0.0, -10.0],
            "acquired": "2020-01-01T00:00:00Z", **created,
            "geometry": {
                "type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]],
            },
        }  # fmt: skip

    def pixels(request: dict[str, Any]) -> bytes:
        count = len(request["bands"]) - bool(request.get("drop_alpha"))
        data = np.zeros((count, 5, 4), np.uint16)
        return stream(data, np.zeros(data.shape, bool), META)

    fake.raster = pixels


def run(python: str, catalog: str, geo: str) -> list[tuple[str, str, list[Any]]]:
    """(case, outcome, requests in meaning) of every case."""
    with running() as fake:
        prepare(fake)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": "/nonexistent",
            "CASES": str(CASES),
            "PYTHONWARNINGS": "ignore",
            "PYTHONPATH": os.pathsep.join(sys.path) if catalog.startswith("swath") else "",
            "SWATH_URL": fake.url,
            "SWATH_TOKEN": token(),
            "DESCARTESLABS_TOKEN": token(),
            "DESCARTESLABS_CATALOG_V2_URL": f"{fake.url}/catalog/v2",
            "DESCARTESLABS_RASTER_URL": f"{fake.url}/raster/v2",
        }
        process = subprocess.Popen(
            [python, str(PROGRAM), catalog, geo],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        found, start = [], 0
        for line in process.stdout:
            _, case, outcome = json.loads(line)
            found.append((case, outcome, meaning(fake.seen[start:])))
            start = len(fake.seen)
            process.stdin.write("\n")
            process.stdin.flush()
        process.stdin.close()
        process.stdout.close()
        assert process.wait(10) == 0
        return found


def meaning(seen: list[Seen]) -> list[Any]:
    """Requests without what differs by nature: order of attributes, names of temporary files.

    Product reads and band listings are left out: the clients keep them for different times.
    """
    requests = []
    for request in seen:
        path, method = unquote(request.path), request.method
        path = re.sub(r"/signed/[0-9a-f]+/", "/signed/", path)
        path = re.sub(r"uploads_v2/[0-9a-f]{32}", "uploads_v2/ID", path)
        if method == "GET" and path in {"/catalog/v2/products/acme:p", "/catalog/v2/uploads_v2/ID"}:
            continue
        body = plain(content(request.raw) if request.raw else request.body)
        while isinstance(body, dict) and body.get("scales") and body["scales"][-1] is None:
            body["scales"].pop()  # a band without a scale, said or left out
        if isinstance(body, dict):
            body["scales"] = body.get("scales") or None
        if isinstance(body, dict) and body.get("limit") == 0:
            body.pop("include", None)  # a count returns no objects to include anything with
        if path.endswith("/bands") and method == "PUT" and is_band_listing(body):
            continue
        requests.append([method, path, request.query, body])
    # files travel at the same time: their order means nothing
    puts = sorted((each for each in requests if "/signed/" in each[1]), key=lambda each: each[1])
    return [puts.pop(0) if "/signed/" in each[1] else each for each in requests]


def content(raw: bytes) -> Any:
    if not raw.startswith(b"\x93NUMPY"):
        return hashlib.sha256(raw).hexdigest()
    array = np.load(io.BytesIO(raw), allow_pickle=False)
    return [str(array.dtype), array.shape, array.tolist()]


def is_band_listing(body: Any) -> bool:
    return set(body) - {"scales"} == {"filter", "include"} and len(body["filter"]) == 1


def plain(value: Any, name: str = "") -> Any:
    """JSON strings decoded, times in UTC, all numbers floats, conjunctions flat."""
    if isinstance(value, dict):
        if name == "data" and "type" in value:
            value = {k: "ID" if HEX.fullmatch(str(v)) else v for k, v in value.items()}
        return {
            key: plain(json.loads(item), key)
            if key in {"filter", "intersects", "shape"} and isinstance(item, str)
            else plain(item, key)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        items = [plain(item) for item in value]
        if name == "image_files":
            return len(items)
        return (
            [part for item in items for part in flat(item)] if name in {"and", "filter"} else items
        )
    if isinstance(value, str) and TIME.fullmatch(value):
        return format_time(parse_time(value))
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def flat(item: Any) -> list[Any]:
    return item["and"] if isinstance(item, dict) and set(item) == {"and"} else [item]


@pytest.mark.published
def test_both_clients_send_the_same() -> None:
    ours = run(sys.executable, "swath.catalog", "swath.geo")
    theirs = run(str(environment_of(DESCARTESLABS)), "descarteslabs.catalog", "descarteslabs.geo")
    assert len(ours) == len(theirs) == CASES
    different = []
    for number, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
        if mine[1] != other[1] or mine[2] != other[2]:
            different.append(explain(number, mine, other))
    assert not different, f"{len(different)} of {CASES} differ\n" + "\n".join(different[:10])
    assert {outcome for _, outcome, _ in ours} == {"done"}


def explain(
    number: int, mine: tuple[str, str, list[Any]], other: tuple[str, str, list[Any]]
) -> str:
    pairs = zip(mine[2], other[2], strict=False)
    first = next(((a, b) for a, b in pairs if a != b), (len(mine[2]), len(other[2])))
    return (
        f"case {number} {mine[0]}: {mine[1]} / {other[1]}\n  ours   {first[0]}\n  theirs {first[1]}"
    )
