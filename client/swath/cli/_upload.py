"""`swath upload`, `swath drop` and `swath drop status`."""

from __future__ import annotations

import json
import os
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from swath.catalog import Image, ImageUpload, ImageUploadStatus, Product, upload_images
from swath.catalog import properties as p
from swath.errors import MissingExtraError, UploadError

from ._output import client_of, emit, pairs, printable


def upload(options: Namespace) -> None:
    """Upload files as one image or one each; wait, and say how each ended."""
    client = client_of(options)
    product = Product._find(options.product, client=client)
    attributes = {"acquired": options.acquired, **pairs(options.set)}
    given = {name: value for name, value in attributes.items() if value is not None}
    if options.name:
        groups = [(options.name, [Path(file) for file in options.files])]
    else:
        groups = [(Image.make_valid_name(Path(f).stem), [Path(f)]) for f in options.files]
    images = [(Image(name=name, product=product, **given), files) for name, files in groups]
    uploads = upload_images(images, overwrite=options.overwrite)
    if not options.no_wait:
        for each in uploads:
            each.wait_for_completion(raise_on_failure=False)
    emit(options, ("image", "upload", "status"), ([x.image_id, x.id, x.status] for x in uploads))
    _report_failures([] if options.no_wait else uploads)


def drop(options: Namespace) -> None:
    """Copy files to the drop folder, each after its attributes."""
    bucket = options.bucket or os.environ.get("SWATH_BUCKET")
    if not bucket:
        raise ValueError("which bucket? give --bucket or set SWATH_BUCKET")
    org, _, name = options.product.partition(":")
    if not name:
        raise ValueError(f"a product id is ORG:NAME, not {options.product!r}")
    s3 = _boto3().client("s3")
    attributes = pairs(options.set)
    keys = []
    for file in map(Path, options.files):
        key = f"drop/{quote(org, safe='')}/{quote(name, safe='')}/{file.name}"
        if attributes:
            sidecar = f"{key.rpartition('.')[0]}.json"
            s3.put_object(Bucket=bucket, Key=sidecar, Body=json.dumps(attributes).encode())
        s3.upload_file(str(file), bucket, key)
        keys.append([str(file), f"s3://{bucket}/{key}"])
    emit(options, ("file", "dropped"), keys)


def drop_status(options: Namespace) -> None:
    """A table of the drops that the caller may know of, and why those failed that did."""
    found = ImageUpload.search(client=client_of(options)).filter(p.user.prefix("org:"))
    if options.product:
        found = found.filter(p.product_id.in_(options.product))
    if options.failed:
        found = found.filter(p.status == ImageUploadStatus.FAILURE)
    rows = ([x.image_id, x.status, x.created, _why(x), x.id] for x in found.limit(options.limit))
    emit(options, ("image", "status", "dropped", "why", "upload"), rows)


def _why(upload: ImageUpload) -> str | None:
    if upload.status != ImageUploadStatus.FAILURE or not upload.events:
        return None
    return max(upload.events, key=lambda event: str(event.event_datetime)).message


def _report_failures(uploads: list[ImageUpload]) -> None:
    failed = [each for each in uploads if each.status != "success"]
    for each in failed:
        told = f"{each.image_id}: {each.status}\n{each.event_log}"
        print(printable(told, lines=True), file=sys.stderr)
    if failed:
        raise UploadError(f"{len(failed)} of {len(uploads)} uploads failed")


def _boto3() -> Any:
    try:
        import boto3
    except ImportError:
        raise MissingExtraError("this talks to AWS itself: pip install boto3") from None
    return boto3
