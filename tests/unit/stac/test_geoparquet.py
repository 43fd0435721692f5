"""Files of the mirror as assets of a collection: in an answer, and in what comes back."""

from __future__ import annotations

from typing import Any

import pytest

from swath_core.mirror import MonthFile
from swath_core.stac._geoparquet import MOST_FILES, month_and_number, with_files
from swath_core.stac._incoming import checked_collection
from swath_core.store.mirrored_months import MirrorFile


def files_of(month: str, days: set[str], *keys: str, before: int = 0) -> list[MonthFile]:
    total = before + len(keys)
    return [
        MonthFile(month, number, total, frozenset(days), MirrorFile(key, 3, 1234, "ab" * 32))
        for number, key in enumerate(keys, before + 1)
    ]


def address(key: str, file: MonthFile) -> dict[str, Any]:
    return {"href": f"https://x/{key}/{file.file.key}", "expires": "2030-01-01T00:00:00.000000Z"}


def collection(**more: Any) -> dict[str, Any]:
    return {
        "type": "Collection",
        "stac_version": "1.1.0",
        "id": "acme:p",
        "description": "P",
        "license": "other",
        "links": [],
        "stac_extensions": [],
        **more,
    }


def test_each_file_is_an_asset_of_its_month() -> None:
    files = [
        *files_of("2020-01", {"02", "01"}, "a"),
        *files_of("2020-02", {"03"}, "b", "c", before=1),
    ]
    found = with_files(collection(assets={"mine": {"href": "x"}}), files, address)

    assert {key: each["href"] for key, each in found["assets"].items()} == {
        "mine": "x",
        "geoparquet-2020-01": "https://x/geoparquet-2020-01/a",
        "geoparquet-2020-02-2": "https://x/geoparquet-2020-02-2/b",
        "geoparquet-2020-02-3": "https://x/geoparquet-2020-02-3/c",
    }
    assert [month_and_number(key) for key in found["assets"]] == [
        None,
        ("2020-01", None),
        ("2020-02", 2),
        ("2020-02", 3),
    ]
    first = found["assets"]["geoparquet-2020-01"]
    assert first["swath:days"] == ["01", "02"]
    assert (first["file:size"], first["file:checksum"]) == (1234, "1220" + "ab" * 32)
    assert any("/file/" in each for each in found["stac_extensions"])
    assert any("/timestamps/" in each for each in found["stac_extensions"])


def test_the_latest_files_are_told() -> None:
    many = files_of("2020-01", {"01"}, *map(str, range(MOST_FILES)))
    found = with_files(collection(), [*many, *files_of("2020-02", {"01"}, "last")], address)
    keys = list(found["assets"])

    assert len(keys) == MOST_FILES
    # what is told of a file does not depend on how many are told
    assert (keys[0], keys[-1]) == ("geoparquet-2020-01-2", "geoparquet-2020-02")


def test_without_files_a_collection_is_as_it_was() -> None:
    assert with_files(collection(), [], address) == collection()


@pytest.mark.parametrize("own", [{}, {"geoparquet-items": {"href": "https://elsewhere/x"}}])
def test_files_are_not_kept_of_a_collection_that_comes_back(own: dict[str, Any]) -> None:
    given = collection(**({"assets": own} if own else {}))
    told = with_files(given, files_of("2020-01", {"01"}, "a", "b"), address)
    came = checked_collection({**told, "stac_extensions": []})

    assert came == given
