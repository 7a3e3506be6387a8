"""What is resolved in Python, once per distinct key: codes, units, facets, values, times, patients.

Every function takes the distinct keys of a column of raw statements and gives the columns of a table that
is joined back by ``k``. Issues are texts: code, slot, action and shape, joined by U+001F; the action is
``fail`` (no statement), ``set-aside`` (the whole record), ``error`` or empty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from twinmap.mapping import times, typed
from twinmap.mapping.ast import Expression, RecordSet, Ref, Text
from twinmap.mapping.evaluate import evaluate
from twinmap.mapping.slots import KEYS, MISSING, SEPARATOR
from twinmap.mapping.sql import Computed
from twinmap.privacy import Key, shape
from twinmap.terms import systems

Columns = dict[str, tuple[str, list[Any]]]


def split(key: str) -> list[str | None]:
    """The parts of a key as :func:`twinmap.mapping.slots.keyed` joined them; missing parts are None."""
    parts = [None if part == MISSING else part for part in key.split(SEPARATOR)]
    if "\x1b" in key:
        return [part and part.replace("\x1bs", SEPARATOR).replace("\x1be", "\x1b") for part in parts]
    return parts


def issue(code: str, slot: str, action: str = "", form: str = "") -> str:
    """An issue as text."""
    return SEPARATOR.join((code, slot, action, form))


def table(keys: Sequence[str], rows: Sequence[Mapping[str, Any]], types: Mapping[str, str]) -> Columns:
    """Columns by name from one row a key."""
    columns: Columns = {"k": ("VARCHAR", list(keys))}
    for name, kind in types.items():
        columns[name] = (kind, [row.get(name) for row in rows])
    return columns


# --- patients, devices, times, values ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Patients:
    """Local patients: the keyed record id, and the identifier that made it."""

    key: Key
    source: str
    systems: Mapping[str, str]

    def system(self, name: str | None) -> str:
        """The canonical name of an identifier system; without one it is private to the source."""
        if name is None:
            return f"source:{self.source}"
        if name in self.systems:
            return self.systems[name]
        known = systems.canonical(name)
        return known.uri if known else name

    def __call__(self, keys: Sequence[str]) -> Columns:
        """The records of distinct ``pat`` keys: ``patient_record, system, local``."""
        rows = []
        for text in keys:
            local, system = split(text)
            assert local is not None
            owner = self.system(system)
            rows.append(
                {"patient_record": self.key.hash("patient", owner, local), "system": owner, "local": local}
            )
        return table(keys, rows, {"patient_record": "VARCHAR", "system": "VARCHAR", "local": "VARCHAR"})


def devices(keys: Sequence[str], key: Key) -> Columns:
    """Devices: id = h("device", type, serial), and the words that describe them."""
    rows = []
    for text in keys:
        parts = dict(zip(KEYS["dev"], split(text), strict=True))
        serial = parts["id"] or parts["name"] or ""
        rows.append({**parts, "device": key.hash("device", parts["type"] or "", serial)})
    return table(keys, rows, dict.fromkeys(("device", *KEYS["dev"]), "VARCHAR"))


_UNIT_US = {
    "us": 1,
    "ms": 1_000,
    "s": 1_000_000,
    "sec": 1_000_000,
    "min": 60_000_000,
    "h": 3_600_000_000,
    "d": 86_400_000_000,
    "wk": 604_800_000_000,
}


def instants(keys: Sequence[str], decimal: str = ".", thousands: str = "") -> Columns:
    """Times: start, end, precision, origin and offset; an end by duration is start plus duration.

    ``decimal`` and ``thousands`` are how the source writes a duration.
    """
    rows = []
    for text in keys:
        formats, locale, start, end, duration, unit, zone = split(text)
        names = (formats or "iso").split("\x1e")
        first = times.instant(start, names, zone, locale or "en") if start else times.Instant(None)
        last = times.instant(end, names, zone, locale or "en") if end else times.Instant(None)
        issues = [
            issue(found.issue, "time", "", shape(form or ""))
            for found, form in ((first, start), (last, end))
            if found.issue
        ]
        end_us = last.us
        if end is None and duration is not None and first.us is not None:
            exact = typed.number(duration, decimal=decimal, thousands=thousands) or typed.number(duration)
            scale = _UNIT_US.get(unit or "s")
            until = first.us + int(Fraction(exact) * scale) if exact is not None and scale else None
            if until is not None and times.in_range(until):
                end_us = until
            else:
                issues.append(issue("TM-Q12", "time", "", shape(duration)))
        known = first if start else last
        rows.append(
            {
                "start_us": first.us,
                "end_us": end_us,
                "time_precision": known.precision,
                "time_origin": known.origin,
                "offset_min": known.offset,
                "t_issues": issues or None,
            }
        )
    return table(
        keys,
        rows,
        {
            "start_us": "BIGINT",
            "end_us": "BIGINT",
            "time_precision": "VARCHAR",
            "time_origin": "VARCHAR",
            "offset_min": "SMALLINT",
            "t_issues": "VARCHAR[]",
        },
    )


def births(keys: Sequence[str]) -> Columns:
    """Birth dates: the date as precise as stated (``1970``, ``1970-03``, ``1970-03-01``)."""
    rows: list[dict[str, Any]] = []
    for text in keys:
        formats, date = split(text)
        found = times.instant(date or "", (formats or "iso").split("\x1e"), "UTC")
        if found.us is None:
            rows.append({"b_issues": [issue("TM-Q12", "birth-date", "", shape(date or ""))]})
            continue
        precision = found.precision if found.precision in {"year", "month"} else "day"
        rows.append({"birth_date": _date(found.us, precision), "birth_precision": precision})
    return table(keys, rows, {"birth_date": "VARCHAR", "birth_precision": "VARCHAR", "b_issues": "VARCHAR[]"})


def _date(us: int, precision: str) -> str:
    from datetime import UTC, datetime, timedelta

    day = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)
    return day.date().isoformat()[: {"year": 4, "month": 7, "day": 10}[precision]]


#: Significant digits that a double holds for certain.
_DIGITS = 15

VALUE_TYPES = {
    "value_kind": "VARCHAR",
    "value_text": "VARCHAR",
    "value_decimals": "INTEGER",
    "comparator": "VARCHAR",
    "low_text": "VARCHAR",
    "high_text": "VARCHAR",
    "value_system": "VARCHAR",
    "value_code": "VARCHAR",
    "absent_reason": "VARCHAR",
    "v_issue": "VARCHAR",
    "v_shape": "VARCHAR",
}


def values(keys: Sequence[str], record_set: RecordSet, prefixes: Mapping[str, str]) -> Columns:
    """Values that SQL does not type by itself."""
    return table(keys, [_value(split(key), record_set, prefixes) for key in keys], VALUE_TYPES)


def _value(parts: Sequence[str | None], record_set: RecordSet, prefixes: Mapping[str, str]) -> dict[str, Any]:
    origin, kind, text, comparator, low, high, system, code, display = parts
    if kind == "absent":
        return {"value_kind": "absent", "absent_reason": _reason(system, code)}
    if kind == "code" or (origin == "map" and text and kind is None):
        coded = _coded_value(text, system, code, display, prefixes)
        if coded is not None:
            return coded
    if low is not None or high is not None:
        name = "ratio" if kind == "ratio" else "range"
        return {"value_kind": name, "low_text": low, "high_text": high, "value_text": text}
    if text is None:
        return {"v_issue": issue("TM-Q11", "value", "fail")}
    if kind == "time":
        return {"value_kind": "datetime", "value_text": text}
    if kind == "sampled":
        return {"value_kind": "sampled", "value_text": text}
    local = origin == "source" and record_set.options.format == "csv"
    found = typed.type_value(
        text,
        kind=kind,
        comparator=comparator,
        decimal=record_set.decimal if local else ".",
        thousands=record_set.thousands if local else "",
    )
    row: dict[str, Any] = {
        "value_kind": found.kind,
        "value_text": found.text,
        "value_decimals": found.decimals,
        "comparator": found.comparator,
        "low_text": found.low,
        "high_text": found.high,
        "v_shape": shape(text) if found.kind == "string" else None,
    }
    if found.issue:
        row["v_issue"] = issue(found.issue, "value", "fail" if kind == "quantity" else "", found.shape)
    elif found.kind == "quantity" and len((found.text or "").lstrip("-0.").replace(".", "")) > _DIGITS:
        row["v_issue"] = issue("TM-P06", "value", "info")
    return row


def _reason(system: str | None, code: str | None) -> str:
    """Why a value is absent: the code of FHIR data-absent-reason, and one of another system as a CURIE."""
    if system is None or code is None:
        return code or "unknown"
    known = systems.canonical(system)
    return code if known is not None and known.prefix == "data-absent-reason" else systems.curie(system, code)


def _coded_value(
    text: str | None, system: str | None, code: str | None, display: str | None, prefixes: Mapping[str, str]
) -> dict[str, Any] | None:
    if code is None and text is not None:
        found = systems.expand(text, prefixes)
        if found is None:
            return None
        system, code = found
    elif system is not None:
        known = systems.canonical(system)
        system = known.uri if known else system
    if code is None:
        return None
    return {
        "value_kind": "coded",
        "value_text": display or (text if text != code else None),
        "value_system": system,
        "value_code": code,
    }


# --- computed values --------------------------------------------------------------------------------


def computed(item: Computed, rows: Sequence[Sequence[str | None]], record_set: RecordSet) -> Columns:
    """Maps and expressions: ``v``, its ``origin`` and ``issue`` for each distinct tuple of inputs ``k0 …``."""
    results = [_compute(item, dict(zip(item.refs, row, strict=True)), record_set) for row in rows]
    columns: Columns = {
        f"k{index}": ("VARCHAR", [row[index] for row in rows]) for index in range(len(item.refs))
    }
    for index, name in enumerate(("v", "issue", "origin")):
        columns[name] = ("VARCHAR", [result[index] for result in results])
    return columns


def _compute(
    item: Computed, inputs: Mapping[Ref, str | None], record_set: RecordSet
) -> tuple[str | None, str | None, str]:
    value, origin = item.value, "expression"
    text, problem, found = None, None, None
    for alternative in value.alternatives:
        if isinstance(alternative, Text):
            text = _text(alternative, inputs, value.missing)
            origin = "map" if alternative.literal is not None else "source"
        else:
            origin = "expression"
            text, problem = _expression(alternative, inputs, value.missing, record_set)
            if problem and found is None:
                found = issue(problem, item.slot, "", "")
        if text is not None:
            break
    if text is None or value.map is None:
        return text, found, origin
    if text in value.map.entries:
        return value.map.entries[text] or None, found, "map"
    policy = value.unmapped or "report"
    action = {"quarantine": "set-aside", "fail": "error"}.get(policy, "")
    if policy == "keep" or (item.slot == "unit" and not action):
        return text, found, origin  # whether a text is a unit is judged with its signature
    code = {"unit": "TM-U01", "code": "TM-C01"}.get(item.slot, "TM-E01")
    found = issue(code, item.slot, action, shape(text))
    return (text if item.slot in {"code", "unit"} else None), found, "map"


def _text(text: Text, inputs: Mapping[Ref, str | None], missing: Sequence[str]) -> str | None:
    parts = [part if isinstance(part, str) else _input(inputs, part, missing) for part in text.parts]
    if any(part is None for part in parts):
        return None
    return "".join(part for part in parts if part is not None) or None


def _input(inputs: Mapping[Ref, str | None], ref: Ref, missing: Sequence[str]) -> str | None:
    found = inputs[ref]
    return None if found in missing else found


def _expression(
    expression: Expression, inputs: Mapping[Ref, str | None], missing: Sequence[str], record_set: RecordSet
) -> tuple[str | None, str | None]:
    outcome = evaluate(
        expression.node,
        lambda ref: _input(inputs, ref, missing),
        decimal=record_set.decimal,
        thousands=record_set.thousands,
    )
    return outcome.text, outcome.issue
