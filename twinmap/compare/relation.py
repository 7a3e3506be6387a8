"""How two signatures relate, facet by facet; which page tells of a difference is for the checks to say.

The relation is decided by what is said of the values, never by the values: agreement of numbers does not
make two measurements the same, and a bias does not make them different.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum

from twinmap.compare.conversion import Conversion, conversion_between, scale_between
from twinmap.compare.meaning import RESIDUAL, Said
from twinmap.compare.signature import Signature, same_code
from twinmap.model import RELATIONS
from twinmap.terms import facets, loinc, unit_notes

#: Facets of which a difference is another quantity or another subject.
CORE = frozenset({"component", "subject", "scale", "property", "unit"})

_TURNED = {"narrower": "broader", "broader": "narrower"}


class Nature(Enum):
    """What is to be known of a comparison beside its facet and its relation."""

    PLAIN = "plain"
    #: A statement contradicts its own code.
    CONTRADICTED = "contradicted"
    #: Only a regression leads from one scale to the other.
    EMPIRICAL = "empirical"
    #: The units differ, and a conversion keeps the meaning.
    CONVERTED = "converted"
    #: A code map says how the received codes relate.
    MAPPED = "mapped"
    #: The facet decides about the concept, and a side or both leave it open.
    REQUIRED = "required"
    #: One event, told with two values.
    SAME_EVENT = "same event"


@dataclass(frozen=True, slots=True)
class FacetComparison:
    """One facet of two signatures.

    ``relation`` of ``a`` to ``b`` is ``=``, ``narrower``, ``broader``, ``disjoint`` or ``unknown``; None
    stands where a side does not say it.
    """

    facet: str
    a: str | None
    b: str | None
    relation: str
    evidence: str = ""
    nature: Nature = Nature.PLAIN

    def turned(self) -> FacetComparison:
        """The same, seen from ``b``."""
        relation = _TURNED.get(self.relation, self.relation)
        return replace(self, a=self.b, b=self.a, relation=relation)


@dataclass(frozen=True, slots=True)
class Relation:
    """How A relates to B, with the facets behind it and the conversion where their units differ."""

    relation: str
    facets: tuple[FacetComparison, ...]
    conversion: Conversion | None = None


def relation(a: Signature, b: Signature) -> Relation:
    """How signature ``a`` relates to ``b``: one of :data:`twinmap.model.RELATIONS` but ``conflicting``.

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
    compared = (
        *(*_core(a, b, conversion), *_annotations(a, b)),
        *(*_contradictions(a, b), *_context(a, b), *_residual(a, b)),
    )
    return Relation(verdict(compared), compared, conversion)


def verdict(compared: Iterable[FacetComparison]) -> str:
    """The worst relation that the facets leave.

    >>> verdict((FacetComparison("site", "tm:site-wrist", None, "narrower"),))
    'a-narrower'
    """
    found = set()
    for item in compared:
        if item.relation == "disjoint":
            is_core = item.facet in CORE and item.nature is not Nature.EMPIRICAL
            is_core = is_core or item.nature is Nature.CONTRADICTED
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
    return FacetComparison(facet, a or None, b or None, found, f"LOINC {_AXIS.get(facet, facet.upper())}")


_AXIS = {"subject": "SYSTEM", "adjustment": "COMPONENT", "challenge": "COMPONENT", "time": "TIME"}


def _component(a: Signature, b: Signature) -> FacetComparison:
    """What is measured: the concept of the codes, else the components of LOINC; then how they were mapped."""
    found, evidence = _observable(a, b)
    nature, matched = Nature.PLAIN, _matched(a, b)
    if found == "=" and matched != "=":
        found, nature = matched, Nature.MAPPED
        evidence = " and ".join(filter(None, (_mapping(a), _mapping(b))))
    return FacetComparison("component", a.meaning.curie, b.meaning.curie, found, evidence, nature)


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
    return FacetComparison("property", one, other, "disjoint", rule.id, Nature.EMPIRICAL)


def _unit(a: Signature, b: Signature, conversion: Conversion | None) -> FacetComparison | None:
    if a.unit is None and b.unit is None:
        return None
    if a.unit is None or b.unit is None:
        found = "broader" if a.unit is None else "narrower"
        return FacetComparison("unit", a.unit, b.unit, found, "unit not stated")
    if a.unit == b.unit:
        return FacetComparison("unit", a.unit, b.unit, "=", "same unit")
    if conversion is None:
        return FacetComparison("unit", a.unit, b.unit, "disjoint", "UCUM")
    if conversion.rule_class == "empirical":
        return FacetComparison("unit", a.unit, b.unit, "disjoint", conversion.rule, Nature.EMPIRICAL)
    same = conversion.factor == 1 and conversion.offset == 0
    evidence = "UCUM" if conversion.rule == "ucum" else conversion.rule
    nature = Nature.PLAIN if same else Nature.CONVERTED
    return FacetComparison("unit", a.unit, b.unit, "=", evidence, nature)


def _annotations(a: Signature, b: Signature) -> Iterator[FacetComparison]:
    """What the units say of the quantity in braces, which UCUM does not read."""
    found = unit_notes.difference(a.unit, b.unit) if a.unit and b.unit else None
    if found is not None:
        one, other, how = found
        yield FacetComparison("annotation", one, other, how, "annotation of the unit")


# --- facets -----------------------------------------------------------------------------------------


def _contradictions(a: Signature, b: Signature) -> Iterator[FacetComparison]:
    """What a statement says against its own code (R5): there is no telling what it means."""
    for side in (a, b):
        for item in side.contradictions:
            evidence = f"{side.source} states {item.stated} beside a code that fixes {item.fixed}"
            one, other = _value(a, item.facet), _value(b, item.facet)
            yield FacetComparison(item.facet, one, other, "disjoint", evidence, Nature.CONTRADICTED)


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
                yield FacetComparison(name, None, None, "unknown", "neither source says it", Nature.REQUIRED)
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
    nature = Nature.REQUIRED if required else Nature.PLAIN
    return FacetComparison(name, a, b, "narrower" if one else "broader", said.evidence, nature)


def _both(facet: facets.Facet, one: Said, other: Said) -> FacetComparison:
    found = facets.relation(facet, one.value, other.value)
    evidence = " and ".join(dict.fromkeys((one.evidence, other.evidence)))
    return FacetComparison(facet.name, one.value, other.value, found, evidence)


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
        if one and other:
            verified = name in a.meaning.residual and name in b.meaning.residual
            found = "disjoint" if verified and loinc.UNKNOWN not in (one, other) else "unknown"
        yield FacetComparison(f"loinc-{name}", one, other, found, f"LOINC {axis}")


def _as_facet(a: Signature, axis: str) -> str | None:
    """What a code says of an axis in a facet word."""
    known = facets.facets()
    said = [item for name, item in a.meaning.facets.items() if known[name].axis == axis and not item.implied]
    return said[0].value if said else None
