"""One source says a facet in its code, the other beside it, and both say the same.

What it means:
    LOINC 8459-0 is a systolic pressure taken sitting; 8480-6 with the posture sitting means the same. Codes are
    taken apart before they are compared, and what stands in the code of one side equals what stands beside the
    code of the other. As far as this facet goes, the two are ``equivalent``.

Why it matters:
    Whoever compares codes takes the two for different, and whoever drops the facet makes one of them mean less.

Example:
    ehr: LOINC 8459-0       ward: LOINC 8480-6, posture sitting

What to do:
    Nothing. Where the statements go to a system that knows codes alone, map both to the code that says all of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap import registry
from twinmap.checks.context import Context
from twinmap.checks.explanations import Difference
from twinmap.checks.statements import is_split, split
from twinmap.compare.signature import Signature
from twinmap.diagnostics import Finding, Severity
from twinmap.terms.facets import spoken

SEVERITY = Severity.INFO
HELP = "nothing is wrong; for systems that know codes alone, map both to the code that says all of it"
TELLS = Difference(relation="=", when=is_split)


def check(context: Context) -> Iterator[Finding]:
    """One finding a pair of sources, concept and facet; its count is the number of pairs of signatures."""
    for pair, item, count in split(context, "TM-F11"):
        coded, beside = (pair.a, pair.b) if _in_code(pair.a, item.facet) else (pair.b, pair.a)
        word = spoken(item.facet, item.a)
        yield registry.finding(
            "TM-F11",
            f"{pair.a.meaning.said}: the {item.facet} {word} is in the code of {coded.source} "
            f"and beside that of {beside.source}",
            where=context.where(beside.rule, item.facet),
            places=context.first(pair.a, pair.b, slot=item.facet),
            sources=(pair.a.source, pair.b.source),
            concept=pair.group,
            facet=item.facet,
            relation=pair.relation.relation,
            details={"codes": [pair.a.meaning.curie, pair.b.meaning.curie]} if coded.meaning.axes else {},
            count=count,
        )


def _in_code(signature: Signature, facet: str) -> bool:
    """Whether the code itself says the facet, and nothing beside it does."""
    said = signature.facets[facet]
    return said == signature.meaning.facets.get(facet)
