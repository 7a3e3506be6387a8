"""Nodes of a mapping file to values and groups, with their short forms normalised."""

from __future__ import annotations

from collections.abc import Mapping as Map
from dataclasses import dataclass, field, replace

from twinmap.diagnostics import Severity, Span
from twinmap.formats.yamlnodes import Mapping, Node, Scalar, Sequence
from twinmap.mapping import tables
from twinmap.mapping.ast import CodeMap, Expression, Group, Ref, Text, Value, ValueMap
from twinmap.mapping.context import Context
from twinmap.mapping.expressions import alternatives
from twinmap.mapping.references import MalformedError, reference

Slot = Value | Group | tuple[Group, ...]

#: The part that the short form of a group fills.
_SHORT = {"time": "from", "range": "from"}

#: What says where a time is; the rest says how it is written.
_WHEN = ("start", "end", "duration", "unit")


@dataclass(frozen=True, slots=True)
class Scope:
    """What values may use at one place of the file: the maps in force, the names of ``parts``."""

    context: Context
    maps: Map[str, ValueMap] = field(default_factory=dict)
    parts: frozenset[str] = frozenset()

    def with_parts(self, names: frozenset[str]) -> Scope:
        """The scope of a rule whose condition names parts of a text."""
        return replace(self, parts=names)


def texts(node: Node | None) -> tuple[str, ...]:
    """One text or a list of texts."""
    if node is None:
        return ()
    if isinstance(node, Scalar):
        return (node.text,)
    assert isinstance(node, Sequence)
    return tuple(item.text for item in node.items if isinstance(item, Scalar))


def bare_reference(scope: Scope, node: Scalar) -> Ref | None:
    """A path that stands without ``$( )``; None and a finding where it cannot be read."""
    if not is_bare(scope, node):
        return None
    try:
        return reference(node.text, node.span)
    except MalformedError as error:
        scope.context.report("TM-L12", error.message, node.at(error.offset, error.length), error.help)
        return None


def is_bare(scope: Scope, node: Scalar) -> bool:
    """Whether a path stands without ``$( )``; else a finding."""
    if not node.text.startswith("$("):
        return True
    advice = f"write {node.text[2:].removesuffix(')')}"
    scope.context.report("TM-L12", "this place takes a bare path", node.span, advice)
    return False


def bare_paths(scope: Scope, node: Node | None) -> tuple[str, ...]:
    """One path or a list of paths, as written; ``""`` is none."""
    items = node.items if isinstance(node, Sequence) else (node,)
    scalars = [item for item in items if isinstance(item, Scalar) and item.text]
    return tuple(item.text for item in scalars if is_bare(scope, item))


def value(scope: Scope, node: Node, slot: str) -> Value | None:
    """The value of a slot; None and findings where it cannot be read.

    ``""`` unbinds the slot: a value without alternatives.
    """
    if isinstance(node, Scalar):
        found = _alternatives(scope, node)
        return None if found is None else Value(found, node.span)
    assert isinstance(node, Mapping)
    origin = node.get("from")
    if not isinstance(origin, Scalar):
        return None
    found = _alternatives(scope, origin)
    if found is None:
        return None
    translation = _translation(scope, node)
    _advise(scope, node, slot)
    unmapped = node.get("unmapped")
    policy = unmapped.text if isinstance(unmapped, Scalar) else None
    mapped = translation.map is not None or translation.codes is not None
    return Value(
        found,
        node.span,
        missing=texts(node.get("missing")),
        map=translation.map,
        codes=translation.codes,
        unmapped=(policy or "report") if mapped else None,
        system=_sub(scope, node, "system"),
        display=_sub(scope, node, "display"),
        format=texts(node.get("format")),
    )


def _sub(scope: Scope, node: Mapping, name: str) -> Value | None:
    found = node.get(name)
    return None if found is None else value(scope, found, name)


@dataclass(frozen=True, slots=True)
class _Translation:
    map: ValueMap | None = None
    codes: CodeMap | None = None


def _translation(scope: Scope, node: Mapping) -> _Translation:
    named, codes = node.get("map"), node.get("codes")
    if named is not None and codes is not None:
        message = "a value has either map or codes"
        scope.context.report("TM-L06", message, node.span, "codes for codes, map for other texts")
        return _Translation()
    if named is not None:
        return _Translation(map=tables.value_map(scope.context, named, dict(scope.maps)))
    if codes is not None:
        return _Translation(codes=tables.code_map(scope.context, codes))
    return _Translation()


def _advise(scope: Scope, node: Mapping, slot: str) -> None:
    """Findings on what belongs together: a map of codes and what happens to codes not in it."""
    report = scope.context.report
    key = node.key("unmapped")
    translated = node.key("map") or node.key("codes")
    if key is not None and translated is None:
        report("TM-L06", "unmapped needs a map or codes", key.span, "remove it, or add map")
    if slot == "code" and translated is not None and key is None:
        advice = "add unmapped: report, keep, quarantine or fail"
        report(
            "TM-L16", "it is not said what happens to a code that is not in the map", translated.span, advice
        )


