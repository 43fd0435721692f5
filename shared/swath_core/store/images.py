"""The Images table and the one transaction that changes an image together with its postings."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pynamodb.transactions import TransactWrite

from swath_core.documents import Document, StoredImage, StoredProduct
from swath_core.settings import Settings

from .catalog import PRODUCT_KEY
from .directory import list_images, places
from .fast import dynamo_client, image_of, product_of
from .requests import Changes, ConditionError, ContentionError, transact
from .tables import CatalogItem, ImageItem, PostingItem, bind, is_key

if TYPE_CHECKING:
    from swath_core.index import IndexState, Posting

MOST_ITEMS = 100
"""Items that one DynamoDB transaction takes."""
MOST_GUARDS = 4
"""Items that the guard of a change may add: the lease of an upload, the permit of its attempt, a
note in the outbox, and the permit of an image that comes to other times."""
MOST_BYTES = 4_000_000
"""Bytes that one DynamoDB transaction takes (4 MB), less what its keys and names may add."""


class StaleVersionError(Exception):
    """The stored image is not the version that the change was made from."""


class BusyError(Exception):
    """Other transactions on the same items kept this one from being applied."""


class UnknownProductError(Exception):
    """The product is not in the catalog (any more)."""


@dataclass(frozen=True, slots=True)
class ImageChange:
    """An image before and after, and what that changes of its postings; None stands for no image.

    ``before`` is the stored document that the change was made from: the change is applied only
    while that very version is stored, posted where it was. ``removed`` are the keys of postings.
    ``guard`` adds up to MOST_GUARDS further items: conditions that must hold, too, and what is
    written together with the image.
    """

    before: Document | None
    after: StoredImage | None
    removed: Sequence[tuple[str, str]] = ()
    written: Sequence[Posting] = ()
    guard: Changes | None = None

    @property
    def image_id(self) -> str:
        """The id of the image."""
        image = self.after or self.before
        if image is None:
            raise ValueError("a change needs an image before or after it")
        return image.id

    @property
    def items(self) -> int:
        """How many items the transaction has."""
        return 1 + (MOST_GUARDS if self.guard else 0) + len(self.removed) + len(self.written)


class ImageStore:
    """Reads images, and changes them atomically with their postings."""

    def __init__(self, settings: Settings) -> None:
        for model in (ImageItem, PostingItem, CatalogItem):
            bind(model, settings)
        self._recorded: dict[tuple[str, str, str], IndexState] = {}

    def get(self, image_id: str) -> StoredImage | None:
        """Return an image as it is now, or None."""
        try:
            item = ImageItem.get(image_id, consistent_read=True)
        except ImageItem.DoesNotExist:
            return None
        return _document(item)

    def get_with_product(self, image_id: str) -> tuple[StoredImage, StoredProduct] | None:
        """Return an image and its product, both as they are now: one BatchGetItem.

        None where either is missing.
        """
        product_id, _, name = image_id.rpartition(":")
        if not product_id or not name or not is_key(image_id):
            return None
        images, products = ImageItem.Meta.table_name, CatalogItem.Meta.table_name
        product_key = {"pk": {"S": product_id}, "sk": {"S": PRODUCT_KEY}}
        found = dynamo_client().batch_get({images: {"id": {"S": image_id}}, products: product_key})
        if len(found) < 2:  # noqa: PLR2004 - the image and the product
            return None
        return image_of(image_id, found[images]), product_of(product_id, found[products])

    def get_many(self, ids: Iterable[str]) -> dict[str, StoredImage]:
        """Return the images that exist out of ``ids``, by id; consistent, 100 per request."""
        items = ImageItem.read_many((each,) for each in ids if is_key(each))
        return {item.id: _document(item) for item in items}

    def is_indexed(self, product: Document, state: IndexState) -> bool:
        """Return whether the product's item is known to say what its index is about to hold."""
        recorded = self._recorded.get(_key_of(product))
        if recorded is None and isinstance(product, StoredProduct):
            recorded = type(state)(product.rungs, product.extent, product.spans, product.years)
        return recorded is not None and recorded.covers(state)

    def ensure_indexed(self, product: Document, state: IndexState) -> None:
        """Record on the product's item what its index is about to hold, before it does.

        One request per process and product for what the process has not recorded yet.
        Raises UnknownProductError.
        """
        if self.is_indexed(product, state):
            return
        try:
            transact(lambda write: self.add_index(write, product, state))
        except ConditionError as error:
            raise UnknownProductError(product.id) from error
        self.note_indexed(product, state)

    def add_index(self, write: TransactWrite, product: Document, state: IndexState) -> None:
        """Add to a transaction what :meth:`ensure_indexed` would write by itself."""
        where = places(state.rungs, state.extent, state.spans, state.years)
        write.update(CatalogItem(product.id, PRODUCT_KEY), where, CatalogItem.pk.exists())
        list_images(write, product.id, where)

    def note_indexed(self, product: Document, state: IndexState) -> None:
        """Remember that the product's item holds the state."""
        recorded = self._recorded.get(_key_of(product))
        self._recorded[_key_of(product)] = recorded.union(state) if recorded else state

    def apply(self, change: ImageChange, *, before_each: Callable[[], None]) -> None:
        """Apply a change in one transaction, trying again while others stand in the way.

        ``before_each`` runs before every attempt (it renews the dirty marks).
        Raises StaleVersionError, BusyError or Unavailable; in all cases nothing was changed.
        """
        try:
            transact(lambda write: add_change(write, change), before_each=before_each)
        except ConditionError as error:
            raise StaleVersionError(change.image_id) from error
        except ContentionError as error:
            raise BusyError(change.image_id) from error


