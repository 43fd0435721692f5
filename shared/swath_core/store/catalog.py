"""The Catalog table: products, their bands, and the directory that lists all products.

======================  ================  ========================================================
``pk``                  ``sk``            holds
======================  ================  ========================================================
product id              ``band#NAME``     a band
product id              ``product``       the product; ``closing`` while it is being deleted
product id              ``task#delete``   the progress of ``delete_related_objects``
``!products``           product id        a copy of the product: all of them are one Query
``!directory#SLOT``     see ``directory`` what searches need to know of each product
``!permits#SLOT``       see ``permits``   what the writes of new images depend on (TTL)
``!outbox#SLOT``        see ``outbox``    objects that a write made unreachable
``!awaited``            product id        see ``awaited``: products that drops wait for (TTL)
``!deleted``            id ``#`` token    that a request deleted an object, for its replay (TTL)
``!request#KEY``        ``request``       which request an idempotency key came with (TTL)
``!swath``              ``signing-key``   the key that signs cursors, made on first use
``!quota#`` and a user  minute            how often the user asked in it, with a quota (TTL)
======================  ================  ========================================================

A product and its copy are written in one transaction, as is a band with what it changes of its
product; every write is conditional on the version that it was decided on.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from swath_core.documents import ALL_SPANS, INDEX_VERSION, Document, StoredProduct, shards_of
from swath_core.settings import Settings

from .directory import Directory, list_product, places, unlist_product
from .requests import Changes, ConditionError, transact
from .tables import LONGEST_SK, CatalogItem, bind, is_key

PRODUCT_KEY = "product"
DIRECTORY = "!products"
DELETED = "!deleted"
TASK_KEY = "task#delete"
OWN = "!swath"
SIGNING_KEY = "signing-key"
REPLAY_SECONDS = 3600
"""How long a deletion is remembered for its replay."""
KEY_SECONDS = 86_400
"""How long an idempotency key belongs to the request that it came with."""
CLOSING_SECONDS = 60
"""How long a product stays closed for new objects if the deletion that closed it died."""


class ChangedError(Exception):
    """What a write was decided on is no longer so: another writer came first."""


def band_key(band: Document) -> str:
    """Return the sort key of a band."""
    return f"band#{band.get('name')}"


def is_open() -> Condition:
    """Return the condition that a product's item takes new objects: it exists and stays."""
    takes: Condition = CatalogItem.pk.exists() & CatalogItem.closing.does_not_exist()
    return takes


def posts_under(index: int) -> Condition:
    """Return the condition that new images of a product are posted under a version of the index."""
    recorded: Condition = CatalogItem.index == index
    if index == 1:  # products of that time do not say
        recorded = recorded | CatalogItem.index.does_not_exist()
    there: Condition = CatalogItem.pk.exists() & recorded
    return there


def reopen_stale(product_id: str) -> None:
    """Open a product again whose deletion has died: after this, that deletion cannot go on."""
    died = CatalogItem.closing < time.time() - CLOSING_SECONDS
    with suppress(ConditionError):
        CatalogItem(product_id, PRODUCT_KEY).update([CatalogItem.closing.remove()], condition=died)


