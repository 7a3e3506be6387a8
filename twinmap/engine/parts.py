"""The second pass: statements split into parts by patient, each part sorted, told apart and lifted.

Few statements are one part, more are 16, 64 or 256 by the number of statements. A part is chosen by the twin's
hash and never by the number of workers. Each part is worked on by one process with one thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from twinmap.diagnostics import PLACES_KEPT
from twinmap.engine.apply import RECORD_RULES, Applied
from twinmap.engine.duck import Duck, connect
from twinmap.engine.expand import encounters, expanded
from twinmap.engine.graphfile import Turns, append
from twinmap.engine.lines import Lift, Term, lines
from twinmap.kinds import KINDS, Column
from twinmap.privacy import Key
from twinmap.sqltext import identifier, quoted

#: The number of parts for so many statements or fewer.
_SHARDS = ((50_000, 1), (1_000_000, 16), (8_000_000, 64))


@dataclass(frozen=True, slots=True)
class PartTask:
    """All that a worker needs for one part.

    ``place`` is that of the part among the parts that have statements; ``term`` makes the term of a system
    and a code; ``check`` is given the part and where its lines stand in the graph; its answer is kept.
    """

    number: int
    place: int
    folder: Path
    graph: Path
    key: Key
    kinds: tuple[str, ...]
    facets: tuple[str, ...]
    lifts: Mapping[str, Lift]
    term: Term
    memory_mb: int
    check: Callable[[Part, tuple[int, int]], object] | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A part: its rows by kind, and how they become lines."""

    duck: Duck
    relations: Mapping[str, str]
    lifts: Mapping[str, Lift]
    term: Term

    def lines(self, kind: str) -> Iterator[memoryview]:
        """The lines of one kind."""
        return lines(self.duck, self.lifts[kind], self.relations[kind], self.term)

    def size(self, kind: str) -> int:
        """The number of rows of one kind."""
        return int(self.duck.value(f"SELECT count(*) FROM {self.relations[kind]}"))


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
    """What a part gave: its tables, where its lines stand in the graph, and what was stated twice."""

    number: int
    tables: dict[str, Path] = field(default_factory=dict)
    lines: tuple[int, int] = (0, 0)
    dropped: list[Path] = field(default_factory=list)
    repeated: list[Repeated] = field(default_factory=list)
    checked: object = None


def columns_of(kind: str, facets: Sequence[str]) -> tuple[Column, ...]:
    """The published columns of a kind."""
    return KINDS[kind].columns(facets)


def shards_for(statements: int) -> int:
    """The number of parts for so many statements: a part is worked on in memory."""
    return next((shards for most, shards in _SHARDS if statements <= most), 256)


#: A run may state nothing at all.
_NO_SIGNATURE = "SELECT 0 AS grp, '' AS kind, 0 AS sig_id, '' AS code_system, '' AS code WHERE false"


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
    union = " UNION ALL BY NAME ".join(signatures) or _NO_SIGNATURE
    duck.to_parquet(union, folder / "signatures.parquet")


@dataclass(frozen=True, slots=True)
class Narrow:
    """One narrow file: its group, and the file of the records that are set aside, if any."""

    group: int
    path: Path
    aside: Path | None


