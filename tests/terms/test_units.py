"""Kinds of quantity that share a dimension, and the conversions that are right."""

from __future__ import annotations

import doctest
from fractions import Fraction

import pytest

from twinmap.terms import units
from twinmap.terms.ucum import affine, commensurable, parse
from twinmap.terms.units import base_unit, factor_offset, kind, same_kind


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/min", "Bq"),
        ("1/min", "Bq"),
        ("mmol/L", "/L"),
        ("mol", "1"),
        ("Gy", "Sv"),
        ("Gy", "J/kg"),
        ("N.m", "J"),
        ("mmol/L", "meq/L"),
        ("mosm/kg", "mmol/kg"),
        ("mmol/mol", "mg/g"),
        ("mL/dL", "mg/g"),
        ("[hnsf'U]", "1"),
        ("[NTU]", "[FNU]"),
        ("/[HPF]", "1"),
        ("[diop]", "/m"),
        ("[S]", "s"),
        ("[pH]", "mol/L"),
        ("dB", "%"),
        ("bit", "1"),
    ],
)
def test_one_dimension_but_not_one_kind(one, other):
    assert commensurable(one, other)
    assert not same_kind(one, other)
    assert not same_kind(other, one)
    assert factor_offset(one, other) is None


@pytest.mark.parametrize(
    ("one", "other", "factor", "offset"),
    [
        ("/min", "Hz", Fraction(1, 60), 0),
        ("{beats}/min", "/min", 1, 0),
        ("mmol/L", "umol/dL", 100, 0),
        ("U/L", "nkat/L", Fraction(50, 3), 0),
        ("Gy", "RAD", 100, 0),
        ("Sv", "REM", 100, 0),
        ("Ci", "Bq", 37 * 10**9, 0),
        ("J", "W.s", 1, 0),
        ("kcal", "kJ", Fraction("4.184"), 0),
        ("N.m", "[lbf_av].[ft_i]", 1 / (parse("[lbf_av].[ft_i]").factor / 1000), 0),
        ("%", "1", Fraction(1, 100), 0),
        ("%", "mL/dL", 1, 0),
        ("mg/g", "%", Fraction(1, 10), 0),
        ("mmol/mol", "%", Fraction(1, 10), 0),
        ("Cel", "[degF]", Fraction(9, 5), 32),
        ("u[iU]/mL", "m[IU]/L", 1, 0),
        ("dB", "B", Fraction(1, 10), 0),
        ("meq/L", "eq/m3", 1, 0),
    ],
)
def test_one_kind(one, other, factor, offset):
    assert same_kind(one, other)
    assert factor_offset(one, other) == (factor, offset)


def test_what_is_not_linear_has_no_factor():
    assert same_kind("B", "Np")
    assert factor_offset("B", "Np") is None


def test_kind_names_its_units():
    assert kind("mmol/L").quantities == (("mol", 1),)
    assert kind("mg/mmol").quantities == (("mol", -1),)
    assert (kind("mmol/mol").fraction, kind("mg/g").fraction, kind("L/L").fraction) == (
        "substance",
        "mass",
        "volume",
    )
    assert kind("%").fraction is None


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("mmol/L", "mol.m-3"),
        ("meq/L", "eq.m-3"),
        ("U/L", "mol.m-3.s-1"),
        ("[degF]", "K"),
        ("%", "1"),
        ("Bq/L", "Bq.m-3"),
        ("mGy", "Gy"),
        ("dB[SPL]", "B[SPL]"),
        ("10*-1.[pH]", "[pH]"),
        ("m[IU]/mL", "m-3.[iU]"),
        ("mm[Hg]", "m-1.s-2.g"),
    ],
)
def test_base_unit(unit, expected):
    assert base_unit(unit) == expected
    assert same_kind(unit, expected)
    assert factor_offset(unit, expected) == affine(unit, expected)


def test_doctests():
    result = doctest.testmod(units)
    assert (result.attempted > 0, result.failed) == (True, 0)


@pytest.mark.parametrize(("text", "unit"), [("258813002", None), ("100", None), ("1", "1"), ("10*3", "10*3")])
def test_a_number_is_no_unit(text: str, unit: str | None) -> None:
    """To UCUM it is one: a SNOMED CT code of a unit, as FHIR sources have them, would be a factor of millions."""
    found = units.resolve(text)
    assert found.unit == unit
    assert unit or "another system" in found.note
