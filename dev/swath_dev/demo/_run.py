"""The steps of the demonstration, in order, each told to the user as it happens."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from shapely.geometry import mapping, shape

from swath_core.geo import footprint
from swath_core.index import ladder_of, planar_cells
from swath_dev._errors import CommandError
from swath_dev.api import Api
from swath_dev.build import ROOT
from swath_dev.cloud import Deployed, LocalCloud, default_cloud

from . import _scene
from ._picture import View, draw
from ._products import Delivery, own_scene, users_image

ORG = "acme"
LONGEST_SIDE = 1024
ELEVATION = "demo-elevation"


class _Teller:
    """Says what is going on, with the seconds since the start."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def step(self, text: str) -> None:
        """Announce a step."""
        print(f"\n[{time.monotonic() - self._start:5.1f} s] {text}", flush=True)

    def note(self, text: str) -> None:
        """Say something about the present step."""
        print(f"          {text}", flush=True)


def main(image: Path | None = None, picture: Path | None = None) -> int:
    """Run the demonstration and return the exit status. Raises CommandError."""
    tell = _Teller()
    cloud = default_cloud()
    tell.step("Starting the local cloud and deploying template.yaml")
    started, deployed = cloud.bring_up()
    tell.note(f"API {deployed.api_url}/catalog/v2" + ("" if started else " (was running)"))
    with tempfile.TemporaryDirectory() as folder:
        _demonstrate(tell, cloud, deployed, image, picture or ROOT / "demo.png", Path(folder))
    return 0


def _demonstrate(
    tell: _Teller,
    cloud: LocalCloud,
    deployed: Deployed,
    image: Path | None,
    picture: Path,
    folder: Path,
) -> None:
    api = Api(deployed.api_url, cloud.token(org=ORG))
    scene = None if image is not None else _scene.make_scene()
    delivery = users_image(image) if scene is None and image else own_scene(_some(scene), folder)
    product = _declare(tell, api, delivery)
    found = _ingest(tell, api, delivery, product)
    if scene is not None:
        _drop(tell, api, cloud, deployed, _scene.write_elevation(scene, folder / "elevation.tif"))
    query = _search(tell, api, product, found)
    _picture(tell, api, delivery, found, query, picture)
    _next_steps(deployed)


def _some(scene: _scene.Scene | None) -> _scene.Scene:
    if scene is None:
        raise CommandError("there is no scene")
    return scene


def _declare(tell: _Teller, api: Api, delivery: Delivery) -> str:
    tell.step(f"Saving product {delivery.product} and its {len(delivery.bands)} bands")
    product = api.save(
        "product",
        f"{ORG}:{delivery.product}",
        {"name": delivery.title, "description": "Made by `make demo`."},
    )
    for band in delivery.bands:
        api.save("band", f"{product}:{band['name']}", {**band, "product_id": product})
    rows = [
        (
            band["name"],
            band["type"],
            band["data_type"],
            f"{band['file_index']}/{band['band_index']}",
        )
        for band in delivery.bands
    ]
    _table(tell, ("band", "type", "data type", "file/band"), rows)
    return product


def _ingest(tell: _Teller, api: Api, delivery: Delivery, product: str) -> dict[str, Any]:
    """Upload the image unless it is there; return its document."""
    size = sum(path.stat().st_size for path in delivery.files)
    image_id = f"{product}:{delivery.name}"
    tell.step(f"Uploading {len(delivery.files)} file(s), {_bytes(size)}, by presigned URL")
    upload = api.upload(image_id, delivery.attributes, delivery.files)
    status, messages = "", list[str]()
    for now, log in api.watch(upload):
        for message in log[len(messages) :]:
            tell.note(message)
        status, messages = now, log
    tell.note(f"upload {upload}: {status}")
    if status != "success":
        raise CommandError(f"the upload ended as {status}: {'; '.join(messages)}")
    document: dict[str, Any] = api.call("GET", f"/images/{image_id}")["data"]
    return document


