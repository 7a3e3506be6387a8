"""DuckDB, the machine that computes: the only module that imports it.

Every connection is offline (no extension is fetched or loaded on demand), and bounded in threads, memory and
temporary space. The engine (:mod:`twinmap.engine.duck`) and the terminology store compute with it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
from duckdb.func import PythonUDFType

from twinmap import registry
from twinmap.errors import InputOutputError

#: What DuckDB raises, for those who expect it.
DuckError = duckdb.Error

_NO_SPACE = re.compile(r"no space left|disk quota|failed to write|out of disk", re.IGNORECASE)
_FAULT = re.compile(
    r"could not (?:read|write)|write failed|file too large|read-only file system|input/output error",
    re.IGNORECASE,
)
#: Rows of a batch of texts: some megabytes of lines.
_ROWS = 2048


class MemoryShortError(InputOutputError):
    """The memory limit is too small for a statement; another way to the same may need less."""


@contextmanager
def _told() -> Iterator[None]:
    """A full disk and too little memory as errors of ours."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise MemoryShortError("the memory limit is too small", help="raise --memory") from error
    except duckdb.Error as error:
        if _NO_SPACE.search(str(error)):
            raise registry.fault("TM-O03", "no space left for temporary files or output") from error
        if _FAULT.search(str(error)):
            raise registry.fault("TM-O03", "temporary files or output cannot be written or read") from error
        raise


@contextmanager
def opened(spill: Path | None, *, threads: int, memory_mb: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """A bare connection in memory, closed at the end; it spills to ``spill``, or not at all."""
    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "threads": threads,
            "memory_limit": f"{memory_mb}MB",
            "temp_directory": str(spill or ""),
            "preserve_insertion_order": True,
        }
    )
    try:
        connection.execute("SET enable_progress_bar = false")
        yield connection
    finally:
        connection.close()


@contextmanager
def connect(spill: Path | None = None, *, memory_mb: int = 1000) -> Iterator[Duck]:
    """A connection on the cores of this machine, four at most."""
    with opened(spill, threads=min(os.cpu_count() or 1, 4), memory_mb=memory_mb) as connection:
        yield Duck(connection)


class Duck:
    """A thin wrapper of a connection: SQL in, rows out; a full disk is an :class:`InputOutputError`."""

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

    def array(self, sql: str) -> Any:
        """The only column of a query with many rows, as a numpy array."""
        (values,) = self.run(sql).fetchnumpy().values()
        return values

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

    @contextmanager
    def arrow(self, name: str, table: Any) -> Iterator[None]:
        """Let SQL read an Arrow table, or a reader of one, under a name."""
        self._connection.register(name, table)
        try:
            yield
        finally:
            self._connection.unregister(name)

    def install(self, name: str, function: Callable[[Any], Any]) -> None:
        """Let SQL call a function of Arrow columns, of one text to a text.

        One that is never taken back (:meth:`remove`) holds the connection open.
        """
        self._connection.create_function(name, function, ["VARCHAR"], "VARCHAR", type=PythonUDFType.ARROW)

    def remove(self, name: str) -> None:
        """Take back a function that was installed."""
        self._connection.remove_function(name)