def split(duck: Duck, tables: Mapping[str, Sequence[Narrow]], folder: Path) -> list[int]:
    """Write the statements that stand to ``folder/<kind>.split.parquet``, sorted by part, each with its group.

    Columns without any value are left out; ``folder/<kind>.shape.parquet`` has all columns and no row. Row
    groups are small, so that a worker reads little of its neighbours' parts. Patients and their parts go to
    ``folder/twins.parquet``.

    Args:
        duck: A connection with the table ``k_twin`` (``patient_record, twin, shard``).
        tables: The narrow files of each kind.
        folder: Where the parts are made.

    Returns:
        The numbers of the parts that have statements, in order.
    """
    duck.to_parquet("SELECT * FROM k_twin ORDER BY shard", folder / "twins.parquet")
    numbers: set[int] = set()
    for kind, files in tables.items():
        selects = []
        for item in files:
            tests = "NOT failed AND NOT aside"
            if item.aside is not None:
                gone = f"SELECT (file, record, part) FROM read_parquet({quoted(str(item.aside))})"
                tests += f" AND (file, record, part) NOT IN ({gone})"
            selects.append(
                f"SELECT * EXCLUDE (failed, aside), {item.group} AS grp "
                f"FROM read_parquet({quoted(str(item.path))}) WHERE {tests}"
            )
        union = " UNION ALL BY NAME ".join(selects)
        shard = "SELECT u.*, 0 AS shard" if kind == "device" else "SELECT u.*, k.shard"
        join = "" if kind == "device" else "JOIN k_twin k USING (patient_record)"
        duck.run(f"CREATE OR REPLACE TEMP VIEW standing AS {shard} FROM ({union}) u {join}")
        duck.to_parquet("SELECT * FROM standing LIMIT 0", folder / f"{kind}.shape.parquet")
        columns = [row[0] for row in duck.rows("SELECT column_name FROM (DESCRIBE standing)")]
        counts = duck.rows(
            f"SELECT {', '.join(f'count({identifier(name)})' for name in columns)} FROM standing"
        )
        listed = ", ".join(identifier(name) for name, count in zip(columns, counts[0], strict=True) if count)
        if not listed:
            continue
        path = folder / f"{kind}.split.parquet"
        duck.run(
            f"COPY (SELECT {listed} FROM standing ORDER BY shard) TO {quoted(str(path))} "
            "(FORMAT parquet, COMPRESSION lz4_raw, ROW_GROUP_SIZE 30720)"
        )
        numbers |= {row[0] for row in duck.rows(f"SELECT DISTINCT shard FROM {_scan(path)}")}
    return sorted(numbers)


def _scan(*paths: Path) -> str:
    listed = ", ".join(quoted(str(path)) for path in paths)
    return f"read_parquet([{listed}], union_by_name = true)"


def _has_twin(kind: str) -> bool:
    return "twin" in KINDS[kind].names


_PLACE = ("rule", "file", "record", "line", "part", "ordinal")


#: Whose turn it is to append to the graph; set in every worker by :func:`take_turns`.
_turns = Turns()


def take_turns(turns: Turns) -> None:
    """Say whose turn it is, before the first part is worked on."""
    _turns.follow(turns)


def work(task: PartTask) -> PartResult:
    """Expand and sort one part, tell its statements apart, write its tables and its share of the graph."""
    result = PartResult(task.number)
    with connect(task.folder / f"work-{task.number}", memory_mb=task.memory_mb, key=task.key) as duck:
        for name in ("rules", "signatures"):
            duck.run(f"CREATE TEMP TABLE {name} AS SELECT * FROM {_scan(task.folder / f'{name}.parquet')}")
        duck.run(
            "CREATE TEMP TABLE twins AS SELECT patient_record, twin "
            f"FROM {_scan(task.folder / 'twins.parquet')} WHERE shard = {task.number}"
        )
        for kind in task.kinds:
            _tables(duck, task, kind, result)
        _lift(duck, task, result)
    return result


def _tables(duck: Duck, task: PartTask, kind: str, result: PartResult) -> None:
    """Write the published rows of one kind in their order, each statement once."""
    files = [task.folder / f"{kind}.{name}.parquet" for name in ("split", "shape")]
    if not files[0].exists():
        return
    twins = "JOIN twins USING (patient_record)" if _has_twin(kind) else ""
    narrow = f"(SELECT * FROM {_scan(*files)} {twins} WHERE shard = {task.number})"
    if KINDS[kind].codes:
        duck.run(f"CREATE OR REPLACE TEMP TABLE encounters AS {encounters(narrow)}")
    listed = ", ".join(identifier(column.name) for column in columns_of(kind, task.facets))
    path = task.folder / f"{kind}-{task.number:02}.parquet"
    if not duck.to_parquet(
        expanded(kind, task.facets, narrow, _order(kind), _empty(duck, kind, *files)), path
    ):
        return
    result.tables[kind] = path
    duck.run(f"CREATE OR REPLACE TEMP VIEW part AS SELECT * FROM {_scan(path)}")
    apart = _once if kind in {"patient", "device"} else _distinct
    once = apart(duck, task, result, kind) if kind != "identifier" else None
    if once is not None:
        told = task.folder / f"{kind}-{task.number:02}.once.parquet"
        duck.to_parquet(f"SELECT {listed} FROM ({once}) ORDER BY {_order(kind)}", told)
        result.tables[kind] = told


