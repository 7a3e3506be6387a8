"""A statement is about a time at which it cannot have been made.

What it means:
    It starts more than a day before the birth of the patient, or before 1900. As a warning: more than a day
    after the patient's death. A day is left for time zones, and a birth date that is only a year is taken as
    its first day.

Why it matters:
    Such times come from a wrong format (day and month swapped, seconds read as milliseconds), a default such as
    1899-12-30, or a wrong patient.

Example:
    heart-rate at 1753-01-01        birth date 1970-03-01, glucose at 1907-03-01

What to do:
    Look at ``format`` of the time in the mapping, and at the first places. A default date of the source belongs
    into ``missing``.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks.context import Context
from twinmap.diagnostics import Finding, Severity
from twinmap.kinds import KINDS

SEVERITY = Severity.ERROR
HELP = "look at the format of the time in the mapping; default dates of the source belong into missing"

_DAY_US = 86_400_000_000
_YEAR_1900_US = -2_208_988_800_000_000
_SAYS = {
    "birth": "before the birth of the patient",
    "1900": "before 1900",
    "death": "after the death of the patient",
}


def check(context: Context) -> Iterator[Finding]:
    """One finding a source, kind, mapping rule and reason."""
    _lives(context)
    for kind, known in KINDS.items():
        if "start_us" not in known.names:
            continue
        for seen in context.grouped(
            kind, _reason(known.past), "time", "LEFT JOIN k_life l ON l.twin = s.twin"
        ):
            yield context.finding(
                "TM-T07",
                f"{kind} of {seen.source}: the time is {_SAYS[seen.code]}",
                seen,
                "time",
                severity=Severity.WARNING if seen.code == "death" else SEVERITY,
                concept=f"{kind} {seen.code}",
                details={"kind": kind, "reason": seen.code},
            )


#: What is found out after a death: LOINC 69453-9, cause of death on the US standard certificate.
_AFTER_DEATH = ("69453-9",)


def _reason(past: bool) -> str:
    """SQL of what is wrong with the start of a statement; null where nothing is, or it has none."""
    tests = [
        ("birth", f"s.start_us < l.birth_us - {_DAY_US}"),
        ("1900", f"s.start_us < {_YEAR_1900_US}"),
    ]
    if past:
        told = ", ".join(f"'{code}'" for code in _AFTER_DEATH)
        late = f"s.start_us > l.death_us + {2 * _DAY_US} AND coalesce(s.code NOT IN ({told}), true)"
        tests.append(("death", late))
    return f"CASE {' '.join(f'WHEN {test} THEN {reason!r}' for reason, test in tests)} END"


def _lives(context: Context) -> None:
    """The table ``k_life``: earliest birth and latest death of each twin, the start of the day each."""
    table = context.table("patient")
    padded = "concat(birth_date, CASE length(birth_date) WHEN 4 THEN '-01-01' WHEN 7 THEN '-01' ELSE '' END)"
    death = "CASE WHEN regexp_full_match(deceased, '[0-9]{4}-[0-9]{2}-[0-9]{2}([T ].*)?') THEN left(deceased, 10) END"
    rows = (
        f"SELECT twin, min(epoch_us(try_cast({padded} AS TIMESTAMP))) AS birth_us, "
        f"max(epoch_us(try_cast({death} AS TIMESTAMP))) AS death_us FROM {table} GROUP BY twin"
        if table
        else "SELECT '' AS twin, 0::BIGINT AS birth_us, 0::BIGINT AS death_us WHERE false"
    )
    context.duck.run(f"CREATE OR REPLACE TEMP TABLE k_life AS {rows}")
