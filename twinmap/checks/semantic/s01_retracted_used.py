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

from twinmap.checks.context import Context
from twinmap.compare.signature import RETRACTED
from twinmap.diagnostics import Finding, Severity
from twinmap.kinds import KINDS
from twinmap.sqltext import quoted

SEVERITY = Severity.ERROR
HELP = "leave withdrawn records out by keep, or ask for the status in every query"

#: The columns that may say whether a statement stands; the first that a kind has does.
_STATUS = ("verification_status", "status")
#: HL7 table 0085: deleted, posted as wrong, cannot be obtained.
_OBX_11 = ("D", "W", "X")


def check(context: Context) -> Iterator[Finding]:
    """One finding a source, kind, mapping rule and status."""
    for kind, known in KINDS.items():
        column = next((name for name in _STATUS if name in known.names), None)
        if column is None:
            continue
        for seen in context.grouped(kind, _said(context, kind, column), "status"):
            yield context.finding(
                "TM-S01",
                f"{kind} of {seen.source} is {seen.code}, and is stated",
                seen,
                "status",
                "verification",
                concept=f"{kind} {seen.code}",
                details={"kind": kind, "status": seen.code},
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