class CatalogStore:
    """Products and bands in DynamoDB. Every read is consistent."""

    def __init__(self, settings: Settings) -> None:
        bind(CatalogItem, settings)
        self.directory = Directory(settings.need("catalog_table"))

    # -- reading

    def product(self, product_id: str) -> StoredProduct | None:
        """Return a product: one GetItem."""
        if not is_key(product_id):
            return None
        try:
            return _product(CatalogItem.get(product_id, PRODUCT_KEY, consistent_read=True))
        except CatalogItem.DoesNotExist:
            return None

    def band(self, band_id: str) -> Document | None:
        """Return a band: one GetItem."""
        product_id, _, name = band_id.rpartition(":")
        return self._get("band", product_id, f"band#{name}")

    def _get(self, kind: str, pk: str, sk: str) -> Document | None:
        if not is_key(pk) or not is_key(sk, LONGEST_SK):
            return None
        try:
            return _document(kind, CatalogItem.get(pk, sk, consistent_read=True))
        except CatalogItem.DoesNotExist:
            return None

    def band_with_product(self, band_id: str) -> tuple[Document, StoredProduct] | None:
        """Return a band and its product: one BatchGetItem. None where either is missing."""
        product_id, _, name = band_id.rpartition(":")
        keys = [(product_id, PRODUCT_KEY), (product_id, f"band#{name}")]
        if not is_key(product_id) or not is_key(keys[1][1], LONGEST_SK):
            return None
        found = {item.sk: item for item in CatalogItem.read_many(keys)}
        if len(found) < len(keys):
            return None
        return _document("band", found[keys[1][1]]), _product(found[PRODUCT_KEY])

    def product_with_bands(self, product_id: str) -> tuple[StoredProduct, list[Document]] | None:
        """Return a product and its bands: one Query."""
        if not is_key(product_id):
            return None
        rows = CatalogItem.query(product_id, CatalogItem.sk <= PRODUCT_KEY, consistent_read=True)
        product, bands = None, []
        for row in rows:
            if row.sk == PRODUCT_KEY:
                product = _product(row)
            else:
                bands.append(_document("band", row))
        return None if product is None else (product, bands)

    def products_by_id(self, ids: Iterable[str]) -> list[StoredProduct]:
        """Return the products that exist out of ``ids``: one BatchGetItem per hundred."""
        keys = ((each, PRODUCT_KEY) for each in ids if is_key(each))
        return [_product(item) for item in CatalogItem.read_many(keys)]

    def products(self) -> list[Document]:
        """Return all products in the order of their ids: one Query per megabyte."""
        rows = CatalogItem.query(DIRECTORY, consistent_read=True)
        return [_document("product", row, row.sk) for row in rows]

    def was_deleted(self, object_id: str, token: str | None) -> bool:
        """Return whether the request with that token deleted the object."""
        if not token:
            return False
        return self._get("tombstone", DELETED, _tombstone_key(object_id, token)) is not None

    def bind_key(self, key: str, fingerprint: str) -> bool:
        """Note which request an idempotency key came with; return whether it is its first's.

        One conditional PutItem.
        """
        now = int(time.time())
        note = CatalogItem(
            f"!request#{key}", "request", request=fingerprint, expires=now + KEY_SECONDS
        )
        same = CatalogItem.request == fingerprint
        try:
            note.save(CatalogItem.pk.does_not_exist() | same | (CatalogItem.expires < now))
        except ConditionError:
            return False
        return True

    def signing_key(self) -> bytes:
        """Return the 32 bytes that this catalog signs cursors with."""
        stored = self._get("key", OWN, SIGNING_KEY)
        if stored is not None:
            return bytes.fromhex(stored.attributes["key"])
        made = secrets.token_hex(32)
        try:
            CatalogItem(OWN, SIGNING_KEY, document={"key": made}).save(
                condition=CatalogItem.pk.does_not_exist()
            )
        except ConditionError:
            return self.signing_key()  # another process was first
        return bytes.fromhex(made)

    # -- products

    def create_product(self, product: Document) -> None:
        """Store a new product. Raises ChangedError where there is one of that id."""

        def changes(write: TransactWrite) -> None:
            item = _item(product.id, PRODUCT_KEY, product)
            item.spans = {ALL_SPANS}  # the product has no images yet
            item.index = INDEX_VERSION
            write.save(item, CatalogItem.pk.does_not_exist())
            write.save(_item(DIRECTORY, product.id, product))
            list_product(write, product, places((), (), [ALL_SPANS], ()))

        _apply(changes)

    def replace_product(self, product: Document) -> None:
        """Store the next version of a product. Raises ChangedError."""
        _apply(lambda write: _update_product(write, product))

    def list_again(self, product: StoredProduct, years: Iterable[int]) -> None:
        """Write a product's row of the directory anew, with years of its images beside the known.

        Raises ChangedError where the product is not as given.
        """
        where = places(product.rungs, product.extent, product.spans, product.years.union(years))

        def changes(write: TransactWrite) -> None:
            condition = CatalogItem.version == product.version
            write.condition_check(CatalogItem, product.id, PRODUCT_KEY, condition=condition)
            list_product(write, product, where)

        _apply(changes)

    def close_product(self, product: Document) -> float:
        """Let no band or image come into a product, and return the token of whoever closed it.

        Raises ChangedError where the product is not as given.
        """
        token = time.time()
        try:
            CatalogItem(product.id, PRODUCT_KEY).update(
                [CatalogItem.closing.set(token)],
                condition=CatalogItem.version == product.version,
            )
        except ConditionError as error:
            raise ChangedError from error
        return token

    def reopen_product(self, product: Document, token: float) -> None:
        """Take back :meth:`close_product`, unless somebody else has closed it since."""
        with suppress(ConditionError):
            CatalogItem(product.id, PRODUCT_KEY).update(
                [CatalogItem.closing.remove()], condition=CatalogItem.closing == token
            )

    def begin_move(self, product: StoredProduct, index: int) -> None:
        """Post a product's new images under a version of the index from now on; read both.

        Raises ChangedError where it is being moved already, or gone.
        """
        try:
            CatalogItem(product.id, PRODUCT_KEY).update(
                [CatalogItem.index.set(index), CatalogItem.also.set(product.index)],
                condition=posts_under(product.index) & CatalogItem.also.does_not_exist(),
            )
        except ConditionError as error:
            raise ChangedError from error

    def end_move(self, product: StoredProduct) -> None:
        """Let searches read one version of a product's index only, if no other move has begun."""
        as_given = posts_under(product.index) & (CatalogItem.also == product.also)
        with suppress(ConditionError):
            CatalogItem(product.id, PRODUCT_KEY).update(
                [CatalogItem.also.remove()], condition=as_given
            )

    def delete_product(self, product: Document, closed: float, token: str | None) -> None:
        """Delete a product and what is kept about it; ``closed`` is the token of its closing.

        Raises ChangedError where it is not as given, or was opened again.
        """

        def changes(write: TransactWrite) -> None:
            write.delete(
                CatalogItem(product.id, PRODUCT_KEY),
                (CatalogItem.version == product.version) & (CatalogItem.closing == closed),
            )
            write.delete(CatalogItem(DIRECTORY, product.id))
            unlist_product(write, product.id)
            write.delete(CatalogItem(product.id, TASK_KEY))
            _remember_deletion(write, product.id, token)

        _apply(changes)

    # -- bands

    def create_band(self, band: Document, before: Document, after: Document) -> None:
        """Store a new band; ``before`` and ``after`` are its product without it and with it.

        Raises ChangedError where there is one of that name or the product is not as before.
        """

        def changes(write: TransactWrite) -> None:
            _settle_product(write, before, after)
            write.save(_item(before.id, band_key(band), band), CatalogItem.pk.does_not_exist())

        _apply(changes, before.id)

    def replace_band(
        self, band: Document, before: Document, after: Document, closed: float | None = None
    ) -> None:
        """Store the next version of a band. Raises ChangedError.

        ``closed`` is the token of the product's closing, which ends with this.
        """

        def changes(write: TransactWrite) -> None:
            _settle_product(write, before, after, closed)
            write.save(
                _item(before.id, band_key(band), band), CatalogItem.version == band.version - 1
            )

        _apply(changes, before.id)

    def delete_band(
        self, band: Document, before: Document, after: Document, token: str | None
    ) -> None:
        """Delete a band. Raises ChangedError."""

        def changes(write: TransactWrite) -> None:
            _settle_product(write, before, after)
            write.delete(
                CatalogItem(before.id, band_key(band)), CatalogItem.version == band.version
            )
            _remember_deletion(write, band.id, token)

        _apply(changes, before.id)

    # -- the task of a product

    def task(self, product_id: str) -> Document | None:
        """Return the progress of ``delete_related_objects``, or None if there never was one."""
        return self._get("product_delete_task", product_id, TASK_KEY)

    def save_task(self, task: Document) -> None:
        """Store a task's next version. Raises ChangedError where another one came before."""
        condition = (
            CatalogItem.pk.does_not_exist()
            if task.version == 1
            else CatalogItem.version == task.version - 1
        )
        try:
            _item(task.id, TASK_KEY, task).save(condition)
        except ConditionError as error:
            raise ChangedError from error

    def remember_deletion(self, object_id: str, token: str | None) -> None:
        """Remember that a request deletes an object that another table holds, for its replay."""
        if token:
            _tombstone(object_id, token).save()

    def forget_deletion(self, object_id: str, token: str | None) -> None:
        """Take back :meth:`remember_deletion`: the object was not deleted."""
        if token:
            _tombstone(object_id, token).delete()


