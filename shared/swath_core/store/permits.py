"""Permits: what the transaction of a new image depends on instead of its product's own item.

A deletion must not meet an image that is being written; but a condition on the product's item
would cost two write units of one partition for every image of the product. So a writer takes a
permit, an item of its own, while the product is open; every new image is conditional on it, at
two write units that no other writer pays on the same item. Whoever closes the product takes all of
its permits away: what was decided before can no longer be committed, and whoever comes later finds
the product closed. A process takes its first permit in the transaction of the image that needs it,
so that it costs no request of its own. A permit of images is good for one version of the index:
once a product has moved to another one, no image that was decided on before is posted under the
old one.

======================  =====================  ===================================================
``pk``                  ``sk``                 in the Catalog table
======================  =====================  ===================================================
``!permits#SLOT``       ``PRODUCT#RANDOM``     when it expires (TTL), and what ``index`` it is for
======================  =====================  ===================================================
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from pynamodb.transactions import TransactWrite

from swath_core.errors import Unavailable
from swath_core.settings import Settings

from .catalog import PRODUCT_KEY, is_open, posts_under, reopen_stale
from .requests import ConditionError, attempts, transact
from .tables import CatalogItem, bind

SLOTS = 16
USED_SECONDS = 1800
"""How long a process uses a permit; an ingest holds its own for as long as it may run."""
_EXPIRES_SECONDS = 4 * 3600


class NoProductError(Exception):
    """The product is not in the catalog (any more)."""


class MovedError(Exception):
    """New images of the product are posted under another version of the index by now."""


@dataclass(frozen=True, slots=True)
class Permit:
    """The right to add images to a product, for as long as its item is there.

    ``index`` is the version of the index that they are posted under; None: whichever it is. One
    that is not ``held`` yet gets its item in the transaction that it is first used in.
    """

    product_id: str
    slot: str
    name: str
    taken: float
    index: int | None = None
    held: bool = False

    def check(self, write: TransactWrite) -> None:
        """Add the condition that the product takes images to a transaction."""
        if self.held:
            there = CatalogItem.pk.exists()
            write.condition_check(CatalogItem, self.slot, self.name, condition=there)
            return
        takes = is_open() if self.index is None else is_open() & posts_under(self.index)
        write.condition_check(CatalogItem, self.product_id, PRODUCT_KEY, condition=takes)
        expires = int(self.taken) + _EXPIRES_SECONDS
        write.save(CatalogItem(self.slot, self.name, expires=expires, index=self.index))


def _new(product_id: str, index: int | None) -> Permit:
    name = f"{product_id}#{secrets.token_hex(8)}"
    slot = f"!permits#{secrets.randbelow(SLOTS)}"
    return Permit(product_id, slot, name, time.time(), index)


_idle: dict[tuple[str, str, int], list[Permit]] = {}
_lock = threading.Lock()


def forget() -> None:
    """Forget the permits of this process, as a new one would."""
    with _lock:
        _idle.clear()


class Permits:
    """The permits of all products."""

    def __init__(self, settings: Settings) -> None:
        bind(CatalogItem, settings)

    def take(self, product_id: str, index: int | None = None) -> Permit:
        """Return a new permit: one transaction, while the product is open.

        Raises NoProductError, MovedError where new images are not posted under ``index``, and
        Unavailable while the product is being deleted or its bands change.
        """
        permit = _new(product_id, index)
        for _ in attempts():
            try:
                transact(permit.check)
            except ConditionError:
                if index not in {None, _index_of(product_id)}:
                    raise MovedError(product_id) from None
                reopen_stale(product_id)
            else:
                return replace(permit, held=True)
        raise Unavailable(f"{product_id} is being deleted, or its bands are being changed")

    @contextmanager
    def borrowed(self, product_id: str, index: int, *, held: bool) -> Iterator[Permit]:
        """Yield a permit that nobody else in the process uses at the same time.

        It is for images that are posted under a version of the index.

        Where the process has none, it is one to be taken by its first use, or with ``held`` one
        that was taken (errors as of :meth:`take`). It is kept for the next one, unless the block
        ends in an error.
        """
        key = (str(CatalogItem.Meta.table_name), product_id, index)
        with _lock:
            kept = _idle.get(key) or []
            permit = kept.pop() if kept else None
        if permit is None or not 0 <= time.time() - permit.taken < USED_SECONDS:
            permit = self.take(product_id, index) if held else _new(product_id, index)
        yield permit
        with _lock:
            _idle.setdefault(key, []).append(replace(permit, held=True))

    def holds(self, permit: Permit) -> bool:
        """Return whether a permit was not taken away."""
        return _exists(permit.slot, permit.name)

    def revoke(self, product_id: str, *, but_for: int | None = None) -> int:
        """Take away all permits of a closed product and return how many there were.

        With ``but_for`` only those for other versions of the index than that one.
        """
        count = 0
        for number in range(SLOTS):
            slot, prefix = f"!permits#{number}", f"{product_id}#"
            held = CatalogItem.query(slot, CatalogItem.sk.startswith(prefix), consistent_read=True)
            for row in held:
                if but_for is not None and row.index in {None, but_for}:
                    continue
                CatalogItem(row.pk, row.sk).delete()
                count += 1
        return count


def _index_of(product_id: str) -> int:
    try:
        return int(CatalogItem.get(product_id, PRODUCT_KEY, consistent_read=True).index or 1)
    except CatalogItem.DoesNotExist:
        raise NoProductError(product_id) from None


def _exists(pk: str, sk: str) -> bool:
    try:
        CatalogItem.get(pk, sk, consistent_read=True)
    except CatalogItem.DoesNotExist:
        return False
    return True
