"""Files of a source on their way into the engine: read, counted, staged as Parquet.

A clean CSV file is read by DuckDB; any other file, and a CSV file with a record that breaks the rules, by
its strict reader. Both give the same relation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twinmap import registry
from twinmap.engine.duck import Duck, DuckError
from twinmap.formats.csvdialect import count_records
from twinmap.mapping.sql import quoted
from twinmap.model import FileCounts, InputFile, Issue, Note, Request, SetAside


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

    @property
    def scan(self) -> str:
        """SQL of the relation of all records."""
        paths = ", ".join(quoted(str(path)) for path in self.paths)
        return f"read_parquet([{paths}])"


def stage(duck: Duck, files: Sequence[InputFile], request: Request, folder: Path, stem: str) -> Staged:
    """Read a group of files into Parquet files ``<stem>-….parquet``."""
    reader = registry.load("readers", request.options.format).READER
    layout = getattr(reader, "layout", None)
    staged = Staged(list(files), cells=request.options.format != "csv")
    slow: list[InputFile] = []
    for file in files:
        path = folder / f"{stem}-{file.number}.in.parquet"
        counts = None
        if layout is not None and request.each is None:
            counts = _fast_csv(duck, file, request, layout(file, request), path)
        if counts is None:
            slow.append(file)
        else:
            staged.counts.append(counts)
            staged.paths.append(path)
    if slow:
        path = folder / f"{stem}.in.parquet"
        _spool(staged, (reader.read(file, request) for file in slow), request, path)
        staged.paths.append(path)
    return staged


def _spool(staged: Staged, streams: Iterable[Iterator[Any]], request: Request, path: Path) -> None:
    """Write a reader's batches to Parquet as they come, and keep what it says beside them."""
    import pyarrow.parquet as pq

    from twinmap.formats.batches import schema

    kept: dict[type, list[Any]] = {
        SetAside: staged.set_aside,
        Issue: staged.issues,
        Note: staged.notes,
        FileCounts: staged.counts,
    }
    with pq.ParquetWriter(path, schema(request.fields, cells=staged.cells), compression="zstd") as writer:
        for stream in streams:
            for event in stream:
                if type(event) in kept:
                    kept[type(event)].append(event)
                else:
                    writer.write_batch(event)


#: What Python's reader trims, too.
_BLANK = " \t\r\n\u00a0"


def _fast_csv(duck: Duck, file: InputFile, request: Request, layout: Any, path: Path) -> FileCounts | None:
    """Let DuckDB read a CSV file; None where the file is not clean enough for that."""
    if layout.encoding.lower().replace("_", "-") not in {"utf-8", "utf8"} or not layout.header:
        return None
    if len(layout.delimiter) != 1 or not request.options.header or "" in layout.header:
        return None
    if {item.path for item in request.fields}.isdisjoint(layout.header):
        return None  # the strict reader says whether it is another file
    names = [f"c{index}" for index in range(len(layout.header))]
    types = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
    escaped = str(file.path).translate({ord(char): f"[{char}]" for char in "*?["})
    scan = (
        f"read_csv({quoted(escaped)}, auto_detect = false, header = true, columns = {{{types}}}, "
        f"delim = {quoted(layout.delimiter)}, quote = '\"', escape = '\"', strict_mode = true, "
        f"null_padding = false, store_rejects = true, rejects_limit = 1, nullstr = '', "
        f"max_line_size = 16777216, compression = {quoted(_compression(file.path))})"
    )
    trim = request.options.trim
    position = {name: index for index, name in enumerate(layout.header)}
    columns = []
    for item in request.fields:
        if item.path == "record:index":
            columns.append(f"_record::VARCHAR AS {item.name}")
        elif item.path in position:
            cell = f"c{position[item.path]}"
            sql = f"nullif(trim({cell}, {quoted(_BLANK)}), '')" if trim else cell
            columns.append(f"{sql} AS {item.name}")
        else:
            columns.append(f"NULL::VARCHAR AS {item.name}")
    numbered = f"SELECT row_number() OVER () AS _record, * FROM {scan}"
    listed = ", ".join(columns)
    frame = f"{file.number}::INTEGER AS _file, _record, NULL::BIGINT AS _line, '' AS _part"
    try:
        rows = duck.to_parquet(f"SELECT {frame}, {listed} FROM ({numbered})", path)
        rejects = int(duck.value("SELECT count(*) FROM reject_errors"))
    except DuckError:
        return None
    finally:
        duck.run("DROP TABLE IF EXISTS reject_errors")
        duck.run("DROP TABLE IF EXISTS reject_scans")
    if rejects:
        return None
    return FileCounts(file.number, rows, second=count_records(file.path))


def _compression(path: Path) -> str:
    from twinmap.safeio import compression

    return compression(path) or "none"
