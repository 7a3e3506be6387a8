"""Files of a source on their way into the engine: read, counted, staged as Parquet.

A clean CSV file is read by DuckDB; any other file, and a CSV file with a record that breaks the rules, by
its strict reader. Both give the same relation.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twinmap import registry
from twinmap.duck import DuckError, MemoryShortError
from twinmap.engine.duck import Duck
from twinmap.engine.workers import Workers
from twinmap.formats.csvdialect import tally
from twinmap.limits import LIMITS
from twinmap.model import FileCounts, InputFile, Issue, Note, Reader, Request, SetAside
from twinmap.sqltext import quoted


@dataclass
class Staged:
    """A group of files with one plan: the Parquet of their records, and all that the reader said."""

    files: list[InputFile] = field(default_factory=list)
    paths: list[Path] = field(default_factory=list)
    counts: list[FileCounts] = field(default_factory=list)
    set_aside: list[SetAside] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    cells: bool = False

    def add(self, other: Staged) -> None:
        """Take what was read of further files of the same group."""
        for name in ("paths", "counts", "set_aside", "issues", "notes"):
            getattr(self, name).extend(getattr(other, name))

    @property
    def scan(self) -> str:
        """SQL of the relation of all records."""
        paths = ", ".join(quoted(str(path)) for path in self.paths)
        return f"read_parquet([{paths}])"


#: Objects that a reader makes between two looks for cycles.
_COLLECTED = 500_000

#: Bytes of files that one task reads: as many files as begin in them.
_TASK_BYTES = 8_000_000


def stage(
    duck: Duck,
    files: Sequence[InputFile],
    requests: Sequence[Request],
    folder: Path,
    stem: str,
    workers: Workers,
) -> list[Staged]:
    """Read a group of files for one or several requests into Parquet files ``<stem>-….parquet``.

    A reader with ``read_many`` reads a file once for all requests.
    """
    first = requests[0]
    reader = registry.reader(first.options.format)
    staged = [Staged(list(files), cells=first.options.format != "csv") for _ in requests]
    layout = reader.layout
    slow: list[InputFile] = []
    for file in files:
        path = folder / f"{stem}-{file.number}.in.parquet"
        counts = None
        if layout is not None and first.each is None:
            counts = _fast_csv(duck, file, first, layout(file, first), path)
        if counts is None:
            slow.append(file)
        else:
            staged[0].counts.append(counts)
            staged[0].paths.append(path)
    tasks = [
        _Reading(tuple(some), tuple(requests), folder, f"{stem}.in-{number}")
        for number, some in enumerate(chunks(slow, _TASK_BYTES))
    ]
    for read in workers.map(_read, tasks):
        for whole, piece in zip(staged, read, strict=True):
            whole.add(piece)
    return staged


def chunks(files: Sequence[InputFile], most: int) -> Iterator[list[InputFile]]:
    """Files that are next to each other, of at most so many bytes or a single one."""
    chunk: list[InputFile] = []
    size = 0
    for file in files:
        length = file.path.stat().st_size
        if chunk and size + length > most:
            yield chunk
            chunk, size = [], 0
        chunk.append(file)
        size += length
    if chunk:
        yield chunk


@dataclass(frozen=True, slots=True)
class _Reading:
    """Files that are read in one go, for requests of which each gets a Parquet file ``<stem>-….parquet``."""

    files: tuple[InputFile, ...]
    requests: tuple[Request, ...]
    folder: Path
    stem: str


def _read(reading: _Reading) -> list[Staged]:
    """Write a reader's batches to Parquet as they come, and keep what it says beside them."""
    import pyarrow.parquet as pq

    from twinmap.formats.batches import schema

    name = reading.requests[0].options.format
    reader = registry.reader(name)
    staged = [Staged(cells=name != "csv") for _ in reading.requests]
    kept: list[dict[type, list[Any]]] = [
        {SetAside: item.set_aside, Issue: item.issues, Note: item.notes, FileCounts: item.counts}
        for item in staged
    ]
    with ExitStack() as stack:
        stack.enter_context(_seldom_collected())
        writers = []
        for number, (item, request) in enumerate(zip(staged, reading.requests, strict=True)):
            path = reading.folder / f"{reading.stem}-{number}.parquet"
            columns = schema(request.fields, cells=item.cells)
            writers.append(stack.enter_context(pq.ParquetWriter(path, columns, compression="lz4")))
            item.paths.append(path)
        for number, event in _events(reader, reading):
            if type(event) in kept[number]:
                kept[number][type(event)].append(event)
            else:
                writers[number].write_batch(event)
    return staged


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Look for cycles of objects seldom: readers make millions of objects and none in a cycle."""
    before = gc.get_threshold()
    gc.set_threshold(_COLLECTED, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _events(reader: Reader, reading: _Reading) -> Iterator[tuple[int, Any]]:
    """What a reader says of the files, with the number of the request that each answers."""
    requests = reading.requests
    for file in reading.files:
        if len(requests) == 1:
            yield from ((0, event) for event in reader.read(file, requests[0]))
        else:
            yield from reader.read_many(file, requests)


#: What the strict reader trims: all that Python's ``str.strip`` takes for a blank.
_BLANK = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
    "\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)

#: Finds a blank at either end; trimming by a set of characters costs ten times as much as looking, and a look
#: at the first and the last character, which are nearly always plain, half of that.
_BLANK_END = r"^[\s\pZ\x0b\x1c-\x1f\x{85}]|[\s\pZ\x0b\x1c-\x1f\x{85}]$"


def _trimmed(cell: str) -> str:
    """SQL of a cell without blanks at its ends; null where nothing is left."""
    plain = " AND ".join(f"{cell}[{end}] BETWEEN '!' AND '~'" for end in (1, -1))
    return (
        f"CASE WHEN {plain} THEN {cell} WHEN regexp_matches({cell}, {quoted(_BLANK_END)}) "
        f"THEN nullif(trim({cell}, {quoted(_BLANK)}), '') ELSE {cell} END"
    )


def _fast_csv(duck: Duck, file: InputFile, request: Request, layout: Any, path: Path) -> FileCounts | None:
    """Let DuckDB read a CSV file; None where the file is not clean enough for that."""
    if layout.encoding.lower().replace("_", "-") not in {"utf-8", "utf8"} or not layout.header:
        return None
    if len(layout.delimiter) != 1 or not request.options.header or not layout.one_line or "" in layout.header:
        return None
    if {item.path for item in request.fields}.isdisjoint(layout.header):
        return None  # the strict reader says whether it is another file
    counted = tally(file.path, layout.delimiter)
    if counted is None or not counted.is_even(len(layout.header)):
        return None
    names = [f"c{index}" for index in range(len(layout.header))]
    types = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
    escaped = str(file.path).translate({ord(char): f"[{char}]" for char in "*?["})
    scan = (
        f"read_csv({quoted(escaped)}, auto_detect = false, header = true, columns = {{{types}}}, "
        f"delim = {quoted(layout.delimiter)}, quote = '\"', escape = '\"', strict_mode = true, "
        f"null_padding = false, store_rejects = true, rejects_limit = 1, nullstr = '', "
        f"max_line_size = {LIMITS.field_bytes}, compression = {quoted(_compression(file.path))})"
    )
    trim = request.options.trim
    position = {name: index for index, name in enumerate(layout.header)}
    columns = []
    for item in request.fields:
        if item.path == "record:index":
            columns.append(f"_record::VARCHAR AS {item.name}")
        elif item.path in position:
            cell = f"c{position[item.path]}"
            sql = _trimmed(cell) if trim else cell
            columns.append(f"{sql} AS {item.name}")
        else:
            columns.append(f"NULL::VARCHAR AS {item.name}")
    breaks = _breaks(names) if counted.breaks else "0"
    numbered = f"SELECT row_number() OVER () AS _record, {breaks} AS _breaks, * FROM {scan}"
    before = "sum(_breaks) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - _breaks"
    line = f"_record + 1 + {before if counted.breaks else 0}"
    listed = ", ".join(columns)
    frame = f"{file.number}::INTEGER AS _file, _record, ({line})::BIGINT AS _line, '' AS _part"
    try:
        rows = duck.to_parquet(f"SELECT {frame}, {listed} FROM ({numbered})", path)
        rejects = int(duck.value("SELECT count(*) FROM reject_errors"))
    except (DuckError, MemoryShortError):  # thousands of columns: DuckDB holds a buffer for each
        return None
    finally:
        duck.run("DROP TABLE IF EXISTS reject_errors")
        duck.run("DROP TABLE IF EXISTS reject_scans")
    if rejects:
        return None
    return FileCounts(file.number, rows, second=counted.records)


def _breaks(names: Sequence[str]) -> str:
    """SQL of how many line ends (CR, LF or both) the cells of a row hold; few rows hold any."""
    text = f"concat_ws(',', {', '.join(names)})"
    ends = f"replace({text}, chr(13) || chr(10), chr(10))"
    count = f"length({ends}) - length(translate({ends}, chr(10) || chr(13), ''))"
    return f"CASE WHEN regexp_matches({text}, '[\\r\\n]') THEN {count} ELSE 0 END"


def _compression(path: Path) -> str:
    from twinmap.safeio import compression

    return compression(path) or "none"