def _alternatives(scope: Scope, node: Scalar) -> tuple[Text | Expression, ...] | None:
    """The alternatives of a text; () for ``""``, None and a finding where it cannot be read."""
    if not node.text:
        return ()
    report = scope.context.report
    try:
        found = alternatives(node.text, node.at, parts=scope.parts)
    except MalformedError as error:
        report("TM-L12", error.message, node.at(error.offset, error.length), error.help)
        return None
    for alternative in found[:-1]:
        if isinstance(alternative, Text) and alternative.literal is not None:
            advice = "put the literal last: it is the default"
            report("TM-L13", "what stands behind a literal is never reached", alternative.span, advice)
    literal = next((text for alternative in found if (text := _literal(alternative))), "")
    if _looks_like_reference(literal):
        advice = f"did you mean $({literal.lstrip('$').strip('{}.')})?"
        message = f'"{literal}" is taken as text'
        report("TM-L12", message, node.span, advice, severity=Severity.WARNING)
    return found


def _literal(alternative: Text | Expression) -> str | None:
    return alternative.literal if isinstance(alternative, Text) else None


def _looks_like_reference(text: str) -> bool:
    """``$name``, ``${name}`` and ``$.name`` are references elsewhere; ``$5`` is money."""
    return len(text) > 1 and text[0] == "$" and (text[1].isalpha() or text[1] in "{._")


# --- slots ----------------------------------------------------------------------------------------


def slot(scope: Scope, node: Node, name: str, of: str) -> Slot | None:
    """The value or group of a slot.

    Args:
        scope: Maps and names of parts.
        node: What the file says.
        name: The slot.
        of: Its definition: ``value``, or the name of a group.
    """
    if of == "value":
        return value(scope, node, name)
    if isinstance(node, Scalar) and not node.text:
        return Value((), node.span)
    return group(scope, node, of)


def group(scope: Scope, node: Node, of: str) -> Group | None:
    """A slot with parts; a text or a value in its place fills the part that names the thing."""
    short = _SHORT.get(of, "id")
    if isinstance(node, Scalar) or (short == "id" and isinstance(node, Mapping) and node.key("from")):
        only = value(scope, node, short)
        return None if only is None else Group({short: only}, node.span)
    assert isinstance(node, Mapping)
    parts: dict[str, Value | tuple[Group, ...]] = {}
    for key, part in node.entries:
        found = _part(scope, part, key.text)
        if found is not None:
            parts[key.text] = found
    made = Group(parts, node.span)
    _mixed(scope, made, "id", "system")
    return made


def _part(scope: Scope, node: Node, name: str) -> Value | tuple[Group, ...] | None:
    if name == "identifiers":
        return _identifiers(scope, node)
    if name == "format":
        words = texts(node)
        return Value((Text((words[0],), node.span),), node.span, format=words) if words else None
    if name == "locale" and isinstance(node, Scalar):
        return Value((Text((node.text,), node.span),), node.span)
    return value(scope, node, name)


def _identifiers(scope: Scope, node: Node) -> tuple[Group, ...]:
    if isinstance(node, Scalar) and not node.text:
        return ()
    items = node.items if isinstance(node, Sequence) else (node,)
    found = [group(scope, item, "identifier") for item in items]
    return tuple(item for item in found if item is not None)


def _mixed(scope: Scope, made: Group, first: str, second: str) -> None:
    mixed(scope, made.value(first), made.value(second), first, second)


def mixed(scope: Scope, one: Value | None, other: Value | None, first: str, second: str) -> None:
    """Warn where two slots that belong together each take the first of several fields."""
    if one is None or other is None or not (_several_fields(one) and _several_fields(other)):
        return
    message = f"{first} and {second} choose among their alternatives independently of each other"
    advice = "give the composite whole, or write one rule for each pair"
    scope.context.report("TM-L18", message, other.span, advice)


def _several_fields(found: Value) -> bool:
    fields = [alternative for alternative in found.alternatives if _literal(alternative) is None]
    return len(fields) > 1


# --- inheritance ----------------------------------------------------------------------------------


def merged(outer: Slot | None, inner: Slot) -> Slot:
    """A slot under the binding that stands further in: groups merge key by key, all else replaces.

    A time that says *when* replaces what was said of when, so that the innermost decides; how times are
    written (format, zone, language) is inherited.
    """
    if not isinstance(outer, Group) or not isinstance(inner, Group):
        return inner
    kept = dict(outer.parts)
    if "from" in inner.parts:
        for name in _WHEN:
            kept.pop(name, None)
    elif any(name in inner.parts for name in _WHEN):
        kept.pop("from", None)
    return Group({**kept, **inner.parts}, inner.span)


def is_bound(found: Slot | None, part: str = "") -> bool:
    """Whether a slot (or a part of a group) is bound to something."""
    if isinstance(found, Group):
        found = found.parts.get(part) if part else next(iter(found.parts.values()), None)
    return bool(found.alternatives) if isinstance(found, Value) else bool(found)


def span_of(found: Slot) -> Span | None:
    """Where a slot is bound."""
    if isinstance(found, tuple):
        return found[0].span if found else None
    return found.span
