"""The slots of one rule as SQL, and the keys that raw statements are joined by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from twinmap.diagnostics import Span
from twinmap.mapping import fasttime
from twinmap.mapping.ast import Group, RecordSet, Ref, Statement, Value
from twinmap.mapping.sql import NULL, Relation
from twinmap.model import Shape
from twinmap.sqltext import quoted

#: Separates the parts of a key; :data:`MISSING` stands for a missing part.
SEPARATOR, MISSING = "\x1f", "\x00"

#: What SQL types of a time by itself, and the null of each.
FAST: Mapping[str, str] = {
    "fast_us": "NULL::BIGINT",
    "fast_precision": NULL,
    "fast_offset": "NULL::SMALLINT",
}

#: The parts of each key text, in order.
KEYS: Mapping[str, tuple[str, ...]] = {
    "pat": ("id", "system"),
    "enc": ("id", "system"),
    "dev": ("type", "id", "name", "manufacturer", "model"),
    "tim": ("formats", "locale", "start", "end", "duration", "unit", "zone"),
    "val": ("class", "kind", "text", "comparator", "low", "high", "system", "code", "display"),
    "birth": ("formats", "text"),
}


def keyed(parts: Sequence[str], *, needed: int | None = None) -> str:
    """SQL that joins the parts of a key; null where the part numbered ``needed`` is missing."""
    cells = ", chr(31), ".join(
        part
        if part.startswith("'")
        else f"coalesce(replace(replace({part}, chr(27), chr(27) || 'e'), chr(31), chr(27) || 's'), chr(0))"
        if part != NULL
        else "chr(0)"
        for part in parts
    )
    joined = f"concat({cells})"
    if needed is None or parts[needed].startswith("'"):
        return joined
    # A text of nothing but the sign for a missing part is missing.
    return NULL if parts[needed] == NULL else f"CASE WHEN {parts[needed]} <> chr(0) THEN {joined} END"


def record_key(relation: Relation, record_set: RecordSet) -> str:
    """SQL of what names a record: the parts of ``key``; null where all are missing."""
    if not record_set.key:
        return NULL
    parts = [relation.ref(ref, Shape.KEY) for ref in record_set.key]
    present = " OR ".join(f"{part} IS NOT NULL" for part in parts)
    return f"CASE WHEN {present} THEN {keyed(parts)} END"


class Slots:
    """The slots of one rule as SQL; notes which references each slot reads and what may go wrong."""

    def __init__(self, relation: Relation, record_set: RecordSet, statement: Statement | None) -> None:
        self.relation, self.record_set, self.statement = relation, record_set, statement
        self.slots = statement.slots if statement else record_set.slots
        self.paths: dict[str, tuple[str, ...]] = {}
        self.computed: set[str] = set()

    def value(self, name: str) -> Value | None:
        """The value bound to a slot; of a group its ``id`` or ``from``."""
        slot = self.slots.get(name)
        if isinstance(slot, Group):
            return slot.value("id") or slot.value("from")
        return slot if isinstance(slot, Value) else None

    def group(self, name: str) -> Group | None:
        """The group bound to a slot; who the patient is holds for the whole record."""
        slot = self.slots.get(name) if name != "patient" else self.record_set.slots.get(name)
        return slot if isinstance(slot, Group) else None

    def text(self, value: Value | None, slot: str) -> str:
        """SQL of a value as text."""
        return self._noted(slot, lambda: self.relation.text(value, slot))

    def composite(self, value: Value | None, shape: Shape, slot: str) -> str:
        """SQL of a value in a composite shape."""
        return self._noted(slot, lambda: self.relation.composites(value, shape, slot))

    def _noted(self, slot: str, make: Callable[[], str]) -> str:
        before = self.relation.read
        self.relation.read = set()
        sql = make()
        self.paths[slot] = tuple(sorted({*self.paths.get(slot, ()), *self.relation.read}))
        self.relation.read |= before
        self.computed |= {item.name for item in self.relation.computed if f"{item.name}.v" in sql}
        return sql

    def code(self, value: Value | None, slot: str) -> str:
        """A code as text: a CURIE or local code, or for composite formats the JSON of its codings."""
        if not self.relation.composite or value is None or value.map is not None:
            return self.text(value, slot)
        sole = value.alternatives and all(
            getattr(alternative, "sole_ref", None) is not None for alternative in value.alternatives
        )
        if not sole:
            return self.text(value, slot)
        # A text of the data that looks like JSON has no such mark, and stays a text.
        return f"(chr(31) || to_json({self.composite(value, Shape.CODE, slot)})::VARCHAR)"

    def identifier(self, group: Group | Value | None, slot: str) -> tuple[str, str]:
        """SQL of an id and its system; the group's system is the default of a composite without one."""
        value = group.value("id") if isinstance(group, Group) else group
        system = group.value("system") if isinstance(group, Group) else None
        system_sql = self.text(system, slot)
        if not self.relation.composite or value is None or value.map is not None:
            return self.text(value, slot), system_sql
        first = f"({self.composite(value, Shape.IDENTIFIER, slot)})[1]"
        return f"{first}.id", f"coalesce({first}.system, {system_sql})"

    def time(self) -> dict[str, str]:
        """The key ``tim``, and :data:`FAST` where SQL types the time itself."""
        columns = {"tim": NULL, **FAST}
        group = self.group("time")
        if group is None:
            return columns
        formats = group.value("format")
        default = "hl7" if self.record_set.options.format == "hl7v2" else "iso"
        names = formats.format if formats and formats.format else (default,)
        start, end = self._instant(group.value("start"), "start"), self._ending(group.value("end"))
        if group.value("from") is not None:
            only, until = (
                self._instant(group.value("from"), "start"),
                self._instant(group.value("from"), "end"),
            )
            end = until if end == NULL else f"CASE WHEN {only} IS NOT NULL THEN {until} ELSE {end} END"
            start = only if start == NULL else f"coalesce({only}, {start})"
        duration, unit = (self.text(group.value(name), "time") for name in ("duration", "unit"))
        zone = self.text(group.value("timezone") or self.record_set.timezone, "time")
        if self.relation.composite and self.record_set.options.format == "hl7v2":
            zone = f"coalesce({self._message_zone()}, {zone})"
        locale = group.value("locale")
        words = quoted((locale.literal if locale else None) or "en")
        present = " OR ".join(f"{part} IS NOT NULL" for part in (start, end) if part != NULL)
        if not present:
            return columns
        key = keyed([quoted("\x1e".join(names)), words, start, end, duration, unit, zone])
        quick = None
        if start != NULL and duration == NULL:
            quick = self._fast_time(names, start, end, zone)
        if quick is None:
            return columns | {"tim": f"CASE WHEN {present} THEN {key} END"}
        us, precision, offset = quick
        return {
            "tim": f"CASE WHEN ({present}) AND ({us}) IS NULL THEN {key} END",
            "fast_us": us,
            "fast_precision": f"CASE WHEN ({us}) IS NOT NULL THEN {quoted(precision)} END",
            "fast_offset": f"CASE WHEN ({us}) IS NOT NULL THEN {offset} END",
        }

    def _fast_time(
        self, formats: Sequence[str], start: str, end: str, zone: str
    ) -> tuple[str, str, str] | None:
        """SQL of the instant (null where the slow way is needed), its precision and its offset."""
        known = fasttime.fast(formats, start)
        if known is None:
            return None
        fits = f"regexp_full_match({start}, {quoted(known.match)})"
        if end != NULL:
            fits += f" AND {end} IS NULL"
        local = f"epoch_us({known.local})"
        own = fasttime.offset_min(start) if known.offset else FAST["fast_offset"]
        there = "NULL::BIGINT"
        if zone.startswith("'"):
            there = self.relation.zone_offset(zone[1:-1], fasttime.day(known.local), fits)
        us = f"CASE WHEN {fits} THEN {local} - coalesce({own}::BIGINT * 60000000, {there}) END"
        return us, known.precision, own

    def _message_zone(self) -> str:
        return self.relation.ref(Ref("record", "zone", Span("", 0, 0)))

    def _instant(self, value: Value | None, member: str) -> str:
        """SQL of the ``start`` or the ``end`` of a time; a plain text is its own start and has no end."""
        if value is None:
            return NULL
        if not self.relation.composite:
            return NULL if member == "end" else self.text(value, "time")
        return f'({self.composite(value, Shape.TIME, "time")})."{member}"'

    def _ending(self, value: Value | None) -> str:
        """SQL of what is bound to ``end``: the end of a period, else the instant."""
        start, end = self._instant(value, "start"), self._instant(value, "end")
        return start if end == NULL else f"coalesce({end}, {start})"

    def device(self) -> str:
        """The key ``dev``."""
        group = self.group("device")
        if group is None:
            return NULL
        ident, _ = self.identifier(group, "device")
        serial = self.text(group.value("serial"), "device")
        if serial != NULL:
            ident = serial if ident == NULL else f"coalesce({serial}, {ident})"
        parts = [self.text(group.value("type"), "device"), ident]
        parts += [self.text(group.value(name), "device") for name in KEYS["dev"][2:]]
        present = [part for part in parts if part != NULL]
        if not present:
            return NULL
        tests = " OR ".join(f"{part} IS NOT NULL" for part in present if not part.startswith("'"))
        return f"CASE WHEN {tests} THEN {keyed(parts)} END" if tests else keyed(parts)

    def own_device(self) -> str:
        """The key ``dev`` of a statement that is a device itself."""
        ident, _ = self.identifier(self.group("id") or self.value("id"), "id")
        serial = self.text(self.value("serial"), "serial")
        if serial != NULL:
            ident = serial if ident == NULL else f"coalesce({serial}, {ident})"
        words = [self.text(self.value(name), name) for name in KEYS["dev"][2:]]
        return keyed([self.text(self.value("type"), "type"), ident, *words], needed=1)

    def issues(self) -> str:
        """What went wrong in computed values, as a list of texts."""
        if not self.computed:
            return "NULL::VARCHAR[]"
        names = ", ".join(f"{name}.issue" for name in sorted(self.computed))
        return f"list_filter([{names}], lambda i: i IS NOT NULL)"

    def issue_of(self, sql: str) -> str | None:
        """SQL that holds where the value computed for ``sql`` went wrong; None where it cannot."""
        for name in sorted(self.computed):
            if f"{name}.v" in sql:
                return f"{name}.issue IS NOT NULL"
        return None
