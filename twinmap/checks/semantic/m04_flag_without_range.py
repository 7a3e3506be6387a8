"""A value is flagged as high or low, and nothing says against which range.

What it means:
    The flag is H, L, HH, LL, HU, LU, < or > (HL7 table 0078), and no statement of this code in this source has a
    reference range with a number in it: a range that is a text alone is not kept. Flags that compare with no range (A,
    N, S, R) are not meant.

Why it matters:
    High for whom, by which method? A flag without its range cannot be checked, and two laboratories' flags cannot
    be compared: the limits depend on age, sex, method and specimen.

Example:
    OBX|1|NM|2823-3^Potassium^LN||5.2|mmol/L||H         # OBX-7 is empty

What to do:
    Bind ``range`` to where the source has the reference range (OBX-7, ``referenceRange``, a column); where it has
    none, do not use its flags.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from twinmap.checks.context import Context
from twinmap.checks.statements import Fact, facts, told
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.WARNING
HELP = "bind range to where the source has it; without a range do not use the flag"


def check(context: Context) -> Iterator[Finding]:
    """One finding a source, mapping rule and concept."""
    if not _has(context):
        return
    for (source, concept), found in facts(context).items():
        if any(fact.ranged for fact in found):
            continue
        by_rule: dict[str, list[Fact]] = defaultdict(list)
        for fact in found:
            if fact.beyond:
                by_rule[fact.rule].append(fact)
        for flagged in by_rule.values():
            yield told(
                context,
                "TM-M04",
                f"{context.said(concept)}: values of {source} are flagged as high or low, and no limits are stated",
                flagged,
                "flag IS NOT NULL",
                "range",
                "flag",
                concept=concept,
            )


def _has(context: Context) -> bool:
    """Whether there is any flag: an empty column is read at no cost."""
    table = context.table("observation")
    return table is not None and bool(context.duck.value(f"SELECT count(flag) FROM {table}"))
