"""Two numbers stand in one value: 120/80.

What it means:
    The concept is a panel or a quantity, or the LOINC SCALE of the code is one; the value was kept as text, and is
    two numbers with a slash between them, or feet and inches. Where a mapping fixes the quantity, by a concept's
    template or by ``kind: quantity``, such texts are not stated at all: Q11.

Why it matters:
    Neither number can be asked for. A blood pressure so written is in no mean and beyond no limit.

Example:
    blood pressure: 120/80          body height: 5'10"

What to do:
    Ask for two columns, or split the text before it is read; then bind each number to its own slot:
    ``blood-pressure: {systolic: $(sys), diastolic: $(dia)}``.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks.context import Context
from twinmap.checks.values import COMPOSITE, quantities_as_text
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.WARNING
HELP = "ask for two columns, and bind each number to its own slot"


def check(context: Context) -> Iterator[Finding]:
    """One finding a source, concept and mapping rule."""
    for found in quantities_as_text(context, COMPOSITE):
        message = f"{found.signature.meaning.said}: {found.source} writes two numbers in one value"
        yield context.finding("TM-K04", message, found, "value")
