"""The UCUM engine: its table, its grammar, how it treats values, and its properties."""

from __future__ import annotations

import doctest
import hashlib
import subprocess
import sys
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinmap.terms import ucum, ucum_essence
from twinmap.terms.ucum import (
    UcumError,
    canonical,
    commensurable,
    convert,
    explain,
    is_valid,
    parse,
)

# --- the table ------------------------------------------------------------------------------------


def test_the_table_is_the_unmodified_file_that_we_know():
    digest = hashlib.sha256(ucum_essence.locate().read_bytes()).hexdigest()
    assert digest == "6022a1f4a77d93efa23b941ae50055cb9d3fdcb8bb5db6b85deda004467bb380"
    table = ucum_essence.essence()
    assert (table.version, table.revision_date) == ("2.2", "2024-06-17")
    assert table.base == ("m", "s", "g", "rad", "K", "C", "cd")
    assert (len(table.prefixes), len(table.atoms)) == (24, 312)


def test_every_atom_of_the_table_is_a_unit():
    for code, atom in ucum_essence.essence().atoms.items():
        unit = parse(code)
        assert unit.factor > 0
        assert bool(unit.arbitrary) == atom.arbitrary
        assert (unit.special is not None) == (atom.function is not None)


def test_every_special_function_is_known():
    from twinmap.terms.ucum_parse import OFFSETS
    from twinmap.terms.ucum_values import SCALES

    used = {atom.function for atom in ucum_essence.essence().atoms.values() if atom.function}
    assert used == OFFSETS.keys() | SCALES.keys()


def test_no_symbol_can_be_read_in_two_ways():
    table = ucum_essence.essence()
    metric = [atom.code for atom in table.atoms.values() if atom.metric]
    written = [*table.atoms, *(prefix + code for prefix in table.prefixes for code in metric)]
    assert len(written) == len(set(written))


def test_a_document_type_declaration_is_refused():
    bomb = b'<!DOCTYPE root [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><root version="1">&b;</root>'
    with pytest.raises(ValueError, match="document type"):
        ucum_essence.read(bomb)


def test_a_missing_table_is_an_input_fault(monkeypatch):
    from twinmap.errors import InputOutputError

    monkeypatch.setattr(ucum_essence, "DISTRIBUTION", "no-such-distribution")
    with pytest.raises(InputOutputError, match="not installed"):
        ucum_essence.locate()


def test_nothing_heavy_is_imported():
    code = (
        "import sys; from twinmap.terms import units; units.resolve('mmHg'); "
        "units.factor_offset('kPa', 'bar');"
        "print([m for m in ('numpy', 'ucumvert', 'pint', 'lark', 'yaml', 'pyarrow') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- parsing --------------------------------------------------------------------------------------


def test_what_a_unit_holds():
    unit = parse("10*3{cells}.m[iU]/mm3{x}")
    assert unit.factor == 10**3 * Fraction(1, 1000) * 10**9
    assert unit.dimension == (-3, 0, 0, 0, 0, 0, 0)
    assert unit.arbitrary == (("[iU]", 1),)
    assert unit.annotations == ("cells", "x")
    assert [(part.prefix, part.atom, part.exponent) for part in unit.components] == [
        ("", "10*", 3),
        ("m", "[iU]", 1),
        ("m", "m", -3),
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [("a/b", "a.b-1"), ("m/s/kg", "m/(s.kg)"), ("m/(s/kg)", "m.kg/s"), ("/(m.s)", "m-1.s-1"), ("m+2", "m2")],
)
def test_products_associate_to_the_left(one, other):
    assert parse(one).factor == parse(other).factor
    assert parse(one).dimension == parse(other).dimension


@pytest.mark.parametrize(
    ("text", "position", "suggestion"),
    [
        ("", 0, None),
        ("mmHg", 0, "mm[Hg]"),
        ("g/12h", 4, "g/(12.h)"),
        ("10+3/ul", 2, "10*3/ul"),
        ("m/", 2, None),
        ("(m", 0, "(m)"),
        ("m)", 1, "m"),
        ("g{a", 1, "g{a}"),
        ("{a", 0, "{a}"),
        ("m[Hg", 1, "m[Hg]"),
        ("m.[Hg", 2, None),
        ("mg / dL", 2, "mg/dL"),
        ("µg", 0, "ug"),
        ("kg/m^2", 3, "kg/m2"),
        ("IU/L", 0, "[iU]/L"),
        ("mEq/L", 0, "meq/L"),
        ("MMOL/L", 0, "mmol/L"),
        ("0.m", 0, None),
        ("m1000", 1, None),
        ("Cel/min", 0, None),
        ("1/[pH]", 2, None),
        ("Cel2", 0, None),
        ("{a}m{b}", 3, None),
        ("(m/s)2", 5, None),
        ("m//s", 2, None),
        ("mmin", 0, "min"),
        ("qq", 0, None),
        ("m" * 201, 200, None),
    ],
)
def test_explain(text, position, suggestion):
    explanation = explain(text)
    assert not explanation.valid
    assert (explanation.position, explanation.suggestion) == (position, suggestion)
    assert explanation.reason
    with pytest.raises(UcumError) as caught:
        parse(text)
    assert caught.value.position == position
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("l/min/1.73m2", "L/min/{1.73_m2}"),
        ("µg/L", "ug/L"),
        ("°C", "Cel"),
        ("mm Hg", "mm[Hg]"),
        ("bpm", "/min"),
        ("kg/m²", "kg/m2"),
        ("beats/min", "/min"),
        ("mcg", "ug"),
        ("1.5mg", "15.10*-1.mg"),
        ("g/1.5h", "g/(15.10*-1.h)"),
        ("ug/12h/kg", "ug/(12.h.kg)"),
    ],
)
def test_a_suggestion_is_worth_what_is_meant(text, meant):
    explanation = explain(text)
    assert explanation.suggestion is not None
    assert convert(Fraction(1), explanation.suggestion, meant) == 1
    assert explanation.candidates == ()