def _drop(tell: _Teller, api: Api, cloud: LocalCloud, deployed: Deployed, elevation: Path) -> None:
    tell.step("Dropping elevation.tif into the drop folder: no API call, the file dates itself")
    product = api.save("product", f"{ORG}:{ELEVATION}", {"name": "Elevation of the same place"})
    band = {
        "name": "elevation", "type": "generic", "data_type": "Float32", "band_index": 0,
        "nodata": -9999, "data_range": [0, 9000], "display_range": [300, 3600],
        "physical_range_unit": "m", "resolution": "30m", "product_id": product,
    }  # fmt: skip
    api.save("band", f"{product}:elevation", band)
    name = f"terrain_{time.time_ns():x}"
    key = f"drop/{ORG}/{ELEVATION}/{name}.tif"
    cloud.session.client("s3").upload_file(str(elevation), deployed.bucket, key)
    deadline = time.monotonic() + 60
    while not api.exists(f"/images/{product}:{name}"):
        if time.monotonic() > deadline:
            raise CommandError(
                f"s3://{deployed.bucket}/{key} did not become an image within a minute"
            )
        time.sleep(0.3)
    tell.note(f"s3://{deployed.bucket}/{key} is now the image {product}:{name}")


def _search(tell: _Teller, api: Api, product: str, image: dict[str, Any]) -> dict[str, Any]:
    """Find the image by place and time, count and summarise; return the search polygon."""
    area = shape(image["attributes"]["geometry"])
    west, south, east, north = area.bounds
    reach = min(east - west, north - south) / 4
    query: dict[str, Any] = mapping(area.representative_point().buffer(reach, quad_segs=4))
    acquired = datetime.fromisoformat(image["attributes"]["acquired"])
    condition = [
        {"op": "eq", "name": "product_id", "val": product},
        {"name": "acquired", "op": "gte", "val": (acquired - timedelta(days=1)).isoformat()},
        {"name": "acquired", "op": "lt", "val": (acquired + timedelta(days=1)).isoformat()},
    ]
    tell.step("Searching by polygon and time range")
    members = {"filter": condition, "intersects": query}
    answer = api.search("images", **members, limit=10)
    rows = [_row(each) for each in answer["data"]]
    _table(tell, ("image", "acquired", "size", "files", "bytes"), rows)
    if image["id"] not in {each["id"] for each in answer["data"]}:
        raise CommandError(f"the search did not find {image['id']}")
    count = api.search("images", **members, limit=0)["meta"]["count"]
    summary = api.search("images/summary/all", **members)["data"]["attributes"]
    if not count == summary["count"] >= len(rows):
        raise CommandError(f"count says {count}, the summary says {summary['count']}")
    tell.note(f"count: {count}; summary: {summary['count']} image(s), {_bytes(summary['bytes'])}")
    cost = api.search("images", **members, limit=10, explain=True)["meta"]["explain"]["cost"]
    tell.note("cost: " + ", ".join(f"{name} {value}" for name, value in cost.items()))
    return query


def _row(image: dict[str, Any]) -> tuple[str, ...]:
    attributes = image["attributes"]
    files = attributes.get("files") or []
    return (
        attributes["name"],
        attributes["acquired"][:19],
        f"{attributes.get('x_pixels')} x {attributes.get('y_pixels')}",
        str(len(files)),
        _bytes(sum(file.get("size_bytes", 0) for file in files)),
    )


