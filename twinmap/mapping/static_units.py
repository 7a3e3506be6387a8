"""Units that a mapping itself writes: they must be UCUM, or mean a unit without doubt (U01, U13)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from twinmap.diagnostics import Severity, Span
from twinmap.mapping.ast import Statement, Text, Value
from twinmap.mapping.context import Context
from twinmap.mapping.words import closest, did_you_mean


def check(context: Context, statements: Iterable[Statement]) -> None:
    """Report literal units of observations that no run could use, and those that UCUM writes otherwise."""
    for statement in statements:
        unit = statement.slots.get("unit")
        if statement.kind == "observation" and isinstance(unit, Value):
            concept = context.concepts.get(statement.concept)
            # Of a map, one row is wrong; of a literal, every value.
            severity = Severity.ERROR if unit.map is None else Severity.WARNING
            for word, span in _words(unit):
                _check(context, word, span, concept, severity)


def _words(value: Value) -> Iterator[tuple[str, Span]]:
    """The units that a value can give by itself: its literals, or the targets of its map."""
    if value.map is not None:
        yield from ((word, value.span) for word in value.map.entries.values() if word)
        return
    for alternative in value.alternatives:
        if isinstance(alternative, Text) and alternative.literal:
            yield alternative.literal, alternative.span


def _check(context: Context, word: str, span: Span, concept: Any, severity: Severity) -> None:
    from twinmap.terms import units

    own = getattr(concept, "unit", None)
    found = units.resolve(word, own)
    if found.status == "ucum":
        return
    # Capitals alone make a unit of nearly everything: "/MN" is no millinewton where a rate is meant.
    is_guess = found.status == "case" and own is not None and not units.same_kind(found.unit or "1", own)
    if found.unit is not None and not is_guess:
        message = f'the unit "{word}" is read as {found.unit}'
        if found.status == "case":
            context.report("TM-U13", message, span, f"write {found.unit}")
        else:
            context.report("TM-U01", message, span, f"write {found.unit}", severity=Severity.INFO)
        return
    message = f'"{word}" is not a unit of UCUM' + (f": {found.note}" if found.candidates else "")
    context.report("TM-U01", message, span, _advice(word, found.candidates, own), severity=severity)


def _advice(word: str, candidates: tuple[str, ...], own: str | None) -> str:
    from twinmap.terms import units

    if candidates:
        return f"did you mean {' or '.join(f'{chr(34)}{unit}{chr(34)}' for unit in candidates)}?"
    written = {alias.alias: alias.ucum for alias in units.aliases() if alias.ucum}
    near = closest(word, [own] if own else []) or [
        written[name]
        for name in closest(word, written, count=2)
        if units.same_kind(written[name], own or written[name])
    ]
    meant = did_you_mean(near[0], near) if near else None
    return meant or (f"such as {own}; " if own else "") + f"a unit that UCUM has not is written {{{word}}}"
