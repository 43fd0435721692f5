from typing import Any
from unittest import mock

import pytest
from tests.component.catalog.images.conftest import PRODUCT, SETTINGS, SQUARE, attributes
from tests.requests_made import dispatched

from swath_core.catalog import BULK_LIMIT, ImageWriter, SavedImage
from swath_core.documents import Document
from swath_core.errors import Conflict, Errors, Invalid, NotFound, SwathError, Unavailable
from swath_core.index import postings_of
from swath_core.store import requests
from swath_core.store.requests import Changes
from swath_core.store.tables import CatalogItem, PostingItem, RollupItem

KEY = "images/acme/p/2020/02/03/a/v1/a.tif"
FILE: dict[str, Any] = {"href": f"s3://data/{KEY}", "size_bytes": 10, "hash": "0" * 32}


def keys() -> set[tuple[str, str]]:
    return {(item.pk, item.sk) for item in PostingItem.scan()}


def expected(image: Document) -> set[tuple[str, str]]:
    return {(row.partition, row.sort_key) for row in postings_of(image).rows}


def dirty(product: str = "acme:p") -> list[str]:
    return [item.sk for item in RollupItem.query(product)]


def test_create_saves_document_postings_marks_and_index_state(catalog: ImageWriter) -> None:
    image = catalog.create(attributes(), PRODUCT, request="r")
    assert (image.id, image.version, image.request) == ("acme:p:a", 1, "r")
    assert image.attributes["acquired"] == "2020-02-03T04:05:06.000000Z"
    assert image.attributes["created"] == image.attributes["modified"]
    stored = catalog.get("acme:p:a")
    assert stored is not None
    assert SavedImage.of(stored) == image
    assert keys() == expected(image)
    assert dirty() == ["0#2020-02-03"]
    assert [item.sk for item in RollupItem.query("!dirty")] == ["acme:p"]
    row = CatalogItem.get("acme:p", "product")
    assert set(row.rungs) == set(postings_of(image).state.rungs)
    assert set(row.extent) == set(postings_of(image).state.extent)


def test_a_save_costs_two_requests_and_within_a_minute_one(catalog: ImageWriter) -> None:
    with dispatched() as calls:
        catalog.create(attributes("a"), PRODUCT)
    # the days are marked and the product says what its index will hold; then the image, with the
    # permit that the process takes
    assert calls == ["TransactWriteItems"] * 2
    with dispatched() as calls:
        catalog.create(attributes("b", acquired="2020-02-04"), PRODUCT)
    assert sorted(calls) == ["BatchWriteItem", "TransactWriteItems"]
    with dispatched() as calls:
        catalog.create(attributes("c"), PRODUCT)
    assert calls == ["TransactWriteItems"]


def test_a_replay_answers_what_it_made_and_another_request_conflicts(
    catalog: ImageWriter,
) -> None:
    first = catalog.create(attributes(), PRODUCT, request="r")
    assert catalog.create(attributes(), PRODUCT, request="r") == first
    for request in ("other", None):
        with pytest.raises(Conflict, match=r"acme:p:a. already exists"):
            catalog.create(attributes(), PRODUCT, request=request)


def test_an_answer_that_was_lost_is_found_again(catalog: ImageWriter) -> None:
    commit = requests.commit

    def lost(changes: requests.Changes) -> frozenset[str]:
        commit(changes)
        return commit(changes)  # botocore's own retry, after a timeout

    with mock.patch.object(requests, "commit", lost):
        created = catalog.create(attributes(), PRODUCT)
        updated = catalog.update("acme:p:a", {"tags": ["x"]}, PRODUCT)
        deleted = catalog.delete("acme:p:a")
    assert (created.version, updated.version) == (1, 2)
    assert deleted.id == "acme:p:a"
    assert keys() == set()


def test_update_moves_postings_and_marks_both_days(catalog: ImageWriter) -> None:
    catalog.create(attributes(), PRODUCT)
    image = catalog.update(
        "acme:p:a", {"acquired": "2021-05-06", "tags": ["t"], "geometry": None}, PRODUCT
    )
    assert image.version == 2
    assert "geometry" not in image.attributes
    assert image.attributes["created"] < image.attributes["modified"]
    assert keys() == expected(image)
    assert dirty() == ["0#2020-02-03", "0#2021-05-06"]


