"""The drop folder: a file put under ``drop/ORG/PRODUCT/`` becomes an image, without an API call.

======================================  =======================================================
``drop/ORG/PRODUCT/NAME.tif``           the image NAME, from one file
``drop/ORG/PRODUCT/NAME.json``          beside it, put before it: a sidecar of image attributes
``drop/ORG/PRODUCT/NAME/FILE``          files of the image NAME that has several ...
``drop/ORG/PRODUCT/NAME.json``          ... listed in order by this manifest, ``{"files": [...]}``
======================================  =======================================================

An upload of the drop folder is named by what it consists of: the key, ETag and time of its file
and of the document beside it. So an event that comes twice, or two events of one drop, lead to
the same upload, and a file that is put again leads to a new one.
"""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import replace
from datetime import timedelta

from swath_core.ingest._context import IngestContext
from swath_core.ingest._message import ObjectCreated
from swath_core.ingest._publication import announce_failure
from swath_core.pixels import Refused
from swath_core.store.objects import Found, Objects
from swath_core.uploads import Part, StaleUpload, Upload, machine

from ._door import Door
from ._drop_documents import attributes_in, image_name, is_manifest, listed_files, read_document
from ._drop_keys import DROP, DropKey, parse_drop_key

RASTERS = ("tif", "tiff", "jp2", "png", "jpg", "jpeg", "npy")

KEEP_FAILED = timedelta(hours=24)
"""How long files that failed stay, so that the cause can be looked into."""


class DropDoor(Door):
    """Files under ``drop/ORG/PRODUCT/``, recorded as uploads when S3 tells of them."""

    name = "drop"
    prefix = DROP
    newer_file_is_new_upload = True

    def record(self, context: IngestContext, created: ObjectCreated) -> str | None:
        """Record the upload that an object of the drop folder belongs to.

        None where the object is gone, or its manifest or raster is not there.
        """
        drop = parse_drop_key(created.key)
        if drop is None:
            return None
        document = _document(context.objects, drop)
        if drop.folder:
            return None if document is None else _manifest(context, drop, document)
        if drop.extension == "json":
            return None if document is None else _from_document(context, drop, document)
        found = context.objects.head(created.key)
        return None if found is None else _single(context, drop, found, document)

    def delete_sources(self, objects: Objects, upload: Upload, *, is_due: bool) -> None:
        """Delete what was dropped, unless it failed lately or has been put again since."""
        if upload.status != "success" and not is_due:
            return
        for part in (*upload.parts, *upload.companions):
            if part.arrived:
                objects.delete_version(part.key, part.etag)


def _document(objects: Objects, drop: DropKey) -> Found | None:
    """Return the sidecar or manifest that goes with a key, if it is there."""
    found = (objects.head(key) for key in drop.document_keys)
    return next((document for document in found if document is not None), None)


def _from_document(context: IngestContext, drop: DropKey, document: Found) -> str | None:
    """A document arrived: a manifest, or the sidecar of a raster that may be there already."""
    try:
        values = read_document(context.objects, document)
    except Refused as refusal:
        return _create_failed(context, _new(context, drop, [], document), str(refusal))
    if values is None:
        return None
    if is_manifest(values):
        return _manifest(context, drop, document)
    for extension in RASTERS:
        for spelling in (extension, extension.upper()):
            found = context.objects.head(f"{drop.prefix}.{spelling}")
            if found is not None:
                beside = parse_drop_key(found.key)
                return _single(context, beside or drop, found, document)
    return None


def _single(context: IngestContext, drop: DropKey, found: Found, document: Found | None) -> str:
    """Record the upload of one raster with or without a sidecar."""
    upload = _new(context, drop, [found], document)
    known = context.uploads.get(upload.id)
    if known is not None:
        return known.id
    try:
        _check_kind(drop)
        upload = _with_attributes(context, upload, drop, document)
    except Refused as refusal:
        return _create_failed(context, upload, str(refusal))
    return _create(context, upload)


