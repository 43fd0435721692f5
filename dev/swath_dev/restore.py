"""Bringing back images that were deleted, out of restored tables and the bucket's old versions.

DynamoDB restores a table to a new one; nothing of the live tables is undone. What is missing in
them is copied back, product by product: images that were changed or made since stay as they are.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from swath_dev.session import Session


@dataclass(frozen=True, slots=True)
class Restored:
    """How many images came back, how many were there, and how many objects came back."""

    images: int
    kept: int
    objects: int


def restore(
    session: Session, outputs: Mapping[str, str], tables: Mapping[str, str], product: str
) -> Restored:
    """Copy the images of a product that the live tables lack, and bring their objects back.

    ``tables`` are the names of the restored tables by the names of the stack's outputs:
    ``ImagesTable`` and ``PostingsTable``. The product must exist. Again, it goes on.
    """
    dynamo = session.client("dynamodb")
    postings = _postings(dynamo, tables["PostingsTable"], product)
    restored = kept = objects = 0
    for image in _images(dynamo, tables["ImagesTable"], product):
        image_id = image["id"]["S"]
        objects += _undelete(session.client("s3"), outputs["DataBucket"], image)
        rows = postings.get(image_id, [])
        days = {row["sk"]["S"][:10] for row in rows}
        _mark(dynamo, outputs["RollupsTable"], product, days)
        if _put(dynamo, outputs, image, rows):
            restored += 1
        else:
            kept += 1
    return Restored(restored, kept, objects)


def _images(dynamo: Any, table: str, product: str) -> Iterator[dict[str, Any]]:
    pages = dynamo.get_paginator("scan").paginate(
        TableName=table,
        FilterExpression="begins_with(id, :p)",
        ExpressionAttributeValues={":p": {"S": f"{product}:"}},
    )
    for page in pages:
        for item in page["Items"]:
            if item["id"]["S"].rpartition(":")[0] == product:
                yield item


def _postings(dynamo: Any, table: str, product: str) -> dict[str, list[dict[str, Any]]]:
    """Return the postings of a product by image."""
    found: dict[str, list[dict[str, Any]]] = {}
    pages = dynamo.get_paginator("scan").paginate(
        TableName=table,
        FilterExpression="begins_with(pk, :p)",
        ExpressionAttributeValues={":p": {"S": f"{product}|"}},
    )
    for page in pages:
        for item in page["Items"]:
            found.setdefault(item["sk"]["S"].partition("#")[2], []).append(item)
    return found


def _put(
    dynamo: Any, outputs: Mapping[str, str], image: dict[str, Any], rows: list[dict[str, Any]]
) -> bool:
    """Put an image with its postings, unless there is one; return whether it was put."""
    items = [
        {
            "Put": {
                "TableName": outputs["ImagesTable"],
                "Item": image,
                "ConditionExpression": "attribute_not_exists(id)",
            }
        },
        *({"Put": {"TableName": outputs["PostingsTable"], "Item": row}} for row in rows),
    ]
    try:
        dynamo.transact_write_items(TransactItems=items)
    except dynamo.exceptions.TransactionCanceledException as error:
        reasons = error.response.get("CancellationReasons", [{}])
        if reasons[0].get("Code") != "ConditionalCheckFailed":
            raise
        return False
    return True


def _mark(dynamo: Any, table: str, product: str, days: set[str]) -> None:
    """Mark days to be counted again, as every write of an image does before it."""
    marker = f'{{"token":"{uuid.uuid4().hex}","time":{time.time()}}}'
    keys = [("!dirty", product), *((product, f"0#{day}") for day in sorted(days))]
    for pk, sk in keys:
        item = {"pk": {"S": pk}, "sk": {"S": sk}, "document": {"S": marker}}
        dynamo.put_item(TableName=table, Item=item)


def _undelete(s3: Any, bucket: str, image: dict[str, Any]) -> int:
    """Remove the deletion markers over an image's objects; return how many there were."""
    files = json.loads(image["document"]["S"]).get("files") or ()
    prefix = f"s3://{bucket}/images/"
    keys = [str(file["href"]) for file in files if str(file.get("href")).startswith(prefix)]
    count = 0
    for key in (each.removeprefix(f"s3://{bucket}/") for each in keys):
        found = s3.list_object_versions(Bucket=bucket, Prefix=key).get("DeleteMarkers", ())
        for marker in found:
            if marker["Key"] == key and marker["IsLatest"]:
                s3.delete_object(Bucket=bucket, Key=key, VersionId=marker["VersionId"])
                count += 1
    return count
