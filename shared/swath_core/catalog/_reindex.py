"""Moving the images of a product to where the index has them today, while it is read and written.

Where an image is posted is recorded on it, so all that has to be known of a run is in the tables:
it may die at any point, and the next one goes on. Nothing is missed by searches meanwhile:

1. The product says that new images are posted under the new version of the index, and that searches
   read both. Permits for the old version are taken away, so nobody who read the product before can
   post an image under it.
2. Every image is posted where it is wanted as well as where it is.
3. ``SETTLE_SECONDS`` later it is taken out of where it was. A search that began before step 2, and
   has looked in the new place in vain, has looked in the old one by then.
4. When a sweep over all images has found none that is elsewhere, searches read one version again.

Where its place is the right one, but its postings tell other extra properties than the product
declares (``swath_core.definitions``), they are written anew in their place.

Sweeps go by month. An image that is still under the old version stays in its month: a write that
changes its time posts it as a new one. So a sweep that began after step 1 meets all of them.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from typing import TYPE_CHECKING

from swath_core.documents import INDEX_VERSION, StoredImage, StoredProduct
from swath_core.errors import NotFound, Unavailable
from swath_core.settings import Settings
from swath_core.store.catalog import CatalogStore, ChangedError
from swath_core.store.images import (
    BusyError,
    ImageChange,
    ImageStore,
    StaleVersionError,
    UnknownProductError,
)
from swath_core.store.permits import Permits

from ._image_changes import added, finished, held_in, is_moving, retold, taken_back
from ._related import RelatedObjects

if TYPE_CHECKING:
    from swath_core.index import Placement, Postings

SETTLE_SECONDS = 60.0
"""How long a search, a count or a recount of a month may go on: twice what a request may take."""
_SEEN_SECONDS = 1.0
"""How long a transaction that is committed may be invisible to a Query."""
_PAGE = 100
_THREADS = 4


class Outcome(StrEnum):
    """What a sweep has done with an image: ``left``: it has to come back to it."""

    THERE = "there"
    ADDED = "added"
    FINISHED = "finished"
    LEFT = "left"


Sweep = Counter[Outcome]
"""One pass over all images of a product: how many came out in which way so far."""


class Reindex:
    """Posts the images of a product as they would be posted if they were new.

    ``clock`` tells epoch seconds, ``sleep`` waits.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        threads: int = _THREADS,
    ) -> None:
        self._store = CatalogStore(settings)
        self._images = ImageStore(settings)
        self._permits = Permits(settings)
        self._related = RelatedObjects(self._store, settings)
        self._clock = clock
        self._sleep = sleep
        self._threads = threads

    def run(self, product_id: str) -> Iterator[Sweep]:
        """Move a product's images; yield the sweep under way after every hundred of them.

        Raises NotFound.
        """
        version, held = None, None
        while version != INDEX_VERSION or held != held_in(self._existing(product_id)):
            product = self._begun(product_id)
            yield from self._sweeps(product)
            self._store.end_move(product)
            version, held = product.index, held_in(product)

    def _begun(self, product_id: str) -> StoredProduct:
        """Return the product when no image can come under another version of its index any more.

        A move that an earlier run began is ended first.
        """
        product = self._existing(product_id)
        while product.also is None and product.index != INDEX_VERSION:
            try:
                self._store.begin_move(product, INDEX_VERSION)
            except ChangedError:
                self._sleep(_SEEN_SECONDS)
            product = self._existing(product_id)
        self._sleep(_SEEN_SECONDS)  # permits that were being taken
        if self._permits.revoke(product_id, but_for=product.index):
            self._sleep(_SEEN_SECONDS)
        return product

    def _existing(self, product_id: str) -> StoredProduct:
        product = self._store.product(product_id)
        if product is None:
            raise NotFound(f"Object not found: {product_id}")
        return product

    def _sweeps(self, product: StoredProduct) -> Iterator[Sweep]:
        """Go over all images until they are where they are wanted."""
        while True:
            sweep = Sweep()
            with ThreadPoolExecutor(self._threads) as threads:
                for ids in self._related.image_ids(product.id, _PAGE):
                    images = self._images.get_many(ids).values()
                    sweep.update(threads.map(lambda image: self._moved(image, product), images))
                    yield sweep
            if not sweep[Outcome.ADDED] + sweep[Outcome.LEFT]:
                return
            self._sleep(SETTLE_SECONDS)

    def _moved(self, image: StoredImage, product: StoredProduct) -> Outcome:
        """Move an image one step on; somebody else who writes it has precedence."""
        from swath_core.index import Placement, postings_of, shard_of  # noqa: PLC0415

        place = Placement(product.index, shard_of(image.id, product.shards))
        wanted = postings_of(image, place)
        try:
            self._images.ensure_indexed(product, wanted.state)
            return self._next_step(image, wanted, place, held_in(product))
        except (StaleVersionError, BusyError, Unavailable, UnknownProductError):
            return Outcome.LEFT

    def _next_step(
        self, image: StoredImage, wanted: Postings, place: Placement, held: tuple[str, ...]
    ) -> Outcome:
        now, names = self._clock(), set(wanted.suffixes)
        done = Outcome.FINISHED if image.held == held else Outcome.LEFT
        if image.target is None and not (
            set(image.posted or ()) == names and image.index == INDEX_VERSION
        ):
            after = self._apply(added(image, wanted, now))
            return Outcome.ADDED if is_moving(after) else done
        if image.target is None:
            return self._told(image, place, held)
        if set(image.target) != names:  # they were computed by other code, or for other shards
            self._apply(taken_back(image))
            return Outcome.LEFT
        if now < image.since + SETTLE_SECONDS:
            return Outcome.LEFT
        self._apply(finished(image))
        return done

    def _told(self, image: StoredImage, place: Placement, held: tuple[str, ...]) -> Outcome:
        """Let the postings of an image in its place tell what the product declares."""
        if image.held == held:
            return Outcome.THERE
        self._apply(retold(image, place, held))
        return Outcome.FINISHED

    def _apply(self, change: ImageChange) -> StoredImage | None:
        self._images.apply(change, before_each=lambda: None)
        return change.after
