"""Numbers, comparators, ranges, ratios and booleans: exact, or said not to be."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinmap.mapping.typed import PLAIN_NUMBER, number, type_value

NUMBERS = {
    "0": "0",
    "-0": "0",
    "-0.00": "0.00",
    "+5": "5",
    "0042": "42",
    ".5": "0.5",
    "5.": "5",
    "1.50": "1.50",
    "1e3": "1000",
    "1.5E-2": "0.015",
    "-1.20e1": "-12.0",
    "900000000000000207008": "900000000000000207008",
    "0.1234567890123456789": "0.1234567890123456789",
}
NO_NUMBERS = [
    "",
    " ",
    "-",
    ".",
    "e3",
    "1e",
    "1e400",
    "1e-400",
    "NaN",
    "inf",
    "1_000",
    "１２",
    "1,5",
    "1 000",
    "--1",
    "0x1F",
    "1.2.3",
    "5 mg",
]


@pytest.mark.parametrize(("text", "exact"), NUMBERS.items())
def test_numbers(text: str, exact: str) -> None:
    assert number(text) == exact


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_no_numbers(text: str) -> None:
    assert number(text) is None


@pytest.mark.parametrize(
    ("text", "decimal", "thousands", "exact"),
    [
        ("1.234,5", ",", ".", "1234.5"),
        ("12,5", ",", "", "12.5"),
        ("1.234", ",", ".", "1234"),
        ("1.234", ",", "", None),
        ("1,234.5", ".", ",", "1234.5"),
        ("1,23", ".", ",", None),
        ("12,34,567", ".", ",", None),
        ("1'234'567", ".", "'", "1234567"),
        ("1 234,50", ",", " ", "1234.50"),
        (",234", ".", ",", None),
        ("-1.234,5e1", ",", ".", "-12345"),
        ("1234,5", ",", ".", "1234.5"),
    ],
)
def test_numbers_of_other_countries(text: str, decimal: str, thousands: str, exact: str | None) -> None:
    assert number(text, decimal=decimal, thousands=thousands) == exact


@settings(deadline=None)
@given(st.decimals(allow_nan=False, allow_infinity=False, places=6))
def test_a_number_is_read_exactly(value: Decimal) -> None:
    text = format(value, "f")
    found = number(text)
    assert found is not None
    assert Fraction(found) == Fraction(value)
    assert len(found.partition(".")[2]) == len(text.partition(".")[2])


@settings(deadline=None)
@given(st.from_regex(PLAIN_NUMBER, fullmatch=True).filter(str.isascii))
def test_what_sql_types_by_itself_stays_as_it_is(text: str) -> None:
    """A plain number is its own exact text: the fast way and the slow way say the same."""
    assert number(text) == text
    assert type_value(text).text == text
    assert re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?", text, re.ASCII)


@settings(deadline=None)
@given(st.text("0123456789.,-+eE<>=:–≤≥ ", max_size=10))
def test_a_typed_value_is_whole(text: str) -> None:
    """A quantity has a number, a range and a ratio two, all else is the text itself."""
    found = type_value(text)
    if found.kind == "quantity":
        assert found.text is not None
        Decimal(found.text)
        assert found.decimals == len(found.text.partition(".")[2])
        assert found.comparator in {None, "<", "<=", ">", ">="}
    elif found.kind in {"range", "ratio"}:
        assert found.low is not None
        assert found.high is not None
        assert found.text is None
    else:
        assert (found.kind, found.text) == ("string", text)


@pytest.mark.parametrize(
    ("text", "kind", "sign", "low", "high", "value"),
    [
        ("<5", "quantity", "<", None, None, "5"),
        (">= 10", "quantity", ">=", None, None, "10"),
        ("≤0.1", "quantity", "<=", None, None, "0.1"),
        ("4-7", "range", None, "4", "7", None),
        ("4.0 – 7.0", "range", None, "4.0", "7.0", None),
        ("-5--2", "range", None, "-5", "-2", None),
        ("1e-3-2e-3", "range", None, "0.001", "0.002", None),
        ("4..7", "range", None, "4", "7", None),
        ("1:8", "ratio", None, "1", "8", None),
        ("1:2:3", "string", None, None, None, "1:2:3"),
        ("<abc", "string", None, None, None, "<abc"),
        ("1-", "string", None, None, None, "1-"),
        ("5 mg", "string", None, None, None, "5 mg"),
    ],
)
def test_kinds(
    text: str, kind: str, sign: str | None, low: str | None, high: str | None, value: str | None
) -> None:
    found = type_value(text)
    assert (found.kind, found.comparator, found.low, found.high, found.text) == (kind, sign, low, high, value)


def test_a_bound_kind_decides() -> None:
    assert type_value("5", kind="text").kind == "string"
    assert type_value("Yes", kind="boolean").text == "true"
    assert type_value("maybe", kind="boolean").issue == "TM-K05"
    assert type_value("abc", kind="quantity").issue == "TM-Q11"
    assert type_value("abc", kind="quantity").shape == "xxx"
    assert type_value("5", comparator="<").comparator == "<"
    assert type_value(">5", comparator="<").comparator == ">"


def test_long_texts_are_not_taken_apart() -> None:
    assert type_value("1-" * 500_000).kind == "string"
    assert type_value("-" * 1_000_000).kind == "string"
