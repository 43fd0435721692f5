from typing import Any

import h3
import pytest
import shapely

from swath_core.documents import Document
from swath_core.errors import BadRequest
from swath_core.geo import footprint, normalise_footprint
from swath_core.index import encode_row
from swath_core.summaries import CellSummaries, Summary, cells_of, parse_resolution
from swath_core.summaries._cells import cell_polygon
from swath_core.summaries._rollup_summary import timestamp_in


def square(x: float, y: float, side: float = 2.0) -> dict[str, Any]:
    half = side / 2
    ring = [[x - half, y - half], [x + half, y - half], [x + half, y + half], [x - half, y + half]]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def wkb(geometry: dict[str, Any]) -> bytes:
    return bytes(shapely.to_wkb(footprint(normalise_footprint(geometry))))


@pytest.mark.parametrize("place", [(10.0, 50.0), (179.9, 10.0), (-179.9, -60.0), (0.0, 0.0)])
def test_an_image_lies_in_the_cell_of_its_centroid(place: tuple[float, float]) -> None:
    (cell,) = cells_of([wkb(square(*place))], 5)
    longitude = (place[0] + 180) % 360 - 180
    assert cell == h3.latlng_to_cell(place[1], longitude, 5)


def test_a_band_around_the_earth_stays_where_it_is() -> None:
    whole = {
        "type": "Polygon",
        "coordinates": [[[-180, -9], [180, -9], [180, 11], [-180, 11], [-180, -9]]],
    }
    assert cells_of([shapely.to_wkb(shapely.geometry.shape(whole))], 3) == [
        h3.latlng_to_cell(1.0, 0.0, 3)
    ]
    assert cells_of([], 3) == []


def test_cells_as_geojson_close_and_do_not_wrap() -> None:
    for cell in (h3.latlng_to_cell(0, 179.99, 2), h3.latlng_to_cell(47, 8, 6)):
        polygon = shapely.geometry.shape(cell_polygon(cell))
        west, _, east, _ = polygon.bounds
        assert polygon.is_valid
        assert east - west < 10
    collection = CellSummaries({cell: Summary(3, 30, ("p",))}, 1).to_geojson()
    assert collection["features"][0]["properties"] == {"count": 3, "bytes": 30}
    assert collection["features"][0]["id"] == cell


@pytest.mark.parametrize("wrong", ["16", "-1", "x", "", "1.0", "²", "9" * 5000])
def test_resolutions_are_whole_numbers_to_15(wrong: str) -> None:
    with pytest.raises(BadRequest, match="from 0 to 15"):
        parse_resolution(wrong)
    assert parse_resolution("7") == 7


def test_a_timestamp_is_found_in_a_posting_and_nothing_is_mistaken_for_one() -> None:
    moment = "2020-01-02T03:04:05.000006Z"
    values = {
        "name": "a",
        "product_id": "acme:p",
        "acquired": moment,
        "modified": "2021-01-02T03:04:05.000006Z",
        "satellite_id": '","created":"2022-01-02T03:04:05.000006Z',
        "provider_id": '"created":"',
    }
    row = encode_row(Document("image", "acme:p:a", values, 1))["a"]
    assert timestamp_in(row, "modified") == values["modified"]
    assert timestamp_in(row, "created") is None
    row = encode_row(Document("image", "acme:p:a", values | {"created": moment}, 1))["a"]
    assert timestamp_in(row, "created") == moment
