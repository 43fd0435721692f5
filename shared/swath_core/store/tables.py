"""The five DynamoDB tables as models; keys and attribute names are those of ``template.yaml``.

A model's table name is bound from the settings by :func:`bind`, which every store calls: the
names are chosen by CloudFormation and known only at run time. Every request of a model ends in
:class:`swath_core.errors.Unavailable` where DynamoDB does not take it just now, and every
conditional write whose condition does not hold in :class:`ConditionError` (``requests``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Self

from pynamodb.attributes import (
    Attribute,
    BinaryAttribute,
    NumberAttribute,
    NumberSetAttribute,
    UnicodeAttribute,
)
from pynamodb.constants import STRING
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model

from swath_core.settings import Settings

from .requests import (
    CONNECT_SECONDS,
    READ_SECONDS,
    RETRIES,
    connection,
    explained,
    read_items,
    write_items,
)

LONGEST_PK = 2048
LONGEST_SK = 1024


def is_key(text: str, longest: int = LONGEST_PK) -> bool:
    """Return whether DynamoDB takes a text as a key: anything else is the key of nothing."""
    try:
        return 0 < len(text.encode()) <= longest
    except UnicodeEncodeError:  # a lone surrogate, which JSON can carry
        return False


class CompactJSON(Attribute[Any]):
    """A JSON value in one string attribute, without white space."""

    attr_type = STRING

    def serialize(self, value: Any) -> str:
        """Return the JSON text."""
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)

    def deserialize(self, value: str) -> Any:
        """Return the JSON value."""
        return json.loads(value)


class _Meta:
    table_name = "unbound"
    connect_timeout_seconds = CONNECT_SECONDS
    read_timeout_seconds = READ_SECONDS
    max_retry_attempts = RETRIES


class Table(Model):
    """A model whose requests raise ConditionError and Unavailable instead of pynamodb's errors."""

    @classmethod
    def get(cls, *keys: Any, **options: Any) -> Self:
        """Return an item. Raises its model's DoesNotExist."""
        with explained():
            return super().get(*keys, **options)

    @classmethod
    def query(cls, *keys: Any, **options: Any) -> Iterator[Self]:  # type: ignore[override]
        """Yield the items of a partition, page by page."""
        with explained():
            yield from super().query(*keys, **options)

    def save(self, *conditions: Any, **options: Any) -> dict[str, Any]:
        """Put the item."""
        with explained():
            return super().save(*conditions, **options)

    def update(self, *actions: Any, **options: Any) -> Any:
        """Change attributes of the item."""
        with explained():
            return super().update(*actions, **options)

    def delete(self, *conditions: Any, **options: Any) -> Any:
        """Delete the item."""
        with explained():
            return super().delete(*conditions, **options)

    @classmethod
    def read_many(cls, keys: Iterable[tuple[str, ...]]) -> list[Self]:
        """Return the items that exist out of some keys, consistently and in no order."""
        names = cls._key_names()
        wanted = [
            {name: {"S": value} for name, value in zip(names, key, strict=True)}
            for key in dict.fromkeys(keys)
        ]
        return [cls.from_raw_data(raw) for raw in read_items(cls.Meta.table_name, wanted)]

    @classmethod
    def _key_names(cls) -> list[str]:
        held = cls.get_attributes().items()
        hash_key = [name for name, each in held if each.is_hash_key]
        return hash_key + [name for name, each in held if each.is_range_key]

    @classmethod
    def write_many(cls, items: Iterable[Self]) -> None:
        """Put items without conditions."""
        write_items(cls.Meta.table_name, [item.serialize() for item in items])


class CatalogItem(Table):
    """A product (``pk`` its id, ``sk`` = ``product``) or a band (``sk`` = ``band#NAME``).

    Items whose ``pk`` begins with ``!`` are the catalog's own: the directory of products
    (``!products``), the signing key (``!swath``) and the ``requests`` of callers in the minute
    ``sk`` (``!quota#USER``). ``rungs`` on a product's item are the fine
    rungs of the H3 ladder that its images use, ``extent`` the H3 base cells that they touch,
    ``spans`` how long taking them lasted, ``years`` when they were acquired;
    ``index`` is the version of the index that new images are posted under (absent: 1), ``also`` an
    earlier one that images may still be posted under; on a permit ``index`` is what it is good for;
    ``closing`` is when a deletion began (epoch seconds); ``expires`` is the table's TTL attribute.
    """

    class Meta(_Meta):
        """Binding of the table."""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    document = CompactJSON(null=True)
    version = NumberAttribute(null=True)
    request = UnicodeAttribute(null=True)
    rungs = NumberSetAttribute(null=True)
    extent = NumberSetAttribute(null=True)
    spans = NumberSetAttribute(null=True)
    years = NumberSetAttribute(null=True)
    index = NumberAttribute(null=True)
    also = NumberAttribute(null=True)
    closing = NumberAttribute(null=True)
    requests = NumberAttribute(null=True)
    expires = NumberAttribute(null=True)


