"""Conversions that hold for one analyte: mass to moles, moles to equivalents, one calibration to another.

The rules are ``ontologies/conversions.yaml``, keyed by LOINC component: they serve every shipped term of it, in
mass and in moles, whatever its specimen or method. Each has its source and its class: *physical* keeps the
meaning, *empirical* leads to another quantity that is merely related.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any, Literal

from twinmap.errors import InternalError
from twinmap.registry import shipped
from twinmap.terms import loinc
from twinmap.terms.ucum import Affine, affine, parse
from twinmap.terms.unit_kinds import kind, same_kind
from twinmap.terms.units import factor_offset

Class = Literal["physical", "empirical"]

#: Where the gram stands in a dimension.
_MASS = 2
_SAME = Affine(Fraction(1), Fraction(0))


@dataclass(frozen=True, slots=True)
class AnalyteRule:
    """One rule of the table.

    ``components`` are LOINC components without challenge and adjustment, ``codes`` the terms that the rule
    serves. ``parameter`` is g/mol of a ``molar-mass``, the charge number of a ``charge``; a ``linear`` rule
    has ``units`` (from, to), ``forth`` and ``back``. ``below``: the analyte is the denominator of the unit.
    """

    id: str
    components: tuple[str, ...]
    codes: tuple[str, ...]
    kind: Literal["molar-mass", "charge", "linear"]
    rule_class: Class
    source: str
    parameter: Fraction = Fraction(1)
    below: bool = False
    units: tuple[str, str] = ("", "")
    forth: Affine = _SAME
    back: Affine = _SAME


@dataclass(frozen=True, slots=True)
class Rule:
    """How values go from one unit to another for an analyte: ``y = factor * x + offset``, exact.

    ``id`` names the rules of the table, joined by ``+``, or is ``ucum`` for a conversion of units alone.
    """

    id: str
    factor: Fraction
    offset: Fraction
    rule_class: Class
    source: str


@cache
def rules() -> tuple[AnalyteRule, ...]:
    """The rules of the shipped table, in its order."""
    import yaml

    table = yaml.safe_load((shipped("ontologies") / "conversions.yaml").read_text(encoding="utf-8"))
    weights = {symbol: Fraction(value) for symbol, value in table["atomic-weights"]["values"].items()}
    return tuple(_rule(entry, weights) for entry in table["rules"])


@cache
def _by_code() -> Mapping[str, tuple[AnalyteRule, ...]]:
    found: dict[str, tuple[AnalyteRule, ...]] = {}
    for rule in rules():
        for code in rule.codes:
            found[code] = (*found.get(code, ()), rule)
    return found


def rules_for(loinc_code: str) -> tuple[AnalyteRule, ...]:
    """The rules for the component of a LOINC code; empty where there are none."""
    return _by_code().get(loinc_code, ())


def _terms_of(components: Sequence[str]) -> Iterator[str]:
    """The shipped terms of these components, fasting and other challenges included."""
    for code, term in loinc.terms().items():
        if term.axes.base() in components:
            yield code


def _rule(entry: Mapping[str, Any], weights: Mapping[str, Fraction]) -> AnalyteRule:
    common = {
        "id": entry["id"],
        "components": tuple(entry["components"]),
        "codes": tuple(entry.get("codes") or _terms_of(entry["components"])),
        "kind": entry["kind"],
        "rule_class": entry["class"],
        "source": entry["source"].strip(),
        "below": entry.get("side") == "denominator",
    }
    if entry["kind"] == "linear":
        back = Affine(Fraction(entry["back-factor"]), Fraction(entry["back-offset"]))
        forth = _inverse(back)
        if "factor" in entry:
            forth = Affine(Fraction(entry["factor"]), Fraction(entry["offset"]))
        return AnalyteRule(**common, units=(entry["from"], entry["to"]), forth=forth, back=back)
    if "formula" in entry:
        return AnalyteRule(**common, parameter=molar_mass(entry["formula"], weights))
    return AnalyteRule(**common, parameter=Fraction(entry["parameter"]))


def _inverse(line: Affine) -> Affine:
    return Affine(1 / line.a, -line.b / line.a)


def molar_mass(formula: str, weights: Mapping[str, Fraction]) -> Fraction:
    """The molar mass in g/mol of a molecular formula without brackets (``C6H12O6``).

    Raises:
        InternalError: The formula is malformed, or an element has no weight.
    """
    parts = re.findall(r"([A-Z][a-z]?)([0-9]*)", formula)
    if "".join(symbol + number for symbol, number in parts) != formula or not parts:
        raise InternalError(f"{formula} is not a molecular formula")
    unknown = {symbol for symbol, _ in parts} - weights.keys()
    if unknown:
        raise InternalError(f"no atomic weight of {', '.join(sorted(unknown))}")
    return sum((weights[symbol] * int(number or 1) for symbol, number in parts), Fraction(0))


# --- finding the conversion -----------------------------------------------------------------------


@lru_cache(maxsize=8192)
def rule_between(source: str, target: str, loinc_code: str) -> Rule | None:
    """The rule by which values of this analyte go from one unit to the other; None where none is needed.

    Where a mass and an amount of substance have two codes, give that of the mass: ``3094-0`` is a mass of
    nitrogen, not of urea.

    Raises:
        UcumError: One of the units is not valid.
    """
    own = rules_for(loinc_code)
    for rule in own:
        if rule.kind == "linear":
            found = _linear(rule, source, target)
            if found is not None:
                return found
    return _by_substance(own, source, target)


def conversion(source: str, target: str, loinc_code: str | None = None) -> Rule | None:
    """The conversion that is right for this analyte: its rule if one applies, else that of the units.

    Raises:
        UcumError: One of the units is not valid.
    """
    rule = rule_between(source, target, loinc_code) if loinc_code else None
    if rule is not None:
        return rule
    line = factor_offset(source, target)
    return None if line is None else Rule("ucum", *line, "physical", "UCUM")


def _linear(rule: AnalyteRule, source: str, target: str) -> Rule | None:
    """The published equation, with the units of both sides converted to those that it is for."""
    for (near, far), line in ((rule.units, rule.forth), (rule.units[::-1], rule.back)):
        if _is_on_scale(source, near) and _is_on_scale(target, far):
            before, after = affine(source, near), affine(far, target)
            factor = before.a * line.a * after.a
            offset = (before.b * line.a + line.b) * after.a + after.b
            return Rule(rule.id, factor, offset, rule.rule_class, rule.source)
    return None


def _is_on_scale(unit: str, scale: str) -> bool:
    """Of one kind, and a fraction of the same thing: a percentage is not on the scale of mmol/mol."""
    return same_kind(unit, scale) and kind(unit).fraction == kind(scale).fraction


def _by_substance(own: tuple[AnalyteRule, ...], source: str, target: str) -> Rule | None:
    """Mass to moles and moles to equivalents, forth and back, one after the other if need be."""
    steps = _steps(source, target)
    if steps is None:
        return None
    used: list[AnalyteRule] = []
    factor = parse(source).factor / parse(target).factor
    for name, power in (("molar-mass", steps.mass_to_substance), ("charge", steps.moles_to_equivalents)):
        if not power:
            continue
        rule = next((item for item in own if item.kind == name and item.below == steps.below), None)
        if rule is None:
            return None
        worth = rule.parameter if name == "charge" else parse("mol").factor / rule.parameter
        factor *= worth**power
        used.append(rule)
    joined = "+".join(rule.id for rule in used)
    return Rule(joined, factor, Fraction(0), used[0].rule_class, " ".join(rule.source for rule in used))


@dataclass(frozen=True, slots=True)
class _Steps:
    """What has to change between two units: 1 forth, -1 back, 0 not at all."""

    mass_to_substance: int
    moles_to_equivalents: int
    below: bool


def _steps(source: str, target: str) -> _Steps | None:
    """The steps, or None where the units differ in more than mass, moles and equivalents, or not at all."""
    one, other = parse(source), parse(target)
    if one.special or other.special or one.arbitrary != other.arbitrary:
        return None
    before, after = dict(kind(source).quantities), dict(kind(target).quantities)
    mass = one.dimension[_MASS] - other.dimension[_MASS]
    moles = after.pop("mol", 0) - before.pop("mol", 0)
    equivalents = after.pop("eq", 0) - before.pop("eq", 0)
    rest = [
        a == b
        for index, (a, b) in enumerate(zip(one.dimension, other.dimension, strict=True))
        if index != _MASS
    ]
    fits = all(rest) and before == after and mass == moles + equivalents
    if not fits or max(abs(mass), abs(equivalents)) != 1:
        return None
    counted = [
        power for unit in (source, target) for name, power in kind(unit).quantities if name in ("mol", "eq")
    ]
    return _Steps(mass, equivalents, below=min(counted) < 0)
