"""HL7 v2 data types to the shapes of the reader contract: one raw field at a time, no state.

A raw field is text with the standard encoding characters, repetitions included. It is split first and
unescaped last, component by component. ``""``, HL7's asserted null, gives a VALUE of kind ``absent`` with
the reason ``unknown`` (FHIR data-absent-reason: the value is expected to exist but is not known); anywhere
else it is missing.

Component numbers: HL7 v2.8.2 chapter 2A. What OBX-2 means for a value follows the HL7 v2-to-FHIR guide,
but SN with ``<>`` or ``+`` stays text and a date range (DR) a range.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from functools import lru_cache

from twinmap.formats.hl7text import COMPONENT, NULL, SUBCOMPONENT, unescape

#: kind text comparator low high unit unit_system system code display
Value = tuple[str | None, ...]
#: system code display
Coding = tuple[str | None, str | None, str | None]
#: id system type
Identifier = tuple[str | None, str | None, str | None]
#: A finding code and one line.
Problem = tuple[str, str]

_ABSENT: Value = ("absent", None, None, None, None, None, None, None, "unknown", None)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)")


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _value(kind: str | None, text: str | None = None, **members: str | None) -> Value:
    names = ("comparator", "low", "high", "unit", "unit_system", "system", "code", "display")
    return (kind, text or None, *(members.get(name) or None for name in names))


def component(raw: str, number: int) -> str:
    """The text of the n-th component (its first subcomponent), trimmed; empty where missing or null."""
    parts = raw.split(COMPONENT, number)
    return first(parts[number - 1]) if len(parts) >= number else ""


def first(raw: str) -> str:
    """The text of the first component of a composite, trimmed; empty where missing or null."""
    if COMPONENT in raw:
        raw = raw.partition(COMPONENT)[0]
    if SUBCOMPONENT in raw:
        raw = raw.partition(SUBCOMPONENT)[0]
    return "" if raw == NULL else unescape(raw).strip()


def whole(raw: str) -> str:
    """A text that has no components: separators in it were not escaped by the sender, and are kept."""
    return "" if raw == NULL else unescape(raw).strip()


# --- coded ----------------------------------------------------------------------------------------

#: Identifier, text, name and OID of the coding system, in CWE; CE and CNE are shorter.
_TRIPLETS = ((1, 2, 3, 14), (4, 5, 6, 17), (10, 11, 12, 20))


def codings(raw: str) -> list[Coding]:
    """All codings of a CE, CWE, CNE or CF, or of a plain ID or IS, as (system, code, display).

    The system is the name as sent, or the OID where CWE gives no name.
    """
    if COMPONENT not in raw:
        code = first(raw)
        return [(None, code, None)] if code else []
    parts = [first(part) for part in raw.split(COMPONENT)]
    size = len(parts)
    found: list[Coding] = []
    for code_at, text_at, system_at, oid_at in _TRIPLETS:
        if code_at > size:
            break
        code = parts[code_at - 1]
        text = parts[text_at - 1] if text_at <= size else ""
        system = parts[system_at - 1] if system_at <= size else ""
        if not system and oid_at <= size:
            system = parts[oid_at - 1]
        if code:
            found.append((system or None, code, text or None))
    if not found and any(parts):
        # Text alone: the concept has no code, which is said, not hidden.
        text = (
            (parts[8] if size > 8 else "") or (parts[1] if size > 1 else "") or (parts[4] if size > 4 else "")
        )
        return [(None, None, text)] if text else []
    return found


def _is_local(system: str | None) -> bool:
    """Table 0396: L and 99zzz are local general code designators."""
    return system is None or system == "L" or system.startswith("99")


def coded(raw: str) -> Value:
    """A coded value. The sender's own code gives way to a standard one in the alternate triplet."""
    found = codings(raw)
    chosen = next((coding for coding in found if coding[1] and not _is_local(coding[0])), None)
    system, code, display = chosen or (found[0] if found else (None, None, None))
    text = component(raw, 9) or display
    if code is None:
        return _ABSENT if raw.startswith(NULL) else _value("text" if text else None, text)
    return _value("code", text, system=system, code=code, display=display)


# --- numbers and times ----------------------------------------------------------------------------


def numeric(raw: str) -> Value:
    """NM. What is not a number keeps its kind and text: typing it reports it."""
    return _value("quantity", first(raw))


