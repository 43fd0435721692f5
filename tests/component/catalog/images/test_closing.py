"""Whatever was decided before a product was closed is not committed after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import pytest
from tests.component.catalog.images.conftest import PRODUCT, SETTINGS, attributes

from swath_core.access import Caller
from swath_core.catalog import Bands, ImageWriter, ProductAccess, Products, RelatedObjects
from swath_core.errors import Conflict, NotFound, Unavailable
from swath_core.store import catalog as catalog_store
from swath_core.store import images, permits, requests
from swath_core.store.catalog import CLOSING_SECONDS, CatalogStore
from swath_core.store.permits import Permits
from swath_core.store.requests import Changes, transact
from swath_core.store.tables import CatalogItem, ImageItem, PostingItem

OWNER = Caller("owner", "acme", frozenset({"internal:platform-admin"}))
BAND: dict[str, Any] = {
    "name": "one",
    "product_id": "acme:p",
    "type": "spectral",
    "data_type": "Byte",
    "data_range": [0, 255],
    "display_range": [0, 255],
    "band_index": 0,
}


class Catalog:
    """The use cases of a caller who may do everything."""

    def __init__(self) -> None:
        self.store = CatalogStore(SETTINGS)
        access, related = ProductAccess(self.store), RelatedObjects(self.store, SETTINGS)
        self.products, self.bands = Products(access, related), Bands(access, related)

    def delete(self) -> None:
        self.products.delete(OWNER, "acme:p", None)

    def move_band(self) -> None:
        band = self.store.band("acme:p:one")
        assert band is not None
        place = 1 + int(band.get("band_index"))
        self.bands.update(OWNER, "acme:p:one", {"band_index": place}, None)


@pytest.fixture
def owner(tables: None) -> Iterator[Catalog]:
    with (
        mock.patch.object(requests, "FIRST_PAUSE", 0),
        mock.patch("swath_core.catalog._related.SETTLE_SECONDS", 0),
    ):
        yield Catalog()


def before_the_transaction(moment: Callable[[], None]) -> Any:
    """Do something when the next write of an image is decided and marked, but not committed."""
    pending = [moment]

    def interrupted(changes: Changes, *, before_each: Callable[[], None]) -> None:
        def before() -> None:
            before_each()
            if pending:
                pending.pop()()

        transact(changes, before_each=before)

    return mock.patch.object(images, "transact", interrupted)


def nothing_is_left() -> bool:
    return not list(ImageItem.scan()) and not list(PostingItem.scan())


def test_an_image_does_not_outlive_the_deletion_that_overtook_it(
    catalog: ImageWriter, owner: Catalog
) -> None:
    with before_the_transaction(owner.delete), pytest.raises(NotFound, match="acme:p"):
        catalog.create(attributes(), PRODUCT)
    assert nothing_is_left()
    assert owner.store.product("acme:p") is None


def test_a_product_made_again_takes_the_image(catalog: ImageWriter, owner: Catalog) -> None:
    catalog.create(attributes("b"), PRODUCT)
    catalog.delete("acme:p:b")  # its permit is known to this process

    def again() -> None:
        owner.delete()
        owner.products.create(OWNER, "acme:p", {"name": "P"}, None)

    with before_the_transaction(again):
        catalog.create(attributes(), PRODUCT)
    assert [item.id for item in ImageItem.scan()] == ["acme:p:a"]


def test_an_image_that_came_first_keeps_its_product(catalog: ImageWriter, owner: Catalog) -> None:
    exist = RelatedObjects.exist

    def written(self: RelatedObjects, product_id: str) -> bool:
        with pytest.raises(Unavailable, match="is being deleted"):
            catalog.create(attributes("late"), PRODUCT)
        return exist(self, product_id)

    catalog.create(attributes(), PRODUCT)
    with (
        mock.patch.object(RelatedObjects, "exist", written),
        pytest.raises(Conflict, match="related objects exist"),
    ):
        owner.delete()
    catalog.create(attributes("c"), PRODUCT)  # it is open again


def test_an_attempt_publishes_nothing_for_bands_that_have_changed(
    catalog: ImageWriter, owner: Catalog
) -> None:
    owner.bands.create(OWNER, None, BAND, None)
    permit = catalog.permit("acme:p")
    with before_the_transaction(owner.move_band), pytest.raises(Conflict):
        catalog.replace(attributes(), PRODUCT, guard=permit)
    assert nothing_is_left()
    catalog.replace(attributes(), PRODUCT, guard=catalog.permit("acme:p"))
    with pytest.raises(Conflict, match="cannot change while the product has images"):
        owner.move_band()
    owner.bands.update(OWNER, "acme:p:one", {"description": "open again"}, None)


@pytest.mark.parametrize("step", ["close_product", "revoke", "exist", "delete_product"])
def test_a_deletion_that_died_closes_for_a_minute_and_never_goes_on(
    catalog: ImageWriter, owner: Catalog, step: str
) -> None:
    class DiedError(Exception):
        pass

    def die(*_: Any, **__: Any) -> None:
        raise DiedError

    where: dict[str, Any] = {"revoke": Permits, "exist": RelatedObjects}
    real = owner.store.close_product
    tokens: list[float] = []

    def close(product: Any) -> float:
        tokens.append(real(product))
        if step == "close_product":
            raise DiedError
        return tokens[0]

    with (
        mock.patch.object(where.get(step, CatalogStore), step, die),
        mock.patch.object(CatalogStore, "reopen_product"),
        mock.patch.object(owner.store, "close_product", close),
        pytest.raises(DiedError),
    ):
        owner.delete()
    with pytest.raises(Unavailable):
        catalog.create(attributes(), PRODUCT)
    product = owner.store.product("acme:p")
    assert product is not None
    later = tokens[0] + CLOSING_SECONDS + 1
    with mock.patch("swath_core.store.catalog.time.time", return_value=later):
        catalog.create(attributes(), PRODUCT)
        owner.bands.create(OWNER, None, BAND, None)
    with pytest.raises(catalog_store.ChangedError):
        owner.store.delete_product(product, tokens[0], None)
    assert CatalogItem.get("acme:p", "product").closing is None


def test_of_two_deletions_one_is_told(owner: Catalog) -> None:
    exist = RelatedObjects.exist
    inner: list[str] = []

    def other(self: RelatedObjects, product_id: str) -> bool:
        if not inner:
            inner.append("begun")
            Catalog().delete()
        return exist(self, product_id)

    with mock.patch.object(RelatedObjects, "exist", other), pytest.raises(NotFound):
        owner.delete()
    assert owner.store.product("acme:p") is None


def test_a_permit_is_taken_once_and_no_write_touches_the_product(catalog: ImageWriter) -> None:
    for name in "abcdef":
        catalog.create(attributes(name), PRODUCT)
    rows = [item for item in CatalogItem.scan() if item.pk.startswith("!permits")]
    assert len(rows) == 1
    assert rows[0].expires > 0


def test_the_first_image_of_a_process_takes_its_permit_with_it(
    catalog: ImageWriter, owner: Catalog
) -> None:
    with mock.patch.object(Permits, "take", side_effect=AssertionError("a request of its own")):
        catalog.create(attributes("a"), PRODUCT)
        catalog.create(attributes("b"), PRODUCT)
    assert Permits(SETTINGS).revoke("acme:p") == 1


def test_a_first_image_that_exists_is_a_conflict_and_takes_no_permit(
    catalog: ImageWriter, owner: Catalog
) -> None:
    catalog.create(attributes(), PRODUCT)
    Permits(SETTINGS).revoke("acme:p")
    permits.forget()
    image = catalog.get("acme:p:a")
    with mock.patch.object(ImageWriter, "get", return_value=None), pytest.raises(Conflict):
        catalog.create(attributes(), PRODUCT)
    assert catalog.get("acme:p:a") == image
