"""The use cases of this process, each made when it is first needed."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from swath_core.settings import settings

if TYPE_CHECKING:
    from swath_core.catalog import (
        Bands,
        Images,
        ProductAccess,
        Products,
        RelatedObjects,
        SearchableProducts,
    )
    from swath_core.mirror import MirrorReader
    from swath_core.operations import Operations
    from swath_core.search import ImageSearch, MirrorSource
    from swath_core.stac import StacService
    from swath_core.store.objects import Objects
    from swath_core.store.postings import DynamoPostings
    from swath_core.store.rollups import RollupStore
    from swath_core.summaries import Summaries
    from swath_core.uploads import UploadService


@cache
def access() -> ProductAccess:
    """Return the door to the products."""
    from swath_core.catalog import ProductAccess
    from swath_core.store.catalog import CatalogStore

    return ProductAccess(CatalogStore(settings()))


@cache
def related() -> RelatedObjects:
    """Return what belongs to products."""
    from swath_core.catalog import RelatedObjects

    return RelatedObjects(access().store, settings())


@cache
def products() -> Products:
    """Return the use cases on products."""
    from swath_core.catalog import Products

    return Products(access(), related())


@cache
def bands() -> Bands:
    """Return the use cases on bands."""
    from swath_core.catalog import Bands

    return Bands(access(), related())


@cache
def images() -> Images:
    """Return the use cases on images."""
    from swath_core.catalog import Images

    return Images(access(), settings())


@cache
def searchable() -> SearchableProducts:
    """Return the products that searches look into."""
    from swath_core.catalog import SearchableProducts

    return SearchableProducts(access())


@cache
def _postings() -> DynamoPostings:
    from swath_core.store.postings import DynamoPostings

    return DynamoPostings(settings().need("postings_table"))


@cache
def _rollups() -> RollupStore:
    from swath_core.store.rollups import RollupStore

    return RollupStore(settings())


@cache
def _mirror_reader() -> tuple[MirrorReader, Objects]:
    from swath_core.mirror import MirrorFiles, MirrorReader
    from swath_core.store.manifests import ManifestStore
    from swath_core.store.objects import Objects

    objects = Objects(settings(), "mirror_bucket")
    return MirrorReader(ManifestStore(settings()), MirrorFiles(objects)), objects


@cache
def _mirror() -> MirrorSource:
    from swath_core.search import FROM_POSTINGS, MirrorSource

    reader, _ = _mirror_reader()
    return MirrorSource(reader, least=settings().mirror_from or FROM_POSTINGS)


@cache
def _signing_key() -> bytes:
    return access().store.signing_key()


@cache
def image_search() -> ImageSearch:
    """Return the search over images."""
    from swath_core.search import ImageSearch
    from swath_core.store.images import ImageStore

    return ImageSearch(
        postings=_postings(),
        documents=ImageStore(settings()),
        months=_rollups(),
        signing_key=_signing_key,
        mirror=_mirror() if settings().mirror_bucket else None,
    )


@cache
def summaries() -> Summaries:
    """Return the sums over images."""
    from swath_core.summaries import Summaries

    return Summaries(rollups=_rollups(), postings=_postings(), search=image_search())


@cache
def uploads() -> UploadService:
    """Return the use cases on uploads."""
    from swath_core.uploads import UploadService

    return UploadService(settings(), catalog=access().store)


@cache
def operations() -> Operations:
    """Return what operators see and do."""
    from swath_core.operations import Operations

    return Operations(settings())


@cache
def _objects() -> Objects:
    from swath_core.store.objects import Objects

    return Objects(settings())


@cache
def stac() -> StacService:
    """Return the use cases of the STAC face."""
    from swath_core.catalog import RemoteBuckets
    from swath_core.stac import StacService

    return StacService(
        access=access(),
        products=products,
        images=images,
        searchable=searchable,
        search=image_search,
        rollups=_rollups,
        summaries=summaries,
        objects=_objects,
        signing_key=_signing_key,
        bucket=settings().data_bucket,
        remote=RemoteBuckets.of(settings()),
        mirror=_mirror_reader if settings().mirror_bucket else None,
    )


_ALL = (
    access,
    related,
    products,
    bands,
    images,
    searchable,
    _postings,
    _rollups,
    _mirror_reader,
    _mirror,
    _signing_key,
    image_search,
    summaries,
    uploads,
    operations,
    _objects,
    stac,
)


def reset() -> None:
    """Forget them all, as after a change of settings."""
    for each in _ALL:
        each.cache_clear()
