"""One source suspects a condition or allergy of a patient that another one confirms for the same time.

What it means:
    The statement of one source is ``unconfirmed``, ``provisional`` or ``differential``, that of the other
    ``confirmed``, with the same code; both hold at one time. What has no date, or only a month, is not taken to be at
    the same time, and a statement without a verification status says nothing about how sure it is.

Why it matters:
    Counted together, a suspicion is a diagnosis. The two sources do not contradict each other: one knew less.

Example:
    emergency: pulmonary embolism, provisional, 2026-03-01      ward: confirmed, active since 2026-03-01

What to do:
    Ask for ``confirmed`` in every query, or leave the suspicions out by ``keep``.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap import registry
from twinmap.checks.assertions import OVERLAP, opposed
from twinmap.checks.context import Context
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.WARNING
HELP = "ask for confirmed in every query, or leave suspicions out by keep"

_SUSPECTED = "a.verification IN ('unconfirmed', 'provisional', 'differential')"


def check(context: Context) -> Iterator[Finding]:
    """One finding a pair of sources, mapping rule and code; its count is that of the patients."""
    test = f"a.source <> b.source AND {_SUSPECTED} AND b.verification = 'confirmed' AND {OVERLAP}"
    for item in opposed(context, test):
        yield registry.finding(
            "TM-S04",
            f"{item.kind}: {item.source} suspects {item.said}, and {item.other} confirms it",
            where=context.where(item.rule, "verification"),
            places=item.places,
            sources=(item.source, item.other),
            concept=f"{item.kind} {item.said}",
            rule=item.rule,
            relation="a-broader",
            details={"kind": item.kind, "detail": item.source},
            count=item.number,
        )
