"""A statement was withdrawn by its source, and carries a value all the same.

What it means:
    Its status is ``entered-in-error`` or ``cancelled`` (FHIR), its verification status is
    ``entered-in-error``, or OBX-11 of HL7 v2 is D, W or X. It is kept in the tables and the graph with that
    status, and takes no part in comparisons.

Why it matters:
    A query that does not ask for the status counts a value that its own source has taken back.

Example:
    OBX|1|NM|2345-7^Glucose^LN||400|mg/dL|||||W         # posted as wrong, such as to the wrong patient

What to do:
    Leave such records out by ``keep``, or ask for the status in every query:
    ``keep: {status: {not: [entered-in-error, cancelled]}}``.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap import registry
from twinmap.checks.context import FIRST, Context
from twinmap.compare.signature import RETRACTED
from twinmap.diagnostics import Finding, Severity
from twinmap.mapping.sql import quoted

SEVERITY = Severity.ERROR
HELP = "leave withdrawn records out by keep, or ask for the status in every query"

#: The column that says whether a statement stands, by kind.
_STATUS = {
    "observation": "status",
    "condition": "verification_status",
    "medication": "status",
    "procedure": "status",
    "immunization": "status",
    "allergy": "verification_status",
    "encounter": "status",
}
#: HL7 table 0085: deleted, posted as wrong, cannot be obtained.
_OBX_11 = ("D", "W", "X")


def check(context: Context) -> Iterator[Finding]:
    """One finding a source, kind, mapping rule and status."""
    for kind, column in _STATUS.items():
        table = context.table(kind)
        if table is None:
            continue
        for source, rule, status, count, places in context.duck.rows(
            f"SELECT source, rule, said, count(*), {FIRST} FROM (SELECT *, {_said(context, kind, column)} AS said "
            f"FROM {table}) WHERE said IS NOT NULL GROUP BY ALL ORDER BY source, rule, said"
        ):
            yield registry.finding(
                "TM-S01",
                f"{kind} of {source} is {status}, and is stated",
                where=context.where(rule, "status", "verification"),
                places=context.places(source, places, "status"),
                sources=(source,),
                concept=f"{kind} {status}",
                rule=rule,
                details={"kind": kind, "status": status},
                help=HELP,
                count=count,
            )


def _said(context: Context, kind: str, column: str) -> str:
    """SQL of the status of a statement that was withdrawn, else null."""
    words = ", ".join(map(quoted, RETRACTED if kind == "observation" else RETRACTED[:1]))
    withdrawn = f"CASE WHEN {column} IN ({words}) THEN {column}"
    if kind != "observation":
        return f"{withdrawn} END"
    withdrawn = f"CASE WHEN value_kind = 'absent' THEN NULL {withdrawn.removeprefix('CASE ')}"
    feeds = [quoted(source) for source, name in sorted(context.formats.items()) if name == "hl7v2"]
    if feeds:
        letters = ", ".join(map(quoted, _OBX_11))
        withdrawn += (
            f" WHEN status IS NULL AND status_raw IN ({letters}) AND source IN ({', '.join(feeds)}) "
            "THEN concat('OBX-11 ', status_raw)"
        )
    return f"{withdrawn} END"
