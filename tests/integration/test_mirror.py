"""The deployed schedule writes the mirror's files; engines read them as the docs say."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import requests
from tests.contract.published import Release, environment_of
from tests.summary_stack import tables_of

from swath_core.store.manifests import ManifestStore
from swath_core.store.mirrored_months import Due
from swath_core.store.rollups import RollupStore
from swath_core.summaries import LiveCounter, Rollup
from swath_dev.api import Api
from swath_dev.cloud import Deployed, LocalCloud

pytestmark = pytest.mark.stack

PAGE = Path(__file__).parents[2] / "docs" / "analytics.md"
MONTH = "2019-05"


def _image(product: str, number: int) -> dict[str, Any]:
    x = 10 + number * 5
    ring = [[x, 46], [x + 0.5, 46], [x + 0.5, 46.5], [x, 46.5], [x, 46]]
    return {
        "name": f"i{number}",
        "product_id": product,
        "acquired": f"{MONTH}-{number + 1:02}T10:00:00.250000Z",
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "cloud_fraction": number / 10,
        "storage_state": "remote",
    }


def _download(stack: Deployed, bucket: str, prefix: str, folder: Path) -> None:
    s3 = stack.cloud.session.client("s3")
    for found in s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]:
        target = folder / found["Key"]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read())


def test_the_schedule_writes_files_that_engines_read(
    stack: Deployed, cloud: LocalCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = Api(stack.api_url, cloud.token(org=f"org{time.time_ns():x}"))
    body = {"data": {"type": "product", "id": "m", "attributes": {"name": "M"}}}
    product = str(api.call("POST", "/products", body)["data"]["id"])
    given = [_image(product, number) for number in range(4)]
    items = [{"type": "image", "id": f"{product}:{i['name']}", "attributes": i} for i in given]
    api.call("POST", "/images/bulk", {"data": items})
    with tables_of(stack) as tables:
        store, manifests = RollupStore(tables.settings), ManifestStore(tables.settings)
        later = Rollup(store, LiveCounter(tables.postings), clock=lambda: time.time() + 500)
        assert later.run(60).finished
        manifests.list_month(product, MONTH, Due(1.0, 1.0))  # as if that was long ago
        until = time.monotonic() + 60
        manifest = manifests.month(product, MONTH).manifest
        while not manifest.files and time.monotonic() < until:
            schedule = {"FunctionName": stack.outputs["RollupFunction"], "Payload": b"{}"}
            cloud.session.client("lambda").invoke(**schedule)
            manifest = manifests.month(product, MONTH).manifest
    assert len(manifest.clean) == 31
    assert [file.rows for file in manifest.files] == [4]
    _check_answers(api, product)
    _check_assets(stack, api, cloud, product)
    prefix = f"mirror/v1/product={product}/"
    _download(stack, stack.outputs["MirrorBucket"], prefix, tmp_path)
    monkeypatch.chdir(tmp_path)
    told: dict[str, Any] = {}
    exec(_shown("duckdb"), told)  # noqa: S102 - what the page shows
    assert told["by_month"].fetchall() == [(product, MONTH, 4, 15.0)]
    assert told["here"].fetchall() == [(f"{product}:i0",)]
    assert _in_geopandas(told["files"]) == {"zones": [4, 32, 33, 34, 35], "touching": ["i0"]}


def _check_answers(api: Api, product: str) -> None:
    """Ask the deployed API, which reads the files: a count, a page, and a histogram."""
    given = [{"op": "eq", "name": "product_id", "val": product}]
    cloudy = {"op": "gte", "name": "cloud_fraction", "val": 0.2}
    asked = {"filter": json.dumps([*given, cloudy]), "limit": 0, "explain": True}
    told = api.call("PUT", "/images", asked)["meta"]["explain"]
    (plan,) = told["plan"]["products"]
    assert (plan["index"], plan["files"], told["count"]) == ("mirror", 1, 2)
    page = {"filter": json.dumps(given), "sort": "-cloud_fraction", "limit": 2}
    found = [each["id"] for each in api.call("PUT", "/images", page)["data"]]
    assert found == [f"{product}:i3", f"{product}:i2"]


def _check_assets(stack: Deployed, api: Api, cloud: LocalCloud, product: str) -> None:
    """Ask for the collection: who may read it gets its files, nobody else."""
    address, key = f"{stack.api_url}/stac/collections/{product}", f"geoparquet-{MONTH}"
    mine = {"Authorization": f"Bearer {api.token}"}
    stranger = {"Authorization": f"Bearer {cloud.token('others', 'stranger')}"}

    def get(url: str, headers: dict[str, str], method: str = "GET") -> requests.Response:
        return requests.request(method, url, headers=headers, timeout=60, allow_redirects=False)

    ours = get(address, mine).json()["assets"][key]
    assert ours["href"] == f"{address}/assets/{key}"
    signed = get(f"{address}?sign=true", mine).json()["assets"][key]["href"]
    for way in (signed, get(ours["href"], mine).headers["Location"]):
        data = requests.get(way, timeout=60).content  # which takes no token
        assert len(data) == ours["file:size"]
        assert ours["file:checksum"] == f"1220{hashlib.sha256(data).hexdigest()}"
    assert len(ours["swath:days"]) == 31
    for url in (address, f"{address}?sign=true", ours["href"]):
        assert get(url, stranger).status_code == 404
        assert get(url, {}).status_code == 401
        head = get(url, mine, "HEAD")
        assert (head.status_code, head.content) == (get(url, mine).status_code, b"")


def _shown(package: str) -> str:
    """Return the page's Python that imports a package."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (code,) = (each for each in blocks if f"import {package}\n" in each)
    return str(code)


def _in_geopandas(files: list[str]) -> Any:
    """Run the page's GeoPandas where that is installed, and return what it found."""
    told = (
        'found = {"zones": [len(frame), *map(int, by_zone.index)], '
        '"touching": [each.rpartition(":")[2] for each in touching]}\nprint(json.dumps(found))'
    )
    code = f"import json\nfiles = {files!r}\n{_shown('geopandas')}\n{told}"
    python = environment_of(Release("contract-stac.txt", "STAC"))
    done = subprocess.run([python, "-c", code], capture_output=True, check=False, text=True)
    assert not done.returncode, done.stderr
    return json.loads(done.stdout)
