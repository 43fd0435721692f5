"""Doors: the ways by which files come in. What differs between them is here and nowhere else.

A further door is a subclass of :class:`Door` in a module of its own and a member of ``DOORS``.
"""

from __future__ import annotations

from swath_core.uploads import Upload

from ._door import Door
from ._drop import DropDoor
from ._url import UrlDoor

DOORS: tuple[Door, ...] = (UrlDoor(), DropDoor())


def door_of_key(key: str) -> Door | None:
    """Return the door that objects of a key come through, or None for any other key."""
    return next((door for door in DOORS if key.startswith(door.prefix)), None)


def door_of(upload: Upload) -> Door:
    """Return the door that an upload came through. Raises LookupError for an unknown one."""
    for door in DOORS:
        if door.name == upload.door:
            return door
    raise LookupError(f"upload {upload.id} came through the door {upload.door!r}: there is none")


__all__ = ["DOORS", "Door", "door_of", "door_of_key"]
