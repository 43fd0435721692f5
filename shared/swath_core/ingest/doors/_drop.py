"""The drop folder: a file put under ``drop/ORG/PRODUCT/`` becomes an image, without an API call.

======================================  =======================================================
``drop/ORG/PRODUCT/NAME.tif``           the image NAME, from one file
``drop/ORG/PRODUCT/NAME.json``          beside it, put before it: a sidecar of image attributes
``drop/ORG/PRODUCT/NAME/FILE``          files of the image NAME that has several ...
``drop/ORG/PRODUCT/NAME.json``          ... listed in order by this manifest, ``{"files": [...]}``
======================================  =======================================================

A drop whose product is not there, or has no bands yet, ends as a failure that awaits the product:
the sweep has it recorded again once the product is complete (``swath_core.ingest._awaiting``).

An upload of the drop folder is named by what it consists of: the key, ETag and time of its file
and of the document beside it. So an event that comes twice, or two events of one drop, lead to
the same upload, and a file that is put again leads to a new one.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

from swath_core.definitions import LONGEST_NAME, NAME_PATTERN
from swath_core.documents import shown
from swath_core.errors import SwathError
from swath_core.ingest._context import IngestContext, ObjectCreated
from swath_core.ingest._publication import announce_failure
from swath_core.pixels import Refused
from swath_core.store.awaited import Awaited
from swath_core.store.objects import Found, ObjectGone, Objects
from swath_core.uploads import Part, StaleUpload, Upload, image_attributes, machine

from ._door import Door

RASTERS = ("tif", "tiff", "jp2", "png", "jpg", "jpeg", "npy")

KEEP_FAILED = timedelta(hours=24)
"""How long files that failed stay, so that the cause can be looked into."""
_MOST_DOCUMENT_BYTES = 256 * 1024
_MOST_FILES = 1000
DROP = "drop/"


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
    if known is not None and not _is_awaited_no_more(context, known):
        return known.id
    upload = machine.take_up(upload, known) if known else upload
    try:
        _check_kind(drop)
        upload = _with_attributes(context, upload, drop, document)
    except _NoProduct as missing:
        return _await_product(context, upload, str(missing))
    except Refused as refusal:
        return _create_failed(context, upload, str(refusal))
    return _create(context, upload)


def _is_awaited_no_more(context: IngestContext, known: Upload) -> bool:
    """Return whether an upload failed for want of a product that is there by now."""
    return known.awaits_product and _missing(context, known.product_id) is None


def _check_kind(drop: DropKey) -> None:
    if drop.extension not in RASTERS:
        raise Refused(
            f"{drop.key}: files of the kind .{drop.extension} are not accepted; expected "
            + ", ".join(f".{extension}" for extension in RASTERS)
        )


def _manifest(context: IngestContext, drop: DropKey, document: Found) -> str | None:
    """Record the upload of a manifest, and which of its files are there."""
    upload = _new(context, drop, [], document)
    known = context.uploads.get(upload.id)
    if known is None or _is_awaited_no_more(context, known):
        upload = machine.take_up(upload, known) if known else upload
        try:
            values = read_document(context.objects, document)
            if not is_manifest(values):
                return None
            upload = _with_files(upload, drop, listed_files(values, drop))
            upload = _with_attributes(context, upload, drop, document)
        except _NoProduct as missing:
            return _await_product(context, upload, str(missing))
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
    missing = _missing(context, drop.product_id)
    if missing is not None:
        raise _NoProduct(missing)
    values = read_document(context.objects, document) if document else {}
    where = document.key if document else drop.name
    name = image_name(values, drop)
    image = attributes_in(values, drop, name, where)
    return replace(upload, image_id=f"{drop.product_id}:{name}", image=image)


class _NoProduct(Refused):
    """The product of a drop is not there, or has no bands yet."""


def _missing(context: IngestContext, product_id: str) -> str | None:
    """Return what a product lacks to take images, or None where nothing is missing."""
    entry = context.products.product_with_bands(product_id)
    if entry is None:
        return f"there is no product {product_id}; expected drop/ORG/PRODUCT/NAME"
    return None if entry[1] else f"product {product_id} has no bands"


def _create(context: IngestContext, upload: Upload) -> str:
    if upload.is_complete:
        why = "its product is there now" if upload.version else "found in the drop folder"
        upload = machine.queue(upload, context.step(), why)
    return _record(context, upload)


def _record(context: IngestContext, upload: Upload) -> str:
    """Store a new upload, or one in the place of the one that awaited its product."""
    with contextlib.suppress(StaleUpload):  # another event of the same drop was faster
        if upload.version:
            context.uploads.save(upload, upload)
        else:
            context.uploads.create(upload)
    return upload.id


def _await_product(context: IngestContext, upload: Upload, message: str) -> str:
    """Record a drop that fails for want of its product, listed first among the awaited ones."""
    step = context.step()
    until = step.after(KEEP_FAILED)
    context.awaited.put(Awaited(upload.product_id, step.now, until))
    told = f"{message}. The file stays until {until} and is taken up once the product has bands"
    announce_failure(context, upload, told)
    return _record(context, machine.await_product(upload, step, told))


def _create_failed(context: IngestContext, upload: Upload, message: str) -> str:
    """Record a drop that cannot become an image, so that its product's writers can read why."""
    announce_failure(context, upload, message)
    return _record(context, machine.fail(upload, context.step(), message))


