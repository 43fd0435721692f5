"""Publishing: the image in the catalog, whose it is, and what is put on the bus about it."""

from __future__ import annotations

from typing import Any

from swath_core.documents import Document
from swath_core.errors import Conflict, NotFound, SwathError, Unavailable
from swath_core.pixels import Refused
from swath_core.store.bus import IMAGE_AVAILABLE, UPLOAD_FAILED
from swath_core.uploads import Upload, may_publish

from ._context import IngestContext

_MOST_MESSAGE = 2000


def publish(
    context: IngestContext, upload: Upload, values: dict[str, Any], product: Document, token: str
) -> Document:
    """Save the image of an upload over whatever has its id; again changes nothing.

    The transaction holds only while ``token`` is that of the upload's lease: an attempt that was
    taken over publishes nothing, whatever it believes. Raises Refused where the catalog does not
    accept the image or whoever declared it may not write any more, and Conflict or NotFound where
    the lease is lost, or the image or the product was changed meanwhile.
    """
    check_declarer(upload, context.products.product(upload.product_id))
    guard = context.uploads.lease_check(upload.id, token)
    try:
        return context.images.replace(values, product, request=_request(upload), guard=guard)
    except (Conflict, NotFound, Unavailable):
        raise
    except SwathError as error:
        raise Refused("; ".join(single.detail for single in error)) from error


def check_declarer(upload: Upload, product: Document | None) -> None:
    """Raise Refused unless whoever declared the upload may write its product as it is now."""
    if product is None:
        raise Refused(f"there is no product {upload.product_id}")
    if not may_publish(upload, product):
        raise Refused(f"whoever declared the upload may not write {product.id} any more")


def _request(upload: Upload) -> str:
    """Return the token of the image's write: of this upload and these versions of its files."""
    return f"{upload.id}/" + "-".join(part.etag[:8] for part in upload.parts)[:200]


def is_published_by(image: Document | None, upload: Upload) -> bool:
    """Return whether an image was written by this upload."""
    return image is not None and (image.request or "").startswith(f"{upload.id}/")


def announce_available(context: IngestContext, upload: Upload, image: Document) -> None:
    """Put ``swath.image.available`` on the bus."""
    context.bus.announce(
        IMAGE_AVAILABLE,
        {
            "image_id": image.id,
            "product_id": upload.product_id,
            "upload_id": upload.id,
            "acquired": image.get("acquired"),
            "version": image.version,
            "files": [file["href"] for file in image.get("files")],
        },
    )


def announce_failure(context: IngestContext, upload: Upload, message: str) -> None:
    """Put ``swath.upload.failed`` on the bus."""
    context.bus.announce(
        UPLOAD_FAILED,
        {
            "upload_id": upload.id,
            "image_id": upload.image_id,
            "product_id": upload.product_id,
            "message": message[:_MOST_MESSAGE],
        },
    )
