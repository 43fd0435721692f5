"""What CQL2 filters compile to, and what they answer where the property test does not look."""

import json
import threading
import time
from typing import Any

import pytest
from tests.unit.search.world import PRODUCTS, World, image

from swath_core.errors import BadRequest
from swath_core.filters import (
    EVERYTHING,
    And,
    Comparison,
    Expression,
    Holds,
    allowed_values,
    ids_of,
    split_range,
    values_of,
)
from swath_core.search import ImageQuery
from swath_core.stac.cql2 import ItemFilter, parse_cql2

SQUARE = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]}
VALUES = values_of(
    image(
        "one",
        acquired="2021-05-31T10:20:30.000000Z",
        cloud_fraction=0.07,
        satellite_id="Lándsat 8",
        provider_id="a\\b_%'c",
        tags=["a", "b"],
        geometry=SQUARE,
        view_angle=4.0,
    )
)


def text(given: str) -> ItemFilter:
    return parse_cql2(given, "cql2-text")


def answer(given: str) -> bool:
    return text(given).expression.matches(VALUES)


@pytest.mark.parametrize(
    "given",
    [
        "eo:cloud_cover = 7",
        "eo:cloud_cover <= 7 AND NOT eo:cloud_cover < 7",
        "7 >= eo:cloud_cover",
        "eo:cloud_cover + 1 = 2 * view:off_nadir",
        "eo:cloud_cover div 2 = 3",
        "-eo:cloud_cover = -7",
        "view:off_nadir BETWEEN 4 AND 4",
        "NOT view:off_nadir BETWEEN 5 AND view:sun_azimuth",
        "(eo:cloud_cover / 0 > 1) IS NULL",
        "(view:sun_azimuth = 1) IS NULL",
        "view:sun_azimuth IS NULL AND view:off_nadir IS NOT NULL",
        "start_datetime IS NULL",
        "platform LIKE 'L_ndsat%8'",
        "ACCENTI(CASEI(platform)) LIKE 'landsat%'",
        "CASEI(platform) IN (CASEI('LÁNDSAT 8'), 'x')",
        "platform > 'L'",
        "swath:provider_id LIKE '%\\\\b\\_\\%''c'",
        "datetime > DATE('2021-05-30') AND datetime <= DATE('2021-05-31')",
        "datetime = DATE('2021-05-31') AND datetime <> DATE('2021-05-30')",
        "datetime BETWEEN '2021-05-31T10:20:30Z' AND '2021-06-01'",
        "datetime = '2021-05-31T12:20:30+02:00'",
        "T_INTERSECTS(datetime, INTERVAL('2021-05-01', '2021-05-31'))",
        "T_AFTER(DATE('2021-06-01'), datetime)",
        "S_INTERSECTS(POINT(0.5 0.5), POINT(0.5 0.5))",
        "A_CONTAINS(keywords, ('a')) AND A_OVERLAPS(('z', 'b'), keywords)",
        "A_EQUALS(keywords, ('b', 'a', 'a'))",
        "A_CONTAINEDBY(keywords, ('a', 'b', platform))",
        "collection = 'acme:a' AND id = 'one'",
        "TRUE OR view:sun_azimuth = 1",
        "properties.collection = 'acme:a' AND properties.datetime < DATE('2022-01-01')",
        "1 = 1",
    ],
)
def test_what_holds_for_an_image(given: str) -> None:
    assert answer(given)
    assert not answer(f"NOT ({given})")


