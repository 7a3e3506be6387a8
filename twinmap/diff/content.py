"""Which statements are the very same on both sides, which only one has, and what else the others say.

A statement is the same where patient, code, time, value and all else that it says are the same; where it stands,
how it was received and what only numbers it do not count. Values are compared in the canonical unit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from twinmap.compare.signature import compared_facets
from twinmap.diff.sides import A, B, Side
from twinmap.diff.unite import number
from twinmap.engine.duck import Duck
from twinmap.kinds import KINDS
from twinmap.mapping.sql import identifier, quoted
from twinmap.terms.facets import facets

#: What tells where a statement comes from, how it was received, or only numbers it within its source.
_APART = frozenset(
    {
        *("source", "rule", "file", "record", "line", "part", "ordinal", "id", "patient_record"),
        *("encounter", "device", "panel", "display", "map_predicate", "time_origin"),
        *("status_raw", "raw_code_system", "raw_code", "raw_display", "unit_raw"),
    }
)
#: What is compared as the canonical value where there is one.
_VALUE = {
    "value_text": "coalesce(canon_num::VARCHAR, value_text)",
    "unit": "CASE WHEN canon_num IS NULL THEN unit ELSE canon_unit END",
}
_DERIVED = frozenset({"value_num", "value_decimals", "canon_num", "canon_unit"})

#: Columns of words that are no patient's; the facets that are are left out.
_WORDS = ("code", "unit", "status", "value_kind", "comparator", "time_precision", "value_code")

#: Statements that are compared at a time, about.
AT_A_TIME = 2_000_000
#: Examples of each change that are kept.
_EXAMPLES = 3


def said(kind: str) -> dict[str, str]:
    """What a statement of a kind says, as SQL by name."""
    names = [column.name for column in KINDS[kind].columns(tuple(facets()))]
    value = _VALUE if kind == "observation" else {}
    return {
        name: value.get(name, identifier(name))
        for name in names
        if name not in _APART and not (kind == "observation" and name in _DERIVED)
    }


def compare(duck: Duck, tables: Mapping[str, Path], sides: Sequence[Side]) -> tuple[list[Any], list[Any]]:
    """Count what is the same, by kind and code, and what changed in statements of the same place.

    Returns:
        Rows ``{"kind", "system", "code", "a", "b", "same"}``, and of the changes, where both sides read the same
        files, ``{"kind", "code", "what", "n", "from"?, "to"?, "places"}``.
    """
    counts: list[Any] = []
    changes: list[Any] = []
    same_files = _register_files(duck, sides)
    for kind, path in tables.items():
        if kind == "identifier":
            continue
        table = f"read_parquet({quoted(str(path))})"
        _apart(duck, kind, table)
        counts += _counts(duck, kind, table)
        if same_files and kind not in {"patient", "device"}:
            changes += _changes(duck, kind)
    return counts, changes


def _register_files(duck: Duck, sides: Sequence[Side]) -> bool:
    """The table ``k_input`` of the files that both sides read; False where there are none."""
    hashes = [{sha for _, sha in side.files.values()} for side in sides]
    both = sorted(hashes[0] & hashes[1])
    rows = [
        (number(side, file), both.index(sha))
        for side in sides
        for file, (_, sha) in side.files.items()
        if sha in both
    ]
    columns = {"file": ("INTEGER", [row[0] for row in rows]), "input": ("INTEGER", [row[1] for row in rows])}
    duck.register("k_input", columns)
    return bool(both)


def _apart(duck: Duck, kind: str, table: str) -> None:
    """The table ``alone``: statements without a same one on the other side, each once for each time it lacks one."""
    listed = ", ".join(said(kind).values())
    size = int(duck.value(f"SELECT count(*) FROM {table}"))
    parts = 1 + size // AT_A_TIME
    duck.run(f"CREATE OR REPLACE TEMP TABLE alone AS SELECT *, 0::UBIGINT AS content FROM {table} LIMIT 0")
    for part in range(parts):
        duck.run(
            "CREATE OR REPLACE TEMP TABLE content AS SELECT *, row_number() OVER (PARTITION BY source, content "
            f"ORDER BY file, record, part, ordinal) AS nth FROM (SELECT source, file, record, part, ordinal, "
            f"hash({listed}) AS content FROM {table}) WHERE content % {parts} = {part}"
        )
        place = "source, file, record, part, ordinal"
        duck.run(
            "CREATE OR REPLACE TEMP TABLE lacking AS SELECT c.* EXCLUDE (nth) FROM content c ANTI JOIN content o "
            "ON o.content = c.content AND o.nth = c.nth AND o.source <> c.source"
        )
        duck.run(f"INSERT INTO alone SELECT t.*, l.content FROM {table} t JOIN lacking l USING ({place})")


def _counts(duck: Duck, kind: str, table: str) -> Iterator[dict[str, Any]]:
    code = "code_system, code" if "code" in KINDS[kind].names else "NULL AS code_system, NULL AS code"
    of = "count(*) FILTER (WHERE source = '{}')"
    a, b = of.format(A), of.format(B)
    alone = f"SELECT {code}, {a} AS only_a, {b} AS only_b FROM alone GROUP BY ALL"
    for system, name, n_a, n_b, only_a in duck.rows(
        f"SELECT t.code_system, t.code, a, b, coalesce(only_a, 0) FROM (SELECT {code}, {a} AS a, {b} AS b FROM {table} "
        f"GROUP BY ALL) t LEFT JOIN ({alone}) o ON o.code IS NOT DISTINCT FROM t.code "
        "AND o.code_system IS NOT DISTINCT FROM t.code_system ORDER BY ALL"
    ):
        yield {"kind": kind, "system": system, "code": name, "a": n_a, "b": n_b, "same": n_a - only_a}


def _changes(duck: Duck, kind: str) -> Iterator[dict[str, Any]]:
    """What differs between statements of one place: first those of one code are put together, then the others.

    Only words of a list (codes, units, statuses, facets) are told; of values and times only a ratio or a shift
    that nearly all of them have.
    """
    _meet(duck, ", ".join(said(kind).values()))
    codes = "[a.code_system, a.code]" if "code" in KINDS[kind].names else "[NULL, NULL]"
    told = [name for name in said(kind) if name not in {"twin", "code_system"}]
    tests = [
        f"CASE WHEN {_differ(name)} THEN {{'what': {quoted(name)}, 'before': {_word('a', name)}, "
        f"'after': {_word('b', name)}}} END"
        for name in told
    ]
    ratio = "b.canon_num / nullif(a.canon_num, 0)" if kind == "observation" else "NULL::DOUBLE"
    for (system, code), what, before, after, n, ratios, shifts, places in duck.rows(
        f"SELECT code, d.what, d.before, d.after, count(*), quantile_disc(ratio, [0.02, 0.98]), "
        f"quantile_disc(shift, [0.02, 0.98]), min(place, {_EXAMPLES}) FROM (SELECT {codes} AS code, {ratio} AS ratio, "
        "b.start_us - a.start_us AS shift, {'file': a.file, 'record': a.record, 'part': a.part} AS place, "
        f"unnest(list_filter([{', '.join(tests)}], lambda d: d IS NOT NULL)) AS d "
        "FROM met JOIN apart a ON a.n = met.n_a JOIN apart b ON b.n = met.n_b) "
        "GROUP BY code, d ORDER BY count(*) DESC, code, d"
    ):
        row = {"kind": kind, "system": system, "code": code, "what": what, "n": n, "places": places}
        row |= {"before": before, "after": after} if _is_word(what) else {}
        if what == "value_text" and ratios and abs(ratios[0] - ratios[1]) <= 1e-9 * abs(ratios[0]):
            row["ratio"] = float(f"{ratios[0]:.6g}")
        if what == "start_us" and shifts and shifts[0] == shifts[1]:
            row["shift_us"] = shifts[0]
        yield row


def _meet(duck: Duck, order: str) -> None:
    """The tables ``apart`` (with a number ``n``) and ``met``: pairs ``n_a, n_b`` of one place."""
    duck.run(
        "CREATE OR REPLACE TEMP TABLE apart AS SELECT s.*, i.input, row_number() OVER () AS n "
        "FROM alone s JOIN k_input i USING (file)"
    )
    duck.run("CREATE OR REPLACE TEMP TABLE met (n_a BIGINT, n_b BIGINT)")
    coded = "code" in {row[0] for row in duck.rows("SELECT column_name FROM (DESCRIBE apart)")}
    for spot in (["(input, record, part, code_system, code)"] if coded else []) + ["(input, record, part)"]:
        left = (
            f"SELECT n, {spot} AS spot, row_number() OVER (PARTITION BY source, {spot} ORDER BY {order}, ordinal) AS nth "
            "FROM apart WHERE n NOT IN (SELECT unnest([n_a, n_b]) FROM met) AND source = "
        )
        duck.run(
            f"INSERT INTO met SELECT a.n, b.n FROM ({left}{quoted(A)}) a JOIN ({left}{quoted(B)}) b "
            "ON a.nth = b.nth AND a.spot IS NOT DISTINCT FROM b.spot"
        )


def _differ(name: str) -> str:
    if name == "code":
        return "(a.code_system, a.code) IS DISTINCT FROM (b.code_system, b.code)"
    if name in _VALUE:
        one, other = (_of(side, name) for side in "ab")
        return f"{one} IS DISTINCT FROM {other}"
    return f"a.{identifier(name)} IS DISTINCT FROM b.{identifier(name)}"


def _of(side: str, name: str) -> str:
    value = "coalesce({0}.canon_num::VARCHAR, {0}.value_text)"
    unit = "CASE WHEN {0}.canon_num IS NULL THEN {0}.unit ELSE {0}.canon_unit END"
    return (value if name == "value_text" else unit).format(side)


def _is_word(name: str) -> bool:
    return name in {*_WORDS, *compared_facets()}


def _word(side: str, name: str) -> str:
    if not _is_word(name):
        return "NULL::VARCHAR"
    if name == "code":
        return f"concat_ws('|', {side}.code_system, {side}.code)"
    return f"{side}.{identifier(name)}"
