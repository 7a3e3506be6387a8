"""FHIR R4 data types read in the shapes of a request: codings, quantities, identifiers, periods.

A node is what a path leads to: a decoded JSON object or a scalar. Objects are told apart by their
elements; of the elements ``value[x]`` the spelled-out name says the type, which is passed along.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from twinmap.formats.jsonlex import Number, dump, text_of
from twinmap.terms import systems

Code = tuple[str | None, str | None, str | None]
Value = tuple[str | None, ...]
Identifier = tuple[str | None, str | None, str | None]
Time = tuple[str | None, str | None]
Range = tuple[str | None, str | None, str | None]

_UCUM = "http://unitsofmeasure.org"
_NOTHING: Value = (None,) * 10


def kind_of(node: Mapping[str, Any]) -> str:
    """The data type of an object, told by its elements; ``Element`` where they do not say."""
    for element, kind in _TELLING:
        if element in node:
            return kind
    if "value" in node:
        return "Quantity" if type(node["value"]) is Number else "Identifier"
    if "code" in node or "display" in node:
        return "Quantity" if "unit" in node else "Coding"
    if "unit" in node:
        return "Quantity"
    return "CodeableConcept" if "text" in node and "status" not in node else "Element"


#: Elements that only one type has, in the order in which they are looked for (R4, Datatypes).
_TELLING = (
    ("coding", "CodeableConcept"),
    ("reference", "Reference"),
    ("comparator", "Quantity"),
    ("numerator", "Ratio"),
    ("denominator", "Ratio"),
    ("origin", "SampledData"),
    ("low", "Range"),
    ("high", "Range"),
    ("repeat", "Timing"),
    ("event", "Timing"),
    ("start", "Period"),
    ("end", "Period"),
    ("identifier", "Reference"),
)


# --- TEXT and KEY ---------------------------------------------------------------------------------


def text(node: Any) -> str | None:
    """A scalar, or the first component of a composite: a coding's code, a quantity's value."""
    if type(node) is not dict:
        return text_of(node)
    kind = kind_of(node)
    if kind == "CodeableConcept":
        found = next((coding.get("code") for coding in _codings(node) if coding.get("code")), None)
        return text_of(found) or text_of(node.get("text"))
    if kind in {"Ratio", "Range"}:
        parts = (node.get("numerator"), node.get("denominator"), node.get("low"), node.get("high"))
        return next((quantity(part)[0] for part in parts if type(part) is dict), None)
    if kind in {"Period", "Timing"}:
        times = time(node)
        return (times[0] or times[1]) if times else None
    element = _FIRST.get(kind, "text")
    return text_of(node.get(element))


_FIRST = {
    "Coding": "code",
    "Quantity": "value",
    "Identifier": "value",
    "Reference": "reference",
    "SampledData": "data",
}


def key(nodes: Sequence[Any]) -> str | None:
    """All values as raw text, joined by U+001F."""
    parts = [dump(node) if (one := text_of(node)) is None else one for node in nodes]
    return "\x1f".join(parts) if parts else None


# --- CODE -----------------------------------------------------------------------------------------


def codes(node: Any) -> list[Code]:
    """All codings of a CodeableConcept, a Coding, or a ``code`` without a system.

    A concept in words alone gives its text as a display, without a code.
    """
    if type(node) is not dict:
        one = text_of(node)
        return [(None, one, None)] if one else []
    if "coding" in node:
        codings = _codings(node)
        spoken = text_of(node.get("text")) if len(codings) == 1 else None
        found = [_code(coding, spoken) for coding in codings if coding.get("code")]
        if found:
            return found
    kind = kind_of(node)
    if kind == "Coding" and node.get("code"):
        return [_code(node, None)]
    spoken = text_of(node.get("text")) if kind == "CodeableConcept" else None
    return [(None, None, spoken)] if spoken else []


def _code(coding: Mapping[str, Any], spoken: str | None) -> Code:
    system, code, display = coding.get("system"), coding.get("code"), coding.get("display")
    if type(system) is str and type(code) is str and type(display) is str:
        return system, code, display
    return text_of(system), text_of(code), text_of(display) or spoken


def _codings(concept: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    codings = concept.get("coding")
    if type(codings) is not list:
        codings = [codings]
    if len(codings) == 1 and type(codings[0]) is dict:
        return codings
    return [coding for coding in codings if type(coding) is dict]


@lru_cache(maxsize=4096)
def _uri(system: str) -> str:
    known = systems.canonical(system)
    return known.uri if known else system


@lru_cache(maxsize=4096)
def _meant(word: str) -> tuple[str | None, str]:
    """The system (None for any) and code of a pick's word: a CURIE, ``system|code`` or a bare code."""
    if "|" in word:
        system, _, code = word.rpartition("|")
        return _uri(system), code
    expanded = systems.expand(word)
    return expanded if expanded else (None, word)