def structured(raw: str) -> Value:
    """SN: comparator, number, separator, number."""
    parts = [first(part) for part in raw.split(COMPONENT)] + [""] * 4
    sign, low, separator, high = parts[:4]
    if sign in ("", "=", "<", "<=", ">", ">=") and low:
        comparator = sign if sign != "=" else None
        if not separator and not high:
            return _value("quantity", low, comparator=comparator)
        if separator == "-" and high and not comparator:
            return _value("range", low=low, high=high)
        if separator in (":", "/") and high:
            return _value("ratio", comparator=comparator, low=low, high=high)
    return _value(None if not low else "text", "".join(parts))


def numeric_range(raw: str) -> Value:
    """NR and DR: low, high."""
    return _value("range", low=component(raw, 1), high=component(raw, 2))


def composite_quantity(raw: str) -> Value:
    """CQ: number, unit (identifier, text, system as subcomponents)."""
    unit = [*raw.split(COMPONENT), ""][1].split(SUBCOMPONENT)
    system = first(unit[2]) if len(unit) > 2 else None
    return _value("quantity", first(raw), unit=first(unit[0]), unit_system=system)


def time(raw: str) -> Value:
    """TS, DTM, DT, TM: precision and offset as sent."""
    return _value("time", first(raw))


def span(raw: str) -> tuple[str | None, str | None]:
    """Start and end of a TIME: of a DR both, of a DTM or TS the start (its second component is no date)."""
    end = component(raw, 2) if COMPONENT in raw else ""
    return first(raw) or None, (end if len(end) >= 4 and end[:4].isdigit() else None)


# --- text and documents ---------------------------------------------------------------------------


def text(raw: str) -> Value:
    """ST, TX, FT: the text itself decides whether it is a number, ``<5`` or a range."""
    return _value(None, whole(raw))


def plain(raw: str) -> Value:
    """A type without a meaning here: its text as sent."""
    return _value("text", whole(raw))


def document(raw: str) -> Value:
    """ED: what it is and the SHA-256 of its content, never the content."""
    parts = raw.split(COMPONENT, 4)
    kind = "/".join(filter(None, (first(part) for part in parts[1:3])))
    payload = parts[4] if len(parts) > 4 else (raw if len(parts) == 1 else "")
    if not payload:
        return _value("text", kind)
    content = re.sub(r"\\\.br\\|\s", "", payload) if component(raw, 4).lower() == "base64" else ""
    try:
        data = base64.b64decode(content, validate=True) if content else unescape(payload).encode()
    except ValueError:  # not in base64
        data = payload.encode()
    return _value("text", f"{kind} sha256:{hashlib.sha256(data).hexdigest()}".strip())


def pointer(raw: str) -> Value:
    """RP: the reference, and what it points at."""
    parts = [first(part) for part in raw.split(COMPONENT)] + [""] * 4
    kind = "/".join(filter(None, parts[2:4]))
    return _value("text", f"{parts[0]} {kind}".strip())


#: OBX-2 to how a repetition of OBX-5 is read.
TYPES: dict[str, Callable[[str], Value]] = {
    "NM": numeric,
    "SI": numeric,
    "SN": structured,
    "CQ": composite_quantity,
    "NR": numeric_range,
    "DR": numeric_range,
    **dict.fromkeys(("CE", "CWE", "CNE", "CF", "ID", "IS"), coded),
    **dict.fromkeys(("TS", "DTM", "DT", "TM"), time),
    **dict.fromkeys(("ST", "TX", "FT"), text),
    **dict.fromkeys(
        _names("NA MA MO CP CX EI EIP HD XCN XON XPN XAD XTN PN PPN CN CK AD TN PL DLN JCC VR"), plain
    ),
    "ED": document,
    "RP": pointer,
}

#: What has no components.
PLAIN = frozenset({"ST", "TX", "FT", ""})

#: Repetitions of these are the lines of one text.
LINES = frozenset({"TX", "FT"})


def observation(raw: str, kind: str) -> tuple[list[Value], Problem | None]:
    """OBX-5 by OBX-2: a value each repetition, but one text of TX and FT; and what is wrong with OBX-2."""
    name = first(kind).upper()
    read = TYPES.get(name)
    problem = None
    if read is None:
        read = plain if name else text
        what = "is not a data type" if name else "is empty"
        problem = ("TM-Q20", f"OBX-2 {what}; the value is read as text")
    repetitions = [part for part in raw.split("~") if part]
    if all(part == NULL for part in repetitions):
        return [_ABSENT], problem
    if name in LINES:
        return [text("\\.br\\".join("" if part == NULL else part for part in raw.split("~")))], problem
    values = [_ABSENT if part == NULL else read(part) for part in repetitions]
    if problem is None and name == "SN" and any(value[0] is None for value in values):
        problem = ("TM-Q20", "an SN has no first number; the text decides")
    return [value for value in values if any(value[1:])], problem


