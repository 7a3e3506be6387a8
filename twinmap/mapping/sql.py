"""Values and conditions of a mapping as SQL over the relation of a record set.

What SQL can say exactly (references, literals, joining, alternatives, tests on text) is said in SQL. All
else (maps, expressions) is computed in Python once per distinct tuple of its inputs and joined back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from twinmap.mapping.ast import Call, Condition, Expression, Node, Number, Operation, Ref, Test, Text, Value
from twinmap.mapping.references import unquoted
from twinmap.mapping.typed import number
from twinmap.model import REPEATING, SHAPE_FIELDS, Field, Shape
from twinmap.sqltext import identifier, quoted


def escaped(sql: str) -> str:
    """SQL for what :func:`twinmap.privacy.escaped` does to a text."""
    return f"replace(replace({sql}, '\\', '\\\\'), chr(31), '\\s')"


NULL = "NULL::VARCHAR"


@dataclass(frozen=True, slots=True)
class Computed:
    """A value that Python computes: table ``name`` with columns ``k0 …`` (inputs), ``v`` and ``issue``."""

    name: str
    value: Value
    refs: tuple[Ref, ...]
    inputs: tuple[str, ...]
    slot: str

    @property
    def join(self) -> str:
        """The join that brings the result to a row; inputs may be null."""
        on = " AND ".join(
            f"{self.name}.k{index} IS NOT DISTINCT FROM {sql}" for index, sql in enumerate(self.inputs)
        )
        return f"LEFT JOIN {self.name} ON {on or 'true'}"


@dataclass(frozen=True, slots=True)
class LookJoin:
    """A join to the look-up table ``table`` under ``alias`` by the SQL of the key."""

    alias: str
    table: str
    key: str


@dataclass(frozen=True, slots=True)
class ZoneDays:
    """The offsets of a zone by day: table ``name`` (``day``, ``off``), ``off`` null on days it changes."""

    name: str
    zone: str
    day: str
    where: str

    @property
    def join(self) -> str:
        """The join by the day of the local time."""
        return f"LEFT JOIN {self.name} ON {self.name}.day = {self.day}"


@dataclass
class Relation:
    """The columns of a record set: which fields the reader is asked for, what is joined to them.

    Args:
        columns: For CSV, the header: a reference is a column. None where the reader takes any path.
        params: The values of the parameters.
        missing: Texts that count as missing in the source.
        decimal: The decimal sign of the source.
    """

    columns: Sequence[str] | None
    params: Mapping[str, str]
    missing: Sequence[str] = ()
    fields: dict[tuple[str, Shape], Field] = field(default_factory=dict)
    lookups: dict[tuple[str, str], LookJoin] = field(default_factory=dict)
    computed: list[Computed] = field(default_factory=list)
    zones: list[ZoneDays] = field(default_factory=list)
    parts: dict[str, str] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)
    reads_file_name: bool = False
    decimal: str = "."

    def __post_init__(self) -> None:
        for column in self.columns or ():
            self._field(column, Shape.TEXT)

    @cached_property
    def composite(self) -> bool:
        """Whether the format has composite values (CSV has not)."""
        return self.columns is None

    def _field(self, path: str, shape: Shape) -> Field:
        key = (path, shape)
        if key not in self.fields:
            self.fields[key] = Field(f"f{len(self.fields)}", path, shape)
        return self.fields[key]

    # --- references ---

    def ref(self, ref: Ref, shape: Shape = Shape.TEXT) -> str:
        """SQL for a reference: a text, or the Arrow type of a composite shape."""
        sql = self._plain_ref(ref, shape)
        for step in ref.lookups:
            key = (step.table, sql)
            if key not in self.lookups:
                self.lookups[key] = LookJoin(f"l{len(self.lookups)}", step.table, sql)
            sql = f"{self.lookups[key].alias}.{identifier(step.column)}"
        return sql

    def _plain_ref(self, ref: Ref, shape: Shape) -> str:
        if ref.kind == "param":
            value = self.params.get(ref.path)
            return NULL if value is None or value == "" else quoted(value)
        if ref.kind == "file":
            self.reads_file_name = True
            return f"r._file_{ref.path}"
        if ref.kind == "part":
            return self.parts[ref.path]
        path = f"record:{ref.path}" if ref.kind == "record" else ref.path
        if not self.composite and ref.kind == "path":
            path = path[: len(path) - len(path.lstrip("^"))] + unquoted(path.lstrip("^"))
        self.read.add(path)
        if self.columns is not None and path not in self.columns and not path.startswith("record:"):
            return NULL
        if (ref.lookups and shape is not Shape.KEY) or not self.composite:
            shape = Shape.TEXT
        return f"r.{self._field(path, shape).name}"

    # --- values ---

    def text(self, value: Value | None, slot: str = "") -> str:
        """SQL for a value as text; null where it is missing."""
        if value is None or not value.alternatives:
            return NULL
        plain = value.map is None and all(isinstance(alt, Text) for alt in value.alternatives)
        if plain:
            options = [self._text_alternative(alt, value.missing) for alt in value.alternatives]  # type: ignore[arg-type]
            return options[0] if len(options) == 1 else f"coalesce({', '.join(options)})"
        return f"{self._compute(value, slot).name}.v"

    def _text_alternative(self, text: Text, missing: Sequence[str]) -> str:
        parts = [
            quoted(part) if isinstance(part, str) else self._without(self.ref(part), missing)
            for part in text.parts
        ]
        if not parts or text.literal == "":
            return NULL
        return parts[0] if len(parts) == 1 else f"({' || '.join(parts)})"

    @staticmethod
    def _without(sql: str, missing: Sequence[str]) -> str:
        if not missing:
            return sql
        words = ", ".join(quoted(word) for word in missing)
        return f"CASE WHEN {sql} IN ({words}) THEN NULL ELSE {sql} END"

    def _compute(self, value: Value, slot: str) -> Computed:
        for known in self.computed:
            if known.value is value:
                return known
        refs = tuple(dict.fromkeys(_refs(value)))
        inputs = tuple(self.ref(ref) for ref in refs)
        made = Computed(f"x{len(self.computed)}", value, refs, inputs, slot)
        self.computed.append(made)
        return made

    def composites(self, value: Value | None, shape: Shape, slot: str) -> str:
        """SQL of the Arrow type of a shape; a text becomes a composite of that text alone."""
        kind = sql_type(shape)
        if value is None or not value.alternatives:
            return f"NULL::{kind}"
        if value.map is not None or any(isinstance(alt, Expression) for alt in value.alternatives):
            return self._packed(self.text(value, slot), shape)
        options = []
        for alternative in value.alternatives:
            assert isinstance(alternative, Text)
            sole = alternative.sole_ref
            if sole is not None and sole.kind == "path" and not sole.lookups and not value.missing:
                options.append(self.ref(sole, shape))
            else:
                options.append(self._packed(self._text_alternative(alternative, value.missing), shape))
        return options[0] if len(options) == 1 else f"coalesce({', '.join(options)})"

    @staticmethod
    def _packed(text: str, shape: Shape) -> str:
        main = {Shape.CODE: "code", Shape.IDENTIFIER: "id", Shape.TIME: "start"}.get(shape, "text")
        members = ", ".join(f'"{name}" := {text if name == main else NULL}' for name in SHAPE_FIELDS[shape])
        packed = f"struct_pack({members})"
        if shape in REPEATING:
            packed = f"[{packed}]"
        return f"CASE WHEN {text} IS NULL THEN NULL ELSE {packed} END"

    def zone_offset(self, zone: str, day: str, where: str) -> str:
        """SQL of the offset of a zone on a day in microseconds; null on days on which it changes."""
        if zone == "UTC":
            return "0"
        known = next((item for item in self.zones if (item.zone, item.day) == (zone, day)), None)
        if known is None:
            known = ZoneDays(f"z{len(self.zones)}", zone, day, where)
            self.zones.append(known)
        return f"{known.name}.off"

    # --- conditions ---

    def condition(self, condition: Condition) -> str:
        """SQL that is true or false (never null); ``parts`` are then those of the alternative that holds."""
        alternatives: list[str] = []
        named: dict[str, str] = {}
        for tests in condition.alternatives:
            self.parts = {}
            sql = "(" + " AND ".join(self._test(test) for test in tests) + ")"
            alternatives.append(sql)
            for name, part in self.parts.items():
                named[name] = named.get(name, "") + f" WHEN {sql} THEN {part}"
        single = len(condition.alternatives) == 1
        self.parts = self.parts if single else {name: f"CASE{cases} END" for name, cases in named.items()}
        return "(" + " OR ".join(alternatives) + ")"

    def _test(self, test: Test) -> str:
        if self.composite and test.operator in {"in", "not"} and any(":" in word for word in test.words):
            return self._coding_test(test)
        if test.operator == "missing":
            return self._missing_test(test)
        sql = self.ref(test.ref)
        words = ", ".join(quoted(word) for word in test.words)
        if test.operator == "in":
            return f"coalesce({sql} IN ({words}), false)"
        if test.operator == "not":
            return f"coalesce({sql} NOT IN ({words}), true)"
        if test.operator in {"min", "max"}:
            return self._limit_test(test, sql)
        if test.operator == "like":
            return f"coalesce(regexp_full_match({sql}, {quoted(_glob(test.words[0]))}, 's'), false)"
        return self._parts_test(test, sql)

    def _missing_test(self, test: Test) -> str:
        """Whether there is anything at all: an element with parts, or several values, are not missing."""
        sql = self.ref(test.ref, Shape.KEY)
        if self.composite:
            sql = self._without(sql, [*self.missing, "", '""'])
        return f"({sql} IS {'' if test.words == ('true',) else 'NOT '}NULL)"

    def _limit_test(self, test: Test, sql: str) -> str:
        """Plain numbers are compared in SQL, other ways to write a number exactly in Python."""
        at_least = test.operator == "min"
        limit = number(test.words[0]) or "0"
        whole, _, fraction = limit.lstrip("-").partition(".")
        fits = len(whole) <= 26 and len(fraction) <= 12  # DECIMAL(38, 12)
        pattern = "[+-]?[0-9]{1,26}" + ("" if self.decimal != "." else "(\\.[0-9]{1,12})?")
        plain = f"regexp_full_match({sql}, {quoted(pattern)})"
        compared = f"{sql}::DECIMAL(38, 12) {'>=' if at_least else '<='} {limit}::DECIMAL(38, 12)"
        bound = Number(Decimal(limit))
        rest = Operation("-", (test.ref, bound) if at_least else (bound, test.ref))
        other = f"CASE WHEN NOT {plain} THEN {sql} END" if fits else sql
        value = Value((Expression(rest, test.ref.span),), test.ref.span)
        made = Computed(f"x{len(self.computed)}", value, (test.ref,), (other,), "")
        self.computed.append(made)
        # A zero has no sign: what is left is negative exactly where the limit is not kept.
        kept = f"coalesce({made.name}.v[1] <> '-', false)"
        return f"CASE WHEN {plain} THEN {compared} ELSE {kept} END" if fits else kept

    def _coding_test(self, test: Test) -> str:
        """A condition on a coding compares CURIEs with any of its codings."""
        from twinmap.terms import systems

        codings = self.ref(test.ref, Shape.CODE)
        pairs = []
        for word in test.words:
            known = systems.expand(word, {})
            if known is not None:
                aliases = ", ".join(quoted(name) for name in _spellings(known[0]))
                pairs.append(f"(c.code = {quoted(known[1])} AND c.system IN ({aliases}))")
            pairs.append(f"c.code = {quoted(word)}")
        holds = f"coalesce(len(list_filter({codings}, lambda c: {' OR '.join(pairs)})) > 0, false)"
        return holds if test.operator == "in" else f"(NOT {holds})"

    def _parts_test(self, test: Test, sql: str) -> str:
        assert test.pattern is not None
        names = [part.path for part in test.pattern.parts if isinstance(part, Ref)]
        expression = "".join(
            re.escape(part) if isinstance(part, str) else "(.+?)" for part in test.pattern.parts
        )
        for index, name in enumerate(names, 1):
            self.parts[name] = (
                f"nullif(regexp_extract({sql}, {quoted('^' + expression + '$')}, {index}, 's'), '')"
            )
        return f"coalesce(regexp_full_match({sql}, {quoted(expression)}, 's'), false)"


def _spellings(uri: str) -> list[str]:
    """How a code system may be written in a source."""
    from twinmap.terms import systems

    known = systems.canonical(uri)
    if known is None:
        return [uri]
    oids = [name for oid in known.oids for name in (oid, f"urn:oid:{oid}")]
    return sorted({uri, known.uri, known.prefix, known.name, *known.aliases, *oids})


def _glob(pattern: str) -> str:
    return "".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in pattern)


def sql_type(shape: Shape) -> str:
    """DuckDB's name of the type of a shape."""
    members = SHAPE_FIELDS.get(shape)
    if members is None:
        return "VARCHAR"
    struct = "STRUCT(" + ", ".join(f"{identifier(name)} VARCHAR" for name in members) + ")"
    return struct + "[]" if shape in REPEATING else struct


def _refs(value: Value) -> list[Ref]:
    """Every reference that a value reads, in order."""
    found: list[Ref] = []
    for alternative in value.alternatives:
        if isinstance(alternative, Text):
            found += [part for part in alternative.parts if isinstance(part, Ref)]
        else:
            found += _node_refs(alternative.node)
    return found


def _node_refs(node: Node) -> list[Ref]:
    if isinstance(node, Ref):
        return [node]
    if isinstance(node, Operation):
        return [ref for operand in node.operands for ref in _node_refs(operand)]
    if isinstance(node, Call):
        return [ref for argument in node.arguments for ref in _node_refs(argument)]
    return []
