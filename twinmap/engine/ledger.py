"""The ledger of a run: the books of all groups closed with what was published.

A record that several record sets read is one record: mapped if any of them made a statement of it, else set
aside, unclaimed or filtered. Its cells are counted once, with the best outcome.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from twinmap.engine.apply import SENSOR
from twinmap.engine.books import CELLS, UNCOUNTED, GroupBooks
from twinmap.engine.duck import Duck
from twinmap.mapping.sql import quoted
from twinmap.model import OUTCOMES


@dataclass
class Ledger:
    """The three books of a run, as ``ledger.json`` has them."""

    records: dict[str, dict[str, int]] = field(default_factory=dict)
    files: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)
    cells: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)
    statements: dict[str, dict[str, int]] = field(default_factory=dict)

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
    mapped, written = _published(duck, tables, dropped)
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
    fates = _fates(duck, groups)
    book = ledger.records.setdefault(source, dict.fromkeys(OUTCOMES["records"], 0))
    files = ledger.files.setdefault(source, {})
    for number in sorted({number for group in groups for number in group.read}):
        readers = [group for group in groups if number in group.read]
        read = max(group.read[number] for group in readers)
        unreadable = max(group.set_aside[number] for group in readers)
        given = sum(fates[number].values())
        parts = {
            "read": read,
            "mapped": mapped.get((source, number), 0),
            "filtered": fates[number]["filtered"] + read - given - unreadable,
            "unclaimed": fates[number]["unclaimed"],
            "set_aside": fates[number]["set_aside"] + unreadable,
        }
        # Every record set must account for what the reader counted, and so must another way of counting.
        lost = sum(abs(group.lost[number]) for group in readers)
        seconds = [group.second[number] for group in readers if group.second[number] >= 0]
        lost += max((abs(read - second) for second in seconds), default=0)
        parts["lost"] = read - sum(parts[name] for name in OUTCOMES["records"][1:-1]) or lost
        files[str(number)] = parts
        for name, value in parts.items():
            book[name] += value


#: The better fate of a record decides where several record sets read it.
_RANK = {"mapped": 0, "set_aside": 1, "unclaimed": 2, "filtered": 3}


def _fates(duck: Duck, groups: Sequence[GroupBooks]) -> dict[int, Counter[str]]:
    """How many records of each file have which fate, over all record sets."""
    paths = ", ".join(quoted(str(group.fates)) for group in groups if group.fates is not None)
    found: dict[int, Counter[str]] = defaultdict(Counter)
    if not paths:
        return found
    rank = " ".join(f"WHEN {quoted(name)} THEN {number}" for name, number in _RANK.items())
    names = list(_RANK)
    several = max(Counter(number for group in groups for number in group.read).values()) > 1
    relation = f"(SELECT file, record, CASE fate {rank} END AS rank FROM read_parquet([{paths}]))"
    if several:
        relation = f"(SELECT file, record, min(rank) AS rank FROM {relation} GROUP BY file, record)"
    for file, number, count in duck.rows(f"SELECT file, rank, count(*) FROM {relation} GROUP BY ALL"):
        found[file][names[number]] += count
    return found


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
            for outcome, value in _best(
                [group.cells[name] for group in members if name in group.cells]
            ).items():
                cell[outcome] += value
                cell["read"] += value
    return book


def _best(readings: Sequence[Counter[str]]) -> Counter[str]:
    """The outcomes of one field over several readings of the same cells."""
    if len(readings) == 1:
        return readings[0]
    total = max(sum(reading.values()) for reading in readings)
    best: Counter[str] = Counter()
    for outcome in ("mapped", "failed", "set_aside", "ignored", "missing", "unread"):
        best[outcome] = min(max(reading[outcome] for reading in readings), total - sum(best.values()))
    best["filtered"] = total - sum(best.values())
    return best


def _published(
    duck: Duck, tables: Mapping[str, Path], dropped: Sequence[Path]
) -> tuple[dict[tuple[str, int], int], dict[str, int]]:
    """Records with a statement, by source and file; and statements by source."""
    own = f"NOT ends_with(rule, {quoted('/' + SENSOR)})"
    places = [
        f"SELECT source, file, record FROM read_parquet({quoted(str(path))}) WHERE {own}"
        for kind, path in tables.items()
        if kind not in UNCOUNTED
    ]
    if not places:
        return {}, {}
    written = dict(
        duck.rows("SELECT source, count(*) FROM (" + " UNION ALL ".join(places) + ") GROUP BY ALL")
    )
    places += [f"SELECT source, file, record FROM read_parquet({quoted(str(path))})" for path in dropped]
    rows = duck.rows(
        "SELECT source, file, count(DISTINCT record) FROM (" + " UNION ALL ".join(places) + ") GROUP BY ALL"
    )
    return {(source, file): number for source, file, number in rows}, written


def _duplicates(duck: Duck, dropped: Sequence[Path]) -> dict[str, int]:
    """Statements left out since they are stated elsewhere, by source."""
    if not dropped:
        return {}
    paths = ", ".join(quoted(str(path)) for path in dropped)
    return dict(
        duck.rows(
            f"SELECT source, count(*) FROM read_parquet([{paths}]) "
            f"WHERE NOT ends_with(rule, {quoted('/' + SENSOR)}) GROUP BY ALL"
        )
    )
