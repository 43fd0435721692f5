"""The HTTPS API, held plainly: what a user without any client would send."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
import requests

from swath.raster import RasterStream
from swath_dev._errors import CommandError

_SECONDS = 60
_FINAL = ("success", "failure", "canceled")


@dataclass
class Api:
    """One caller of one catalog. Errors of the contract become CommandError with their details."""

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
            raise CommandError(f"{method} {path} answered {answer.status_code}: {_details(answer)}")
        return answer.json() if answer.content else None

    def exists(self, path: str) -> bool:
        """Say whether the object at the path is there."""
        try:
            self.call("GET", path)
        except CommandError as error:
            if "answered 404" in str(error):
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
                raise CommandError(f"upload {upload_id} is still {status} after {seconds:.0f} s")
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
                raise CommandError(f"raster answered {answer.status_code}: {_details(answer)}")
            return _decode(cast("IO[bytes]", answer.raw))


def _details(answer: requests.Response) -> str:
    try:
        return "; ".join(error["detail"] for error in answer.json()["errors"])
    except (ValueError, KeyError, TypeError):
        return answer.text[:500]


def _decode(source: IO[bytes]) -> tuple[dict[str, Any], np.ma.MaskedArray[Any, Any]]:
    stream = RasterStream(source)
    data = np.zeros(stream.shape, stream.dtype)
    mask = np.ones(stream.shape, np.bool_)
    for chunk in stream:
        data[chunk.window] = chunk.data
        mask[chunk.window] = chunk.mask
    return stream.metadata, np.ma.MaskedArray(data, mask)
