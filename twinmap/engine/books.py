"""The books of a run: what became of every record, cell and statement, from independent counts.

Records and cells are counted over the relation that the reader gave, statements over the tables that
were made; what was published is counted again from the published files. The sums must agree.
"""

from __future__ import annotations

import fnmatch
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import chain
from pathlib import Path

from twinmap import registry
from twinmap.engine.apply import RECORD_RULES, SENSOR, Applied
from twinmap.engine.duck import Duck
from twinmap.engine.stage import Staged
from twinmap.mapping.plan import Plan
from twinmap.mapping.resolve import issue
from twinmap.mapping.sql import quoted
from twinmap.model import Shape

#: Tables beside the statements: they repeat what statements say.
UNCOUNTED = frozenset({"identifier", SENSOR})

#: The issue of a statement without a code.
_NO_CODE = issue("TM-Q18", "code", "fail")

#: Outcomes of a cell, in the order in which the first that holds decides.
CELLS = ("missing", "set_aside", "filtered", "ignored", "unread", "failed", "mapped")


@dataclass
class GroupBooks:
    """Counts of one group of files before anything is published."""

    source: str
    record_set: str
    read: Counter[int] = field(default_factory=Counter)
    filtered: Counter[int] = field(default_factory=Counter)
    unclaimed: Counter[int] = field(default_factory=Counter)
    set_aside: Counter[int] = field(default_factory=Counter)
    second: Counter[int] = field(default_factory=Counter)
    cells: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    planned: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    lost: Counter[int] = field(default_factory=Counter)
    fates: Path | None = None


def aside(duck: Duck, done: Applied, folder: Path, stem: str) -> Path | None:
    """Write ``file, record, code`` of the records to set aside; None where there are none.

    A record is set aside where a statement asks for it, where a rule says ``otherwise: quarantine``,
    and where all that it should give failed.
    """
    plan, selects = done.plan, []
    stated: list[str] = []
    for kind, path in done.tables.items():
        if kind in UNCOUNTED:
            continue
        table = f"read_parquet({quoted(str(path))})"
        selects.append(
            f"SELECT file, record, split_part({_asking('set-aside')}[1], chr(31), 1) AS code FROM {table} WHERE aside"
        )
        if kind != "patient":
            stated.append(f"SELECT file, record, issues, failed FROM {table}")
    if stated:
        union = " UNION ALL ".join(stated)
        selects.append(
            f"SELECT file, record, min(split_part({_asking('fail')}[1], chr(31), 1)) AS code FROM ({union}) "
            f"WHERE (file, record) IN (SELECT (file, record) FROM ({union}) WHERE failed) "
            "GROUP BY file, record HAVING bool_and(failed)"
        )
    if plan.quarantined != "false":
        selects.append(
            f"SELECT _file AS file, _record AS record, 'TM-Q19' AS code FROM records AS r {plan.joins} "
            f"WHERE ({plan.keep}) AND ({plan.quarantined})"
        )
    if not selects:
        return None
    path = folder / f"{stem}-aside.parquet"
    union = " UNION ALL ".join(selects)
    count = duck.to_parquet(
        f"SELECT file, record, min(code) AS code FROM ({union}) GROUP BY ALL ORDER BY ALL", path
    )
    if count:
        return path
    path.unlink()
    return None


def _asking(action: str) -> str:
    """SQL of the issues that ask for an action."""
    return f"list_filter(issues, lambda i: split_part(i, chr(31), 3) = {quoted(action)})"


def count(duck: Duck, done: Applied, gone: Path | None, path: Path) -> GroupBooks:
    """The books of one group, while its relation is in place; ``path`` takes the fate of every record."""
    plan, staged = done.plan, done.staged
    books = GroupBooks(plan.source, plan.record_set.name)
    for counts in staged.counts:
        books.read[counts.file] += counts.records
        books.filtered[counts.file] += counts.filtered
        books.second[counts.file] = -1 if counts.second is None else counts.second
        for name, number in counts.cells.items():
            books.cells[name]["filtered"] += number
    for item in {(item.file, item.record) for item in staged.set_aside}:
        books.set_aside[item[0]] += 1
    for _ in staged.set_aside:
        books.cells["(unreadable record)"]["set_aside"] += 1
    _record_fates(duck, done, gone, books)
    duck.to_parquet("SELECT _file AS file, _record AS record, fate FROM fates", path)
    books.fates = path
    _statement_counts(duck, done, gone, books)
    _cells(duck, plan, staged, done, books)
    return books


