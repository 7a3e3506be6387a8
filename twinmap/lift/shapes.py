"""SHACL shapes made from the concept and facet files: canonical units, hard limits, value sets, words.

A shape of a concept is applied to the IRI of its code and steps back to the observations of it::

    twin:heart-rate sh:targetNode loinc:8867-4 ; sh:path [ sh:inversePath sosa:observedProperty ] ;
        sh:property twin:heart-rate-unit , twin:heart-rate-value .

so the focus node of a result is the observation, no triple is needed to find it, only observations of
the concept are visited, and patients can be validated one by one. Every shape has a name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction

from twinmap.terms import systems
from twinmap.terms.analytes import Rule, conversion
from twinmap.terms.concepts import Concept, ConceptCode
from twinmap.terms.facets import Facet
from twinmap.terms.units import is_count

_HEAD = """@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix sosa: <http://www.w3.org/ns/sosa/> .
@prefix tm: <https://w3id.org/twinmap/ns#> .
@prefix twin: <https://w3id.org/twinmap/shapes#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""

#: How a message says a limit.
_END = {"sh:minInclusive": "at least", "sh:maxInclusive": "at most"}
#: Digits of a limit that was converted; it is rounded outwards.
_DIGITS = 6


def concept_shapes(concepts: Iterable[Concept]) -> str:
    """The shapes of some concepts as Turtle, in order of their names.

    A quantity must be an xsd:decimal in its canonical unit and within its hard limits, and needs its unit
    unless there is a reason for its absence; a coded concept must have a code of its value set. Codes of
    systems without IRIs of their own are not reached.
    """
    ordered = sorted(concepts, key=lambda concept: concept.name)
    return "\n".join([_HEAD, *(text for concept in ordered for text in _concept(concept))])


def facet_shapes(facets: Mapping[str, Facet]) -> str:
    """One shape of observations with a property shape for each facet, as Turtle.

    A facet is said once; it is a word of its scheme, a length of time, or a text, by its type.
    """
    names = sorted(facets)
    properties = " ,\n        ".join(f"twin:Facets-{name}" for name in names)
    head = (
        f"{_HEAD}\ntwin:Facets a sh:NodeShape ;\n    sh:targetClass sosa:Observation ;\n"
        f"    tm:mayMatchNothing true ;\n    sh:property {properties} .\n"
    )
    return "\n".join([head, *(_facet(facets[name]) for name in names)])


def _facet(facet: Facet) -> str:
    if facet.type == "words":
        words = " ".join(f"<{facet.iri(word)}>" for word in sorted(facet.words))
        value = f"sh:in ( {words} )"
        message = f"the facet {facet.name} is a word of its scheme"
    elif facet.type == "duration":
        value = 'sh:pattern "^[1-9][0-9]* (ms|s|min|h|d|wk|mo|a)$"'
        message = f"the facet {facet.name} is a length of time, as 1 d"
    else:
        value, message = "sh:datatype xsd:string", f"the facet {facet.name} is a text"
    return _property(f"Facets-{facet.name}", f"<{facet.property}>", ("sh:maxCount 1", value), message)


def _concept(concept: Concept) -> Iterator[str]:
    for suffix, unit, codes in _by_unit(concept):
        name = f"{concept.name}{suffix}"
        if not _targets(concept, unit, codes):
            continue
        if unit is not None:
            yield from _quantity(concept, name, unit, codes)
        elif concept.kind == "coded" and concept.value_set:
            yield from _coded(concept, name, codes)


def _by_unit(concept: Concept) -> Iterator[tuple[str, str | None, list[ConceptCode]]]:
    """The codes by canonical unit; a name's suffix (the LOINC property) where there are several units."""
    groups: dict[str | None, list[ConceptCode]] = {}
    for code in concept.codes:
        groups.setdefault(concept.unit_of(code), []).append(code)
    for index, (unit, codes) in enumerate(groups.items()):
        axes = codes[0].axes
        yield f"-{axes.property}" if index and axes else "", unit, codes


