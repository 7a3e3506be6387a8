"""The rules for single analytes, checked against the factors that laboratories publish."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest

from twinmap.errors import InternalError
from twinmap.terms._files import read_table
from twinmap.terms.analytes import conversion, molar_mass, rule_between, rules, rules_for
from twinmap.terms.loinc import check_digit_ok, is_molar, terms
from twinmap.terms.ucum import convert, parse

#: code, units, what one of the first is in the second: conventional factors, to the digits they have.
FACTORS = [
    ("2345-7", "mg/dL", "mmol/L", "0.0555"),
    ("2093-3", "mg/dL", "mmol/L", "0.02586"),
    ("2085-9", "mg/dL", "mmol/L", "0.02586"),
    ("2571-8", "mg/dL", "mmol/L", "0.01129"),
    ("2160-0", "mg/dL", "umol/L", "88.4"),
    ("3094-0", "mg/dL", "mmol/L", "0.357"),
    ("22664-7", "mg/dL", "mmol/L", "0.1665"),
    ("3084-1", "mg/dL", "umol/L", "59.48"),
    ("1975-2", "mg/dL", "umol/L", "17.1"),
    ("17861-6", "mg/dL", "mmol/L", "0.2495"),
    ("17861-6", "mg/dL", "meq/L", "0.499"),
    ("19123-9", "mg/dL", "mmol/L", "0.4114"),
    ("19123-9", "mg/dL", "meq/L", "0.823"),
    ("19123-9", "meq/L", "mmol/L", "0.5"),
    ("2777-1", "mg/dL", "mmol/L", "0.323"),
    ("2951-2", "meq/L", "mmol/L", "1"),
    ("2823-3", "meq/L", "mmol/L", "1"),
    ("2823-3", "mg/dL", "mmol/L", "0.256"),
    ("2075-0", "meq/L", "mmol/L", "1"),
    ("1963-8", "meq/L", "mmol/L", "1"),
    ("2498-4", "ug/dL", "umol/L", "0.179"),
    ("718-7", "g/dL", "mmol/L", "0.6206"),
    ("2143-6", "ug/dL", "nmol/L", "27.59"),
    ("3026-2", "ug/dL", "nmol/L", "12.87"),
    ("2986-8", "ng/dL", "nmol/L", "0.0347"),
    ("2243-4", "pg/mL", "pmol/L", "3.671"),
    ("1989-3", "ng/mL", "nmol/L", "2.496"),
    ("2132-9", "pg/mL", "pmol/L", "0.738"),
    ("2284-8", "ng/mL", "nmol/L", "2.265"),
    ("14959-1", "mg/g", "mg/mmol", "0.113"),
    ("3053-6", "ng/dL", "nmol/L", "0.0154"),
    ("2839-9", "ng/mL", "nmol/L", "3.18"),
    ("14118-4", "mg/dL", "mmol/L", "0.111"),
    ("22763-7", "ug/dL", "umol/L", "0.587"),
    ("13965-9", "mg/L", "umol/L", "7.397"),
    ("11555-0", "meq/L", "mmol/L", "1"),
]

#: Rows of tables that laboratories share, with both of their terms: not computed by us.
PUBLISHED = list(read_table(Path(__file__).with_name("published_conversions.tsv")))


@pytest.mark.parametrize(("code", "source", "target", "factor"), FACTORS)
def test_factor_both_ways(code, source, target, factor):
    there, back = rule_between(source, target, code), rule_between(target, source, code)
    assert there is not None
    assert back is not None
    digits = len(factor.replace("0.", "").replace(".", "").lstrip("0"))
    assert float(f"{float(there.factor):.{digits}g}") == float(factor)
    assert there.factor * back.factor == 1
    assert (there.offset, there.rule_class) == (0, "physical")


@pytest.mark.parametrize(
    "row", PUBLISHED, ids=[f"{r['from']}-{r['to_unit']}-{r['source']}" for r in PUBLISHED]
)
def test_published_conversions_agree_both_ways(row):
    codes = sorted(
        (row["from"], row["to"]), key=lambda code: is_molar(terms()[code].axes.property) is not False
    )
    there = rule_between(row["from_unit"], row["to_unit"], codes[0])
    back = rule_between(row["to_unit"], row["from_unit"], codes[0])
    assert float(there.factor) == pytest.approx(float(row["factor"]), rel=0.008)
    assert there.factor * back.factor == 1


def test_urea_nitrogen_is_not_urea():
    """One public table converts both by 6.006; a mole of urea holds two nitrogen atoms and no more."""
    assert float(rule_between("mmol/L", "mg/dL", "3094-0").factor) == pytest.approx(2.801, abs=0.001)
    assert float(rule_between("mmol/L", "mg/dL", "3091-6").factor) == pytest.approx(6.006, abs=0.001)


def test_the_calibrations_of_hba1c_are_tied_as_studies_found():
    """NGSP = 1.029 JDS + 0.216, a regression of samples that both networks measured (JDS lot 4)."""
    jds, ngsp = (rule_between("mmol/mol", "%", code) for code in ("62388-4", "4548-4"))
    for ifcc in (31, 42, 48, 53, 64, 75, 86):
        low, high = (float(rule.factor * ifcc + rule.offset) for rule in (jds, ngsp))
        assert high == pytest.approx(1.029 * low + 0.216, abs=0.2)
    forth = rule_between("%", "mmol/mol", "62388-4")
    assert forth.factor * jds.factor == 1
    assert forth.factor * jds.offset + forth.offset == 0
    assert forth.rule_class == "empirical"


def test_a_rule_serves_every_term_of_its_components():
    glucose = next(rule for rule in rules() if rule.id == "glucose-molar-mass")
    assert {"2345-7", "105272-9", "1558-6", "41651-1", "2350-7"} <= set(glucose.codes)
    served = {name for rule in rules() for name in rule.components}
    assert served == {term.axes.base() for term in terms().values()} & served, (
        "a component of no shipped term"
    )


def test_terms_in_mass_and_in_moles_have_a_rule():
    """A concept with both has canonical units for both; without a rule its sources could not be compared."""
    by_component = {}
    for code, term in terms().items():
        if is_molar(term.axes.property) is not None and term.axes.property in ("MCnc", "SCnc"):
            key = (term.axes.base(), term.axes.sample())
            by_component.setdefault(key, {})[term.axes.property] = code
    both = {key: codes for key, codes in by_component.items() if len(codes) == 2}
    assert len(both) > 40
    without = {key[0] for key, codes in both.items() if not rule_between("g/L", "mol/L", codes["MCnc"])}
    assert without == {"C reactive protein"}, "its published molar masses contradict each other"


def test_every_rule_is_checked():
    checked = {
        name
        for code, source, target, _ in FACTORS
        for name in (rule_between(source, target, code) or rules()[0]).id.split("+")
    }
    assert {rule.id for rule in rules()} - checked == {
        "hba1c-ngsp-ifcc",
        "hba1c-jds-ifcc",
        "sodium-molar-mass",
        "chloride-molar-mass",
    }
    for code, symbol in (("2951-2", "22.990"), ("2075-0", "35.45")):
        assert rule_between("g/L", "mol/L", code).factor == 1 / Fraction(symbol)


def test_every_rule_is_complete():
    assert [name for name, count in Counter(rule.id for rule in rules()).items() if count > 1] == []
    for rule in rules():
        assert rule.codes, rule
        assert rule.source.endswith((".", ".aspx")), rule
        assert rule.rule_class == ("empirical" if rule.kind == "linear" else "physical")
        assert rule.parameter > 0


def test_every_code_has_a_valid_check_digit():
    assert [code for rule in rules() for code in rule.codes if not check_digit_ok(code)] == []


def test_a_code_has_one_rule_of_a_kind():
    pairs = Counter((code, rule.kind) for rule in rules() for code in rule.codes)
    assert [pair for pair, count in pairs.items() if count > 1] == []


def test_published_molar_masses():
    assert rules_for("2345-7")[0].parameter == Fraction("180.156")
    assert rules_for("2160-0")[0].parameter == Fraction("113.120")


def test_haemoglobin_is_the_monomer():
    rule = rule_between("g/dL", "mmol/L", "718-7")
    assert float(rule.factor * Fraction("13.5")) == pytest.approx(8.38, abs=0.005)


def test_hba1c_follows_the_published_equation_each_way():
    there, back = rule_between("%", "mmol/mol", "4548-4"), rule_between("mmol/mol", "%", "59261-8")
    assert (there.factor, there.offset) == (Fraction("10.93"), Fraction("-23.5"))
    assert (back.factor, back.offset) == (Fraction("0.0915"), Fraction("2.15"))
    assert there.rule_class == back.rule_class == "empirical"
    for percent, ifcc in ((5, 31), (6, 42), ("6.5", 48), (7, 53), (8, 64), (9, 75), (10, 86)):
        assert float(there.factor * Fraction(percent) + there.offset) == pytest.approx(ifcc, abs=0.6)
        assert float(back.factor * ifcc + back.offset) == pytest.approx(float(percent), abs=0.06)
    fraction = rule_between("1", "mmol/mol", "4548-4")
    assert (
        fraction.factor * Fraction("0.065") + fraction.offset == there.factor * Fraction("6.5") + there.offset
    )


def test_units_are_scaled_on_both_sides():
    rule = rule_between("ug/mL", "mol/m3", "2345-7")
    assert rule.factor == Fraction(1) / Fraction("180.156")


def test_the_analyte_may_stand_below_the_line():
    assert rule_between("ug/g{creat}", "mg/mol{creat}", "32294-1").factor == Fraction("0.11312")
    assert rule_between("mg/dL", "mmol/L", "14959-1") is None
    assert rule_between("mg/g", "mg/mmol", "2160-0") is None


@pytest.mark.parametrize(
    ("source", "target", "code"),
    [
        ("mg/dL", "g/L", "2345-7"),  # units alone
        ("mg/dL", "mmol/L", "1742-6"),  # no rule for the code
        ("mg/dL", "/min", "2345-7"),
        ("mg/dL", "mmol", "2345-7"),
        ("[iU]/L", "mmol/L", "2345-7"),
        ("mg/dL", "meq/L", "2345-7"),  # glucose has no charge
        ("U/L", "mg/dL", "2345-7"),
        ("%", "%", "4548-4"),
        ("mmol/mol", "mmol/mol", "4548-4"),
        ("mg/g", "mmol/mol", "4548-4"),
        ("Cel", "mmol/L", "2345-7"),
    ],
)
def test_no_rule(source, target, code):
    assert rule_between(source, target, code) is None


def test_conversion_takes_the_rule_before_the_units():
    assert conversion("%", "mmol/mol", "4548-4").id == "hba1c-ngsp-ifcc"
    assert conversion("%", "mmol/mol").id == "ucum"
    assert conversion("mg/dL", "mmol/L", "2345-7").id == "glucose-molar-mass"
    assert conversion("mg/dL", "g/L", "2345-7").factor == convert(Fraction(1), "mg/dL", "g/L")
    assert conversion("mg/dL", "mmol/L") is None
    assert conversion("mmol/L", "/L", "2345-7") is None


def test_a_formula_is_read_whole():
    weights = {"C": Fraction(12), "Ca": Fraction(40), "O": Fraction(16)}
    assert molar_mass("CaCO3", weights) == 100
    for formula in ("", "Ca(OH)2", "C12h", "Xx"):
        with pytest.raises(InternalError):
            molar_mass(formula, weights)


def test_the_mole_is_that_of_ucum():
    assert parse("mol").factor == Fraction("6.02214076e23")
