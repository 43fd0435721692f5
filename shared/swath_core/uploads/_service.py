"""The use cases of uploads: declare one, say that it is sent, cancel it, look at it."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from swath_core.access import Caller, may_await, may_read, may_write
from swath_core.documents import Document, shown
from swath_core.errors import BadRequest, Conflict, Forbidden, Invalid, NotFound
from swath_core.settings import Settings
from swath_core.store.awaited import AwaitedProducts
from swath_core.store.catalog import CatalogStore
from swath_core.store.objects import PART_BYTES, Objects
from swath_core.times import now as clock

from . import machine
from ._declared import image_attributes, upload_options
from ._record import Part, Upload, base_name, upload_key
from ._store import StaleUpload, UploadStore
from .machine import Step

LARGEST_PUT = 5 * 1024**3
"""What S3 takes in one request; larger files are sent in parts."""
LARGEST_FILE = 256 * 1024**3
"""Bytes of one file: more than an ingest's disk holds, and 512 URLs of parts, signed in 0.3 s."""

_IMAGE = "/data/attributes/image"
_COMPONENT = "api"


@dataclass(frozen=True, slots=True)
class UploadView:
    """An upload as its caller may see it, with the log, and the URLs where it was just declared.

    ``parts`` are, for a file too big for one PUT, the URLs of its parts in order by file index.
    ``expire`` is until when the URLs certainly hold; looking at the upload again signs new ones.
    """

    upload: Upload
    urls: list[str] | None = None
    parts: dict[int, list[str]] | None = None
    expire: str | None = None

    @property
    def document(self) -> Document:
        """The upload as a document."""
        document = self.upload.to_document(self.urls)
        if self.expire:
            document.attributes["resumable_urls_expire"] = self.expire
        if self.parts:
            document.attributes["part_urls"] = {
                str(index): urls for index, urls in self.parts.items()
            }
            document.attributes["part_bytes"] = PART_BYTES
        return document

    @property
    def events(self) -> list[Document]:
        """The log as documents, oldest first."""
        return self.upload.event_documents()


