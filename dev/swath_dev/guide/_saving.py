"""Saving what may be there already, so that a seeding that was interrupted goes on."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from swath.catalog import Band, Image, Product, upload_images

T = TypeVar("T", Product, Band, Image)
_SECONDS = 300


def saved(made: T) -> T:
    """Save an object, unless the catalog has one of its id, and return what the catalog has."""
    found = type(made).get(str(made.id))
    if found is not None:
        return found
    made.save()
    return made


def uploaded(images: Iterable[tuple[Image, Path]]) -> None:
    """Upload the images that are not there, and wait for them. Raises UploadError."""
    missing = [(image, path) for image, path in images if not Image.exists(str(image.id))]
    for upload in upload_images(missing):
        upload.wait_for_completion(timeout=_SECONDS)
