"""Keeping the mirror: which months are written again when, and a little audit of what is clean.

A month that has changed is listed by the rollup when it recounts it. It is written when nothing has
changed for ``QUIET_SECONDS``, or ``LONGEST_SECONDS`` after the first change; and never sooner after
the last time than its files' bytes at ``BYTES_PER_SECOND`` take, so that one image a minute into a
large month does not write all of it again every few minutes. Until then the days that have changed
are read from postings.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from swath_core.index import OMITTED
from swath_core.settings import Settings
from swath_core.store.catalog import CatalogStore
from swath_core.store.images import ImageStore
from swath_core.store.manifests import (
    SCHEMA,
    Due,
    Group,
    Manifest,
    ManifestStore,
    MirrorFile,
    MonthState,
)
from swath_core.store.objects import Objects
from swath_core.store.postings import DynamoPostings, PostingReader, PostingRow
from swath_core.store.rollups import RollupStore

from ._content import LostFileError
from ._days import days_in, rows_of_day
from ._extras import DocumentReader, Extras, declared_extras, same_extras
from ._files import MirrorFiles, MirrorObject
from ._schema import COLUMNS
from ._write import write_file

QUIET_SECONDS = 900.0
LONGEST_SECONDS = 6 * 3600.0
BYTES_PER_SECOND = 2000.0
GRACE_SECONDS = 3600.0
"""How long objects stay that no manifest names: a reader may still hold an older one."""

FILE_ROWS = 50_000
"""Images after which a file ends; days are written together until they have so many."""

_CHECKPOINT = "mirror"
_FILLED = "mirror-fill"
_AUDITED = "mirror-audit"


@dataclass
class MirrorReport:
    """What one run did: months, images and bytes written, objects removed, and what was wrong.

    ``lost`` are months of which a reader missed a file, ``drifted`` days that differed from the
    postings; both are written again.
    """

    months: int = 0
    images: int = 0
    bytes: int = 0
    removed: int = 0
    waiting: int = 0
    lost: list[str] = field(default_factory=list)
    drifted: list[str] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Policy:
    """When months are written; see the module."""

    quiet: float = QUIET_SECONDS
    longest: float = LONGEST_SECONDS
    bytes_per_second: float = BYTES_PER_SECOND
    grace: float = GRACE_SECONDS
    file_rows: int = FILE_ROWS

    def is_changed(self, due: Due, now: float) -> bool:
        """Return whether a listed month is to be written, if its files are old enough."""
        is_listed = due.last > 0
        return is_listed and (now - due.last >= self.quiet or now - due.first >= self.longest)

    def is_swept(self, due: Due, now: float) -> bool:
        """Return whether objects of a listed month may be ones that nobody reads any more."""
        return 0 < due.sweep <= now

    def may_write(self, manifest: Manifest, now: float) -> bool:
        """Return whether a month's files are old enough to be written again."""
        if manifest.lost:
            return True
        stored = sum(file.bytes for file in manifest.files)
        return now - manifest.written >= stored / self.bytes_per_second


