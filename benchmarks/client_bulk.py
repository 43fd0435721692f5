"""What saving many images costs the client: requests, processor time and memory.

The images come from a generator; the service is a server in another process that answers at once,
so what is left is the client's own work.
"""

from __future__ import annotations

import base64
import json
import multiprocessing
import resource
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from typing import Any

from benchmarks._report import finish, report

import swath
from swath.catalog import Image

COUNT, FIRST = 100_000, 10_000
REQUESTS_BAR = 2
"""Requests per 1,000 images: chunks of 500."""
PROCESSOR_BAR = 1.0
"""Seconds of the client per 1,000 images: a core keeps pace with several functions at 8 x 250."""
MEMORY_BAR = 16.0
"""Megabytes that 100,000 images may need more than 10,000."""
_CLAIMS = {"exp": 4102444800, "sub": "bench", "org": "acme", "groups": []}


def images(count: int, prefix: str) -> Iterator[dict[str, Any]]:
    """Yield the attributes of images as a registration of remote files has them."""
    for number in range(count):
        west, south = -179 + number % 350, -80 + number % 159
        ring = [[west, south], [west + 1, south], [west + 1, south + 1], [west, south]]
        yield {
            "id": f"acme:bulk:{prefix}{number}",
            "acquired": f"2024-05-{1 + number % 28:02}T10:00:00Z",
            "geometry": {"type": "Polygon", "coordinates": [ring]},
            "cloud_fraction": number % 100 / 100,
            "satellite_id": "S2A",
            "storage_state": "remote",
            "files": [{"href": f"s3://elsewhere/{number}/B0{band}.tif"} for band in range(4)],
        }


class _Handler(BaseHTTPRequestHandler):
    """Answers every bulk request: all were saved."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        """Answer a bulk request."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        results = [{"id": each["id"], "meta": {"status": "201"}} for each in body["data"]]
        answer = json.dumps({"data": results}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


def serve(tell: Connection) -> None:
    """Serve until the process is ended."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    tell.send(server.server_port)
    server.serve_forever()


def _token() -> str:
    body = base64.urlsafe_b64encode(json.dumps(_CLAIMS).encode()).decode().rstrip("=")
    return f"x.{body}.x"


def _peak() -> float:
    """Return the most memory that this process has had, megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def main() -> None:
    """Report requests, processor time and memory."""
    context = multiprocessing.get_context("spawn")
    hear, tell = context.Pipe(duplex=False)
    server = context.Process(target=serve, args=(tell,), daemon=True)
    server.start()
    client = swath.Client(url=f"http://127.0.0.1:{hear.recv()}", token=_token())
    try:
        Image.save_many(images(FIRST, "a"), client=client)
        before, began, clock = _peak(), time.process_time(), time.monotonic()
        done = Image.save_many(images(COUNT, "b"), client=client)
        spent, took = time.process_time() - began, time.monotonic() - clock
    finally:
        server.terminate()
    thousands = COUNT / 1000
    case = f"{COUNT:,} images from a generator"
    report("client_bulk", case, "requests per 1,000", done.requests / thousands, "", REQUESTS_BAR)
    report("client_bulk", case, "processor per 1,000", spent / thousands, "s", PROCESSOR_BAR)
    report("client_bulk", case, "images a second", done.saved / took, "1/s")
    report("client_bulk", case, "memory beyond 10,000", _peak() - before, "MB", MEMORY_BAR)
    finish()


if __name__ == "__main__":
    main()
