"""What is resolved once per distinct key: dates of birth, numbers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from twinmap.mapping import resolve
from twinmap.mapping.slots import MISSING, SEPARATOR


def _birth(text: str, formats: str) -> list[Any]:
    columns = resolve.births([f"{formats}{SEPARATOR}{text}"])
    return [columns[name][1][0] for name in ("birth_date", "birth_precision")]


@pytest.mark.parametrize(
    ("text", "formats", "date", "precision"),
    [
        ("1970-03-05", "iso", "1970-03-05", "day"),
        ("1970-03", "iso", "1970-03", "month"),
        ("1970", "iso", "1970", "year"),
        ("1970-03-05T10:00:00Z", "iso", "1970-03-05", "day"),
        # A year has four digits, as ISO 8601 and xsd:date want them.
        ("0001-01-01", "iso", "0001-01-01", "day"),
        ("0001", "iso", "0001", "year"),
        ("0099-12", "iso", "0099-12", "month"),
        ("01.02.0970", "dd.MM.yyyy", "0970-02-01", "day"),
        ("9999-12-31", "iso", "9999-12-31", "day"),
    ],
)
def test_a_birth_date_is_as_precise_as_stated(text: str, formats: str, date: str, precision: str) -> None:
    assert _birth(text, formats) == [date, precision]


RECORD_SET = SimpleNamespace(options=SimpleNamespace(format="csv"), decimal=".", thousands="")


def _value(text: str, kind: str = MISSING) -> dict[str, Any]:
    key = SEPARATOR.join(["source", kind, text, *[MISSING] * 6])
    columns = resolve.values([key], RECORD_SET, {})  # type: ignore[arg-type]
    return {name: cells[0] for name, (_, cells) in columns.items()}


@pytest.mark.parametrize("text", ["9e308", "1e200", "<" + "9" * 400, "+" + "1" * 16, "-.1234567890123456"])
def test_more_digits_than_a_double_holds_are_told(text: str) -> None:
    """Of numbers that SQL does not type by itself, as it tells it of the others."""
    row = _value(text)
    assert row["value_kind"] == "quantity"
    assert row["v_issue"] == resolve.issue("TM-P06", "value", "info")
    assert "inf" not in row["value_text"].lower()


@pytest.mark.parametrize(
    "text", ["1e2", "<5", "+123456789012345", "0.000000000000000000001e1", "1e-300", "<=0.50"]
)
def test_what_a_double_holds_is_not_told(text: str) -> None:
    row = _value(text)
    assert (row["value_kind"], row["v_issue"]) == ("quantity", None)


@pytest.mark.parametrize("text", ["1e309", "inf", "-Infinity", "NaN", "1e99999"])
def test_what_is_beyond_any_measurement_is_no_number(text: str) -> None:
    row = _value(text, "quantity")
    assert (row["value_kind"], row["value_text"]) == ("string", text)
    assert row["v_issue"].startswith("TM-Q11")
