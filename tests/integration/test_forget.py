"""A user is forgotten on the deployed stack, while the product goes on."""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path
from typing import Any

import pytest
from tests.ingest_world import ramp, raster

from swath_dev.api import Api
from swath_dev.cloud import Deployed, LocalCloud
from swath_dev.forget import erase, report

pytestmark = pytest.mark.stack


def test_a_user_is_forgotten(
    stack: Deployed, cloud: LocalCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sub, org = f"ann{secrets.token_hex(4)}", f"org{secrets.token_hex(6)}"
    api = Api(stack.api_url, cloud.token(org=org, subject=sub))
    product = api.save("product", "p", {"name": "p"})
    band: dict[str, Any] = {
        "name": "b",
        "product_id": product,
        "type": "spectral",
        "data_type": "UInt16",
    }
    band |= {"data_range": [0, 65535], "display_range": [0, 4000], "band_index": 0}
    api.save("band", f"{product}:b", band)
    path = tmp_path / "a.tif"
    path.write_bytes(raster(ramp(64, 64)))
    upload = api.upload(f"{product}:a", {"acquired": "2020-05-01"}, [path])
    assert [status for status, _ in api.watch(upload)][-1] == "success"

    for name, value in cloud.environment.items():
        monkeypatch.setenv(name, value)
    counted = erase(stack.outputs, sub, [], write=False)
    assert (counted.uploads, counted.products) == (1, 1)
    assert report(counted, write=False).startswith("found: 1 uploads, 1 products")
    done = erase(stack.outputs, sub, [], write=True)
    assert (done.uploads, done.products) == (1, 1)
    left = erase(stack.outputs, sub, [], write=False)
    assert (left.uploads, left.products) == (0, 0)

    admin = cloud.token(org=org, subject="admin", groups=["internal:platform-admin"])
    seen = Api(stack.api_url, admin)
    shown = seen.call("GET", f"/uploads_v2/{upload}")["data"]["attributes"]
    assert shown["user"] == "0" * 40
    owners = seen.call("GET", f"/products/{product}")["data"]["attributes"]["owners"]
    assert owners == [f"org:{org}"]
    assert hashlib.sha1(sub.encode(), usedforsecurity=False).hexdigest() not in str(owners)
    assert seen.exists(f"/images/{product}:a")
