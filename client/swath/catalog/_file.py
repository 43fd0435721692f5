"""A file of an image."""

from __future__ import annotations

from swath.catalog._attributes import Integer, Text
from swath.catalog._structure import Structure


class File(Structure):
    """Where pixels of an image are stored.

    Images that the catalog stores need `href`, `size_bytes` and `hash`; remote ones `href` or
    `provider_href`.
    """

    href = Text(doc="URL of the file.")
    size_bytes = Integer(doc="Size in bytes.")
    hash = Text(doc="MD5 of the content, in hexadecimal.")
    provider_id = Text(doc="The provider's name for the file.")
    provider_href = Text(doc="The provider's URL for the file.")