class UploadService:
    """Uploads as callers of the API see them.

    An upload exists for whoever declared it as long as they may read its product, and for whoever
    may write the product. One that failed because its product is not there exists for whoever may
    create that product, and for operators.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        uploads: UploadStore | None = None,
        catalog: CatalogStore | None = None,
        objects: Objects | None = None,
        awaited: AwaitedProducts | None = None,
    ) -> None:
        self._uploads = uploads or UploadStore(settings)
        self._catalog = catalog or CatalogStore(settings)
        self._objects = objects or Objects(settings)
        self._awaited = awaited or AwaitedProducts(settings)

    def declare(
        self, attributes: Mapping[str, Any], caller: Caller, request: str | None = None
    ) -> UploadView:
        """Declare an upload and return it with one URL per file.

        ``request`` is the token of the request: sent again, it finds the upload it made.
        Raises NotFound, Forbidden, Invalid or Errors.
        """
        image_id, image = _image(attributes)
        options = upload_options(attributes.get("image_upload_options"))
        product_id, _, name = image_id.rpartition(":")
        self._check_product(product_id, caller, options)
        now = clock()
        upload_id = _upload_id(caller, request, image_id, options)
        names = [base_name(path) for path in options["image_files"]]
        parts = tuple(
            Part(upload_key(upload_id, index, name), name) for index, name in enumerate(names)
        )
        step = Step(now, _COMPONENT, upload_id)
        upload = Upload(
            id=upload_id,
            product_id=product_id,
            image_id=image_id,
            user=caller.user,
            declared_by=caller.to_json(),
            status="transferring",
            options=options,
            image=image | {"name": name, "product_id": product_id},
            parts=parts,
            created=now,
            modified=now,
            due=step.after(machine.ARRIVAL_TIMEOUT),
        )
        return self._create(self._with_parts(upload))

    def _create(self, upload: Upload) -> UploadView:
        try:
            stored = self._uploads.create(upload)
        except StaleUpload:
            existing = self._uploads.get(upload.id)
            if existing is None or existing.status != "transferring":
                raise Conflict(f"upload {upload.id} was declared by this very request") from None
            stored = existing
        return self._with_urls(stored)

    def _with_parts(self, upload: Upload) -> Upload:
        """Begin an upload in parts where one request cannot carry the file. Raises Invalid."""
        size = upload.options.get("upload_size") or 0
        if size <= LARGEST_PUT or len(upload.parts) != 1:
            return upload
        if size > LARGEST_FILE:
            raise Invalid(
                f"upload_size: one file has at most {LARGEST_FILE} bytes (256 GiB), not {size}",
                pointer="/data/attributes/image_upload_options/upload_size",
            )
        key = upload.parts[0].key
        return replace(upload, multipart={key: self._objects.begin_parts(key)})

    def _with_urls(self, upload: Upload) -> UploadView:
        urls = [self._objects.put_url(part.key) for part in upload.parts]
        size = int(upload.options.get("upload_size") or 0)
        parts = {
            index: self._objects.part_urls(part.key, upload.multipart[part.key], size)
            for index, part in enumerate(upload.parts)
            if part.key in upload.multipart
        }
        signed = Step(clock(), _COMPONENT, upload.id)
        expire = signed.after(timedelta(seconds=self._objects.urls_hold()))
        return UploadView(upload, urls, parts or None, expire)

    def _check_product(self, product_id: str, caller: Caller, options: Mapping[str, Any]) -> None:
        entry = self._catalog.product_with_bands(product_id)
        if entry is None or not may_read(caller, entry[0]):
            raise NotFound(f"Object not found: {product_id}")
        product, bands = entry
        if not may_write(caller, product):
            raise _forbidden(product_id)
        expected = 1 + max((int(band.get("file_index") or 0) for band in bands), default=0)
        found = len(options["image_files"])
        if bands and found != expected:
            raise Invalid(
                f"image_files: {found} files were declared, but the bands of {product_id} lie in "
                f"{expected}",
                pointer="/data/attributes/image_upload_options/image_files",
            )

    def change(self, upload_id: str, changes: Mapping[str, Any], caller: Caller) -> UploadView:
        """Set an upload's status to pending (all is sent) or canceled.

        Raises NotFound, Forbidden where the caller may not write the product (any more),
        BadRequest, and Conflict where it is too late.
        """
        upload = self.get(upload_id, caller).upload
        wanted = changes.get("status")
        if set(changes) - {"status"} or wanted not in ("pending", "canceled"):
            raise BadRequest(
                f"{shown(dict(changes))} was sent; of an upload only the status can be changed, "
                "to pending or canceled",
                pointer="/data/attributes/status",
            )
        if wanted == "pending":
            self._require_write(upload, caller)
        if wanted == "pending" and upload.status == "transferring":
            for key, parts in upload.multipart.items():
                self._objects.finish_parts(key, parts)
        step_of = machine.submit if wanted == "pending" else machine.cancel
        changed = self._uploads.change(
            upload_id,
            lambda current: step_of(current, Step(clock(), _COMPONENT, upload_id)),
            stored=upload,
        )
        if changed is None:
            raise _not_found(upload_id)
        return UploadView(changed)

    def _require_write(self, upload: Upload, caller: Caller) -> None:
        product = self._catalog.product(upload.product_id)
        if product is None:
            raise _not_found(upload.id)
        if not may_write(caller, product):
            raise _forbidden(product.id)

    def get(self, upload_id: str, caller: Caller) -> UploadView:
        """Return an upload, with its URLs for whoever declared it and may still write.

        Raises NotFound, also where the caller may not know of it.
        """
        upload = self._uploads.get(upload_id)
        product = self._catalog.product(upload.product_id) if upload else None
        if upload is None or not _may_see(caller, upload, product):
            raise _not_found(upload_id)
        if product is None:
            return UploadView(upload)
        own = upload.user == caller.user and may_write(caller, product)
        if upload.status == "transferring" and own:
            return self._with_urls(upload)  # whoever declared it can go on in another process
        return UploadView(upload)

    def of_product(self, product_id: str, caller: Caller) -> Iterator[UploadView]:
        """Yield the uploads of a product that the caller may see, the newest first."""
        product = self._catalog.product(product_id)
        if product is None or not may_read(caller, product):
            return
        for upload in self._uploads.of_product(product_id):
            if _may_see(caller, upload, product):
                yield UploadView(upload)

    def of_absent_products(
        self, caller: Caller, ids: Iterable[str] | None = None
    ) -> Iterator[UploadView]:
        """Yield the drops that wait for products which are not there, and that the caller may see.

        Out of the products ``ids``, or of all that were awaited within a week.
        """
        if ids is None:
            prefix = "" if caller.reads_all else f"{caller.namespace}:"
            ids = [each.product_id for each in self._awaited.listed(prefix)]
        named = [each for each in ids if may_await(caller, each)]
        there = {product.id for product in self._catalog.products_by_id(named)}
        for product_id in named:
            uploads = () if product_id in there else self._uploads.of_product(product_id)
            yield from (UploadView(each) for each in uploads if _may_see(caller, each, None))


def _not_found(upload_id: str) -> NotFound:
    return NotFound(f"Object not found: {upload_id}")


def _forbidden(product_id: str) -> Forbidden:
    return Forbidden(f"you may not upload images to {product_id}")


def _may_see(caller: Caller, upload: Upload, product: Document | None) -> bool:
    if product is None:
        return upload.awaits_product and may_await(caller, upload.product_id)
    own = upload.user == caller.user and may_read(caller, product)
    return own or may_write(caller, product)


def _image(attributes: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the id and the attributes of the image that an upload was declared with."""
    wrapped = attributes.get("image")
    data = wrapped.get("data") if isinstance(wrapped, Mapping) else None
    given = data.get("attributes", {}) if isinstance(data, Mapping) else {}
    if wrapped is not None and not (isinstance(data, Mapping) and isinstance(given, Mapping)):
        raise Invalid('image: expected {"data": {"type": "image", ...}}', pointer=_IMAGE)
    image_id = attributes.get("image_id") or (data or {}).get("id")
    if not image_id and given.get("product_id") and given.get("name"):
        image_id = f"{given['product_id']}:{given['name']}"
    if not isinstance(image_id, str) or ":" not in image_id:
        raise Invalid(
            f"image_id: {shown(image_id)} was sent, but PRODUCT_ID:NAME is expected",
            pointer="/data/attributes/image_id",
        )
    product_id, _, name = image_id.rpartition(":")
    for attribute, right in (("product_id", product_id), ("name", name)):
        if given.get(attribute, right) != right:
            raise Invalid(
                f"{attribute}: is {shown(given[attribute])}, but image_id says {right!r}",
                pointer=f"{_IMAGE}/data/attributes/{attribute}",
            )
    return image_id, image_attributes(dict(given) | {"product_id": product_id, "name": name})


def _upload_id(
    caller: Caller, request: str | None, image_id: str, options: Mapping[str, Any]
) -> str:
    """Return a new id: of the request where it has a token, so that a replay finds its upload."""
    if not request:
        return uuid.uuid4().hex
    text = "|".join([caller.user, request, image_id, *options["image_files"]])
    return hashlib.sha256(text.encode()).hexdigest()[:32]