@pytest.mark.parametrize(
    "given",
    [
        "view:sun_azimuth = 1",
        "view:sun_azimuth <> 1",
        "view:sun_azimuth = NULL",
        "view:sun_azimuth + 1 > 0",
        "view:sun_azimuth IN (1, 2)",
        "view:off_nadir IN (1, NULL)",
        "view:off_nadir BETWEEN 4 AND view:sun_azimuth",
        "swath:processing_pipeline_id LIKE '%'",
        "eo:cloud_cover % 0 = 1",
        "eo:cloud_cover ^ 400 = 1",
        "T_BEFORE(published, TIMESTAMP('2021-05-31T10:20:30Z'))",
        "T_DURING(INTERVAL(start_datetime, end_datetime), INTERVAL('2020-01-01', '..'))",
        "A_EQUALS(keywords, ('a', swath:processing_pipeline_id))",
        "NULL",
        "view:sun_azimuth = 1 OR view:off_nadir = 5",
        "view:sun_azimuth = 1 AND view:off_nadir = 4",
    ],
)
def test_what_is_unknown_matches_neither_way(given: str) -> None:
    assert not answer(given)
    assert not answer(f"NOT ({given})")


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ("foo = 1", "'foo' is no queryable property"),
        ("properties.foo = 1", "'properties.foo' is no queryable property"),
        ("eo:cloudcover = 1", "did you mean 'eo:cloud_cover'"),
        ("eo:cloud_cover = 'x'", "= compares a number with a string"),
        ("keywords = 'a'", "does not compare an array"),
        ("geometry = 1", "does not compare a geometry"),
        ("geometry", "is a geometry and no condition"),
        ("'x'", "is no condition"),
        ("CASEI(platform)", "casei is no condition"),
        ("CASEI(eo:cloud_cover) = 'x'", "casei is of a string"),
        ("platform + 1 = 2", "\\+ is of numbers"),
        ("platform LIKE platform", "a pattern that is a string"),
        ("eo:cloud_cover LIKE 'x'", "like is of a string"),
        ("datetime > 'x'", "no timestamp"),
        ("datetime > DATE('2021-02-30')", "no date"),
        ("T_AFTER(datetime, INTERVAL('2022-01-01', '2021-01-01'))", "ends before it begins"),
        ("T_AFTER(platform, DATE('2021-01-01'))", "platform.* is a string"),
        ("S_INTERSECTS(geometry, BBOX(1, 2, 3))", "s_intersects: bbox: "),
        ("S_INTERSECTS(geometry, BBOX(1, 3, 2, 2))", "south lies north of north"),
        ("S_INTERSECTS(geometry, POLYGON((0 0, 1 1)))", "s_intersects: a ring has"),
        ("S_INTERSECTS(platform, POINT(1 1))", "'platform' is a string"),
        ("S_INTERSECTS(geometry)", "takes 2 operands, not 1"),
        ("A_CONTAINS(platform, ('a'))", "a_contains is of arrays"),
        ("FOO(platform) = 1", "'FOO' is no operator"),
        ("eo:cloud_cover = 1e999", "no finite number"),
        ("eo:cloud_cover = ", "is not CQL2 text: line 1, column 18"),
        ("eo:cloud_cover = 1)", "a bracket is closed"),
        ("", "is not CQL2 text"),
    ],
)
def test_what_is_refused_says_what_is_wrong(given: str, wrong: str) -> None:
    with pytest.raises(BadRequest, match=wrong) as caught:
        text(given)
    assert caught.value.parameter == "filter"


@pytest.mark.parametrize(
    ("tree", "wrong"),
    [
        (1, "no condition"),
        ([], "no condition"),
        ({"op": "and", "args": []}, "and has no operands"),
        ({"op": "and"}, "args is None"),
        ({"op": "=", "args": [1]}, "takes 2 operands, not 1"),
        ({"op": ["="], "args": []}, "no operator"),
        ({"op": "in", "args": [{"property": "platform"}, []]}, "at least one value"),
        ({"op": "=", "args": [{"property": ["x"]}, 1]}, "no queryable property"),
        ({"op": "=", "args": [{"property": "platform"}, [1]]}, "no single value"),
        ({"op": "=", "args": [{"property": "platform"}, {"x": 1}]}, "no single value"),
        ({"op": "s_within", "args": [{"property": "geometry"}, 5]}, "is of geometries"),
        ({"op": "t_after", "args": [{"property": "datetime"}, {"interval": 3}]}, "no interval"),
    ],
)
def test_json_that_is_no_filter_is_refused(tree: Any, wrong: str) -> None:
    with pytest.raises(BadRequest, match=wrong):
        parse_cql2(tree)


def test_json_comes_decoded_or_as_text_and_languages_are_two() -> None:
    tree = {"op": "=", "args": [{"property": "eo:cloud_cover"}, 7]}

    assert parse_cql2(tree) == parse_cql2(json.dumps(tree)) == text("eo:cloud_cover = 7")
    with pytest.raises(BadRequest, match="is not JSON"):
        parse_cql2("eo:cloud_cover = 7")
    with pytest.raises(BadRequest, match="no text"):
        parse_cql2(tree, "cql2-text")
    with pytest.raises(BadRequest, match="none of cql2-text, cql2-json"):
        parse_cql2(tree, "cql")


