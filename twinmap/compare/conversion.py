"""How values of one signature become values of another: by units, and by what is known of the analyte."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from twinmap.compare.signature import Signature
from twinmap.terms import analytes, loinc, ucum


@dataclass(frozen=True, slots=True)
class Conversion:
    """How values of A become values of B: ``b = factor * a + offset``, exact; units are UCUM."""

    source: str
    target: str
    factor: Fraction
    offset: Fraction
    rule_class: str
    rule: str

    def turned(self) -> Conversion:
        """The way back, from values of B to values of A."""
        factor, offset = 1 / self.factor, -self.offset / self.factor
        return replace(self, source=self.target, target=self.source, factor=factor, offset=offset)


def conversion_between(a: Signature, b: Signature) -> Conversion | None:
    """The conversion from the unit of ``a`` to that of ``b``; None where there is none or nothing to convert.

    A rule for the analyte goes before a conversion of units alone: HbA1c in ``%`` and in ``mmol/mol`` are
    both fractions, and yet not the same scale.
    """
    if a.unit is None or b.unit is None or a.unit == b.unit:
        return None
    found = rule_between(a, a.unit, b.unit, (b,))
    if found is None:
        return None
    return Conversion(a.unit, b.unit, found.factor, found.offset, found.rule_class, found.id)


def rule_between(
    a: Signature, source: str, target: str, others: tuple[Signature, ...] = ()
) -> analytes.Rule | None:
    """The rule by which values of a signature go from one unit to another; of a difference, without an offset.

    Rules are keyed by code: that of a mass first, then the other codes of the concept.
    """
    try:
        rules = (analytes.rule_between(source, target, code) for code in _codes(a, *others))
        rule = next(filter(None, rules), None) or analytes.conversion(source, target)
    except ucum.UcumError:
        return None
    return replace(rule, offset=Fraction(0)) if rule is not None and a.is_difference else rule


def physical(a: Signature, source: str | None, target: str | None) -> tuple[float, float] | None:
    """Factor and offset from one unit to another that keep the meaning of values of a signature.

    None where a unit is not known, or nothing leads from one to the other but a regression.
    """
    if source is None or target is None or source == target:
        return None if source is None or target is None else (1.0, 0.0)
    rule = rule_between(a, source, target)
    if rule is None or rule.rule_class != "physical":
        return None
    return float(rule.factor), float(rule.offset)


def _codes(*signatures: Signature) -> list[str]:
    """LOINC codes to look for a rule by, masses first."""
    own = [item.meaning.code for item in signatures if item.meaning.system == loinc.SYSTEM]
    mass = [
        item.meaning.code
        for item in signatures
        if item.meaning.axes is not None and loinc.is_molar(item.meaning.axes.property) is False
    ]
    siblings = [
        code.code
        for item in signatures
        if item.meaning.concept is not None
        for code in item.meaning.concept.codes
        if code.system == loinc.SYSTEM
    ]
    return list(dict.fromkeys([*mass, *own, *siblings]))


def scale_between(a: Signature, b: Signature) -> analytes.Rule | None:
    """The rule between the units of two signatures, or between those of their properties."""
    if a.unit is not None and b.unit is not None and a.unit != b.unit:
        return rule_between(a, a.unit, b.unit, (b,))
    one, other = _own_unit(a), _own_unit(b)
    return rule_between(a, one, other, (b,)) if one and other and one != other else None


def _own_unit(a: Signature) -> str | None:
    """A unit of the property of the code."""
    if a.meaning.axes is None:
        return None
    own = a.meaning.concept.units.get(a.meaning.axes.property) if a.meaning.concept else None
    return own or next(iter(loinc.property_dimension(a.meaning.axes.property)), None)
