"""The UCUM engine against the official functional tests, and clinical probes with their reasons."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from twinmap.terms.ucum import (
    IncommensurableError,
    NotAffineError,
    affine,
    commensurable,
    convert,
    is_valid,
)

# --- the official functional tests ----------------------------------------------------------------


def _agrees(result: Decimal, outcome: str) -> bool:
    """Whether a result is the outcome, to as many significant digits as the outcome has."""
    expected = Decimal(outcome)
    digits = len(expected.as_tuple().digits)
    return Decimal(f"{result:.{digits - 1}e}") == expected


@pytest.fixture(scope="module")
def official(corpus: Path) -> ET.Element:
    return ET.parse(corpus / "ucum" / "ucum-java" / "UcumFunctionalTests.xml").getroot()


@pytest.mark.corpus
def test_official_validation(official):
    cases = [case for case in official.iter("case") if case.get("valid")]
    wrong = [case.attrib for case in cases if is_valid(case.get("unit")) != (case.get("valid") == "true")]
    assert (len(cases), wrong) == (529, [])


@pytest.mark.corpus
def test_official_conversion(official):
    cases = official.find("conversion").findall("case")
    assert len(cases) == 30
    for case in cases:
        value = convert(Decimal(case.get("value")), case.get("srcUnit"), case.get("dstUnit"))
        assert _agrees(value, case.get("outcome")), case.attrib


@pytest.mark.corpus
@pytest.mark.parametrize(("section", "operator", "count"), [("multiplication", ".", 2), ("division", "/", 3)])
def test_official_arithmetic(official, section, operator, count):
    cases = official.find(section).findall("case")
    assert len(cases) == count
    for case in cases:
        first, second = Decimal(case.get("v1")), Decimal(case.get("v2"))
        value = first * second if operator == "." else first / second
        unit = f"({case.get('u1')}){operator}({case.get('u2')})"
        assert _agrees(convert(value, unit, case.get("uRes") or "1"), case.get("vRes")), case.attrib


# --- clinical probes ------------------------------------------------------------------------------

#: value, from, to, what comes out, and why: definitions of UCUM 2.2 unless said otherwise.
PROBES = [
    ("1", "[Cal]", "kJ", "4.184", "the large calorie is a thermochemical kilocalorie"),
    ("1", "kcal", "[Cal]", "1", "cal is the thermochemical calorie"),
    ("2000", "kcal", "kJ", "8368", "4.184 J each"),
    ("37", "Cel", "[degF]", "98.6", "exact, not 98.59999999999997"),
    ("98.6", "[degF]", "Cel", "37", "exact"),
    ("-40", "[degF]", "Cel", "-40", "where the two scales meet"),
    ("0", "K", "Cel", "-273.15", "the ice point is 273.15 K"),
    ("100", "[degRe]", "Cel", "125", "80 degrees Réaumur are 100 degrees Celsius"),
    ("80", "[degRe]", "K", "373.15", "boiling water"),
    ("491.67", "[degR]", "K", "273.15", "Rankine is a ratio scale"),
    ("1000", "mCel", "Cel", "1", "a prefix scales the value of a special unit (section 22)"),
    ("1", "mm[Hg]", "Pa", "133.322", "m[Hg] is 133.322 kPa"),
    ("120", "mm[Hg]", "kPa", "15.99864", "blood pressure"),
    ("1", "cm[H2O]", "Pa", "98.0665", "by standard gravity"),
    ("1", "[psi]", "Pa", "6894.757293168361336722673", "pound-force on a square inch"),
    ("1", "atm", "bar", "1.01325", ""),
    ("1", "u[iU]/mL", "m[iU]/L", "1", "scaling one arbitrary unit: the commonest pair of thyrotropin"),
    ("5", "[IU]/L", "m[iU]/mL", "5", "[IU] and [iU] are one unit with two spellings"),
    ("1", "k[iU]/L", "[iU]/mL", "1", ""),
    ("1", "U/L", "nkat/L", "16.6666666666666666667", "1 U is 1 umol/min"),
    ("1", "ukat/L", "U/L", "60", ""),
    ("1", "10*3/uL", "10*9/L", "1", "white cells"),
    ("4.5", "10*6/uL", "10*12/L", "4.5", "red cells"),
    ("250", "/nL", "10*9/L", "250", "platelets"),
    ("1", "g%", "g/L", "10", "gram percent is g/dL"),
    ("90", "mg%", "mg/dL", "90", "an atom that ends with a percent sign takes a prefix"),
    ("13.5", "g/dL", "g/L", "135", "haemoglobin"),
    ("97", "%", "1", "0.97", "oxygen saturation as a fraction"),
    ("1", "[ppth]", "%", "0.1", ""),
    ("1", "[ppm]", "[ppb]", "1000", ""),
    ("1", "[lb_av]", "kg", "0.45359237", "exact by definition"),
    ("1", "[oz_av]", "g", "28.349523125", "a sixteenth of a pound"),
    ("1", "[gr]", "mg", "64.79891", ""),
    ("1", "[stone_av]", "[lb_av]", "14", ""),
    ("70", "[in_i]", "cm", "177.8", "exact by definition"),
    ("1", "[ft_i]", "m", "0.3048", ""),
    ("1", "[mi_i]", "km", "1.609344", ""),
    ("1", "[foz_us]", "mL", "29.5735295625", ""),
    ("20", "[drp]", "mL", "1", "UCUM has 20 drops to the millilitre"),
    ("1", "mL/min", "L/d", "1.44", ""),
    ("1", "mg/kg/min", "ug/(kg.h)", "60000", "dose rate"),
    ("1", "umol/(8.h)", "umol/h", "0.125", "a number in a denominator"),
    ("1", "dyn.s/cm5", "Pa.s/m3", "100000", "vascular resistance"),
    ("1", "[wood'U]", "dyn.s/cm5", "79.9932", "mm[Hg] min per litre"),
    ("1", "[MET]", "mL/kg/min", "3.5", ""),
    ("60", "/min", "Hz", "1", ""),
    ("1", "a", "d", "365.25", "a is the Julian year"),
    ("1", "mo", "d", "30.4375", "a twelfth of it"),
    ("1", "wk", "h", "168", ""),
    ("180", "deg", "''", "648000", "'' is the second of arc"),
    ("60", "'", "deg", "1", "' is the minute of arc, not of time"),
    ("1", "mol", "10*23", "6.02214076", "to UCUM the mole is a number"),
    ("1", "meq/L", "mmol/L", "1", "UCUM has one equivalent to the mole, whatever the charge"),
    ("4", "[diop]", "/m", "4", "the dioptre is the reciprocal metre"),
    ("1", "[Ch]", "mm", "0.333333333333333333333", "a catheter of 3 Ch is 1 mm wide"),
    ("1", "[HPF]", "[LPF]", "0.01", ""),
    ("1", "Gy", "RAD", "100", ""),
    ("1", "Ci", "Bq", "37000000000", ""),
    ("1", "By", "bit", "8", ""),
    ("1", "KiBy", "By", "1024", "binary prefixes"),
    ("1", "10.Cel", "Cel", "10", "a number scales a special unit (section 22)"),
    ("10", "dB", "B", "1", "scalings of one logarithmic unit are linear"),
    ("1", "mg/g{creat}", "ug/mg", "1", "annotations do not count"),
]


@pytest.mark.parametrize(("value", "source", "target", "expected", "_why"), PROBES)
def test_probe(value, source, target, expected, _why):
    result = convert(Decimal(value), source, target)
    digits = max(len(Decimal(expected).as_tuple().digits), 1)
    assert Decimal(f"{result:.{digits - 1}e}") == Decimal(expected)
    assert convert(convert(Fraction(value), source, target), target, source) == Fraction(value)


#: The same for units that are not linear; compared to 12 digits.
SPECIAL_PROBES = [
    (7.4, "[pH]", "nmol/L", 39.8107170553497, "hydrogen ions: ten to the power -7.4 mol/L"),
    (1.0, "umol/L", "[pH]", 6.0, ""),
    (2.0, "[p'diop]", "deg", math.degrees(math.atan(0.02)), "the arc tangent of 2 %"),
    (100.0, "%[slope]", "deg", 45.0, "the arc tangent of 1"),
    (1.0, "Np", "B", 0.434294481903252, "UCUM defines both on plain ratios"),
    (20.0, "dB[SPL]", "uPa", 200.0, "20 dB above 20 uPa is ten times the pressure"),
    (94.0, "dB[SPL]", "Pa", 1.00237446725454, ""),
    (3.0, "B[mV]", "B[V]", -3.0, "amplitudes: two bel to the factor ten"),
    (30.0, "dB[W]", "kW", 1.0, ""),
    (3.0, "bit_s", "1", 8.0, ""),
    (2.0, "[hp'_X]", "1", 0.01, ""),
    (2.0, "[hp'_C]", "1", 0.0001, ""),
    (3.0, "[m/s2/Hz^(1/2)]", "m2/s4/Hz", 9.0, "a square root"),
]


@pytest.mark.parametrize(("value", "source", "target", "expected", "_why"), SPECIAL_PROBES)
def test_special_probe(value, source, target, expected, _why):
    assert convert(value, source, target) == pytest.approx(expected, rel=1e-12)
    assert convert(expected, target, source) == pytest.approx(value, rel=1e-12)
    array = convert(np.array([value, value]), source, target)
    assert array == pytest.approx([expected] * 2, rel=1e-12)
    with pytest.raises(NotAffineError):
        affine(source, target)


@pytest.mark.parametrize(
    ("source", "target", "_why"),
    [
        ("[iU]", "[arb'U]", "arbitrary units convert to themselves only (section 24)"),
        ("[CFU]/mL", "/mL", "nor to a number"),
        ("[iU]/L", "U/L", "international units are not enzyme units"),
        ("[iU]2", "[iU]", "the power counts"),
        ("lm", "cd", "UCUM keeps the angle: lm is cd.sr"),
        ("mg/dL", "mmol/L", "a mass is not an amount"),
        ("mg/dL", "/min", ""),
        ("'", "min", "arc and time"),
        ("Cel", "J", ""),
        ("[pH]", "mol", "an acidity is a concentration"),
        ("rad", "1", "UCUM has the radian as a base unit"),
    ],
)
def test_refused(source, target, _why):
    assert not commensurable(source, target)
    with pytest.raises(IncommensurableError):
        affine(source, target)
    with pytest.raises(IncommensurableError):
        convert(np.ones(2), source, target)
