"""A field of a request compiled to a function that reads it from a FHIR record.

What waits for a batch is all tuples and texts: the garbage collector leaves those alone, and with lists
it would take half of the time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from twinmap.formats import treepath
from twinmap.formats.fhirtypes import CHOICES, RESOURCE_TYPES, TYPED
from twinmap.formats.treepath import Child, Path, Select, Step
from twinmap.limits import LIMITS
from twinmap.model import Field, Shape
from twinmap.readers import _fhir_shapes as shapes
from twinmap.readers._fhir_record import LEADING, Record, contained, id_texts, ids, references, targets

Getter = Callable[[Record], Any]
_Nodes = Callable[[Record], Sequence[Any]]


def getter(item: Field) -> Getter:
    """A function from a record to the value of a field, in the form that batches take."""
    path = treepath.parse(item.path)
    if path.about is not None:
        about = path.about
        return _shaped(item, lambda record: _about(record, about))
    kind, steps = resource_type(path)
    if kind is not None:
        return _shaped(item, _referred(kind, steps, item.shape))
    up = path.up
    if item.shape is Shape.VALUE:
        return _shaped(item, _from(up, _values(steps)))
    return _shaped(item, _from(up, follow(steps)))


def elements(item: Field, kind: str) -> frozenset[str] | None:
    """The elements of a resource of a type without any of which a field has no value; None where that is open.

    Elements beside primitive values are called ``_value`` together.
    """
    path = treepath.parse(item.path)
    wanted, steps = resource_type(path)
    if wanted is not None:
        leading = LEADING.get(wanted)
        return None if wanted == kind or leading is None else frozenset(leading)
    if path.about is not None or path.up or not steps:
        return None
    name = steps[0].name
    return frozenset((name, *CHOICES.get(name, ()), _ABSENT, BESIDE))


def resource_type(path: Path) -> tuple[str | None, tuple[Step, ...]]:
    """The resource type with which a path begins, or None, and the steps in the resource."""
    if path.steps and path.up == 0 and path.steps[0].name in RESOURCE_TYPES:
        return path.steps[0].name, path.steps[1:]
    return None, path.steps


def follow(steps: Sequence[Step]) -> Select:
    """A function that follows the steps, choice elements by their short names."""
    if any(step.name in CHOICES for step in steps):
        return treepath.compile_steps(steps, children=children, same=shapes.same)
    if any(step.pick for step in steps):
        return treepath.compile_steps(steps, children=children, same=shapes.same)
    return treepath.compile_steps(steps)


def children(name: str) -> Child:
    """The members of that name; for a choice element that of the type it was given."""
    plain = treepath.child(name)
    typed = CHOICES.get(name)
    if typed is None:
        return plain

    def step(node: Any, found: list[Any]) -> None:
        if type(node) is not dict or name in node:
            plain(node, found)
            return
        for key, value in node.items():
            if key in typed and value is not None:
                found.append(value)

    return step


def _from(up: int, select: Select) -> _Nodes:
    if up == 0:
        return lambda record: select(record.node)
    return lambda record: select(record.start(up))


def _about(record: Record, about: str) -> Sequence[Any]:
    row = record.row
    if about == "index":
        return (str(row.position if row else record.number),)
    return (row.key,) if row and row.key is not None else ()


# --- values with the type that the name of the element says ---------------------------------------


class _Typed(NamedTuple):
    node: Any
    kind: str | None


def _values(steps: Sequence[Step]) -> Select:
    """The last step gives nodes with their types; where ``value`` is absent, the reason beside it."""
    if not steps:
        return lambda node: (_Typed(node, None),)
    last = steps[-1]
    typed = CHOICES.get(last.name)
    if typed is None or last.pick is not None:
        kind, select = TYPED.get(last.name), follow(steps)
        return lambda node: [_Typed(one, kind) for one in select(node)]
    before, name = follow(steps[:-1]), last.name
    usual = next(iter(typed))
    usual_kind = typed[usual]

    def select_typed(node: Any) -> Sequence[Any]:
        found = []
        for parent in before(node):
            if type(parent) is not dict:
                continue
            one = parent.get(usual)
            if one is not None:
                found.append(_Typed(one, usual_kind))
                continue
            plain = parent.get(name)
            if plain is not None:
                found.extend(_Typed(part, None) for part in (plain if type(plain) is list else [plain]))
                continue
            given = [_Typed(parent[key], kind) for key in parent if (kind := typed.get(key)) is not None]
            if not given and name == "value":
                reason = parent.get(_ABSENT) or _reason_beside(parent)
                given = [] if reason is None else [_Typed(reason, _ABSENT)]
            found.extend(given)
        return found

    return select_typed


_ABSENT, BESIDE = "dataAbsentReason", "_value"


def _reason_beside(parent: Mapping[str, Any]) -> Any:
    """The reason in the place of a primitive value: ``_valueString`` stands beside ``valueString``."""
    beside = (parent[name] for name in parent if name.startswith(BESIDE))
    return next(filter(None, map(shapes.reason_in, beside)), None)


# --- references -----------------------------------------------------------------------------------


def _referred(kind: str, steps: tuple[Step, ...], wanted: Shape) -> _Nodes:
    """Nodes of the resource of a type that the record refers to, or that it is."""
    select = _values(steps) if wanted is Shape.VALUE else follow(steps)
    named = None
    if len(steps) == 1 and steps[0].name == "id" and steps[0].pick is None:
        named = ids if wanted is Shape.IDENTIFIER else id_texts

    def nodes(record: Record) -> Sequence[Any]:
        if record.resource.get("resourceType") == kind:
            return select(record.resource)
        found: list[Any] = []
        for reference in references(record.resource, kind):
            if named is not None:
                found.extend(named(record, reference, kind))
                continue
            for target in targets(record, reference, kind):
                found.extend(select(target))
        return found

    return nodes


# --- shapes ---------------------------------------------------------------------------------------


def _shaped(item: Field, nodes: _Nodes) -> Getter:
    return _SHAPED[item.shape](item.path, nodes)


def _text(path: str, nodes: _Nodes) -> Getter:
    def get(record: Record) -> Any:
        found = nodes(record)
        if not found:
            return None
        if len(found) == 1 and type(found[0]) is str:
            return _bounded(path, found[0], record)
        texts = list(dict.fromkeys(shapes.text(node) for node in found))
        if len(texts) > 1:
            record.report("TM-Q16", f'"{path}" has {len(texts)} values that differ', path, texts[0] or "{}")
            return None
        if texts[0] is None:
            if all(map(_only_extension, found)):
                return None
            record.report("TM-Q16", f'"{path}" leads to an element that is not one value', path, "{}")
            return None
        return _bounded(path, texts[0], record)

    return get


def _bounded(path: str, text: str, record: Record) -> str | None:
    if len(text) > LIMITS.field_bytes:
        message = f'"{path}" is longer than {LIMITS.field_bytes:,} characters'
        record.report("TM-Q15", message, path, text)
        return None
    return text or None


def _key(path: str, nodes: _Nodes) -> Getter:  # noqa: ARG001  # the signature of all shapes
    return lambda record: shapes.key(nodes(record))


def _code(path: str, nodes: _Nodes) -> Getter:  # noqa: ARG001
    def get(record: Record) -> Any:
        found = nodes(record)
        if not found:
            return None
        if len(found) == 1:
            return tuple(shapes.codes(found[0])) or None
        return tuple(dict.fromkeys(code for node in found for code in shapes.codes(node))) or None

    return get


def _value(path: str, nodes: _Nodes) -> Getter:
    def get(record: Record) -> Any:
        values = []
        for one in nodes(record):
            node, kind = one if type(one) is _Typed else (one, None)
            value = shapes.absent(node) if kind == _ABSENT else shapes.value(node, kind)
            if value is None:
                if kind != _ABSENT and not _only_extension(node):
                    record.report("TM-Q16", f'"{path}" leads to an element without a value', path, "{}")
            elif value[1] is not None and len(value[1]) > LIMITS.field_bytes:
                _bounded(path, value[1], record)
            else:
                values.append(value)
        return tuple(values) or None

    return get


def _only_extension(node: Any) -> bool:
    return type(node) is dict and not set(node) - {"extension", "id"}


def _identifier(path: str, nodes: _Nodes) -> Getter:  # noqa: ARG001
    def get(record: Record) -> Any:
        found = nodes(record)
        if not found:
            return None
        if len(found) == 1:
            return tuple(_identified(record, found[0])) or None
        return tuple(dict.fromkeys(one for node in found for one in _identified(record, node))) or None

    return get


def _identified(record: Record, node: Any) -> list[shapes.Identifier]:
    """One identifier; a reference into the resource or Bundle gives what the resource is called there."""
    reference = node.get("reference") if type(node) is dict else None
    if type(reference) is str:
        if reference.startswith("#"):
            return contained(record, reference[1:])
        scope = record.scope
        if scope is not None and reference in scope.ids:
            return [(scope.ids[reference], None, None)]
    one = shapes.identifier(node)
    return [one] if one else []


def _time(path: str, nodes: _Nodes) -> Getter:
    def get(record: Record) -> Any:
        found = nodes(record)
        if not found:
            return None
        if len(found) == 1 and type(found[0]) is str:
            return (found[0], None)
        times = list(dict.fromkeys(filter(None, map(shapes.time, found))))
        if len(times) > 1:
            record.report("TM-Q16", f'"{path}" has {len(times)} times that differ', path, times[0][0] or "")
            return None
        if not times and not all(map(_only_extension, found)):
            record.report("TM-Q12", f'"{path}" leads to an element that is no time', path, "{}")
        return times[0] if times else None

    return get


def _range(path: str, nodes: _Nodes) -> Getter:
    def get(record: Record) -> Any:
        found = nodes(record)
        if not found:
            return None
        ranges = shapes.ranges(found)
        if len(ranges) > 1:
            record.report("TM-Q16", f'"{path}" has {len(ranges)} ranges that differ', path, "{}")
            return None
        return ranges[0] if ranges else None

    return get


_SHAPED: Mapping[Shape, Callable[[str, _Nodes], Getter]] = {
    Shape.TEXT: _text,
    Shape.KEY: _key,
    Shape.CODE: _code,
    Shape.VALUE: _value,
    Shape.IDENTIFIER: _identifier,
    Shape.TIME: _time,
    Shape.RANGE: _range,
}
assert set(_SHAPED) == set(Shape)