# ---- bounds


def nested(depth: int) -> Any:
    tree: Any = {"op": "isNull", "args": [{"property": "platform"}]}
    for _ in range(depth):
        tree = {"op": "not", "args": [tree]}
    return tree


def test_operations_are_nested_as_deep_as_conditions_may_be() -> None:
    assert parse_cql2(nested(15))
    for depth in (17, 900):
        with pytest.raises(BadRequest, match="nested more than 16 deep"):
            parse_cql2(nested(depth))


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        (" AND ".join(["eo:cloud_cover = 1"] * 201), "more than 200 comparisons"),
        (f"id IN ({', '.join(['1'] * 2001)})", "more than 2000 listed values"),
        (" AND ".join(["eo:cloud_cover = 1"] * 500), "more than 1000 names and operators"),
        (
            "S_INTERSECTS(geometry, LINESTRING("
            + ", ".join(f"{n % 90} {n % 45}.5" for n in range(20_001))
            + "))",
            "at most 20000 are accepted",
        ),
    ],
)
def test_filters_have_a_width(given: str, wrong: str) -> None:
    with pytest.raises(BadRequest, match=wrong):
        text(given)


HOSTILE = {
    "open": "(" * 5000,
    "closed": "(" * 5000 + "a" + ")" * 5000,
    "not": "NOT " * 50_000 + "TRUE",
    "minus": "eo:cloud_cover = " + "-" * 50_000 + "1",
    "chain": "1 = " + "+".join(["1"] * 50_000),
    "calls": "casei(" * 5000 + "a" + ")" * 5000,
    "doubling": "(" * 20 + "1 x" + ")" * 20,
    "arrays": "id IN " + "(" * 12 + "1, " * 3000 + "1" + ",1)" * 12,
    "geometry": "(" * 16 + "S_INTERSECTS(geometry, POLYGON((" + "1 1, " * 3000 + "x)))" + ")" * 16,
    "quotes": "'" * 9999,
    "signs": "\\\0\x7f;&" * 9000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_text_that_would_end_the_process_is_refused_in_time(name: str) -> None:
    begun = time.process_time()
    with pytest.raises(BadRequest):
        text(HOSTILE[name])
    assert time.process_time() - begun < 2


def test_what_is_accepted_fits_the_stack_of_a_small_thread() -> None:
    widest = [
        "NOT " * 16 + "TRUE",
        "1 = " + "+".join(["1"] * 450),
        "1 = " + "- " * 16 + "1",
        "1 = " + "+".join(["1"] * 500),
        "(" * 11 + "eo:cloud_cover = 1" + ")" * 11,
        "casei(" * 15 + "platform" + ")" * 15 + " = 'x'",
        " OR ".join(["eo:cloud_cover = 1"] * 200),
    ]
    done: list[str] = []

    def parse() -> None:
        for each in widest:
            try:
                text(each)
            except BadRequest as error:
                done.append(error.detail)
            else:
                done.append("")

    before = threading.stack_size(2 * 1024 * 1024)
    try:
        thread = threading.Thread(target=parse)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)
    assert len(done) == len(widest)
    assert [each for each in done if "CQL2 text" in each] == []


def test_a_pattern_takes_no_longer_than_text_times_pattern() -> None:
    pattern = "%".join("a" * 200) + "%b"
    begun = time.process_time()

    expression = text(f"platform LIKE '{pattern}'").expression
    assert not expression.matches({"satellite_id": "a" * 2000})
    assert time.process_time() - begun < 1


# ---- what drives the plan


def parts_of(expression: Expression) -> tuple[Expression, ...]:
    return expression.parts if isinstance(expression, And) else (expression,)


def test_an_intersection_that_has_to_hold_is_the_area_and_nothing_else() -> None:
    found = text("S_INTERSECTS(geometry, BBOX(170, -10, -170, 10))")

    assert found.expression == EVERYTHING
    assert found.area is not None
    assert found.area.geom_type == "MultiPolygon"
    assert found.area.bounds == (-180, -10, 180, 10)


