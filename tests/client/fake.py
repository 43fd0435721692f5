"""A catalog in this process that answers the contract: for tests of the client alone."""

from __future__ import annotations

import json
import struct
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np

PAGE = 3
KINDS = {"products": "product", "bands": "band", "images": "image", "uploads_v2": "image_upload"}


@dataclass
class Seen:
    """A request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    raw: bytes = b""


@dataclass
class FakeCatalog:
    """What the server holds, what it saw, and what it is told to do wrong."""

    objects: dict[str, dict[str, dict[str, Any]]] = field(
        default_factory=lambda: {name: {} for name in KINDS}
    )
    seen: list[Seen] = field(default_factory=list)
    faults: list[Callable[[Seen], tuple[int, dict[str, str], bytes] | None]] = field(
        default_factory=list
    )
    stored: dict[str, bytes] = field(default_factory=dict)
    put_off: dict[str, int] = field(default_factory=dict)
    upload_ends: str = "success"
    raster: Callable[[dict[str, Any]], bytes] | None = None
    numbers: Callable[[Seen], dict[str, Any]] | None = None
    url: str = ""
    store_url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def requests(self, method: str, ending: str) -> list[Seen]:
        return [s for s in self.seen if s.method == method and s.path.endswith(ending)]

    def fail_once(self, status: int, **headers: str) -> None:
        left = [1]

        def fault(_: Seen) -> tuple[int, dict[str, str], bytes] | None:
            if not left:
                return None
            left.pop()
            return status, headers, b"broken"

        self.faults.append(fault)

    # -- routes --------------------------------------------------------------------------------

    def answer(self, seen: Seen) -> tuple[int, dict[str, str], bytes]:
        self.seen.append(seen)
        for fault in self.faults:
            made = fault(seen)
            if made is not None:
                return made
        if seen.path.startswith("/signed/"):
            self.stored[seen.path.removeprefix("/signed/")] = seen.raw
            return 200, {}, b""
        if not seen.headers.get("authorization", "").startswith("Bearer "):
            return error(401, "no token")
        if seen.path.startswith("/raster/v2/"):
            return self.of_raster(seen)
        parts = [unquote(part) for part in seen.path.removeprefix("/catalog/v2/").split("/")]
        if parts[0] not in self.objects:
            return error(404, f"no route {seen.path}")
        with self.lock:
            many = parts == ["images", "bulk"]
            return self.bulk(seen) if many else self.catalog(seen, parts)

    def of_raster(self, seen: Seen) -> tuple[int, dict[str, str], bytes]:
        if seen.path.endswith("/npz"):
            assert self.raster is not None
            return 200, {"Content-Type": "application/octet-stream"}, self.raster(seen.body)
        assert self.numbers is not None
        made = json.dumps(self.numbers(seen)).encode()
        return 200, {"Content-Type": "application/json"}, made

    def catalog(self, seen: Seen, parts: list[str]) -> tuple[int, dict[str, str], bytes]:
        held = self.objects[parts[0]]
        if len(parts) == 1:
            return (
                self.search(seen, parts[0]) if seen.method == "PUT" else self.create(seen, parts[0])
            )
        if parts[1] == "summary":
            return self.summary(seen, parts)
        if parts[-1] == "delete_related_objects":
            return self.delete_related(seen, parts[1])
        if parts[1] not in held:
            return error(404, f"Object not found: {parts[1]}")
        if seen.method == "DELETE":
            del held[parts[1]]
            return ok({"meta": {"message": "gone"}})
        if seen.method == "PATCH":
            held[parts[1]].update(seen.body["data"]["attributes"], modified=now())
        if seen.method == "GET" and parts[0] == "uploads_v2":
            self.move(held[parts[1]])
        return ok(self.single(parts[0], parts[1]))

    def create(self, seen: Seen, collection: str) -> tuple[int, dict[str, str], bytes]:
        data = seen.body["data"]
        attributes = {**data["attributes"], "created": now(), "modified": now()}
        id = data.get("id") or uuid.uuid4().hex
        if collection == "products" and not id.startswith("acme:"):
            id = f"acme:{id}"
        if id in self.objects[collection]:
            return error(409, f"{id} exists")
        if collection == "uploads_v2":
            files = attributes["image_upload_options"]["image_files"]
            attributes["resumable_urls"] = [
                f"{self.store_url or self.url}/signed/{id}/{index}" for index in range(len(files))
            ]
            attributes["status"] = "transferring"
            attributes["product_id"] = attributes["image_id"].rpartition(":")[0]
        self.objects[collection][id] = attributes
        status, headers, body = ok(self.single(collection, id))
        return (201, headers, body) if status == 200 else (status, headers, body)

    def bulk(self, seen: Seen) -> tuple[int, dict[str, str], bytes]:
        """One result for each image; a chunk of the same key is answered as the first time."""
        key = seen.headers["idempotency-key"]
        members = seen.body["data"]
        return ok(
            {"data": [self.bulk_member(each, f"{key}/{n}") for n, each in enumerate(members)]}
        )

    def bulk_member(self, data: dict[str, Any], key: str) -> dict[str, Any]:
        held, id = self.objects["images"], data["id"]
        if id in held and held[id].get("key") != key:
            status, detail = 409, f"{id} exists"
        elif data["attributes"].get("acquired") == "2000-01-01T00:00:00.000000Z":
            status, detail = 422, "acquired: too old"
        elif self.put_off.pop(id, 0):
            status, detail = 429, "not tried"
        else:
            held[id] = {**data["attributes"], "created": now(), "key": key}
            return {"type": "image", "id": id, "meta": {"status": "201"}}
        wrong = {"status": str(status), "title": "Wrong", "detail": detail}
        return {"type": "image", "id": id, "meta": {"status": str(status)}, "errors": [wrong]}

    def move(self, upload: dict[str, Any]) -> None:
        if upload["status"] == "pending":
            upload["status"] = self.upload_ends
            nested = upload["image"]["data"]
            if self.upload_ends == "success":
                self.objects["images"][nested["id"]] = {
                    **nested["attributes"],
                    "created": now(),
                    "modified": now(),
                    "x_pixels": 7,
                }

    def single(self, collection: str, id: str) -> dict[str, Any]:
        body: dict[str, Any] = {"data": self.resource(collection, id)}
        body["included"] = self.included(collection, [id])
        return body

    def resource(self, collection: str, id: str) -> dict[str, Any]:
        attributes = {k: v for k, v in self.objects[collection][id].items() if k != "image"}
        made = {"type": KINDS[collection], "id": id, "attributes": attributes}
        if collection == "uploads_v2":
            made["relationships"] = {
                "events": {"data": [{"type": "image_upload_event", "id": f"{id}-e"}]}
            }
        return made

    def included(self, collection: str, ids: list[str]) -> list[dict[str, Any]]:
        if collection == "uploads_v2":
            message = {"event_datetime": now(), "message": "it was read", "severity": "INFO"}
            return [
                {"type": "image_upload_event", "id": f"{id}-e", "attributes": message} for id in ids
            ]
        if collection == "products":
            return []
        products = {self.objects[collection][id]["product_id"] for id in ids}
        known = self.objects["products"]
        return [self.resource("products", id) for id in products if id in known]

    def search(self, seen: Seen, collection: str) -> tuple[int, dict[str, str], bytes]:
        body = seen.body
        if body.get("explain"):
            return ok({"data": [], "meta": {"explain": {"rung": 3}}})
        found = [
            id
            for id, attributes in self.objects[collection].items()
            if all(
                matches(e, {**attributes, "id": id}) for e in json.loads(body.get("filter", "[]"))
            )
        ]
        order = body.get("sort", "id")
        name, down = order.removeprefix("-"), order.startswith("-")
        found.sort(
            key=lambda id: str({**self.objects[collection][id], "id": id}.get(name)), reverse=down
        )
        if body.get("limit") == 0:
            return ok({"data": [], "meta": {"count": len(found)}, "links": {}})
        found = found[: body.get("limit")]
        start = int(seen.query.get("from", 0))
        page = found[start : start + PAGE]
        links: dict[str, Any] = {"self": f"{self.url}{seen.path}"}
        if start + PAGE < len(found):
            links["next"] = f"{self.url}{seen.path}?from={start + PAGE}"
        return ok(
            {
                "data": [self.resource(collection, id) for id in page],
                "meta": {"count": len(found)},
                "links": links,
                "included": self.included(collection, page),
            }
        )

    def summary(self, seen: Seen, parts: list[str]) -> tuple[int, dict[str, str], bytes]:
        count = len(self.objects["images"])
        attributes = {"count": count, "bytes": 1000 * count, "products": ["acme:p"]}
        if parts[2] == "all":
            return ok({"data": {"type": "image_summary", "id": "all", "attributes": attributes}})
        bucket = {"count": count, "bytes": 5, "interval_start": "2020-01-01T00:00:00Z"}
        return ok(
            {
                "data": [
                    {
                        "type": "image_interval_summary",
                        "id": bucket["interval_start"],
                        "attributes": bucket,
                    }
                ]
            }
        )

    def delete_related(self, seen: Seen, product: str) -> tuple[int, dict[str, str], bytes]:
        mine = [id for id, b in self.objects["bands"].items() if b["product_id"] == product]
        if seen.method == "POST" and not mine:
            return 204, {}, b""
        for id in mine if seen.method == "POST" else []:
            del self.objects["bands"][id]
        status = "RUNNING" if seen.method == "POST" else "SUCCESS"
        attributes = {"status": status, "objects_deleted": 1, "errors": None}
        return ok(
            {"data": {"type": "product_delete_task", "id": product, "attributes": attributes}}
        )


def matches(expression: dict[str, Any], attributes: dict[str, Any]) -> bool:
    if "and" in expression:
        return all(matches(part, attributes) for part in expression["and"])
    if "or" in expression:
        return any(matches(part, attributes) for part in expression["or"])
    value, wanted = attributes.get(expression["name"]), expression.get("val")
    simple: dict[str, Callable[[], bool]] = {
        "eq": lambda: value in wanted if isinstance(wanted, list) else value == wanted,
        "ne": lambda: value != wanted,
        "isnull": lambda: value in (None, []),
        "isnotnull": lambda: value not in (None, []),
        "prefix": lambda: str(value).startswith(str(wanted)),
        "gt": lambda: value is not None and value > wanted,
        "gte": lambda: value is not None and value >= wanted,
        "lt": lambda: value is not None and value < wanted,
        "lte": lambda: value is not None and value <= wanted,
    }
    return simple[expression["op"]]()


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def ok(body: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    return 200, {"Content-Type": "application/vnd.api+json"}, json.dumps(body).encode()


def error(status: int, detail: str) -> tuple[int, dict[str, str], bytes]:
    body = {"errors": [{"status": str(status), "title": "Wrong", "detail": detail}]}
    return status, {"Content-Type": "application/vnd.api+json"}, json.dumps(body).encode()


def stream(data: Any, mask: Any, metadata: dict[str, Any], *, rows: int = 2) -> bytes:
    """A raster answer in chunks of some rows, in frames that are not compressed."""
    starts = range(0, data.shape[1], rows)
    head = {"shape": data.shape, "dtype": str(data.dtype), "chunks": len(starts)}
    out = [json.dumps(metadata).encode(), json.dumps(head).encode()]
    body = b"\n".join(out) + b"\n"
    for start in starts:
        part, hidden = data[:, start : start + rows], mask[:, start : start + rows]
        body += json.dumps({"offset": [0, start, 0], "shape": part.shape}).encode() + b"\n"
        body += frame(part.tobytes()) + frame(np.asarray(hidden, bool).tobytes())
    return body


def frame(raw: bytes) -> bytes:
    return struct.pack("<BBBBIII", 2, 1, 2, 1, len(raw), len(raw), len(raw) + 16) + raw


@contextmanager
def running() -> Iterator[FakeCatalog]:
    fake = FakeCatalog()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # head and body are two writes: the second would wait

        def log_message(self, *_: Any) -> None:
            pass

        def handle_any(self) -> None:
            split = urlsplit(self.path)
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            signed = split.path.startswith("/signed/")
            seen = Seen(
                self.command,
                split.path,
                {name: values[0] for name, values in parse_qs(split.query).items()},
                {name.lower(): value for name, value in self.headers.items()},
                None if signed or not raw else json.loads(raw),
                raw if signed else b"",
            )
            status, headers, body = fake.answer(seen)
            if status == 0:  # the connection breaks
                self.close_connection = True
                self.connection.close()
                return
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD" and status != 204:
                self.wfile.write(body)

        do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = do_HEAD = handle_any  # noqa: N815

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
