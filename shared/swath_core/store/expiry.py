"""When images expire: one row per image that says so, read by the schedule in the order of time.

======================  =====================  ===================================================
``pk``                  ``sk``                 in the Rollups table
======================  =====================  ===================================================
``!expiry#SLOT``        ``DUE#IMAGE_ID``       nothing more
======================  =====================  ===================================================

A writer puts the row, and only then writes the image, as with the dirty markers of the rollups. A
row decides nothing: whoever finds it due looks at the image. So one that is left over by a write
that failed, or by an image that was changed or deleted since, costs a look and then goes.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from swath_core.settings import Settings
from swath_core.times import format_timestamp, now, parse_timestamp

from .rollups import LONGEST_WRITE_SECONDS, SKEW_SECONDS
from .tables import RollupItem, bind

SLOTS = 4
PATIENCE = timedelta(seconds=LONGEST_WRITE_SECONDS + SKEW_SECONDS)
"""How long a row stays that is due without its image: the write after it may be under way."""


@dataclass(frozen=True, slots=True)
class Expiry:
    """That an image may have expired at ``due`` (a canonical timestamp)."""

    image_id: str
    due: str

    def is_left_over(self, moment: str) -> bool:
        """Return whether the write that the row was put for has ended by ``moment``."""
        return self.due <= format_timestamp(parse_timestamp(moment) - PATIENCE)


class ExpiryStore:
    """The rows in DynamoDB. Reads are consistent."""

    def __init__(self, settings: Settings) -> None:
        bind(RollupItem, settings)

    def put(self, image_id: str, expires: str) -> None:
        """Note that an image, which is about to be written, expires; at once if that is past."""
        _item(Expiry(image_id, max(expires, now()))).save()

    def due(self, moment: str) -> Iterator[Expiry]:
        """Yield the rows that are due by a moment, slot by slot, the earliest of each first."""
        for slot in range(SLOTS):
            condition = RollupItem.sk < f"{moment}$"  # the character after "#"
            for row in RollupItem.query(f"!expiry#{slot}", condition, consistent_read=True):
                due, _, image_id = row.sk.partition("#")
                yield Expiry(image_id, due)

    def remove(self, expiry: Expiry) -> None:
        """Take a row away; one that is not there is fine."""
        _item(expiry).delete()


def _item(expiry: Expiry) -> RollupItem:
    slot = zlib.crc32(expiry.image_id.encode()) % SLOTS
    return RollupItem(f"!expiry#{slot}", f"{expiry.due}#{expiry.image_id}", document={})
