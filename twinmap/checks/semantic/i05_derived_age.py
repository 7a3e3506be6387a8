"""An age that is stated does not fit the birth date.

What it means:
    An observation of the age (LOINC 30525-0, 21612-7 reported, 29553-5 calculated), in years, months, weeks or days,
    differs from the age that the birth date of the same twin gives for that day by more than a year beyond what
    counting in whole years explains. Birth dates that are not known to the day are left out.

Why it matters:
    One of the two is of another person, of another day, or a typing error; whatever depends on the age (reference
    ranges, doses, strata) is wrong with it.

Example:
    birth date 1950-03-01, age 67 on 2026-03-26

What to do:
    Use the birth date, and compute the age where it is needed. Many findings at once mean that one of the fields is
    not what the mapping takes it for.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks.context import Context
from twinmap.diagnostics import Finding, Severity
from twinmap.sqltext import quoted
from twinmap.terms import loinc

SEVERITY = Severity.WARNING
HELP = "use the birth date, and compute the age where it is needed"

#: General, reported, calculated age (HL7 Terminology, LOINCObservationActContextAgeType).
AGES = ("30525-0", "21612-7", "29553-5")
_YEAR_US = 31_557_600_000_000
_YEARS = {"a": 1.0, "mo": 1 / 12, "wk": 7 / 365.25, "d": 1 / 365.25}


def check(context: Context) -> Iterator[Finding]:
    """One finding a source and mapping rule."""
    patients = context.table("patient")
    if patients is None or not any(seen.code in AGES for seen in context.codes):
        return
    context.duck.run(
        "CREATE OR REPLACE TEMP TABLE k_birth AS SELECT twin, epoch_us(min(try_cast(birth_date AS TIMESTAMP))) AS born "
        f"FROM {patients} WHERE birth_precision = 'day' GROUP BY twin HAVING min(birth_date) = max(birth_date)"
    )
    factor = " ".join(f"WHEN {quoted(unit)} THEN {years!r}" for unit, years in _YEARS.items())
    stated = f"s.value_num * CASE s.unit {factor} END"
    age = f"(s.start_us - k.born) / {_YEAR_US}.0"
    said = (
        f"CASE WHEN s.code_system = {quoted(loinc.SYSTEM)} AND s.code IN {AGES} AND s.comparator IS NULL "
        f"AND ({stated} > {age} + 1 OR {stated} < {age} - 2) THEN 'age' END"
    )
    for seen in context.grouped("observation", said, "value", "JOIN k_birth k ON k.twin = s.twin"):
        yield context.finding(
            "TM-I05",
            f"ages that {seen.source} states do not fit the birth dates",
            seen,
            "value",
            concept="age",
        )
