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
import json
import re
from dataclasses import replace
from typing import Any

from swath_core.definitions import LONGEST_NAME, NAME_PATTERN
from swath_core.errors import SwathError
from swath_core.ingest.attempt import Workshop, announce_failure
from swath_core.ingest.keys import DropKey, parse_drop_key
from swath_core.pixels import Refused
from swath_core.store.objects import Found, ObjectGone
from swath_core.store.uploads import StaleUpload
from swath_core.uploads import Part, Upload, machine
from swath_core.uploads.declared import image_attributes

RASTERS = ("tif", "tiff", "jp2", "png", "jpg", "jpeg", "npy")
_MOST_DOCUMENT_BYTES = 256 * 1024
_MOST_FILES = 1000


def on_drop(workshop: Workshop, key: str) -> str | None:
    """Return the id of the upload that an object of the drop folder belongs to, recorded.

    None where there is nothing to do: the object is gone, or its manifest or raster is not there.
    """
    drop = parse_drop_key(key)
    if drop is None:
        return None
    document = workshop.objects.head(drop.document_key)
    if drop.folder:
        return None if document is None else _manifest(workshop, drop, document)
    if drop.extension == "json":
        return None if document is None else _from_document(workshop, drop, document)
    found = workshop.objects.head(key)
    return None if found is None else _single(workshop, drop, found, document)


def _from_document(workshop: Workshop, drop: DropKey, document: Found) -> str | None:
    """A document arrived: a manifest, or the sidecar of a raster that may be there already."""
    try:
        values = _read(workshop, document)
    except Refused as refusal:
        return _create_failed(workshop, _new(workshop, drop, [], document), str(refusal))
    if values is None:
        return None
    if isinstance(values, dict) and "files" in values:
        return _manifest(workshop, drop, document)
    for extension in RASTERS:
        for spelling in (extension, extension.upper()):
            found = workshop.objects.head(f"{drop.prefix}.{spelling}")
            if found is not None:
                beside = parse_drop_key(found.key)
                return _single(workshop, beside or drop, found, document)
    return None


def _single(workshop: Workshop, drop: DropKey, found: Found, document: Found | None) -> str:
    """Record the upload of one raster with or without a sidecar."""
    upload = _new(workshop, drop, [found], document)
    known = workshop.uploads.get(upload.id)
    if known is not None:
        return known.id
    try:
        _check_kind(drop)
        upload = _with_attributes(workshop, upload, document)
    except Refused as refusal:
        return _create_failed(workshop, upload, str(refusal))
    return _create(workshop, upload)


def _check_kind(drop: DropKey) -> None:
    if drop.extension not in RASTERS:
        raise Refused(
            f"{drop.key}: files of the kind .{drop.extension} are not accepted; expected "
            + ", ".join(f".{extension}" for extension in RASTERS)
        )


def _manifest(workshop: Workshop, drop: DropKey, document: Found) -> str | None:
    """Record the upload of a manifest, and which of its files are there."""
    upload = _new(workshop, drop, [], document)
    known = workshop.uploads.get(upload.id)
    if known is None:
        try:
            names = _names(workshop, drop, document)
            if names is None:
                return None
            parts = tuple(Part(f"{drop.prefix}/{name}", name) for name in names)
            options = upload.options | {"image_files": names}
            upload = replace(upload, parts=parts, options=options)
            upload = _with_attributes(workshop, upload, document)
        except Refused as refusal:
            return _create_failed(workshop, upload, str(refusal))
        _create(workshop, upload)
    return _note_files(workshop, upload.id)


def _names(workshop: Workshop, drop: DropKey, document: Found) -> list[str] | None:
    """Return the files that a manifest lists; None where the document is a sidecar."""
    values = _read(workshop, document)
    if values is None or not isinstance(values, dict) or "files" not in values:
        return None
    names = values["files"]
    good = isinstance(names, list) and 0 < len(names) <= _MOST_FILES
    if not good or not all(_is_plain(name) for name in names) or len(set(names)) < len(names):
        raise Refused(
            f"{document.key}: files must be a list of 1 to {_MOST_FILES} different names of files "
            f"in {drop.prefix}/, without a slash"
        )
    return list(names)


