"""Which postings a write writes and removes: an image's item records where it is posted."""

import dataclasses
from unittest import mock

import pytest
from tests.component.catalog.images.conftest import PRODUCT, SETTINGS, SQUARE, attributes

from swath_core.catalog import ImageWriter, _products
from swath_core.documents import StoredImage, StoredProduct
from swath_core.errors import Invalid
from swath_core.index import Placement, postings_of
from swath_core.search import ImageQuery, Match
from swath_core.search._pages import _still
from swath_core.store import images
from swath_core.store.permits import Permits
from swath_core.store.tables import CatalogItem, PostingItem

OLD = StoredProduct("product", "acme:p", PRODUCT.attributes, 1, index=1)
NEW = StoredProduct("product", "acme:p", PRODUCT.attributes, 1)


def set_index(version: int, also: int | None = None) -> None:
    """Let the product's new images be posted under a version of the index, and no other one."""
    item = CatalogItem.get("acme:p", "product")
    item.index, item.also = version, also
    item.save()
    Permits(SETTINGS).revoke("acme:p", but_for=version)


@pytest.fixture(autouse=True)
def old_product(catalog: ImageWriter) -> None:
    set_index(1)


def found() -> dict[tuple[str, str], int]:
    return {(item.pk, item.sk): int(item.v) for item in PostingItem.scan()}


def changed(writer: ImageWriter, product: StoredProduct, **changes: object) -> list[str]:
    """Change the image and return the partitions whose postings were written."""
    written: list[str] = []
    real = images.add_change

    def add_change(write: object, change: images.ImageChange) -> None:
        written.extend(posting.partition for posting in change.written)
        real(write, change)  # type: ignore[arg-type]

    with mock.patch.object(images, "add_change", add_change):
        writer.update("acme:p:a", changes, product)
    return written


def test_what_no_search_looks_at_writes_no_posting_in_cells(catalog: ImageWriter) -> None:
    set_index(2)
    new = NEW
    catalog.create(attributes(), new)
    before = found()
    assert changed(catalog, new, x_pixels=7) == ["acme:p|t|2020-02|0"]
    after = found()
    assert after.keys() == before.keys()
    assert {key[0] for key in after if after[key] != before[key]} == {"acme:p|t|2020-02|0"}
    stored = catalog.get("acme:p:a")
    assert stored is not None
    assert (stored.version, stored.indexed) == (2, 1)
    assert len(changed(catalog, new, cloud_fraction=0.5)) == len(before)
    assert set(found().values()) == {3}
    stored = catalog.get("acme:p:a")
    assert stored is not None
    assert (stored.version, stored.indexed) == (3, 3)


def test_a_posting_of_the_version_indexed_is_not_checked_again(catalog: ImageWriter) -> None:
    set_index(2)
    new = NEW
    catalog.create(attributes(), new)
    stored = catalog.get("acme:p:a")
    assert stored is not None
    match = Match.of(stored)
    changed(catalog, new, x_pixels=7)
    later = catalog.get("acme:p:a")
    assert later is not None
    with mock.patch("swath_core.search._pages.satisfies", side_effect=AssertionError):
        assert _still(ImageQuery(), later, match)
        modified = '[{"op":"gt","name":"modified","val":"2020"}]'
        with pytest.raises(AssertionError):  # that attribute, postings in cells do not hold
            _still(ImageQuery.from_body({"filter": modified}), later, match)


def test_postings_go_with_the_keys_recorded_not_with_those_of_today(catalog: ImageWriter) -> None:
    catalog.create(attributes(), OLD)
    stored = catalog.get("acme:p:a")
    assert stored is not None
    assert {key[0] for key in found()} == {
        row.partition for row in postings_of(stored, Placement(1)).rows
    }
    with mock.patch("swath_core.index._ladder.rung_cover", return_value=frozenset()):
        catalog.delete("acme:p:a")  # as though today's cells were others
    assert found() == {}


def test_a_change_leaves_an_image_where_it_is_posted(catalog: ImageWriter) -> None:
    catalog.create(attributes(), OLD)
    before = found().keys()
    changed(catalog, NEW, cloud_fraction=0.25)
    changed(catalog, NEW, x_pixels=9)
    assert found().keys() == before  # under version 1, which is read until nothing is there


def test_an_image_that_comes_to_another_time_is_posted_like_a_new_one(catalog: ImageWriter) -> None:
    catalog.create(attributes(), OLD)
    set_index(2)
    changed(catalog, OLD, acquired="2021-01-01T00:00:00Z")  # the product was read before
    stored = catalog.get("acme:p:a")
    assert isinstance(stored, StoredImage)
    new = {row.partition for row in postings_of(stored).rows}
    assert {key[0] for key in found()} == new


def test_a_first_footprint_is_posted_like_a_new_image(catalog: ImageWriter) -> None:
    catalog.create(attributes(geometry=None), OLD)
    assert {key[0] for key in found()} == {"acme:p|t|2020-02|0", "acme:p|n"}
    set_index(2)
    changed(catalog, OLD, geometry=SQUARE)
    assert all(key[0].split("|")[1] in {"t", "f2", "h2"} for key in found())


def test_who_read_the_product_before_its_move_posts_under_the_new_version(
    catalog: ImageWriter,
) -> None:
    catalog.create(attributes(), OLD)  # a permit for version 1 is kept
    set_index(2)
    catalog.create(attributes("b"), OLD)
    assert {pk.split("|")[1] for pk, sk in found() if sk.endswith("b")} == {"t", "f2", "h2"}


def test_an_image_without_a_record_is_where_version_1_put_it(catalog: ImageWriter) -> None:
    catalog.create(attributes(), OLD)
    stored = catalog.get("acme:p:a")
    assert stored is not None
    bare = dataclasses.replace(stored, posted=None)
    catalog.delete("acme:p:a", stored=bare)
    assert found() == {}


@pytest.mark.parametrize("given", [0, 1, 17, 2.5, "8", True, None])
def test_shards_are_added_but_not_taken_away(given: object) -> None:
    extra = {} if given is None else {"swath.shards": given}
    with pytest.raises(Invalid, match=r"a whole number from 2 to 16"):
        _products._check_shards({"extra_properties": extra}, 2)
    _products._check_shards({"extra_properties": {"swath.shards": 8}}, 2)
