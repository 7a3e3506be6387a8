"""A statement says something else than its own code: another specimen, site or posture.

What it means:
    The code fixes a facet (LOINC 2160-0 is creatinine in serum or plasma), and the statement gives another
    value for the same facet that excludes it (specimen urine). Such a statement is ``not-comparable`` with
    anything. A more precise value is no contradiction: serum beside "serum or plasma".

Why it matters:
    One of the two is wrong, and there is no telling which. Creatinine in urine is about a hundred times that
    in serum.

Example:
    code 2160-0 (Creatinine in Serum or Plasma), specimen urine

What to do:
    Correct the code or the facet, in the mapping or at the sender.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks import Asked
from twinmap.checks.explanations import Difference
from twinmap.compare.relation import Nature
from twinmap.diagnostics import Finding, Severity
from twinmap.terms.facets import spoken

SEVERITY = Severity.ERROR
HELP = "correct the code or the facet, in the mapping or at the sender"
TELLS = Difference(nature=Nature.CONTRADICTED)


def check(context: Asked) -> Iterator[Finding]:
    """One finding a source, code, facet and mapping rule."""
    asked = [(item, "true") for item in context.signatures if item.contradictions]
    for found in context.statements(asked):
        item = found.signature
        for wrong in item.contradictions:
            stated, fixed = spoken(wrong.facet, wrong.stated), spoken(wrong.facet, wrong.fixed)
            yield context.finding(
                "TM-F06",
                f"{item.group}: the {wrong.facet} is {stated}, and {item.meaning.curie} means {fixed}",
                found,
                wrong.facet,
                "code",
                facet=wrong.facet,
                relation="not-comparable",
                details={"stated": wrong.stated, "fixed": wrong.fixed, "code": item.meaning.curie},
            )


#: A rule may state a facet beside a code that excludes it.
written = check
