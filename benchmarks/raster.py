"""Windows, mosaics and tiles from COGs in the local S3: time, bytes and memory against peers.

Peers are rio-tiler (skipped, by name, where it is not installed) and rasterio's WarpedVRT with a
plain loop for mosaics, on the same objects and with the same GDAL configuration. Each round is a
process of its own that opens every object for the first time; peers take turns.

Cases: a window of 1,024 x 1,024 source pixels at native resolution (1,024 px), at 1/8 (128 px) and
warped to Web Mercator (1,024 px); of one image (4,096 x 4,096, three bands, 8 bits) and of a mosaic
of 12 that all show in the window. Composite: the median of 12 images that all cover the window and
have holes, against rio-tiler's MedianMethod; their pixels must be equal. Tiles: 256 px of that
image, as PNG with each one's defaults.
Memory: what a case adds to a process that has read before, and the whole of a process that delivers
a mosaic of 30 images, 10,000 x 10,000 pixels in 8 bands of 16 bits, to the bucket of results, and
that of one that delivers the median of 300 images.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from benchmarks._report import finish, report

from swath_core.access import Caller
from swath_core.documents import Document

if TYPE_CHECKING:
    from swath_core.raster._service import CatalogReader

NAME = "raster"
ME = Caller("me", "bench")
ROUNDS = 5
BUCKET, RESULTS = "bench", "results"
PRODUCT = "bench:scenes"
PIXEL = 10.0
LEFT, TOP = 500_000.0, 5_000_000.0
SIDE, WINDOW, FIRST = 4096, 1024, 1000
"""Pixels of the image and of the window on it, and the window's first row and column."""
COLUMNS, ROWS, PART = 4, 3, (480, 400)
"""The mosaic's layout over the window, and each part's height and width."""
COLOURS = 3
SCALES = ("native", "eighth", "mercator")
KINDS = ("one", "mosaic")
CASES = tuple(f"{kind}-{scale}" for kind in KINDS for scale in SCALES)
COMPOSITE = "composite-median"
DEPTH, DEEP, LAYER = 12, 300, 1_100
"""Images of the composite, of the deep one, and the sides of each."""
PEERS = ("warpedvrt", "rio-tiler")
TILES = 24
ZOOM = 14
LARGE, LARGE_BANDS, LARGE_PART, LARGE_LAYOUT = 10_000, 8, 2_600, (6, 5)
"""Sides and bands of the large mosaic, the sides of its images, their columns and rows."""

Array = np.ndarray[Any, Any]


# ---- the objects -----------------------------------------------------------------------------


def scene(height: int, width: int, seed: int) -> Array:
    """Return three bands that look like land: smooth forms, fine noise, no nodata (0)."""
    generator = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    bands = [
        100 + 60 * np.sin(x / (90 + 20 * band)) * np.cos(y / (70 + 30 * band)) for band in range(3)
    ]
    noise = generator.normal(0, 4, (3, height, width))
    return np.clip(np.stack(bands) + noise, 1, 255).astype(np.uint8)


def write_cog(path: Path, pixels: Array, left: float, top: float) -> None:
    """Write a COG as the ingest does: 512 px blocks, deflate, overviews."""
    import rasterio  # noqa: PLC0415 - heavy, and children of some cases do without
    from rasterio.shutil import copy  # noqa: PLC0415

    count, height, width = pixels.shape
    with rasterio.MemoryFile() as memory:
        with memory.open(
            driver="GTiff", count=count, height=height, width=width, dtype=pixels.dtype,
            crs="EPSG:32618", nodata=0, transform=rasterio.Affine(PIXEL, 0, left, 0, -PIXEL, top),
        ) as made:  # fmt: skip
            made.write(pixels)
        with memory.open() as made:
            copy(
                made, path, driver="COG", compress="deflate", blocksize=512, predictor=2,
                overview_resampling="average", num_threads="all_cpus",
            )  # fmt: skip


