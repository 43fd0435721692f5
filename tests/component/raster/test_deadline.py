"""A raster that takes too long is refused in time, with what to do about it."""

from __future__ import annotations

import importlib
import itertools
import json
import time
from typing import Any

import pytest
from affine import Affine
from tests.raster_world import ME, DiskCatalog, noise

from swath_core.errors import BadRequest
from swath_core.raster import _mosaic
from swath_core.raster._mosaic import Deadline
from swath_core.raster._request import parse_request
from swath_core.raster._stream import encode
from swath_core.web import Request
from swath_dev.build import ROOT

HERE = Affine(10, 0, 500_000, 0, -10, 5_000_000)


def test_what_is_done_in_time_is_answered(made: DiskCatalog) -> None:
    stream, _ = streamed(made, ticks=4)
    assert b"".join(stream)


def test_time_that_is_up_is_a_bad_request_that_says_what_to_do(
    made: DiskCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_mosaic, "STRIP_BYTES", 1)
    stream, pieces = streamed(made, ticks=2)
    with pytest.raises(BadRequest) as refused:
        pieces.extend(stream)
    assert "50% of it was done" in refused.value.detail
    assert "split outputBounds" in refused.value.detail
    assert refused.value.detail.endswith("; or wait")
    assert len(pieces) == 4  # two lines, and the two blocks that were done


def streamed(made: DiskCatalog, ticks: int) -> tuple[Any, list[bytes]]:
    """Return the stream of four blocks on a clock that ticks each time it is looked at."""
    made.band("b", data_type="Byte")
    image = made.image("one", noise((1, 700, 700), "uint8"), HERE)
    ticking = itertools.count(1)
    deadline = Deadline(ticks + 1, "; or wait", lambda: float(next(ticking)))
    asked = parse_request({"ids": [image], "bands": ["b"]})
    return encode(made.service.raster(ME, asked, deadline)), []


@pytest.mark.parametrize(
    ("event", "seconds", "advice"), [("function-url", 180, False), ("http-api", 26.1, True)]
)
def test_each_address_has_its_own_time(
    monkeypatch: pytest.MonkeyPatch, event: str, seconds: float, advice: bool
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "functions/raster"))
    arrays = importlib.import_module("swath_raster.arrays")
    sample = json.loads((ROOT / "events" / f"{event}.json").read_text())
    found = arrays.deadline(Request(sample, lambda _: ME, lambda: 200.0))
    assert found.at - time.monotonic() == pytest.approx(seconds, abs=5)
    assert ("RasterUrl" in found.advice) is advice
