"""A flag contradicts the reference range that stands beside it.

What it means:
    The value is flagged high (H, HH, HU) and is not above its own range, flagged low (L, LL, LU) and not below it,
    or flagged normal (N) and outside it. Codes are those of HL7 table 0078, which FHIR uses as well. A value at the
    end of its range may be flagged either way. Values with a comparator are judged where it leaves no doubt.

Why it matters:
    One of the three is wrong: the value, the range (often in another unit than the value) or the flag. Whoever
    trusts the flag sees a patient who is not there.

Example:
    potassium 5.2 mmol/L, range 3.5 to 5.3, flag H

What to do:
    Look at the first places. If all results of a code are found, its range is in another unit, or is that of another
    sex or age than the flag.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks.context import Context
from twinmap.checks.values import flagged
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.WARNING
HELP = "look at the first places; a range in another unit, or of another sex or age, is the common cause"

_SAYS = {
    "H": "flagged high, and not above their range",
    "L": "flagged low, and not below their range",
    "N": "flagged normal, and outside their range",
}
#: A bound such as <5 contradicts a flag only where all that it may be does.
_HIGH = "value_num < high AND comparator IS NULL OR value_num <= high AND comparator IN ('<', '<=')"
_LOW = "value_num > low AND comparator IS NULL OR value_num >= low AND comparator IN ('>', '>=')"
_NORMAL = (
    "(value_num > high AND (comparator IS NULL OR comparator IN ('>', '>='))) "
    "OR (value_num < low AND (comparator IS NULL OR comparator IN ('<', '<=')))"
)


def check(context: Context) -> Iterator[Finding]:
    """One finding a source, code, mapping rule and kind of flag."""
    test = f"CASE flag WHEN 'H' THEN {_HIGH} WHEN 'L' THEN {_LOW} WHEN 'N' THEN {_NORMAL} END"
    for flag, found in flagged(context, test):
        yield context.finding(
            "TM-R01",
            f"{found.signature.meaning.said}: values of {found.source} are {_SAYS[flag]}",
            found,
            "flag",
            details={"flag": flag, "detail": flag},
        )
