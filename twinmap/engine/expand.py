"""From narrow statements to published rows: SQL that joins what is the same for many rows, and makes ids.

Narrow files hold numbers for the rule and the signature; the tables ``rules`` (group, rule: source, record
set, id) and ``signatures`` (group, kind, sig_id: the resolved columns) give the rest. This runs in the
workers, once per part.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from twinmap.kinds import KINDS
from twinmap.mapping.sql import escaped
from twinmap.sqltext import identifier, quoted

_CODE = ("code_system", "code", "display", "raw_code_system", "raw_code", "raw_display", "map_predicate")
_TIME = ("start_us", "end_us", "time_precision", "time_origin", "offset_min")


def expanded(
    kind: str, facets: Sequence[str], relation: str, order: str, empty: Collection[str] = frozenset()
) -> str:
    """SELECT of the published columns of a kind over its narrow rows, in the order of the SQL ``order``.

    ``empty`` are columns of the narrow rows (``n.name``) and of signatures (``s.name``) without any value: what
    they alone would fill is not sorted.
    """
    if not KINDS[kind].codes:
        made = {name: f"n.{name}" for name, *_ in KINDS[kind].columns()} | _place("0")
    else:
        made = _place("n.rule + 1 + r.rules * (n.rep - 1)") | _statement(kind, facets)
    joins = "JOIN rules r ON r.grp = n.grp AND r.rule = n.rule"
    if KINDS[kind].codes:
        joins += f" JOIN signatures s ON s.grp = n.grp AND s.kind = {quoted(kind)} AND s.sig_id = n.sig_id"
        joins += " LEFT JOIN encounters e ON e.source = r.source AND e.enc = n.enc"
    some = ", ".join(f"{sql} AS {identifier(name)}" for name, sql in made.items() if sql not in empty)
    columns = [
        f"NULL::{type_} AS {identifier(name)}" if made[name] in empty else identifier(name)
        for name, type_, *_ in KINDS[kind].columns(facets)
    ]
    return f"SELECT {', '.join(columns)} FROM (SELECT {some} FROM {relation} n {joins} ORDER BY {order})"


def encounters(relation: str) -> str:
    """SELECT of ``source, enc, id``: the ids of encounters, each made once."""
    return (
        "SELECT source, enc, keyed(concat_ws(chr(31), 'encounter', source, enc)) AS id FROM ("
        f"SELECT DISTINCT r.source, n.enc FROM {relation} n JOIN rules r ON r.grp = n.grp AND r.rule = n.rule "
        "WHERE n.enc IS NOT NULL)"
    )


def _place(ordinal: str) -> dict[str, str]:
    place = {"source": "r.source", "rule": "r.id"}
    place |= {name: f"n.{name}" for name in ("file", "record", "line", "part")}
    return place | {"ordinal": f"({ordinal})::SMALLINT"}


def _statement(kind: str, facets: Sequence[str]) -> dict[str, str]:
    columns = {"id": _id(kind), "twin": "n.twin", "patient_record": "n.patient_record"}
    columns["id" if kind == "encounter" else "encounter"] = "e.id"
    if kind == "observation":
        return columns | _observation(facets)
    spec = KINDS[kind]
    columns |= {name: f"s.{name}" for name in _CODE} | {name: f"n.{name}" for name in _TIME}
    for stem in spec.codes:
        columns |= {name: f"s.{name}" for name in spec.pairs[stem]}
    return columns | {column: f"n.t_{column}" for column in spec.texts.values()}


def _id(kind: str) -> str:
    """The keyed id: by the mapping's key, else by patient, code, time and raw value."""
    name = "obs" if kind == "observation" else kind
    start = f"{quoted(name)}, r.source, r.record_set, r.id"
    content = ["s.code_system", "s.code", "n.start_us::VARCHAR", "n.end_us::VARCHAR"]
    if kind == "observation":
        content += ["n.raw_value", "n.unit_received", "n.device", "n.pan"]
    texts = ", ".join(f"coalesce({escaped(sql)}, '')" for sql in content)
    by_key = f"concat_ws(chr(31), {start}, n.rep::VARCHAR, n.patient_record, n.key)"
    by_content = f"concat_ws(chr(31), {start}, n.patient_record, {texts})"
    return f"keyed(CASE WHEN n.key IS NOT NULL THEN {by_key} ELSE {by_content} END)"


#: Null where a double holds no such number: hundreds of digits are an infinity.
_DOUBLE = "n.value_text::DOUBLE"
_NUMBER = f"CASE WHEN n.value_kind = 'quantity' THEN CASE WHEN isfinite({_DOUBLE}) THEN {_DOUBLE} END END"
_DECIMALS = "length(split_part(n.value_text, '.', 2))"


def _observation(facets: Sequence[str]) -> dict[str, str]:
    panel = (
        "CASE WHEN s.panel_concept IS NOT NULL AND n.pan IS NOT NULL THEN keyed(concat_ws(chr(31), 'panel', "
        "r.source, n.patient_record, coalesce(n.start_us::VARCHAR, ''), s.panel_concept, "
        f"{escaped('n.pan')}, CASE WHEN n.pan[1] = '=' THEN coalesce(n.key, '') END)) END"
    )
    moved = f"try_cast(format('{{:.12g}}', {_NUMBER} * s.factor + s.shift) AS DOUBLE)"
    canonical = (
        f"CASE WHEN s.factor = 1 AND s.shift = 0 THEN {_NUMBER} WHEN isfinite({moved}) THEN {moved} END"
    )
    is_quantity = "n.value_kind = 'quantity'"
    columns = {"device": "n.device", "panel": panel, "status": "s.status", "status_raw": "s.status_raw"}
    columns |= {name: f"s.{name}" for name in _CODE}
    columns |= {
        "value_kind": "n.value_kind",
        "value_text": "n.value_text",
        "value_num": _NUMBER,
        "value_decimals": f"CASE WHEN n.value_kind = 'quantity' THEN least({_DECIMALS}, 127) END::TINYINT",
        "comparator": "n.comparator",
    }
    columns |= {
        name: f"n.{name}" for name in ("low_text", "high_text", "value_system", "value_code", "absent_reason")
    }
    columns |= {
        "unit_raw": "n.unit_received",
        "unit_system_raw": "s.unit_system_raw",
        "unit": "s.unit",
        "canon_num": f"CASE WHEN s.canon_unit IS NOT NULL THEN {canonical} END",
        "canon_unit": f"CASE WHEN {is_quantity} THEN s.canon_unit END",
    }
    columns |= {name: f"n.{name}" for name in _TIME}
    columns |= {facet: f"s.{identifier(facet)}" for facet in facets}
    columns |= {"ref_low": "n.ref_low", "ref_high": "n.ref_high"}
    return columns | {column: f"n.t_{column}" for column in KINDS["observation"].texts.values()}
