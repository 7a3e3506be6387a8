"""A value or a unit is not one of those that its profile or concept allows.

What it means:
    Two bindings are known. The vital signs profile of FHIR R4 fixes the units of its codes, so of sources of
    FHIR: mm[Hg] for blood pressure, /min for heart and respiratory rate, % for oxygen saturation, Cel or [degF]
    for body temperature, cm or [in_i] for height, kg, [lb_av] or g for weight, kg/m2 for the body mass index.
    Units of another dimension are U06. And a coded concept of ours may list its values (smoking status): a coded
    value of the list's system that is not in it is meant, whatever the format; one that a ``map`` of the mapping
    gives is told by ``check``. As a warning: the value is of another system (an answer of LOINC in place of a
    SNOMED CT id), which other profiles may well ask for.

Why it matters:
    Receivers that trust the profile do not look at the unit: 37.2 is read as degrees Celsius, 310.4 (kelvin) is
    refused, or stored. A value outside its value set is in no count of that set.

Example:
    Observation 8310-5, valueQuantity {value: 310.4, code: K}

What to do:
    Tell the sender. The graph has the canonical value and the received one beside it; map a value of a local
    list to the value set.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from twinmap.checks.context import FIRST, Context, Stated
from twinmap.checks.written import Written
from twinmap.compare.meaning import said, said_unit
from twinmap.compare.signature import Signature
from twinmap.diagnostics import Finding, Severity
from twinmap.terms import loinc, systems, units

SEVERITY = Severity.ERROR
HELP = "tell the sender; map values of a local list to those of the value set"

#: LOINC code to the units that the FHIR R4 vital signs profiles allow (hl7.org/fhir/R4/observation-vitalsigns.html).
_UNITS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("8480-6", "8462-4"), ("mm[Hg]",)),
    **dict.fromkeys(("8867-4", "9279-1"), ("/min",)),
    "2708-6": ("%",),
    "8310-5": ("Cel", "[degF]"),
    **dict.fromkeys(("8302-2", "9843-4"), ("cm", "[in_i]")),
    "29463-7": ("kg", "[lb_av]", "g"),
    "39156-5": ("kg/m2",),
}


def check(context: Context) -> Iterator[Finding]:
    """One finding a source, code, unit and rule; and one a source, code and value."""
    asked = [(item, "true") for item in context.signatures if _unit_outside(context, item)]
    for found in context.statements(asked):
        item, allowed = found.signature, _UNITS[found.signature.meaning.code]
        yield context.finding(
            "TM-E03",
            f"{item.meaning.said}: the vital signs profile of FHIR asks for {' or '.join(allowed)}, "
            f"and {found.source} has {said_unit(item.unit)}",
            found,
            "unit",
            facet="unit",
            details={"unit": item.unit, "allowed": list(allowed), "code": item.meaning.curie},
        )
    for item in context.signatures:
        concept = item.meaning.concept
        if item.values == "coded" and concept is not None and concept.value_set:
            yield from _values(context, item, frozenset(concept.value_set))


def written(context: Written) -> Iterator[Finding]:
    """One finding a rule and value that its map, or the rule itself, gives."""
    for rule in context.rules:
        concept = context.catalogue.get(rule.statement.concept)
        if concept is None or not concept.value_set:
            continue
        for code in context.given(rule, "value"):
            curie = systems.curie(code.system or "", code.code)
            if curie not in concept.value_set:
                yield context.on_slot(
                    "TM-E03",
                    f"{curie} is not a value of {concept.name}",
                    rule,
                    "value",
                    severity=_severity(curie, concept.value_set),
                    concept=concept.name,
                    details={"detail": curie},
                )


def _unit_outside(context: Context, item: Signature) -> bool:
    """Whether a source of FHIR has a unit that the profile of its code does not allow."""
    if context.formats.get(item.source) != "fhir" or item.meaning.system != loinc.SYSTEM:
        return False
    allowed = _UNITS.get(item.meaning.code)
    if allowed is None or item.values != "quantity" or item.unit is None or item.unit in allowed:
        return False
    return units.same_kind(item.unit, allowed[0])


def _severity(curie: str, allowed: Iterable[str]) -> Severity:
    """An error for a code of a system that the list draws from."""
    prefixes = {each.partition(":")[0] for each in allowed}
    return SEVERITY if curie.partition(":")[0] in prefixes else Severity.WARNING


def _values(context: Context, item: Signature, allowed: frozenset[str]) -> Iterator[Finding]:
    """Coded values of a signature that its concept does not list."""
    rows = context.duck.rows(
        f"SELECT rule, value_system, value_code, count(*), {FIRST} FROM {context.table('observation')} "
        "WHERE source = $1 AND code_system = $2 AND code = $3 AND value_code IS NOT NULL GROUP BY ALL ORDER BY ALL",
        [item.source, item.meaning.system, item.meaning.code],
    )
    for rule, system, code, count, places in rows:
        curie = systems.curie(system or "", code)
        if curie in allowed:
            continue
        found = Stated(item, rule, count, context.places(item.source, places, "value"))
        name = said(system, code)
        yield context.finding(
            "TM-E03",
            f"{item.meaning.said}: {name} of {item.source} is not a value of its list",
            found,
            "value",
            severity=_severity(curie, allowed),
            facet="value",
            details={"value": name, "detail": name},
        )
