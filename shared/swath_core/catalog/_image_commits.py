"""The transaction of an image's write: tried again where the image or its product has moved."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from swath_core.documents import Document, StoredImage
from swath_core.errors import Invalid, NotFound
from swath_core.settings import Settings
from swath_core.store.catalog import CatalogStore
from swath_core.store.expiry import ExpiryStore
from swath_core.store.images import (
    MOST_BYTES,
    MOST_ITEMS,
    BusyError,
    ImageChange,
    ImageStore,
    StaleVersionError,
    UnknownProductError,
    size_of,
)
from swath_core.store.permits import MovedError, NoProductError, Permits
from swath_core.store.requests import Changes, attempts, together
from swath_core.store.rollups import RollupStore

from ._documents import overtaken
from ._image_changes import Planned, is_moving, planned_change, taken_back

if TYPE_CHECKING:
    from pynamodb.transactions import TransactWrite

    from swath_core.index import IndexState


class _PermitLostError(Exception):
    """The permit was taken away, or could not be taken: the product may be closed."""


class _CrowdedError(Exception):
    """The image is posted in two placements, and to change both is too much for a transaction."""


class ImageCommits:
    """Marks days, records what the index of the product is about to hold, and commits."""

    def __init__(self, settings: Settings, images: ImageStore) -> None:
        self._images = images
        self.rollups = RollupStore(settings)
        self._permits = Permits(settings)
        self._expiry = ExpiryStore(settings)
        self._products = CatalogStore(settings)

    def commit(
        self,
        before: Document | None,
        after: Document | None,
        product: Document | None,
        guard: Changes | None = None,
    ) -> None:
        """Write an image that was ``before`` as it is ``after``; None stands for no image.

        ``product`` is as it was read. Whoever moves the image in the index meanwhile is no other
        writer: the change is then made from where the image is. Raises Invalid where it takes too
        much, NotFound without its product, StaleVersionError where it is not as before (or the
        guard refuses), and Conflict or Unavailable where others stand in the way.
        """
        image = after or before
        product_id, image_id = str(image.get("product_id")), image.id  # type: ignore[union-attr]
        is_crowded = False
        for _ in attempts():
            try:
                if is_crowded:
                    before, is_crowded = self._stay(before), False
                self._try(before, after, product, guard)
            except _CrowdedError:
                is_crowded = True
            except MovedError:
                product = self._products.product(product_id)
            except StaleVersionError:
                stored = self._images.get(image_id)
                if not _is_only_moved(before, stored):
                    raise
                before, is_crowded = stored, False
            except (UnknownProductError, NoProductError) as error:
                raise NotFound(f"Object not found: {product_id}") from error
            except BusyError as error:
                raise overtaken(str(error)) from error
            else:
                return
        raise overtaken(image_id)

    def _try(
        self,
        before: Document | None,
        after: Document | None,
        product: Document | None,
        guard: Changes | None,
    ) -> None:
        planned = planned_change(before, after, product, guard)
        if planned.change.items > MOST_ITEMS and is_moving(before):
            raise _CrowdedError
        _check_size(planned.change)
        days = {image.get("acquired")[:10] for image in (before, after) if image}
        product_id = str((after or before).get("product_id"))  # type: ignore[union-attr]
        self._note_expiry(before, after)
        self._announce(product_id, days, product, planned.state)
        self._apply(planned, product_id, lambda: self.rollups.mark(product_id, days))

    def _stay(self, image: Document | None) -> StoredImage | None:
        """Take an image that is moving back, and return it as it is then stored.

        What it was changed from may be too much for one transaction in two places.
        """
        assert isinstance(image, StoredImage)  # noqa: S101 - only such ones move
        change = taken_back(image)
        self._images.apply(change, before_each=lambda: None)
        return change.after

    def _note_expiry(self, before: Document | None, after: Document | None) -> None:
        """Note when an image expires, before it is written: the schedule finds it by that."""
        expires = after.get("expires") if after else None
        if after and expires and (before is None or before.get("expires") != expires):
            self._expiry.put(after.id, expires)

    def _apply(self, planned: Planned, product_id: str, mark: Callable[[], None]) -> None:
        """Apply a change: of a new image while its product is open, of another one as it is."""
        if planned.index is None:
            self._images.apply(planned.change, before_each=mark)
            return
        for number in attempts():
            with suppress(_PermitLostError):
                self._add(planned.change, product_id, planned.index, mark, held=number > 0)
                return
        raise overtaken(planned.change.image_id)

    def _add(
        self,
        change: ImageChange,
        product_id: str,
        index: int,
        mark: Callable[[], None],
        *,
        held: bool,
    ) -> None:
        with self._permits.borrowed(product_id, index, held=held) as permit:
            guarded = replace(change, guard=together(change.guard, permit.check))
            try:
                self._images.apply(guarded, before_each=mark)
            except StaleVersionError as error:
                if self._permits.holds(permit):
                    raise
                raise _PermitLostError from error

    def permit(self, product_id: str) -> Changes:
        """Return what makes a write depend on the product staying as it is from now on.

        The condition fails once the product was closed, to be deleted or to change its bands.
        Raises NotFound, and Unavailable while it is closed.
        """
        try:
            return self._permits.take(product_id).check
        except NoProductError as error:
            raise NotFound(f"Object not found: {product_id}") from error

    def _announce(
        self, product_id: str, days: set[str], product: Document | None, state: IndexState | None
    ) -> None:
        """Mark the days and record what the index is about to hold: at once where both are due."""
        if product is None or state is None or self._images.is_indexed(product, state):
            self.rollups.mark(product_id, days)
            return

        def also(write: TransactWrite) -> None:
            self._images.add_index(write, product, state)

        if self.rollups.mark_with(product_id, days, also):
            self._images.note_indexed(product, state)
            return
        self.rollups.mark(product_id, days)
        self._images.ensure_indexed(product, state)


def _is_only_moved(before: Document | None, stored: Document | None) -> bool:
    """Return whether an image is as it was, but posted elsewhere."""
    return (
        isinstance(before, StoredImage)
        and isinstance(stored, StoredImage)
        and stored.version == before.version
        and stored.placed != before.placed
    )


def _check_size(change: ImageChange) -> None:
    if change.items > MOST_ITEMS or size_of(change) > MOST_BYTES:
        message = (
            f"geometry: the image takes {change.items} index entries of {size_of(change)} bytes "
            f"together, but {MOST_ITEMS} of {MOST_BYTES} can be stored at once: simplify it"
        )
        raise Invalid(message, pointer="/data/attributes/geometry")
