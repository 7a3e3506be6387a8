"""The time of an observation is read from a field that tells another time, such as that of the report.

What it means:
    The first field that ``time`` of an observation reads is one that the format defines as something else than the
    time of the measurement: ``issued`` or ``meta.lastUpdated`` (FHIR Observation), MSH-7, EVN-2, ORC-9, OBR-6,
    OBR-14, OBR-22 or OBX-19 (HL7 v2), ``header.creation_date_time`` (Open mHealth). It is found in the mapping. What
    a column of a table means is not known, and how often a later alternative of ``time`` is used is not looked at.

Why it matters:
    A laboratory reports an hour after the blood was drawn, a phone uploads in the evening: readings pair with those
    of the wrong time, and trends lag by the delay.

Example:
    time: $(OBR-22) | $(OBX-14)         # the time of the report comes first

What to do:
    Bind ``time`` to when the patient was in that state (``effective``, OBX-14, OBR-7, ``effective_time_frame``); the
    other may follow as an alternative.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks.written import Rule, Written
from twinmap.diagnostics import Finding, Severity
from twinmap.mapping.ast import Group, Ref, Text, Value

SEVERITY = Severity.WARNING
HELP = "bind time to when the measurement was made; the other field may follow as an alternative"

#: By format: fields, by the end of their path, and what their time is.
ROLES = {
    "fhir": {"issued": "when it was made available", "meta.lastUpdated": "when the resource was changed"},
    "hl7v2": {
        "MSH-7": "the time of the message",
        "EVN-2": "when the event was recorded",
        "ORC-9": "the time of the transaction",
        "OBR-6": "when it was requested for",
        "OBR-14": "when the specimen was received",
        "OBR-22": "the time of the report",
        "OBX-19": "the time of the analysis",
    },
    "json": {"header.creation_date_time": "when the record was created"},
}


def written(context: Written) -> Iterator[Finding]:
    """One finding an observation rule."""
    for rule in context.rules:
        if rule.statement.kind != "observation":
            continue
        role = _role(rule)
        if role is not None:
            path, what = role
            yield context.on_slot(
                "TM-T03",
                f"the time is read from {path}: {what}, not of the measurement",
                rule,
                "time",
                concept=context.about(rule),
            )


def _role(rule: Rule) -> tuple[str, str] | None:
    """The field that the time is read from first and what it tells, where that is another time."""
    bound = rule.statement.slots.get("time")
    if isinstance(bound, Group):
        bound = next((bound.parts[name] for name in ("from", "start") if name in bound.parts), None)
    if not isinstance(bound, Value) or not bound.alternatives or not isinstance(bound.alternatives[0], Text):
        return None
    reference = bound.alternatives[0].sole_ref
    if reference is None or reference.kind != "path" or reference.lookups:
        return None
    return _known(rule.records.options.format, reference)


def _known(format_: str, reference: Ref) -> tuple[str, str] | None:
    path = reference.path.lstrip("^/").split("(")[0]
    for name, what in ROLES.get(format_, {}).items():
        if path == name or (format_ != "hl7v2" and path.endswith(f".{name}")):
            return name, what
    return None