def same(node: Any, word: str) -> bool:
    """Whether a node is what a pick says: a scalar as text, a concept if any coding is that CURIE."""
    if type(node) is not dict:
        return text_of(node) == word
    if "coding" not in node and kind_of(node) != "Coding":
        return text(node) == word
    system, code = _meant(word)
    return any(
        coding.get("code") == code and (system is None or _uri(str(coding.get("system"))) == system)
        for coding in (_codings(node) if "coding" in node else [node])
    )


# --- VALUE ----------------------------------------------------------------------------------------


def value(node: Any, kind: str | None = None) -> Value | None:
    """One value, in the order of ``SHAPE_FIELDS``; ``kind`` is the type that the element's name says."""
    if type(node) is not dict:
        one = text_of(node)
        return None if one is None else (_scalar_kind(node, kind), one, *_NOTHING[2:])
    found = _VALUES.get(kind if kind in _VALUES else kind_of(node), _plain_value)(node)
    return found or absent(reason_in(node)) or absent(reason_in(node.get("_value")))


def absent(reason: Any) -> Value | None:
    """``dataAbsentReason``, or the code of the extension of that name; FHIR's own coding goes before others."""
    found = [coding for coding in codes(reason) if coding[1]]
    own = [coding for coding in found if str(coding[0]).endswith("/data-absent-reason")]
    return next((("absent", *_NOTHING[1:7], *coding) for coding in (*own, *found)), None)


def reason_in(node: Any) -> Any:
    """The code of the extension data-absent-reason of an element; senders write several URLs for it."""
    extensions = node.get("extension") if type(node) is dict else None
    for one in extensions if type(extensions) is list else ():
        if type(one) is dict and str(one.get("url")).endswith("/data-absent-reason"):
            return one.get("valueCode")
    return None


def quantity(node: Mapping[str, Any]) -> tuple[str | None, str | None, str | None]:
    """Value, unit and the unit's system: UCUM code, else code, else the unit as written.

    A system without a code declares nothing: a bar stands behind it.
    """
    system, code, number = text_of(node.get("system")), text_of(node.get("code")), text_of(node.get("value"))
    unit = code or text_of(node.get("unit"))
    if system and _uri(system) == _UCUM:
        system = _UCUM
    if system and not code:
        system += "|"
    return number, unit, (system or "") if unit else None


def _scalar_kind(node: Any, kind: str | None) -> str | None:
    if type(node) is bool:
        return "boolean"
    if type(node) is Number:
        return "quantity"
    if kind in {"DateTime", "Date", "Instant", "Time"}:
        return "time"
    return "text" if kind in {"String", "Markdown"} else None


def _quantity(node: Mapping[str, Any]) -> Value | None:
    number, unit, system = quantity(node)
    if number is None:
        return None
    return ("quantity", number, text_of(node.get("comparator")), None, None, unit, system, None, None, None)


def _concept(node: Mapping[str, Any]) -> Value | None:
    """The first coding of a system that is known, else the first; other codings say the same."""
    found = [code for code in codes(node) if code[1]]
    if not found:
        spoken = text_of(node.get("text"))
        return ("text", spoken, *_NOTHING[2:]) if spoken else None
    known = [code for code in found if code[0] and systems.canonical(code[0])]
    system, code, display = (known or found)[0]
    return ("code", text_of(node.get("text")) or display or code, *_NOTHING[2:7], system, code, display)


def _range(node: Mapping[str, Any]) -> Value | None:
    return _pair("range", node.get("low"), node.get("high"), "-")


def _ratio(node: Mapping[str, Any]) -> Value | None:
    return _pair("ratio", node.get("numerator"), node.get("denominator"), ":")


def _pair(kind: str, first: Any, second: Any, between: str) -> Value | None:
    """Two quantities. The unit of a range is that of its ends where they agree; a ratio has ``a/b``."""
    low, low_unit, system = quantity(first if type(first) is dict else {})
    high, high_unit, high_system = quantity(second if type(second) is dict else {})
    if low is None and high is None:
        return None
    both = f"{low}{between}{high}" if low is not None and high is not None else None
    if kind == "range":
        unit = low_unit or high_unit
        if low_unit and high_unit and low_unit != high_unit:
            unit = None
        return (kind, both, None, low, high, unit, (system or high_system) if unit else None, *_NOTHING[7:])
    same_unit = low_unit == high_unit or not (low_unit or high_unit)
    unit = None if same_unit else f"{low_unit or ''}/{high_unit}" if high_unit else low_unit
    return (kind, both, None, low, high, unit, system or high_system if unit else None, *_NOTHING[7:])


