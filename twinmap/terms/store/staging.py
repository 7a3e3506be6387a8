"""Tables of text files into DuckDB: strict, streamed, with a count of rows that the parser has no part in."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from twinmap import registry
from twinmap.diagnostics import Severity
from twinmap.duck import Duck
from twinmap.errors import InputOutputError
from twinmap.formats.csvdialect import lines
from twinmap.terms.store.package import File

#: Bytes that are parsed at a time; a row is never longer.
_BLOCK = 16 << 20
#: Characters of a header without an end that may be cut; what is known of a file is its first 64 kB.
_HEADER = 16_000


@dataclass(frozen=True, slots=True)
class Layout:
    """How a text table is written: its columns, its delimiter, and whether cells are quoted.

    ``skip`` lines stand before its header, ``before`` of them not empty.
    """

    columns: tuple[str, ...]
    delimiter: str
    quoted: bool
    skip: int
    before: int


def layout(file: File, *, quoted_tabs: bool = False) -> Layout | None:
    """The layout of a text table by its first rows; None where it is no table.

    Lines of ``#`` and blank ones before the header are passed over. Tables with tabs have no quotes, unless it
    is said that they have.
    """
    before = 0
    for skip, line in enumerate(lines(file.head)):
        text = line.rstrip("\r\n")
        if text == line and len(line) > _HEADER:
            return None
        if not text.strip() or text.startswith("#"):
            before += bool(text)
            continue
        for delimiter in ("\t", ",", ";"):
            if delimiter in text:
                quoted = delimiter != "\t" or quoted_tabs
                return Layout(_cells(text, delimiter, quoted=quoted), delimiter, quoted, skip, before)
        return None
    return None


def _cells(line: str, delimiter: str, *, quoted: bool) -> tuple[str, ...]:
    if not quoted:
        return tuple(cell.strip() for cell in line.split(delimiter))
    try:
        return tuple(cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), []))
    except csv.Error:  # no table
        return ()


@dataclass(slots=True)
class Read:
    """What was read of a file: ``rows``, of which some are ``ragged`` (the ``first`` by number) or comments.

    ``start`` is the row of the table that its first one became.
    """

    file: str
    rows: int
    ragged: int = 0
    comments: int = 0
    first: list[int] = field(default_factory=list)
    start: int = 0


def create(duck: Duck, name: str, columns: Iterable[str]) -> None:
    """Make the empty table ``name`` of texts; ``file`` will say which file a row is of, by number."""
    texts = ", ".join(f"{column} VARCHAR" for column in columns)
    duck.run(f"CREATE OR REPLACE TEMP TABLE {name} (file INTEGER, {texts})")


def append(duck: Duck, name: str, number: int, file: File, wanted: Mapping[str, str], found: Layout) -> Read:
    """Put some columns of a file into the table ``name``, all of them text; an empty cell is NULL.

    Args:
        duck: Where to.
        name: The table, see :func:`create`.
        number: The number of the file.
        file: The file.
        wanted: The columns of the table to those of the file; one that the file lacks is NULL throughout.
        found: Its layout.

    Raises:
        InputOutputError: It is not UTF-8 (Q03), a quote is never closed (Q02), or a row is too long (Q15).
    """
    import pyarrow as pa

    read = count_rows(file, found)
    bad: Counter[str] = Counter()
    first: list[int] = []

    def handler(row: Any) -> str:
        bad["comments" if row.text.startswith("#") else "ragged"] += 1
        if not row.text.startswith("#") and len(first) < 3 and row.number is not None:
            first.append(row.number)
        return "skip"

    there = [column for column in dict.fromkeys(wanted.values()) if column in found.columns]
    columns = ", ".join(
        f"nullif(trim(\"{column}\"), '') AS {ours}" if column in there else f"NULL::VARCHAR AS {ours}"
        for ours, column in wanted.items()
    )
    try:
        with file.open() as stream:
            reader = _reader(stream, found, there, handler)
            with duck.arrow("incoming", pa.RecordBatchReader.from_batches(reader.schema, reader)):
                duck.run(f"INSERT INTO {name} BY NAME SELECT {number} AS file, {columns} FROM incoming")
    except pa.ArrowInvalid as error:
        if read or "skip initial" not in str(error):  # else it is a header alone
            raise _told(file, error) from error
    return Read(file.name, read, bad["ragged"], bad["comments"], first)


def _reader(stream: Any, found: Layout, there: Sequence[str], handler: Any) -> Any:
    import pyarrow as pa
    from pyarrow import csv as arrow

    return arrow.open_csv(
        pa.PythonFile(stream, mode="r"),
        read_options=arrow.ReadOptions(
            block_size=_BLOCK, skip_rows=found.skip + 1, column_names=[*found.columns], use_threads=False
        ),
        parse_options=arrow.ParseOptions(
            delimiter=found.delimiter,
            quote_char='"' if found.quoted else False,
            double_quote=found.quoted,
            newlines_in_values=found.quoted,
            invalid_row_handler=handler,
        ),
        convert_options=arrow.ConvertOptions(
            include_columns=[*there],
            column_types=dict.fromkeys(there, pa.string()),
            strings_can_be_null=False,
            quoted_strings_can_be_null=False,
        ),
    )


def _told(file: File, error: Exception) -> InputOutputError:
    """What a parser says, as a finding of ours."""
    text = str(error)
    known = {
        "straddling": (
            "TM-Q15",
            f"has a row of more than {_BLOCK >> 20} MB, or a quote that is never closed",
        ),
        "out of sync": ("TM-Q02", "has a quote that is never closed"),
    }
    other = "TM-O04", f"cannot be read as a table: {' '.join(text.split())[:200]}"
    code, what = next((said for word, said in known.items() if word in text), other)
    message = f"{file.name} {what}"
    return registry.fault(code, message, help="fetch the release again, from its publisher")


# --- the second count -----------------------------------------------------------------------------


def count_rows(file: File, found: Layout) -> int:
    """The rows of a table below its header, counted by other code than what parses it; empty lines are none.

    Raises:
        InputOutputError: It is not UTF-8 (Q03).
    """
    try:
        with io.TextIOWrapper(file.open(), "utf-8-sig", newline="") as text:
            if found.quoted:
                below = islice(text, found.skip + 1, None)
                return sum(map(bool, csv.reader(below, delimiter=found.delimiter)))
            rows, rest = -found.before - 1, ""
            while chunk := text.read(1 << 20):
                *lines, rest = (rest + chunk).replace("\r", "\n").split("\n")
                rows += sum(map(bool, lines))
            return rows + bool(rest)
    except UnicodeDecodeError as error:
        message = f"{file.name} is not UTF-8"
        raise registry.fault(
            "TM-Q03", message, severity=Severity.ERROR, help="fetch it again, or save it as UTF-8"
        ) from error
    except csv.Error as error:
        message = f"{file.name} has a cell that is too long, or a quote that is never closed"
        raise registry.fault("TM-Q02", message, help="fetch the release again, from its publisher") from error
