"""Expressions: the grammar, and the one evaluator that gives them a meaning."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinmap.diagnostics import Span
from twinmap.mapping.ast import Expression, Node, Ref, Text
from twinmap.mapping.evaluate import references
from twinmap.mapping.expressions import FUNCTIONS, Outcome, alternatives, evaluate
from twinmap.mapping.references import MalformedError


def locate(offset: int, length: int) -> Span:
    return Span("m", 1, offset + 1, length)


def node(text: str) -> Node:
    (only,) = alternatives(f"= {text}", locate)
    assert isinstance(only, Expression)
    return only.node


def result(text: str, source: dict[str, str] | None = None, **about: str) -> str | None:
    """The result; an issue in angle brackets."""
    found = evaluate(node(text), lambda ref: (source or {}).get(ref.path), **about)
    return f"<{found.issue}>" if found.issue else found.text


def read(text: str) -> tuple[tuple[Text | Expression, ...], int]:
    """The alternatives, or none and where they are wrong."""
    try:
        return alternatives(text, locate), 0
    except MalformedError as error:
        return (), error.offset


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3", "9"),
        ("10 - 3 - 2", "5"),
        ("12 / 3 / 2", "2"),
        ("2 ^ 3 ^ 2", "512"),
        ("-2 ^ 2", "-4"),
        ("(-2) ^ 2", "4"),
        ("(-2) ^ 3", "-8"),
        ("2 ^ -1", "0.5"),
        ("10 ^ -3", "0.001"),
        ("0.10 ^ 2", "0.0100"),
        ("0 ^ 0", "1"),
        ("- - 3", "3"),
        ("-0", "0"),
        ("0.1 + 0.2", "0.3"),
        ("1.50 * 2", "3.00"),
        ("1 / 4", "0.25"),
        ("1 / 3", "0.3333333333333333333333333333333333"),
        ("2 / 3", "0.6666666666666666666666666666666667"),
        ("9 / 3", "3"),
        ("1 / 2 & 'x' & 1 + 1", "0.5x2"),
        ("'it''s'", "it's"),
        ("'1.5' * 2", "3.0"),
        ("round(2.5)", "2"),
        ("round(3.5)", "4"),
        ("round(-2.55, 1)", "-2.6"),
        ("round(-2.45, 1)", "-2.4"),
        ("round(1.2, 5)", "1.2"),
        ("round(1250, -2)", "1200"),
        ("abs(-3.10)", "3.10"),
        ("min(3, 2.0, 5)", "2.0"),
        ("max(3, 2.0, 5)", "5"),
        ("min(7)", "7"),
        ("length('äö')", "2"),
        ("trim('  a ')", "a"),
        ("lower('ÄB') & upper('äb')", "äbÄB"),
        ("replace('aXbX', 'X', '--')", "a--b--"),
        ("replace('abc', '', 'x')", "abc"),
        ("substring('hello', 2)", "ello"),
        ("substring('hello', 2, 3)", "ell"),
        ("substring('hello', 6)", None),
        ("substring('hello', 2, 0)", None),
        ("''", None),
        ("123456789012345678901234567890 + 1", "123456789012345678901234567891"),
    ],
)
def test_constants(text: str, wanted: str | None) -> None:
    assert result(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "1 / 0",
        "1 / (2 - 2)",
        "0 ^ -1",
        "2 ^ 0.5",
        "2 ^ 1000",
        "'abc' + 1",
        "-'x'",
        "round(1, 0.5)",
        "round(1, 101)",
        "substring('abc', 0)",
        "substring('abc', 1.5)",
        "substring('abc', 1, -1)",
        "'1,5' + 1",
        "'NaN' + 1",
        "'1_000' + 1",
    ],
)
def test_what_has_no_result(text: str) -> None:
    assert result(text) == "<TM-Q11>"


def test_what_is_too_large() -> None:
    assert result("10 ^ 999 * 10 ^ 999") == "<TM-Q15>"
    assert result("99999999999 ^ 99") == "<TM-Q15>"
    assert result("$(x) + 1", {"x": "1" * 1001}) == "<TM-Q15>"
    grow = "replace(replace(replace($(x), 'a', $(x)), 'a', $(x)), 'a', $(x))"
    assert result(grow, {"x": "a" * 1000}) == "<TM-Q15>"


def test_references() -> None:
    assert result("$(value) * 10 ^ $(unit)", {"value": "12300", "unit": "-2"}) == "123.00"
    assert result("$(ft) * 12 + $(in)", {"ft": "5", "in": "11"}) == "71"
    assert result("$(a) & '/' & $(b)", {"a": "120", "b": "80"}) == "120/80"
    assert [ref.path for ref in references(node("$(a) + $(b) * f($(c))".replace("f(", "abs(")))] == [
        "a",
        "b",
        "c",
    ]


def test_a_missing_part_makes_it_missing_without_a_finding() -> None:
    assert result("1 / 0 + $(x)") is None
    assert result("'a' & $(x)", {"x": ""}) is None
    assert evaluate(node("$(x)"), lambda _: None) == Outcome(None, None)


def test_numbers_of_the_source_follow_its_signs() -> None:
    german = {"decimal": ",", "thousands": "."}
    assert result("$(x) * 2", {"x": "1.234,5"}, **german) == "2469.0"
    assert result("$(x) + 1.5", {"x": "1,5"}, **german) == "3.0"
    assert result("replace($(x), '*', '')", {"x": "12,5*"}, **german) == "12.5"
    assert result("$(x) & ' ' & $(y)", {"x": "12,5", "y": "kg"}, **german) == "12,5 kg"
    assert result("$(x) + 1", {"x": "1.5"}, decimal=",") == "<TM-Q11>"
    assert result("'1.5' + $(x)", {"x": "1,5"}, decimal=",") == "3.0"


@pytest.mark.parametrize(
    ("text", "message", "offset"),
    [
        ("1 +", "the expression ends too early", 4),
        ("", "the expression ends too early", 1),
        ("(1", 'this "(" is never closed', 2),
        ("round(1, 2", 'this "(" is never closed', 7),
        ("1 2", "an operator is missing here", 4),
        ("'a' 'b'", "an operator is missing here", 6),
        ("foo(1)", 'there is no function "foo"', 2),
        ("foo", '"foo" is not a value', 2),
        ("trim()", "trim takes 1 argument, not 0", 2),
        ("replace('a', 'b')", "replace takes 3 arguments, not 2", 2),
        ("substring('a')", "substring takes 2 to 3 arguments, not 1", 2),
        ("'a", "this text is never closed", 2),
        ("1 +|2", '"|" cannot stand here', 5),
        ("* 2", '"*" cannot stand here', 2),
        ("1.", "this is not a number", 2),
        ("1e5", "this is not a number", 2),
        ("__import__('os')", 'there is no function "__import__"', 2),
        ("$(a", "this reference is never closed", 2),
    ],
)
def test_malformed(text: str, message: str, offset: int) -> None:
    with pytest.raises(MalformedError) as caught:
        alternatives(f"= {text}", locate)
    assert (caught.value.message, caught.value.offset) == (message, offset)


def test_helps() -> None:
    for text, advice in (
        ("rond(1)", 'did you mean "round"?'),
        ("regex('a')", "regular expressions are not in version 1"),
        ("hr * 2", "a reference is $(hr), a text 'hr'"),
    ):
        with pytest.raises(MalformedError) as caught:
            alternatives(f"= {text}", locate)
        assert advice in (caught.value.help or "")


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5000 + "1",
        "-" * 5000 + "1",
        "2^" * 5000 + "2",
        "+".join("1" * 5000),
        "abs(" * 5000 + "1",
        "&".join(["$(a)"] * 500),
    ],
    ids=["brackets", "signs", "powers", "sums", "calls", "texts"],
)
def test_large_expressions_are_refused(text: str) -> None:
    with pytest.raises(MalformedError, match=r"nested deeper than|more than 200 parts"):
        alternatives(f"= {text}", locate)


def test_alternatives() -> None:
    found = alternatives("$(a) | = $(b) & ' | ' | $(c | d) | last", locate)
    assert [type(item) for item in found] == [Text, Expression, Text, Text]
    assert [item.span.column for item in found] == [1, 8, 25, 36]
    for text in ("$(a) | | b", "$(a) |  | b", " | b"):
        with pytest.raises(MalformedError, match="an alternative is empty"):
            alternatives(text, locate)
    with pytest.raises(MalformedError, match='an expression begins with "= "'):
        alternatives("=$(a) * 2", locate)
    assert alternatives("=", locate)[0] == Text(("=",), locate(0, 1))


@given(st.text(max_size=30) | st.text(alphabet="ab1.'()+-*/^&|$, ", max_size=40))
@settings(max_examples=600, deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    found, wrong = read(f"= {text}")
    assert 0 <= wrong <= len(text) + 2
    for item in found:
        if isinstance(item, Expression):
            outcome = evaluate(item.node, lambda _: "12")
            assert outcome.text != ""
            assert outcome.text is None or outcome.issue is None


@given(st.sampled_from(sorted(FUNCTIONS)), st.lists(st.text(max_size=8), min_size=1, max_size=3))
@settings(max_examples=300, deadline=None)
def test_functions_are_total(name: str, texts: list[str]) -> None:
    least, most = FUNCTIONS[name]
    texts = (texts * 3)[: max(least, min(most, len(texts)))]
    literals = ", ".join("'" + text.replace("'", "''") + "'" for text in texts)
    outcome = evaluate(node(f"{name}({literals})"), lambda _: None)
    assert outcome.issue in {None, "TM-Q11", "TM-Q15"}


numbers = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=3)


@given(numbers, numbers, numbers)
@settings(max_examples=300, deadline=None)
def test_arithmetic_is_exact(a: Decimal, b: Decimal, c: Decimal) -> None:
    source = {"a": format(a, "f"), "b": format(b, "f"), "c": format(c, "f")}
    found = result("($(a) + $(b)) * $(c) - $(a) ^ 3", source)
    assert found is not None
    assert Fraction(found) == (Fraction(a) + Fraction(b)) * Fraction(c) - Fraction(a) ** 3


@given(numbers, numbers.filter(lambda x: x != 0))
@settings(max_examples=200, deadline=None)
def test_division_is_exact_or_has_34_digits(a: Decimal, b: Decimal) -> None:
    found = result("$(a) / $(b)", {"a": format(a, "f"), "b": format(b, "f")})
    assert found is not None
    exact = Fraction(a) / Fraction(b)
    if Fraction(found) != exact:
        assert len(Decimal(found).as_tuple().digits) == 34
        assert abs(Fraction(found) - exact) <= abs(exact) * Fraction(5, 10**34)


def test_a_reference_is_looked_up_once() -> None:
    asked: list[str] = []

    def look(ref: Ref) -> str:
        asked.append(ref.path)
        return "1"

    assert evaluate(node("$(a) + $(b)"), look).text == "2"
    assert asked == ["a", "b"]
