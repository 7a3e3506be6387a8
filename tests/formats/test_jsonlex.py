"""What the JSON door lets in, and what it refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinmap.formats.jsonlex import JsonError, Number, decode, dump, text_of
from twinmap.limits import LIMITS

#: Values that JSON can hold; text without half pairs, which no UTF-8 file can hold.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=5),
    max_leaves=20,
)


@given(VALUES)
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    assert _plain(decode(json.dumps(value))) == value
    assert _plain(decode(json.dumps(value, ensure_ascii=False, indent=2))) == value


@given(st.text(max_size=30))
def test_any_text_is_decoded_or_refused(text: str) -> None:
    try:
        value = decode(text)
    except JsonError as error:
        refused = error
    else:
        dump(value).encode()  # no half of a surrogate pair came through
        assert _plain(value) == json.loads(text)
        return
    assert refused.code in {"TM-Q04", "TM-Q05", "TM-Q15"}
    assert refused.position is None or 0 <= refused.position <= len(text)


@given(VALUES)
def test_dump_is_stable(value: Any) -> None:
    once = dump(decode(json.dumps(value)))
    assert dump(decode(once)) == once


def test_numbers_keep_their_text() -> None:
    text = '[2.50, 1E400, 123456789012345678901, -0.0, "2.50"]'
    value = decode(text)
    assert value == ["2.50", "1E400", "123456789012345678901", "-0.0", "2.50"]
    assert [type(item) is Number for item in value] == [True, True, True, True, False]
    assert dump(value) == text.replace(" ", "")


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ('{"a": 1, "b": 2, "a": 3}', "TM-Q05", 'the key "a"'),
        ('{"x": {"a": 1, "a": 1}}', "TM-Q05", 'the key "a"'),
        ('{"1971-03-04": 1, "1971-03-04": 1}', "TM-Q05", 'the key "9999-99-99"'),
        ("NaN", "TM-Q04", "NaN"),
        ("[Infinity]", "TM-Q04", "Infinity"),
        ("[-Infinity]", "TM-Q04", "-Infinity"),
        (r'"\ud800"', "TM-Q04", "surrogate"),
        (r'["\\", "\udc00x"]', "TM-Q04", "surrogate"),
        (r'"\ud83d\ud83d\ude00"', "TM-Q04", "surrogate"),
        ("{} {}", "TM-Q04", "after the end"),
        ("", "TM-Q04", "value"),
        ("'a'", "TM-Q04", "value"),
        ('{"a" 1}', "TM-Q04", "delimiter"),
        ("[1,]", "TM-Q04", "not JSON"),
        ("\ufeff{}", "TM-Q04", "value"),
        ("[" * (LIMITS.json_depth + 1) + "]" * (LIMITS.json_depth + 1), "TM-Q15", "deeper"),
        ("[" * 100_000, "TM-Q15", "deeper"),
        ('{"a":' * 100_000, "TM-Q15", "deeper"),
    ],
)
def test_refused(text: str, code: str, words: str) -> None:
    with pytest.raises(JsonError) as caught:
        decode(text)
    assert caught.value.code == code
    assert words in caught.value.message


@pytest.mark.parametrize(
    "text",
    [
        r'"\ud83d\ude00"',
        r'"\\ud800"',
        "[" * LIMITS.json_depth + "]" * LIMITS.json_depth,
        "[" + ",".join(["{}"] * 200) + "]",
        " \t\r\n1 ",
    ],
)
def test_accepted(text: str) -> None:
    assert _plain(decode(text)) == json.loads(text)


def test_the_place_of_a_fault() -> None:
    with pytest.raises(JsonError) as caught:
        decode('{"a": 1,\n "b": }')
    assert caught.value.position == 15


def test_text_of_scalars() -> None:
    assert [text_of(item) for item in decode('[1.0, "x", true, false, null, [], {}]')] == [
        "1.0",
        "x",
        "true",
        "false",
        None,
        None,
        None,
    ]


def _plain(value: Any) -> Any:
    """The value as the standard library would decode it."""
    if type(value) is Number:
        return json.loads(value)
    if type(value) is list:
        return [_plain(item) for item in value]
    if type(value) is dict:
        return {key: _plain(item) for key, item in value.items()}
    return value
