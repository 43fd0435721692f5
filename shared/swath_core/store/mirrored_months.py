"""What is stored of a product's month in the mirror: its files, its draft, when it changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any

from .tables import RollupItem

SCHEMA = 3
"""The version of the files' columns: files of another one are not read, and written again."""


@dataclass(frozen=True, slots=True)
class MirrorFile:
    """An object of the mirror: its key, and what it holds when it is whole.

    Readers compare CRC-32, which takes an eighth of the time; ``sha256`` is for others. ``crc`` is
    that of the whole, ``tail_crc`` of what is behind the last of ``starts``, where the sections of
    the file begin: those of the chunks before it stand there. ``bounds`` (west, south, east, north)
    hold all footprints; None: not every image has one.
    """

    key: str
    rows: int
    bytes: int
    sha256: str
    crc: int = 0
    bounds: tuple[float, float, float, float] | None = None
    starts: tuple[int, ...] = ()
    tail_crc: int = 0

    def to_json(self) -> list[Any]:
        """Return the stored form."""
        told = (self.key, self.rows, self.bytes, self.sha256, self.crc)
        return [*told, self.bounds, self.starts, self.tail_crc]

    @classmethod
    def of(cls, stored: list[Any]) -> MirrorFile:
        """Return the file of a stored form; older ones tell of the whole alone.

        What a later version has added behind is passed over: a deployment may be taken back.
        """
        members: list[Any] = [tuple(each) if isinstance(each, list) else each for each in stored]
        return cls(*members[: len(fields(cls))])


@dataclass(frozen=True, slots=True)
class Group:
    """Days (``01`` to ``31``) that were written together, and the files that hold them all.

    ``extras`` are the extra properties that the files have columns of, with the names of their
    types: what the product declared then.
    """

    days: frozenset[str]
    files: tuple[MirrorFile, ...]
    extras: tuple[tuple[str, str], ...] = ()

    @property
    def rows(self) -> int:
        """Images in the files."""
        return sum(file.rows for file in self.files)


@dataclass(frozen=True, slots=True)
class Manifest:
    """The files of one product's month.

    ``stale`` are days that have changed since their group was written; ``written`` is when a file
    was written last (epoch seconds); ``lost`` says that a file was missing or not as written.
    ``version`` 0 means not stored.
    """

    groups: tuple[Group, ...] = ()
    stale: frozenset[str] = frozenset()
    written: float = 0.0
    lost: bool = False
    schema: int = SCHEMA
    version: int = 0

    @property
    def clean(self) -> frozenset[str]:
        """The days that can be read from files, as long as they have no marker."""
        if self.schema != SCHEMA:
            return frozenset()
        return frozenset().union(*(group.days for group in self.groups)) - self.stale

    @property
    def files(self) -> tuple[MirrorFile, ...]:
        """All files of all groups."""
        return tuple(file for group in self.groups for file in group.files)

    def without(self, days: Iterable[str]) -> Manifest:
        """Return the manifest with days that have changed."""
        return replace(self, stale=self.stale | (frozenset(days) & self.clean))

    def to_json(self) -> dict[str, Any]:
        """Return the stored form."""
        return {
            "schema": self.schema,
            "written": self.written,
            "lost": self.lost,
            "stale": sorted(self.stale),
            "groups": [
                {
                    "days": sorted(group.days),
                    "files": [file.to_json() for file in group.files],
                    **({"extras": [list(each) for each in group.extras]} if group.extras else {}),
                }
                for group in self.groups
            ],
        }

    @classmethod
    def of(cls, item: RollupItem | None) -> Manifest:
        """Return the manifest of an item; an empty one where there is none."""
        if item is None:
            return cls()
        document = item.document
        groups = tuple(
            Group(
                frozenset(group["days"]),
                tuple(map(MirrorFile.of, group["files"])),
                tuple((name, type_name) for name, type_name in group.get("extras", ())),
            )
            for group in document["groups"]
        )
        return cls(
            groups,
            frozenset(document["stale"]),
            float(document["written"]),
            bool(document["lost"]),
            int(document["schema"]),
            int(item.version or 0),
        )


@dataclass(frozen=True, slots=True)
class Due:
    """A listed month: when it changed first and last since it was written (epoch seconds).

    ``sweep`` is when objects that no manifest names any more may be removed; 0: not yet known.
    """

    first: float
    last: float
    sweep: float = 0.0

    def to_json(self) -> dict[str, float]:
        """Return the stored form."""
        return {"first": self.first, "last": self.last, "sweep": self.sweep}


@dataclass(frozen=True, slots=True)
class Draft:
    """Files of a group of days that is not wholly written yet: a later run goes on from there.

    ``days`` are written, the last of them up to the posting with the key ``after``. It holds while
    ``row_version`` and ``manifest_version`` are those of the month's counts and manifest: then no
    day of the month was counted anew since the markers were read, at the time ``begun`` or before.
    """

    begun: float
    row_version: int
    manifest_version: int
    extras: tuple[tuple[str, str], ...]
    days: tuple[str, ...] = ()
    files: tuple[MirrorFile, ...] = ()
    after: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the stored form."""
        return {
            "begun": self.begun,
            "row_version": self.row_version,
            "manifest_version": self.manifest_version,
            "extras": [list(each) for each in self.extras],
            "days": list(self.days),
            "files": [file.to_json() for file in self.files],
            "after": self.after,
        }

    @classmethod
    def of(cls, item: RollupItem | None) -> Draft | None:
        """Return the draft of an item."""
        if item is None:
            return None
        stored = item.document
        return cls(
            float(stored["begun"]),
            int(stored["row_version"]),
            int(stored["manifest_version"]),
            tuple((name, type_name) for name, type_name in stored["extras"]),
            tuple(stored["days"]),
            tuple(map(MirrorFile.of, stored["files"])),
            str(stored["after"]),
        )


@dataclass(frozen=True, slots=True)
class MonthState:
    """What the table holds of a month: the version of its row of counts (0: none), and the rest."""

    row_version: int
    manifest: Manifest
    due: Due | None
    draft: Draft | None = None