def _sampled(node: Mapping[str, Any]) -> Value | None:
    origin = node.get("origin")
    _, unit, system = quantity(origin if type(origin) is dict else {})
    data = text_of(node.get("data"))
    return ("sampled", data, None, None, None, unit, system, *_NOTHING[7:]) if data else None


def _period(node: Mapping[str, Any]) -> Value | None:
    times = time(node)
    return ("time", times[0] or times[1], None, *times, *_NOTHING[5:]) if times else None


def _plain_value(node: Mapping[str, Any]) -> Value | None:
    one = text(node)
    return ("text", one, *_NOTHING[2:]) if one else None


_VALUES = {
    "Quantity": _quantity,
    "Age": _quantity,
    "Count": _quantity,
    "Distance": _quantity,
    "Duration": _quantity,
    "Money": _quantity,
    "CodeableConcept": _concept,
    "Coding": _concept,
    "Range": _range,
    "Ratio": _ratio,
    "SampledData": _sampled,
    "Period": _period,
    "Timing": _period,
}


# --- TIME, RANGE, IDENTIFIER ----------------------------------------------------------------------


def time(node: Any) -> Time | None:
    """A dateTime or instant as start; a Period; a Timing's bounds, else its first and last event."""
    if type(node) is not dict:
        one = text_of(node)
        return (one, None) if one else None
    repeat = node.get("repeat")
    bounds = repeat.get("boundsPeriod") if type(repeat) is dict else None
    if type(bounds) is dict:
        return time(bounds)
    events = node.get("event")
    if type(events) is list:
        known = [one for one in map(text_of, events) if one]
        if known:
            return known[0], known[-1] if len(known) > 1 else None
    start, end = text_of(node.get("start")), text_of(node.get("end"))
    return (start, end) if start or end else None


def ranges(nodes: Sequence[Any]) -> list[Range]:
    """Reference ranges: the normal ones where the types say so, and of these the distinct ones."""
    objects = [node for node in nodes if type(node) is dict]
    normal = [node for node in objects if _is_normal(node) and not ("age" in node or "appliesTo" in node)]
    found = [_reference_range(node) for node in normal or objects]
    plain = [(None, None, one) for one in map(text_of, nodes) if one]
    return list(dict.fromkeys(one for one in [*found, *plain] if any(one)))


def _is_normal(node: Mapping[str, Any]) -> bool:
    """Code system referencerange-meaning: ``normal`` is the one for healthy people, and the default."""
    return "type" not in node or any(code == "normal" for _, code, _ in codes(node["type"]))


def _reference_range(node: Mapping[str, Any]) -> Range:
    low, high = (
        quantity(end)[0] if type(end := node.get(name)) is dict else text_of(end) for name in ("low", "high")
    )
    return low, high, text_of(node.get("text"))


def identifier(node: Any) -> Identifier | None:
    """An Identifier, the resource that a Reference names, or an id by itself."""
    if type(node) is not dict:
        one = text_of(node)
        return (one, None, None) if one else None
    reference = text_of(node.get("reference"))
    if reference:
        return referred(reference)
    inner = node.get("identifier")
    if type(inner) is dict:
        return identifier(inner)
    one = text_of(node.get("value"))
    if not one or kind_of(node) != "Identifier":
        return None
    kind = next((code for _, code, _ in codes(node.get("type")) if code), None)
    return one, text_of(node.get("system")), kind


def referred(reference: str) -> Identifier | None:
    """The id that a literal reference names; a server's address is its system.

    ``Patient/1`` and ``urn:uuid:1`` have no system. ``Patient?identifier=system|value`` is the
    identifier. ``#1`` names nothing outside its resource.
    """
    parts = reference.split("/")
    if len(parts) == 2 and ":" not in reference and "?" not in reference:
        return (parts[1], None, None) if parts[1] else None
    if reference.startswith("#"):
        return None
    if reference.startswith(("urn:uuid:", "urn:oid:")):
        return reference.rpartition(":")[2], None, None
    if "?identifier=" in reference:
        system, _, one = reference.partition("?identifier=")[2].partition("|")
        return (one, system or None, None) if one else (system, None, None)
    path = reference.partition("/_history/")[0]
    before, _, one = path.rpartition("/")
    return (one, before if "://" in before else None, None) if one else None
