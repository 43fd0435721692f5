"""What has ever been posted for a product, on its Catalog row: ``rungs`` and ``extent``.

A writer ensures the state before it writes an image, so a search that reads the state first and the
partitions afterwards opens every partition that can hold a finished write. States only grow.
"""

from __future__ import annotations

from collections.abc import Iterable

from swath_core.index import IndexState
from swath_core.settings import Settings
from swath_core.store.tables import CatalogItem, bind

PRODUCT_ROW = "product"


class IndexStates:
    """Reads the index states of products."""

    def __init__(self, settings: Settings) -> None:
        bind(CatalogItem, settings)

    def read(self, product_ids: Iterable[str]) -> dict[str, IndexState]:
        """Return the states of the products that exist; strongly consistent."""
        keys = [(product_id, PRODUCT_ROW) for product_id in dict.fromkeys(product_ids)]
        found = CatalogItem.batch_get(
            keys, consistent_read=True, attributes_to_get=["pk", "sk", "rungs", "extent"]
        )
        return {item.pk: state_of(item) for item in found}


def state_of(item: CatalogItem) -> IndexState:
    """Return the index state on a product's row."""
    rungs = frozenset(int(rung) for rung in item.rungs or ())
    return IndexState(rungs, frozenset(int(cell) for cell in item.extent or ()))
