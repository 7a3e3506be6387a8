"""Two editions or versions of one code system are in use.

What it means:
    A code map says for which version of a code system it was made (``object_source_version`` of SSSOM,
    ``targetVersion`` of a FHIR ConceptMap), and that is not the one of another code map, or not the edition that
    the terminology store answers from.

Why it matters:
    Codes are added, withdrawn and sometimes changed from release to release. A map that was reviewed against an
    old release may have targets that are deprecated today; whether one changed its meaning is N06.

Example:
    lab.sssom.tsv was made for LOINC 2.72, the store has LOINC 2.82

What to do:
    Review the map against the newer release (``twinmap terms``), and write its version. Where it must stay, pin
    that edition.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from twinmap import registry
from twinmap.checks import Context
from twinmap.checks.terms import Terms, short
from twinmap.checks.written import Written
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.INFO
HELP = "review the map against the newer release, and write its version"


def check(context: Context) -> Iterator[Finding]:
    """One finding a system of which the maps of several sources, or a map and the store, have other versions."""
    yield from _differing(context.written.items(), context.terms)


def written(context: Written) -> Iterator[Finding]:
    """The same for the maps of one mapping."""
    yield from _differing([(context.source, context)], context.terms)


def _differing(sources: Iterable[tuple[str, Written]], terms: Terms) -> Iterator[Finding]:
    named: dict[str, dict[str, tuple[str, Written]]] = defaultdict(dict)
    for source, context in sources:
        for _, codes in context.maps:
            for system, versions in codes.versions.items():
                for version in versions:
                    named[system].setdefault(version, (source, context))
    for system, by_version in sorted(named.items()):
        held = terms.version(system)
        every = sorted({*by_version, *([held] if held else [])})
        if len(every) < 2:
            continue
        prefix = short(system)
        name, where = next(
            (codes.name, owner.where(rule.id, "code"))
            for _, owner in by_version.values()
            for rule, codes in owner.maps
            if system in codes.versions
        )
        yield registry.finding(
            "TM-N05",
            f"{name} names {prefix} {', '.join(sorted(by_version))}"
            + (f", the store has {held}" if held else ""),
            where=where,
            sources=tuple(sorted({source for source, _ in by_version.values()})),
            concept=prefix,
            details={"versions": every},
        )
