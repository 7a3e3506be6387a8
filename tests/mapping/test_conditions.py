"""What can be reached: certain where it says no."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinmap.diagnostics import Span
from twinmap.mapping.ast import Condition, Ref
from twinmap.mapping.ast import Test as Check  # pytest collects what is called Test
from twinmap.mapping.conditions import reachable

SPAN = Span("m", 1, 1)


def field(name: str) -> Ref:
    return Ref("path", name, SPAN)


def one(*tests: Check) -> Condition:
    return Condition((tests,), SPAN)


def holds(test: Check, record: dict[str, str]) -> bool:
    """What the language says of a test, as plainly as it can be said."""
    text = record.get(test.ref.path)
    if test.operator == "missing":
        return (text is None) == (test.words[0] == "true")
    if test.operator == "not":
        return text not in test.words
    if text is None:
        return False
    match test.operator:
        case "in":
            return text in test.words
        case "like":
            return text.startswith(test.words[0].rstrip("*"))
        case "min":
            return text.isdigit() and int(text) >= int(test.words[0])
        case _:
            return text.isdigit() and int(text) <= int(test.words[0])


def meets(condition: Condition, record: dict[str, str]) -> bool:
    return any(all(holds(test, record) for test in tests) for tests in condition.alternatives)


WORDS = ("1", "2", "3", "a", "ab")
RECORDS = [
    {name: text for name, text in zip("xy", texts, strict=True) if text is not None}
    for texts in product([*WORDS, "zz", "0", None], repeat=2)
]

words = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3, unique=True).map(tuple)
tests = st.one_of(
    st.builds(lambda f, w: Check(field(f), "in", w), st.sampled_from("xy"), words),
    st.builds(lambda f, w: Check(field(f), "not", w), st.sampled_from("xy"), words),
    st.builds(
        lambda f, w: Check(field(f), "like", (w + "*",)), st.sampled_from("xy"), st.sampled_from(WORDS)
    ),
    st.builds(lambda f, w: Check(field(f), "min", (w,)), st.sampled_from("xy"), st.sampled_from("123")),
    st.builds(lambda f, w: Check(field(f), "max", (w,)), st.sampled_from("xy"), st.sampled_from("123")),
    st.builds(
        lambda f, w: Check(field(f), "missing", (w,)),
        st.sampled_from("xy"),
        st.sampled_from(["true", "false"]),
    ),
)
conditions = st.lists(st.lists(tests, min_size=1, max_size=3).map(tuple), min_size=1, max_size=2).map(
    lambda alternatives: Condition(tuple(alternatives), SPAN)
)


@given(conditions, st.lists(conditions, max_size=3), st.none() | conditions)
@settings(max_examples=1000, deadline=None)
def test_what_is_said_to_be_out_of_reach_is(
    found: Condition, earlier: list[Condition], keep: Condition | None
) -> None:
    if reachable(found, earlier, keep):
        return
    for record in RECORDS:
        read = keep is None or meets(keep, record)
        assert not (read and meets(found, record) and not any(meets(other, record) for other in earlier)), (
            record
        )


@pytest.mark.parametrize(
    ("found", "earlier"),
    [
        (one(Check(field("x"), "in", ("a",))), [one(Check(field("x"), "in", ("a", "b")))]),
        (one(Check(field("x"), "in", ("a", "b"))), [one(Check(field("x"), "in", (word,))) for word in "ab"]),
        (one(Check(field("x"), "in", ("ab",))), [one(Check(field("x"), "like", ("a*",)))]),
        (one(Check(field("x"), "min", ("7.5",))), [one(Check(field("x"), "min", ("7",)))]),
        (one(Check(field("x"), "in", ("7",))), [one(Check(field("x"), "max", ("7.0",)))]),
        (one(Check(field("x"), "in", ("a",))), [one(Check(field("x"), "missing", ("false",)))]),
        (one(Check(field("x"), "not", ("a", "b"))), [one(Check(field("x"), "not", ("a",)))]),
    ],
)
def test_what_is_covered(found: Condition, earlier: list[Condition]) -> None:
    assert not reachable(found, earlier, None)
    assert reachable(found, [], None)


def test_many_words_are_not_spelt_out_for_ever() -> None:
    wide = one(*(Check(field(f"x{i}"), "in", tuple(map(str, range(100)))) for i in range(6)))
    assert reachable(wide, [wide], None) is False
    assert reachable(wide, [one(Check(field("y"), "in", ("a",)))], None)
