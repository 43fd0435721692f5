"""The main job against a deployed stack, as a caller does it: what `make smoke` runs.

A product of its own is made, one small raster goes from upload to pixels, everything is found,
counted and summarised, and all of it is deleted again, whatever failed. Needs a token that may
create products, and nothing of AWS.
"""

from __future__ import annotations

import json
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import requests
from rasterio.transform import from_origin

from swath_dev._errors import CommandError
from swath_dev.api import Api

_ACQUIRED = "2024-05-01T10:00:00Z"
_SIDE = 256
_METRES = 30
_SECONDS = 60


@dataclass
class Report:
    """What was tried, how long it took, and what came of it."""

    failures: int = 0
    start: float = field(default_factory=time.monotonic)

    @contextmanager
    def step(self, name: str) -> Iterator[Callable[[str], None]]:
        """Run one step; yields what adds a remark to its line. A failure ends the run."""
        remarks: list[str] = []
        begun = time.monotonic()
        try:
            yield remarks.append
        except (CommandError, requests.RequestException, AssertionError) as error:
            self.failures += 1
            self._tell("FAILED", name, begun, str(error) or "not as expected")
            raise _Failed from error
        self._tell("ok", name, begun, ", ".join(remarks))

    def _tell(self, outcome: str, name: str, begun: float, remark: str) -> None:
        seconds = time.monotonic() - begun
        print(f"{outcome:>7}  {seconds:6.2f} s  {name}" + (f": {remark}" if remark else ""))

    @property
    def seconds(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self.start


class _Failed(Exception):
    """A step failed, and has been told."""


def smoke(url: str, token: str) -> int:
    """Run the main job at an API's address; return the exit status: 1 where a step failed."""
    url = url.rstrip("/")
    report = Report()
    api = Api(url, token)
    print(f"smoke test of {url}")
    name = f"smoke-{secrets.token_hex(4)}"
    product: list[str] = []
    try:
        _doors(report, url)
        with report.step("save a product and a band") as note:
            product.append(_declare(api, name))
            note(product[0])
        with tempfile.TemporaryDirectory() as folder:
            pixels, file = _raster(Path(folder))
            _image(report, api, f"{product[0]}:scene", pixels, file)
    except _Failed:
        pass
    finally:
        if product:
            _clear(report, api, product[0])
    verdict = "FAILED" if report.failures else "passed"
    print(f"{verdict} in {report.seconds:.1f} s")
    return 1 if report.failures else 0


def _expect(wanted: object, found: object, what: str) -> None:
    if wanted != found:
        raise CommandError(f"{what}: expected {wanted}, found {found}")


def _doors(report: Report, url: str) -> None:
    """Say whether the API answers, and answers nobody without a token."""
    with report.step("the API answers"):
        answer = requests.get(f"{url}/health", timeout=_SECONDS)
        _expect(requests.codes.ok, answer.status_code, "GET /health")
    with report.step("no token, no answer"):
        answer = requests.get(f"{url}/catalog/v2/products/any", timeout=_SECONDS)
        _expect(requests.codes.unauthorized, answer.status_code, "without a token")


def _declare(api: Api, name: str) -> str:
    product = api.save("product", name, {"name": "Smoke test; can be deleted"})
    band = {
        "name": "red", "type": "spectral", "data_type": "UInt16", "band_index": 0, "nodata": 0,
        "data_range": [0, 10_000], "display_range": [0, 3_000], "resolution": f"{_METRES}m",
    }  # fmt: skip
    api.save("band", f"{product}:red", {**band, "product_id": product})
    return product


def _raster(folder: Path) -> tuple[np.ndarray[Any, Any], Path]:
    """Return random pixels and the GeoTIFF that holds them, in UTM zone 32."""
    pixels = np.random.default_rng().integers(1, 3_000, (_SIDE, _SIDE), dtype=np.uint16)
    file = folder / "scene.tif"
    profile = {
        "driver": "GTiff", "width": _SIDE, "height": _SIDE, "count": 1, "dtype": "uint16",
        "crs": "EPSG:32632", "transform": from_origin(460_000, 5_150_000, _METRES, _METRES),
    }  # fmt: skip
    with rasterio.open(file, "w", **profile) as target:
        target.write(pixels, 1)
    return pixels, file


def _image(
    report: Report, api: Api, image_id: str, pixels: np.ndarray[Any, Any], file: Path
) -> None:
    """Bring an image in, find it, read it."""
    with report.step("upload by presigned URL, and ingest") as note:
        upload = api.upload(image_id, {"acquired": _ACQUIRED}, [file])
        *_, (status, messages) = api.watch(upload)
        _expect("success", status, "; ".join(messages))
        note(f"upload {upload}")
    product = image_id.rpartition(":")[0]
    asked = {
        "filter": [
            {"op": "eq", "name": "product_id", "val": product},
            {"op": "gte", "name": "acquired", "val": "2024"},
            {"op": "lt", "name": "acquired", "val": "2025"},
        ],
        "intersects": {"type": "Point", "coordinates": [8.52, 46.47]},
    }
    with report.step("search by place and time"):
        found = [each["id"] for each in api.search("images", **asked, limit=10)["data"]]
        _expect([image_id], found, "images found")
    with report.step("count and summary agree"):
        _expect(1, api.search("images", **asked, limit=0)["meta"]["count"], "count")
        summary = api.search("images/summary/all", **asked)["data"]["attributes"]
        _expect(1, summary["count"], "images in the summary")
    with report.step("pixels come back as they were sent"):
        _, read = api.pixels(ids=[image_id], bands=["red"], ot="UInt16")
        if read.shape != (1, _SIDE, _SIDE) or not np.array_equal(read[0].filled(0), pixels):
            raise CommandError(f"the array of {read.shape} differs from what was uploaded")
    with report.step("a map shows it") as note:
        note(_tile(api, image_id))


def _tile(api: Api, image_id: str) -> str:
    """Return what a preview weighs, fetched as a browser does: by a ticket in the address."""
    answer = requests.get(
        f"{api.url}/raster/v2/images/{image_id}/tilejson.json",
        headers={"Authorization": f"Bearer {api.token}"},
        timeout=_SECONDS,
    )
    _expect(requests.codes.ok, answer.status_code, "TileJSON")
    described = json.loads(answer.text)
    address = described["tiles"][0].replace("{z}", "0").replace("{x}", "0").replace("{y}", "0")
    tile = requests.get(address, timeout=_SECONDS)
    _expect(requests.codes.ok, tile.status_code, "tile 0/0/0")
    _expect("image/png", tile.headers["content-type"], "its type")
    return f"{len(tile.content)} bytes of PNG"


def _clear(report: Report, api: Api, product: str) -> None:
    """Delete everything that was made."""
    try:
        with report.step("delete what was made"):
            api.call(
                "POST",
                f"/products/{product}/delete_related_objects",
                {"data": {"type": "product_delete_task", "attributes": {}}},
            )
            deadline = time.monotonic() + _SECONDS
            while _is_busy(api, product):
                if time.monotonic() > deadline:
                    raise CommandError(f"{product} still holds objects after {_SECONDS} s")
                time.sleep(0.5)
            api.call("DELETE", f"/products/{product}")
            _expect(False, api.exists(f"/products/{product}"), "the product is still there")
    except _Failed:
        print(f"         {product} is left over: delete it by hand")


def _is_busy(api: Api, product: str) -> bool:
    left = [{"op": "eq", "name": "product_id", "val": product}]
    images = api.search("images", filter=left, limit=0)["meta"]["count"]
    return bool(images or api.search("bands", filter=left, limit=0)["meta"]["count"])
