"""A mirror without files: what it tells is written and read in memory, some of it and not all."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.memory_postings import MemoryPostings

from swath_core.mirror import Extras, MirrorColumns, MirrorPart, Wanted, days_in, write_file
from swath_core.store.mirrored_months import Group, MirrorFile
from swath_core.store.postings import PostingRow
from swath_core.store.rollups import RollupState


class MemoryMirror:
    """Tells a random part of the clean days; now and then a file is not as it was written."""

    def __init__(
        self,
        postings: MemoryPostings,
        seed: int,
        *,
        whole: bool = False,
        extras: Mapping[str, Sequence[Extras]] | None = None,
        documents: Any = None,
    ) -> None:
        """With ``whole`` it tells every clean day; ``extras`` are what files have, by product."""
        self._dice = random.Random(seed)
        self._lost = 0.0 if whole else self._dice.choice([0.0, 0.1])
        self._untold = [0.0] if whole else [0.0, 0.0, 0.3]
        self._postings = postings
        self._extras = extras or {}
        self._documents = documents
        self._held: dict[Group, list[MirrorColumns]] = {}
        self._made: dict[tuple[str, str], list[Group]] = {}
        self.told = 0

    def parts(self, product_id: str, state: RollupState) -> list[MirrorPart]:
        return [part for month in state.months for part in self._month(product_id, month, state)]

    def _month(self, product_id: str, month: str, state: RollupState) -> Iterator[MirrorPart]:
        dirty = {day[8:] for day in state.dirty_months.get(month, ())}
        if (product_id, month) not in self._made:
            self._made[product_id, month] = list(self._groups(product_id, month))
        for group in self._made[product_id, month]:
            clean = group.days - dirty
            if clean:
                yield MirrorPart(product_id, month, clean, group)

    def _groups(self, product_id: str, month: str) -> Iterator[Group]:
        rest = self._dice.choice(self._untold)
        days = [each for each in days_in(month) if self._dice.random() >= rest]
        cut = self._dice.randrange(len(days) + 1)
        for group in (days[:cut], days[cut:]):
            yield self._written(product_id, month, group)

    def _written(self, product_id: str, month: str, days: list[str]) -> Group:
        rows: dict[str, PostingRow] = {}
        for name, row in self._postings.rows():
            if name.startswith(f"{product_id}|t|{month}|") and row.key[8:10] in days:
                rows[row.key] = row
        extras = self._dice.choice(self._extras.get(product_id, ((),)))
        found = []
        if rows:
            data = write_file(product_id, list(rows.values()), extras, self._documents)
            found = [MirrorColumns(product_id, data, extras=extras)]
        file = MirrorFile(f"{product_id} {month} {len(self._held)}", len(rows), 0, "")
        group = Group(frozenset(days), (file,), extras)
        self._held[group] = found
        return group

    def lost(self, part: MirrorPart) -> None:
        raise AssertionError(f"a file in memory was lost: {part}")

    def read(
        self,
        parts: Sequence[MirrorPart],
        within: tuple[float, float, float, float] | None = None,
        wanted: Wanted = Wanted.EVERYTHING,
    ) -> Iterator[tuple[MirrorPart, list[MirrorColumns] | None]]:
        for part in parts:
            if self._dice.random() < self._lost:
                yield part, None
                continue
            found = self._held[part.group]
            self.told += sum(len(each) for each in found)
            yield part, found