def _picture(
    tell: _Teller,
    api: Api,
    delivery: Delivery,
    image: dict[str, Any],
    query: dict[str, Any],
    path: Path,
) -> None:
    tell.step("Rastering the image and drawing it beside the cells that index it")
    attributes = image["attributes"]
    columns, rows = attributes["x_pixels"], attributes["y_pixels"]
    shrink = max(1.0, max(columns, rows) / LONGEST_SIDE)
    ranges: dict[str, list[float]] = {
        band["name"]: band["display_range"] for band in delivery.bands if "display_range" in band
    }
    _, pixels = api.pixels(
        ids=[image["id"]],
        bands=list(delivery.shown),
        scales=[[*ranges[name], 0, 255] if name in ranges else None for name in delivery.shown],
        ot="Byte",
        outsize=[max(1, round(columns / shrink)), max(1, round(rows / shrink))],
        mask_nodata=True,
        mask_alpha="alpha" in delivery.shown,
        drop_alpha="alpha" in delivery.shown,
    )
    tell.note(f"array of {pixels.shape} {pixels.dtype}, {pixels.mask.mean():.0%} masked")
    geotransform = attributes["geotrans"]
    extent = (
        geotransform[0],
        geotransform[0] + columns * geotransform[1],
        geotransform[3] + rows * geotransform[5],
        geotransform[3],
    )
    cells = _cells(attributes["geometry"])
    listed = ", ".join(f"resolution {rung}: {len(polygons)}" for rung, polygons in cells.items())
    tell.note(f"H3 cells, and groups of them, that it is posted in: {listed}")
    size = sum(file["size_bytes"] for file in attributes["files"])
    view = View(
        title=delivery.title,
        subtitle=f"{image['id']}   {attributes['acquired'][:19]} UTC   "
        f"{columns} x {rows} pixels   {len(delivery.bands)} bands   {_bytes(size)} in the catalog",
        crs=attributes.get("cs_code") or "the image's own projection",
        rgba=_rgba(pixels),
        extent=extent,
        footprint=attributes["geometry"],
        query=query,
        cells=cells,
    )
    print(f"\nThe picture: {draw(view, path)}")


def _rgba(pixels: np.ma.MaskedArray[Any, Any]) -> npt.NDArray[np.float64]:
    """Return bands (1 or 3, rows, columns) of bytes as (rows, columns, 4) in 0..1."""
    bands = [pixels[index if pixels.shape[0] > 1 else 0] for index in range(3)]
    lit = [(band.filled(0) / 255.0) ** 0.7 for band in bands]
    opaque = ~np.ma.getmaskarray(pixels).all(axis=0)
    return np.dstack([*lit, opaque.astype(float)])


def _cells(geometry: dict[str, Any]) -> dict[int, Sequence[Any]]:
    """Return the tiles that an image with this footprint is posted in, by H3 resolution."""
    ladder = ladder_of(footprint(geometry))
    every = sorted(ladder.own | ladder.passing)
    tiles = planar_cells(every)
    by_rung: dict[int, list[Any]] = {_resolution(abs(cell)): [] for cell in sorted(every, key=abs)}
    for cell, tile in zip(tiles.cells, tiles.tiles, strict=True):
        by_rung[_resolution(abs(cell))].append(tile)
    return dict(by_rung)


def _resolution(cell: int) -> int:
    """Return an H3 cell's resolution: four bits of its index, from bit 52."""
    return (cell >> 52) & 0xF


def _table(tell: _Teller, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    lines: list[Sequence[str]] = [head, ["-" * width for width in widths], *rows]
    for row in lines:
        tell.note("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))


def _bytes(size: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:  # noqa: PLR2004 - decimal units
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def _next_steps(deployed: Deployed) -> None:
    catalog = f"{deployed.api_url}/catalog/v2"
    print(f"""
Look at it in a browser: {deployed.api_url}/

What to try next
  make up                          prints the address, the bucket and a fresh token
  make demo IMAGE=your.tif         the same with a GeoTIFF of yours
  eval "$(make -s env)"            the same for a shell, and then:
  curl -X PUT {catalog}/images \\
       -H "Authorization: Bearer $SWATH_TOKEN" -d '{{"limit": 5}}'
  docs                             {deployed.api_url}/docs
  make down                        stops the local cloud; the catalog is kept""")
    sys.stdout.flush()
