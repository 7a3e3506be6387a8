"""A code is narrower or broader than the one that it is mapped to or compared with.

What it means:
    The row's predicate is ``skos:broadMatch`` (the target is broader), ``skos:narrowMatch`` (narrower),
    ``skos:closeMatch`` or ``skos:relatedMatch``; a FHIR ConceptMap says the same with ``wider``,
    ``narrower`` and so on. The target is used, the received code and the predicate are kept beside it
    (``raw_code``, ``map_predicate``). The same code tells where, of two sources, one is more specific in a facet:
    an oscillometric pressure beside one that is merely noninvasive. And ``check`` tells, of a code map: a row
    whose label says more than its exact match (an arterial line, matched to pressure in general), and exact
    matches of which one includes another: if local codes A and B are apart, the target of A cannot include that
    of B.

Why it matters:
    What was lost or added by the mapping is lost or added for good: a pressure from an arterial line that is
    mapped to blood pressure in general no longer says how it was measured. Such a statement is never told to
    be equivalent to one that carries the target itself.

Example:
    lab:ART-SYS  skos:broadMatch  loinc:8480-6      # an arterial line, mapped to systolic pressure

What to do:
    Look for a code that says all of it, or state the rest as a facet (``method``, ``site``, ``specimen``).
    Where both codes do mean the same, correct the predicate to ``skos:exactMatch``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import combinations

from twinmap.checks.explanations import OPEN, Difference
from twinmap.checks.written import Row, Written
from twinmap.compare.meaning import of_code
from twinmap.compare.relation import Nature, relation
from twinmap.compare.signature import Signature
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.INFO
MESSAGE = "a code was mapped by a row that is not an exact match"
HELP = (
    "state the facet in the mapping of the source that leaves it open, if it is known; a row of a code map whose "
    "codes mean the same says skos:exactMatch"
)
TELLS = (
    Difference(relation=OPEN),
    Difference(relation=OPEN, nature=Nature.MAPPED),
    Difference(relation="unknown", nature=Nature.MAPPED),
)
#: How many codes a message names.
_TOLD = 3


def written(context: Written) -> Iterator[Finding]:
    """One finding an exact match of a code map whose target includes that of another code."""
    for rule, codes in context.maps:
        exact = [row for row in context.rows if row.map is codes and row.match.predicate == "skos:exactMatch"]
        for (system, broad), narrower in _included(context, exact):
            subjects = _told(
                context, (row for row in exact if row.match.code == broad and row.system == system)
            )
            others = _told(
                context, (row for row in exact if row.match.code in narrower and row.system == system)
            )
            facets = sorted({facet for found in narrower.values() for facet in found})
            first = next(row for row in exact if row.match.code == broad and row.system == system)
            target = context.curie(first.match.system, broad)
            yield context.on_map(
                "TM-G01",
                f"{subjects}: the exact match {target} includes those of {others}, which are more specific "
                f"in {', '.join(facets)}",
                rule,
                codes,
                first.match.line,
                concept=target,
                relation="a-broader",
                details={"narrower": sorted(narrower), "facets": facets, "detail": system},
            )


def _included(
    context: Written, exact: list[Row]
) -> Iterator[tuple[tuple[str, str], Mapping[str, list[str]]]]:
    """By subject system and target: the targets of other codes that it includes, and in which facets."""
    by_concept: dict[tuple[str, str], dict[str, Signature]] = defaultdict(dict)
    for row in exact:
        meaning = of_code(row.match.system, row.match.code, context.catalogue)
        if meaning.concept is not None:
            signature = Signature(0, context.source, meaning, facets=meaning.facets)
            by_concept[row.system, meaning.concept.name].setdefault(row.match.code, signature)
    found: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(dict)
    for (system, _), targets in by_concept.items():
        for (one, a), (other, b) in combinations(targets.items(), 2):
            related = relation(a, b)
            if related.relation in ("a-narrower", "a-broader"):
                broad, narrow = (other, one) if related.relation == "a-narrower" else (one, other)
                differ = [
                    item.facet.removeprefix("loinc-")
                    for item in related.facets
                    if item.relation in ("narrower", "broader")
                ]
                found[system, broad][narrow] = differ
    yield from sorted(found.items(), key=lambda entry: entry[0])


def _told(context: Written, rows: Iterator[Row]) -> str:
    """The subjects of rows, the first few by name."""
    names = list(dict.fromkeys(context.curie(row.system, row.code) for row in rows))
    return ", ".join(names[:_TOLD]) + (f" and {len(names) - _TOLD} more" if len(names) > _TOLD else "")
