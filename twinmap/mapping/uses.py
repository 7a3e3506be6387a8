"""Which references a record set reads, and for what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from twinmap.mapping.ast import Choice, Condition, Expression, RecordSet, Ref, Statement, Value
from twinmap.mapping.evaluate import references
from twinmap.mapping.values import Slot


class Use(NamedTuple):
    """One reference in one place.

    ``slot`` is the slot (``value``, ``time.from``, ``code.system``, ``identifiers.id``), or ``keep``,
    ``when``, ``key``, ``source.timezone``. ``sole`` says that the reference is a whole alternative, so
    that a composite there is read by its type. ``statement`` is None for what holds for the record.
    """

    ref: Ref
    slot: str
    sole: bool
    statement: Statement | None = None


def used(record_set: RecordSet) -> tuple[Use, ...]:
    """Every reference that is read: those of defaults only where a rule that takes them applies."""
    return tuple(_of_record_set(record_set))


def _of_record_set(record_set: RecordSet) -> Iterator[Use]:
    yield from (Use(ref, "key", True) for ref in record_set.key)
    yield from _of_condition(record_set.keep, "keep")
    if record_set.timezone is not None:
        yield from _of_value(record_set.timezone, "source.timezone", None)
    patient = record_set.slots.get("patient")
    if patient is not None:
        yield from of_slot(patient, "patient", None)
    for choice in record_set.choices:
        yield from _of_choice(choice)


def _of_choice(choice: Choice) -> Iterator[Use]:
    for statement in choice.always:
        yield from _of_slots(statement.slots, statement)
    for case in choice.cases:
        yield from _of_condition(case.when, "when")
        for statement in case.statements:
            yield from _of_slots(statement.slots, statement)
    takes_auto = choice.otherwise == "auto" or any(case.action == "auto" for case in choice.cases)
    if choice.auto or takes_auto:
        yield from _of_slots(choice.defaults, None)


def _of_slots(slots: Mapping[str, Slot], statement: Statement | None) -> Iterator[Use]:
    for name, slot in slots.items():
        if name != "patient":  # read once for the record, whatever is stated
            yield from of_slot(slot, name, statement)


def of_slot(slot: Slot, name: str, statement: Statement | None) -> Iterator[Use]:
    """The references of one slot."""
    if isinstance(slot, Value):
        yield from _of_value(slot, name, statement)
        return
    for group in slot if isinstance(slot, tuple) else (slot,):
        for part, found in group.parts.items():
            deeper = part if isinstance(found, tuple) else f"{name}.{part}"
            yield from of_slot(found, deeper, statement)


def _of_value(value: Value, name: str, statement: Statement | None) -> Iterator[Use]:
    for alternative in value.alternatives:
        if isinstance(alternative, Expression):
            yield from (Use(ref, name, False, statement) for ref in references(alternative.node))
        else:
            sole = alternative.sole_ref is not None
            found = (part for part in alternative.parts if isinstance(part, Ref))
            yield from (Use(ref, name, sole, statement) for ref in found)
    for part, deeper in (("system", value.system), ("display", value.display)):
        if deeper is not None:
            yield from _of_value(deeper, f"{name}.{part}", statement)


def _of_condition(condition: Condition | None, name: str) -> Iterator[Use]:
    for tests in condition.alternatives if condition else ():
        yield from (Use(test.ref, name, True) for test in tests)
