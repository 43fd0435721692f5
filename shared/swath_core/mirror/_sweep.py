"""Removing what nobody looks at any more: old objects, empty manifests, rows that tell nothing."""

from __future__ import annotations

from collections.abc import Mapping

from swath_core.store.empty_rollups import forget_empty
from swath_core.store.mirrored_months import Manifest

from ._context import MirrorContext, MirrorReport
from ._files import MirrorObject


class Sweeper:
    """Removes what was replaced, after the grace: readers may still hold an older manifest."""

    def __init__(self, context: MirrorContext) -> None:
        self._context = context

    def due(self, left: bool) -> float:  # noqa: FBT001 - whether there is something
        """Return when a month is to be swept again of which something was left; 0: never."""
        return self._context.clock() + self._context.policy.grace + 1 if left else 0.0

    def month(self, product_id: str, month: str, report: MirrorReport) -> bool:
        """Remove a month's objects that no manifest has named for long; return whether some stay.

        Where a manifest was written lately, readers may still hold the one before. The manifest
        of a month without images, as of a product that was deleted, goes with the last object:
        days that no manifest tells are read from postings, and until its objects are gone it says
        since when readers may not hold them any more.
        """
        manifest = self._context.manifests.month(product_id, month).manifest
        named = {file.key for file in manifest.files}
        found = list(self._context.files.unnamed(product_id, month, named))
        before = self._before
        old = [key for key, moment in found if max(moment, manifest.written) < before]
        if old:
            self._context.files.delete(old)
        report.removed += len(old)
        if len(old) < len(found):
            return True
        if manifest.version and not manifest.files and not manifest.stale:
            self._context.manifests.remove(product_id, month, manifest.version)
        return False

    def product(self, product_id: str, report: MirrorReport) -> None:
        """Remove objects of a product that no manifest has named for long.

        They are of a run that was overtaken by another one and crashed then: nobody else looks for
        them. When a product has had no images for long, and nothing of the mirror is left of it,
        its rows of counts go.
        """
        found = list(self._context.files.objects_of(product_id))
        old = [each for each in found if each.written < self._before]
        if old:
            self._remove_unnamed(product_id, old, report)
        if not found and not self._context.rollups.months(product_id):
            forget_empty(product_id, self._context.clock(), self._context.policy.grace)

    def _remove_unnamed(
        self, product_id: str, old: list[MirrorObject], report: MirrorReport
    ) -> None:
        months = [each.month for each in old]
        # after the objects: what a manifest names by now has been there for long
        manifests = self._context.manifests.manifests(product_id, min(months), max(months))
        unnamed = [each.key for each in old if _is_unnamed(each, manifests, self._before)]
        if unnamed:
            self._context.files.delete(unnamed)
        report.removed += len(unnamed)

    @property
    def _before(self) -> float:
        return self._context.clock() - self._context.policy.grace


def _is_unnamed(found: MirrorObject, manifests: Mapping[str, Manifest], before: float) -> bool:
    """Return whether no manifest names an object, nor has one that readers may still hold."""
    manifest = manifests.get(found.month, Manifest())
    return manifest.written < before and found.key not in {file.key for file in manifest.files}
