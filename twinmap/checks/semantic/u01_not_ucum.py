"""A unit is not written as UCUM writes it.

What it means:
    The unit was recognised by the table of aliases (``mmHg``, ``bpm``, ``degF``): its UCUM form is used, and
    this is an info; where the capitals alone are not those of UCUM it is U13. Where it may mean several units,
    the concept's own unit decides if it can. Where nothing decides, or nothing fits, there is no unit, and this
    is a warning: the text stays as received (``unit_raw``), ``unit`` is empty, and nothing is converted. A few
    texts that UCUM does know and that hardly anybody means so (``C``, ``K/uL``) are treated alike.
    A unit that the mapping itself writes and that is none is an error, found by ``check``; so is a column of
    units of which none of the first records has one (``check --against``).

Why it matters:
    UCUM is what FHIR asks for in vital signs (hl7.org/fhir/R4/observation-vitalsigns.html), and what
    conversion is computed from. It is case-sensitive, and a near miss is another unit: ``C`` is the coulomb,
    ``M`` is no unit and ``m`` the metre (ucum.org/ucum). So an alias is always told, never silent.

Example:
    unit: $(unit)       # the column has mmHg, which is mm[Hg] in UCUM, and C, which is meant as Cel

What to do:
    Nothing where the alias is right. Else say what the texts of this source mean:
    ``unit: {from: $(unit), map: {C: Cel, Units: U/L}}``. A unit that is always the same is written as
    UCUM in the mapping.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from twinmap.diagnostics import Severity

if TYPE_CHECKING:
    from twinmap.checks.context import Context

SEVERITY = Severity.WARNING
MESSAGE = "the unit is not written as UCUM: {shape}"
HELP = "add a map to the unit, from the texts of the source to UCUM"


def rows(context: Context) -> str:
    """SQL over the view ``observed`` of the statements that it tells of."""
    unknown = [str(item.number) for item in context.signatures if item.unit is None and item.unit_raw]
    return f"sig IN ({', '.join(unknown)})" if unknown else "false"
