from typing import Any

import pytest

from swath_core.definitions import BAND, BANDS, IMAGE, PRODUCT, UPLOAD, Resolution, Resource
from swath_core.errors import BadRequest, Errors, Invalid, SwathError

BAND_MINIMUM = {
    "name": "blue",
    "product_id": "acme:p",
    "type": "spectral",
    "data_type": "UInt16",
    "data_range": [0, 10000],
    "display_range": (0, 4000),
    "band_index": 0,
}


def failure(resource: Resource, given: dict[str, Any]) -> SwathError:
    with pytest.raises(SwathError) as caught:
        resource.validate_create(given)
    return caught.value


@pytest.mark.parametrize(
    "resource", [PRODUCT, *BANDS.values(), IMAGE, UPLOAD], ids=lambda r: r.kind
)
def test_every_attribute_is_described_and_has_a_schema(resource: Resource) -> None:
    for attribute in resource:
        assert attribute.description.endswith(".")
        assert attribute.type.accepts
        assert attribute.type.schema()


@pytest.mark.parametrize(
    "resource", [PRODUCT, *BANDS.values(), IMAGE, UPLOAD], ids=lambda r: r.kind
)
def test_every_settable_attribute_refuses_a_wrong_type_with_a_pointer(resource: Resource) -> None:
    for attribute in resource:
        wrong: object = object
        if attribute.read_only:
            continue
        with pytest.raises(Invalid) as caught:
            attribute.normalise(wrong)
        assert caught.value.to_json()["source"] == {"pointer": f"/data/attributes/{attribute.name}"}


def test_create_normalises_and_sets_defaults() -> None:
    values = BANDS["spectral"].validate_create(BAND_MINIMUM | {"resolution": "60m", "nodata": None})
    assert values["data_range"] == [0.0, 10000.0]
    assert values["display_range"] == [0.0, 4000.0]
    assert values["resolution"] == {"value": 60.0, "unit": "meters"}
    assert values["file_index"] == 0
    assert "nodata" not in values


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        (0, 0.0),
        (-3.4e38, -3.4e38),
        (2**63 - 1, 2**63 - 1),
        ("nan", "NaN"),
        ("NaN", "NaN"),
        ("Infinity", "Infinity"),
        ("-inf", "-Infinity"),
    ],
)
def test_nodata_is_a_number_or_the_name_of_one(sent: object, stored: object) -> None:
    values = BANDS["spectral"].validate_create(BAND_MINIMUM | {"nodata": sent})
    assert values["nodata"] == stored
    assert type(values["nodata"]) is type(stored)


@pytest.mark.parametrize("sent", ["0", "none", True, [0], float("nan")])
def test_nodata_of_other_kinds_is_refused(sent: object) -> None:
    error = failure(BANDS["spectral"], BAND_MINIMUM | {"nodata": sent})
    assert "a number, 'NaN', 'Infinity' or '-Infinity'" in str(error.to_json())


def test_masks_have_implicit_ranges_and_others_need_them() -> None:
    mask = BAND_MINIMUM | {"type": "mask"}
    del mask["data_range"], mask["display_range"]
    assert BANDS["mask"].validate_create(mask)["data_range"] == [0.0, 1.0]
    error = failure(BANDS["spectral"], mask | {"type": "spectral"})
    assert [each.pointer for each in error] == [
        "/data/attributes/data_range",
        "/data/attributes/display_range",
    ]


def test_all_that_is_wrong_is_said_at_once() -> None:
    error = failure(PRODUCT, {"nam": "x", "tags": "a", "created": "2020", "is_core": 1})
    assert isinstance(error, Errors)
    assert error.status == 422
    assert [each.pointer for each in error] == [
        f"/data/attributes/{name}" for name in ("nam", "tags", "created", "is_core", "name")
    ]


def test_update_keeps_changes_and_clears() -> None:
    current = {"name": "a", "description": "b", "tags": ["t"]}
    updated = PRODUCT.validate_update({"description": None, "tags": []}, current)
    assert updated == {"name": "a", "tags": []}


def test_update_refuses_null_for_required_and_changes_of_the_immutable() -> None:
    current = BANDS["spectral"].validate_create(BAND_MINIMUM)
    same = BANDS["spectral"].validate_update({"name": "blue", "product_id": "acme:p"}, current)
    assert same == current
    for changes in ({"data_type": None}, {"name": "red"}, {"created": None}, {"modified": "2020"}):
        with pytest.raises(Invalid):
            BANDS["spectral"].validate_update(changes, current)


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), True, "1", None, [1], 10**400])
def test_numbers_are_finite_numbers(wrong: object) -> None:
    with pytest.raises(Invalid):
        IMAGE.attribute("cloud_fraction").normalise(wrong)


@pytest.mark.parametrize("wrong", ["a\0b", "\ud800", "x" * 2001])
def test_text_can_be_stored(wrong: str) -> None:
    with pytest.raises(Invalid):
        PRODUCT.attribute("name").normalise(wrong)


def test_resolutions_compare_in_metres_whatever_their_form() -> None:
    kind = Resolution()
    assert kind.operand(60) == kind.operand("60m") == kind.operand({"value": 60, "unit": "meters"})
    assert kind.operand("1 deg.") == pytest.approx(111_319.49, abs=0.01)
    for wrong in (0, -1, "60 yards", {"value": 1, "unit": "m", "x": 2}, "e", None, True):
        with pytest.raises(ValueError, match="expected"):
            kind.normalise(wrong)


def test_files_and_processing_levels_know_their_members() -> None:
    with pytest.raises(Invalid, match="unknown member sise_bytes"):
        IMAGE.attribute("files").normalise([{"href": "s3://b/k", "sise_bytes": 1}])
    with pytest.raises(Invalid, match="member parameter is missing"):
        BAND.attribute("processing_levels").normalise({"toa": [{"function": "f"}]})
    level = {"toa": [{"function": "f", "parameter": 2.0}], "default": "toa"}
    assert BAND.attribute("processing_levels").normalise(level) == level


def test_filter_operands_of_the_wrong_type_are_bad_requests() -> None:
    for name, wrong in (("acquired", "soon"), ("cloud_fraction", "0.2"), ("tags", 3), ("name", 4)):
        with pytest.raises(BadRequest, match=name):
            IMAGE.attribute(name).operand(wrong)
    assert IMAGE.attribute("tags").operand("a") == "a"
