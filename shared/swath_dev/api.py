"""The HTTPS API, held plainly: what a user without any client would send."""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
import numpy.typing as npt
import requests

from swath_dev._trouble import Trouble

_SECONDS = 60
_FINAL = ("success", "failure", "canceled")
_BLOSC_HEADER = struct.Struct("<BBBBIII")
_MEMCPYED = 0x02


@dataclass
class Api:
    """One caller of one catalog. Errors of the contract become Trouble with their details."""

    url: str
    token: str
    session: requests.Session = field(default_factory=requests.Session)

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Send one request and return the JSON answer, None where the answer is empty."""
        answer = self.session.request(
            method,
            f"{self.url}/catalog/v2{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=_SECONDS,
        )
        if answer.status_code >= requests.codes.bad_request:
            raise Trouble(f"{method} {path} answered {answer.status_code}: {_details(answer)}")
        return answer.json() if answer.content else None

    def exists(self, path: str) -> bool:
        """Say whether the object at the path is there."""
        try:
            self.call("GET", path)
        except Trouble as trouble:
            if "answered 404" in str(trouble):
                return False
            raise
        return True

    def save(self, kind: str, id_: str, attributes: dict[str, Any]) -> str:
        """Create an object, or change it where it exists; return its id."""
        collection = f"/{kind}s"
        data = {"type": kind, "id": id_, "attributes": attributes}
        if self.exists(f"{collection}/{id_}"):
            changes = {k: v for k, v in attributes.items() if k not in {"product_id", "type"}}
            path, data = f"{collection}/{id_}", data | {"attributes": changes}
            return str(self.call("PATCH", path, {"data": data})["data"]["id"])
        return str(self.call("POST", collection, {"data": data})["data"]["id"])

    def upload(self, image_id: str, attributes: dict[str, Any], files: list[Path]) -> str:
        """Declare an upload and PUT its files to their presigned URLs; return the upload's id."""
        product_id, name = image_id.rsplit(":", 1)
        image = {"name": name, "product_id": product_id, **attributes}
        options = {"upload_type": "file", "image_files": [str(path) for path in files]}
        upload = {
            "image_id": image_id,
            "image": {"data": {"type": "image", "id": image_id, "attributes": image}},
            "image_upload_options": options,
        }
        body = {"data": {"type": "image_upload", "attributes": upload}}
        declared = self.call("POST", "/uploads_v2", body)["data"]
        for path, url in zip(files, declared["attributes"]["resumable_urls"], strict=True):
            with path.open("rb") as content:
                requests.put(
                    url,
                    data=content,
                    headers={"content-type": "application/octet-stream"},
                    timeout=_SECONDS,
                ).raise_for_status()
        return str(declared["id"])

    def watch(self, upload_id: str, seconds: float = 120.0) -> Iterator[tuple[str, list[str]]]:
        """Yield the upload's status and the messages of its events until the status is final."""
        deadline = time.monotonic() + seconds
        while True:
            answer = self.call("GET", f"/uploads_v2/{upload_id}?include=events")
            status = answer["data"]["attributes"]["status"]
            yield status, [event["attributes"]["message"] for event in answer.get("included", [])]
            if status in _FINAL:
                return
            if time.monotonic() > deadline:
                raise Trouble(f"upload {upload_id} is still {status} after {seconds:.0f} s")
            time.sleep(0.3)

    def search(self, collection: str, **members: object) -> Any:
        """Send a search; ``filter`` and ``intersects`` are given as objects."""
        encoded = {
            name: json.dumps(value) if name in {"filter", "intersects"} else value
            for name, value in members.items()
        }
        return self.call("PUT", f"/{collection}", encoded)

    def pixels(self, **request: object) -> tuple[dict[str, Any], np.ma.MaskedArray[Any, Any]]:
        """Return the metadata and the masked array (bands, rows, columns) of a raster request."""
        with self.session.post(
            f"{self.url}/raster/v2/npz",
            json={"of": "blosc", "output_window": None, **request},
            headers={"Authorization": f"Bearer {self.token}", "Accept-Encoding": "identity"},
            stream=True,
            timeout=300,
        ) as answer:
            if answer.status_code >= requests.codes.bad_request:
                raise Trouble(f"raster answered {answer.status_code}: {_details(answer)}")
            return _decode(cast("BinaryIO", answer.raw))


def _details(answer: requests.Response) -> str:
    try:
        return "; ".join(error["detail"] for error in answer.json()["errors"])
    except (ValueError, KeyError, TypeError):
        return answer.text[:500]


def _decode(stream: BinaryIO) -> tuple[dict[str, Any], np.ma.MaskedArray[Any, Any]]:
    metadata, head = json.loads(stream.readline()), json.loads(stream.readline())
    data = np.zeros(head["shape"], head["dtype"])
    mask = np.ones(head["shape"], bool)
    for _ in range(head["chunks"]):
        chunk = json.loads(stream.readline())
        if "error" in chunk:
            raise Trouble(f"raster failed in the middle: {chunk['error']}")
        window = tuple(
            slice(start, start + size)
            for start, size in zip(chunk["offset"], chunk["shape"], strict=True)
        )
        data[window] = _frame(stream, data.dtype).reshape(chunk["shape"])
        mask[window] = _frame(stream, mask.dtype).reshape(chunk["shape"])
    return metadata, np.ma.MaskedArray(data, mask)


def _frame(stream: BinaryIO, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Return the content of one uncompressed Blosc frame."""
    header = _BLOSC_HEADER.unpack(stream.read(_BLOSC_HEADER.size))
    flags, stored = header[2], header[6]
    if not flags & _MEMCPYED:
        raise Trouble("raster answered a compressed frame; install the blosc package to read it")
    return np.frombuffer(stream.read(stored - _BLOSC_HEADER.size), dtype)
