"""An IRI would hold a value of the data in readable form.

What it means:
    A code of a statement is read from a field that is also read as the patient's id. The IRI of a code is made
    of its system and the code itself, so the id of the patient would stand in it. All other IRIs are made of
    keyed hashes, of names in the mapping and of numbers.

Why it matters:
    IRIs are copied into queries, logs, links and other graphs, where nobody expects a patient's name. A
    value that has gone out in an IRI cannot be called back.

Example:
    patient: {id: $(mrn), system: hospital-mrn}
    observe: {result: {code: lab:$(mrn), value: $(result)}}

What to do:
    Read the code from the field that holds it. An id of the patient belongs into ``patient`` alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks import Written
from twinmap.diagnostics import Finding, Severity
from twinmap.kinds import KINDS
from twinmap.mapping.uses import of_slot

SEVERITY = Severity.ERROR
HELP = "read the code from the field that holds it; an id of the patient belongs into patient alone"


def written(context: Written) -> Iterator[Finding]:
    """One finding a rule and slot."""
    for rule in context.rules:
        patient = rule.records.slots.get("patient")
        if patient is None:
            continue
        ids = {use.ref.path for use in of_slot(patient, "patient", None) if use.slot == "patient.id"}
        for slot in KINDS[rule.statement.kind].codes:
            bound = rule.value(slot)
            read = (
                {use.ref.path for use in of_slot(bound, slot, None) if use.slot == slot} if bound else set()
            )
            for path in sorted(ids & read):
                message = f"the {slot} is read from {path}, which is the id of the patient"
                yield context.on_slot("TM-Z02", message, rule, slot, concept=context.about(rule))