class ImageItem(Table):
    """A whole image document by its id, and where it is posted.

    ``posted`` are its partitions, each without the product's id, in one text; ``index`` the version
    of the code that wrote them, ``indexed`` the document's version when it wrote those of cells.
    ``target`` are the partitions that it is moved to, ``since`` when (epoch seconds). ``held`` is a
    JSON array of the extra properties that its postings tell, absent where there are none.
    """

    class Meta(_Meta):
        """Binding of the table."""

    id = UnicodeAttribute(hash_key=True)
    document = CompactJSON()
    version = NumberAttribute()
    request = UnicodeAttribute(null=True)
    posted = UnicodeAttribute(null=True)
    index = NumberAttribute(null=True)
    indexed = NumberAttribute(null=True)
    target = UnicodeAttribute(null=True)
    since = NumberAttribute(null=True)
    held = UnicodeAttribute(null=True)


class PostingItem(Table):
    """One image in one partition of the search index (``swath_core.index``).

    ``g`` is the footprint as WKB, absent without one; ``a`` JSON of the filterable attributes;
    ``b`` the bytes of the image's files; ``v`` the version of the document.
    """

    class Meta(_Meta):
        """Binding of the table."""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    g = BinaryAttribute(legacy_encoding=False, null=True)
    a = UnicodeAttribute()
    b = NumberAttribute(default=0)
    v = NumberAttribute(default=0)


class UploadsByProduct(GlobalSecondaryIndex["UploadItem"]):  # type: ignore[no-untyped-call]  # pynamodb
    """Uploads of a product in the order of their declaration."""

    class Meta:
        """Name and projection, as in the template."""

        index_name = "by_product"
        projection = AllProjection()

    product_id = UnicodeAttribute(hash_key=True)
    created = UnicodeAttribute(range_key=True)


class UploadsDue(GlobalSecondaryIndex["UploadItem"]):  # type: ignore[no-untyped-call]  # pynamodb
    """Uploads that the sweep must look at, by when; sparse: nothing else has ``sweep``."""

    class Meta:
        """Name and projection, as in the template."""

        index_name = "by_due"
        projection = KeysOnlyProjection()

    sweep = UnicodeAttribute(hash_key=True)
    due = UnicodeAttribute(range_key=True)


class UploadsFailed(GlobalSecondaryIndex["UploadItem"]):  # type: ignore[no-untyped-call]  # pynamodb
    """Uploads that failed on a day, by when; sparse: nothing else has ``failed_on``."""

    class Meta:
        """Name and projection, as in the template."""

        index_name = "by_failure"
        projection = AllProjection()

    failed_on = UnicodeAttribute(hash_key=True)
    failed_at = UnicodeAttribute(range_key=True)


class UploadItem(Table):
    """An upload: its document with status and event log, and what its steps are conditional on.

    ``lease_until`` stands outside the document: the attempt that holds ``lease_token`` renews it
    without a new version.
    """

    class Meta(_Meta):
        """Binding of the table."""

    id = UnicodeAttribute(hash_key=True)
    product_id = UnicodeAttribute()
    created = UnicodeAttribute()
    document = CompactJSON()
    version = NumberAttribute()
    request = UnicodeAttribute(null=True)
    expires = NumberAttribute(null=True)
    lease_token = UnicodeAttribute(null=True)
    lease_until = UnicodeAttribute(null=True)
    sweep = UnicodeAttribute(null=True)
    due = UnicodeAttribute(null=True)
    sweep_failures = NumberAttribute(null=True)
    failed_on = UnicodeAttribute(null=True)
    failed_at = UnicodeAttribute(null=True)
    by_product = UploadsByProduct()
    by_due = UploadsDue()
    by_failure = UploadsFailed()


class RollupItem(Table):
    """Counts and bytes of a bucket, or the marker of a dirty bucket."""

    class Meta(_Meta):
        """Binding of the table."""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    document = CompactJSON()
    version = NumberAttribute(null=True)


_NAMES: dict[type[Table], str] = {
    CatalogItem: "catalog_table",
    ImageItem: "images_table",
    PostingItem: "postings_table",
    UploadItem: "uploads_table",
    RollupItem: "rollups_table",
}


def bind(model: type[Table], settings: Settings) -> None:
    """Point a model at its table; binding it again to another one is fine, as tests do.

    Raises MisconfiguredError where the name is not set.
    """
    name = settings.need(_NAMES[model])
    if model.Meta.table_name != name:
        model.Meta.table_name = name
        connection.cache_clear()  # another table may be at another endpoint
