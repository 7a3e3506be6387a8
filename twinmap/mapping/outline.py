"""What a mapping is for and what it states, in lines for people."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from twinmap.mapping.ast import (
    Call,
    Choice,
    Condition,
    Document,
    Expression,
    Group,
    Node,
    Number,
    Operation,
    RecordSet,
    Ref,
    Statement,
    String,
    Test,
    Text,
    Value,
)

Slot = Value | Group | tuple[Group, ...]

_COMMENT = re.compile(r"(?:^|\s)#\s?(?P<text>.*)")
#: Column of what a slot is bound to.
_WIDTH = 14


def purpose(text: str) -> str:
    """The comment at the top of a mapping file: its paragraphs, each on one line."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").strip())
    paragraphs = "\n".join(lines).strip().split("\n\n")
    return "\n\n".join(" ".join(part.split()) for part in paragraphs)


def headline(text: str) -> str:
    """The first clause of :func:`purpose`, what the mapping reads.

    >>> headline("# Vital signs: what monitors chart.")
    'Vital signs'
    """
    return re.split(r"[:.](?:\s|$)", purpose(text), maxsplit=1)[0]


def outline(document: Document, text: str) -> Iterator[str]:
    """Lines that say which parameters a mapping takes, and what it states of what."""
    if document.params:
        yield "Parameters"
        lines = text.splitlines()
        for param in document.params.values():
            need = f"default {param.default}" if param.default else "optional"
            need = "required" if param.default is None else need
            comment = _COMMENT.search(lines[param.span.line - 1])
            yield f"  {param.name:<{_WIDTH}}{need}{'; ' + comment['text'] if comment else ''}"
        yield ""
    yield "States"
    shared = _shared(document)
    if shared:
        yield "  in all record sets"
        yield from _slots(shared, 4)
    for record_set in document.records:
        yield from _record_set(record_set, shared)


def _shared(document: Document) -> dict[str, Slot]:
    """The slots that several record sets all bind alike."""
    first, *others = (record_set.slots for record_set in document.records)
    alike = {
        name: slot
        for name, slot in first.items()
        if all(name in slots and _slot(slots[name]) == _slot(slot) for slots in others)
    }
    return alike if others else {}


# --- record sets and rules ------------------------------------------------------------------------


def _record_set(record_set: RecordSet, shared: Mapping[str, Slot]) -> Iterator[str]:
    about = [f"each {record_set.each}"] if record_set.each else list(record_set.files)
    about = [", ".join(about), *(f"of {message}" for message in record_set.options.messages)]
    yield f"  {record_set.name} ({' '.join(filter(None, about))})" if any(about) else f"  {record_set.name}"
    if record_set.keep is not None:
        yield f"    {'keep':<{_WIDTH}}{_condition(record_set.keep)}"
    yield from _slots({name: slot for name, slot in record_set.slots.items() if name not in shared}, 4)
    for choice in record_set.choices:
        yield from _choice(choice)


def _choice(choice: Choice) -> Iterator[str]:
    if choice.auto:
        yield f"    {choice.kind}: auto"
    for statement in choice.always:
        yield from _statement(statement)
    for case in choice.cases:
        yield f"    when {_condition(case.when)}" + ("" if case.statements else f": {case.action}")
        for statement in case.statements:
            yield from (f"  {line}" for line in _statement(statement))
    if choice.cases:
        yield f"    otherwise {choice.otherwise}"


def _statement(statement: Statement) -> Iterator[str]:
    concept = "" if statement.concept == statement.kind else f" {statement.concept}"
    yield f"    {statement.kind}{concept}"
    yield from _slots({name: slot for name, slot in statement.slots.items() if name in statement.own}, 6)


def _slots(slots: Mapping[str, Slot], indent: int) -> Iterator[str]:
    for name, slot in slots.items():
        for line in _slot(slot):
            yield f"{' ' * indent}{name:<{_WIDTH}}{line}"
            name = ""  # noqa: PLW2901  (it stands in the first line alone)


# --- slots, as a mapping writes them ---------------------------------------------------------------


def _slot(slot: Slot) -> list[str]:
    """A line for each part that is bound."""
    if isinstance(slot, Value):
        written = _value(slot)
        return [written] if written else []
    if isinstance(slot, tuple):
        return [", ".join(_slot(group)) for group in slot]
    return [f"{name} {line}" for name, part in slot.parts.items() for line in _slot(part)]


def _value(value: Value) -> str:
    text = " | ".join(
        _text(alternative) if isinstance(alternative, Text) else f"= {_node(alternative.node)}"
        for alternative in value.alternatives
    )
    if value.system is not None:
        text += f" of system {_value(value.system)}"
    return f"{text} (by a map)" if value.map or value.codes else text


def _text(text: Text) -> str:
    return "".join(part if isinstance(part, str) else _ref(part) for part in text.parts)


def _ref(ref: Ref) -> str:
    path = ref.path if ref.kind in {"path", "part"} else f"{ref.kind}:{ref.path}"
    return f"$({path}{''.join(f' -> {look.table}.{look.column}' for look in ref.lookups)})"


def _node(node: Node | Expression) -> str:
    match node:
        case Number(value):
            return str(value)
        case String(value):
            return f"'{value}'"
        case Ref():
            return _ref(node)
        case Operation("neg", (operand,)):
            return f"-{_node(operand)}"
        case Operation(operator, operands):
            return f"({f' {operator} '.join(map(_node, operands))})"
        case Call(function, arguments):
            return f"{function}({', '.join(map(_node, arguments))})"
        case Expression(inner):
            return _node(inner)


def _condition(condition: Condition) -> str:
    return " or ".join(" and ".join(map(_test, tests)) for tests in condition.alternatives)


def _test(test: Test) -> str:
    words = ", ".join(test.words)
    match test.operator:
        case "in":
            return f"{test.ref.path} is {words}"
        case "missing":
            return f"{test.ref.path} is {'missing' if words == 'true' else 'there'}"
        case "parts":
            return f"{test.ref.path} fits {_text(test.pattern) if test.pattern else ''}"
    return f"{test.ref.path} {test.operator} {words}"