def _record_fates(duck: Duck, done: Applied, gone: Path | None, books: GroupBooks) -> None:
    """Leaves the table ``fates`` (``_file, _record, fate``), one row a record of the relation."""
    plan = done.plan
    stands = " UNION ALL ".join(
        f"SELECT file, record FROM read_parquet({quoted(str(path))}) WHERE NOT failed AND NOT aside"
        for kind, path in done.tables.items()
        if kind not in UNCOUNTED
    )
    gone_sql = f"SELECT file, record FROM read_parquet({quoted(str(gone))})" if gone else None
    tests = [f"WHEN (_file, _record) IN ({gone_sql}) THEN 'set_aside'"] if gone_sql else []
    if stands:
        tests.append(
            f"WHEN (_file, _record) IN (SELECT DISTINCT (file, record) FROM ({stands})) THEN 'mapped'"
        )
    tests.append("WHEN NOT keep THEN 'filtered'")
    duck.run(
        "CREATE OR REPLACE TEMP TABLE fates AS SELECT _file, _record, "
        f"CASE {' '.join(tests)} ELSE 'unclaimed' END AS fate, claimed FROM ("
        f"SELECT r._file, r._record, bool_or({plan.keep}) AS keep, bool_or(({plan.keep}) AND ({plan.claimed})) AS claimed "
        f"FROM records AS r {plan.joins} GROUP BY ALL)"
    )
    given: Counter[int] = Counter()
    for file, fate, number in duck.rows("SELECT _file, fate, count(*) FROM fates GROUP BY ALL ORDER BY ALL"):
        given[file] += number
        if fate == "unclaimed":
            books.unclaimed[file] += number
    # What the reader counted must have arrived: as records, set aside, or filtered.
    for file, read in books.read.items():
        books.lost[file] = read - given[file] - books.set_aside[file] - books.filtered[file]


def _statement_counts(duck: Duck, done: Applied, gone: Path | None, books: GroupBooks) -> None:
    within = (
        f" OR (file, record) IN (SELECT (file, record) FROM read_parquet({quoted(str(gone))}))"
        if gone
        else ""
    )
    for kind, path in done.tables.items():
        if kind in UNCOUNTED:
            continue
        planned, failed = duck.rows(
            f"SELECT count(*), count(*) FILTER (WHERE failed OR aside{within}) FROM read_parquet({quoted(str(path))})"
        )[0]
        books.planned[kind] += planned
        books.failed[kind] += failed


def _cells(duck: Duck, plan: Plan, staged: Staged, done: Applied, books: GroupBooks) -> None:
    """Cells by source field and outcome."""
    failed = _failed_cells(duck, done)
    fields = {path: _fields(plan, path) for path in {*plan.read, *failed}}
    if staged.cells:
        rows = duck.rows(
            "SELECT cell, fate, count(*) FROM (SELECT unnest(_cells) AS cell, fate FROM records "
            "JOIN fates USING (_file, _record)) GROUP BY ALL ORDER BY ALL"
        )
    else:
        rows = _columns(duck, plan)
    for name, fate, number in rows:
        if number == 0:
            continue
        is_read = any(fields[path].fullmatch(name) for path in plan.read)
        outcome = _outcome(plan, name, fate, is_read)
        hit = {place for path, places in failed.items() if fields[path].fullmatch(name) for place in places}
        wrong = min(len(hit), number) if outcome == "mapped" else 0
        books.cells[name][outcome] += number - wrong
        if wrong:
            books.cells[name]["failed"] += wrong


def _outcome(plan: Plan, name: str, fate: str, is_read: bool) -> str:
    if fate in {"missing", "set_aside", "filtered"}:
        return fate
    if name in plan.record_set.ignore:
        return "ignored"
    return "mapped" if is_read else "unread"


def _fields(plan: Plan, path: str) -> re.Pattern[str]:
    """The names of the cells that a reference reads, as its reader says."""
    reader = registry.load("readers", plan.record_set.options.format).READER
    if path == "." and hasattr(reader, "layout") and plan.record_set.each is not None:
        return re.compile(fnmatch.translate(plan.record_set.each))
    if hasattr(reader, "fields_read") and not path.startswith("record:"):
        return re.compile(reader.fields_read(path, each=plan.record_set.each))
    names = reader.cells(path) if hasattr(reader, "cells") else (path, path.lstrip("^"))
    return re.compile("|".join(re.escape(name) for name in names))


