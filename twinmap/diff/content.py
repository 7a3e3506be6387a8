"""Which statements are the very same on both sides, which only one has, and what else the others say.

A statement is the same where patient, code, time, value and all else that it says are the same; where it stands,
how it was received and what only numbers it do not count. Values are compared in the canonical unit, and the day of a
time at the offset that stood with it where all statements of the same content state one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from twinmap.diff.changes import FURTHER, LOCAL_DAY, VALUE, changes, pair, register_files
from twinmap.diff.sides import OFFSET, A, B, Side
from twinmap.engine.duck import Duck
from twinmap.kinds import KINDS
from twinmap.sqltext import identifier, quoted
from twinmap.terms.facets import facets

#: What tells where a statement comes from, how it was received, or only numbers it within its source.
_APART = frozenset(
    {
        *("source", "rule", "file", "record", "line", "part", "ordinal", "id", "patient_record"),
        *("encounter", "device", "panel", "display", "map_predicate", "time_origin"),
        *("status_raw", "raw_code_system", "raw_display", "unit_raw", OFFSET),
    }
)
_DERIVED = frozenset({"value_num", "value_decimals", "canon_num", "canon_unit"})

#: What the graph of a run does not hold, or in fewer words than the tables; see :mod:`twinmap.diff.graphs`.
_NOT_IN_A_GRAPH = frozenset({"time_precision", "ref_low", "ref_high", "note", "name", "raw_code"})

#: A unit of a format that does not say whether it is a code of a system: then that is not compared.
_UNIT_ALONE = "coalesce(unit_raw, unit) IS NOT NULL AND unit_system_raw IS NULL"

#: Statements that are compared at a time, about.
AT_A_TIME = 2_000_000


def said(kind: str, *, graph: bool = False) -> dict[str, str]:
    """What a statement of a kind says, as SQL by name; without what a ``graph`` does not hold or writes alike."""
    names = [column.name for column in KINDS[kind].columns(tuple(facets()))]
    value = VALUE if kind == "observation" else {}
    value = value | {"raw_code": f"({FURTHER}) IS NOT NULL"}
    if graph and kind == "observation":
        value = value | {"value_text": f"CASE WHEN value_kind <> 'coded' THEN {value['value_text']} END"}
    return {
        name: value[name].format("") if name in value else identifier(name)
        for name in names
        if name not in _APART
        and not (kind == "observation" and name in _DERIVED)
        and not (graph and name in _NOT_IN_A_GRAPH)
    }


def compare(
    duck: Duck, tables: Mapping[str, Path], sides: Sequence[Side], folder: Path
) -> tuple[dict[str, list[Any]], dict[str, Path]]:
    """Count what is the same, by kind and code, and what changed in statements that belong together.

    Returns:
        ``statements``: rows ``{"kind", "system", "code", "a", "b", "same"}``; ``together`` as
        :func:`twinmap.diff.changes.pair` counts, ``changes`` as :func:`twinmap.diff.changes.changes` tells them.
        Then tables of the statements that are not the same, by kind.
    """
    told: dict[str, list[Any]] = {"statements": [], "together": [], "changes": []}
    apart: dict[str, Path] = {}
    register_files(duck, sides)
    graph = any(side.graph is not None for side in sides)
    for kind, path in tables.items():
        if kind == "identifier":
            continue
        names = said(kind, graph=graph)
        if kind == "observation" and duck.value(f"SELECT bool_or({_UNIT_ALONE}) FROM {_scan(path)}"):
            del names["unit_system_raw"]
        rest = _apart(duck, kind, names, path, folder / f"{kind}.apart.parquet")
        told["statements"] += _counts(duck, kind, path, rest)
        if duck.value(f"SELECT count(*) FROM {_scan(rest)}"):
            apart[kind] = rest
        if "twin" in KINDS[kind].names:
            compared = (*names, *({OFFSET} & KINDS[kind].names))
            told["together"] += pair(duck, kind, compared, rest)
            told["changes"] += changes(duck, kind, compared, rest)
    return told, apart


def _scan(path: Path) -> str:
    return f"read_parquet({quoted(str(path))}, file_row_number = true)"


def _apart(duck: Duck, kind: str, names: Mapping[str, str], path: Path, rest: Path) -> Path:
    """The table of statements without a same one on the other side, each once for each time it lacks one.

    It is the table itself where that holds for all, else ``rest``. Only hashes and row numbers are held for it.
    """
    size = int(duck.value(f"SELECT count(*) FROM {_scan(path)}"))
    parts = 1 + size // AT_A_TIME
    hashes = rest.with_suffix(".hash.parquet")
    day = LOCAL_DAY.format("") if OFFSET in KINDS[kind].names else "NULL::DATE"
    duck.to_parquet(
        f"SELECT source, file, record, part, ordinal, file_row_number AS n, hash({', '.join(names.values())}) AS content, "
        f"{day} AS day FROM {_scan(path)}",
        hashes,
    )
    duck.run("CREATE OR REPLACE TEMP TABLE alone (n BIGINT)")
    for part in range(parts):
        mine = f"read_parquet({quoted(str(hashes))}) WHERE content % {parts} = {part}"
        duck.run(
            f"CREATE OR REPLACE TEMP TABLE days AS SELECT content FROM {mine} "
            "GROUP BY content HAVING min(day) <> max(day) AND count(day) = count(*)"
        )
        duck.run(
            "CREATE OR REPLACE TEMP TABLE content AS SELECT source, n, content, row_number() OVER ("
            "PARTITION BY source, content ORDER BY file, record, part, ordinal, n) AS nth FROM (SELECT * REPLACE ("
            f"CASE WHEN content IN (FROM days) THEN hash(content, day) ELSE content END AS content) FROM {mine})"
        )
        duck.run(
            "INSERT INTO alone SELECT c.n FROM content c ANTI JOIN content o "
            "ON o.content = c.content AND o.nth = c.nth AND o.source <> c.source"
        )
    duck.run("DROP TABLE content; DROP TABLE days")
    lacking = int(duck.value("SELECT count(*) FROM alone"))
    if lacking == size:
        hashes.unlink()
        return path
    join = "SEMI"
    if lacking > size // 2:
        # The smaller set is looked up: a join that spills takes the wide rows with it.
        duck.run(
            f"CREATE OR REPLACE TEMP TABLE alone AS SELECT h.n FROM read_parquet({quoted(str(hashes))}) h "
            "ANTI JOIN alone USING (n)"
        )
        join = "ANTI"
    hashes.unlink()
    duck.to_parquet(
        f"SELECT t.* EXCLUDE (file_row_number) FROM {_scan(path)} t {join} JOIN alone ON alone.n = t.file_row_number",
        rest,
    )
    duck.run("DROP TABLE alone")
    return rest


def _counts(duck: Duck, kind: str, path: Path, rest: Path) -> Iterator[dict[str, Any]]:
    code = "code_system, code" if "code" in KINDS[kind].names else "NULL AS code_system, NULL AS code"
    of = "count(*) FILTER (WHERE source = '{}')"
    a, b = of.format(A), of.format(B)
    alone = f"SELECT {code}, {a} AS only_a, {b} AS only_b FROM {_scan(rest)} GROUP BY ALL"
    for system, name, n_a, n_b, only_a in duck.rows(
        f"SELECT t.code_system, t.code, a, b, coalesce(only_a, 0) FROM (SELECT {code}, {a} AS a, {b} AS b "
        f"FROM {_scan(path)} GROUP BY ALL) t LEFT JOIN ({alone}) o ON o.code IS NOT DISTINCT FROM t.code "
        "AND o.code_system IS NOT DISTINCT FROM t.code_system ORDER BY ALL"
    ):
        yield {"kind": kind, "system": system, "code": name, "a": n_a, "b": n_b, "same": n_a - only_a}
