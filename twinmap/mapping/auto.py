"""``auto``: what a standard itself says, written in the mapping language and put in where a mapping asks.

The fragments are ``mappings/auto/fhir-r4.yaml`` and ``mappings/auto/hl7v2.yaml``. The element of the record
comes first; what the mapping binds fills what it leaves open.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache

from twinmap import registry
from twinmap.errors import InternalError
from twinmap.mapping.ast import (
    Call,
    Choice,
    Condition,
    Document,
    Expression,
    Group,
    Node,
    Operation,
    RecordSet,
    Ref,
    Statement,
    Text,
    Value,
)

FRAGMENTS: Mapping[str, str] = {"fhir": "fhir-r4", "hl7v2": "hl7v2"}

Slot = Value | Group | tuple[Group, ...]


@cache
def fragment(format_name: str) -> Document:
    """The shipped definition of ``auto`` for a format."""
    from twinmap.mapping.load import load

    path = registry.shipped("mappings") / "auto" / f"{FRAGMENTS[format_name]}.yaml"
    loaded = load(path)
    if loaded.document is None or not loaded.usable:
        raise InternalError(f"the definition of auto for {format_name} cannot be loaded")
    return loaded.document


def expand(document: Document) -> Document:
    """The document with every ``auto`` put in as record sets of their own."""
    records: list[RecordSet] = []
    for record_set in document.records:
        if record_set.options.format in FRAGMENTS and any(_asks(choice) for choice in record_set.choices):
            records.extend(_expanded(record_set))
        else:
            records.append(record_set)
    return replace(document, records=tuple(records))


def _asks(choice: Choice) -> bool:
    return choice.auto or choice.otherwise == "auto" or any(case.action == "auto" for case in choice.cases)


def _expanded(record_set: RecordSet) -> Iterator[RecordSet]:
    plain = tuple(_without(choice) for choice in record_set.choices if not choice.auto)
    if any(choice.always or choice.cases for choice in plain):
        yield replace(record_set, choices=plain)
    asked = {choice.kind: choice for choice in record_set.choices if _asks(choice)}
    for given in fragment(record_set.options.format).records:
        kinds = {choice.kind for choice in given.choices}
        wanted = [asked[kind] for kind in kinds if kind in asked]
        if (wanted or (not kinds and record_set.each is None)) and _fits(record_set, given):
            yield _filled(record_set, given, wanted)


def _without(choice: Choice) -> Choice:
    cases = tuple(replace(case, action="ignore") if case.action == "auto" else case for case in choice.cases)
    return replace(choice, cases=cases, otherwise="ignore" if _asks(choice) else choice.otherwise)


def _fits(record_set: RecordSet, given: RecordSet) -> bool:
    """Whether a fragment's records are among those of the record set."""
    mine, theirs = record_set.options.messages, given.options.messages
    if mine and theirs and not any(fnmatchcase(a, b) or fnmatchcase(b, a) for a in mine for b in theirs):
        return False
    each = record_set.each
    return each is None or given.each == each or (given.each or "").startswith(f"{each}.")


def _filled(record_set: RecordSet, given: RecordSet, wanted: list[Choice]) -> RecordSet:
    """A fragment's record set with what the mapping says of files, patient and everything left open."""
    ups = "^" * (
        (given.each or "").count(".") - (record_set.each or given.each or "").split(".")[0].count(".")
    )
    move = _Move(ups)
    tests = [(False, move.condition(condition)) for condition in _taken(wanted)]
    if record_set.keep is not None:
        tests.append((True, move.condition(record_set.keep)))
    key = (
        (*(move.ref(ref) for ref in record_set.key), *given.key) if record_set.key and ups else record_set.key
    )
    messages = record_set.options.messages or given.options.messages
    slots = _merged(given.slots, record_set.slots, move, ours_first=("patient",))
    choices = tuple(
        replace(
            choice,
            always=tuple(_statement(item, record_set, choice.kind, move) for item in choice.always),
            cases=tuple(
                replace(
                    case,
                    statements=tuple(
                        _statement(item, record_set, choice.kind, move) for item in case.statements
                    ),
                )
                for case in choice.cases
            ),
        )
        for choice in given.choices
    )
    return replace(
        given,
        name=f"{record_set.name}-{given.name}",
        files=record_set.files,
        options=replace(record_set.options, messages=messages),
        also=tuple(tests),
        key=key or given.key,
        slots=slots,
        choices=choices,
        missing=record_set.missing,
        timezone=record_set.timezone,
        span=record_set.span,
    )


