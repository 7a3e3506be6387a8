"""The ledger of a run: the books of all groups closed with what was published.

A record is an item of ``each``, or a document. One that several record sets read is one record: mapped if any
of them made a statement of it, else set aside, unclaimed or filtered. A document of which no statement is made
is not counted beside its items, and one without items is one record. Cells are counted once, with the best
outcome.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from twinmap.diagnostics import PLACES_KEPT
from twinmap.engine.apply import SENSOR
from twinmap.engine.books import UNCOUNTED, GroupBooks
from twinmap.engine.cells import CELLS, FATES, best
from twinmap.engine.duck import Duck
from twinmap.model import OUTCOMES
from twinmap.sqltext import quoted

#: Where something stands: file, record, line and part.
Spot = tuple[int, int, int | None, str]


@dataclass
class Ledger:
    """The three books of a run, as ``ledger.json`` has them.

    ``silent`` says by source how many of the unclaimed records a rule applies to that finds nothing to state in
    them, and where the first ones are.
    """

    records: dict[str, dict[str, int]] = field(default_factory=dict)
    files: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)
    cells: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)
    statements: dict[str, dict[str, int]] = field(default_factory=dict)
    silent: dict[str, tuple[int, list[Spot]]] = field(default_factory=dict)

    @property
    def lost(self) -> int:
        """Records and statements that are in no book; 0 unless there is a bug."""
        return sum(abs(book["lost"]) for books in (self.records, self.statements) for book in books.values())

    def to_json(self) -> dict[str, object]:
        """The published form."""
        return {
            "records": {name: {**book, "files": self.files[name]} for name, book in self.records.items()},
            "cells": self.cells,
            "statements": self.statements,
        }


def close(
    duck: Duck, groups: Iterable[GroupBooks], tables: Mapping[str, Path], dropped: Sequence[Path]
) -> Ledger:
    """Close the books with what the published tables and the list of duplicates hold.

    Args:
        duck: A connection.
        groups: The books of all groups.
        tables: The published tables by kind.
        dropped: Parquet files ``rule, source, file, record`` of statements left out as duplicates.
    """
    ledger = Ledger()
    by_source: dict[str, list[GroupBooks]] = defaultdict(list)
    for group in groups:
        by_source[group.source].append(group)
    mapped, written = _published(duck, by_source, tables, dropped)
    duplicates = _duplicates(duck, dropped)
    for source, members in by_source.items():
        _records(duck, ledger, source, members, mapped)
        ledger.cells[source] = _cells(members)
        planned, failed = (
            sum(sum(getattr(group, name).values()) for group in members) for name in ("planned", "failed")
        )
        out = {"planned": planned, "written": written.get(source, 0), "duplicate": duplicates.get(source, 0)}
        out["failed"] = failed
        out["lost"] = planned - out["written"] - out["duplicate"] - failed
        ledger.statements[source] = out
    return ledger


def _records(
    duck: Duck,
    ledger: Ledger,
    source: str,
    groups: Sequence[GroupBooks],
    mapped: Mapping[tuple[str, int], int],
) -> None:
    """The book of records of one source, file by file."""
    _union(duck, groups)
    fates: dict[int, Counter[str]] = defaultdict(Counter)
    for file, rank, count in duck.rows("SELECT file, rank, count(*) FROM every GROUP BY ALL"):
        fates[file][FATES[rank]] += count
    documents = {file: sum(found.values()) for file, found in fates.items()}
    if any(group.itemised for group in groups):
        documents = dict(duck.rows("SELECT file, count(DISTINCT record) FROM every GROUP BY file"))
    book = ledger.records.setdefault(source, dict.fromkeys(OUTCOMES["records"], 0))
    files = ledger.files.setdefault(source, {})
    for number in sorted({number for group in groups for number in group.read}):
        readers = [group for group in groups if number in group.read]
        read = max(group.read[number] for group in readers)
        unreadable = max(group.unreadable[number] for group in readers)
        # Documents in which no record set has an item; and records that several record sets read are one.
        empty = read - documents.get(number, 0) - unreadable
        again = sum(group.given[number] for group in readers) - sum(fates[number].values())
        parts = {
            "read": sum(group.items[number] for group in readers) - again + empty + unreadable,
            "mapped": mapped.get((source, number), 0),
            "filtered": fates[number]["filtered"] + empty,
            "unclaimed": fates[number]["unclaimed"],
            "set_aside": fates[number]["set_aside"] + unreadable,
        }
        # Every record set must account for what the reader counted, and so must another way of counting.
        lost = sum(abs(group.lost[number]) for group in readers)
        seconds = [group.second[number] for group in readers if group.second[number] >= 0]
        lost += max((abs(read - second) for second in seconds), default=0)
        parts["lost"] = parts["read"] - sum(parts[name] for name in OUTCOMES["records"][1:-1]) or lost
        files[str(number)] = parts
        for name, value in parts.items():
            book[name] += value
    ledger.silent[source] = _silent(duck)


def _union(duck: Duck, groups: Sequence[GroupBooks]) -> None:
    """The table ``every``: ``file, record, line, part, rank, claim`` of each record of a source, once."""
    paths = ", ".join(quoted(str(group.fates)) for group in groups if group.fates is not None)
    rank = f"(list_position({list(FATES)}, fate) - 1)::TINYINT AS rank"
    relation = f"SELECT file, record, line, part, {rank}, claim FROM read_parquet([{paths}])"
    if max(Counter(number for group in groups for number in group.read).values(), default=0) > 1:
        place = "file, record, part" if any(group.itemised for group in groups) else "file, record"
        states = "CASE WHEN bool_or(claim = 'states') THEN 'states' ELSE min(claim) END AS claim"
        columns = (
            "min(line) AS line, any_value(part) AS part" if place == "file, record" else "min(line) AS line"
        )
        relation = (
            f"SELECT {place}, {columns}, min(rank) AS rank, {states} FROM ({relation}) GROUP BY {place}"
        )
        if place != "file, record":
            relation = _without_holders(relation)
        duck.run(f"CREATE OR REPLACE TEMP TABLE every_record AS {relation}")
        relation = "SELECT * FROM every_record"
    duck.run(f"CREATE OR REPLACE TEMP VIEW every AS {relation}")


def _without_holders(relation: str) -> str:
    """SQL of the records without those that only hold records of other record sets, and state nothing.

    In the order of their paths, what stands below a record comes right behind it.
    """
    order = "replace(part, '/', chr(1))"
    behind = f"lead(part) OVER (PARTITION BY file, record ORDER BY {order}) AS behind"
    holds = "behind IS NOT NULL AND (part = '' OR starts_with(behind, part || '/'))"
    silent = f"rank >= {FATES.index('unclaimed')}"
    return (
        f"SELECT * EXCLUDE (behind) FROM (SELECT *, {behind} FROM ({relation})) "
        f"WHERE NOT ({silent} AND coalesce({holds}, false))"
    )


def _silent(duck: Duck) -> tuple[int, list[Spot]]:
    """How many unclaimed records a rule applies to, and the first of them."""
    spot = "{'file': file, 'record': record, 'part': part, 'line': line}"
    ((count, spots),) = duck.rows(
        f"SELECT count(*), min({spot}, {PLACES_KEPT}) FROM every "
        f"WHERE rank = {FATES.index('unclaimed')} AND claim = 'states'"
    )
    return count, [(spot["file"], spot["record"], spot["line"], spot["part"]) for spot in spots or ()]


def _cells(groups: Sequence[GroupBooks]) -> dict[str, dict[str, int]]:
    """The book of cells of one source: record sets that read the same files are one reading."""
    readings: dict[tuple[int, ...], list[GroupBooks]] = defaultdict(list)
    for group in groups:
        readings[tuple(sorted(group.read))].append(group)
    book: dict[str, dict[str, int]] = {}
    for members in readings.values():
        names = dict.fromkeys(name for group in members for name in group.cells)
        for name in names:
            cell = book.setdefault(name, dict.fromkeys(("read", *CELLS), 0))
            for outcome, value in best(
                [group.cells[name] for group in members if name in group.cells]
            ).items():
                cell[outcome] += value
                cell["read"] += value
    return book


def _published(
    duck: Duck,
    by_source: Mapping[str, Sequence[GroupBooks]],
    tables: Mapping[str, Path],
    dropped: Sequence[Path],
) -> tuple[dict[tuple[str, int], int], dict[str, int]]:
    """Records with a statement, by source and file; and statements by source."""
    told = sorted({group.told for groups in by_source.values() for group in groups if group.told})
    stated, written = [], []
    for kind, path in tables.items():
        if kind not in UNCOUNTED:
            table = f"SELECT source, file, record, part FROM read_parquet({quoted(str(path))})"
            written.append(f"{table} WHERE {_own(kind)}")
            stated.append(f"{table} WHERE {_own(kind)} AND {_beside(kind, told)}")
    for path in dropped:
        kind = path.name.split("-")[1]
        table = f"SELECT source, file, record, part FROM read_parquet({quoted(str(path))})"
        stated.append(f"{table} WHERE {_own(kind)} AND {_beside(kind, told)}")
    if not written:
        return {}, {}
    count = dict(duck.rows("SELECT source, count(*) FROM (" + " UNION ALL ".join(written) + ") GROUP BY ALL"))
    itemised = {name for name, groups in by_source.items() if any(group.itemised for group in groups)}
    mapped: dict[tuple[str, int], int] = {}
    union = " UNION ALL ".join(stated)
    for names, columns in ((itemised, "record, part"), (set(by_source) - itemised, "record")):
        if names:
            listed = ", ".join(quoted(name) for name in sorted(names))
            places = f"SELECT DISTINCT source, file, {columns} FROM ({union}) WHERE source IN ({listed})"
            rows = duck.rows(f"SELECT source, file, count(*) FROM ({places}) GROUP BY ALL")
            mapped |= {(source, file): number for source, file, number in rows}
    return mapped, count


def _own(kind: str) -> str:
    """SQL that holds for what is stated: devices that observations mention are said beside them."""
    return f"NOT ends_with(rule, {quoted('/' + SENSOR)})" if kind == "device" else "true"


def _beside(kind: str, told: Sequence[str]) -> str:
    """SQL that leaves out what is said of patients beside the statements of items."""
    listed = ", ".join(quoted(rule) for rule in told)
    return f"rule NOT IN ({listed})" if kind == "patient" and told else "true"


def _duplicates(duck: Duck, dropped: Sequence[Path]) -> dict[str, int]:
    """Statements left out since they are stated elsewhere, by source."""
    if not dropped:
        return {}
    scans = " UNION ALL ".join(
        f"SELECT source FROM read_parquet({quoted(str(path))}) WHERE {_own(path.name.split('-')[1])}"
        for path in dropped
    )
    return dict(duck.rows(f"SELECT source, count(*) FROM ({scans}) GROUP BY ALL"))
