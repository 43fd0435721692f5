"""Images that are deleted because their time is over: by their ``expires``, or by their product.

The schedule runs this. Each image goes by the write path of all deletions, on condition that it
is as it was when it was found to be due; a run that dies or runs out of time is gone on with by the
next one.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice

from swath_core import times
from swath_core.documents import Document
from swath_core.errors import Conflict, NotFound
from swath_core.settings import Settings
from swath_core.store.catalog import CatalogStore
from swath_core.store.expiry import Expiry, ExpiryStore
from swath_core.store.rollups import RollupStore

from ._image_writes import ImageWriter
from ._related import RelatedObjects
from ._retention import retention_days

RULES_EVERY = timedelta(hours=1)
"""How often products are looked at for their rules."""

_STATE = "retention"
_THREADS = 8
_CHUNK = 100


@dataclass
class Expired:
    """What one run did: images deleted, and those that could not be, with the reason."""

    deleted: int = 0
    finished: bool = True
    problems: list[str] = field(default_factory=list)


def expire_images(settings: Settings, seconds: float) -> Expired:
    """Delete images whose time is over, for about so many seconds; the next run goes on.

    An image's own ``expires`` counts before the rule of its product. Where nothing is due this
    reads a few empty partitions, and once in ``RULES_EVERY`` the products.
    """
    return _Run(settings, seconds).run()


class _Run:
    def __init__(self, settings: Settings, seconds: float) -> None:
        self._settings = settings
        self._catalog = CatalogStore(settings)
        self._writer = ImageWriter(settings)
        self._related = RelatedObjects(self._catalog, settings)
        self._notes = ExpiryStore(settings)
        self._state = RollupStore(settings)
        self._until = time.monotonic() + seconds
        self._now = times.now()
        self.done = Expired()

    def run(self) -> Expired:
        for chunk in _chunks(self._notes.due(self._now)):
            if self._is_late():
                return self.done
            self._by_date(chunk)
        self._by_rules()
        return self.done

    def _is_late(self) -> bool:
        self.done.finished = time.monotonic() < self._until
        return not self.done.finished

    # -- by the date of an image

    def _by_date(self, notes: list[Expiry]) -> None:
        images = self._writer.get_many(note.image_id for note in notes)
        expired = [image for image in images.values() if self._has_expired(image)]
        gone = self._delete(expired)
        for note in notes:
            image = images.get(note.image_id)
            is_other = image is None or not self._has_expired(image)
            if note.image_id in gone or (is_other and note.is_left_over(self._now)):
                self._notes.remove(note)

    def _has_expired(self, image: Document) -> bool:
        expires = image.get("expires")
        return bool(expires) and str(expires) <= self._now

    # -- by the rules of products

    def _by_rules(self) -> None:
        state = self._state.saved_state(_STATE)
        if state.get("after") is None and str(state.get("at", "")) > self._before(RULES_EVERY):
            return
        after = str(state.get("after") or "")
        for product in self._catalog.products():
            if product.id <= after:
                continue
            days = retention_days(product)
            if days is not None and not self._by_rule(product.id, timedelta(days=days)):
                self._state.save_state(_STATE, {"at": self._now, "after": after})
                return
            after = product.id
        self._state.save_state(_STATE, {"at": self._now})

    def _by_rule(self, product_id: str, kept: timedelta) -> bool:
        """Delete the images of a product that it keeps no longer; return whether time sufficed."""
        cutoff = self._before(kept)

        def is_over(image: Document) -> bool:
            return not image.get("expires") and str(image.get("acquired")) < cutoff

        for ids in self._related.image_ids(product_id, limit=_CHUNK, acquired_before=cutoff):
            if self._is_late():
                return False
            images = self._writer.get_many(ids).values()
            self._delete(image for image in images if is_over(image))
        return True

    def _before(self, span: timedelta) -> str:
        return times.format_timestamp(times.parse_timestamp(self._now) - span)

    # -- both

    def _delete(self, images: Iterable[Document]) -> set[str]:
        """Delete images as they are, and return the ids of those that are gone."""
        with ThreadPoolExecutor(_THREADS) as threads:
            gone = {image_id for image_id in threads.map(self._delete_image, images) if image_id}
        self.done.deleted += len(gone)
        return gone

    def _delete_image(self, image: Document) -> str | None:
        try:
            self._writer.remove(image.id, expected_version=image.version)
        except (Conflict, NotFound):
            return None  # it was changed or deleted meanwhile: the next run looks again
        except Exception as problem:  # noqa: BLE001 - whatever it is, the others go on
            self.done.problems.append(f"{image.id}: {type(problem).__name__}: {problem}")
            return None
        return image.id


def _chunks(notes: Iterator[Expiry]) -> Iterator[list[Expiry]]:
    while chunk := list(islice(notes, _CHUNK)):
        yield chunk
