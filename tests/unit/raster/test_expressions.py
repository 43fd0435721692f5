"""Expressions: what they mean is what NumPy means, and what is no expression is refused."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swath_core.errors import BadRequest
from swath_core.raster.expressions import MOST_CHARACTERS, parse_expression, parse_mask

Array = np.ndarray[Any, Any]

BANDS: dict[str, Array] = {
    "a": np.array([[0, 1, 2], [3, 100, 255]], np.uint8),
    "b": np.array([[-7, 1, 0], [300, -2, 9]], np.int16),
    "f": np.array([[0.5, -1.25, np.nan], [2.0, 1e9, 3.0]], np.float32),
    "qa": np.array([[0, 8, 24], [65_535, 16, 4_096]], np.uint16),
}
DTYPES = {name: values.dtype for name, values in BANDS.items()}


def value(text: str) -> Array:
    found = parse_expression(text, "expressions")
    found.check(DTYPES)
    return found.values({name: BANDS[name] for name in found.bands})


def hidden(text: str) -> Array:
    found = parse_mask(text, "mask")
    found.check(DTYPES)
    return found.values({name: BANDS[name] for name in found.bands})


def by_python(text: str) -> Any:
    """Return what Python and NumPy make of the same text, in double precision."""
    names: dict[str, Any] = {name: values.astype(np.float64) for name, values in BANDS.items()}
    names["number"] = np.float64(2.5)
    with np.errstate(all="ignore"):
        return eval(text, {"__builtins__": {}}, names)  # noqa: S307 - the tests' own texts


@pytest.mark.parametrize(
    "text",
    [
        "a", "(a - b) / (a + b)", "-a ** 2", "2 ** -a", "a - b - f", "a / b / f", "a * -b",
        "1.5e2 * f + .5", "2 * (a + b) * 3", "a ** 2 ** 0.5", "- - a", "+f", "a - -b", "f / 0",
    ],
)  # fmt: skip
def test_arithmetic_is_that_of_numpy_in_double_precision(text: str) -> None:
    expected = np.broadcast_to(by_python(text), (2, 3))
    assert np.array_equal(value(text), expected, equal_nan=True)
    assert value(text).dtype == np.float64


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sqrt(abs(b))", np.sqrt(np.abs(BANDS["b"].astype(float)))),
        ("log(exp(f / 1e9))", np.log(np.exp(BANDS["f"].astype(float) / 1e9))),
        ("log10(a)", np.log10(np.where(BANDS["a"] == 0, 1, BANDS["a"]), dtype=float)),
        ("min(a, b, 5)", np.minimum(np.minimum(BANDS["a"].astype(float), BANDS["b"]), 5)),
        ("max(a, b)", np.maximum(BANDS["a"].astype(float), BANDS["b"])),
        ("floor(b / 2) + ceil(b / 2)", BANDS["b"].astype(float)),
        ("where(b < 0, 0, a)", np.where(BANDS["b"] < 0, 0, BANDS["a"]).astype(float)),
    ],
)
def test_functions(text: str, expected: Array) -> None:
    found = value(text)
    if text == "log10(a)":
        assert found[0, 0] == -np.inf
        found[0, 0] = 0
    assert np.allclose(found, expected, rtol=1e-15, equal_nan=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("qa != 0", BANDS["qa"] != 0),
        ("qa & 8 != 0", (BANDS["qa"] & 8) != 0),
        ("(qa >> 3) & 3 == 3", ((BANDS["qa"] >> 3) & 3) == 3),
        ("qa & 0b11000 == 0x18", (BANDS["qa"] & 24) == 24),
        ("qa & (1 << 15) > 0", (BANDS["qa"] & 32_768) > 0),
        ("~qa & 8 != 0", (BANDS["qa"] & 8) == 0),
        ("qa ^ 8 == 0 or b > 200", (BANDS["qa"] == 8) | (BANDS["b"] > 200)),
        ("not a > 1 and b < 2", ~(BANDS["a"] > 1) & (BANDS["b"] < 2)),
        ("(a > 1) & ~(b < 2) | (f > 1)",
         (BANDS["a"] > 1) & ~(BANDS["b"] < 2) | (BANDS["f"] > 1)),
        ("a == 300 or a > -1 and b == -7", BANDS["b"] == -7),
        ("f >= 0.5", BANDS["f"] >= 0.5),
        ('"qa" == 9223372036854775807', np.zeros((2, 3), bool)),
    ],
)  # fmt: skip
def test_masks_are_conditions_and_bits(text: str, expected: Array) -> None:
    assert np.array_equal(hidden(text), expected)
    assert hidden(text).dtype == bool


def test_bits_of_the_widest_unsigned_numbers() -> None:
    wide = np.array([[2**64 - 1, 2**63, 1]], np.uint64)
    found = parse_mask("b & (1 << 63) != 0", "mask")
    found.check({"b": wide.dtype})
    assert found.values({"b": wide}).tolist() == [[True, True, False]]
    above = parse_mask("b > 9223372036854775807", "mask")
    assert above.values({"b": wide}).tolist() == [[True, True, False]]


def test_names_that_are_not_words_stand_in_quotes() -> None:
    found = parse_expression('"qa-cloud" + "and" + B8A.x', "expressions")
    assert found.bands == ("qa-cloud", "and", "B8A.x")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "must be a text"),
        ("1 + 2", "names no band"),
        ("a b", "after the expression comes 'b' at character 3"),
        ("a +", "expected, not the end"),
        ("a < b < f", "join them with 'and'"),
        ("eval(a)", "no function 'eval'"),
        ("a.__class__(b)", "no function"),
        ("min(a)", "takes 2 or more arguments, not 1"),
        ("abs(a, b)", "takes 1 arguments"),
        ("where(a > 1, b", "')' is expected"),
        ("a $ 2", "at character 3 is none of its signs"),
        ("a = 2", "none of its signs"),
        ("a[0]", "none of its signs"),
        ("lambda: a", "none of its signs"),
        ("9e999 * a", "too large"),
        ("(" * 40 + "a" + ")" * 40, "levels deep"),
        ("-" * 100 + "a", "levels deep"),
        ("a" + " + a" * 201, "more than 200 operations"),
        ("a ** " * 50 + "a", "levels deep"),
        ("a" * (MOST_CHARACTERS + 1), "characters; at most"),
        ('"a', "none of its signs"),
        ("\0a", "none of its signs"),
        ("a\ud800", "none of its signs"),
        ("٣ + a", "none of its signs"),
    ],
)
def test_what_is_no_expression(text: str, reason: str) -> None:
    with pytest.raises(BadRequest, match=re.escape(reason)) as refused:
        parse_expression(text, "expressions")
    assert refused.value.parameter == "expressions"
    assert len(refused.value.detail) < 400


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("f & 1 == 0", "takes whole numbers"),
        ("a / 2 & 1 == 0", "takes whole numbers"),
        ("a and b > 1", "takes conditions"),
        ("not a", "takes conditions"),
        ("(a > 1) + 1 > 1", "takes numbers"),
        ("a << b > 1", "shifts by a number from 0 to 63"),
        ("a >> 64 > 1", "shifts by a number from 0 to 63"),
        ("where(a, 1, 2) > 1", "a condition and two numbers"),
        ("a + 1", "a mask is a condition"),
        ("a & 1", "a mask is a condition"),
    ],
)
def test_operations_that_do_not_fit(text: str, reason: str) -> None:
    with pytest.raises(BadRequest, match=re.escape(reason)):
        hidden(text)


def test_powers_of_literals_cost_nothing() -> None:
    assert np.isinf(value("9 ** 9 ** 9 ** 9 + a")).all()


leaves = st.sampled_from(["a", "b", "f", "2.5"])


def nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pair = st.tuples(inner, st.sampled_from("+-*/"), inner)
    return st.one_of(
        pair.map(lambda parts: "({} {} {})".format(*parts)),
        pair.map(lambda parts: "{} {} {}".format(*parts)),
        inner.map(lambda text: f"-{text}"),
    )


@settings(max_examples=60)
@given(st.recursive(leaves, nested, max_leaves=12))
def test_any_arithmetic_is_pythons(text: str) -> None:
    if set("abf") & set(text):
        expected = np.broadcast_to(by_python(text.replace("2.5", "number")), (2, 3))
        assert np.array_equal(value(text), expected, equal_nan=True)


@settings(max_examples=60)
@given(st.text(max_size=60), st.text(alphabet='ab01.()+-*/&|<>=!~^ "and', max_size=60))
def test_any_text_is_an_expression_or_refused(anything: str, likely: str) -> None:
    for text in (anything, likely):
        with suppress(BadRequest):
            found = parse_expression(text, "expressions")
            found.check(dict.fromkeys(found.bands, np.dtype("uint8")))
            values = dict.fromkeys(found.bands, BANDS["a"])
            assert found.values(values).shape == (2, 3)
