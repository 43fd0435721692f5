import pytest

from swath_core.catalog._image_rules import code_of, contradiction, is_invertible

WKT = (
    'PROJCS["WGS 84 / UTM zone 33N",GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,'
    '298.257223563,AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],AUTHORITY["EPSG","4326"]],'
    'UNIT["metre",1],AUTHORITY["EPSG","32633"]]'
)


@pytest.mark.parametrize(
    ("projection", "code"),
    [
        (WKT, 32633),
        ('GEOGCRS["WGS 84",DATUM["x"],ID["EPSG",4326]]', 4326),
        ("EPSG:3857", 3857),
        ("+init=epsg:2154", 2154),
        ("+proj=utm +zone=33 +datum=WGS84 +units=m +no_defs", 32633),
        ("+proj=utm +zone=5 +south +datum=WGS84", 32705),
        ("+proj=longlat +datum=WGS84 +no_defs", 4326),
        ("+proj=utm +zone=33 +datum=NAD27", None),
        ("+proj=utm +zone=99 +datum=WGS84", None),
        ("+proj=sinu +R=6371007.181", None),
        ('PROJCS["mine",GEOGCS["WGS 84",AUTHORITY["EPSG","4326"]],UNIT["metre",1]]', None),
    ],
)
def test_the_code_that_a_projection_means(projection: str, code: int | None) -> None:
    assert code_of(projection) == code


def test_only_plain_contradictions_are_found() -> None:
    assert contradiction({"cs_code": "EPSG:32633", "projection": WKT}) is None
    assert contradiction({"cs_code": "epsg:32633", "projection": WKT}) is None
    assert contradiction({"cs_code": "EPSG:32634"}) is None
    assert contradiction({"cs_code": "EPSG:32634", "projection": "+proj=sinu"}) is None
    reason = contradiction({"cs_code": "EPSG:32634", "projection": WKT})
    assert reason is not None
    assert "EPSG:32633" in reason
    assert "EPSG:32634" in reason


def test_geotransforms_have_an_inverse() -> None:
    assert is_invertible([0, 10, 0, 0, 0, -10])
    assert is_invertible([0, 0, 10, 0, 10, 0])
    assert not is_invertible([0, 0, 0, 0, 0, 0])
    assert not is_invertible([0, 1, 2, 0, 2, 4])


@pytest.mark.parametrize(
    "text",
    [
        "epsg:" + "9" * 5_000,
        "+init=epsg:" + "9" * 5_000,
        'PROJCS["x",AUTHORITY["EPSG","' + "9" * 5_000 + '"]]',
        "+proj=utm +datum=WGS84 +zone=" + "9" * 5_000,
    ],
)
def test_numbers_of_thousands_of_digits_name_no_code(text: str) -> None:
    assert code_of(text) is None
    assert contradiction({"cs_code": "EPSG:4326", "projection": text}) is None