def test_update_replay_version_and_missing(catalog: ImageWriter) -> None:
    catalog.create(attributes(), PRODUCT)
    once = catalog.update("acme:p:a", {"tags": ["t"]}, PRODUCT, request="u")
    assert catalog.update("acme:p:a", {"tags": ["t"]}, PRODUCT, request="u").version == 2
    assert once.version == 2
    with pytest.raises(Conflict, match="version 2, but the change was made for version 1"):
        catalog.update("acme:p:a", {"tags": []}, PRODUCT, expected_version=1)
    with pytest.raises(NotFound):
        catalog.update("acme:p:none", {}, PRODUCT)
    with pytest.raises(Invalid, match="cannot be changed"):
        catalog.update("acme:p:a", {"name": "b"}, PRODUCT)


def test_replace_keeps_created_and_says_which_objects_are_free(catalog: ImageWriter) -> None:
    old = catalog.create(attributes(files=[FILE]), PRODUCT)
    moved = FILE | {"href": FILE["href"].replace("/v1/", "/v2/")}
    new = catalog.replace(attributes(files=[moved], acquired="2022"), PRODUCT, request="i")
    assert new.version == 2
    assert new.note is not None
    assert new.note.keys == (KEY,)
    assert new.attributes["created"] == old.attributes["created"]
    assert keys() == expected(new)
    assert catalog.replace(attributes(), PRODUCT, request="i").attributes == new.attributes
    with pytest.raises(Conflict):
        catalog.replace(attributes(), PRODUCT, expected_version=1)
    fresh = catalog.replace(attributes("b"), PRODUCT, expected_version=0)
    assert (fresh.version, fresh.note) == (1, None)


def test_replace_holds_only_while_the_guard_does(catalog: ImageWriter) -> None:
    CatalogItem("acme:other", "product", document={}, version=1).save()

    def other_has_version(number: int) -> Changes:
        condition = CatalogItem.version == number
        return lambda write: write.condition_check(
            CatalogItem, "acme:other", "product", condition=condition
        )

    with pytest.raises(Conflict):
        catalog.replace(attributes(), PRODUCT, guard=other_has_version(2))
    assert catalog.get("acme:p:a") is None
    assert keys() == set()
    saved = catalog.replace(attributes(), PRODUCT, guard=other_has_version(1))
    assert keys() == expected(saved)
    with pytest.raises(Conflict):
        catalog.replace(attributes(acquired="2022"), PRODUCT, guard=other_has_version(2))
    assert keys() == expected(saved)


def test_update_of_files_says_which_objects_are_free(catalog: ImageWriter) -> None:
    remote = {"href": "https://example.com/a.tif", "size_bytes": 1, "hash": "0"}
    catalog.create(attributes(files=[FILE, remote], storage_state="remote"), PRODUCT)
    note = catalog.update("acme:p:a", {"files": []}, PRODUCT).note
    assert note is not None
    assert note.keys == (KEY,)


def test_delete_removes_everything(catalog: ImageWriter) -> None:
    catalog.create(attributes(files=[FILE]), PRODUCT)
    with pytest.raises(Conflict):
        catalog.delete("acme:p:a", expected_version=7)
    gone = catalog.delete("acme:p:a")
    assert gone.note is not None
    assert gone.note.keys == (KEY,)
    assert catalog.get("acme:p:a") is None
    assert keys() == set()
    with pytest.raises(NotFound):
        catalog.delete("acme:p:a")


def test_nothing_is_left_of_what_is_refused(catalog: ImageWriter) -> None:
    with pytest.raises(Errors) as caught:
        catalog.create({"product_id": "acme:p", "geometry": SQUARE, "tags": 1}, PRODUCT)
    assert {each.pointer for each in caught.value} == {
        "/data/attributes/tags",
        "/data/attributes/name",
        "/data/attributes/acquired",
    }
    assert keys() == set()
    assert dirty() == []


