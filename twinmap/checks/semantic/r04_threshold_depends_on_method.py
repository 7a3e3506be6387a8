"""Values of one setting are judged by the threshold of another.

What it means:
    Values that the mapping states as measured at home, or in the clinic, carry a reference range whose upper end is
    the one for the other of the two. The ends with their source are ``ontologies/checks/thresholds.yaml``: today
    blood pressure (140/90 mm[Hg] in the clinic, 135/85 at home). At least five values have to carry the range.

Why it matters:
    Blood pressure at home is lower than in the clinic. Judged by the clinic's threshold, high pressure at home is
    not flagged.

Example:
    systolic, setting home, range up to 140 mm[Hg]

What to do:
    Judge each value by the threshold of its own setting, and leave the range out where it is that of another.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks.context import Context, Stated
from twinmap.checks.values import facts, ranges
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.WARNING
HELP = "judge each value by the threshold of its own setting"

FEWEST = 5
_OTHER = {"home": "clinic", "clinic": "home"}


def check(context: Context) -> Iterator[Finding]:
    """One finding a source and concept."""
    known = {section.text("concept"): section for section in facts("thresholds").sections("thresholds")}
    asked = {item.group for item in context.compared.signatures if item.word("setting") in _OTHER}
    if not asked & known.keys():
        return
    for found in ranges(context, FEWEST):
        setting, threshold = found.item.word("setting") or "", known.get(found.item.group)
        if threshold is None or setting not in _OTHER or found.unit != threshold.text("unit"):
            continue
        other = _OTHER[setting]
        if found.high is None or f"{round(found.high, 6):g}" not in threshold.texts(other):
            continue
        stated = Stated(found.item, found.item.rule, found.n, context.first(found.item, slot="range"))
        yield context.finding(
            "TM-R04",
            f"{found.item.group}: values of {found.item.source} in the setting {setting} are judged by the "
            f"threshold of the setting {other}",
            stated,
            "range",
            facet="setting",
            details={"high": found.high, "unit": found.unit, "source": threshold.text("source")},
        )
