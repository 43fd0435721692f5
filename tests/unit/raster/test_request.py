"""What a request may say, and what it hears when it says something else."""

from typing import Any

import pytest

from swath_core.errors import BadRequest
from swath_core.raster._request import parse_request

BODY = {"ids": ["a:b:c"], "bands": ["red", "alpha"]}


def test_the_clients_body_is_read() -> None:
    request = parse_request(
        {
            **BODY,
            "scales": [[0, 4000, 0, 255], None],
            "ot": "Byte",
            "srs": "EPSG:32615",
            "resolution": 60,
            "outsize": None,
            "outputBounds": [1, 2, 3, 4],
            "outputBoundsSRS": None,
            "shape": '{"type":"Polygon"}',
            "targetAlignedPixels": True,
            "resampleAlg": "near",
            "processing_level": None,
            "output_window": None,
            "of": "blosc",
            "mask_nodata": False,
            "mask_alpha": True,
            "drop_alpha": True,
            "cutline_all_touched": True,
            "physical": "an unknown member",
        }
    )
    assert request.scales == ((0.0, 4000.0, 0.0, 255.0), None)
    assert request.bounds == (1.0, 2.0, 3.0, 4.0)
    assert (request.mask_nodata, request.mask_alpha, request.drop_alpha) == (False, True, True)
    assert not request.is_native


def test_what_is_absent_has_its_default() -> None:
    request = parse_request(BODY)
    assert request.is_native
    assert (request.resampling, request.mask_nodata, request.mask_alpha) == ("near", True, None)
    assert request.scales == (None, None)


def test_a_band_without_a_scale_has_none() -> None:
    assert parse_request({**BODY, "scales": [[0, 1]]}).scales == ((0.0, 1.0), None)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"ids": []}, "ids"),
        ({"ids": [1]}, "ids"),
        ({"ids": ["x"] * 1001}, "ids"),
        ({"bands": None}, "bands"),
        ({"resolution": 0}, "resolution"),
        ({"resolution": "60"}, "resolution"),
        ({"resolution": float("nan")}, "resolution"),
        ({"resolution": True}, "resolution"),
        ({"outsize": [10]}, "outsize"),
        ({"outsize": [10, 0]}, "outsize"),
        ({"outsize": [1.5, 2]}, "outsize"),
        ({"outsize": [2, 2], "resolution": 1}, "outsize"),
        ({"outsize": [2, 2], "targetAlignedPixels": True}, "targetAlignedPixels"),
        ({"outputBounds": [1, 2, 3]}, "outputBounds"),
        ({"outputBounds": [1, 2, 3, None]}, "outputBounds"),
        ({"scales": [[0, 1], None, None]}, "scales"),
        ({"scales": [[0, 1, 2], None]}, "scales"),
        ({"scales": ["auto", None]}, "scales"),
        ({"ot": "Float16"}, "ot"),
        ({"ot": ["Byte"]}, "ot"),
        ({"resampleAlg": "nearest"}, "resampleAlg"),
        ({"srs": 32615}, "srs"),
        ({"shape": 5}, "shape"),
        ({"mask_alpha": "alpha"}, "mask_alpha"),
        ({"output_window": [0, 0, 1, 1]}, "output_window"),
        ({"of": "npz"}, "of"),
    ],
)
def test_a_wrong_member_is_named(change: dict[str, Any], where: str) -> None:
    with pytest.raises(BadRequest) as caught:
        parse_request({**BODY, **change})
    assert caught.value.parameter == where
