"""It is not known which version of a code system is meant.

What it means:
    A code map does not say for which version of a code system it was made, while the terminology store has an
    edition of that system, or another map names a version: whether they agree cannot be told. Or the edition that
    the store answers from does not say which version it is.

Why it matters:
    Two years later nobody can tell whether a target was right when the map was made, and changed since, or was
    wrong from the beginning.

Example:
    subject_id  predicate_id     object_id      # no object_source_version
    lab:GLU     skos:exactMatch  loinc:2345-7

What to do:
    Add the column ``object_source_version`` (SSSOM), or ``targetVersion`` (ConceptMap). Load releases whose name
    or files say their version.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from twinmap import registry
from twinmap.checks import Asked, Context
from twinmap.checks.terms import short
from twinmap.checks.written import Written
from twinmap.diagnostics import Finding, Severity
from twinmap.terms import systems

SEVERITY = Severity.INFO
HELP = "write the version: object_source_version in SSSOM, targetVersion in a ConceptMap"


def check(context: Context) -> Iterator[Finding]:
    """One finding a system whose edition in the store has no version, or a map that names none."""
    yield from _editions(context)
    yield from _maps(list(context.written.values()), context)


def written(context: Written) -> Iterator[Finding]:
    """The same for one mapping."""
    yield from _editions(context)
    yield from _maps([context], context)


def _editions(context: Asked) -> Iterator[Finding]:
    first = {seen.system: seen for seen in reversed(context.codes) if seen.system}
    for system, seen in sorted(first.items()):
        if context.terms.version(system) == "":
            prefix = short(system)
            message = f"the terminology store does not know the version of its edition of {prefix}"
            advice = "load a release whose name or files say their version"
            yield registry.finding(
                "TM-N07",
                message,
                where=context.where(seen.rule, seen.slot),
                places=seen.places,
                concept=prefix,
                details={"detail": "store"},
                help=advice,
            )


def _maps(every: Sequence[Written], context: Asked) -> Iterator[Finding]:
    """Maps without a version of a system of which some version is known."""
    named = {system for each in every for _, codes in each.maps for system in codes.versions}
    for each in every:
        for rule, codes in each.maps:
            targets = {match.system for matches in codes.entries.values() for match in matches}
            for system in sorted(targets - codes.versions.keys()):
                known = systems.canonical(system)
                if known is not None and (system in named or context.terms.version(system) is not None):
                    message = f"{codes.name} does not say for which version of {known.name} it was made"
                    details = {"detail": codes.name}
                    yield each.on_map("TM-N07", message, rule, codes, concept=known.prefix, details=details)
