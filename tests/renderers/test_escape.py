"""What is hidden is shown, in text and in JSON."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinmap.renderers._escape import HIDDEN, dump, visible

ANY_TEXT = st.text(alphabet=st.characters())  # surrogates included


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain µ ° 血圧 é", "plain µ ° 血圧 é"),
        ("\x1b]0;title\x07", "␛]0;title␇"),
        ("a\nb\r\tc", "a␊b␍␉c"),
        ("\x7f\x9b31m", "␡\\x9b31m"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\u2066x\u2069", "\\u2066x\\u2069"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
    ],
)
def test_hidden_characters_are_shown(text: str, shown: str) -> None:
    assert visible(text) == shown


@settings(deadline=None)
@given(ANY_TEXT)
def test_nothing_hidden_is_left(text: str) -> None:
    shown = visible(text)
    assert not HIDDEN.search(shown)
    assert visible(shown) == shown
    shown.encode("utf-8")


def test_every_control_and_format_character_is_hidden() -> None:
    missed = [
        f"U+{point:04X}"
        for point in range(0x110000)
        if unicodedata.category(chr(point)) in ("Cc", "Cf", "Cs", "Zl", "Zp") and not HIDDEN.match(chr(point))
    ]
    assert missed == []


@settings(deadline=None)
@given(
    st.recursive(
        ANY_TEXT | st.integers() | st.none() | st.booleans(),
        lambda x: st.lists(x) | st.dictionaries(ANY_TEXT, x),
    )
)
def test_json_round_trips(value: object) -> None:
    document = dump(value)
    assert json.loads(document) == value
    assert not HIDDEN.search(document.replace("\n", ""))


def test_json_has_no_numbers_that_are_not_finite() -> None:
    assert json.loads(dump({"x": [float("nan"), float("inf"), 1.5]})) == {"x": ["nan", "inf", 1.5]}
