"""From the files of a source to the common tables, with books: every row is kept, skipped or refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twinmap import registry
from twinmap.diagnostics import Finding, Place
from twinmap.duck import Duck
from twinmap.errors import InputOutputError, InternalError
from twinmap.sqltext import quoted
from twinmap.terms.store import hierarchy, words
from twinmap.terms.store.circles import Circle
from twinmap.terms.store.editions import Edition, Tally
from twinmap.terms.store.package import File, Package
from twinmap.terms.store.staging import Read, append, create
from twinmap.terms.store.tables import DERIVED, ORDER, TABLES, Rows, ddl

if TYPE_CHECKING:
    from twinmap.terms.store.formats import Claim

#: Rows of Python values that go to DuckDB at a time.
_BATCH = 50_000
#: The members that value sets list, but for those that they take out.
_MEMBERS = """
SELECT edition, system, code FROM member WHERE code IS NOT NULL AND NOT excluded
EXCEPT SELECT edition, system, code FROM member WHERE excluded
"""
#: What to do about a circle.
_MEND = "tell the publisher, or mend the links in a terminology of your own; those of the circle are not used"


@dataclass(frozen=True, slots=True)
class Why:
    """A reason for not keeping rows: those that fit ``condition``; they are ``refused``, or skipped."""

    condition: str
    reason: str
    refused: bool = True


@dataclass(slots=True)
class Staged:
    """A table of texts in DuckDB, of one file or several, and what was read of each.

    ``joined`` is SQL that joins other tables to it, one row or none to each of its rows: what is said of its rows
    may speak of them.
    """

    name: str
    files: list[Read]
    joined: str = ""

    @property
    def source(self) -> str:
        """What its rows are selected from."""
        return f"{self.name} {self.joined}"


@dataclass(slots=True)
class Loader:
    """What a format loads into: editions, rows of the common tables, books, findings."""

    duck: Duck
    package: Package
    editions: list[Edition] = field(default_factory=list)
    tallies: list[Tally] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    format: str = ""
    #: Edges, with the staged tables that they are of; and of editions without such a table the file.
    links: list[tuple[Staged, Rows]] = field(default_factory=list)
    origins: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in TABLES:
            self.duck.run(ddl(name))

    def edition(self, edition: Edition) -> int:
        """Add an edition; gives its number."""
        self.editions.append(edition)
        return len(self.editions) - 1

    def change(self, number: int, **about: Any) -> None:
        """Say more of an edition, once it is known."""
        self.editions[number] = replace(self.editions[number], **about)

    def leave(self, file: File, reason: str) -> None:
        """Say that a file is left alone, and why."""
        self.notes.append(f"{file.name} is not read: {reason}")

    @staticmethod
    def twice(table: str, *columns: str, of: str = "true") -> str:
        """The condition of a row whose cells stand in an earlier row of the table already, of those that fit ``of``."""
        keys = ", ".join(columns)
        first = f"SELECT rowid AS r, row_number() OVER (PARTITION BY {keys} ORDER BY rowid) AS k FROM {table} WHERE {of}"
        return f"{table}.rowid IN (SELECT r FROM ({first}) WHERE k > 1)"

    def stage(self, name: str, claims: Sequence[Claim], wanted: Mapping[str, str]) -> Staged:
        """Make a table of texts of files (see :func:`twinmap.terms.store.staging.append`)."""
        create(self.duck, name, wanted)
        files = [
            append(self.duck, name, number, item.file, wanted, item.table)
            for number, item in enumerate(claims)
        ]
        return Staged(name, files)

    def take(self, staged: Staged, what: str, why: Sequence[Why], *into: Rows) -> None:
        """Put the rows of a staged table into common ones, but for those that there is a reason against.

        Those go out of the staged table, so that what else is made of it is of rows that are kept.

        Args:
            staged: The table.
            what: What its rows are, for people (``descriptions``).
            why: The reasons; of several that fit the first counts.
            into: Where to; each row that is kept fits one of them.
        """
        name = staged.name
        cases = " ".join(f"WHEN {item.condition} THEN {number}" for number, item in enumerate(why))
        self.duck.run(
            f"CREATE OR REPLACE TEMP TABLE fate AS SELECT {name}.rowid AS r, {name}.file AS file, "
            f"CASE {cases} END AS why FROM {staged.source} WHERE why IS NOT NULL"
        )
        for number, start in self.duck.rows(f"SELECT file, min(rowid) FROM {name} GROUP BY file"):
            staged.files[number].start = start
        told = self.duck.rows(
            "SELECT file, why, count(*), min(r) FROM fate GROUP BY file, why ORDER BY file, why"
        )
        self.duck.run(f"DELETE FROM {name} WHERE rowid IN (SELECT r FROM fate)")
        kept = dict(self.duck.rows(f"SELECT file, count(*) FROM {name} GROUP BY file"))
        put = sum(self.duck.value(item.insert(staged.source)) for item in into)
        for number, read in enumerate(staged.files):
            own = [(why[reason], count, first) for file, reason, count, first in told if file == number]
            self._told(read, what, kept.get(number, 0), own)
        self.links += [(staged, item) for item in into if item.table == "edge"]
        if put != sum(kept.values()):
            raise InternalError(
                f"{sum(kept.values()):,} {what} are kept, and {put:,} were written", help="report it"
            )

    def _told(self, read: Read, what: str, kept: int, told: Sequence[tuple[Why, int, int]]) -> None:
        """Book what became of a file, and say which rows were refused."""
        skipped = {"a comment": read.comments} if read.comments else {}
        refused: dict[str, int] = {}
        if read.ragged:
            refused["a wrong number of columns"] = read.ragged
            self.refuse("TM-Q01", read.file, "a wrong number of columns", read.ragged, read.first)
        for why, count, first in told:
            (refused if why.refused else skipped)[why.reason] = count
            if why.refused:
                self.refuse("TM-Q22", read.file, why.reason, count, [first - read.start + 1])
        self.book(Tally(read.file, what, read.rows, kept, skipped, refused))

    def also(self, staged: Staged, *more: Rows) -> None:
        """Add what else the rows say that were taken."""
        for item in more:
            self.duck.run(item.insert(staged.source))

    def refuse(self, code: str, file: str, reason: str, count: int, rows: Sequence[int] = ()) -> None:
        """Say that rows of a file were refused, and the numbers of the first."""
        places = tuple(Place(self.format, file, row) for row in rows)
        message = f"{file}: rows were refused: {reason}"
        self.findings.append(registry.finding(code, message, places=places, count=count))

    def book(self, tally: Tally) -> None:
        """Add the books of a file.

        Raises:
            InternalError: They do not balance.
        """
        if tally.lost:
            raise InternalError(
                f"{tally.file}: {tally.read:,} rows read, {tally.lost:,} of them unaccounted for",
                help="report it",
            )
        self.tallies.append(tally)

    def rows(self, table: str, rows: Iterable[Sequence[Any]]) -> int:
        """Add rows of Python values to a common table; gives their number."""
        import pyarrow as pa

        types = {"INTEGER": pa.int32(), "VARCHAR": pa.string(), "BOOLEAN": pa.bool_(), "DOUBLE": pa.float64()}
        columns = {name: types[kind] for name, kind in TABLES[table].items()}
        total = 0
        for batch in _batches(rows):
            cells = zip(*batch, strict=True)
            arrays = [pa.array(cell, kind) for cell, kind in zip(cells, columns.values(), strict=True)]
            with self.duck.arrow("incoming", pa.table(arrays, names=[*columns])):
                total += self.duck.value(f"INSERT INTO {table} SELECT * FROM incoming")
        return total

    def unusable(self, message: str, help: str | None = None) -> InputOutputError:  # noqa: A002
        """The error for a source that is not what it seems to be (O04)."""
        return registry.fault("TM-O04", message, help=help)

    def publish(self, folder: Path) -> None:
        """Derive what is derived, count what was kept, and write every table that has rows."""
        self._absent()
        told = hierarchy.derive(self.duck)
        for circle in told:
            self._circle(circle)
        words.index(self.duck)
        self._count()
        more = sum(edition.circles for edition in self.editions) - len(told)
        if more:
            uris = ", ".join(edition.uri for edition in self.editions if edition.circles)
            message = f"{more:,} more circles of is-a in {uris}"
            self.findings.append(
                registry.finding("TM-Q23", message, rule=self.format, help=_MEND, count=more)
            )
        for name in (*TABLES, *DERIVED):
            if self.duck.value(f"SELECT count(*) FROM {name}"):
                options = "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 100_000"
                path = quoted(str(folder / f"{name}.parquet"))
                self.duck.run(f"COPY (SELECT * FROM {name} ORDER BY {ORDER[name]}) TO {path} ({options})")

    def _absent(self) -> None:
        """Links of a complete edition to a code that it has not: they are taken away, and told."""
        complete = [
            str(number) for number, edition in enumerate(self.editions) if edition.content == "complete"
        ]
        ends = "SELECT edition, child AS code FROM edge UNION ALL SELECT edition, parent FROM edge"
        self.duck.run(
            f"CREATE TEMP TABLE absent AS SELECT edition, code FROM ({ends}) "
            f"WHERE edition IN ({', '.join(complete) or 'NULL'}) EXCEPT SELECT edition, code FROM concept"
        )
        told = self.duck.rows(
            "SELECT edition, count(*), min(code) FROM absent GROUP BY edition ORDER BY edition"
        )
        for number, count, code in told:
            reason = f"links of its hierarchy to codes that are not there, as {code}"
            self.refuse("TM-Q22", self._origin(number), reason, count)
        for end in ("child", "parent"):
            self.duck.run(
                f"DELETE FROM edge USING absent a WHERE edge.edition = a.edition AND edge.{end} = a.code"
            )

    def _circle(self, circle: Circle) -> None:
        """Say where the first link of a circle stands."""
        file, record = self._origin(circle.edition), 1
        for staged, item in self.links:
            child, parent, edition = (item.cells[key] for key in ("child", "parent", "edition"))
            found = self.duck.rows(
                f"SELECT {staged.name}.file, min({staged.name}.rowid) FROM {staged.source} WHERE {item.where} "
                f"AND {edition} = ? AND {child} = ? AND {parent} = ? GROUP BY ALL ORDER BY ALL LIMIT 1",
                [circle.edition, *circle.way[:2]],
            )
            if found:
                read = staged.files[found[0][0]]
                file, record = read.file, found[0][1] - read.start + 1
        self.findings.append(
            registry.finding(
                "TM-Q23",
                f"{self.editions[circle.edition].uri} has a code above itself: {circle}",
                places=(Place(self.format, file, record),),
                rule=self.editions[circle.edition].uri,
                help=_MEND,
                details={"codes": circle.codes, "links": circle.links},
                count=circle.links,
            )
        )

    def _origin(self, edition: int) -> str:
        """The file that the links of an edition are of."""
        return self.origins.get(edition) or self.tallies[-1].file

    def _count(self) -> None:
        """The number of codes, members or mappings of every edition, whether it has a hierarchy, and its circles."""
        tables = {"codes": "concept", "values": f"({_MEMBERS})", "map": "mapping"}
        counts = {
            (kind, number): count
            for kind, table in tables.items()
            for number, count in self.duck.rows(f"SELECT edition, count(*) FROM {table} GROUP BY edition")
        }
        linked = {row[0] for row in self.duck.rows("SELECT DISTINCT edition FROM edge")}
        linked |= {
            row[0]
            for row in self.duck.rows(
                "SELECT DISTINCT edition FROM node WHERE n IN (SELECT ancestor FROM closure)"
            )
        }
        systems = dict(
            self.duck.rows(
                "SELECT edition, count(*) FROM member WHERE code IS NULL AND NOT excluded GROUP BY edition"
            )
        )
        circles = dict(
            self.duck.rows(
                "SELECT edition, count(DISTINCT part) FROM circle JOIN node USING (n) GROUP BY edition"
            )
        )
        self.editions = [
            replace(
                edition,
                count=counts.get((edition.kind, number), 0),
                hierarchy=number in linked or number in circles,
                circles=circles.get(number, 0),
                systems=systems.get(number, 0),
            )
            for number, edition in enumerate(self.editions)
        ]


def _batches(rows: Iterable[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, _BATCH)):
        yield batch


def summed(tallies: Iterable[Tally]) -> Tally:
    """The books of several files together.

    >>> summed([Tally("a", "rows", 2, 1, {"x": 1}), Tally("b", "rows", 1, 1)]).skipped
    {'x': 1}
    """
    read = kept = 0
    skipped: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    for tally in tallies:
        read, kept = read + tally.read, kept + tally.kept
        skipped.update(tally.skipped)
        refused.update(tally.refused)
    return Tally("", "rows", read, kept, dict(skipped), dict(refused))
