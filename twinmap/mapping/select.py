"""The SELECT of one rule: its raw statements over the relation of a record set.

Columns of a raw statement: ``_file _record _line _part rule rep``; ``key`` (what names the record);
``pat enc dev tim sig val`` (keys, see :mod:`twinmap.mapping.slots`); for observations ``plain sign absent
unit_received pan ref_low ref_high``; the texts of the kind as ``t_…``; and ``iss``, what went wrong while
values were computed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from twinmap.kinds import Kind
from twinmap.mapping.ast import Expression, RecordSet, Statement, Text, Value
from twinmap.mapping.kinds import KINDS
from twinmap.mapping.slots import FAST, Slots, keyed
from twinmap.mapping.sql import NULL, Relation
from twinmap.mapping.typed import PLAIN_NUMBER
from twinmap.model import SHAPE_FIELDS, Shape
from twinmap.sqltext import identifier, quoted

_INTEGER = r"0|-?[1-9][0-9]*"


@dataclass(frozen=True, slots=True)
class RuleSelect:
    """A rule of the plan: its id, its SELECT before and after the relation, and its signature.

    ``signature`` names the parts that vary, in the order of the key ``sig``; ``constants`` holds those
    that the mapping fixes. ``slot_paths`` says which references a slot reads.
    """

    index: int
    statement: Statement
    id: str
    head: str
    tail: str
    signature: tuple[str, ...]
    constants: Mapping[str, str | None]
    slot_paths: Mapping[str, tuple[str, ...]]

    def over(self, relation: str) -> str:
        """The SELECT over a relation."""
        return f"{self.head} {relation} {self.tail}"


def select(
    relation: Relation,
    record_set: RecordSet,
    statement: Statement,
    *,
    index: int,
    rule_id: str,
    key: str,
    applies: str,
    facets: Sequence[str],
) -> RuleSelect:
    """Compile one statement of the mapping to two levels of SELECT.

    The inner one evaluates the slots, the outer one spreads repeated values and joins the keys.
    """
    slots = Slots(relation, record_set, statement)
    kind = KINDS[statement.kind]
    signature = _signature(slots, kind, facets)
    constants = {name: _literal(sql) for name, sql in signature.items() if _is_constant(sql)}
    varying = [name for name in signature if name not in constants]
    inner = _frame(slots, kind, key) | {f"s_{name}": signature[name] for name in varying}
    outer = {name: name for name in ("_file", "_record", "_line", "_part", "key", *_FRAME_KEYS)}
    outer |= {name: name for name in _texts(slots, kind)}
    inner |= _texts(slots, kind)
    if kind.name == "observation":
        values = _values(slots, constants)
        inner |= values.inner
        outer |= values.outer
        varying, constants = values.signature(varying, constants)
        exists = values.exists
    else:
        exists = _exists(slots, kind, signature, inner)
    parts = [outer.pop(f"s_{name}", f"s_{name}") for name in varying]
    outer |= {
        "rule": f"{index}::SMALLINT",
        "rep": outer.get("rep", "1"),
        "sig": keyed([quoted(str(index)), *parts]),
        "iss": "iss",
    }
    inner["iss"] = slots.issues()
    head = f"SELECT {_aliased(outer)} FROM (SELECT {_aliased(inner)} FROM"
    tail = f"WHERE {applies}) WHERE {exists}"
    if "v_list" in inner:
        spread = "SELECT *, unnest(v_list) AS v, generate_subscripts(v_list, 1) AS rep FROM"
        head = f"SELECT {_aliased(outer)} FROM ({spread} (SELECT {_aliased(inner)} FROM"
        tail = f"WHERE {applies}))"
    return RuleSelect(index, statement, rule_id, head, tail, tuple(varying), constants, dict(slots.paths))


_FRAME_KEYS = ("pat", "enc", "dev", "tim", *FAST)


def _aliased(columns: Mapping[str, str]) -> str:
    return ", ".join(name if name == sql else f"{sql} AS {name}" for name, sql in columns.items())


def _frame(slots: Slots, kind: Kind, key: str) -> dict[str, str]:
    """The columns that every raw statement has, as SQL over the relation."""
    patient = slots.group("patient")
    frame = {name: f"r.{name}" for name in ("_file", "_record", "_line", "_part")}
    frame["key"] = key
    frame["pat"] = keyed(slots.identifier(patient, "patient"), needed=0)
    name = "id" if kind.name == "encounter" else "encounter"
    encounter = slots.group(name) or slots.value(name)
    frame["enc"] = keyed(slots.identifier(encounter, "encounter"), needed=0)
    frame["dev"] = slots.own_device() if kind.name == "device" else slots.device()
    return frame | slots.time()


def _signature(slots: Slots, kind: Kind, facets: Sequence[str]) -> dict[str, str]:
    """The parts of the signature: what decides the meaning of a statement, resolved once per tuple."""
    parts: dict[str, str] = {}
    for slot in kind.codes:
        value = slots.value(slot)
        parts[slot] = slots.code(value, slot)
        parts[f"{slot}_system"] = slots.text(value.system if value else None, slot)
        parts[f"{slot}_display"] = slots.text(value.display if value else None, slot)
    if kind.codes:
        parts["display"] = slots.text(slots.value("display"), "display")
    if kind.name == "observation":
        parts["unit"] = slots.text(slots.value("unit"), "unit")
        parts["unit_system"] = NULL
        parts["status"] = slots.text(slots.value("status"), "status")
        for facet in facets:
            parts[facet] = slots.code(slots.value(facet), facet)
    return parts


def _texts(slots: Slots, kind: Kind) -> dict[str, str]:
    return {f"t_{column}": slots.text(slots.value(slot), slot) for slot, column in kind.texts.items()}


def _is_constant(sql: str) -> bool:
    return sql == NULL or (sql.startswith("'") and "'" not in sql[1:-1].replace("''", ""))


def _literal(sql: str) -> str | None:
    return None if sql == NULL else sql[1:-1].replace("''", "'")


def _exists(slots: Slots, kind: Kind, signature: Mapping[str, str], inner: dict[str, str]) -> str:
    """When a statement of a coded kind is made: there is a code (or, where it names itself, an id)."""
    tests = [
        f"s_{slot} IS NOT NULL"
        for slot in ("code",)
        if slot in kind.codes and not _is_constant(signature[slot])
    ]
    if "code" in kind.codes and _is_constant(signature["code"]) and signature["code"] != NULL:
        tests.append("true")
    if kind.identified:
        inner["ident"] = slots.identifier(slots.group("id") or slots.value("id"), "id")[0]
        tests.append("ident IS NOT NULL")
    return "(" + (" OR ".join(tests) or "false") + ")"


@dataclass(frozen=True, slots=True)
class _Values:
    """The value of an observation: columns of the inner and the outer SELECT, and when there is one."""

    inner: Mapping[str, str]
    outer: Mapping[str, str]
    exists: str
    composite: bool

    def signature(
        self, varying: list[str], constants: Mapping[str, str | None]
    ) -> tuple[list[str], dict[str, str | None]]:
        """Units that a composite value carries vary; the slot ``unit`` comes first where it is bound."""
        if not self.composite:
            return varying, dict(constants)
        moved = [name for name in ("unit", "unit_system") if name not in varying]
        return [*varying, *moved], {name: text for name, text in constants.items() if name not in moved}


def _values(slots: Slots, constants: Mapping[str, str | None]) -> _Values:
    """SQL for the value, its kind, comparator and absent reason, and the reference range."""
    value, absent = slots.value("value"), slots.text(slots.value("absent"), "absent")
    inner = {
        "v_absent": absent,
        "v_kind": slots.text(slots.value("kind"), "kind"),
        "v_sign": slots.text(slots.value("comparator"), "comparator"),
        "pan": _panel(slots),
        **_reference_range(slots),
    }
    outer = {name: name for name in ("pan", "ref_low", "ref_high")}
    origin = _origin(slots, value)
    if not origin.startswith("'"):
        inner["v_origin"], origin = origin, "v_origin"
    unit = received = "s_unit" if "unit" not in constants else _constant(constants["unit"])
    bound = slots.value("unit")
    if bound is not None and bound.map is not None:
        # What is received is the text that the map has read; what it maps to missing is missing.
        inner["v_unit"] = slots.relation.text(replace(bound, map=None), "unit")
        received = f"CASE WHEN {unit} IS NOT NULL THEN v_unit END"
    if not slots.relation.composite:
        text = slots.text(value, "value")
        inner |= {"v_text": text, "v_issue": slots.issue_of(text) or "false"}
        outer |= _value_columns(slots.record_set, origin, "v_kind", "v_text", {})
        outer |= {"unit_received": received, "absent": "CASE WHEN v_text IS NULL THEN v_absent END"}
        return _Values(inner, outer, "(v_text IS NOT NULL OR v_absent IS NOT NULL OR v_issue)", False)
    inner["v_list"] = _value_list(slots, value, absent)
    members = {name: f"v.{identifier(name)}" for name in SHAPE_FIELDS[Shape.VALUE]}
    kind = f"coalesce(v_kind, {members['kind']})"
    outer |= _value_columns(slots.record_set, origin, kind, members["text"], members)
    outer |= {"s_unit": f"coalesce({unit}, v.unit)", "s_unit_system": "v.unit_system", "rep": "rep"}
    outer |= {"unit_received": f"coalesce({received}, v.unit)", "absent": NULL}
    return _Values(inner, outer, "true", True)


def _value_list(slots: Slots, value: Value | None, absent: str) -> str:
    """The values of a composite format; one absent value, or one that went wrong, where there is none."""
    listed = slots.composite(value, Shape.VALUE, "value")
    members = SHAPE_FIELDS[Shape.VALUE]

    def packed(known: Mapping[str, str]) -> str:
        return ", ".join(f"{name} := {known.get(name, NULL)}" for name in members)

    options = [listed]
    if absent != NULL:
        options.append(
            f"CASE WHEN {absent} IS NOT NULL THEN [struct_pack({packed({'kind': quoted('absent'), 'code': absent})})] END"
        )
    wrong = slots.issue_of(listed)
    if wrong:
        options.append(f"CASE WHEN {wrong} THEN [struct_pack({packed({})})] END")
    return options[0] if len(options) == 1 else f"coalesce({', '.join(options)})"


def _origin(slots: Slots, value: Value | None) -> str:
    """SQL of who wrote the text of a value: the ``source``, the mapping (``map``), or an ``expression``."""
    if value is None or not value.alternatives:
        return quoted("source")
    if value.literal is not None:
        return quoted("map")
    if value.map is not None or any(isinstance(part, Expression) for part in value.alternatives):
        return slots.text(value, "value").removesuffix(".v") + ".origin"
    *others, last = value.alternatives
    if not isinstance(last, Text) or last.literal is None:
        return quoted("source")
    found = slots.text(replace(value, alternatives=tuple(others)), "value")
    return f"CASE WHEN {found} IS NULL THEN 'map' ELSE 'source' END"


def _constant(text: str | None) -> str:
    return NULL if text is None else quoted(text)


def _value_columns(
    record_set: RecordSet, origin: str, kind: str, text: str, members: Mapping[str, str]
) -> dict[str, str]:
    """``plain`` where SQL types the number itself, else the key ``val``."""
    sign = f"coalesce(v_sign, {members['comparator']})" if members else "v_sign"
    tail = [members.get(name, NULL) for name in ("low", "high", "system", "code", "display")]
    # With a decimal comma "1.234" is not what it looks like; only whole numbers are plain then.
    pattern = _INTEGER if origin != quoted("map") and record_set.decimal != "." else PLAIN_NUMBER
    plain = f"(coalesce({kind}, 'quantity') = 'quantity' AND regexp_full_match({text}, {quoted(pattern)}))"
    present = f"({text} IS NOT NULL OR {kind} IS NOT NULL)" if members else f"{text} IS NOT NULL"
    return {
        "plain": f"CASE WHEN {plain} THEN {text} END",
        "sign": sign,
        "val": f"CASE WHEN NOT coalesce({plain}, false) AND {present} "
        f"THEN {keyed([origin, kind, text, sign, *tail])} END",
    }


def _reference_range(slots: Slots) -> dict[str, str]:
    group = slots.group("range")
    if group is None:
        return {"ref_low": NULL, "ref_high": NULL}
    low, high = (slots.text(group.value(name), "range") for name in ("low", "high"))
    whole = group.value("from")
    if whole is not None and slots.relation.composite:
        ends = slots.composite(whole, Shape.RANGE, "range")
        low = f"coalesce({low}, ({ends}).low)"
        high = f"coalesce({high}, ({ends}).high)"
    elif whole is not None:
        text = slots.text(whole, "range")
        low = f"coalesce({low}, nullif(regexp_extract({text}, '^(.+?) ?- ?(.+)$', 1), ''))"
        high = f"coalesce({high}, nullif(regexp_extract({text}, '^(.+?) ?- ?(.+)$', 2), ''))"
    return {"ref_low": low, "ref_high": high}


def _panel(slots: Slots) -> str:
    """What ties statements of one patient and time: the panel's value, or being one rule (marked ``=``)."""
    bound = slots.text(slots.value("panel"), "panel")
    statement = slots.statement
    if bound != NULL or statement is None or statement.panel is None:
        return bound
    again = re.search(r"-\d+$", statement.name)
    return quoted(f"={statement.panel}{again[0] if again else ''}")
