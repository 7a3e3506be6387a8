"""Numbers are written as in another country, and were not read.

What it means:
    The concept, or the LOINC SCALE of the code, is a quantity; the value was kept as text, and is a number with a
    decimal comma (``5,4``; ``1.234,5``) or with separated thousands (``1,234.5``; ``1'234.5``). A comma with three
    digits after it (``1,234``) says neither, and is not meant. Where a mapping fixes the quantity, by a concept's
    template or by ``kind: quantity``, such texts are not stated at all: Q11.

Why it matters:
    As text they take part in no comparison; read the wrong way, 5,4 is 54.

Example:
    potassium: 5,4

What to do:
    Say in ``source`` how numbers are written: ``decimal: ","``, ``thousands: "."``. In HL7 v2 and FHIR the sign is
    a point: tell the sender.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks.context import Context
from twinmap.checks.values import LOCALE, quantities_as_text
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.ERROR
HELP = "say in source how numbers are written: decimal and thousands"


def check(context: Context) -> Iterator[Finding]:
    """One finding a source, concept and mapping rule."""
    for found in quantities_as_text(context, LOCALE):
        message = f"{found.signature.meaning.said}: numbers of {found.source} are written with a comma"
        yield context.finding("TM-K03", message, found, "value")
