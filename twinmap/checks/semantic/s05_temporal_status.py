"""One source has a condition or allergy as active that another one has as over.

What it means:
    Both state the same code of the same patient, with the same day as its start. The clinical status is ``active``,
    ``recurrence`` or ``relapse`` in one, and ``inactive``, ``remission`` or ``resolved`` in the other. Episodes that
    start on other days are two, and are not meant; neither is what is refuted.

Why it matters:
    A problem list made of both shows it, or does not, depending on which source comes first.

Example:
    ehr: pneumonia since 2026-03-01, active     clinic: pneumonia 2026-03-01 to 2026-03-20, resolved

What to do:
    Take the status of the source that saw the patient last: usually nobody closed the other entry.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap import registry
from twinmap.checks.assertions import opposed
from twinmap.checks.context import Context
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.WARNING
HELP = "take the status of the source that saw the patient last"

_DAY_US = 86_400_000_000
_TEST = (
    "a.source <> b.source AND a.phase = 'active' AND b.phase = 'ended' "
    f"AND a.from_us // {_DAY_US} = b.from_us // {_DAY_US} "
    "AND a.verification IS DISTINCT FROM 'refuted' AND b.verification IS DISTINCT FROM 'refuted'"
)


def check(context: Context) -> Iterator[Finding]:
    """One finding a pair of sources, mapping rule and code; its count is that of the patients."""
    for item in opposed(context, _TEST):
        yield registry.finding(
            "TM-S05",
            f"{item.kind}: {item.said} is active in {item.source}, and over in {item.other}",
            where=context.where(item.rule, "status"),
            places=item.places,
            sources=(item.source, item.other),
            concept=f"{item.kind} {item.said}",
            rule=item.rule,
            details={"kind": item.kind, "detail": item.source},
            count=item.number,
        )
