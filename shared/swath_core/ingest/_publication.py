"""The image of an upload: its attributes, its save in the catalog, and its events on the bus."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from swath_core.documents import Document
from swath_core.errors import Conflict, NotFound, SwathError, Unavailable
from swath_core.pixels import FileResult, Refused
from swath_core.store.bus import IMAGE_AVAILABLE, UPLOAD_FAILED
from swath_core.store.requests import Changes, together
from swath_core.uploads import Upload, machine, may_publish

from ._context import IngestContext

_MOST_MESSAGE = 2000
_FROM_FILES = frozenset(
    {"cs_code", "projection", "geotrans", "x_pixels", "y_pixels", "files", "storage_state"}
)
"""What the stored pixels decide, whatever was declared."""


def image_attributes(
    upload: Upload,
    results: Sequence[FileResult],
    files: Sequence[dict[str, Any]],
    acquired: str,
    *,
    is_array: bool,
) -> dict[str, Any]:
    """Return the attributes of the image. Raises Refused where its files lie apart.

    The finest file stands for the image. Declared attributes override derived ones except those
    that describe the stored pixels.
    """
    _check_together(upload, results)
    finest = max(results, key=lambda result: result.width * result.height)
    derived = {
        "geometry": finest.footprint,
        "area": round(finest.area, 6),
        "fill_fraction": round(finest.valid_fraction, 6),
        "bits_per_pixel": [
            round(8 * result.size_bytes / (result.width * result.height), 3) for result in results
        ],
    }
    declared = {name: value for name, value in upload.image.items() if name not in _FROM_FILES}
    stored = {
        "name": upload.image_id.rpartition(":")[2],
        "product_id": upload.product_id,
        "acquired": acquired,
        "geotrans": list(finest.geotransform),
        "x_pixels": finest.width,
        "y_pixels": finest.height,
        "storage_state": "available",
        "files": list(files),
    }
    return derived | declared | stored | _reference(upload, finest, is_array=is_array)


def _reference(upload: Upload, finest: FileResult, *, is_array: bool) -> dict[str, Any]:
    """Return cs_code or projection: of an array, in the words of whoever sent it."""
    if is_array and upload.image.get("cs_code"):
        return {"cs_code": upload.image["cs_code"]}
    if finest.cs_code is not None:
        return {"cs_code": finest.cs_code}
    return {"projection": finest.crs}


def _check_together(upload: Upload, results: Sequence[FileResult]) -> None:
    """Refuse files of one image that do not cover the same ground in the same projection."""
    first, name = results[0], upload.parts[0].name
    for part, result in zip(upload.parts[1:], results[1:], strict=True):
        if result.crs != first.crs:
            raise Refused(
                f"{part.name}: is in {_crs(result)}, but {name} is in {_crs(first)}; "
                "expected one coordinate reference system for all files of an image"
            )
        apart = max(
            abs(one - other) for one, other in zip(_corners(result), _corners(first), strict=True)
        )
        if apart > max(_pixel(result), _pixel(first)):
            raise Refused(
                f"{part.name}: its corners lie up to {apart:g} units from those of {name}; "
                "expected files of one image to cover the same ground"
            )


def _crs(result: FileResult) -> str:
    return result.cs_code or result.crs[:80]


def _corners(result: FileResult) -> list[float]:
    c, a, b, f, d, e = result.geotransform
    width, height = result.width, result.height
    return [c, f, c + width * a + height * b, f + width * d + height * e]


def _pixel(result: FileResult) -> float:
    _, a, b, _, d, e = result.geotransform
    return max(abs(a) + abs(b), abs(d) + abs(e))


def publish(
    context: IngestContext,
    upload: Upload,
    values: dict[str, Any],
    product: Document,
    token: str,
    permit: Changes,
) -> Document:
    """Save the image of an upload over whatever has its id; again changes nothing.

    The transaction holds only while ``token`` is that of the upload's lease: an attempt that was
    taken over publishes nothing, whatever it believes. Raises Refused where the catalog does not
    accept the image or whoever declared it may not write any more, and Conflict or NotFound where
    the lease is lost, or the image or the product was changed meanwhile.
    """
    check_declarer(upload, context.products.product(upload.product_id))
    guard = together(context.uploads.lease_check(upload.id, token), permit)
    try:
        return context.images.replace(
            values, product, request=_request(upload), guard=guard, keep=machine.KEEP_REPLACED
        )
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