class Mirror:
    """The scheduled use case.

    ``shards`` returns the shards of a product, ``extras`` the extra properties that it declares,
    whose values come from ``documents`` where postings do not hold them.
    """

    def __init__(  # noqa: PLR0913 - what it works on, and how others may set it up
        self,
        rollups: RollupStore,
        manifests: ManifestStore,
        postings: PostingReader,
        files: MirrorFiles,
        *,
        shards: Callable[[str], int] = lambda _: 1,
        extras: Callable[[str], Extras] = lambda _: (),
        documents: DocumentReader | None = None,
        clock: Callable[[], float] = time.time,
        policy: Policy = Policy(),
    ) -> None:
        self._rollups = rollups
        self._manifests = manifests
        self._postings = postings
        self._files = files
        self._shards = shards
        self._extras = extras
        self._documents = documents
        self._clock = clock
        self._policy = policy

    def run(self, seconds: float) -> MirrorReport:
        """Write due months for at most about ``seconds``; the next run goes on from there."""
        report = MirrorReport()
        until = self._clock() + seconds
        self._fill()
        after = self._rollups.saved_state(_CHECKPOINT).get("after")
        last: list[str] | None = None
        for product_id, month, due in self._manifests.all_listed(tuple(after) if after else None):
            if self._clock() > until:
                report.waiting += 1
                break
            last = [product_id, month]
            self._tried(product_id, month, due, until, report)
        else:
            last = None
        if last != after:
            self._rollups.save_state(_CHECKPOINT, {"after": last})
        return report

    def _tried(
        self, product_id: str, month: str, due: Due, until: float, report: MirrorReport
    ) -> None:
        """Write a month that is due; one that cannot be must not keep the others from it."""
        now = self._clock()
        try:
            if self._policy.is_changed(due, now):
                self._month(product_id, month, due, until, report)
            elif self._policy.is_swept(due, now):
                left = self._sweep(product_id, month, report)
                if not left:
                    self._forget_empty(product_id, month)
                after = replace(due, sweep=self._sweep_time(left))
                self._manifests.relist(product_id, month, due, after if left or due.last else None)
        except Exception as error:  # noqa: BLE001 - the caller raises it when the others are done
            error.add_note(f"while mirroring {product_id} {month}")
            report.failures.append(error)

    def _fill(self) -> None:
        """List months of one product that are older than the mirror, product after product.

        Months whose files have the columns of another version, or of other extra properties than
        the product declares, are written again, too.
        """
        after = self._rollups.saved_state(_FILLED).get("after")
        following = self._rollups.known_products(after, 1)
        for product_id in following:
            months = self._rollups.months(product_id)
            if months:
                known = self._manifests.manifests(product_id, min(months), max(months))
                extras = self._extras(product_id)
                present = {month for month, each in known.items() if _is_current(each, extras)}
                full = {month for month, counted in months.items() if counted.count}
                for month in sorted(full - present):
                    self._manifests.enlist(product_id, month, Due(self._clock(), self._clock()))
        if following or after is not None:
            self._rollups.save_state(_FILLED, {"after": following[0] if following else None})

    # ---- one month

    def _month(
        self, product_id: str, month: str, due: Due, until: float, report: MirrorReport
    ) -> None:
        # What the transaction compares is read before the markers, and these before the postings.
        state = self._manifests.month(product_id, month)
        if not self._policy.may_write(state.manifest, self._clock()):
            return
        if state.manifest.lost:
            report.lost.append(f"{product_id} {month}")
        if not self._written(product_id, month, state, until, report):
            # Another mirror may have finished the month meanwhile, before this one's last file came
            # to lie beside its own: then nobody would look for that any more.
            unread = Due(0.0, 0.0, self._sweep_time(left=True))
            self._manifests.enlist(product_id, month, unread)
            return
        left = self._sweep(product_id, month, report)
        if not left:
            self._forget_empty(product_id, month)
        after = Due(0.0, 0.0, self._sweep_time(left)) if left else None
        self._manifests.relist(product_id, month, due, after)

    def _forget_empty(self, product_id: str, month: str) -> None:
        """Remove the manifest of a month without images, as of a product that was deleted.

        Days that no manifest tells are read from postings. Until its objects are gone a manifest
        says since when readers may not hold them any more.
        """
        manifest = self._manifests.month(product_id, month).manifest
        if manifest.version and not manifest.files and not manifest.stale:
            self._manifests.remove(product_id, month, manifest.version)

    def _sweep_time(self, left: bool) -> float:  # noqa: FBT001 - whether there is something
        return self._clock() + self._policy.grace + 1 if left else 0.0

    def _written(
        self, product_id: str, month: str, state: MonthState, until: float, report: MirrorReport
    ) -> bool:
        """Write what is not clean of a month; return whether that is all of it."""
        dirty = self._rollups.state(product_id).dirty_months.get(month, [])
        shards = self._shards(product_id)
        extras = self._extras(product_id)
        kept, days = self._split(state.manifest, month, {day[8:] for day in dirty}, extras)
        if not days:  # the run that wrote it may have ended before it told engines so
            self._files.put_list(product_id, month, state.manifest)
        for group in self._groups(product_id, month, days, shards, extras):
            kept = (*kept, group)
            changed = Manifest(kept, written=self._clock())
            stored = self._manifests.commit(product_id, month, state, changed)
            if stored is None:
                return False
            self._files.put_list(product_id, month, stored)
            state = replace(state, manifest=stored)
            report.images += group.rows
            report.bytes += sum(file.bytes for file in group.files)
            if self._clock() > until and not group.days >= set(days):
                days = [day for day in days if day > max(group.days)]
                if days:
                    return False
        report.months += bool(days)
        return True

    def _split(
        self, manifest: Manifest, month: str, dirty: set[str], extras: Extras
    ) -> tuple[tuple[Group, ...], list[str]]:
        """Return the groups that stay, and the days that are to be written.

        Small groups are written again with whatever is, so that a month ends in few files. What a
        group holds of a dirty day stays until the day is counted anew: no reader looks at it.
        """
        clean = [group for group in manifest.groups if group.days <= manifest.clean]
        good = [group for group in clean if group.extras == extras]
        held = frozenset[str]().union(*(group.days for group in good))
        missing = [day for day in days_in(month) if day not in held and day not in dirty]
        if not missing:
            return tuple(good), []
        kept = tuple(each for each in good if each.rows * 2 >= self._policy.file_rows)
        held = frozenset[str]().union(*(group.days for group in kept))
        return kept, [day for day in days_in(month) if day not in held and day not in dirty]

    def _groups(
        self, product_id: str, month: str, days: list[str], shards: int, extras: Extras
    ) -> Iterator[Group]:
        """Write days together until they have enough images for a file, and yield what was."""
        rows: list[PostingRow] = []
        files: list[MirrorFile] = []
        written: list[str] = []
        for day in days:
            written.append(day)
            for row in rows_of_day(self._postings, product_id, f"{month}-{day}", shards):
                rows.append(row)
                if len(rows) >= self._policy.file_rows:
                    files.append(self._file(product_id, month, rows, extras))
                    rows = []
            if files or day == days[-1]:
                if rows:
                    files.append(self._file(product_id, month, rows, extras))
                yield Group(frozenset(written), tuple(files), extras)
                rows, files, written = [], [], []

    def _file(
        self, product_id: str, month: str, rows: list[PostingRow], extras: Extras
    ) -> MirrorFile:
        data = write_file(product_id, rows, extras, self._documents)
        return self._files.put(product_id, month, data, len(rows))

    def _sweep(self, product_id: str, month: str, report: MirrorReport) -> bool:
        """Remove a month's objects that no manifest has named for long; return whether some stay.

        Where a manifest was written lately, readers may still hold the one before.
        """
        manifest = self._manifests.month(product_id, month).manifest
        named = {file.key for file in manifest.files}
        found = list(self._files.unnamed(product_id, month, named))
        before = self._clock() - self._policy.grace
        old = [key for key, moment in found if max(moment, manifest.written) < before]
        if old:
            self._files.delete(old)
        report.removed += len(old)
        return len(old) < len(found)

    # ---- audit

    def audit(self, report: MirrorReport) -> None:
        """Compare one clean day of one product with its postings, product after product.

        A day that differs is put on the report and taken out of its manifest. Objects of the
        product that no manifest has named for long are removed: those of a run that was overtaken
        by another one and crashed then, for which nobody else looks.
        """
        after = self._rollups.saved_state(_AUDITED).get("after")
        following = self._rollups.known_products(after, 1)
        for product_id in following:
            self._audit_product(product_id, report)
            self._sweep_product(product_id, report)
        if following or after is not None:
            self._rollups.save_state(_AUDITED, {"after": following[0] if following else None})

    def _sweep_product(self, product_id: str, report: MirrorReport) -> None:
        before = self._clock() - self._policy.grace
        old = [each for each in self._files.objects_of(product_id) if each.written < before]
        if not old:
            return
        months = [each.month for each in old]
        # after the objects: what a manifest names by now has been there for long
        manifests = self._manifests.manifests(product_id, min(months), max(months))
        unnamed = [each.key for each in old if _is_unnamed(each, manifests, before)]
        if unnamed:
            self._files.delete(unnamed)
        report.removed += len(unnamed)

    def _audit_product(self, product_id: str, report: MirrorReport) -> None:
        rollup = self._rollups.state(product_id)
        if not rollup.months:
            return
        months = self._manifests.manifests(product_id, min(rollup.months), max(rollup.months))
        clean = [
            (month, day)
            for month, manifest in months.items()
            for day in sorted(manifest.clean)
            if f"{month}-{day}" not in rollup.dirty
        ]
        if not clean:
            return
        month, day = random.choice(clean)
        group = next(each for each in months[month].groups if day in each.days)
        if self._holds(product_id, month, day, group):
            return
        now = self._manifests.manifests(product_id, month, month).get(month, Manifest())
        # What a write has marked meanwhile, or the schedule has written, is no drift.
        is_dirty = f"{month}-{day}" in self._rollups.state(product_id).dirty
        if not is_dirty and now.version == months[month].version:
            report.drifted.append(f"{product_id} {month}-{day}")
            self._manifests.distrust(product_id, month, group, self._clock())

    def _holds(self, product_id: str, month: str, day: str, group: Group) -> bool:
        """Return whether the files of a group hold what the postings of a day say."""
        shards = self._shards(product_id)
        rows = rows_of_day(self._postings, product_id, f"{month}-{day}", shards)
        expected = {row.key: row for row in rows}
        found: dict[str, PostingRow] = {}
        for file in group.files:
            try:
                columns = self._files.columns(product_id, file, extras=group.extras)
            except LostFileError:
                return False
            places = columns.places_of_days(month, {day})
            found |= {row.key: row for row in columns.rows(places)}
        return found.keys() == expected.keys() and all(
            _is_same(row, expected[key], group.extras) for key, row in found.items()
        )


