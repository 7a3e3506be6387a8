"""One source tells preliminary results of a concept, the other final ones.

What it means:
    Two sources have the concept of the same patients. Statements of one are ``preliminary`` or ``registered``
    (FHIR; P in OBX-11 of HL7 v2), and the other tells ``final``, ``amended`` or ``corrected`` ones. There is one
    finding a source that has preliminary ones; its count is theirs.

Why it matters:
    A preliminary result may still change. If it is compared with the final one, the difference is that of time and
    not of the sources; pooled with it, one result counts twice.

Example:
    ward: status preliminary        laboratory: status final

What to do:
    Leave the preliminary statements out by ``keep: {status: {not: [registered, preliminary]}}``, or ask for the
    status in every query. A source that states no status is not told of.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks.context import Context
from twinmap.checks.statements import both, facts, told
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.WARNING
HELP = "leave preliminary results out by keep, or ask for the status in every query"

_OPEN = ("preliminary", "registered")
_FINAL = ("final", "amended", "corrected")


def check(context: Context) -> Iterator[Finding]:
    """One finding a pair of sources, concept and side with preliminary results."""
    for item in both(context):
        known = facts(context)
        for source, other in item.sides:
            early = [fact for fact in known[source, item.concept] if fact.status in _OPEN and not fact.absent]
            if not early or not any(fact.status in _FINAL for fact in known[other, item.concept]):
                continue
            yield told(
                context,
                "TM-S02",
                f"{context.said(item.concept)}: results of {source} are preliminary, those of {other} are final",
                early,
                f"status IN {_OPEN}",
                "status",
                sources=(source, other),
                concept=item.concept,
                details={"detail": source},
            )