def _quantity(concept: Concept, name: str, unit: str, codes: list[ConceptCode]) -> Iterator[str]:
    # What the concept accepts and cannot be converted stays as it is: steps, and steps a day.
    others = (other for other in concept.accepts if not _conversion(concept, other, unit))
    units = list(dict.fromkeys((unit, *others)))
    label = concept.label.lower()
    # A plain count needs no unit (U02).
    needs = not is_count(unit)
    properties = tuple(f"{name}-{end}" for end in ("unit", *["hasUnit"] * needs, "value"))
    yield _root(name, concept, _targets(concept, unit, codes), properties)
    accepted = " ".join(_string(text) for text in units)
    yield _property(
        f"{name}-unit", "tm:unit", (f"sh:in ( {accepted} )",), f"{label} is in {' or '.join(units)}"
    )
    if needs:
        yield _property(
            f"{name}-hasUnit",
            # A value with too many digits to be converted is a source value in its own unit, and has no other.
            "[ sh:alternativePath ( tm:unit tm:sourceValue tm:absentReason ) ]",
            ("sh:minCount 1",),
            f"{label} has a unit, or a reason why it is absent",
        )
    limits = _limits(concept, unit)
    demands = ("sh:datatype xsd:decimal", *(f"{name} {value}" for name, value in limits.items()))
    ends = " and ".join(f"{_END[name]} {value.removesuffix('.0')}" for name, value in limits.items())
    message = f"{label} is a number" + (f", {ends} {unit}" if ends else "")
    yield _property(f"{name}-value", "sosa:hasSimpleResult", demands, message)


def _coded(concept: Concept, name: str, codes: list[ConceptCode]) -> Iterator[str]:
    values = [iri for curie in concept.value_set if (iri := _iri_of(curie))]
    label = concept.label.lower()
    yield _root(name, concept, _targets(concept, None, codes), (f"{name}-value", f"{name}-hasValue"))
    members = " ".join(f"<{iri}>" for iri in values)
    yield _property(
        f"{name}-value", "tm:valueCode", (f"sh:in ( {members} )",), f"{label} is a code of its value set"
    )
    yield _property(
        f"{name}-hasValue",
        "[ sh:alternativePath ( tm:valueCode tm:absentReason ) ]",
        ("sh:minCount 1",),
        f"{label} has a code, or a reason why it is absent",
    )


def _targets(concept: Concept, unit: str | None, codes: list[ConceptCode]) -> list[str]:
    """IRIs of the codes; counterparts elsewhere that are no broader stand with the preferred code."""
    found = [systems.iri(code.system, code.code) for code in codes]
    if unit == concept.unit:
        found += [
            systems.iri(other.system, other.code)
            for other in concept.counterparts
            if other.relation in ("exactMatch", "narrowMatch")
        ]
    return sorted({iri for iri in found if iri})


def _conversion(concept: Concept, source: str, target: str) -> Rule | None:
    """How values of the concept are converted; the rule may be known by another of its codes."""
    rules = (conversion(source, target, code.code) for code in concept.codes)
    return next((rule for rule in rules if rule), None)


def _limits(concept: Concept, unit: str) -> dict[str, str]:
    """The hard limits in the canonical unit by their parameter; none where they cannot be converted to it."""
    limits = concept.limits
    rule = _conversion(concept, limits.unit, unit) if limits else None
    if limits is None or rule is None:
        return {}
    low, high = (
        None if bound is None else Fraction(repr(bound)) * rule.factor + rule.offset
        for bound in (limits.hard_low, limits.hard_high)
    )
    bounds = (("sh:minInclusive", low, ROUND_FLOOR), ("sh:maxInclusive", high, ROUND_CEILING))
    return {name: _decimal(value, way) for name, value, way in bounds if value is not None}


def _decimal(value: Fraction, rounding: str) -> str:
    """An xsd:decimal of six significant digits at most, with a point, so that Turtle reads it as one."""
    context = Context(prec=_DIGITS, rounding=rounding)
    number = context.divide(Decimal(value.numerator), Decimal(value.denominator))
    text = f"{number:f}"
    return text if "." in text else f"{text}.0"


def _root(name: str, concept: Concept, targets: Iterable[str], properties: Iterable[str]) -> str:
    nodes = " ,\n        ".join(f"<{iri}>" for iri in targets)
    inside = " , ".join(f"twin:{text}" for text in properties)
    return (
        f"twin:{name} a sh:PropertyShape ;\n    sh:name {_string(concept.label)} ;\n"
        f"    tm:mayMatchNothing true ;\n    sh:targetNode {nodes} ;\n"
        f"    sh:path [ sh:inversePath sosa:observedProperty ] ;\n    sh:property {inside} .\n"
    )


def _property(name: str, path: str, constraints: Iterable[str], message: str | None = None) -> str:
    lines = [f"sh:path {path}", *constraints]
    if message:
        lines.append(f"sh:message {_string(message)}@en")
    return f"twin:{name} a sh:PropertyShape ;\n    " + " ;\n    ".join(lines) + " .\n"


def _iri_of(curie: str) -> str | None:
    expanded = systems.expand(curie)
    return systems.iri(*expanded) if expanded else None


def _string(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'
