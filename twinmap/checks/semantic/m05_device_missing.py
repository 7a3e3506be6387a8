"""Some values of a series say which device made them, and the others of the same rule do not.

What it means:
    One mapping rule of a source states the concept with a device in at least half of the statements, ten or more,
    and without one in the rest. A rule that never names a device is not meant: there, nothing got lost.

Why it matters:
    A reading without its device cannot be told from one of another device: a double that came by two routes, or
    one clock that is wrong, is not found for it.

Example:
    heart-rate of ward: 940 values of a monitor, 60 of none

What to do:
    Look at the first places: an empty device field is often a value that was typed by hand. Where that is so,
    state it (``origin``), or have the source fill in the device.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from twinmap.checks.context import Context
from twinmap.checks.statements import Fact, facts, number, told
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.WARNING
HELP = "look at the first places: bind device where it is known, and origin where values are typed by hand"

#: Statements with a device that make it the rule.
_FEWEST = 10


def check(context: Context) -> Iterator[Finding]:
    """One finding a source, mapping rule and concept."""
    if not _has(context):
        return
    for (source, concept), found in facts(context).items():
        by_rule: dict[str, list[Fact]] = defaultdict(list)
        for fact in found:
            if not fact.absent:
                by_rule[fact.rule].append(fact)
        for of_rule in by_rule.values():
            without = [fact for fact in of_rule if not fact.device]
            known = number(of_rule) - number(without)
            if not without or known < max(_FEWEST, number(without)):
                continue
            yield told(
                context,
                "TM-M05",
                f"{context.said(concept)}: values of {source} name no device, and most others of the rule do",
                without,
                "device IS NULL AND value_kind <> 'absent'",
                "device",
                concept=concept,
                details={"with_device": known},
            )


def _has(context: Context) -> bool:
    """Whether there is any device: an empty column is read at no cost."""
    table = context.table("observation")
    return table is not None and bool(context.duck.value(f"SELECT count(device) FROM {table}"))
