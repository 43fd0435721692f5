"""The outbox: objects that a transaction made unreachable, noted in that same transaction.

Whoever commits the transaction deletes the objects and takes the note away; what a crash or a
refusal of the bucket leaves behind is found by the sweep. The notes lie in the Catalog table, over
several partitions so that no one of them limits how fast images are deleted:

======================  =====================  ===================================================
``pk``                  ``sk``                 ``document``
======================  =====================  ===================================================
``!outbox#SLOT``        ``DUE#RANDOM``         ``{"image_id": ID, "keys": [KEY, ...]}``
======================  =====================  ===================================================
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from pynamodb.transactions import TransactWrite

from swath_core.settings import Settings
from swath_core.times import format_timestamp, now, parse_timestamp

from .tables import CatalogItem, bind

SLOTS = 16
AT_ONCE = timedelta(minutes=2)
"""When the sweep looks at what whoever wrote the note deletes at once, if nothing fails."""


@dataclass(frozen=True, slots=True)
class Note:
    """Keys of the data bucket that an image had, until a write that was committed with the note.

    ``due`` is the canonical timestamp from which on the sweep may delete them.
    """

    image_id: str
    keys: tuple[str, ...]
    due: str
    slot: str
    name: str

    @classmethod
    def of(cls, image_id: str, keys: Iterable[str], after: timedelta = AT_ONCE) -> Note:
        """Return a new note, due some time after this moment."""
        due = format_timestamp(parse_timestamp(now()) + after)
        slot = f"!outbox#{secrets.randbelow(SLOTS)}"
        return cls(image_id, tuple(sorted(keys)), due, slot, f"{due}#{secrets.token_hex(8)}")


class Outbox:
    """The notes in DynamoDB. Reads are consistent."""

    def __init__(self, settings: Settings) -> None:
        bind(CatalogItem, settings)

    def add(self, write: TransactWrite, note: Note) -> None:
        """Add a note to the transaction that makes its objects unreachable."""
        document = {"image_id": note.image_id, "keys": list(note.keys)}
        write.save(CatalogItem(note.slot, note.name, document=document))

    def remove(self, note: Note) -> None:
        """Take a note away whose objects are gone; one that is not there is fine."""
        CatalogItem(note.slot, note.name).delete()

    def postpone(self, note: Note, span: timedelta) -> None:
        """Write a note again that is due some time after this moment, and take the old one away."""
        later = Note.of(note.image_id, note.keys, span)
        document = {"image_id": later.image_id, "keys": list(later.keys)}
        CatalogItem(later.slot, later.name, document=document).save()
        self.remove(note)

    def due(self, moment: str, limit: int) -> list[Note]:
        """Return notes that are due by a moment (a canonical timestamp), at most ``limit``."""
        found: list[Note] = []
        for number in range(SLOTS):
            rows = CatalogItem.query(
                f"!outbox#{number}",
                CatalogItem.sk < f"{moment}$",  # the character after "#"
                consistent_read=True,
                limit=max(1, (limit - len(found)) // (SLOTS - number)),
            )
            found += [_note(row) for row in rows]
        return found[:limit]


def _note(row: CatalogItem) -> Note:
    return Note(
        row.document["image_id"],
        tuple(row.document["keys"]),
        row.sk.partition("#")[0],
        row.pk,
        row.sk,
    )
