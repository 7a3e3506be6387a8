"""What is resolved once per distinct key: dates of birth."""

from __future__ import annotations

from typing import Any

import pytest

from twinmap.mapping import resolve
from twinmap.mapping.slots import SEPARATOR


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
