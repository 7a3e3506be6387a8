"""Which page tells of two units that nothing converts into each other: U05, U08 or U09."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from twinmap.compare.conversion import rule_between
from twinmap.compare.relation import FacetComparison
from twinmap.compare.signature import Signature
from twinmap.diagnostics import Finding
from twinmap.terms import loinc, ucum

if TYPE_CHECKING:
    from twinmap.checks import Asked


def differ_in_arbitrary(item: FacetComparison) -> bool:
    """Whether one of two units counts by an assay of its own (``[iU]``, ``[CFU]``) and the other does not."""
    return page(item.a, item.b) == "TM-U09"


def differ_in_kind(item: FacetComparison) -> bool:
    """Whether two units have one dimension and mean two kinds of quantity (``/min`` and ``Bq``)."""
    return page(item.a, item.b) == "TM-U08"


def page(one: str | None, other: str | None) -> str:
    """The code that tells of two units that do not convert."""
    try:
        a, b = ucum.parse(one or "1"), ucum.parse(other or "1")
    except ucum.UcumError:
        return "TM-U05"
    if a.arbitrary != b.arbitrary:
        return "TM-U09"
    return "TM-U08" if a.dimension == b.dimension else "TM-U05"


def refused(context: Asked, code: str) -> Iterator[Finding]:
    """Findings of this code: statements whose unit has nothing to do with those of their concept.

    Codes of LOINC are not meant: their PROPERTY says more (U06).
    """
    asked = [(item, "true") for item in context.signatures if _page(item) == code]
    for found in context.statements(asked):
        unit = found.signature.unit
        yield context.finding(
            code,
            f"{found.concept}: {unit} of {found.source} does not convert to the units of the concept",
            found,
            "unit",
            facet="unit",
            details={"unit": unit, "accepted": list(_accepted(found.signature))},
        )


def _accepted(item: Signature) -> tuple[str, ...]:
    concept = item.meaning.concept
    units = (concept.unit, *concept.accepts) if concept is not None and concept.unit is not None else ()
    return tuple(dict.fromkeys(unit for unit in units if unit is not None))


def _page(item: Signature) -> str | None:
    """The code that tells why the unit does not fit the concept; None where it does, or LOINC decides."""
    unit, accepted = item.unit, _accepted(item)
    if unit is None or not accepted or item.values != "quantity" or item.meaning.system == loinc.SYSTEM:
        return None
    if any(rule_between(item, unit, each) is not None for each in accepted):
        return None
    return page(unit, accepted[0])
