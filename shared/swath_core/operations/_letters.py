"""What a dead letter is about, and why it could not be done, as far as that is on record."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote, unquote_plus

from swath_core.settings import Settings
from swath_core.store.catalog import CatalogStore
from swath_core.uploads import Upload, UploadStore, parse_upload_key

_LONGEST = 300
_LOOKED_THROUGH = 50
_DROP = "drop/"


class Letters:
    """Reads letters of both queues. Whatever a letter holds, it is described."""

    def __init__(self, settings: Settings) -> None:
        self._uploads = UploadStore(settings)
        self._catalog = CatalogStore(settings)

    def describe(self, body: str) -> dict[str, str | None]:
        """Return what a letter is ``about``, its ``product_id`` and ``upload_id``, and ``reason``.

        All but the first are None where nothing is on record.
        """
        try:
            letter = json.loads(body)
            if "task" in letter:
                return self._task(str(letter["task"]), str(letter["product_id"]))
            return self._object(unquote_plus(str(letter["Records"][0]["s3"]["object"]["key"])))
        except (ValueError, LookupError, TypeError):
            return _described(body)

    def _task(self, name: str, product_id: str) -> dict[str, str | None]:
        task = self._catalog.task(product_id)
        errors = (task.get("errors") if task else None) or [None]
        return _described(f"{name} of {product_id}", product_id, None, errors[-1])

    def _object(self, key: str) -> dict[str, str | None]:
        upload = self._upload(key)
        if upload is None:
            return _described(key)
        return _described(key, upload.product_id, upload.id, last_trouble(upload))

    def _upload(self, key: str) -> Upload | None:
        """Return the upload that an object of the data bucket belongs to, if it is on record."""
        parsed = parse_upload_key(key)
        if parsed is not None:
            return self._uploads.get(parsed[0])
        org, _, rest = key.removeprefix(_DROP).partition("/")
        product, _, name = rest.partition("/")
        if not (key.startswith(_DROP) and org and product and name):
            return None
        found = self._uploads.of_product(f"{unquote(org)}:{unquote(product)}")
        newest = (each for each, _ in zip(found, range(_LOOKED_THROUGH), strict=False))
        return next((each for each in newest if _has(each, key)), None)


def last_trouble(upload: Upload) -> str | None:
    """Return what an upload's log last says is wrong: its errors, or the attempts that failed."""
    for severity in ("ERROR", "WARNING"):
        messages = [each.message for each in upload.events if each.severity == severity]
        if messages:
            return messages[-1]
    return None


def _has(upload: Upload, key: str) -> bool:
    return any(part.key == key for part in (*upload.parts, *upload.companions))


def _described(
    about: str, product: str | None = None, upload: str | None = None, reason: Any = None
) -> dict[str, str | None]:
    text = None if reason is None else str(reason)
    return {"about": about[:_LONGEST], "product_id": product, "upload_id": upload, "reason": text}
