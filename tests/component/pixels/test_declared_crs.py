"""A CRS that is declared for a file is a caller's text: PROJ reads no files on its behalf."""

from __future__ import annotations

from pathlib import Path

import pytest

from swath_core.pixels import Refused
from swath_core.pixels._georeference import placed

TRANSFORM = (500_000.0, 10.0, 0.0, 4_000_000.0, 0.0, -10.0)


@pytest.mark.parametrize(
    "text",
    [
        "+proj=utm +zone=32 +nadgrids=GRID",
        "+init=GRID:1",
        "+proj=pipeline +step +proj=utm +zone=32",
        "GRID",
        'PROJCS["a", EXTENSION["PROJ4", "+proj=utm +zone=32 +nadgrids=GRID"]]',
        'COMPD_CS["a", PARAMETERFILE["b", "GRID"]]',
    ],
)
def test_a_declared_crs_names_no_file(tmp_path: Path, text: str) -> None:
    file = tmp_path / "grid"
    file.write_text("<1> +proj=utm +zone=32\n")

    with pytest.raises(Refused, match=r"^red\.tif: the image's coordinate reference system: "):
        placed("red.tif", text.replace("GRID", str(file)), TRANSFORM)


@pytest.mark.parametrize("text", ["EPSG:32632", "epsg:32632", "+proj=utm +zone=32 +datum=WGS84"])
def test_a_declared_crs_is_taken(text: str) -> None:
    assert placed("red.tif", text, TRANSFORM).crs.is_projected
