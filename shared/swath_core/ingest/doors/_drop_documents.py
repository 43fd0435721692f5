"""The documents of the drop folder: sidecars with image attributes, manifests that list files."""

from __future__ import annotations

import json
import re
from typing import Any

from swath_core.definitions import LONGEST_NAME, NAME_PATTERN
from swath_core.documents import shown
from swath_core.errors import SwathError
from swath_core.pixels import Refused
from swath_core.store.objects import Found, ObjectGone, Objects
from swath_core.uploads import image_attributes

from ._drop_keys import DropKey

_MOST_DOCUMENT_BYTES = 256 * 1024
_MOST_FILES = 1000


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
