"""What `swath stac export` writes as GeoParquet is read by stac-geoparquet, item by item."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.contract.published import Release, environment_of

from swath.cli._stac_parquet import write_items

pytestmark = pytest.mark.published

READ = """
import json, sys
import pyarrow.parquet
from stac_geoparquet.arrow import stac_table_to_items
table = pyarrow.parquet.read_table(sys.argv[1])
print(json.dumps(list(stac_table_to_items(table))))
"""


def item(name: str, **properties: Any) -> dict[str, Any]:
    ring = [[10.0, 46.0], [11.0, 46.0], [11.0, 47.0], [10.0, 46.0]]
    return {
        "type": "Feature",
        "stac_version": "1.1.0",
        "stac_extensions": ["https://stac-extensions.github.io/eo/v2.0.0/schema.json"],
        "id": name,
        "collection": "acme:p",
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "bbox": [10.0, 46.0, 11.0, 47.0],
        "properties": {"datetime": "2020-02-03T04:05:06.000007Z", **properties},
        "links": [{"rel": "self", "href": f"https://x.example/{name}"}],
        "assets": {"image": {"href": f"https://x.example/{name}.tif", "roles": ["data"]}},
    }


def test_exported_items_are_read_as_they_are(tmp_path: Path) -> None:
    items = [item("a", platform="s1", **{"eo:cloud_cover": 12.5}), item("b", platform="s2")]
    items[1]["assets"]["thumbnail"] = {"href": "https://x.example/t.png", "type": "image/png"}
    path = tmp_path / "items.parquet"
    assert write_items(items, str(path)) == len(items)

    python = environment_of(Release("contract-stac.txt", "STAC"))
    done = subprocess.run(
        [python, "-c", READ, str(path)], capture_output=True, check=False, text=True
    )
    assert not done.returncode, done.stderr
    found = json.loads(done.stdout)

    for each in found:
        if each["properties"].get("eo:cloud_cover", 0) is None:
            del each["properties"]["eo:cloud_cover"]  # nulls are not told from what is not there
    assert found == items
