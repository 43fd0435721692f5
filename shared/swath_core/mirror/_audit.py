"""Comparing a little of what files tell with the postings, product after product."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from swath_core.index import OMITTED, split_key
from swath_core.store.mirrored_months import Group, Manifest, MirrorFile
from swath_core.store.postings import PostingRow

from ._content import LostFileError
from ._context import MirrorContext, MirrorReport
from ._days import rows_of_day
from ._extras import Extras, same_extras
from ._read import MirrorColumns
from ._schema import COLUMNS

MOST_COMPARED = 10_000
"""Postings of a day that are compared at a time, from a random one on."""


@dataclass(frozen=True, slots=True)
class _Day:
    """A day that files tell, and which."""

    product_id: str
    month: str
    number: str
    group: Group

    @property
    def text(self) -> str:
        return f"{self.month}-{self.number}"


@dataclass(frozen=True, slots=True)
class _Part:
    """The postings of a day behind one key and up to another."""

    expected: dict[str, PostingRow]
    after: str
    last: str


class Audit:
    """Compares clean days with their postings."""

    def __init__(self, context: MirrorContext) -> None:
        self._context = context

    def product(self, product_id: str, report: MirrorReport) -> None:
        """Compare one clean day of a product, a large one in part.

        A day that differs is put on the report and taken out of its manifest.
        """
        rollup = self._context.rollups.state(product_id)
        if not rollup.months:
            return
        months = self._context.manifests.manifests(
            product_id, min(rollup.months), max(rollup.months)
        )
        clean = [
            (month, day)
            for month, manifest in months.items()
            for day in sorted(manifest.clean)
            if f"{month}-{day}" not in rollup.dirty
        ]
        if not clean:
            return
        month, number = random.choice(clean)
        group = next(each for each in months[month].groups if number in each.days)
        day = _Day(product_id, month, number, group)
        if not self._holds(day) and self._is_drift(day, months[month].version):
            report.drifted.append(f"{product_id} {day.text}")
            self._context.manifests.distrust(product_id, month, group, self._context.clock())

    def _is_drift(self, day: _Day, version: int) -> bool:
        """Return whether a day that differs does so without a mark, and was not written again."""
        found = self._context.manifests.manifests(day.product_id, day.month, day.month)
        now = found.get(day.month, Manifest())
        is_dirty = day.text in self._context.rollups.state(day.product_id).dirty
        return not is_dirty and now.version == version

    def _holds(self, day: _Day) -> bool:
        """Return whether the files of a group hold what some postings of a day say."""
        try:
            part = self._part(day)
            found = {
                row.key: row for file in day.group.files for row in self._told(day, file, part)
            }
        except LostFileError:
            return False
        expected = part.expected
        return found.keys() == expected.keys() and all(
            _is_same(row, expected[key], day.group.extras) for key, row in found.items()
        )

    def _part(self, day: _Day) -> _Part:
        """Return the postings of a day, of a large one those behind a random one."""
        files, after = day.group.files, ""
        if day.group.rows > MOST_COMPARED:
            columns = self._columns(day, random.choice(files))
            places = columns.places_of_days(day.month, {day.number})
            if len(places):
                (row,) = columns.rows(random.choice(places)[np.newaxis], names=())
                after = row.key
        shards = self._context.shards(day.product_id)
        rows = rows_of_day(self._context.postings, day.product_id, day.text, shards, after)
        expected = {row.key: row for row in islice(rows, MOST_COMPARED)}
        is_cut = len(expected) == MOST_COMPARED
        return _Part(expected, after, max(expected) if is_cut else f"{day.text}U")

    def _columns(self, day: _Day, file: MirrorFile) -> MirrorColumns:
        return self._context.files.columns(day.product_id, file, extras=day.group.extras)

    def _told(self, day: _Day, file: MirrorFile, part: _Part) -> Iterator[PostingRow]:
        """Yield what a file tells of a part of a day."""
        columns = self._columns(day, file)
        places = columns.places_of_days(day.month, {day.number})
        moments = columns.acquired[places]
        near = np.ones(len(places), dtype=bool)
        if part.after:
            near &= moments >= _moment(part.after)
        if part.last < f"{day.text}U":
            near &= moments <= _moment(part.last)
        yield from (row for row in columns.rows(places[near]) if part.after < row.key <= part.last)


def _moment(key: str) -> np.int64:
    """Return when the image of a key was taken, in microseconds."""
    acquired, _ = split_key(key)
    return np.datetime64(acquired[:-1], "us").astype(np.int64)


def _is_same(one: PostingRow, other: PostingRow, extras: Extras) -> bool:
    """Return whether a file and a posting tell the same, where neither leaves something out.

    Where an image is posted anew because extra properties were declared, these are told, and a long
    attribute may have to make room.
    """
    if (one.footprint, one.bytes, one.version) != (other.footprint, other.bytes, other.version):
        return False
    mine, its = json.loads(one.attributes or "{}"), json.loads(other.attributes or "{}")
    told = COLUMNS.keys() - set(mine.get(OMITTED, ())) - set(its.get(OMITTED, ()))
    return all(mine.get(name) == its.get(name) for name in told) and same_extras(extras, mine, its)
