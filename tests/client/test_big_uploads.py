"""Fifty images of 20 MB through a network that breaks: nothing lost, little memory used."""

from __future__ import annotations

import hashlib
import json
import os
import random
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.client.conftest import token
from tests.client.fake import running

IMAGES, SIZE = 50, 20_000_000
PEAK = 200 * 1024 * 1024

SCRIPT = """
import json, pathlib, resource, sys
import swath
from swath.catalog import Image, upload_images
folder, count = sys.argv[1], int(sys.argv[2])
work = [
    (Image(name=f"i{n}", product="acme:p", acquired="2020"), f"{folder}/{n % 5}.bin")
    for n in range(count)
]
uploads = upload_images(work, progress=True)
for upload in uploads:
    upload.wait_for_completion(timeout=60)
# Linux hands a parent's ru_maxrss on to its children; VmHWM is this process's own
status = pathlib.Path("/proc/self/status")
lines = status.read_text().splitlines() if status.exists() else []
own = [int(line.split()[1]) for line in lines if line.startswith("VmHWM")]
peak = (own or [resource.getrusage(resource.RUSAGE_SELF).ru_maxrss])[0] * 1024
print(json.dumps([peak, [upload.status for upload in uploads]]))
"""


class Store(ThreadingHTTPServer):
    """Takes files, keeps their digests, and breaks a third of the connections half way."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taker)
        self.digests: dict[str, str] = {}
        self.broken = 0
        self.random = random.Random(5)


class Taker(BaseHTTPRequestHandler):
    server: Store

    def log_message(self, *_: Any) -> None:
        pass

    def do_PUT(self) -> None:
        left = int(self.headers["Content-Length"])
        breaks = left // 2 if self.server.random.random() < 0.33 else -1
        digest = hashlib.sha256()
        while left > 0:
            block = self.rfile.read(min(left, 1 << 18))
            if not block:
                return
            digest.update(block)
            left -= len(block)
            if 0 <= left <= breaks:
                self.server.broken += 1
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
        self.server.digests[self.path] = digest.hexdigest()
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()


def test_fifty_images_over_a_bad_network(tmp_path: Path) -> None:
    for n in range(5):
        (tmp_path / f"{n}.bin").write_bytes(random.Random(n).randbytes(SIZE))
    expected = [
        hashlib.sha256((tmp_path / f"{n % 5}.bin").read_bytes()).hexdigest() for n in range(IMAGES)
    ]
    store = Store()
    thread = threading.Thread(target=store.serve_forever, daemon=True)
    thread.start()
    with running() as fake:
        fake.objects["products"]["acme:p"] = {"name": "P"}
        fake.store_url = f"http://127.0.0.1:{store.server_port}"
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(tmp_path),
            "PYTHONPATH": os.pathsep.join(sys.path),
            "SWATH_URL": fake.url, "SWATH_TOKEN": token(),
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, str(tmp_path), str(IMAGES)],
            env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        peak, statuses = json.loads(done.stdout)
        ids = {held["image_id"]: id for id, held in fake.objects["uploads_v2"].items()}
    store.shutdown()
    store.server_close()
    assert statuses == ["success"] * IMAGES
    assert store.broken > 10
    found = [store.digests[f"/signed/{ids[f'acme:p:i{n}']}/0"] for n in range(IMAGES)]
    assert found == expected
    assert peak < PEAK, f"{peak / 2**20:.0f} MiB"
    print(f"peak {peak / 2**20:.0f} MiB, {store.broken} connections broken")