def _is_unnamed(found: MirrorObject, manifests: Mapping[str, Manifest], before: float) -> bool:
    """Return whether no manifest names an object, nor has one that readers may still hold."""
    manifest = manifests.get(found.month, Manifest())
    return manifest.written < before and found.key not in {file.key for file in manifest.files}


def _is_current(manifest: Manifest, extras: Extras) -> bool:
    """Return whether files have the columns of this version, and of what a product declares."""
    return manifest.schema == SCHEMA and all(each.extras == extras for each in manifest.groups)


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


def scheduled_mirror(settings: Settings, seconds: float) -> MirrorReport:
    """Keep the mirror of the deployed tables, and audit a little of it."""
    catalog = CatalogStore(settings)

    def shards(product_id: str) -> int:
        product = catalog.product(product_id)
        return product.shards if product else 1

    def extras(product_id: str) -> Extras:
        product = catalog.product(product_id)
        return declared_extras(product.attributes) if product else ()

    mirror = Mirror(
        RollupStore(settings),
        ManifestStore(settings),
        DynamoPostings(settings.need("postings_table")),
        MirrorFiles(Objects(settings, "mirror_bucket")),
        shards=shards,
        extras=extras,
        documents=ImageStore(settings),
    )
    report = mirror.run(seconds)
    mirror.audit(report)
    return report