def _columns(duck: Duck, plan: Plan) -> list[tuple[str, str, int]]:
    """Counts of a format whose columns are its cells: by column and fate, missing ones apart."""
    fields = [
        item
        for item in plan.request.fields
        if item.shape is Shape.TEXT and not item.path.startswith("record:")
    ]
    rows_of = "records"
    if plan.record_set.each is not None:
        # The columns of the row are called ^NAME, and every record of the row repeats them.
        fields = [item for item in fields if item.path.startswith("^")]
        rows_of = "(SELECT DISTINCT ON (_file, _record) * FROM records)"
    if not fields:
        return []
    counts = ", ".join(f"count({item.name})" for item in fields)
    found: list[tuple[str, str, int]] = []
    totals: Counter[str] = Counter()
    rows = duck.rows(
        f"SELECT fate, count(*), {counts} FROM {rows_of} JOIN fates USING (_file, _record) GROUP BY fate ORDER BY fate"
    )
    for fate, total, *numbers in rows:
        for item, number in zip(fields, numbers, strict=True):
            name = item.path[1:] if plan.record_set.each is not None else item.path
            found.append((name, fate, number))
            totals[name] += total - number
    return found + [(name, "missing", number) for name, number in sorted(totals.items())]


#: A reference, and the file, record and part where it was read.
_Reading = tuple[str, int, int, str]


def _failed_cells(duck: Duck, done: Applied) -> Mapping[str, set[tuple[int, int, str]]]:
    """Where cells could not be used, by reference; the part is told only where the cell is one of the part."""
    columns = not done.staged.cells
    is_own = cache(partial(_is_own, done.plan))
    gone = set(duck.rows("SELECT _file, _record FROM fates WHERE fate = 'set_aside'"))
    seen: dict[str, set[tuple[int, int, str]]] = defaultdict(set)
    for name, file, record, part in chain(_unused(duck, done), _codeless(duck, done)):
        if (file, record) not in gone:
            # The cell of "each" in a CSV row is that of the column that the part names.
            seen[part if name == "." and columns else name].add((file, record, part if is_own(name) else ""))
    return seen


def _unused(duck: Duck, done: Applied) -> Iterator[_Reading]:
    """What slots with an issue read, and what the reader could not give."""
    paths: dict[tuple[int, str], tuple[str, ...]] = {}
    for rule in done.plan.rules:
        for slot, names in rule.slot_paths.items():
            paths[(rule.index, slot)] = names
    for slot, names in done.plan.patient_paths.items():
        paths[(RECORD_RULES["patient"], slot)] = names
    for kind, path in done.tables.items():
        if kind in UNCOUNTED:
            continue
        for number, slot, *place in duck.rows(
            "SELECT DISTINCT rule, split_part(i, chr(31), 2), file, record, part FROM ("
            f"SELECT rule, file, record, part, unnest(issues) AS i FROM read_parquet({quoted(str(path))}) "
            "WHERE issues IS NOT NULL AND NOT aside) WHERE split_part(i, chr(31), 1) IN "
            "('TM-Q11', 'TM-Q12', 'TM-Q13', 'TM-Q14', 'TM-E01', 'TM-T01', 'TM-K05', 'TM-Q15')"
        ):
            yield from ((name, *place) for name in paths.get((number, slot), ()))
    for said in done.staged.issues:
        if said.path:  # without one it is about the record, not about a field
            yield said.path, said.file, said.record, said.part


def _is_own(plan: Plan, path: str) -> bool:
    """Whether a reference reads the part that a record is, and not what its parts share."""
    each = plan.record_set.each
    reader = registry.load("readers", plan.record_set.options.format).READER
    if each is None or path.startswith(("^", "/", "record:")):
        return each is None
    return path.startswith(each) if hasattr(reader, "cells") else True


def _codeless(duck: Duck, done: Applied) -> Iterator[_Reading]:
    """References and places of what statements without a code read, and nothing that stands there does."""
    tables = [
        f"SELECT file, record, part, rule, failed, coalesce(list_contains(issues, {quoted(_NO_CODE)}), false) AS bare "
        f"FROM read_parquet({quoted(str(path))})"
        for kind, path in done.tables.items()
        if kind not in {*UNCOUNTED, "patient", "device"}
    ]
    if not tables:
        return
    union = " UNION ALL ".join(tables)
    read = {
        rule.index: {
            name
            for slot, names in rule.slot_paths.items()
            for name in names
            if slot != "patient" and _is_own(done.plan, name)
        }
        for rule in done.plan.rules
    }
    for file, record, part, bare, stand in duck.rows(
        "SELECT file, record, part, list(DISTINCT rule) FILTER (WHERE bare), "
        f"list(DISTINCT rule) FILTER (WHERE NOT failed) FROM ({union}) WHERE (file, record, part) IN "
        f"(SELECT (file, record, part) FROM ({union}) WHERE bare) GROUP BY ALL ORDER BY ALL"
    ):
        used = {name for rule in stand or () for name in read[rule]}
        lost = {name for rule in bare for name in read[rule]} - used
        yield from ((name, file, record, part) for name in sorted(lost))