def _key_of(product: Document) -> tuple[str, str, str]:
    return (CatalogItem.Meta.table_name, product.id, str(product.get("created")))


def size_of(change: ImageChange) -> int:
    """Return about how many bytes a transaction carries."""
    document = 0 if change.after is None else len(str(change.after.attributes))
    rows = (p.payload for p in change.written)
    return document + sum(len(row.get("g", b"")) + len(row["a"]) for row in rows)


def add_change(write: TransactWrite, change: ImageChange) -> None:
    """Add a change to a transaction."""
    if change.guard is not None:
        change.guard(write)
    _put_image(write, change)
    for partition, sort_key in change.removed:
        write.delete(PostingItem(partition, sort_key))
    for posting in change.written:
        write.save(_posting_item(posting))


def _put_image(transaction: TransactWrite, change: ImageChange) -> None:
    condition: Any = ImageItem.id.does_not_exist()
    if change.before is not None:
        condition = ImageItem.version == change.before.version
    if isinstance(change.before, StoredImage):
        before = change.before
        for attribute, text in (
            (ImageItem.posted, _joined(before.posted)),
            (ImageItem.target, _joined(before.target)),
            (ImageItem.held, _listed(before.held)),
        ):
            as_it_was = attribute == text if text else attribute.does_not_exist()
            condition &= as_it_was
    if change.after is None:
        transaction.delete(ImageItem(change.image_id), condition=condition)
    else:
        transaction.save(_image_item(change.after), condition=condition)


def _image_item(image: StoredImage) -> ImageItem:
    return ImageItem(
        image.id,
        document=image.attributes,
        version=image.version,
        request=image.request,
        posted=_joined(image.posted),
        index=image.index,
        indexed=image.indexed,
        target=_joined(image.target),
        since=image.since if image.target else None,
        held=_listed(image.held),
    )


def _joined(names: Sequence[str] | None) -> str | None:
    return " ".join(names) if names else None


def _listed(names: Sequence[str]) -> str | None:
    return json.dumps(names, separators=(",", ":")) if names else None


def _split(names: str | None) -> tuple[str, ...] | None:
    return tuple(names.split(" ")) if names else None


def _document(item: ImageItem) -> StoredImage:
    return StoredImage(
        "image",
        item.id,
        item.document,
        int(item.version),
        item.request,
        _split(item.posted),
        int(item.index or 1),
        int(item.indexed or item.version),
        _split(item.target),
        float(item.since or 0.0),
        tuple(json.loads(item.held or "[]")),
    )


def _posting_item(posting: Posting) -> PostingItem:
    return PostingItem(posting.partition, posting.sort_key, **posting.payload)
