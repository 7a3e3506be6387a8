"""The words that a mapping writes: facet words, CURIEs, systems, and the closed lists of some slots."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from twinmap.diagnostics import Span
from twinmap.mapping.ast import Group, Ref, Text, Value
from twinmap.mapping.context import Context
from twinmap.mapping.definitions import SELF_DESCRIBING, VALUE_KINDS
from twinmap.mapping.words import did_you_mean
from twinmap.terms import systems

#: Slots whose literals are words of a closed list. FHIR R4: observation-status, data-absent-reason,
#: administrative-gender; the ``=`` of a comparator map says that there is none.
CLOSED: Mapping[str, tuple[str, ...]] = {
    "kind": VALUE_KINDS,
    "comparator": ("<", "<=", ">=", ">", "="),
    "event": ("ordered", "dispensed", "given", "stated"),
    "sex": ("male", "female", "other", "unknown"),
    "absent": (
        "unknown",
        "asked-unknown",
        "temp-unknown",
        "not-asked",
        "asked-declined",
        "masked",
        "not-applicable",
        "unsupported",
        "as-text",
        "error",
        "not-a-number",
        "negative-infinity",
        "positive-infinity",
        "not-performed",
        "not-permitted",
    ),
}
OBSERVATION_STATUS = (
    "registered",
    "preliminary",
    "final",
    "amended",
    "corrected",
    "cancelled",
    "entered-in-error",
    "unknown",
)

#: Slots that hold codes.
CODES = frozenset({"code", "reason", "reaction"})

_CURIE = re.compile(r"([A-Za-z][A-Za-z0-9._-]*):(?!//)\S+")


def check(context: Context, slots: Mapping[str, Any], *, kind: str, format_name: str) -> None:
    """Check the words of all slots of a statement, of a record set or of a patient."""
    for name, slot in slots.items():
        if isinstance(slot, Group):
            check(context, slot.parts, kind="", format_name=format_name)
        elif isinstance(slot, tuple):
            for entry in slot:
                check(context, entry.parts, kind="", format_name=format_name)
        elif kind and name in CODES:
            _codes(context, slot, name, format_name)
        elif kind == "observation" and name in context.facets:
            _facet(context, slot, name)
        elif kind == "observation" and name == "status":
            _closed(context, slot, name, OBSERVATION_STATUS)
        elif name in CLOSED:
            _closed(context, slot, name, CLOSED[name])
        elif kind == "observation" and name == "value":
            _value_targets(context, slot)


def _words(value: Value) -> Iterable[tuple[str, Span]]:
    """The words that a value can give by itself: its literals, or the targets of its map."""
    if value.map is not None:
        yield from ((word, value.span) for word in value.map.entries.values() if word)
        return
    for alternative in value.alternatives:
        if isinstance(alternative, Text) and alternative.literal:
            yield alternative.literal, alternative.span


def _closed(context: Context, value: Value, name: str, words: tuple[str, ...]) -> None:
    for word, span in _words(value):
        if word not in words:
            advice = did_you_mean(word, words) or f"one of: {', '.join(words)}"
            context.report("TM-L07", f'"{word}" is not a word of {name}', span, advice)


def _facet(context: Context, value: Value, name: str) -> None:
    facet = context.facets[name]
    for word, span in _words(value):
        if facet.value(word) is not None:
            continue
        if _CURIE.fullmatch(word):
            _known_prefix(context, word.partition(":")[0], span)
            continue
        near = facet.suggest(word)
        if near:
            advice = f"did you mean {' or '.join(f'{chr(34)}{other}{chr(34)}' for other in near)}?"
        elif facet.words:
            advice = f"one of: {', '.join(facet.words)}; or a CURIE"
        else:
            advice = "an amount and a unit, such as 1 d"
        context.report("TM-L07", f'"{word}" is not a word of the facet {name}', span, advice)


def _value_targets(context: Context, value: Value) -> None:
    """A mapped value that looks like a CURIE is a code."""
    if value.map is None:
        return
    for word in value.map.entries.values():
        if _CURIE.fullmatch(word):
            _known_prefix(context, word.partition(":")[0], value.span)


# --- codes ----------------------------------------------------------------------------------------


def _codes(context: Context, value: Value, name: str, format_name: str) -> None:
    if value.system is not None:
        _system(context, value.system)
        return
    if value.map is not None:
        for word in dict.fromkeys(filter(None, value.map.entries.values())):
            _code(context, word, value.span)
        return
    for alternative in value.alternatives:
        if not isinstance(alternative, Text):
            continue
        first = alternative.parts[0]
        if alternative.literal is not None:
            _code(context, alternative.literal, alternative.span)
        elif isinstance(first, Ref):
            _plain_field(context, value, alternative, name, format_name)
        elif ":" in first:
            _known_prefix(context, first.partition(":")[0], alternative.span)
        else:
            _no_system(context, name, alternative.span)


def _plain_field(context: Context, value: Value, text: Text, name: str, format_name: str) -> None:
    """A plain field is looked up in a code map by its system and itself."""
    if value.codes is not None and text.sole_ref is not None and format_name not in SELF_DESCRIBING:
        _no_system(context, name, text.span)


def _no_system(context: Context, name: str, span: Span) -> None:
    advice = "write prefix:$(field), or {from: $(field), system: …}"
    context.report("TM-L11", f"it is not said of which system the {name} is", span, advice)


def _code(context: Context, word: str, span: Span) -> None:
    """A literal code: a CURIE, or the name of a concept that stands for its code."""
    if ":" in word:
        _known_prefix(context, word.partition(":")[0], span)
    elif context.concepts.get(word) is None:
        near = list(context.concepts.suggest(word))
        advice = f'did you mean "{near[0]}"?' if near else "write a CURIE, such as loinc:8480-6"
        context.report("TM-L11", f'"{word}" is neither a CURIE nor a concept', span, advice)


def _known_prefix(context: Context, prefix: str, span: Span) -> None:
    if prefix in context.systems or systems.expand(f"{prefix}:x") is not None:
        return
    known = [*context.systems, *systems.systems()]
    alias = systems.canonical(prefix)
    advice = f'did you mean "{alias.prefix}"?' if alias else did_you_mean(prefix, known)
    advice = advice or f'declare it: systems: {{{prefix}: "https://…"}}'
    context.report("TM-L11", f'the system "{prefix}" is neither known nor declared', span, advice)


def _system(context: Context, value: Value) -> None:
    for word, span in _words(value):
        if word not in context.systems and systems.canonical(word) is None and not _is_uri(word):
            _known_prefix(context, word, span)


def _is_uri(text: str) -> bool:
    return text.startswith(("http://", "https://", "urn:"))
