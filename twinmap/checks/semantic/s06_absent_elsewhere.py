"""One source says that there is no value, the other has one of the same moment.

What it means:
    A statement of one source has no value, and says so or says why (``dataAbsentReason``, N in OBX-11); another
    source states a value of the same patient and concept at the same second. The finding counts the statements
    without one.

Why it matters:
    Whether a value is missing is itself a finding: a study that counts missing values counts one that exists, and a
    value that was masked or withdrawn in one source may be used from the other by mistake.

Example:
    registry: 2026-03-01T08:15:00 no value, masked          ward: 2026-03-01T08:15:00 4.1 mmol/L

What to do:
    Find out why it is absent. What was masked on purpose must not come back by the other source; what was not sent
    may be taken from it.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks.context import FIRST, Context, Seen
from twinmap.checks.statements import TIMED, grouped
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.WARNING
HELP = "find out why it is absent: masked values must not come back by the other source"


def check(context: Context) -> Iterator[Finding]:
    """One finding a pair of sources, mapping rule and concept."""
    absent = {(item.source, item.group) for item in context.signatures if item.values == "absent"}
    if not any(
        item.group == group and item.source != source and item.values != "absent"
        for item in context.signatures
        for source, group in absent
    ):
        return
    grouped(context)
    rows = (
        "SELECT s.source, rule, twin, start_us, file, record, line, part, grp, concept "
        f"FROM {context.table('observation')} s JOIN k_group k ON k.code = s.code "
        f"AND k.code_system = coalesce(s.code_system, '') WHERE {TIMED}"
    )
    context.duck.run(f"CREATE OR REPLACE TEMP TABLE k_absent AS {rows} AND value_kind = 'absent'")
    for source, other, rule, concept, count, places in context.duck.rows(
        f"SELECT source, other, rule, concept, count(*), {FIRST} FROM (SELECT DISTINCT a.*, b.source AS other "
        f"FROM k_absent a JOIN ({rows} AND value_kind <> 'absent' AND s.status IS DISTINCT FROM 'entered-in-error') b "
        "ON b.twin = a.twin AND b.grp = a.grp AND b.start_us // 1000000 = a.start_us // 1000000 "
        "WHERE b.source <> a.source) GROUP BY ALL ORDER BY ALL"
    ):
        seen = Seen(
            "observation", source, rule, None, concept, "value", count, context.places(source, places)
        )
        yield context.finding(
            "TM-S06",
            f"{context.said(concept)}: {source} has no value, and {other} has one of the same moment",
            seen,
            "absent",
            "value",
            sources=(source, other),
            details={"detail": source},
        )
