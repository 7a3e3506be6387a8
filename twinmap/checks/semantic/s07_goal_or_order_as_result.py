"""What is planned is stated as what happened: a goal or an order as a result, or as a dose given.

What it means:
    An observation takes its value from a resource or segment that holds what somebody wants (FHIR ``Goal``,
    ``CarePlan``, ``ServiceRequest``, ``MedicationRequest``; HL7 v2 GOL, RXO, RXE); or a medication is stated as
    ``given`` or ``dispensed`` from a request. It is found in the mapping, by the record that ``each`` names or the
    field that is read. A column of targets in a table is not known as such.

Why it matters:
    A target pressure of 130 is no pressure of 130, and a dose that was ordered may never have been given. Nothing in
    the statement tells the two apart afterwards.

Example:
    each: Goal.target
    observe: {result: {code: $(measure), value: $(detail)}}

What to do:
    State orders with ``event: ordered``. For goals there is no statement: leave them out.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks.written import Rule, Written
from twinmap.diagnostics import Finding, Severity
from twinmap.mapping.ast import Text, Value

SEVERITY = Severity.ERROR
HELP = "state orders with event: ordered, and leave goals out"

#: By format: resources and segments that hold what is wanted.
_WANTED = {
    "fhir": ("Goal", "CarePlan", "ServiceRequest", "MedicationRequest", "NutritionOrder", "DeviceRequest"),
    "hl7v2": ("GOL", "RXO", "RXE"),
}
_HAPPENED = ("given", "dispensed")


def written(context: Written) -> Iterator[Finding]:
    """One finding a rule."""
    for rule in context.rules:
        origin = _origin(rule)
        if origin is None:
            continue
        if rule.statement.kind == "observation":
            message, slot = (
                f"the value of an observation comes from {origin}: what is wanted, not a result",
                "value",
            )
        elif rule.statement.kind == "medication" and _event(rule) in _HAPPENED:
            message, slot = f"what {origin} asks for is stated as {_event(rule)}", "event"
        else:
            continue
        yield context.on_slot("TM-S07", message, rule, slot, concept=context.about(rule))


def _event(rule: Rule) -> str | None:
    event = rule.value("event")
    return event.literal if event is not None else None


def _origin(rule: Rule) -> str | None:
    """The resource or segment that is wanted, of which a record is, or from which the value is read."""
    wanted = _WANTED.get(rule.records.options.format, ())
    slot = "value" if rule.statement.kind == "observation" else "code"
    for path in (_path(rule.value(slot)), rule.records.each or ""):
        name = path.lstrip("^/").split(".")[0].split("-")[0].split("(")[0]
        if name in wanted:
            return name
        if name in _KNOWN.get(rule.records.options.format, ()):
            return None
    return None


#: What a value may come from in a record that holds an order: results of their own.
_KNOWN = {"fhir": ("Observation",), "hl7v2": ("OBX", "RXA", "RXD", "RXG")}


def _path(value: Value | None) -> str:
    """The first reference of a value."""
    texts = value.alternatives if value is not None else ()
    references = (text.sole_ref for text in texts if isinstance(text, Text))
    return next((reference.path for reference in references if reference is not None), "")
