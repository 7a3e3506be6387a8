"""One source says in its code where on the body it measures, the other beside it, and less exactly.

What it means:
    The code of one side fixes a place, the other side states ``site`` beside its code, and one of the two places is
    part of the other: an ear, and the ear drum. Codes are taken apart before they are compared; the side with
    the smaller place is the narrower one. Places that exclude each other are F01, places that are equal F11.

Why it matters:
    Whoever compares codes does not see that both speak of the same place, nor that one of them knows the side of
    the body.

Example:
    ward: LOINC 8333-7 (ear drum)       home: LOINC 8310-5, site ear

What to do:
    Nothing, where the side of the body does not matter. Where it does, the broader source cannot tell it.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap import registry
from twinmap.checks.context import Context
from twinmap.checks.explanations import OPEN, Difference
from twinmap.checks.statements import is_split, split
from twinmap.diagnostics import Finding, Severity
from twinmap.terms.facets import spoken

SEVERITY = Severity.INFO
HELP = "compare by the broader place; where the side of the body matters, the broader source cannot tell it"
TELLS = Difference("site", OPEN, when=is_split)


def check(context: Context) -> Iterator[Finding]:
    """One finding a pair of sources and concept; its count is the number of pairs of signatures."""
    for pair, item, count in split(context, "TM-G02"):
        a, b = (spoken("site", value) for value in (item.a, item.b))
        yield registry.finding(
            "TM-G02",
            f"{pair.a.meaning.said}: the site is {a} in {pair.a.source} and {b} in {pair.b.source}, "
            "one of them in the code",
            where=context.where(pair.a.rule, "site") or context.where(pair.b.rule, "site"),
            places=context.first(pair.a, pair.b, slot="site"),
            sources=(pair.a.source, pair.b.source),
            concept=pair.group,
            facet="site",
            relation=pair.relation.relation,
            details={"values": [item.a, item.b]},
            count=count,
        )
