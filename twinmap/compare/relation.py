"""How two signatures relate, facet by facet.

The relation is decided by what is said of the values, never by the values: agreement of numbers does not
make two measurements the same, and a bias does not make them different.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from twinmap.compare.conversion import Conversion, conversion_between, scale_between
from twinmap.compare.meaning import RESIDUAL, Said
from twinmap.compare.signature import Signature, same_code
from twinmap.terms import facets, loinc

#: The relations of A to B, worst first; the first that holds is the one of a pair.
RELATIONS = ("not-comparable", "conflicting", "related", "a-narrower", "a-broader", "equivalent")

#: Facets of which a difference is another quantity or another subject.
CORE = frozenset({"component", "subject", "scale", "property", "unit"})

#: The codes of differences that weigh more or less than their facet.
_CONTRADICTED, _EMPIRICAL = "TM-F06", "TM-U15"

_TURNED = {"narrower": "broader", "broader": "narrower"}

#: The page that explains a difference, by facet.
_DIFFERENT = {
    "component": "TM-C06",
    "property": "TM-C08",
    "unit": "TM-U05",
    "subject": "TM-I06",
    "site": "TM-F01",
    "method": "TM-F02",
    "posture": "TM-F04",
    "activity": "TM-F05",
    "meal": "TM-F07",
    "oxygen": "TM-F08",
    "setting": "TM-F09",
    "origin": "TM-F10",
    "specimen": "TM-C07",
    "system": "TM-C07",
    "statistic": "TM-G03",
    "over": "TM-C10",
    "time": "TM-C10",
    "challenge": "TM-C11",
    "adjustment": "TM-C11",
}


@dataclass(frozen=True, slots=True)
class FacetComparison:
    """One facet of two signatures.

    ``relation`` of ``a`` to ``b`` is ``=``, ``narrower``, ``broader``, ``disjoint`` or ``unknown``; None
    stands where a side does not say it. ``code`` is the finding code whose page explains a difference.
    """

    facet: str
    a: str | None
    b: str | None
    relation: str
    evidence: str = ""
    code: str | None = None

    def turned(self) -> FacetComparison:
        """The same, seen from ``b``."""
        relation = _TURNED.get(self.relation, self.relation)
        return FacetComparison(self.facet, self.b, self.a, relation, self.evidence, self.code)


@dataclass(frozen=True, slots=True)
class Relation:
    """How A relates to B, with the facets behind it and the conversion where their units differ."""

    relation: str
    facets: tuple[FacetComparison, ...]
    conversion: Conversion | None = None


def relation(a: Signature, b: Signature) -> Relation:
    """How signature ``a`` relates to ``b``: one of :data:`RELATIONS` but ``conflicting``.

    A conversion by units or by an analyte's molar mass or charge keeps the meaning (R1); an empirical one,
    or another context, leaves them related (R2); what only one side says makes it the narrower one (R3);
    another quantity or subject, or a statement that contradicts its own code, is not comparable (R5).

    >>> from twinmap.compare.meaning import of_code
    >>> from twinmap.terms.concepts import catalogue
    >>> def signature(code, unit):
    ...     meaning = of_code("http://loinc.org", code, catalogue())
    ...     return Signature(1, "s", meaning, unit, facets=meaning.facets)
    >>> relation(signature("8480-6", "kPa"), signature("8480-6", "mm[Hg]")).relation
    'equivalent'
    >>> relation(signature("8480-6", "mm[Hg]"), signature("8459-0", "mm[Hg]")).relation
    'a-broader'
    >>> relation(signature("2345-7", "mg/dL"), signature("105272-9", "mmol/L")).relation
    'related'
    >>> relation(signature("8480-6", "mm[Hg]"), signature("8462-4", "mm[Hg]")).relation
    'not-comparable'
    """
    conversion = conversion_between(a, b)
    compared = (*_core(a, b, conversion), *_contradictions(a, b), *_context(a, b), *_residual(a, b))
    return Relation(verdict(compared), compared, conversion)


def verdict(compared: Iterable[FacetComparison]) -> str:
    """The worst relation that the facets leave.

    >>> verdict((FacetComparison("site", "tm:site-wrist", None, "narrower"),))
    'a-narrower'
    """
    found = set()
    for item in compared:
        if item.relation == "disjoint":
            is_core = item.code == _CONTRADICTED or (item.facet in CORE and item.code != _EMPIRICAL)
            found.add("not-comparable" if is_core else "related")
        elif item.relation == "unknown" and item.a is not None and item.b is not None:
            found.add("related")
        elif item.relation in _TURNED:
            found.add(f"a-{item.relation}")
    if {"a-narrower", "a-broader"} <= found:
        found.add("related")
    return next((name for name in RELATIONS if name in found), "equivalent")


# --- component, subject, scale, property, unit ------------------------------------------------------


def _core(a: Signature, b: Signature, conversion: Conversion | None) -> Iterator[FacetComparison]:
    yield _component(a, b)
    one, other = a.meaning.axes, b.meaning.axes
    if one is not None and other is not None and not same_code(a, b):
        axes = loinc.axis_relations(one, other)
        if axes["subject"] != "=":
            yield _axis("subject", one.subject(), other.subject(), axes["subject"])
        if axes["scale"] == "disjoint" and "-" not in (one.scale, other.scale):
            yield _axis("scale", one.scale, other.scale, "disjoint")
        if axes["property"] != "=" and "-" not in (one.property, other.property):
            yield _property(a, b, axes["property"])
        if axes["adjustment"] != "=":
            yield _axis("adjustment", one.adjustment(), other.adjustment(), axes["adjustment"])
    if "quantity" in (a.values, b.values):
        unit = _unit(a, b, conversion)
        if unit is not None:
            yield unit


def _axis(facet: str, a: str, b: str, found: str) -> FacetComparison:
    code = _DIFFERENT.get(facet) if found == "disjoint" else "TM-G01" if found in _TURNED else None
    return FacetComparison(
        facet, a or None, b or None, found, f"LOINC {_AXIS.get(facet, facet.upper())}", code
    )


_AXIS = {"subject": "SYSTEM", "adjustment": "COMPONENT", "challenge": "COMPONENT", "time": "TIME"}


def _component(a: Signature, b: Signature) -> FacetComparison:
    """What is measured: the concept of the codes, else the components of LOINC; then how they were mapped."""
    found, evidence = _observable(a, b)
    code = "TM-C06" if found == "disjoint" else None
    matched = _matched(a, b)
    if found == "=" and matched != "=":
        found, code = matched, "TM-G01"
        evidence = " and ".join(filter(None, (_mapping(a), _mapping(b))))
    return FacetComparison("component", a.meaning.curie, b.meaning.curie, found, evidence, code)


def _observable(a: Signature, b: Signature) -> tuple[str, str]:
    if same_code(a, b):
        return "=", "same code"
    one, other = a.meaning, b.meaning
    if one.concept is not None and other.concept is not None:
        same = one.concept.name == other.concept.name
        return ("=", f"concept {one.concept.name}") if same else ("disjoint", "concepts")
    if one.axes is not None and other.axes is not None:
        return loinc.axis_relations(one.axes, other.axes)["component"], "LOINC COMPONENT"
    return "unknown", "no code system that relates them"


def _matched(a: Signature, b: Signature) -> str:
    """How the received codes relate, where maps or counterparts say that they are not exactly the concept.

    Two codes that are both narrower than one target may be two different things: nothing more is claimed.
    """
    if a.match == b.match and (a.match == "=" or (same_code(a, b) and a.received == b.received)):
        return "="
    if "=" in (a.match, b.match) and "related" not in (a.match, b.match):
        return a.match if b.match == "=" else _TURNED[b.match]
    return "unknown"


def _mapping(a: Signature) -> str:
    return "" if a.match == "=" else f"{a.received or a.meaning.curie} is {a.match} ({a.source})"


def _property(a: Signature, b: Signature, found: str) -> FacetComparison:
    """Another LOINC property: the same where a conversion keeps the meaning from one to the other."""
    one, other = (side.meaning.axes.property if side.meaning.axes else "" for side in (a, b))
    rule = scale_between(a, b)
    if found == "unknown" or rule is None:
        return _axis("property", one, other, found)
    if rule.rule_class == "physical":
        return FacetComparison("property", one, other, "=", rule.id)
    return FacetComparison("property", one, other, "disjoint", rule.id, _EMPIRICAL)


def _unit(a: Signature, b: Signature, conversion: Conversion | None) -> FacetComparison | None:
    if a.unit is None and b.unit is None:
        return None
    if a.unit is None or b.unit is None:
        found = "broader" if a.unit is None else "narrower"
        return FacetComparison("unit", a.unit, b.unit, found, "unit not stated", "TM-U02")
    if a.unit == b.unit:
        return FacetComparison("unit", a.unit, b.unit, "=", "same unit")
    if conversion is None:
        return FacetComparison("unit", a.unit, b.unit, "disjoint", "UCUM", "TM-U05")
    if conversion.rule_class == "empirical":
        return FacetComparison("unit", a.unit, b.unit, "disjoint", conversion.rule, _EMPIRICAL)
    same = conversion.factor == 1 and conversion.offset == 0
    code = None if same else "TM-U03" if conversion.rule == "ucum" else "TM-U04"
    evidence = "UCUM" if conversion.rule == "ucum" else conversion.rule
    return FacetComparison("unit", a.unit, b.unit, "=", evidence, code)


# --- facets -----------------------------------------------------------------------------------------


def _contradictions(a: Signature, b: Signature) -> Iterator[FacetComparison]:
    """What a statement says against its own code (R5): there is no telling what it means."""
    for side in (a, b):
        for item in side.contradictions:
            evidence = f"{side.source} states {item.stated} beside a code that fixes {item.fixed}"
            one, other = _value(a, item.facet), _value(b, item.facet)
            yield FacetComparison(item.facet, one, other, "disjoint", evidence, _CONTRADICTED)


def _value(signature: Signature, facet: str) -> str | None:
    said = signature.facets.get(facet)
    return said.value if said else None


def _context(a: Signature, b: Signature) -> Iterator[FacetComparison]:
    wrong = {item.facet for side in (a, b) for item in side.contradictions}
    required = {
        name for side in (a, b) if side.meaning.concept is not None for name in side.meaning.concept.required
    }
    for name, facet in facets.facets().items():
        one, other = a.facets.get(name), b.facets.get(name)
        if name in wrong or facet.type == "text":
            continue
        if one is None and other is None:
            if name in required:
                yield FacetComparison(name, None, None, "unknown", "neither source says it", "TM-M02")
        elif one is None or other is None:
            if name in required or not (one or other or Said("", "")).implied:
                yield _open(name, one, other, required=name in required)
        elif name in required or not (one.implied and other.implied):
            yield _both(facet, one, other)


def _open(name: str, one: Said | None, other: Said | None, *, required: bool) -> FacetComparison:
    """Only one side says it. What a code merely implies, the other may be taken to mean as well."""
    said = one or other or Said("", "")
    a, b = (said.value, None) if one else (None, said.value)
    if said.implied:
        return FacetComparison(name, a, b, "=", said.evidence)
    code = "TM-M01" if required else "TM-G01"
    return FacetComparison(name, a, b, "narrower" if one else "broader", said.evidence, code)


def _both(facet: facets.Facet, one: Said, other: Said) -> FacetComparison:
    found = facets.relation(facet, one.value, other.value)
    evidence = " and ".join(dict.fromkeys((one.evidence, other.evidence)))
    code = None
    if found == "disjoint":
        code = _DIFFERENT.get(facet.name)
        if facet.name == "method" and {one.evidence, other.evidence} == {"LOINC METHOD"}:
            code = "TM-C09"
        if facet.name == "statistic" and not {one.value, other.value} & {facet.curie("point")}:
            code = "TM-C10"
    elif found in _TURNED:
        code = "TM-G01"
    return FacetComparison(facet.name, one.value, other.value, found, evidence, code)


def _residual(a: Signature, b: Signature) -> Iterator[FacetComparison]:
    """LOINC axes without a facet word; a value that was not verified (``?``) is equal to nothing."""
    if same_code(a, b) or a.meaning.axes is None or b.meaning.axes is None:
        return
    for name in RESIDUAL:
        axis = _AXIS.get(name, name.upper())
        one = a.meaning.residual.get(name)
        other = b.meaning.residual.get(name)
        if one == other and one != loinc.UNKNOWN:
            continue
        found = "narrower" if one else "broader"
        one, other = one or _as_facet(a, axis), other or _as_facet(b, axis)
        code: str | None = "TM-G01"
        if one and other:
            verified = name in a.meaning.residual and name in b.meaning.residual
            found = "disjoint" if verified and loinc.UNKNOWN not in (one, other) else "unknown"
            code = None if found == "unknown" else "TM-C09" if name == "method" else _DIFFERENT[name]
        yield FacetComparison(f"loinc-{name}", one, other, found, f"LOINC {axis}", code)


def _as_facet(a: Signature, axis: str) -> str | None:
    """What a code says of an axis in a facet word."""
    known = facets.facets()
    said = [item for name, item in a.meaning.facets.items() if known[name].axis == axis and not item.implied]
    return said[0].value if said else None
