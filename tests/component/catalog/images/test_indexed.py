"""Which postings a write writes and removes: an image's item records where it is posted."""

import dataclasses
from unittest import mock

import pytest
from tests.component.catalog.images.conftest import PRODUCT, attributes

from swath_core.catalog import ImageWriter, _products
from swath_core.documents import StoredImage, StoredProduct
from swath_core.errors import Invalid
from swath_core.index import postings_of
from swath_core.search import ImageQuery, Match
from swath_core.search._engine import _still
from swath_core.store import images
from swath_core.store.tables import PostingItem

OLD = StoredProduct("product", "acme:p", PRODUCT.attributes, 1, index=1)
BOTH = dataclasses.replace(OLD, also=2)


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
    new = StoredProduct("product", "acme:p", PRODUCT.attributes, 1)
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
    new = StoredProduct("product", "acme:p", PRODUCT.attributes, 1)
    catalog.create(attributes(), new)
    stored = catalog.get("acme:p:a")
    assert stored is not None
    match = Match.of(stored)
    changed(catalog, new, x_pixels=7)
    later = catalog.get("acme:p:a")
    assert later is not None
    with mock.patch("swath_core.search._engine.satisfies", side_effect=AssertionError):
        assert _still(ImageQuery(), later, match)
        modified = '[{"op":"gt","name":"modified","val":"2020"}]'
        with pytest.raises(AssertionError):  # that attribute, postings in cells do not hold
            _still(ImageQuery.from_body({"filter": modified}), later, match)


def test_postings_go_with_the_keys_recorded_not_with_those_of_today(catalog: ImageWriter) -> None:
    catalog.create(attributes(), OLD)
    stored = catalog.get("acme:p:a")
    assert stored is not None
    assert {key[0] for key in found()} == {
        row.partition for row in postings_of(stored, versions=(1,)).rows
    }
    with mock.patch("swath_core.index._ladder.rung_cover", return_value=frozenset()):
        catalog.delete("acme:p:a")  # as though today's cells were others
    assert found() == {}


def test_an_image_moves_with_its_product(catalog: ImageWriter) -> None:
    catalog.create(attributes(), OLD)
    changed(catalog, BOTH, cloud_fraction=0.25)
    stored = catalog.get("acme:p:a")
    assert isinstance(stored, StoredImage)
    both = {row.partition for row in postings_of(stored, versions=(1, 2)).rows}
    assert {key[0] for key in found()} == both
    changed(catalog, dataclasses.replace(BOTH, index=2, also=None), x_pixels=9)
    new = {row.partition for row in postings_of(stored, versions=(2,)).rows}
    assert {key[0] for key in found()} == new


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
