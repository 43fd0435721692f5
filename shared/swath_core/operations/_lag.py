"""Changes that the summaries and the mirror do not hold yet: how many, and since when.

Answers are exact all the same: such days are counted from the index. The lag says how the
schedule is doing, and what those counts cost.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from swath_core.store.manifests import ManifestStore
from swath_core.store.mirrored_months import Due
from swath_core.store.rollups import RollupStore

_PAGE = 100
MOST_READ = 1000
"""Products and months that are looked at."""


@dataclass(frozen=True, slots=True)
class Lag:
    """``count`` products or months have changes; the oldest is of ``since`` (epoch seconds).

    ``is_whole`` is False where more have changes than were looked at.
    """

    count: int
    since: float | None
    is_whole: bool


def rollup_lag(rollups: RollupStore) -> Lag:
    """Return the lag of the summaries: of products with days that are marked."""
    products = [product_id for product_id, _ in rollups.dirty_products(None, MOST_READ)]
    marked = [
        [marker.time for marker in state.dirty.values()]
        for first in range(0, len(products), _PAGE)
        for state in rollups.states_of(products[first : first + _PAGE]).values()
    ]
    changed = [min(times) for times in marked if times]
    return Lag(len(changed), min(changed, default=None), len(products) < MOST_READ)


def mirror_lag(manifests: ManifestStore) -> Lag:
    """Return the lag of the mirror: of months whose files are to be written."""
    read = list(islice(manifests.all_listed(), MOST_READ))
    changed = [_changed(due) for _, _, due in read if due.last > 0]
    return Lag(len(changed), min(changed, default=None), len(read) < MOST_READ)


def _changed(due: Due) -> float:
    """Return when a month first changed; one whose files were lost is listed as of old."""
    return due.first if due.first > 1 else due.last
