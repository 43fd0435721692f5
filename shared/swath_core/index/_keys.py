"""Names of partitions and the sort key that all of them share.

Within every partition postings are sorted by ``ACQUIRED#IMAGE_ID``. A key's neighbours in
that order have names of their own, so that "after this key" can be an inclusive bound.
"""

from __future__ import annotations

import zlib

import h3.api.basic_int as h3

_ACQUIRED = len("2021-05-31T10:20:30.000000Z")
_LAST = "\U0010ffff"
_SURROGATES = range(0xD800, 0xE000)


def own_partition(product: str, cell: int) -> str:
    """Return the partition of the images whose fine rung is the cell's resolution."""
    return f"{product}|f|{h3.int_to_str(cell)}"


def passing_partition(product: str, cell: int) -> str:
    """Return the partition of the images that have a finer rung than the cell's resolution."""
    return f"{product}|h|{h3.int_to_str(cell)}"


def whole_partition(product: str) -> str:
    """Return the partition of the images with more cells than any rung may take."""
    return f"{product}|h|*"


def null_partition(product: str) -> str:
    """Return the partition of the images without a footprint."""
    return f"{product}|n"


def time_partition(product: str, month: str, shard: int) -> str:
    """Return the partition of a month (``YYYY-MM``) and shard."""
    return f"{product}|t|{month}|{shard}"


def shard_of(image_id: str, shards: int) -> int:
    """Return the shard of an image among a product's time partitions."""
    return zlib.crc32(image_id.encode()) % shards if shards > 1 else 0


def key_of(acquired: str, image_id: str) -> str:
    """Return the sort key of an image. ``acquired`` is a canonical timestamp."""
    return f"{acquired}#{image_id}"


def split_key(key: str) -> tuple[str, str]:
    """Return (acquired, image id) of a sort key."""
    return key[:_ACQUIRED], key[_ACQUIRED + 1 :]


def successor(key: str) -> str:
    """Return a bound above a key and below every other key above it."""
    return key + "\x01"


def predecessor(key: str) -> str:
    """Return a bound below a key and above every other key below it.

    Ids hold neither control characters nor U+10FFFF (``swath_core.definitions.ID_PATTERN``).
    """
    before = ord(key[-1]) - 1
    if before in _SURROGATES:
        before = _SURROGATES.start - 1
    return key[:-1] + chr(before) + _LAST * 2