def _empty(duck: Duck, kind: str, split: Path, shape: Path) -> set[str]:
    """The columns of narrow rows and of signatures that have no value in this kind, named as in :func:`expanded`."""
    columns, all_columns, signature = (
        [row[0] for row in duck.rows(f"SELECT column_name FROM (DESCRIBE FROM {relation})")]
        for relation in (_scan(split), _scan(shape), "signatures")
    )
    listed = ", ".join(f"count({identifier(name)})" for name in signature)
    counts = duck.rows(f"SELECT {listed} FROM signatures WHERE kind = {quoted(kind)}")[0]
    unused = {f"s.{name}" for name, count in zip(signature, counts, strict=True) if not count}
    return unused | {f"n.{name}" for name in all_columns if name not in columns}


def _order(kind: str) -> str:
    """Where a row stands in the output: the twin, then where it comes from."""
    place = "source, file, record, part, ordinal"
    return {"identifier": "ALL", "device": f"id, {place}"}.get(kind, f"twin, {place}")


def _distinct(duck: Duck, task: PartTask, result: PartResult, kind: str) -> str | None:
    """SQL of the part without what is stated twice; None where nothing is."""
    repeated = "SELECT id FROM part GROUP BY id HAVING count(*) > 1"
    if not duck.rows(f"{repeated} LIMIT 1"):
        return None
    duck.run(
        "CREATE OR REPLACE TEMP TABLE again AS SELECT *, md5(concat_ws(chr(31), "
        + ", ".join(
            f"coalesce({identifier(c.name)}::VARCHAR, chr(0))"
            for c in columns_of(kind, task.facets)
            if c.name
            not in {*_PLACE, "unit_system_raw", "offset_min"}  # only how unit and time were received
        )
        + f")) AS _content FROM part WHERE id IN ({repeated})"
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
    return f"{once} UNION ALL BY NAME {suffixed}"


def _once(duck: Duck, task: PartTask, result: PartResult, kind: str) -> str:
    """What a source says of patients and devices, each thing once: a feed repeats it with every message."""
    names = (column.name for column in columns_of(kind, task.facets))
    said = ", ".join(name for name in names if name not in _PLACE)
    duck.run(
        "CREATE OR REPLACE TEMP TABLE told AS SELECT *, row_number() OVER "
        f"(PARTITION BY {said} ORDER BY file, record, part) AS _copy FROM part"
    )
    _drop(duck, task, result, kind)
    return "SELECT * EXCLUDE (_copy) FROM told WHERE _copy = 1"


def _drop(duck: Duck, task: PartTask, result: PartResult, kind: str) -> None:
    """Note the places of statements that were left out since they are stated elsewhere."""
    path = task.folder / f"dropped-{kind}-{task.number:02}.parquet"
    place = "source, file, record, part, ordinal"
    duck.to_parquet(f"SELECT rule, {place} FROM told WHERE _copy > 1 ORDER BY ALL", path)
    result.dropped.append(path)


def _lift(duck: Duck, task: PartTask, result: PartResult) -> None:
    """Append the part's share to the graph: patient records, then each kind in the order of its table."""
    known = " UNION ALL ".join(
        f"SELECT source, twin, patient_record FROM {_scan(path)}"
        for kind, path in result.tables.items()
        if _has_twin(kind)
    )
    relations = {kind: _scan(path) for kind, path in result.tables.items()}
    if known:
        duck.run(f"CREATE TEMP TABLE known AS SELECT * FROM ({known}) GROUP BY ALL ORDER BY ALL")
        relations = {"twin": "(SELECT DISTINCT twin FROM known ORDER BY ALL)", "record": "known"} | relations
    part = Part(duck, relations, task.lifts, task.term)
    made = (block for kind in relations if kind in task.lifts for block in part.lines(kind))
    result.lines = append(task.graph, made, _turns, task.place)
    if task.check is not None:
        result.checked = task.check(part, result.lines)
