"""DuckDB, the machine that computes: the only module that imports it.

Every connection is offline (no extension is fetched or loaded on demand), in UTC, and bounded in threads,
memory and temporary space. Ids are made in SQL by a macro over the key's HMAC blocks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
from duckdb.func import PythonUDFType

from twinmap.engine.base32 import base32
from twinmap.errors import InputOutputError
from twinmap.mapping.sql import identifier, quoted
from twinmap.privacy import Key

#: What DuckDB raises, for those who expect it.
DuckError = duckdb.Error

_NO_SPACE = re.compile(r"no space left|disk quota|failed to write|out of disk", re.IGNORECASE)
_FAULT = re.compile(
    r"could not (?:read|write)|write failed|file too large|read-only file system|input/output error",
    re.IGNORECASE,
)


class MemoryShortError(InputOutputError):
    """The memory limit is too small for a statement; another way to the same may need less."""


#: Rows of a batch of texts: some megabytes of lines.
_ROWS = 2048


@contextmanager
def _told() -> Iterator[None]:
    """A full disk and too little memory as errors of ours."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise MemoryShortError("the memory limit is too small for this run", help="raise --memory") from error
    except duckdb.Error as error:
        if _NO_SPACE.search(str(error)):
            raise InputOutputError("no space left for temporary files or output") from error
        if _FAULT.search(str(error)):
            raise InputOutputError("temporary files or output cannot be written or read") from error
        raise


@contextmanager
def connect(work: Path, *, threads: int = 1, memory_mb: int = 512, key: Key | None = None) -> Iterator[Duck]:
    """A connection that spills to ``work``; closed at the end."""
    spill = work / "spill"
    work.mkdir(parents=True, exist_ok=True)  # DuckDB makes the last folder only, when it first spills
    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "threads": threads,
            "memory_limit": f"{memory_mb}MB",
            "temp_directory": str(spill),
            "preserve_insertion_order": True,
        }
    )
    try:
        connection.execute("SET enable_progress_bar = false")
        duck = Duck(connection)
        if key is None:
            yield duck
            return
        duck.install_key(key)
        try:
            yield duck
        finally:
            duck.forget_key()
    finally:
        connection.close()


class Duck:
    """A thin wrapper: SQL in, rows or Parquet out; a full disk is an :class:`InputOutputError`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def run(self, sql: str, parameters: Sequence[object] | None = None) -> Any:
        """Execute one statement and give DuckDB's result.

        Raises:
            InputOutputError: The disk is full, or cannot be written.
            MemoryShortError: The memory limit is too small for it.
        """
        with _told():
            return self._connection.execute(sql, parameters)

    def rows(self, sql: str, parameters: Sequence[object] | None = None) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        result: list[tuple[Any, ...]] = self.run(sql, parameters).fetchall()
        return result

    def value(self, sql: str, parameters: Sequence[object] | None = None) -> Any:
        """The first column of the first row."""
        return self.rows(sql, parameters)[0][0]

    def register(self, name: str, columns: Mapping[str, tuple[str, Sequence[Any]]]) -> None:
        """Make a temporary table of Python values: column name to (SQL type, values)."""
        # Lists as parameters, for pyarrow.array imports pandas (0.2 s) to look whether it was given some.
        listed = ", ".join(
            f"unnest(${place}::{kind}[]) AS {identifier(key)}"
            for place, (key, (kind, _)) in enumerate(columns.items(), 1)
        )
        values = [list(column) for _, column in columns.values()]
        self.run(f"CREATE OR REPLACE TEMP TABLE {identifier(name)} AS SELECT {listed}", values)

    def to_parquet(self, sql: str, path: Path, compression: str = "lz4_raw") -> int:
        """Write the result of a query to a Parquet file, in its order; returns the number of rows.

        What is published is packed better (``zstd``) than what is read again and removed.
        """
        options = f"FORMAT parquet, COMPRESSION {compression}"
        return int(self.value(f"COPY ({sql}) TO {quoted(str(path))} ({options})"))

    def texts(self, sql: str) -> Iterator[memoryview]:
        """The UTF-8 of a query of one text column, in its order, row after row with nothing between them."""
        with _told():
            reader = self._connection.sql(sql).to_arrow_reader(_ROWS)
            for batch in reader:
                column = batch.column(0)
                _, offsets, data = column.buffers()
                ends = memoryview(offsets).cast("i")[column.offset :]
                if len(column):
                    yield memoryview(data)[ends[0] : ends[len(column)]]

    def install_key(self, key: Key) -> None:
        """Make the macro ``keyed(message)``: the id that ``Key.hash`` makes of the same message.

        The blocks go in as a bound parameter, so that no SQL text holds the key.
        """
        inner, outer = key.pads
        self.run("CREATE TEMP TABLE pads AS SELECT ?::BLOB AS i, ?::BLOB AS o", [inner, outer])
        self.run("SET VARIABLE inner_pad = (SELECT i FROM pads)")
        self.run("SET VARIABLE outer_pad = (SELECT o FROM pads)")
        self.run("DROP TABLE pads")
        self._connection.create_function("base32", base32, ["VARCHAR"], "VARCHAR", type=PythonUDFType.ARROW)
        self.run(_KEYED)

    def forget_key(self) -> None:
        """Take back what :meth:`install_key` made; a function that is left holds the connection open."""
        self._connection.execute("DROP MACRO keyed")
        self._connection.remove_function("base32")


_HMAC = "sha256(getvariable('outer_pad') || unhex(sha256(getvariable('inner_pad') || encode(message))))"
_KEYED = f"CREATE TEMP MACRO keyed(message) AS base32({_HMAC})"
