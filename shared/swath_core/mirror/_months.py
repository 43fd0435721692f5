"""Writing a month: its days in groups of files, each group in one step that others see.

A group that is too large for a run is written in turns. When the time is over between two of its
files, these are kept as a draft, and a later run goes on behind the last posting in them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from swath_core.store.mirrored_months import Draft, Group, Manifest, MirrorFile, MonthState
from swath_core.store.postings import PostingRow

from ._context import MirrorContext, MirrorReport
from ._days import days_in, rows_of_day
from ._extras import Extras
from ._write import write_file


class Progress(Enum):
    """How far the writing of a month has come."""

    WHOLE = auto()
    LEFT = auto()
    """Some days are left for another run."""
    DRAFTED = auto()
    """A draft is left for the next run."""


@dataclass(frozen=True, slots=True)
class _Month:
    """A month that is written, and what its product declares."""

    product_id: str
    name: str
    extras: Extras


@dataclass(slots=True)
class _Rows:
    """Postings that wait for more of them."""

    rows: list[PostingRow] = field(default_factory=list)
    bytes: int = 0

    def add(self, row: PostingRow) -> None:
        self.rows.append(row)
        self.bytes += len(row.footprint or b"") + len(row.attributes or "")


class MonthWriter:
    """Writes what is not clean of a month."""

    def __init__(self, context: MirrorContext) -> None:
        self._context = context

    def write(
        self, product_id: str, month: str, state: MonthState, until: float, report: MirrorReport
    ) -> Progress:
        """Write a month until about ``until``; ``state`` is what was read of it before this.

        What the transaction of a group compares is in it; markers are read after it, and postings
        after these.
        """
        context = self._context
        dirty = context.rollups.state(product_id).dirty_months.get(month, [])
        of = _Month(product_id, month, context.extras(product_id))
        kept, days = self._split(state.manifest, month, {day[8:] for day in dirty}, of.extras)
        if not days:  # the run that wrote it may have ended before it told engines so
            context.files.put_list(product_id, month, state.manifest)
        draft = self._draft(of, state, days)
        begun = draft.begun
        for step in self._steps(of, days, draft):
            late = context.clock() > until
            if isinstance(step, Draft):
                if late:
                    version = state.manifest.version
                    kept_back = replace(step, begun=begun, manifest_version=version)
                    saved = context.manifests.save_draft(product_id, month, kept_back)
                    return Progress.DRAFTED if saved else Progress.LEFT
                continue
            kept = (*kept, step)
            changed = Manifest(kept, written=context.clock())
            stored = context.manifests.commit(product_id, month, state, changed)
            if stored is None:
                return Progress.LEFT
            context.files.put_list(product_id, month, stored)
            state = replace(state, manifest=stored, draft=None)
            begun = context.clock()
            report.images += step.rows
            report.bytes += sum(file.bytes for file in step.files)
            if late and max(days) > max(step.days):
                return Progress.LEFT
        report.months += bool(days)
        return Progress.WHOLE

    def _draft(self, of: _Month, state: MonthState, days: Sequence[str]) -> Draft:
        """Return the draft to go on with: the one that is stored, if it holds, or a new one."""
        now, stored = self._context.clock(), state.draft
        fresh = Draft(now, state.row_version, state.manifest.version, of.extras)
        if stored is None:
            return fresh
        as_now = replace(fresh, begun=stored.begun)
        holds = replace(stored, days=(), files=(), after="") == as_now
        is_passed_by = any(day < max(stored.days) for day in set(days) - set(stored.days))
        if (
            days
            and holds
            and not is_passed_by
            and now - stored.begun <= (self._context.policy.draft_seconds)
        ):
            return stored
        self._context.manifests.remove_draft(of.product_id, of.name)
        return fresh

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
        kept = tuple(each for each in good if self._context.policy.is_large(each))
        held = frozenset[str]().union(*(group.days for group in kept))
        return kept, [day for day in days_in(month) if day not in held and day not in dirty]

    def _steps(self, of: _Month, days: Sequence[str], draft: Draft) -> Iterator[Draft | Group]:
        """Write days together until they have enough images for a file; yield each such group.

        After each file of a group that goes on, what there is of it is yielded.
        """
        policy = self._context.policy
        written, files, after = list(draft.days), list(draft.files), draft.after
        left = [*written[-1:], *(day for day in days if not written or day > written[-1])]
        waiting = _Rows()
        for day in left:
            written += [day] if day not in written else []
            for row in self._rows(of, day, after):
                waiting.add(row)
                if len(waiting.rows) >= policy.file_rows or waiting.bytes >= policy.file_bytes:
                    files.append(self._file(of, waiting.rows))
                    waiting = _Rows()
                    yield replace(draft, days=tuple(written), files=tuple(files), after=row.key)
            after = ""
            if files or day == left[-1]:
                if waiting.rows:
                    files.append(self._file(of, waiting.rows))
                yield Group(frozenset(written), tuple(files), of.extras)
                waiting, files, written = _Rows(), [], []

    def _rows(self, of: _Month, day: str, after: str) -> Iterator[PostingRow]:
        shards = self._context.shards(of.product_id)
        return rows_of_day(self._context.postings, of.product_id, f"{of.name}-{day}", shards, after)

    def _file(self, of: _Month, rows: list[PostingRow]) -> MirrorFile:
        data = write_file(of.product_id, rows, of.extras, self._context.documents)
        return self._context.files.put(of.product_id, of.name, data, len(rows))