# ---- sidecars and manifests


def read_document(objects: Objects, document: Found) -> Any:
    """Return the JSON of a document, or None where it is gone. Raises Refused."""
    try:
        data = objects.read(document.key, _MOST_DOCUMENT_BYTES)
    except ObjectGone:
        return None
    if len(data) > _MOST_DOCUMENT_BYTES:
        raise Refused(f"{document.key}: has over {_MOST_DOCUMENT_BYTES} bytes")
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Refused(f"{document.key}: is no JSON: {error}") from error


def is_manifest(values: Any) -> bool:
    """Return whether a document lists the files of its image."""
    return isinstance(values, dict) and "files" in values


def listed_files(values: Any, drop: DropKey) -> list[str]:
    """Return the names of the files that a manifest lists, in order. Raises Refused."""
    names = values["files"]
    good = isinstance(names, list) and 0 < len(names) <= _MOST_FILES
    if not good or not all(_is_plain(name) for name in names) or len(set(names)) < len(names):
        raise Refused(
            f"{drop.document_keys[0]}: files must be a list of 1 to {_MOST_FILES} different names "
            f"of files in {drop.prefix}/, without a slash"
        )
    return list(names)


def _is_plain(name: object) -> bool:
    return isinstance(name, str) and 0 < len(name) <= 255 and "/" not in name  # noqa: PLR2004


def image_name(values: Any, drop: DropKey) -> str:
    """Return the name of the image: the file's, or the document's where that cannot be one.

    Files may be called what images may not: with spaces, '+', '%', letters with accents.
    Raises Refused where neither can name an image.
    """
    if _is_name(drop.name):
        return drop.name
    given = _attributes(values).get("name")
    if isinstance(given, str) and _is_name(given):
        return given
    raise Refused(
        f"{drop.name!r} cannot name an image; expected at most {LONGEST_NAME} letters, digits, "
        f"'_', '.' and '-', or such a name as the attribute name in {drop.document_keys[0]}"
    )


def _is_name(name: str) -> bool:
    return re.fullmatch(NAME_PATTERN, name) is not None and len(name) <= LONGEST_NAME


def _attributes(values: Any) -> dict[str, Any]:
    """Return the image attributes of a document, {} where it holds none."""
    if not isinstance(values, dict):
        return {}
    given = values.get("attributes", {} if is_manifest(values) else values)
    return given if isinstance(given, dict) else {}


def attributes_in(values: Any, drop: DropKey, name: str, where: str) -> dict[str, Any]:
    """Return the normalised image attributes of a sidecar or manifest.

    ``name`` is the image's, ``where`` what messages name. Raises Refused.
    """
    if not isinstance(values, dict):
        raise Refused(f"{where}: expected a JSON object")
    if not isinstance(values.get("attributes", {}), dict):
        raise Refused(f"{where}: attributes must be a JSON object")
    given = _attributes(values)
    for attribute, right in (("name", name), ("product_id", drop.product_id)):
        if given.get(attribute, right) != right:
            raise Refused(
                f"{attribute} is {shown(given[attribute])}; the place in the drop folder says "
                f"{right!r}"
            )
    try:
        return image_attributes(given)
    except SwathError as error:
        details = "; ".join(single.detail for single in error)
        raise Refused(f"{where}: {details}") from error


# ---- keys


@dataclass(frozen=True, slots=True)
class DropKey:
    """A key of the drop folder: ``drop/ORG/PRODUCT/NAME.EXT`` or ``drop/ORG/PRODUCT/NAME/FILE``.

    ``extension`` is in lower case, without the dot; ``folder`` tells the second form.
    """

    key: str
    org: str
    product: str
    name: str
    extension: str
    folder: bool

    @property
    def product_id(self) -> str:
        """The id of the product."""
        return f"{unquote(self.org)}:{unquote(self.product)}"

    @property
    def image_id(self) -> str:
        """The id of the image."""
        return f"{self.product_id}:{self.name}"

    @property
    def prefix(self) -> str:
        """The key without its extension (or file): what sidecar and manifest share with it."""
        return f"{DROP}{self.org}/{self.product}/{self.name}"

    @property
    def document_keys(self) -> tuple[str, ...]:
        """The keys that the sidecar or manifest may have: its own, first, where this is it."""
        usual = (f"{self.prefix}.json", f"{self.prefix}.JSON")
        return tuple(dict.fromkeys((self.key, *usual))) if self.extension == "json" else usual


def parse_drop_key(key: str) -> DropKey | None:
    """Return the parts of a key of the drop folder, or None where it names no product."""
    parts = key.removeprefix(DROP).split("/")
    if not key.startswith(DROP) or len(parts) < 3 or not all(parts):  # noqa: PLR2004
        return None
    org, product, rest = parts[0], parts[1], parts[2:]
    if len(rest) > 1:
        return DropKey(key, org, product, rest[0], "", folder=True)
    name, _, extension = rest[0].rpartition(".")
    return DropKey(key, org, product, name or rest[0], extension.lower(), folder=False)