def guessed(raw: str) -> Value:
    """A VALUE of a field other than OBX-5, by its form: coded where it names a coding system, else text."""
    if raw == NULL:
        return _ABSENT
    if COMPONENT not in raw:
        return text(raw)
    if component(raw, 3) or component(raw, 6):
        return coded(raw)
    if _NUMBER.fullmatch(first(raw)) and component(raw, 2) and raw.count(COMPONENT) == 1:
        return composite_quantity(raw)
    return _value(None, first(raw))


# --- identifiers and ranges -----------------------------------------------------------------------

#: Fields that hold an EI (id, namespace, universal id, its type) and could be taken for a CX.
_EI = _names("OBX-18 OBX-21 OBR-2 OBR-3 OBR-28 ORC-2 ORC-3 ORC-4 SAC-3 SAC-4 TXA-12 SCH-1 SCH-2")
_CX = _names(
    "PID-2 PID-3 PID-4 PID-18 PID-21 MRG-1 MRG-2 MRG-3 MRG-4 PV1-5 PV1-19 PV1-50 NK1-33 GT1-2 IN1-49"
)
#: Fields of persons (XCN): the authority is component 9, the type 13.
_XCN = _names("OBX-16 PV1-7 PV1-8 PV1-9 PV1-17 OBR-10 OBR-16 ORC-10 ORC-11 ORC-12 RXA-10 EVN-5")
_HD = _names("MSH-3 MSH-4 MSH-5 MSH-6 EVN-7")
_UID_TYPES = _names("ISO UUID GUID URI DNS HCD HL7 CLIA CLIP CAP L M N RANDOM X400 X500 EUI64")


def identifier(raw: str, cell: str) -> Identifier | None:
    """One identifier as (id, system, type); None where it has no id.

    CX: id, authority in 4, type in 5. EI: id, authority in 2 to 4. XCN: id, authority in 9, type in 13.
    Which one a field has is known for the common ones; else its form tells.
    """
    parts = raw.split(COMPONENT)
    if cell in _HD:
        system = authority(tuple(parts))
        return (system, None, None) if system else None
    number = first(parts[0])
    if not number:
        return None
    if cell in _XCN:
        return number, authority(_subs(parts, 9)), component(raw, 13) or None
    if cell in _EI or (cell not in _CX and _looks_like_ei(raw)):
        return number, authority(tuple(parts[1:4])), None
    return number, authority(_subs(parts, 4)), component(raw, 5) or None


def _looks_like_ei(raw: str) -> bool:
    if SUBCOMPONENT in raw or raw.count(COMPONENT) > 3:
        return False
    kind = component(raw, 4)
    return not kind or (component(raw, 3) != "" and kind.upper() in _UID_TYPES)


def _subs(parts: list[str], number: int) -> tuple[str, ...]:
    return tuple(parts[number - 1].split(SUBCOMPONENT)) if len(parts) >= number else ()


@lru_cache(maxsize=4096)
def authority(parts: tuple[str, ...]) -> str | None:
    """A system from an HD (namespace, universal id, type): the universal id as URI, else the namespace."""
    name, uid, kind = ([*(first(part) for part in parts), "", "", ""])[:3]
    if uid:
        prefix = {"ISO": "urn:oid:", "UUID": "urn:uuid:", "GUID": "urn:uuid:"}.get(kind.upper(), "")
        return uid if uid.lower().startswith("urn:") else prefix + uid
    return name or None


_RANGE = re.compile(rf"\s*({_NUMBER.pattern})\s*(?:-|–|\.\.|to)\s*({_NUMBER.pattern})\s*")
_BOUND = re.compile(rf"\s*(<=|<|≤|>=|>|≥)\s*({_NUMBER.pattern})\s*")


def reference_range(raw: str) -> tuple[str | None, str | None, str | None] | None:
    """OBX-7 as (low, high, text); ends only where the whole text says them. ``<5`` has 5 as its high end."""
    if COMPONENT in raw and _NUMBER.fullmatch(first(raw)) and _NUMBER.fullmatch(component(raw, 2)):
        return first(raw), component(raw, 2), f"{first(raw)}-{component(raw, 2)}"
    words = whole(raw)
    if not words:
        return None
    if both := _RANGE.fullmatch(words):
        return both[1], both[2], words
    if bound := _BOUND.fullmatch(words):
        return (None, bound[2], words) if bound[1][0] in "<≤" else (bound[2], None, words)
    return None, None, words