def _apply(changes: Changes, product_id: str | None = None) -> None:
    """Apply changes in one transaction. Raises ChangedError.

    The product of that id may have been left closed by a deletion that died.
    """
    try:
        transact(changes)
    except ConditionError as error:
        if product_id is not None:
            reopen_stale(product_id)
        raise ChangedError from error


def _settle_product(
    write: TransactWrite, before: Document, after: Document, closed: float | None = None
) -> None:
    """Add the product's part of a band's transaction: its new version, or that it is unchanged."""
    stays = is_open() if closed is None else CatalogItem.closing == closed
    condition = (CatalogItem.version == before.version) & stays
    opens: list[Action] = [] if closed is None else [CatalogItem.closing.remove()]
    if after is not before:
        _update_product(write, after, condition, opens)
    elif opens:
        write.update(CatalogItem(before.id, PRODUCT_KEY), opens, condition)
    else:
        write.condition_check(CatalogItem, before.id, PRODUCT_KEY, condition=condition)


def _update_product(
    write: TransactWrite,
    product: Document,
    condition: Condition | None = None,
    also: Sequence[Action] = (),
) -> None:
    actions: list[Action] = [
        CatalogItem.document.set(product.attributes),
        CatalogItem.version.set(product.version),
        CatalogItem.request.set(product.request)
        if product.request
        else CatalogItem.request.remove(),
        *also,
    ]
    if condition is None:
        condition = CatalogItem.version == product.version - 1
    # an update, not a put: other attributes of the item are written by others
    write.update(CatalogItem(product.id, PRODUCT_KEY), actions, condition)
    write.save(_item(DIRECTORY, product.id, product))
    list_product(write, product)


