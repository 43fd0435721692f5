"""Keeping the mirror: which months are written again when, and a little audit of what is clean.

A month that has changed is listed by the rollup when it recounts it. It is written when nothing has
changed for ``QUIET_SECONDS``, or ``LONGEST_SECONDS`` after the first change; and never sooner after
the last time than its files' bytes at ``BYTES_PER_SECOND`` take, so that one image a minute into a
large month does not write all of it again every few minutes. Until then the days that have changed
are read from postings.
"""

from __future__ import annotations

from dataclasses import replace

from swath_core.settings import Settings
from swath_core.store.catalog import CatalogStore
from swath_core.store.images import ImageStore
from swath_core.store.manifests import ManifestStore
from swath_core.store.mirrored_months import SCHEMA, Due, Manifest
from swath_core.store.objects import Objects
from swath_core.store.postings import DynamoPostings
from swath_core.store.rollups import RollupStore

from ._audit import Audit
from ._context import MirrorContext, MirrorReport
from ._extras import Extras, declared_extras
from ._files import MirrorFiles
from ._months import MonthWriter, Progress
from ._sweep import Sweeper

_CHECKPOINT = "mirror"
_FILLED = "mirror-fill"
_AUDITED = "mirror-audit"


class Mirror:
    """The scheduled use case."""

    def __init__(self, context: MirrorContext) -> None:
        self._rollups = context.rollups
        self._manifests = context.manifests
        self._extras = context.extras
        self._clock = context.clock
        self._policy = context.policy
        self._writer = MonthWriter(context)
        self._sweeper = Sweeper(context)
        self._auditor = Audit(context)

    def run(self, seconds: float) -> MirrorReport:
        """Write due months for at most about ``seconds``; the next run goes on from there.

        It is late by one file at most, and begins with a month of which this one left a draft.
        """
        report = MirrorReport()
        until = self._clock() + seconds
        self._fill()
        after = self._rollups.saved_state(_CHECKPOINT).get("after")
        last: list[str] | None = after
        for product_id, month, due in self._manifests.all_listed(tuple(after) if after else None):
            if self._clock() > until:
                report.waiting += 1
                break
            if self._tried(product_id, month, due, until, report):
                report.waiting += 1
                break
            last = [product_id, month]
        else:
            last = None
        if last != after:
            self._rollups.save_state(_CHECKPOINT, {"after": last})
        return report

    def _tried(
        self, product_id: str, month: str, due: Due, until: float, report: MirrorReport
    ) -> bool:
        """Write a month that is due; return whether a draft of it is left.

        One that cannot be written must not keep the others from it.
        """
        now = self._clock()
        try:
            if self._policy.is_changed(due, now):
                return self._month(product_id, month, due, until, report)
            if self._policy.is_swept(due, now):
                left = self._sweeper.month(product_id, month, report)
                after = replace(due, sweep=self._sweeper.due(left))
                self._manifests.relist(product_id, month, due, after if left or due.last else None)
        except Exception as error:  # noqa: BLE001 - the caller raises it when the others are done
            error.add_note(f"while mirroring {product_id} {month}")
            report.failures.append(error)
        return False

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
    ) -> bool:
        """Write a month; return whether a draft of it is left."""
        state = self._manifests.month(product_id, month)
        if not self._policy.may_write(state.manifest, self._clock()):
            return False
        if state.manifest.lost:
            report.lost.append(f"{product_id} {month}")
        progress = self._writer.write(product_id, month, state, until, report)
        if progress is not Progress.WHOLE:
            # Another mirror may have finished the month meanwhile, before this one's last file came
            # to lie beside its own: then nobody would look for that any more.
            unread = Due(0.0, 0.0, self._sweeper.due(left=True))
            self._manifests.enlist(product_id, month, unread)
            return progress is Progress.DRAFTED
        left = self._sweeper.month(product_id, month, report)
        after = Due(0.0, 0.0, self._sweeper.due(left)) if left else None
        self._manifests.relist(product_id, month, due, after)
        return False

    # ---- audit

    def audit(self, report: MirrorReport) -> None:
        """Compare some of a clean day of one product with its postings, product after product.

        A day that differs is put on the report and taken out of its manifest. What nobody looks
        at any more of the product is removed.
        """
        after = self._rollups.saved_state(_AUDITED).get("after")
        following = self._rollups.known_products(after, 1)
        for product_id in following:
            self._auditor.product(product_id, report)
            self._sweeper.product(product_id, report)
        if following or after is not None:
            self._rollups.save_state(_AUDITED, {"after": following[0] if following else None})


def _is_current(manifest: Manifest, extras: Extras) -> bool:
    """Return whether files have the columns of this version, and of what a product declares."""
    return manifest.schema == SCHEMA and all(each.extras == extras for each in manifest.groups)


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
        MirrorContext(
            RollupStore(settings),
            ManifestStore(settings),
            DynamoPostings(settings.need("postings_table")),
            MirrorFiles(Objects(settings, "mirror_bucket")),
            shards=shards,
            extras=extras,
            documents=ImageStore(settings),
        )
    )
    report = mirror.run(seconds)
    mirror.audit(report)
    return report
