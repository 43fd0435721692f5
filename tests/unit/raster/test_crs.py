"""CRS texts: three forms, and no way to a file."""

import pytest
from pyproj import CRS

from swath_core.errors import BadRequest
from swath_core.raster._crs import describe_crs, parse_crs, same_crs, transform_bounds

UTM = CRS.from_epsg(32615)


@pytest.mark.parametrize(
    "text",
    [
        "EPSG:32615",
        " epsg:32615 ",
        "urn:ogc:def:crs:EPSG::32615",
        "+proj=utm +zone=15 +datum=WGS84 +units=m +no_defs=True",
        UTM.to_wkt(),
        UTM.to_wkt("WKT1_GDAL"),
    ],
)
def test_every_form_names_the_same_crs(text: str) -> None:
    assert same_crs(parse_crs(text, "srs"), UTM)


def test_a_null_grid_is_no_file() -> None:
    text = describe_crs(CRS.from_epsg(3857))["proj4"]
    assert "nadgrids=@null" in text
    assert parse_crs(text, "srs").is_projected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "utm",
        "/etc/passwd",
        "file:///etc/passwd",
        "https://example.com/crs",
        "EPSG:0",
        "EPSG:4978",
        "EPSG:5703",
        "+init=epsg:32615",
        "+proj=longlat +nadgrids=/tmp/x.gsb",
        "+proj=longlat +nadgrids=@x.gsb",
        "+proj=pipeline +step +proj=utm +zone=15",
        "+proj=longlat +geoidgrids=x.gtx",
        "+proj=utm +zone=15 ; rm",
        "+proj=nosuch",
        'GEOGCS["x",',
        'GEOGCS["x",EXTENSION["PROJ4","+proj=longlat +nadgrids=/tmp/a"]]',
        'BOUNDCRS[SOURCECRS[x],PARAMETERFILE["a.gsb"]]',
        "EPSG:" + "1" * 9000,
        '{"type": "GeographicCRS"}',
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(BadRequest) as caught:
        parse_crs(text, "srs")
    assert caught.value.parameter == "srs"


def test_a_box_across_the_antimeridian_goes_on_beyond_180() -> None:
    left, _, right, _ = transform_bounds(
        CRS.from_epsg(32601), CRS.from_epsg(4326), (200_000, 0, 500_000, 100_000)
    )
    assert left == pytest.approx(-179.69, abs=0.02)
    west = transform_bounds(
        CRS.from_epsg(32660), CRS.from_epsg(4326), (700_000, 0, 1_100_000, 100_000)
    )
    assert west[0] < 180 < west[2]
    assert right < 0


def test_the_description_is_what_geotiff_writers_read() -> None:
    described = describe_crs(UTM)
    assert described["epsg"] == 32615
    assert "+proj=utm" in described["proj4"]
    assert described["wkt"].startswith('PROJCS["WGS 84 / UTM zone 15N"')