def make_large(folder: Path, client: Any) -> None:
    """Put the large mosaic's images into the bucket: one COG, told where it is 30 times."""
    import rasterio  # noqa: PLC0415

    y, x = np.mgrid[0:LARGE_PART, 0:LARGE_PART]
    forms = 2_000 + 900 * np.sin(x / 190) * np.cos(y / 140)
    pixels = np.stack([forms + 100 * band for band in range(LARGE_BANDS)]).astype(np.uint16)
    path = folder / "large.tif"
    write_cog(path, pixels, LEFT, TOP)
    for name, left, top in large_places():
        with rasterio.open(path, "r+", IGNORE_COG_LAYOUT_BREAK="YES") as placed:
            placed.transform = rasterio.Affine(PIXEL, 0, left, 0, -PIXEL, top)
        client.upload_file(str(path), BUCKET, key("large", name))


def large_places() -> list[tuple[str, float, float]]:
    """Return the name and the upper left corner of the large mosaic's images."""
    columns, rows = LARGE_LAYOUT
    across, down = ((LARGE - LARGE_PART) / (count - 1) for count in LARGE_LAYOUT)
    return [
        (
            f"large-{number}",
            LEFT + int(number % columns * across) * PIXEL,
            TOP - int(number // columns * down) * PIXEL,
        )
        for number in range(columns * rows)
    ]


def places() -> list[tuple[str, float, float]]:
    """Return the name and the upper left corner of the image and of the mosaic's parts."""
    found = [("one-0", LEFT, TOP)]
    x_step = (WINDOW - PART[1]) / (COLUMNS - 1)
    y_step = (WINDOW - PART[0]) / (ROWS - 1)
    for number in range(COLUMNS * ROWS):
        column, row = FIRST + number % COLUMNS * x_step, FIRST + number // COLUMNS * y_step
        found.append((f"mosaic-{number}", LEFT + int(column) * PIXEL, TOP - int(row) * PIXEL))
    for number in range(DEPTH):
        column, row = FIRST - 5 * number, FIRST - 70 + 6 * number
        found.append((f"composite-{number}", LEFT + column * PIXEL, TOP - row * PIXEL))
    return found


def size_of(name: str) -> tuple[int, int]:
    """Return the height and the width of a scene."""
    kind = name.partition("-")[0]
    return {"one": (SIDE, SIDE), "mosaic": PART, "composite": (LAYER, LAYER)}[kind]


def clouded(pixels: Array, seed: int) -> Array:
    """Return a scene with holes of nodata (0) in a fifth of it."""
    y, x = np.mgrid[0 : pixels.shape[1], 0 : pixels.shape[2]]
    forms = np.sin(x / 61 + 2 * seed) + np.cos(y / 47 + 3 * seed)
    return np.where(forms > 1.0, 0, pixels).astype(pixels.dtype)


def make_objects(folder: Path, client: Any) -> None:
    """Put the COGs into the bucket, once for every case, so that no case warms another."""
    client.create_bucket(Bucket=BUCKET)
    for seed, (name, left, top) in enumerate(places()):
        path = folder / f"{name}.tif"
        pixels = scene(*size_of(name), seed)
        write_cog(
            path, clouded(pixels, seed) if name.startswith("composite") else pixels, left, top
        )
        for case in (*CASES, COMPOSITE, "tiles", "warm"):
            if case in {"tiles", "warm"} or name.startswith(case.partition("-")[0]):
                client.upload_file(str(path), BUCKET, key(case, name))


def key(case: str, name: str) -> str:
    """Return the object that a case reads a scene from."""
    return f"images/bench/scenes/{case}/{name}.tif"


# ---- what is asked for -----------------------------------------------------------------------


@dataclass(frozen=True)
class Ask:
    """A case: which scenes, on which grid."""

    case: str
    names: tuple[str, ...]
    crs: str
    bounds: tuple[float, float, float, float]
    size: int

    @property
    def keys(self) -> list[str]:
        """The objects, bottom of the mosaic first."""
        return [key(self.case, name) for name in self.names]


def ask(case: str) -> Ask:
    """Return what a case asks for."""
    kind, _, scale = case.partition("-")
    names = tuple(name for name, _, _ in places() if name.startswith(kind))
    left, top = LEFT + FIRST * PIXEL, TOP - FIRST * PIXEL
    bounds = (left, top - WINDOW * PIXEL, left + WINDOW * PIXEL, top)
    if scale == "mercator":
        from rasterio.warp import transform_bounds  # noqa: PLC0415

        return Ask(
            case, names, "EPSG:3857",
            transform_bounds("EPSG:32618", "EPSG:3857", *bounds), WINDOW,
        )  # fmt: skip
    return Ask(case, names, "EPSG:32618", bounds, WINDOW // (8 if scale == "eighth" else 1))


# ---- the contenders --------------------------------------------------------------------------


class Swath:
    """This project's service on documents in memory."""

    def __init__(self) -> None:
        from swath_core.raster._files import FilePool  # noqa: PLC0415
        from swath_core.raster._service import RasterService  # noqa: PLC0415
        from swath_core.raster._sources import BucketStorage  # noqa: PLC0415

        self._images: dict[str, Document] = {}
        self._bands = COLOURS
        storage = BucketStorage(BUCKET, lambda: None)
        self.service = RasterService(cast("CatalogReader", self), storage, FilePool())

    def images(self, ids: Sequence[str]) -> Mapping[str, Document]:
        """Return images by id."""
        return {id: self._images[id] for id in ids}

    def product(self, _product_id: str) -> tuple[Document, list[Document]]:
        """Return the product and its bands, b0 and on."""
        bands = [
            Document(
                "band",
                f"{PRODUCT}:b{number}",
                {
                    "name": f"b{number}", "type": "spectral", "nodata": 0, "band_index": number,
                    "data_type": "Byte" if self._bands == COLOURS else "UInt16",
                    "display_range": [0, 255],
                },
            )
            for number in range(self._bands)
        ]  # fmt: skip
        return Document("product", PRODUCT, {"readers": list(ME.subjects)}), bands

    def register(self, case: str) -> None:
        """Make the documents of a case's scenes."""
        for name, left, top in places():
            self._register(case, name, (left, top), size_of(name))

    def _register(
        self, case: str, name: str, corner: tuple[float, float], size: tuple[int, int]
    ) -> None:
        (left, top), (height, width) = corner, size
        self._images[f"{PRODUCT}:{case}/{name}"] = Document(
            "image",
            f"{PRODUCT}:{case}/{name}",
            {
                "product_id": PRODUCT, "cs_code": "EPSG:32618",
                "geotrans": [left, PIXEL, 0.0, top, 0.0, -PIXEL],
                "x_pixels": width, "y_pixels": height,
                "files": [{"href": f"s3://{BUCKET}/{key(case, name)}"}],
            },
        )  # fmt: skip

    def read(self, asked: Ask) -> Array:
        """Return the pixels of a case."""
        from swath_core.raster import RasterRequest  # noqa: PLC0415

        self.register(asked.case)
        request = RasterRequest(
            ids=tuple(f"{PRODUCT}:{asked.case}/{name}" for name in asked.names),
            bands=("b0", "b1", "b2"),
            crs=asked.crs,
            bounds=asked.bounds,
            size=(asked.size, asked.size),
        )
        return self.service.raster(ME, request).whole()[0]

    def composite(self, asked: Ask, ids: Sequence[str] | None = None) -> tuple[Array, Array]:
        """Return the median of the images of a case and where there is none."""
        from swath_core.raster import RasterRequest  # noqa: PLC0415

        self.register(asked.case)
        request = RasterRequest(
            ids=tuple(ids or (f"{PRODUCT}:{asked.case}/{name}" for name in asked.names)),
            bands=("b0", "b1", "b2"),
            crs=asked.crs,
            bounds=asked.bounds,
            size=(asked.size, asked.size),
            data_type="Float64",
            selection="median",
        )
        return self.service.raster(ME, request).whole()

    def deep(self) -> None:
        """Make the median of very many images: the composite's, again and again."""
        asked = ask(COMPOSITE)
        ids = [f"{PRODUCT}:{COMPOSITE}/{name}" for name in asked.names]
        self.composite(asked, [ids[number % DEPTH] for number in range(DEEP)])

    def deliver_large(self) -> int:
        """Deliver the large mosaic to the bucket of results; return the bytes it has there."""
        import boto3  # noqa: PLC0415

        from swath_core.raster import RasterRequest, _stream, deliver, encode  # noqa: PLC0415

        self._bands = LARGE_BANDS
        for name, left, top in large_places():
            self._register("large", name, (left, top), (LARGE_PART, LARGE_PART))
        request = RasterRequest(
            ids=tuple(self._images), bands=tuple(f"b{n}" for n in range(LARGE_BANDS))
        )
        client = boto3.client("s3")
        begin = _stream.ResultsBucket(client, RESULTS).begin
        sent = deliver(encode(self.service.raster(ME, request)), begin)
        if sent.link is None:
            raise RuntimeError("the large mosaic fitted a response")
        (made,) = client.list_objects_v2(Bucket=RESULTS)["Contents"]
        return int(made["Size"])

    def tile(self, x: int, y: int, z: int) -> bytes:
        """Return a PNG of a tile."""
        from swath_core.raster.pictures import _renderer, _style, _tiles  # noqa: PLC0415

        self.register("tiles")
        image_id = f"{PRODUCT}:tiles/one-0"
        found = self.service.find(ME, [image_id])
        style = _style.style_of(self.product(PRODUCT), {})
        request = _tiles.tile_request([image_id], style, (z, x, y))
        return (
            _renderer.PictureRenderer(self.service).picture((found, request), style, "png").draw()
        )


class Vrt:
    """rasterio.vrt.WarpedVRT, and a loop from the top of the mosaic down."""

    def read(self, asked: Ask) -> Array:
        """Return the pixels of a case."""
        whole = np.zeros((3, asked.size, asked.size), np.uint8)
        for name in reversed(asked.keys):
            part = self._one(name, asked)
            np.copyto(whole, part, where=whole == 0)
            if whole.all():
                break
        return whole

    def _one(self, name: str, asked: Ask) -> Array:
        import rasterio  # noqa: PLC0415
        from rasterio.transform import from_bounds  # noqa: PLC0415
        from rasterio.vrt import WarpedVRT  # noqa: PLC0415

        # WarpedVRT takes no overview by itself: as its users do, choose the level for the grid
        options = {"overview_level": 2} if asked.size == WINDOW // 8 else {}
        with rasterio.open(f"/vsis3/{BUCKET}/{name}") as probe:
            levels = len(probe.overviews(1))
            grid = {
                "crs": asked.crs,
                "transform": from_bounds(*asked.bounds, asked.size, asked.size),
                "width": asked.size,
                "height": asked.size,
            }
            if not options or levels == 0:
                with WarpedVRT(probe, **grid) as vrt:
                    return np.asarray(vrt.read())
        level = {"overview_level": min(2, levels - 1)}
        with (
            rasterio.open(f"/vsis3/{BUCKET}/{name}", **level) as dataset,
            WarpedVRT(dataset, **grid) as vrt,
        ):
            return np.asarray(vrt.read())


class RioTiler:
    """rio-tiler's Reader and mosaic_reader."""

    def read(self, asked: Ask) -> Array:
        """Return the pixels of a case."""
        from rio_tiler.io import Reader  # noqa: PLC0415
        from rio_tiler.mosaic import mosaic_reader  # noqa: PLC0415

        def part(path: str, **_: Any) -> Any:
            with Reader(path) as reader:
                return reader.part(
                    asked.bounds,
                    dst_crs=asked.crs,
                    bounds_crs=asked.crs,
                    width=asked.size,
                    height=asked.size,
                )

        paths = [f"/vsis3/{BUCKET}/{name}" for name in reversed(asked.keys)]
        if len(paths) == 1:
            return np.asarray(part(paths[0]).data)
        image, _ = mosaic_reader(paths, part)
        return np.asarray(image.data)

    def composite(self, asked: Ask) -> tuple[Array, Array]:
        """Return the median of the images of a case and where there is none."""
        from rio_tiler.io import Reader  # noqa: PLC0415
        from rio_tiler.mosaic import mosaic_reader  # noqa: PLC0415
        from rio_tiler.mosaic.methods.defaults import MedianMethod  # noqa: PLC0415

        def part(path: str, **_: Any) -> Any:
            with Reader(path) as reader:
                return reader.part(
                    asked.bounds,
                    dst_crs=asked.crs,
                    bounds_crs=asked.crs,
                    width=asked.size,
                    height=asked.size,
                )

        paths = [f"/vsis3/{BUCKET}/{name}" for name in asked.keys]
        method = MedianMethod(enforce_data_type=False)
        image, _ = mosaic_reader(paths, part, pixel_selection=method)
        return np.asarray(image.array.data, np.float64), np.ma.getmaskarray(image.array)

    def tile(self, x: int, y: int, z: int) -> bytes:
        """Return a PNG of a tile."""
        from rio_tiler.io import Reader  # noqa: PLC0415

        with Reader(f"/vsis3/{BUCKET}/{key('tiles', 'one-0')}") as reader:
            return bytes(reader.tile(x, y, z).render(img_format="PNG"))


CONTENDERS: dict[str, Callable[[], Any]] = {"swath": Swath, "warpedvrt": Vrt, "rio-tiler": RioTiler}


# ---- a child: one contender, some cases ------------------------------------------------------


def child(contender: str, cases: Sequence[str]) -> None:
    """Print what a contender needs for each case: seconds, peak memory, a sum of its pixels."""
    reader = CONTENDERS[contender]()
    reader.read(replace(ask("one-mercator"), case="warm", size=64))
    own = {"large": _large, "tiles": _tiles, "deep": _deep, COMPOSITE: _composite}
    for case in cases:
        figures = own[case](reader) if case in own else _window(reader, case)
        print(json.dumps(figures), flush=True)


def _large(reader: Any) -> dict[str, Any]:
    return {"bytes": reader.deliver_large(), "mebibytes": memory("VmHWM")}


def _tiles(reader: Any) -> dict[str, Any]:
    return {"p50": tile_median(reader)}


def _deep(reader: Any) -> dict[str, Any]:
    start = time.perf_counter()
    reader.deep()
    return {"seconds": time.perf_counter() - start, "mebibytes": memory("VmHWM")}


def _composite(reader: Any) -> dict[str, Any]:
    start = time.perf_counter()
    values, mask = reader.composite(ask(COMPOSITE))
    seconds = time.perf_counter() - start
    pixels = np.where(mask, 0.0, values).tobytes() + mask.tobytes()
    return {"seconds": seconds, "pixels": hashlib.sha256(pixels).hexdigest()}


def _window(reader: Any, case: str) -> dict[str, Any]:
    asked = ask(case)
    Path("/proc/self/clear_refs").write_text("5")  # the peak is that of the case alone
    before = memory("VmRSS")
    start = time.perf_counter()
    pixels = reader.read(asked)
    seconds = time.perf_counter() - start
    return {
        "case": case,
        "seconds": seconds,
        "mebibytes": memory("VmHWM") - before,
        "filled": float((pixels > 0).mean()),
        "mean": float(pixels.mean()),
    }


def memory(figure: str) -> float:
    """Return a figure of this process's memory in MiB: VmRSS now, VmHWM at its peak."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(figure)) / 1024


def tile_median(reader: Swath | RioTiler) -> float:
    """Return the median seconds of tiles that all lie within the image, each drawn once."""
    left, top = -8_349_000.0, 5_640_000.0  # metres of Web Mercator, inside the image
    side = 2 * 20_037_508.342789244 / 2**ZOOM
    first = int((left + 20_037_508.342789244) / side), int((20_037_508.342789244 - top) / side)
    seconds = []
    for number in range(TILES):
        x, y = first[0] + number % 6 + 1, first[1] + number // 6 + 1
        start = time.perf_counter()
        reader.tile(x, y, ZOOM)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def gdal_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what every contender is told: where S3 is, no directory listings, merged ranges."""
    from swath_core.raster._files import gdal_options  # noqa: PLC0415

    shared = ("AWS_", "GDAL_DISABLE_READDIR", "GDAL_HTTP_MERGE", "CPL_VSIL_CURL_ALLOWED")
    options = gdal_options(dict(environment))
    chosen = {name: str(value) for name, value in options.items() if name.startswith(shared)}
    return {**chosen, "OPENBLAS_NUM_THREADS": "1", "PROJ_NETWORK": "OFF"}


def run(contender: str, cases: Sequence[str], environment: Mapping[str, str]) -> list[Any]:
    """Run a child and return its figures."""
    done = subprocess.run(
        [sys.executable, __file__, "--child", contender, *cases],
        env={**os.environ, **environment, **gdal_environment(environment)},
        check=True,
        capture_output=True,
        text=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


# ---- bytes -----------------------------------------------------------------------------------


@contextmanager
def counting(port: int) -> Iterator[tuple[int, list[int]]]:
    """Pass connections on to a port of this machine; yield the new port and the bytes received."""
    counts = [0]
    server = socket.create_server(("127.0.0.1", 0))

    def pump(source: socket.socket, sink: socket.socket, *, count: bool) -> None:
        with source, sink, suppress(OSError):  # either side may close at any time
            while data := source.recv(65_536):
                counts[0] += len(data) if count else 0
                sink.sendall(data)

    def serve() -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            upstream = socket.create_connection(("127.0.0.1", port))
            for source, sink, count in ((client, upstream, False), (upstream, client, True)):
                threading.Thread(
                    target=pump, args=(source, sink), kwargs={"count": count}, daemon=True
                ).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield server.getsockname()[1], counts
    finally:
        server.close()


def needed_bytes(folder: Path, asked: Ask) -> int:
    """Return the compressed size of the blocks that a case's window touches, headers included."""
    from rasterio.warp import transform_bounds  # noqa: PLC0415
    from tifffile import TiffFile  # noqa: PLC0415

    left, bottom, right, top = transform_bounds(asked.crs, "EPSG:32618", *asked.bounds)
    total = 0
    corners = {name: (x, y) for name, x, y in places()}
    for name in asked.names:
        with TiffFile(folder / f"{name}.tif") as tiff:
            pages = list(tiff.pages)
            shrink = 8 if asked.size == WINDOW // 8 else 1
            page = [p for p in pages if pages[0].shape[0] / p.shape[0] <= shrink + 0.1][-1]
            scale = PIXEL * pages[0].shape[1] / page.shape[1]
            x, y = corners[name]
            columns = _blocks((left - x) / scale, (right - x) / scale, page.shape[1])
            rows = _blocks((y - top) / scale, (y - bottom) / scale, page.shape[0])
            across = -(-page.shape[1] // 512)
            total += sum(page.databytecounts[row * across + col] for row in rows for col in columns)
            total += min(page.dataoffsets[0] for page in pages)  # the header
    return total


def _blocks(low: float, high: float, size: int) -> range:
    first, last = max(0, int(low + 1e-6)), min(size - 1, int(high - 1e-6))
    return range(first // 512, last // 512 + 1) if high > 0 and last >= first else range(0)


# ---- the benchmark ---------------------------------------------------------------------------


def timed(names: Sequence[str], environment: Mapping[str, str]) -> dict[str, dict[str, float]]:
    """Return the median seconds of every contender and case."""
    seconds: dict[str, dict[str, list[float]]] = {
        name: {case: [] for case in CASES} for name in names
    }
    for number in range(ROUNDS):
        for name in (*names[number % len(names) :], *names[: number % len(names)]):
            for figures in run(name, CASES, environment):
                seconds[name][figures["case"]].append(figures["seconds"])
    return {
        name: {case: statistics.median(values) for case, values in cases.items()}
        for name, cases in seconds.items()
    }


def compare_windows(names: Sequence[str], environment: Mapping[str, str]) -> None:
    """Report the wall ratios of the cases to the faster peer, and the peak memory."""
    found = timed(list(names), environment)
    for case in CASES:
        for name in names:
            report(NAME, case, f"{name}_seconds", found[name][case], "s")
        fastest = min(found[name][case] for name in names if name != "swath")
        bar = 1.0 if case.startswith("mosaic") else 1.15
        report(NAME, case, "wall_ratio", found["swath"][case] / fastest, "ratio", bar)
        for name in names:
            (figures,) = run(name, [case], environment)
            report(NAME, case, f"{name}_peak_mebibytes", figures["mebibytes"], "MiB")


def count_bytes(folder: Path, port: int, environment: Mapping[str, str]) -> None:
    """Report bytes fetched per byte needed, of a process that opens each object anew."""
    with counting(port) as (through, counts):
        there = {**environment, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{through}"}
        run("swath", [], there)
        warm = counts[0]
        for case in CASES:
            counts[0] = 0
            run("swath", [case], there)
            fetched = counts[0] - warm
            needed = needed_bytes(folder, ask(case))
            report(NAME, case, "bytes_per_needed", fetched / needed, "ratio", 1.3)


def compare_tiles(environment: Mapping[str, str]) -> None:
    """Report the median time of a 256 px PNG tile against rio-tiler's, in one process each."""
    medians = {}
    for name in ("swath", "rio-tiler"):
        rounds = [run(name, ["tiles"], environment)[0]["p50"] for _ in range(3)]
        medians[name] = statistics.median(rounds)
        report(NAME, "tile", f"{name}_p50", medians[name], "s")
    report(NAME, "tile", "p50_ratio", medians["swath"] / medians["rio-tiler"], "ratio", 1.1)


def compare_composites(environment: Mapping[str, str]) -> None:
    """Report the time of a median of 12 images against rio-tiler's, and whether pixels differ."""
    seconds: dict[str, list[float]] = {"swath": [], "rio-tiler": []}
    pixels = set()
    for number in range(ROUNDS):
        names = list(seconds)
        for name in (*names[number % 2 :], *names[: number % 2]):
            (figures,) = run(name, [COMPOSITE], environment)
            seconds[name].append(figures["seconds"])
            pixels.add(figures["pixels"])
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    for name, median in medians.items():
        report(NAME, COMPOSITE, f"{name}_seconds", median, "s")
    report(NAME, COMPOSITE, "wall_ratio", medians["swath"] / medians["rio-tiler"], "ratio", 1.0)
    report(NAME, COMPOSITE, "different_results", len(pixels) - 1, "count", 0)


def weigh_deep(environment: Mapping[str, str]) -> None:
    """Report the whole memory of a process that makes the median of 300 images."""
    (figures,) = run("swath", ["deep"], environment)
    report(NAME, "deep-median", "seconds", figures["seconds"], "s")
    report(NAME, "deep-median", "process_peak", figures["mebibytes"], "MiB", 1024)


def weigh_large(folder: Path, client: Any, environment: Mapping[str, str]) -> None:
    """Report the whole memory of a process that delivers the large mosaic."""
    client.create_bucket(Bucket=RESULTS)
    make_large(folder, client)
    (figures,) = run("swath", ["large"], environment)
    report(NAME, "large-mosaic", "delivered", figures["bytes"] / 2**20, "MiB")
    report(NAME, "large-mosaic", "process_peak", figures["mebibytes"], "MiB", 2048)


def main() -> None:
    """Run the benchmark on a local cloud of its own."""
    from swath_dev.cloud import LocalCloud  # noqa: PLC0415 - children do without

    there = [peer for peer in PEERS if peer != "rio-tiler" or importlib.util.find_spec("rio_tiler")]
    if "rio-tiler" not in there:
        print("rio-tiler is not installed: compared with WarpedVRT only", file=sys.stderr)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        cloud = LocalCloud(folder / "cloud", port)
        cloud.start()
        stack.callback(cloud.stop)
        client = cloud.session.client("s3")
        make_objects(folder, client)
        compare_windows(["swath", *there], cloud.environment)
        count_bytes(folder, port, cloud.environment)
        if "rio-tiler" in there:
            compare_composites(cloud.environment)
            compare_tiles(cloud.environment)
        weigh_deep(cloud.environment)
        weigh_large(folder, client, cloud.environment)
    finish()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--child", choices=sorted(CONTENDERS))
    parser.add_argument("cases", nargs="*")
    arguments = parser.parse_args()
    if arguments.child:
        child(arguments.child, arguments.cases)
    else:
        main()
