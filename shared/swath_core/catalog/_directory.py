"""Brings the directory of products (``store.directory``) to completeness, once in a catalog's life.

Whoever creates or changes a product keeps its row. What this does is to write the rows of products
that were there before the directory was, and to say that all are there; until then searches read
every product.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

from swath_core.settings import Settings
from swath_core.store.catalog import CatalogStore, ChangedError
from swath_core.store.directory import set_complete
from swath_core.store.requests import attempts, unavailable
from swath_core.store.rollups import RollupStore

_STATE = "directory"


def complete_directory(
    settings: Settings, *, seconds: float = 60.0, clock: Callable[[], float] = time.monotonic
) -> bool:
    """Write the rows that are missing; return whether the directory is complete now.

    What is not done after ``seconds`` is the next run's. One read where all is done already.
    """
    store, rollups = CatalogStore(settings), RollupStore(settings)
    if store.directory.is_complete():
        return True
    after = rollups.saved_state(_STATE).get("after", "")
    ends = clock() + seconds
    for product in store.products():
        if product.id <= after:
            continue
        _list(store, rollups, product.id)
        if clock() > ends:
            rollups.save_state(_STATE, {"after": product.id})
            return False
    if after:
        rollups.save_state(_STATE, {})  # the next completion begins at the beginning
    set_complete()
    return True


def _list(store: CatalogStore, rollups: RollupStore, product_id: str) -> None:
    """Write the row of a product as it is. Raises Unavailable where it keeps changing."""
    for _ in attempts():
        product = store.product(product_id)
        if product is None:
            return
        years = {int(month[:4]) for month in rollups.state(product_id).months}
        with suppress(ChangedError):
            store.list_again(product, years)
            return
    raise unavailable()