@pytest.mark.parametrize(
    ("text", "candidates"),
    [("cc", ("mL", "cm3")), ("Mhz", ("MHz", "mHz")), ("MPA", ("MPa", "mPa"))],
)
def test_of_several_units_none_is_suggested(text, candidates):
    explanation = explain(text)
    assert (explanation.suggestion, explanation.candidates) == (None, candidates)


@pytest.mark.parametrize("text", ["m/", "mg/dl x", "(m/s)2", "mg{x}L", "foobar", "1.5.mgX"])
def test_what_may_be_of_another_dimension_is_not_suggested(text):
    explanation = explain(text)
    assert (explanation.valid, explanation.suggestion, explanation.candidates) == (False, None, ())


def test_explain_has_nothing_to_say_of_a_unit():
    assert explain("mg/dL").valid
    assert explain("mg/dL").suggestion is None


def test_deep_nesting_is_read():
    assert parse("(" * 99 + "m" + ")" * 99).dimension == parse("m").dimension


@pytest.mark.parametrize(
    ("unit", "expected"),
    [("mmol/L", "m-3"), ("N", "m.s-2.g"), ("%", "1"), ("Cel", "K"), ("[IU]/mL", "m-3.[iU]")],
)
def test_canonical(unit, expected):
    assert canonical(unit) == expected
    assert commensurable(unit, expected)


def test_case_insensitive_variant():
    assert ucum.from_case_insensitive("MM[HG]") == "mm[Hg]"
    assert ucum.from_case_insensitive("10*3/UL") == "10*3/uL"
    assert ucum.from_case_insensitive("XYZ") is None
    assert ucum.from_case_insensitive("m//s") is None


@pytest.mark.parametrize(
    ("unit", "name"),
    [
        ("/min", "1 / (minute)"),
        ("umol/(8.h)", "(micromole) / 8 / (hour)"),
        ("mg/g{creat}", "(milligram) / (gram){creat}"),
        ("100{WBC}", "100{WBC}"),
        ("{score}", "{score}"),
        ("m+2", "(meter ^ 2)"),
        ("1", "1"),
    ],
)
def test_display_name(unit, name):
    assert ucum.display_name(unit) == name


def test_what_is_no_unit_has_no_name():
    with pytest.raises(UcumError):
        ucum.display_name("mmHg")


def test_doctests():
    assert doctest.testmod(ucum).attempted
    assert not doctest.testmod(ucum).failed


# --- properties -----------------------------------------------------------------------------------

ATOMS = st.sampled_from(
    ["m", "g", "s", "mol", "L", "[lb_av]", "mm[Hg]", "U", "kat", "[iU]", "%", "10*", "[pi]", "d"]
)
PIECES = st.builds(lambda atom, power: atom + (str(power) if power != 1 else ""), ATOMS, st.integers(-3, 3))
UNITS = st.builds(
    lambda first, rest: first + "".join(op + piece for op, piece in rest),
    PIECES,
    st.lists(st.tuples(st.sampled_from("./"), PIECES), max_size=4),
)


@given(st.text(max_size=40) | st.text("mgsL./(){}[]10*^+-aµ ", max_size=20))
def test_any_text_is_a_unit_or_an_explained_error(text):
    explanation = explain(text)
    assert explanation.valid == is_valid(text)
    if not explanation.valid:
        assert explanation.position is not None
        assert 0 <= explanation.position <= len(text)
        assert explanation.suggestion is None or is_valid(explanation.suggestion)


@given(UNITS, UNITS)
def test_a_product_multiplies_factors_and_adds_powers(one, other):
    first, second, both = parse(one), parse(other), parse(f"({one}).({other})")
    assert both.factor == first.factor * second.factor
    assert both.dimension == tuple(a + b for a, b in zip(first.dimension, second.dimension, strict=True))
    quotient = parse(f"({one})/({one})")
    assert (quotient.factor, canonical(quotient.text)) == (1, "1")


@given(UNITS, st.fractions())
def test_there_and_back_is_exact(unit, value):
    base = canonical(unit)
    assert convert(convert(value, unit, base), base, unit) == value


@pytest.mark.parametrize("value", [None, True, "16", [1, 2]])
def test_what_is_no_number_is_not_converted(value):
    with pytest.raises(TypeError, match="a value is a number or an array, not"):
        convert(value, "g", "mg")
