"""A number stands in a text with something else, where the code is a quantity.

What it means:
    The concept, or the LOINC SCALE of the code, is a quantity; the value was kept as text, and begins with a
    number, with or without a comparator before it. Plain comparators (``<0.01``) are read, and not meant; nor is a
    number in the writing of another country (K03), nor two numbers in one text (K04). Where a mapping fixes the
    quantity, by a concept's template or by ``kind: quantity``, such texts are not stated at all: Q11.

Why it matters:
    The value is there for people, and missing in every computation.

Example:
    12 H            4.2*            >500 copies/mL          180 mg/dL

What to do:
    Take away what is not the number, where it is always the same: ``value: = replace($(result), ' mg/dL', '')``,
    and say it in its own slot, ``unit`` or ``flag``. For HL7 v2 ask the sender for value type NM or SN, with the
    unit in OBX-6 and the flag in OBX-8.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks.context import Context
from twinmap.checks.values import COMPOSITE, LOCALE, quantities_as_text
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.WARNING
HELP = "take away what is not the number, and say unit and flag in their own slots"

#: A number, and after it neither a digit nor what makes it a date, a range or a ratio.
_NUMBER = r"(?:[<>]=?|[~≈≤≥]|=[<>])?\s*[-+]?[0-9]+(?:\.[0-9]+)?(?:\s*[*+!^#]+|\s*[A-Za-z%µ°\[(].*)"
_PLAIN = r"[~≈≤≥]\s*[0-9]+(?:\.[0-9]+)?"
_PATTERN = f"(?:{_NUMBER}|{_PLAIN})"


def check(context: Context) -> Iterator[Finding]:
    """One finding a source, concept and mapping rule."""
    for found in quantities_as_text(context, _PATTERN, f"{LOCALE}|{COMPOSITE}"):
        message = f"{found.signature.meaning.said}: {found.source} writes numbers with other text"
        yield context.finding("TM-K02", message, found, "value")
