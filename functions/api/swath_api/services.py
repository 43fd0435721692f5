"""The use cases of this process, each made when it is first needed."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from swath_core.settings import settings

if TYPE_CHECKING:
    from swath_core.catalog import Bands, ProductAccess, Products, RelatedObjects


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


_ALL = (access, related, products, bands)


def reset() -> None:
    """Forget them all, as after a change of settings."""
    for each in _ALL:
        each.cache_clear()