def _is_plain(name: object) -> bool:
    return isinstance(name, str) and 0 < len(name) <= 255 and "/" not in name  # noqa: PLR2004


def _note_files(workshop: Workshop, upload_id: str) -> str | None:
    """Note which files of a manifest are there now."""
    while True:
        upload = workshop.uploads.get(upload_id)
        if upload is None or upload.is_final or upload.is_complete:
            return upload_id
        noted = upload
        for index, part in enumerate(upload.parts):
            found = None if part.arrived else workshop.objects.head(part.key)
            if found is not None:
                arrived = replace(part, etag=found.etag, size=found.size, sequencer=found.modified)
                noted = machine.arrive(noted, workshop.step(), index, arrived)
        if noted is upload:
            return upload_id
        try:
            workshop.uploads.save(noted, upload)
        except StaleUpload:
            continue
        return upload_id


def _new(workshop: Workshop, drop: DropKey, rasters: list[Found], document: Found | None) -> Upload:
    now = workshop.now()
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
        parts=tuple(
            Part(found.key, found.key.rpartition("/")[2], found.etag, found.size, found.modified)
            for found in rasters
        ),
        companions=(_companion(document),) if document else (),
        created=now,
        modified=now,
        door="drop",
        due=workshop.step().after(machine.PATIENCE),
    )


def _companion(document: Found) -> Part:
    name = document.key.rpartition("/")[2]
    return Part(document.key, name, document.etag, document.size, document.modified)


def _with_attributes(workshop: Workshop, upload: Upload, document: Found | None) -> Upload:
    """Return the upload with the image attributes of its sidecar or manifest. Raises Refused."""
    name = upload.image_id.rpartition(":")[2]
    if not re.fullmatch(NAME_PATTERN, name) or len(name) > LONGEST_NAME:
        raise Refused(
            f"{name!r} cannot name an image; expected at most {LONGEST_NAME} letters, digits, "
            "'_', '.' and '-'"
        )
    if workshop.products.product_with_bands(upload.product_id) is None:
        raise Refused(f"there is no product {upload.product_id}; expected drop/ORG/PRODUCT/NAME")
    values = _read(workshop, document) if document else {}
    if not isinstance(values, dict):
        raise Refused(f"{document.key if document else name}: expected a JSON object")
    given = values.get("attributes", {} if "files" in values else values)
    if not isinstance(given, dict):
        raise Refused(f"{document.key if document else name}: attributes must be a JSON object")
    for attribute, right in (("name", name), ("product_id", upload.product_id)):
        if given.get(attribute, right) != right:
            raise Refused(
                f"{attribute} is {given[attribute]!r}; the place in the drop folder says {right!r}"
            )
    try:
        return replace(upload, image=image_attributes(given))
    except SwathError as error:
        details = "; ".join(single.detail for single in error)
        raise Refused(f"{document.key if document else name}: {details}") from error


def _read(workshop: Workshop, document: Found) -> Any:
    """Return the JSON of a document, or None where it is gone. Raises Refused."""
    try:
        data = workshop.objects.read(document.key, _MOST_DOCUMENT_BYTES)
    except ObjectGone:
        return None
    if len(data) > _MOST_DOCUMENT_BYTES:
        raise Refused(f"{document.key}: has over {_MOST_DOCUMENT_BYTES} bytes")
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Refused(f"{document.key}: is no JSON: {error}") from error


def _create(workshop: Workshop, upload: Upload) -> str:
    step = workshop.step()
    if upload.is_complete:
        upload = machine.queue(upload, step, "found in the drop folder")
    with contextlib.suppress(StaleUpload):  # another event of the same drop was faster
        workshop.uploads.create(upload)
    return upload.id


def _create_failed(workshop: Workshop, upload: Upload, message: str) -> str:
    """Record a drop that cannot become an image, so that its product's writers can read why."""
    announce_failure(workshop.bus, upload, message)
    with contextlib.suppress(StaleUpload):
        workshop.uploads.create(machine.fail(upload, workshop.step(), message))
    return upload.id
