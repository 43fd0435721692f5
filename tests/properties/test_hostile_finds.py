"""What judges hostile requests finds faults: each is put back here, one check taken out at a time.

A check is taken out by compiling its function anew without it; where the text that is replaced is
not there any more, the test says so.
"""

from __future__ import annotations

import ast
import inspect
import json
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType, FunctionType
from typing import Any

import pytest
from tests.properties import hostile, test_hostile
from tests.properties.hostile_service import Description, Service, judge, running_service

from swath_core.access import _tokens
from swath_core.definitions import _attribute, _spatial
from swath_core.documents import finite
from swath_core.filters import _parse as filters
from swath_core.geo import _parse as geometry
from swath_core.geo import _plane
from swath_core.raster import _request as raster
from swath_core.store.catalog import CatalogStore
from swath_core.uploads import _service as uploads


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with running_service() as made:
        yield made


@contextmanager
def without(check: Callable[..., Any], text: str, instead: str) -> Iterator[None]:
    """Run with another text in place of a part of a function, then with the function as it was."""
    assert isinstance(check, FunctionType)
    source = textwrap.dedent(inspect.getsource(check))
    assert source.count(text) == 1, f"{text} is not (once) in {check.__qualname__} any more"
    tree = ast.parse(f"from __future__ import annotations\n{source.replace(text, instead)}")
    module = compile(tree, inspect.getsourcefile(check) or "", "exec")
    changed = next(
        each
        for each in module.co_consts
        if isinstance(each, CodeType) and each.co_name == check.__name__
    )
    before, check.__code__ = check.__code__, changed
    try:
        yield
    finally:
        check.__code__ = before


Check = tuple[Callable[..., Any], str, str]
IMAGES = ("POST", "/catalog/v2/images")
SEARCH = ("PUT", "/catalog/v2/images")
PIXELS = ("POST", "/raster/v2/npz")

OF_BODIES: dict[str, tuple[tuple[str, str], Check]] = {
    "a filter's operator is a list": (
        SEARCH,
        (
            filters._Parser._condition,
            "isinstance(op, str) and op in _UNSUPPORTED",
            "op in _UNSUPPORTED",
        ),
    ),
    "a geometry's type is a list": (
        IMAGES,
        (
            geometry._geometries,
            '("FeatureCollection", "GeometryCollection")',
            '{"FeatureCollection", "GeometryCollection"}',
        ),
    ),
    "an array's format is a list": (
        PIXELS,
        (raster._refuse_unoffered, '(None, "blosc")', '{None, "blosc"}'),
    ),
    "an upload's status is a list": (
        ("PATCH", "/catalog/v2/uploads_v2/{id}"),
        (uploads.UploadService.change, '("pending", "canceled")', '{"pending", "canceled"}'),
    ),
    "a number has 400 digits": (
        PIXELS,
        (finite, "except OverflowError", "except ZeroDivisionError"),
    ),
    "a unit is a list": (
        ("POST", "/catalog/v2/bands"),
        (_spatial.Resolution._parse, " if isinstance(unit, str) else None", ""),
    ),
    "a text of one image of several is a number": (
        ("POST", "/catalog/v2/images/bulk"),
        (_attribute.Text.normalise, "not isinstance(value, str) or not self", "not self"),
    ),
}


@pytest.mark.parametrize("fault", OF_BODIES)
def test_a_check_of_a_body_is_missed(service: Service, fault: str) -> None:
    where, check = OF_BODIES[fault]
    requests = [
        each
        for each in hostile.wrong_everywhere(Description().document)
        if (each.method, each.operation.path) == where
    ]
    with without(*check), pytest.raises(AssertionError, match="answered 500"):
        judge(service, requests)


def test_geometry_whose_crossings_are_not_counted_takes_too_long(service: Service) -> None:
    document = Description().document
    operation = next(
        each for each in hostile.operations(document) if (each.method, each.path) == SEARCH
    )
    body = {"intersects": json.dumps(hostile.star(401))}
    given = {each["name"]: "" for each in operation.parameters}
    request = hostile._request(operation, given, body, "a star")
    judge(service, [request], 1.0)
    is_counted = (_plane.check_edges, "len(starts) <= _FEW_EDGES", "True")
    with without(*is_counted), pytest.raises(AssertionError, match="a star"):
        judge(service, [request], 1.0)


OF_CLAIMS: dict[str, Check] = {
    "email_verified": (
        _tokens._email,
        "not isinstance(verified, bool | str)",
        "False",
    ),
    "sub": (_tokens.caller_of, "or not is_encodable(subject)", ""),
    "exp": (_tokens._is_time, "return is_number and 0 <= value <= LAST_MOMENT", "return True"),
}


@pytest.mark.parametrize("claim", OF_CLAIMS)
def test_a_check_of_a_claim_is_missed(
    service: Service, claim: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = [each for each in hostile.hostile_claims() if each[0] == claim]
    monkeypatch.setattr(hostile, "hostile_claims", lambda: every)
    test_hostile.test_no_claim_of_the_issuers_breaks_authentication(service)
    with without(*OF_CLAIMS[claim]), pytest.raises(AssertionError, match=claim):
        test_hostile.test_no_claim_of_the_issuers_breaks_authentication(service)


def test_a_key_that_is_not_bound_to_its_request_is_found(service: Service) -> None:
    bound = (CatalogStore.bind_key, "CatalogItem.request == fingerprint", "CatalogItem.pk.exists()")
    with without(*bound), pytest.raises(AssertionError):
        test_hostile.test_a_key_belongs_to_one_request_of_every_operation(service)


def test_a_sidecar_that_breaks_ingest_is_found() -> None:
    check = OF_BODIES["a text of one image of several is a number"][1]
    with without(*check), pytest.raises((AssertionError, TypeError, AttributeError)):
        test_hostile.test_whatever_lies_beside_a_dropped_file_ends_in_an_image_or_a_reason()