def _remember_deletion(write: TransactWrite, object_id: str, token: str | None) -> None:
    if token:
        write.save(_tombstone(object_id, token))


def _tombstone(object_id: str, token: str) -> CatalogItem:
    expires = int(time.time()) + REPLAY_SECONDS
    return CatalogItem(DELETED, _tombstone_key(object_id, token), expires=expires)


def _tombstone_key(object_id: str, token: str) -> str:
    return f"{object_id}#{token}"


def _item(pk: str, sk: str, document: Document) -> CatalogItem:
    return CatalogItem(
        pk,
        sk,
        document=document.attributes,
        version=document.version,
        request=document.request,
    )


def _numbers(values: Iterable[float] | None) -> frozenset[int]:
    return frozenset(int(value) for value in values or ())


def _product(item: CatalogItem) -> StoredProduct:
    return StoredProduct(
        "product",
        item.pk,
        item.document or {},
        int(item.version or 0),
        item.request,
        _numbers(item.rungs),
        _numbers(item.extent),
        _numbers(item.spans),
        _numbers(item.years),
        int(item.index or 1),
        int(item.also) if item.also else None,
        shards_of(item.document or {}),
    )


def _document(kind: str, item: CatalogItem, object_id: str | None = None) -> Document:
    name = item.sk.removeprefix("band#") if kind == "band" else None
    return Document(
        kind=kind,
        id=object_id or (f"{item.pk}:{name}" if name else item.pk),
        attributes=item.document or {},
        version=int(item.version or 0),
        request=item.request,
    )
