"""Raster on the deployed stack: its service and its results bucket, made once per process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from swath_core.access import Caller, may_read
from swath_core.catalog import ImageCatalog
from swath_core.documents import Document
from swath_core.raster.delivery import ResultsBucket
from swath_core.raster.files import FilePool
from swath_core.raster.service import RasterService
from swath_core.raster.sources import BucketStorage, Product
from swath_core.settings import Settings, settings
from swath_core.store.catalog import CatalogStore
from swath_core.store.s3 import s3_client

if TYPE_CHECKING:
    from swath_core.raster.atlas import Atlas


class StoredCatalog:
    """The catalog as raster reads it, from the tables."""

    def __init__(self, where: Settings) -> None:
        self._images = ImageCatalog(where)
        self._catalog = CatalogStore(where)

    def images(self, ids: Sequence[str]) -> Mapping[str, Document]:
        """Return the images that exist, by id."""
        return self._images.get_many(ids)

    def product(self, product_id: str) -> Product | None:
        """Return a product and its bands."""
        return self._catalog.product_with_bands(product_id)


@cache
def s3() -> Any:
    """Return the client of S3 of this process."""
    return s3_client()


@cache
def service() -> RasterService[Caller]:
    """Return the raster service of this process."""
    where = settings()
    storage = BucketStorage(where.need("data_bucket"), s3)
    return RasterService(StoredCatalog(where), storage, FilePool(exists=storage.exists), may_read)


@cache
def atlas() -> Atlas:
    """Return the maps of this process."""
    from swath_core.catalog import ProductAccess, SearchableProducts  # noqa: PLC0415
    from swath_core.raster.atlas import Atlas  # noqa: PLC0415
    from swath_core.search import ImageSearch  # noqa: PLC0415
    from swath_core.store.postings import DynamoPostings  # noqa: PLC0415
    from swath_core.store.rollups import RollupStore  # noqa: PLC0415

    where = settings()
    search = ImageSearch(
        postings=DynamoPostings(where.need("postings_table")),
        documents=ImageCatalog(where),
        months=RollupStore(where),
        signing_key=signing_key,
    )
    return Atlas(service(), search, SearchableProducts(ProductAccess(CatalogStore(where))))


@cache
def signing_key() -> bytes:
    """Return the catalog's key, with which tickets are signed."""
    return CatalogStore(settings()).signing_key()


@cache
def results() -> ResultsBucket:
    """Return the bucket of results that are too big for a response."""
    return ResultsBucket(s3(), settings().need("results_bucket"))