def test_a_product_that_is_gone_or_going_takes_no_images(catalog: ImageWriter) -> None:
    CatalogItem("acme:p", "product").delete()
    with pytest.raises(NotFound, match="acme:p"):
        catalog.create(attributes(), PRODUCT)
    assert keys() == set()


def test_get_many_reads_more_than_one_batch(catalog: ImageWriter) -> None:
    done = catalog.bulk([attributes(f"i{n}", geometry=None) for n in range(120)], PRODUCT)
    assert not [each.error for each in done if each.error]
    found = catalog.get_many([f"acme:p:i{n}" for n in range(130)] * 2)
    assert sorted(found) == sorted(f"acme:p:i{n}" for n in range(120))
    assert catalog.get_many([]) == {}


def test_bulk_saves_the_valid_ones_and_says_why_not_of_the_others(catalog: ImageWriter) -> None:
    items: list[Any] = [
        attributes("a"),
        attributes("b", acquired="never"),
        attributes("a"),
        attributes("c", product_id="acme:q"),
        attributes("d"),
        {},
    ]
    results = catalog.bulk(items, PRODUCT, request="r")
    assert [each.index for each in results] == list(range(6))
    saved = [each.image.id for each in results if each.image is not None]
    assert saved == ["acme:p:a", "acme:p:d"]
    errors = [each.error.status if each.error else 0 for each in results]
    assert errors == [0, 422, 409, 422, 0, 422]
    again = catalog.bulk(items, PRODUCT, request="r")
    assert [bool(each.image) for each in again] == [bool(each.image) for each in results]
    with pytest.raises(Invalid, match="at most"):
        catalog.bulk([{}] * (BULK_LIMIT + 1), PRODUCT)


def test_bulk_ends_in_time(catalog: ImageWriter) -> None:
    with mock.patch("swath_core.catalog._image_writes._BULK_SECONDS", -1):
        (result,) = catalog.bulk([attributes()], PRODUCT)
    assert result.error is not None
    assert result.error.status == 429
    assert catalog.get("acme:p:a") is None


def test_transactions_in_the_way_are_waited_for_but_not_for_ever(catalog: ImageWriter) -> None:
    catalog.create(attributes("first"), PRODUCT)  # marks the day: what follows is one transaction
    commit, answers = requests.commit, [{"TransactionConflict"}, {"ThrottlingError"}]

    def busy(changes: requests.Changes) -> frozenset[str]:
        return frozenset(answers.pop()) if answers else commit(changes)

    with mock.patch.object(requests, "commit", busy), mock.patch.object(requests, "FIRST_PAUSE", 0):
        assert catalog.create(attributes(), PRODUCT).version == 1
        answers.extend([{"TransactionConflict"}] * requests.ATTEMPTS)
        with pytest.raises(Conflict, match="another request"):
            catalog.update("acme:p:a", {"tags": ["x"]}, PRODUCT)
        answers.extend([{"TransactionConflict", "ThrottlingError"}] * requests.ATTEMPTS)
        with pytest.raises(Unavailable, match="busy"):
            catalog.update("acme:p:a", {"tags": ["x"]}, PRODUCT)


def test_a_footprint_with_too_many_vertices_is_refused_by_name(catalog: ImageWriter) -> None:
    ring = [[10 + n * 1e-5, 50.0] for n in range(9000)] + [[10.1, 51.0], [10.0, 50.0]]
    with (
        mock.patch("swath_core.catalog._image_commits.MOST_BYTES", 10_000),
        pytest.raises(SwathError, match="simplify") as caught,
    ):
        catalog.create(
            attributes(geometry={"type": "Polygon", "coordinates": [[*ring[::50], ring[0]]]}),
            PRODUCT,
        )
    assert caught.value.pointer == "/data/attributes/geometry"


def test_images_of_other_settings_are_elsewhere(catalog: ImageWriter) -> None:
    assert catalog.get("acme:p:a") is None
    assert SETTINGS.images_table == "images"
