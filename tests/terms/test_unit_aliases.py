"""What people write for units."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinmap.terms.ucum import UcumError, is_valid, parse
from twinmap.terms.units import Resolution, aliases, resolve

# --- the table ------------------------------------------------------------------------------------


def test_every_row_leads_to_ucum_or_says_why_not():
    for row in aliases():
        assert row.match in ("any", "exact", "whole", "whole-exact", "part-exact"), row
        assert row.alias == row.alias.strip(), row
        assert row.ucum == "" or (is_valid(row.ucum) and not row.candidates), row
        assert all(is_valid(unit) for unit in row.candidates), row
        assert row.ucum or row.note, row


def test_no_row_stands_twice():
    keys = [(row.alias if "exact" in row.match else row.alias.casefold(), row.match) for row in aliases()]
    assert [key for key, count in Counter(keys).items() if count > 1] == []


def test_every_row_is_found():
    for row in aliases():
        text = f"1/{row.alias}" if row.match == "part-exact" else row.alias
        found = resolve(text)
        if row.ucum and row.match == "part-exact":
            assert found.unit is not None, row
            assert parse(found.unit).factor == 1 / parse(row.ucum).factor, row
        elif row.ucum:
            assert found == Resolution(row.ucum, "alias", row.note), row
        else:
            assert found.unit is None, row


def test_the_traps_are_those_that_we_know():
    """Valid UCUM that the table reads otherwise: each one overrules the standard, so each one is named."""
    traps = {row.alias for row in aliases() if is_valid(row.alias)}
    assert traps == {
        *("C", "F", "G", "H", "S", "U", "m", "u"),
        *("AU", "MU", "MV", "PA", "RAD", "ft", "pH", "pt", "st"),
        *("K/mm3", "K/uL", "T/L", "T/l", "G/L", "G/l", "EU/dL", "b/min", "g/l-1"),
        *("103/uL", "106/uL", "109/L", "1012/L", "1.73", "1.73.m2", "cu.mm"),
        *("TU", "au", "ku", "mu", "uu", "pc", "mph", "kph", "EU", "N/A", "L/m", "K/L", "K/l"),
        *("Gm", "Mg", "Ml", "Mm", "Meq", "Mmol", "Pg", "Pmol"),
    }


# --- what texts mean ------------------------------------------------------------------------------

ALIASES = {
    "mmHg": "mm[Hg]",
    "mm Hg": "mm[Hg]",
    "MMHG": "mm[Hg]",
    "mm(hg)": "mm[Hg]",
    "cmH2O": "cm[H2O]",
    "bpm": "/min",
    "beats/min": "/min",
    "beats per minute": "/min",
    "count/min": "/min",
    "breaths/minute": "/min",
    "degF": "[degF]",
    "°F": "[degF]",
    "degC": "Cel",
    "°C": "Cel",
    "℃": "Cel",
    "lbs": "[lb_av]",
    "LB": "[lb_av]",
    "in": "[in_i]",
    "ft": "[ft_i]",
    "mcg": "ug",
    "\N{MICRO SIGN}g": "ug",
    "\N{GREEK SMALL LETTER MU}g/L": "ug/L",
    "mcg/kg/min": "ug/kg/min",
    "MCG/ML": "ug/mL",
    "K/uL": "10*3/uL",
    "K/ul": "10*3/uL",
    "THOU/uL": "10*3/uL",
    "MIL/uL": "10*6/uL",
    "mill/mm3": "10*6/mm3",
    "M/uL": "10*6/uL",
    "giga.l-1": "10*9/L",
    "tera.l-1": "10*12/L",
    "g/l-1": "g/L",
    "Gpt/l": "10*9/L",
    "10E3/uL": "10*3/uL",
    "x10E3/uL": "10*3/uL",
    "x10^3/uL": "10*3/uL",
    "10e9/L": "10*9/L",
    "10**3/uL": "10*3/uL",
    "10+3/ul": "10*3/ul",
    "10(12)/L": "10*12/L",
    "10³/µL": "10*3/uL",
    "×10⁹/L": "10*9/L",
    "UMOLL": "umol/L",
    "MLMIN": "mL/min",
    "µmol/l": "umol/l",
    "mL/min/1.73 sq.m.": "mL/min/{1.73_m2}",
    "mL/min/1.73m2": "mL/min/{1.73_m2}",
    "mL/min/1.73 m²": "mL/min/{1.73_m2}",
    "ml/min/1.73": "ml/min/{1.73_m2}",
    "mIU/L": "m[iU]/L",
    "uIU/mL": "u[iU]/mL",
    "IU/L": "[iU]/L",
    "CFU/mL": "[CFU]/mL",
    "mM": "mmol/L",
    "mg/24 h": "mg/(24.h)",
    "mg/24hrs": "mg/(24.h)",
    "mmol/24hr": "mmol/(24.h)",
    "mmol/(8.hr)": "mmol/(8.h)",
    "pg/100mL": "pg/(100.mL)",
    "mg/day": "mg/d",
    "mm/hr": "mm/h",
    "mL/H": "mL/h",
    "sec": "s",
    "yrs": "a",
    "percent": "%",
    "dB(SPL)": "dB[SPL]",
    "steps": "{steps}",
    "kg/m²": "kg/m2",
    "kg/m^2": "kg/m2",
    "lb/in2": "[lb_av]/[in_i]2",
    "m/s^2": "m/s2",
    "g/g creat": "g/g{creat}",
    "copies/µL": "{copies}/uL",
    "cells/hpf": "{cells}/[HPF]",
    "#/min": "/min",
    "ug/mL FEU": "ug{FEU}/mL",
    "picogram per milliliter": "pg/mL",
    "breaths per minute": "/min",
    "mL/min·kg": "mL/kg/min",
    "mL·min": "mL.min",
    "E/l": "U/l",
    "EU/dL": "[EU]/dL",
    "pH": "[pH]",
    "Cal": "[Cal]",
    "kpa": "kPa",
    "T/l": "10*12/L",
    "E9/L": "10*9/L",
    "10 exp 9/L": "10*9/L",
    "u/l": "U/l",
    "mu/L": "mU/L",
    "Gm/dL": "g/dL",
    "Mg/dL": "mg/dL",
    "mph": "[mi_i]/h",
    "FT": "[ft_i]",
    "l/mn": "l/min",
    "mAs": "mA.s",
    "HU": "[hnsf'U]",
    "\N{MASCULINE ORDINAL INDICATOR}C": "Cel",
    "mg/dL (calc)": "mg/dL",
    "hour(s)": "h",
    "kg/m**2": "kg/m2",
    "mL/(kg·min)": "mL/(kg.min)",
    "dyn*s/cm5": "dyn.s/cm5",
    "mL/min/1,73 m²": "mL/min/{1.73_m2}",
    "per HPF": "/[HPF]",
    "log10 copies/mL": "{Log_copies}/mL",
    "% w/v": "g/dL",
}


@pytest.mark.parametrize(("text", "unit"), ALIASES.items())
def test_alias(text, unit):
    found = resolve(text)
    assert (found.unit, found.status) == (unit, "alias")


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("MG/DL", "mg/dL"),
        ("MG", "mg"),
        ("ML", "mL"),
        ("MG/dL", "mg/dL"),
        ("G/DL", "g/dL"),
        ("PG/ML", "pg/mL"),
        ("MMOL/L", "mmol/L"),
        ("UG/ML", "ug/mL"),
        ("NG/ML", "ng/mL"),
        ("MEQ/L", "meq/L"),
        ("mEq/L", "meq/L"),
        ("mOsm/kg", "mosm/kg"),
        ("KG", "kg"),
        ("hz", "Hz"),
        ("CEL", "Cel"),
    ],
)
def test_case(text, unit):
    assert (resolve(text).unit, resolve(text).status) in ((unit, "case"), (unit, "alias"))
    assert resolve(text).status == ("alias" if text == "G/DL" else "case")


@pytest.mark.parametrize(
    "text",
    [
        *(
            "mg/dL",
            "mmol/l",
            "10*3/uL",
            "10^3/ul",
            "/min",
            "{beats}/min",
            "1",
            "%",
            "U/L",
            "K",
            "cal",
            "kcal",
        ),
        *("T", "g%", "m/s2", "mL/min/{1.73_m2}", "mmol.L-1", "[IU]/L", "umol/(8.h)", "cP", "mm[Hg]", "N/A2"),
    ],
)
def test_ucum_stays(text):
    assert resolve(text) == Resolution(text, "ucum")
    assert resolve(f" {text}\t") == Resolution(text, "ucum")


@pytest.mark.parametrize(
    ("text", "candidates"),
    [
        ("C", ("Cel", "C")),
        ("c", ("Cel", "C")),
        ("F", ("[degF]", "F")),
        ("M", ("mol/L", "m", "mo", "10*6")),
        ("m", ("m", "min", "mo")),
        ("U", ("U", "[iU]", "[arb'U]")),
        ("units", ("U", "[iU]", "[arb'U]")),
        ("units/L", ("U/L", "[iU]/L", "[arb'U]/L")),
        ("oz", ("[oz_av]", "[foz_us]")),
        ("G/L", ("10*9/L", "g/L")),
        ("109/L", ("10*9/L", "109/L")),
        ("1.5", ("1.5",)),
        ("g/cm-2", ("g/cm2", "g/cm-2")),
        ("mg/L-1", ("mg/L", "mg/L-1")),
        ("AU/mL", ("[arb'U]/mL", "[AU]/mL", "AU/mL")),
        ("au/ml", ("[arb'U]/ml", "[AU]/ml", "AU/ml")),
        ("EU/mL", ("{EU}/mL", "[EU]/mL")),
        ("l/m", ("L/min", "L/m")),
        ("D", ("[diop]", "d")),
        ("MHZ", ("MHz", "mHz")),
        ("units/hr", ("U/h", "[iU]/h", "[arb'U]/h")),
    ],
)
def test_ambiguous(text, candidates):
    found = resolve(text)
    assert (found.unit, found.status, found.candidates) == (None, "ambiguous", candidates)
    assert found.note


@pytest.mark.parametrize(
    ("text", "expected", "unit", "status"),
    [
        ("C", "Cel", "Cel", "alias"),
        ("F", "K", "[degF]", "alias"),
        ("m", "cm", "m", "ucum"),
        ("m", "s", None, "ambiguous"),  # minute and month are both times
        ("M", "mmol/L", "mol/L", "alias"),
        ("U/L", "[iU]/L", "U/L", "ucum"),  # nothing is ambiguous, so nothing is decided
        ("U", "[iU]", "[iU]", "alias"),
        ("oz", "kg", "[oz_av]", "alias"),
        ("G/L", "10*9/L", "10*9/L", "alias"),
        ("cc", "mL", "mL", "alias"),
        ("cc", "kg", None, "ambiguous"),
        ("S", "min", "s", "alias"),
        ("MV", "uV", None, "ambiguous"),
    ],
)
def test_the_expected_quantity_decides(text, expected, unit, status):
    found = resolve(text, expected)
    assert (found.unit, found.status) == (unit, status)


@pytest.mark.parametrize(
    ("text", "expected", "unit"),
    [
        ("U", None, "U"),
        ("m", None, "m"),
        ("C", "Cel", "Cel"),
        ("K/uL", None, "10*3/uL"),
        ("units", None, None),
        ("2.5.mL", None, None),
        ("M", None, None),
    ],
)
def test_a_code_that_is_declared_ucum_is_taken_at_its_word(text, expected, unit):
    assert resolve(text, expected, declared=True).unit == unit


def test_a_decimal_point_is_never_decided():
    assert resolve("2.5.mL", "mL").status == "ambiguous"


def test_an_expected_quantity_that_is_no_unit_is_an_error():
    with pytest.raises(UcumError):
        resolve("C", "temperature")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "*",
        "n/a",
        "N/A",
        "w/v",
        "mL/kg·h·h",
        "null",
        "foo",
        "Unit1",
        "10Q",
        "//",
        "x" * 500,
        "mg/foo",
    ],
)
def test_unknown(text):
    found = resolve(text)
    assert (found.unit, found.status) == (None, "unknown")
    assert found.note


def test_a_guess_is_offered_but_not_taken():
    assert resolve("mmoll/L") == Resolution(None, "unknown", "not a unit that is known", ("mmol/L",))


def test_many_ambiguous_parts_do_not_explode():
    assert len(resolve("/".join(["unit"] * 40)).candidates) <= 12


WORDS = st.sampled_from(
    [*(row.alias for row in aliases()), "mg", "dL", "10^3", "24h", "²", "µ", "(", ")", "{x}", "foo"]
)
TEXTS = st.lists(WORDS | st.sampled_from(["/", ".", " ", " per "]), max_size=6).map("".join) | st.text(
    max_size=30
)


@given(TEXTS)
def test_whatever_is_written_the_answer_is_sound(text):
    found = resolve(text)
    assert (found.unit is None) == (found.status in ("ambiguous", "unknown"))
    assert found.unit is None or is_valid(found.unit)
    assert all(is_valid(unit) for unit in found.candidates)
    assert found.status != "ambiguous" or found.candidates
    if found.status == "ucum":
        assert found.unit == text.strip()