def _taken(wanted: list[Choice]) -> list[Condition]:
    """Conditions of the cases that the mapping states itself: ``auto`` is for the other records."""
    return [case.when for choice in wanted for case in choice.cases if case.action != "auto"]


def _statement(statement: Statement, record_set: RecordSet, kind: str, move: _Move) -> Statement:
    asked = next((choice for choice in record_set.choices if choice.kind == kind), None)
    defaults = {name: slot for name, slot in record_set.slots.items() if name != "patient"}
    defaults |= asked.defaults if asked else {}
    return replace(statement, slots=_merged(statement.slots, defaults, move), span=record_set.span)


def _merged(
    first: Mapping[str, Slot], then: Mapping[str, Slot], move: _Move, ours_first: tuple[str, ...] = ()
) -> dict[str, Slot]:
    """Slots of ``first``, filled from ``then``; the names of ``ours_first`` the other way round."""
    found = dict(first)
    for name, slot in then.items():
        moved = move.slot(slot)
        if name in ours_first:
            found[name] = _both(moved, found[name]) if name in found else moved
        else:
            found[name] = _both(found[name], moved) if name in found else moved
    return found


def _both(one: Slot, other: Slot) -> Slot:
    """One slot whose missing parts are filled from another."""
    if isinstance(one, Group) and isinstance(other, Group):
        parts = dict(one.parts)
        for name, part in other.parts.items():
            if name not in parts:
                parts[name] = part
            elif name != "id":
                parts[name] = _both(parts[name], part)  # type: ignore[assignment]
        return replace(one, parts=parts)
    if isinstance(one, Value) and isinstance(other, Value):
        plain = one.map is None and other.map is None and one.codes is None and other.codes is None
        if plain and other.alternatives:
            return replace(one, alternatives=(*one.alternatives, *other.alternatives))
        return one if one.alternatives else other
    return one


@dataclass(frozen=True, slots=True)
class _Move:
    """Moves references of a record to deeper records: ``code`` is ``^code`` in a component."""

    ups: str

    def ref(self, ref: Ref) -> Ref:
        if not self.ups or ref.kind != "path" or ref.path.startswith("/") or ref.path[:1].isupper():
            return ref
        return replace(ref, path=self.ups + ref.path)

    def condition(self, condition: Condition) -> Condition:
        return replace(
            condition,
            alternatives=tuple(
                tuple(replace(test, ref=self.ref(test.ref)) for test in tests)
                for tests in condition.alternatives
            ),
        )

    def slot(self, slot: Slot) -> Slot:
        if isinstance(slot, Value):
            return self.value(slot)
        if isinstance(slot, tuple):
            return tuple(self.group(group) for group in slot)
        return self.group(slot)

    def group(self, group: Group) -> Group:
        parts = {
            name: self.value(part) if isinstance(part, Value) else tuple(self.group(item) for item in part)
            for name, part in group.parts.items()
        }
        return replace(group, parts=parts)

    def value(self, value: Value) -> Value:
        return replace(
            value,
            alternatives=tuple(self.alternative(item) for item in value.alternatives),
            system=self.value(value.system) if value.system else None,
            display=self.value(value.display) if value.display else None,
        )

    def alternative(self, item: Text | Expression) -> Text | Expression:
        if isinstance(item, Expression):
            return replace(item, node=self.node(item.node))
        return replace(
            item, parts=tuple(self.ref(part) if isinstance(part, Ref) else part for part in item.parts)
        )

    def node(self, node: Node) -> Node:
        if isinstance(node, Ref):
            return self.ref(node)
        if isinstance(node, Operation):
            return replace(node, operands=tuple(self.node(item) for item in node.operands))
        if isinstance(node, Call):
            return replace(node, arguments=tuple(self.node(item) for item in node.arguments))
        return node