def _check_kind(drop: DropKey) -> None:
    if drop.extension not in RASTERS:
        raise Refused(
            f"{drop.key}: files of the kind .{drop.extension} are not accepted; expected "
            + ", ".join(f".{extension}" for extension in RASTERS)
        )


def _manifest(context: IngestContext, drop: DropKey, document: Found) -> str | None:
    """Record the upload of a manifest, and which of its files are there."""
    upload = _new(context, drop, [], document)
    if context.uploads.get(upload.id) is None:
        try:
            values = read_document(context.objects, document)
            if not is_manifest(values):
                return None
            upload = _with_files(upload, drop, listed_files(values, drop))
            upload = _with_attributes(context, upload, drop, document)
        except Refused as refusal:
            return _create_failed(context, upload, str(refusal))
        _create(context, upload)
    context.uploads.change(upload.id, lambda current: _with_arrived(context, current))
    return upload.id


def _with_files(upload: Upload, drop: DropKey, names: list[str]) -> Upload:
    parts = tuple(Part(f"{drop.prefix}/{name}", name) for name in names)
    return replace(upload, parts=parts, options=upload.options | {"image_files": names})


def _with_arrived(context: IngestContext, upload: Upload) -> Upload:
    """Return the upload of a manifest with those of its files that are there now."""
    if upload.is_final or upload.is_complete:
        return upload
    noted = upload
    for index, part in enumerate(upload.parts):
        found = None if part.arrived else context.objects.head(part.key)
        if found is not None:
            arrived = replace(part, etag=found.etag, size=found.size, sequencer=found.modified)
            noted = machine.arrive(noted, context.step(), index, arrived)
    return noted


def _new(
    context: IngestContext, drop: DropKey, rasters: list[Found], document: Found | None
) -> Upload:
    now = context.now()
    consists_of = [*rasters, document] if document else rasters
    text = "|".join(f"{found.key} {found.etag} {found.modified}" for found in consists_of)
    is_array = bool(rasters) and rasters[0].key.lower().endswith(".npy")
    return Upload(
        id="drop-" + hashlib.sha256(text.encode()).hexdigest()[:32],
        product_id=drop.product_id,
        image_id=drop.image_id,
        user=f"org:{drop.org}",
        status="transferring",
        options={
            "upload_type": "ndarray" if is_array else "file",
            "image_files": [found.key for found in rasters],
        },
        image={},
        parts=tuple(_part(found) for found in rasters),
        companions=(_part(document),) if document else (),
        created=now,
        modified=now,
        door=DropDoor.name,
        keep_failed_seconds=int(KEEP_FAILED.total_seconds()),
        due=context.step().after(machine.ARRIVAL_TIMEOUT),
    )


def _part(found: Found) -> Part:
    name = found.key.rpartition("/")[2]
    return Part(found.key, name, found.etag, found.size, found.modified)


def _with_attributes(
    context: IngestContext, upload: Upload, drop: DropKey, document: Found | None
) -> Upload:
    """Return the upload with the image attributes of its sidecar or manifest. Raises Refused."""
    if context.products.product_with_bands(drop.product_id) is None:
        raise Refused(f"there is no product {drop.product_id}; expected drop/ORG/PRODUCT/NAME")
    values = read_document(context.objects, document) if document else {}
    where = document.key if document else drop.name
    name = image_name(values, drop)
    image = attributes_in(values, drop, name, where)
    return replace(upload, image_id=f"{drop.product_id}:{name}", image=image)


def _create(context: IngestContext, upload: Upload) -> str:
    if upload.is_complete:
        upload = machine.queue(upload, context.step(), "found in the drop folder")
    with contextlib.suppress(StaleUpload):  # another event of the same drop was faster
        context.uploads.create(upload)
    return upload.id


def _create_failed(context: IngestContext, upload: Upload, message: str) -> str:
    """Record a drop that cannot become an image, so that its product's writers can read why."""
    announce_failure(context, upload, message)
    with contextlib.suppress(StaleUpload):
        context.uploads.create(machine.fail(upload, context.step(), message))
    return upload.id
