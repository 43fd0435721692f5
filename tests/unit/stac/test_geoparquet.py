"""Files of the mirror as assets of a collection: in an answer, and in what comes back."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest

from swath_core.mirror import MirrorPart
from swath_core.stac._geoparquet import MOST_FILES, with_files
from swath_core.stac._incoming import checked_collection
from swath_core.store.manifests import Group, MirrorFile

SIGNER: Any = mock.Mock(url="https://x/{}".format, expires="2030-01-01T00:00:00.000000Z")


def part(month: str, days: set[str], *keys: str) -> MirrorPart:
    files = tuple(MirrorFile(key, 3, 1234, "ab" * 32) for key in keys)
    return MirrorPart("acme:p", month, frozenset(days), Group(frozenset(days), files))


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
    parts = [
        part("2020-01", {"02", "01"}, "a"),
        part("2020-02", {"03"}, "b", "c"),
        part("2020-02", {"04"}, "d"),
        part("2020-03", {"05"}),
    ]
    found = with_files(collection(assets={"mine": {"href": "x"}}), parts, SIGNER)

    assert {key: each["href"] for key, each in found["assets"].items()} == {
        "mine": "x",
        "geoparquet-2020-01": "https://x/a",
        "geoparquet-2020-02-1": "https://x/b",
        "geoparquet-2020-02-2": "https://x/c",
        "geoparquet-2020-02-3": "https://x/d",
    }
    first = found["assets"]["geoparquet-2020-01"]
    assert first["swath:days"] == ["01", "02"]
    assert (first["file:size"], first["file:checksum"]) == (1234, "1220" + "ab" * 32)
    assert any("/file/" in each for each in found["stac_extensions"])
    assert any("/timestamps/" in each for each in found["stac_extensions"])


def test_the_latest_files_are_told() -> None:
    parts = [part("2020-01", {"01"}, *map(str, range(MOST_FILES))), part("2020-02", {"01"}, "last")]
    found = with_files(collection(), parts, SIGNER)["assets"]

    assert len(found) == MOST_FILES
    assert list(found)[-1] == "geoparquet-2020-02"


def test_without_files_a_collection_is_as_it_was() -> None:
    assert with_files(collection(), [part("2020-01", {"01"})], SIGNER) == collection()


@pytest.mark.parametrize("own", [{}, {"geoparquet-items": {"href": "https://elsewhere/x"}}])
def test_files_are_not_kept_of_a_collection_that_comes_back(own: dict[str, Any]) -> None:
    given = collection(**({"assets": own} if own else {}))
    told = with_files(given, [part("2020-01", {"01"}, "a", "b")], SIGNER)
    came = checked_collection({**told, "stac_extensions": []})

    assert came == given
