"""The books of a run: what became of every record and statement, from independent counts.

A record is an item of ``each``, told by file, document and part; without ``each`` the document itself. Records
are counted over the relation that the reader gave, statements over the tables that were made; what was
published is counted again from the published files, what was set aside from the quarantine. The sums must
agree. The book of cells is made in :mod:`twinmap.engine.cells`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from twinmap.engine import cells
from twinmap.engine.apply import SENSOR, Applied
from twinmap.engine.duck import Duck
from twinmap.mapping.plan import Plan
from twinmap.model import SetAside
from twinmap.sqltext import quoted

#: Tables beside the statements: they repeat what statements say.
UNCOUNTED = frozenset({"identifier", SENSOR})


@dataclass
class GroupBooks:
    """Counts of one group of files before anything is published, by file.

    ``read``, ``filtered``, ``second`` and ``unreadable`` are documents, as the reader counted them; ``items``
    the records that it made of them, ``given`` those that arrived. ``told`` is the rule of what is said of
    patients beside the statements of items: it makes no record mapped.
    """

    source: str
    record_set: str
    itemised: bool
    told: str | None = None
    read: Counter[int] = field(default_factory=Counter)
    filtered: Counter[int] = field(default_factory=Counter)
    second: Counter[int] = field(default_factory=Counter)
    unreadable: Counter[int] = field(default_factory=Counter)
    items: Counter[int] = field(default_factory=Counter)
    given: Counter[int] = field(default_factory=Counter)
    set_aside: Counter[int] = field(default_factory=Counter)
    cells: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    planned: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    lost: Counter[int] = field(default_factory=Counter)
    fates: Path | None = None


def place_of(plan: Plan, *, published: bool = True) -> str:
    """The columns that name a record: without ``each`` the document alone does."""
    names = ("file", "record", "part") if plan.record_set.each is not None else ("file", "record")
    return ", ".join(names if published else [f"_{name}" for name in names])


def aside(duck: Duck, done: Applied, folder: Path, stem: str) -> Path | None:
    """Write ``file, record, part, code`` of the records to set aside; None where there are none.

    A record is set aside where a statement asks for it, where a rule says ``otherwise: quarantine``,
    and where all that it should give failed.
    """
    plan, selects = done.plan, []
    place = place_of(plan)
    stated: list[str] = []
    for kind, path in done.tables.items():
        if kind in UNCOUNTED:
            continue
        table = f"read_parquet({quoted(str(path))})"
        selects.append(
            f"SELECT file, record, part, split_part({_asking('set-aside')}[1], chr(31), 1) AS code FROM {table} WHERE aside"
        )
        if kind != "patient":
            stated.append(f"SELECT file, record, part, issues, failed FROM {table}")
    if stated:
        union = " UNION ALL ".join(stated)
        selects.append(
            f"SELECT file, record, part, min(split_part({_asking('fail')}[1], chr(31), 1)) AS code FROM ({union}) "
            f"WHERE ({place}) IN (SELECT ({place}) FROM ({union}) WHERE failed) "
            "GROUP BY file, record, part HAVING bool_and(failed)"
        )
    if plan.quarantined != "false":
        selects.append(
            f"SELECT _file AS file, _record AS record, _part AS part, 'TM-Q19' AS code FROM records AS r {plan.joins} "
            f"WHERE ({plan.keep}) AND ({plan.quarantined})"
        )
    if not selects:
        return None
    path = folder / f"{stem}-aside.parquet"
    union = " UNION ALL ".join(selects)
    count = duck.to_parquet(
        f"SELECT file, record, part, min(code) AS code FROM ({union}) GROUP BY ALL ORDER BY ALL", path
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
    books = _read(done)
    _record_fates(duck, done, gone, books)
    duck.to_parquet(
        "SELECT _file AS file, _record AS record, _line AS line, _part AS part, fate, claim FROM fates", path
    )
    books.fates = path
    _statement_counts(duck, done, gone, books)
    cells.count(duck, done, books.cells)
    return books


def none(done: Applied) -> GroupBooks:
    """The books of a group of which no record arrived."""
    books = _read(done)
    _arrived(books, Counter())
    return books


def _read(done: Applied) -> GroupBooks:
    """What the reader counted."""
    plan, staged = done.plan, done.staged
    itemised = plan.record_set.each is not None
    told = f"{plan.document.id}#{plan.record_set.name}/patient" if itemised and plan.rules else None
    books = GroupBooks(plan.source, plan.record_set.name, itemised, told)
    for item in {(item.file, item.record) for item in staged.set_aside}:
        books.unreadable[item[0]] += 1
    for counts in staged.counts:
        books.read[counts.file] += counts.records
        books.filtered[counts.file] += counts.filtered
        books.second[counts.file] = -1 if counts.second is None else counts.second
        documents = counts.records - counts.filtered - books.unreadable[counts.file]
        books.items[counts.file] += documents if counts.items is None else counts.items
    cells.of_reader(staged, books.cells)
    return books


def _arrived(books: GroupBooks, documents: Counter[int]) -> None:
    """What the reader counted must have arrived: as records, set aside, or filtered."""
    for file, read in books.read.items():
        missing = read - documents[file] - books.unreadable[file] - books.filtered[file]
        books.lost[file] = abs(missing) + abs(books.items[file] - books.given[file])


def _record_fates(duck: Duck, done: Applied, gone: Path | None, books: GroupBooks) -> None:
    """Leaves the table ``fates`` (``_file, _record, _line, _part, fate, claim``), one row a record.

    ``claim`` says whether a rule ``states`` something of it, says to be ``ignored``, or ``none`` applies.
    """
    plan = done.plan
    place, here = place_of(plan), place_of(plan, published=False)
    stands = " UNION ALL ".join(
        f"SELECT {place} FROM read_parquet({quoted(str(path))}) WHERE NOT failed AND NOT aside"
        for kind, path in done.tables.items()
        if kind not in UNCOUNTED and not (kind == "patient" and books.told)
    )
    tests = []
    if gone is not None:
        gone_sql = f"SELECT (file, record, part) FROM read_parquet({quoted(str(gone))})"
        tests.append(f"WHEN (_file, _record, _part) IN ({gone_sql}) THEN 'set_aside'")
    if stands:
        tests.append(f"WHEN ({here}) IN (SELECT DISTINCT ({place}) FROM ({stands})) THEN 'mapped'")
    tests.append("WHEN NOT keep THEN 'filtered'")
    claim = f"CASE WHEN {plan.claimed} THEN 'states' WHEN {plan.passed} THEN 'ignored' ELSE 'none' END"
    duck.run(
        "CREATE OR REPLACE TEMP TABLE fates AS SELECT _file, _record, _line, _part, "
        f"CASE {' '.join(tests)} ELSE 'unclaimed' END AS fate, claim FROM ("
        f"SELECT r._file, r._record, r._line, r._part, coalesce({plan.keep}, false) AS keep, {claim} AS claim "
        f"FROM records AS r {plan.joins})"
    )
    number = "count(DISTINCT _record)" if books.itemised else "count(*)"
    documents: Counter[int] = Counter()
    for file, found, given, gone_here in duck.rows(
        f"SELECT _file, {number}, count(*), count(*) FILTER (WHERE fate = 'set_aside') FROM fates GROUP BY _file"
    ):
        documents[file], books.given[file], books.set_aside[file] = found, given, gone_here
    _arrived(books, documents)


def check_quarantine(books: GroupBooks, quarantined: Sequence[SetAside]) -> None:
    """Count as lost what was set aside and is not in the quarantine, or the other way round."""
    there = Counter(item.file for item in quarantined)
    for file in {*there, *books.set_aside}:
        books.lost[file] += abs(there[file] - books.set_aside[file])


def _statement_counts(duck: Duck, done: Applied, gone: Path | None, books: GroupBooks) -> None:
    within = (
        f" OR (file, record, part) IN (SELECT (file, record, part) FROM read_parquet({quoted(str(gone))}))"
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
