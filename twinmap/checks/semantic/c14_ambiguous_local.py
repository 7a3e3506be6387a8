"""A code map gives one code several targets of one system.

What it means:
    Two or more rows of the map have this code as their subject and targets of one code system, with the same
    predicate. The row that stands first is used. Targets in several systems, or an exact match beside a broader
    one, are no ambiguity: the exact match is used.

Why it matters:
    Which of them is meant depends on something that the map does not know: the specimen, the device, the ward.
    All values of the code get the first target, also those that mean the second.

Example:
    lab:GLU  skos:exactMatch  loinc:2345-7      # serum or plasma
    lab:GLU  skos:exactMatch  loinc:2339-0      # blood

What to do:
    Split the rule by what decides, with a map for each: ``when: {FLUID: Blood}``. Where both rows are true,
    neither is an exact match: map to the broader code.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks.written import Written
from twinmap.diagnostics import Finding, Severity
from twinmap.mapping.codemaps import rivals

SEVERITY = Severity.WARNING
MESSAGE = "a code of shape {shape} has several targets in the map, of which the first is used"
HELP = "split the rule by what decides which target is meant, or map to the broader code"


def written(context: Written) -> Iterator[Finding]:
    """One finding a row of a code map that is used although others say as much."""
    for rule, codes in context.maps:
        for (system, code), matches in codes.entries.items():
            targets = list(dict.fromkeys(other.code for other in rivals(matches[0], matches)))
            if len(targets) < 2:
                continue
            listed = ", ".join(context.curie(matches[0].system, target) for target in targets)
            subject = context.curie(system, code)
            yield context.on_map(
                "TM-C14",
                f"{subject} has {len(targets)} targets: {listed}",
                rule,
                codes,
                matches[0].line,
                concept=subject,
                details={"targets": targets},
            )
