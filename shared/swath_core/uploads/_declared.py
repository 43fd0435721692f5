"""What an upload is declared with: the image's attributes, the files, the wishes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from swath_core.access import Caller, may_write
from swath_core.catalog import STORED_IMAGE
from swath_core.definitions import UPLOAD_OPTIONS
from swath_core.documents import Document
from swath_core.errors import Invalid, SwathError, raise_all

from ._record import Upload

_OPTIONS = "/data/attributes/image_upload_options"


def image_attributes(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the normalised attributes of an image that need not be whole yet.

    What is required but missing may still come from the files. Null counts as not given.
    Raises Invalid or Errors.
    """
    values: dict[str, Any] = {}
    errors: list[SwathError] = []
    for name, value in given.items():
        if value is None:
            continue
        attribute = STORED_IMAGE.attributes.get(name)
        pointer = f"/data/attributes/image/data/attributes/{name}"
        if attribute is None or attribute.read_only:
            why = "is set by the service" if attribute else "an image has no such attribute"
            errors.append(Invalid(f"{name}: {why}", pointer=pointer))
            continue
        try:
            values[name] = attribute.type.normalise(value)
        except ValueError as error:
            errors.append(Invalid(f"{name}: {error}", pointer=pointer))
    raise_all(errors)
    return values


def upload_options(given: object) -> dict[str, Any]:
    """Return the normalised options of an upload. Raises Invalid."""
    if given is None:
        raise Invalid(
            "image_upload_options: is required: upload_type and image_files", pointer=_OPTIONS
        )
    try:
        options: dict[str, Any] = UPLOAD_OPTIONS.normalise(given)
    except ValueError as error:
        raise Invalid(f"image_upload_options: {error}", pointer=_OPTIONS) from error
    return options


def may_publish(upload: Upload, product: Document) -> bool:
    """Return whether whoever declared an upload may write its product as it is now.

    Who may put files into the drop folder is the bucket's policy to say, and nobody is on record.
    """
    declared_by = upload.declared_by
    return declared_by is None or may_write(Caller.from_json(declared_by), product)
