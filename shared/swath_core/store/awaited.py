"""Products that drops wait for: named by files of the drop folder, but not there (complete) yet.

======================  ==============  ==========================================================
``pk``                  ``sk``          in the Catalog table
======================  ==============  ==========================================================
``!awaited``            product id      ``{"since", "until"}`` of the last drop; ``expires`` (TTL)
======================  ==============  ==========================================================

One row per product, however many files wait for it, so the sweep looks at few rows. It is written
before the upload of a drop says that it waits: whoever sees such an upload finds the row.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from swath_core.settings import Settings

from .requests import ConditionError
from .tables import LONGEST_SK, CatalogItem, bind, is_key

AWAITED = "!awaited"
_LISTED_SECONDS = 7 * 86_400
"""How long a product stays on the list: longer than files wait, so that failures are found."""


@dataclass(frozen=True, slots=True)
class Awaited:
    """A product that drops wait for: when the last one came, and until when its files stay."""

    product_id: str
    since: str
    until: str


class AwaitedProducts:
    """The awaited products in DynamoDB. Reads are consistent."""

    def __init__(self, settings: Settings) -> None:
        bind(CatalogItem, settings)

    def put(self, awaited: Awaited) -> None:
        """Put a product on the list, or note that another drop waits for it."""
        expires = int(time.time()) + _LISTED_SECONDS
        document = {"since": awaited.since, "until": awaited.until}
        CatalogItem(AWAITED, awaited.product_id, document=document, expires=expires).save()

    def listed(self, prefix: str = "") -> Iterator[Awaited]:
        """Yield the products on the list whose ids begin with ``prefix``: one Query."""
        if prefix and not is_key(prefix, LONGEST_SK):
            return
        condition = CatalogItem.sk.startswith(prefix) if prefix else None
        for row in CatalogItem.query(AWAITED, condition, consistent_read=True):
            yield Awaited(row.sk, row.document["since"], row.document["until"])

    def remove(self, awaited: Awaited) -> None:
        """Take a product off the list, unless another drop has come since it was read."""
        document = {"since": awaited.since, "until": awaited.until}
        with suppress(ConditionError):
            CatalogItem(AWAITED, awaited.product_id).delete(
                condition=CatalogItem.document == document
            )