def test_the_smallest_area_drives_and_the_others_are_tests() -> None:
    given = "S_INTERSECTS(geometry, BBOX(0,0,50,50)) AND S_WITHIN(geometry, BBOX(0,0,2,2))"
    found = text(f"eo:cloud_cover < 10 AND ({given})")

    assert found.area is not None
    assert found.area.bounds == (0, 0, 2, 2)
    tests = [part for part in parts_of(found.expression) if isinstance(part, Holds)]
    assert [part.names for part in tests] == [frozenset({"geometry"})] * 2
    assert found.expression.matches(VALUES)


@pytest.mark.parametrize(
    "given",
    [
        "NOT S_INTERSECTS(geometry, BBOX(0,0,2,2))",
        "S_DISJOINT(geometry, BBOX(0,0,2,2))",
        "S_INTERSECTS(geometry, BBOX(0,0,2,2)) OR eo:cloud_cover < 1",
    ],
)
def test_what_need_not_hold_does_not_drive(given: str) -> None:
    assert text(given).area is None


def test_a_request_that_has_an_area_keeps_it() -> None:
    asked = text("S_INTERSECTS(geometry, BBOX(0,0,9,9))").area
    found = parse_cql2("S_INTERSECTS(geometry, BBOX(5,5,6,6))", "cql2-text", area=asked)

    assert found.area is asked
    assert not found.expression.matches(VALUES)


@pytest.mark.parametrize(
    ("given", "low", "high"),
    [
        ("datetime >= '2021-01-01T00:00:00Z'", "2021-01-01T00:00:00.000000Z", ":"),
        ("datetime = DATE('2021-05-31')", "2021-05-31T00:00:00.000000Z", "2021-05-31T23:59:59.9"),
        ("datetime < DATE('2021-05-31')", "0", "2021-05-31T00:00:00.000000Z"),
        ("T_AFTER(datetime, DATE('2021-05-31'))", "2021-05-31T23:59:59.999999Z$", ":"),
        ("T_BEFORE(datetime, DATE('2021-05-31'))", "0", "2021-05-31T00:00:00.000000Z"),
        ("T_INTERSECTS(datetime, INTERVAL('..', '2021-05-31'))", "", "2021-05-31T23:59:59.9"),
        ("T_INTERSECTS(INTERVAL('2021-05-31', '..'), datetime)", "2021-05-31T00:00", ":"),
        ("NOT T_AFTER(datetime, DATE('2021-05-31'))", "", "2021-05-31T23:59:59.9"),
    ],
)
def test_times_become_a_range_of_keys_and_leave_nothing_to_ask(
    given: str, low: str, high: str
) -> None:
    keys, left = split_range(text(given).expression)

    assert left == EVERYTHING
    assert keys.low.startswith(low)
    assert keys.high.startswith(high)


def test_an_images_whole_time_is_a_range_of_keys_where_durations_are_known() -> None:
    given = "T_INTERSECTS(INTERVAL(start_datetime, end_datetime), INTERVAL('2021-05-31', '..'))"
    keys, left = split_range(text(given).expression, 3600)

    assert keys.low.startswith("2021-05-30T23:00:00")
    assert left.matches(VALUES | {"acquired_end": "2021-05-31T10:30:00.000000Z"})
    assert not left.matches(VALUES)


def test_collections_and_ids_tell_where_to_look() -> None:
    expression = text("collection IN ('acme:a', 'acme:b') AND id IN ('x', 'y')").expression

    assert allowed_values(expression, "product_id") == ["acme:a", "acme:b"]
    found = ids_of(expression.given({"product_id": "acme:a"}), "acme:a")
    assert found == frozenset({"acme:a:x", "acme:a:y"})
    assert text("platform LIKE 'land%'").expression == text("platform LIKE 'land%'").expression
    assert isinstance(text("platform LIKE 'land%'").expression, Comparison)


def test_a_search_by_footprint_reads_no_documents_but_those_it_returns() -> None:
    world = World()
    for number in range(30):
        world.put(image(f"i{number}", cloud_fraction=number / 100, geometry=SQUARE))
    world.put(image("far", PRODUCTS[1], geometry=None))
    found = text("S_WITHIN(geometry, BBOX(-1,-1,2,2)) AND eo:cloud_cover + 1 <= 4")

    query = ImageQuery(expression=found.expression, area=found.area)
    count, cost = world.search().count(query, world.products)
    assert (count, cost.documents) == (4, 0)
