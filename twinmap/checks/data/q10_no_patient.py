"""A record says something of a patient and does not say of whom.

What it means:
    ``patient`` is bound, and its id is missing in this record: the field is absent, empty, or one of the
    texts listed in ``missing``. The record is set aside whole: nothing of it is in the graph, its raw text
    is in the quarantine, and the ledger counts it.

Why it matters:
    A value without a patient belongs to no twin. To take the id of the row before, or one of our own
    making, could put a result into the wrong patient's record.

Example:
    patient: {id: $(PID-3(5=MR))}       # PID-3 of this message has only an identifier of type VN

What to do:
    Give the id an alternative, such as ``$(PID-3(5=MR)) | $(PID-3(1))``. A source of one patient takes
    ``$(param:patient)`` or ``$(file:folder)``. Below ``each``, a field of the whole document has a ``^``:
    ``$(^subject.reference)``. Records that are of no patient (totals, calibration) are
    left out with ``keep``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from twinmap.diagnostics import Severity
from twinmap.mapping.uses import of_slot

if TYPE_CHECKING:
    from twinmap.mapping.ast import RecordSet

SEVERITY = Severity.ERROR
MESSAGE = "the record does not say which patient it is of"
HELP = (
    "add an alternative to the id of the patient, or leave such records out with keep; "
    "below each, a field of the document is $(^field)"
)


def advice(records: RecordSet) -> str | None:
    """What to do where the mapping takes the patient from the command line as well."""
    patient = records.slots.get("patient")
    uses = of_slot(patient, "patient", None) if patient is not None else ()
    name = next((use.ref.path for use in uses if use.slot == "patient.id" and use.ref.kind == "param"), None)
    return None if name is None else f"say whose they are: --set {name}=ID"
