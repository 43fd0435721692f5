"""An image together with its product: one request to two tables."""

from __future__ import annotations

import json
from typing import Any

from swath_core.documents import Document, StoredProduct
from swath_core.settings import Settings

from .catalog import PRODUCT_KEY
from .fast import fast_dynamo
from .tables import is_key

_ATTEMPTS = 5


class MemberStore:
    """Reads that the decision on access and the answer share."""

    def __init__(self, settings: Settings) -> None:
        self._images = settings.need("images_table")
        self._catalog = settings.need("catalog_table")

    def image_with_product(self, image_id: str) -> tuple[Document, StoredProduct] | None:
        """Return an image and its product, both as they are now: one BatchGetItem.

        None where either is missing.
        """
        product_id, _, name = image_id.rpartition(":")
        if not product_id or not name or not is_key(image_id):
            return None
        found = self._read(
            {
                self._images: {"Keys": [{"id": {"S": image_id}}], "ConsistentRead": True},
                self._catalog: {
                    "Keys": [{"pk": {"S": product_id}, "sk": {"S": PRODUCT_KEY}}],
                    "ConsistentRead": True,
                },
            }
        )
        images, products = found.get(self._images), found.get(self._catalog)
        if not images or not products:
            return None
        return (
            _document("image", image_id, images[0]),
            _product(product_id, products[0]),
        )

    def _read(self, wanted: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
        """Return the items by table; what DynamoDB leaves unprocessed is asked for again."""
        found: dict[str, list[dict[str, Any]]] = {}
        for _ in range(_ATTEMPTS):
            answer = fast_dynamo().call("BatchGetItem", {"RequestItems": wanted})
            for table, items in answer["Responses"].items():
                found.setdefault(table, []).extend(items)
            wanted = answer.get("UnprocessedKeys") or {}
            if not wanted:
                return found
        message = "DynamoDB left keys unprocessed"
        raise TimeoutError(message)


def _document(kind: str, object_id: str, item: dict[str, Any]) -> Document:
    return Document(
        kind=kind,
        id=object_id,
        attributes=json.loads(item["document"]["S"]),
        version=int(item["version"]["N"]),
        request=item.get("request", {}).get("S"),
    )


def _product(product_id: str, item: dict[str, Any]) -> StoredProduct:
    found = _document("product", product_id, item)
    return StoredProduct(
        found.kind,
        found.id,
        found.attributes,
        found.version,
        found.request,
        frozenset(map(int, item.get("rungs", {}).get("NS", ()))),
        frozenset(map(int, item.get("extent", {}).get("NS", ()))),
    )
