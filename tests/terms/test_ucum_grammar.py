"""The grammar of UCUM against a second recogniser, which is nothing but the rules of the specification."""

from __future__ import annotations

import re

from hypothesis import assume, example, given
from hypothesis import strategies as st

from twinmap.terms.ucum import UcumError, parse
from twinmap.terms.ucum_essence import essence
from twinmap.terms.ucum_parse import split
from twinmap.terms.ucum_syntax import tokens

# The rules: simple-unit [exponent] [annotation] | annotation | factor [annotation] | "(" term ")".
_ATOMS = sorted(map(re.escape, essence().atoms), key=len, reverse=True)
_METRIC = sorted((re.escape(atom.code) for atom in essence().atoms.values() if atom.metric), key=len)[::-1]
_PREFIX = "|".join(map(re.escape, essence().prefixes))
_NOTE = r"\{[\x21-\x7a\x7c\x7e]*\}"
_SIMPLE = rf"(?:{'|'.join(_ATOMS)}|(?:{_PREFIX})(?:{'|'.join(_METRIC)}))"
_COMPONENT = rf"(?:{_SIMPLE}(?:[+-]?[0-9]+)?(?:{_NOTE})?|{_NOTE}|[0-9]+(?:{_NOTE})?|\(\))"
_TERM = rf"{_COMPONENT}(?:[./]{_COMPONENT})*"
_GROUP = re.compile(rf"\({_TERM}\)")
_MAIN = re.compile(rf"/?{_TERM}")


def _follows_the_rules(text: str) -> bool:
    """Replace innermost groups by an empty one until there are none, then match the main rule."""
    if "()" in text:
        return False
    text = text.replace("[m/s2/Hz^(1/2)]", "[pi]")  # the one symbol with parentheses
    while (shorter := _GROUP.sub("()", text)) != text:
        text = shorter
    return _MAIN.fullmatch(text) is not None


def _is_unit(text: str) -> bool:
    """The same by our grammar. What it refuses for its meaning (a factor 0, a huge exponent) is left out."""
    try:
        return all(token.symbol is None or split(token.symbol) for token in tokens(text))
    except UcumError as error:
        assume(not error.reason.startswith(("a unit cannot be multiplied by 0", "the exponent is larger")))
        return False


PIECES = st.sampled_from(
    [*"mgsLlhKU", "mm", "[iU]", "m[H2O]", "10*", "10^", "%", "''", "[in_i'H2O]", "cal_[15]", "g%", "Cel"]
    + [*"0123456789", "12", *"./().-+{}[]*^", "{a}", "{}", "{ }", "{a/b}", "é", " "]
)


@given(st.lists(PIECES, max_size=9).map("".join) | st.text("m1./(){}[]+-*^0", max_size=8))
@example("10*-3")
@example("10^-3")
@example("1{c}")
@example("(m){a}")
@example("(m)2")
@example("m{a}2")
@example("m{a}{b}")
@example("/m/s")
@example("(/m)")
@example("m.{a}/2")
@example("((m)/(s.(g)))")
@example("[m/s2/Hz^(1/2)]")
@example("B[10.nV]")
def test_a_text_is_a_unit_if_the_rules_say_so(text):
    assert _is_unit(text) == _follows_the_rules(text)


_ATOM = st.sampled_from([code for code, atom in essence().atoms.items() if not atom.function])
_NUMBER = st.integers(1, 999).map(str)
_WITH_POWER = st.builds(
    lambda atom, power, note: atom + power + note,
    _ATOM,
    st.sampled_from(["", "1", "2", "-1", "+3", "-2"]),
    st.sampled_from(["", "{}", "{creat}", "{1.73_m2}", "{a[b](c)}"]),
)
_SINGLE = _WITH_POWER | _NUMBER | st.just("{cells}")
_UNIT = st.recursive(
    _SINGLE,
    lambda inner: st.builds(
        lambda one, sign, two: f"({one}{sign}{two})", inner, st.sampled_from("./"), inner
    ),
    max_leaves=6,
)


@given(st.sampled_from(["", "/"]), _UNIT)
def test_whatever_the_rules_make_is_a_unit(slash, text):
    unit = parse(slash + text)
    assert unit.factor > 0
    assert len(unit.annotations) == text.count("{")
