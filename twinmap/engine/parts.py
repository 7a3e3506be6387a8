"""The second pass: statements split into parts by patient, each part sorted, told apart and lifted.

A part is one sixteenth of the twins (one sixty-fourth above ten million statements), chosen by the twin's
hash and never by the number of workers. Each part is worked on by one process with one thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from twinmap.diagnostics import PLACES_KEPT
from twinmap.engine.apply import RECORD_RULES, Applied
from twinmap.engine.duck import Duck, connect
from twinmap.engine.expand import encounters, expanded
from twinmap.mapping.kinds import KINDS
from twinmap.mapping.sql import identifier, quoted
from twinmap.model import OTHER_TABLES, Column, observation_columns
from twinmap.privacy import Key

#: The number of parts for so many statements or fewer.
_SHARDS = ((2_000_000, 16), (10_000_000, 64))


@dataclass(frozen=True, slots=True)
class Lift:
    """How one kind becomes lines: SQL over a relation called ``lifting``.

    ``derived`` are columns added to those of the table, ``iris`` columns of terms made from a system and
    a code, ``select`` gives one text a row.
    """

    derived: Mapping[str, str]
    iris: Mapping[str, tuple[str, str]]
    select: str


@dataclass(frozen=True, slots=True)
class PartTask:
    """All that a worker needs for one part.

    ``term`` makes the term of a system and a code; ``check`` is given the part's graph, its answer is kept.
    """

    number: int
    folder: Path
    key: Key
    kinds: tuple[str, ...]
    facets: tuple[str, ...]
    lifts: Mapping[str, Lift]
    term: Callable[[str | None, str], str]
    memory_mb: int
    check: Callable[[Sequence[Path]], object] | None = None


@dataclass(frozen=True, slots=True)
class Repeated:
    """What was stated more than once: copies left out, versions kept, and places ``(file, record, part)``."""

    source: str
    rule: str
    copies: int
    versions: int
    places: tuple[tuple[int, int, str], ...]


@dataclass
class PartResult:
    """What a part gave: files, counts of statements written, and duplicates by kind."""

    number: int
    tables: dict[str, Path] = field(default_factory=dict)
    graph: list[Path] = field(default_factory=list)
    written: dict[str, int] = field(default_factory=dict)
    triples: int = 0
    dropped: list[Path] = field(default_factory=list)
    repeated: list[Repeated] = field(default_factory=list)
    checked: object = None


def columns_of(kind: str, facets: Sequence[str]) -> tuple[Column, ...]:
    """The published columns of a kind."""
    return observation_columns(facets) if kind == "observation" else OTHER_TABLES[kind]


def shards_for(statements: int) -> int:
    """The number of parts for so many statements: a part is worked on in memory."""
    return next((shards for most, shards in _SHARDS if statements <= most), 256)


def describe(duck: Duck, groups: Sequence[Applied], folder: Path) -> None:
    """Write ``rules.parquet`` and ``signatures.parquet``: what narrow rows of every group mean."""
    rows: list[tuple[int, int, str, str, str, int]] = []
    signatures: list[str] = []
    for group, done in enumerate(groups):
        plan = done.plan
        prefix = f"{plan.document.id}#{plan.record_set.name}/"
        named = [(rule.index, rule.id) for rule in plan.rules]
        named += [(number, prefix + name) for name, number in RECORD_RULES.items()]
        count = max(len(plan.rules), 1)
        rows += [(group, number, plan.source, plan.record_set.name, name, count) for number, name in named]
        for kind, path in done.tables.items():
            if path.with_suffix(".sig").exists():
                scan = f"read_parquet({quoted(str(path.with_suffix('.sig')))})"
                signatures.append(f"SELECT {group} AS grp, {quoted(kind)} AS kind, * EXCLUDE (k) FROM {scan}")
    names = ("grp", "rule", "source", "record_set", "id", "rules")
    types = ("INTEGER", "INTEGER", "VARCHAR", "VARCHAR", "VARCHAR", "INTEGER")
    columns = {
        name: (kind, [row[i] for row in rows])
        for i, (name, kind) in enumerate(zip(names, types, strict=True))
    }
    duck.register("rules", columns)
    duck.to_parquet("SELECT * FROM rules", folder / "rules.parquet")
    union = " UNION ALL BY NAME ".join(signatures) or "SELECT 0 AS grp, '' AS kind, 0 AS sig_id WHERE false"
    duck.to_parquet(union, folder / "signatures.parquet")


@dataclass(frozen=True, slots=True)
class Narrow:
    """One narrow file: its group, and the file of the records that are set aside, if any."""

    group: int
    path: Path
    aside: Path | None


def split(duck: Duck, tables: Mapping[str, Sequence[Narrow]], folder: Path) -> None:
    """Write the statements that stand to ``folder/<kind>/shard=N/``, each with its group.

    Args:
        duck: A connection with the table ``k_twin`` (``patient_record, twin, shard``).
        tables: The narrow files of each kind.
        folder: Where the parts are made.
    """
    for kind, files in tables.items():
        selects = []
        for item in files:
            tests = "NOT failed AND NOT aside"
            if item.aside is not None:
                gone = f"SELECT (file, record) FROM read_parquet({quoted(str(item.aside))})"
                tests += f" AND (file, record) NOT IN ({gone})"
            selects.append(
                f"SELECT * EXCLUDE (failed, aside), {item.group} AS grp "
                f"FROM read_parquet({quoted(str(item.path))}) WHERE {tests}"
            )
        join = "" if kind == "device" else "JOIN k_twin k USING (patient_record)"
        shard = "0 AS shard" if kind == "device" else "k.twin, k.shard"
        union = " UNION ALL BY NAME ".join(selects)
        duck.run(
            f"COPY (SELECT u.*, {shard} FROM ({union}) u {join}) TO {quoted(str(folder / kind))} "
            "(FORMAT parquet, COMPRESSION lz4_raw, PARTITION_BY (shard))"
        )


def _has_twin(kind: str) -> bool:
    return kind not in {"device", "identifier"}


#: Where a statement stands in the output: the twin, then where it comes from.
ORDER = "twin, source, file, record, part, ordinal"
_PLACE = ("rule", "file", "record", "line", "part", "ordinal")


def work(task: PartTask) -> PartResult:
    """Expand and sort one part, tell its statements apart, write its tables and its share of the graph."""
    result = PartResult(task.number)
    with connect(task.folder / f"work-{task.number}", memory_mb=task.memory_mb, key=task.key) as duck:
        for name in ("rules", "signatures"):
            path = task.folder / f"{name}.parquet"
            duck.run(f"CREATE TEMP TABLE {name} AS SELECT * FROM read_parquet({quoted(str(path))})")
        for kind in task.kinds:
            files = task.folder / kind / f"shard={task.number}"
            if not files.is_dir():
                continue
            narrow = f"read_parquet({quoted(str(files / '*.parquet'))})"
            if kind in KINDS and kind != "device":
                duck.run(f"CREATE OR REPLACE TEMP TABLE encounters AS {encounters(narrow)}")
            duck.run(f"CREATE OR REPLACE TEMP TABLE part AS {expanded(kind, task.facets, narrow)}")
            path = task.folder / f"{kind}-{task.number:02}.parquet"
            ordered = _distinct(duck, task, kind, result)
            listed = ", ".join(identifier(column.name) for column in columns_of(kind, task.facets))
            result.written[kind] = duck.to_parquet(f"SELECT {listed} FROM {ordered}", path)
            result.tables[kind] = path
        _lift(duck, task, result)
    return result


def _distinct(duck: Duck, task: PartTask, kind: str, result: PartResult) -> str:
    """SQL of the part in order, without what is stated twice."""
    if kind == "identifier":
        return "(SELECT * FROM part ORDER BY ALL)"
    if kind in {"patient", "device"}:
        return _once(duck, task, result, kind)
    order = ORDER
    if not duck.rows("SELECT 1 FROM part GROUP BY id HAVING count(*) > 1 LIMIT 1"):
        return f"(SELECT * FROM part ORDER BY {order})"
    duck.run(
        "CREATE OR REPLACE TEMP TABLE again AS SELECT *, md5(concat_ws(chr(31), "
        + ", ".join(
            f"coalesce({identifier(c.name)}::VARCHAR, chr(0))"
            for c in columns_of(kind, task.facets)
            if c.name not in _PLACE
        )
        + ")) AS _content FROM part WHERE id IN (SELECT id FROM part GROUP BY id HAVING count(*) > 1)"
    )
    place = "source, file, record, part, ordinal"
    duck.run(
        "CREATE OR REPLACE TEMP TABLE told AS SELECT *, "
        f"row_number() OVER (PARTITION BY id, _content ORDER BY {place}) AS _copy, "
        "dense_rank() OVER (PARTITION BY id ORDER BY _content) AS _version FROM again"
    )
    spot = "{'file': file, 'record': record, 'part': part}"
    for source, rule, copies, versions, places in duck.rows(
        "SELECT source, rule, count(*) FILTER (WHERE _copy > 1), "
        "count(*) FILTER (WHERE _version > 1 AND _copy = 1), "
        f"min({spot}, {PLACES_KEPT}) FILTER (WHERE _copy > 1 OR _version > 1) "
        "FROM told GROUP BY ALL ORDER BY ALL"
    ):
        spots = tuple((spot["file"], spot["record"], spot["part"]) for spot in places or ())
        result.repeated.append(Repeated(source, rule, copies, versions, spots))
    _drop(duck, task, result, kind)
    numbered = "CASE WHEN _version > 1 THEN concat(id, '-', _version) ELSE id END AS id"
    suffixed = f"SELECT * EXCLUDE (_content, _copy, _version) REPLACE ({numbered}) FROM told WHERE _copy = 1"
    once = "SELECT * FROM part WHERE id NOT IN (SELECT id FROM again)"
    return f"(SELECT * FROM ({once} UNION ALL BY NAME {suffixed}) ORDER BY {order})"


def _once(duck: Duck, task: PartTask, result: PartResult, kind: str) -> str:
    """What a source says of patients and devices, each thing once: a feed repeats it with every message."""
    names = (column.name for column in columns_of(kind, task.facets))
    said = ", ".join(name for name in names if name not in _PLACE)
    order = ORDER if kind == "patient" else "id, source, file, record, part, ordinal"
    duck.run(
        "CREATE OR REPLACE TEMP TABLE told AS SELECT *, row_number() OVER "
        f"(PARTITION BY {said} ORDER BY file, record, part) AS _copy FROM part"
    )
    _drop(duck, task, result, kind)
    return f"(SELECT * EXCLUDE (_copy) FROM told WHERE _copy = 1 ORDER BY {order})"


def _drop(duck: Duck, task: PartTask, result: PartResult, kind: str) -> None:
    """Note the places of statements that were left out since they are stated elsewhere."""
    path = task.folder / f"dropped-{kind}-{task.number:02}.parquet"
    place = "source, file, record, part, ordinal"
    duck.to_parquet(f"SELECT rule, {place} FROM told WHERE _copy > 1 ORDER BY ALL", path)
    result.dropped.append(path)


def _lift(duck: Duck, task: PartTask, result: PartResult) -> None:
    """Write the part's share of the graph: patient records, then each kind in the order of its table."""
    pieces = result.graph
    known = [
        f"SELECT source, twin, patient_record FROM read_parquet({quoted(str(path))})"
        for kind, path in result.tables.items()
        if _has_twin(kind)
    ]
    if known:
        duck.run(
            f"CREATE OR REPLACE TEMP TABLE known AS SELECT * FROM ({' UNION ALL '.join(known)}) GROUP BY ALL ORDER BY ALL"
        )
        for kind, columns in (("twin", "DISTINCT twin"), ("record", "*")):
            if kind in task.lifts:
                pieces.append(_lines(duck, task, kind, f"(SELECT {columns} FROM known ORDER BY ALL)"))
    for kind, path in result.tables.items():
        if kind in task.lifts:
            pieces.append(_lines(duck, task, kind, f"read_parquet({quoted(str(path))})"))
    if task.check is not None:
        result.checked = task.check(pieces)


def _lines(duck: Duck, task: PartTask, kind: str, relation: str) -> Path:
    lift = task.lifts[kind]
    joins = []
    for name, (system, code) in lift.iris.items():
        pairs = duck.rows(
            f"SELECT DISTINCT {system}, {code} FROM {relation} WHERE {code} IS NOT NULL ORDER BY ALL"
        )
        table = f"k_{name}"
        duck.register(
            table,
            {
                "system": ("VARCHAR", [pair[0] for pair in pairs]),
                "code": ("VARCHAR", [pair[1] for pair in pairs]),
                name: ("VARCHAR", [task.term(*pair) for pair in pairs]),
            },
        )
        joins.append(
            f"LEFT JOIN {table} ON {table}.code = u.{code} AND {table}.system IS NOT DISTINCT FROM u.{system}"
        )
    extra = "".join(f", {sql} AS {name}" for name, sql in lift.derived.items())
    extra += "".join(f", k_{name}.{name}" for name in lift.iris)
    duck.run(f"CREATE OR REPLACE TEMP VIEW lifting AS SELECT u.*{extra} FROM {relation} u {' '.join(joins)}")
    path = task.folder / f"part-{task.number:02}-{kind}.nq"
    duck.to_lines(lift.select, path)
    return path
