"""One real request of each kind, on tables and a bucket in memory: what `structure` traces.

Only the HTTP contract, the events of S3 and SQS and the functions' entry points are used here, so
that the same requests run whatever the code behind them looks like.
"""

from __future__ import annotations

import http.server
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import numpy as np
import rasterio
from rasterio.transform import from_origin

from swath_dev.inprocess import BUCKET, Context, InProcessApi, load_handler, running_api

ROOT = Path(__file__).resolve().parents[1]
SQUARE = [[[14, 49], [15.5, 49.1], [15.4, 50], [13.9, 49.9], [14, 49]]]
POLYGON = {"type": "Polygon", "coordinates": SQUARE}
Json = dict[str, Any]
Flow = Callable[[int], Callable[[], None]]


class Invocation(Context):
    """A context with all of a function's time left."""

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        """Return a minute."""
        return 60_000


@contextmanager
def flows() -> Iterator[dict[str, Flow]]:
    """Yield the flows; each is prepared for its turn, 0 or 1, and then raises if it goes wrong."""
    with bucket_over_http(), running_api() as api:
        os.environ["SWATH_RESULTS_BUCKET"] = BUCKET
        api.restart()
        _catalog(api)
        ingest, raster = load_handler("ingest"), load_handler("raster")
        yield {
            "create image": lambda turn: lambda: _expect(201, _create(api, f"made-{turn}")),
            "get": lambda _: lambda: _expect(200, api.call("GET", "/images/acme:p:made-0")),
            "search": lambda _: lambda: _expect(200, api.call("PUT", "/images", _search())),
            "summary": lambda _: (
                lambda: _expect(200, api.call("PUT", "/images/summary/acquired/month", _search()))
            ),
            "ingest": lambda turn: ingested(ingest, f"sent-{turn}"),
            "raster": lambda turn: _raster(api, raster, f"sent-{turn}"),
        }


def _expect(status: int, answer: Any) -> None:
    if answer.status != status:
        message = f"answered {answer.status} instead of {status}: {answer.text}"
        raise RuntimeError(message)


def _catalog(api: InProcessApi) -> None:
    _expect(201, api.save("product", "p", name="P"))
    band = {"name": "red", "product_id": "acme:p", "type": "spectral", "data_type": "UInt16"}
    ranges = {"data_range": [0, 10000], "display_range": [0, 4000], "band_index": 0}
    _expect(201, api.save("band", "acme:p:red", **band, **ranges))


def _create(api: InProcessApi, name: str) -> Any:
    about = {"acquired": "2020-01-02T03:04:05Z", "geometry": POLYGON, "storage_state": "remote"}
    return api.save("image", f"acme:p:{name}", name=name, product_id="acme:p", **about)


def _search() -> Json:
    filters = [
        {"op": "eq", "name": "product_id", "val": "acme:p"},
        {"op": "gte", "name": "acquired", "val": "2020-01-01"},
    ]
    point = {"type": "Point", "coordinates": [14.5, 49.5]}
    return {"filter": json.dumps(filters), "intersects": json.dumps(point), "limit": 10}


def ingested(function: ModuleType, name: str) -> Callable[[], None]:
    """Put a file into the drop folder; return the function's work on the event of it."""
    key = f"drop/acme/p/{name}.tif"
    etag = boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=_geotiff())["ETag"]
    about = {"key": key, "size": len(_geotiff()), "eTag": etag.strip('"'), "sequencer": "01"}
    event = _delivered({"eventName": "ObjectCreated:Put", "s3": {"object": about}})

    def work() -> None:
        if function.lambda_handler(event, Invocation())["batchItemFailures"]:
            raise RuntimeError("the ingest asks for its message again")

    return work


def _delivered(record: Json) -> Json:
    """Return a queue's delivery of what S3 tells; the message is in flight, as a function's is."""
    sqs = boto3.client("sqs")
    queue = sqs.create_queue(QueueName="ingest")["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody=json.dumps({"Records": [record]}))
    (message,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    event: Json = json.loads((ROOT / "events" / "s3-drop.json").read_text())
    event["Records"][0] |= {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:ingest",
    }
    return event


def _geotiff() -> bytes:
    with rasterio.MemoryFile() as memory:
        with memory.open(
            driver="GTiff", count=1, height=64, width=64, dtype="uint16", crs="EPSG:32633",
            transform=from_origin(500_000, 5_500_000, 10, 10), tiled=True, blockxsize=64,
            blockysize=64,
        ) as made:  # fmt: skip
            made.write(np.arange(1, 4097, dtype="uint16").reshape(1, 64, 64))
            made.update_tags(TIFFTAG_DATETIME="2020:05:01 10:20:30")
        return bytes(memory.read())


def _raster(api: InProcessApi, function: ModuleType, name: str) -> Callable[[], None]:
    """Ask for the array of an image that was ingested."""
    body = {"ids": [f"acme:p:{name}"], "bands": ["red"], "data_type": "UInt16"}
    event = api.event("POST", "/raster/v2/npz", body)

    def work() -> None:
        answer = function.lambda_handler(event, Invocation())
        if answer["statusCode"] != 200:
            message = f"raster answered {answer['statusCode']}: {answer.get('body')}"
            raise RuntimeError(message)

    return work


class _Objects(http.server.BaseHTTPRequestHandler):
    """The bucket for GDAL, which asks over HTTP: GET of whole objects and of ranges."""

    def do_GET(self) -> None:
        """Answer with the object, or the part of it that is asked for."""
        _, bucket, key = self.path.partition("?")[0].split("/", 2)
        asked = self.headers.get("range")
        options = {"Range": asked} if asked else {}
        found = boto3.client("s3").get_object(Bucket=bucket, Key=key, **options)
        body = found["Body"].read()
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(len(body)))
        if asked:
            self.send_header("Content-Range", found["ContentRange"])
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def bucket_over_http() -> Iterator[None]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Objects)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    where = {
        "AWS_S3_ENDPOINT": f"127.0.0.1:{server.server_port}",
        "AWS_HTTPS": "NO",
        "AWS_VIRTUAL_HOSTING": "FALSE",
    }
    os.environ.update(where)  # GDAL's own options
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
