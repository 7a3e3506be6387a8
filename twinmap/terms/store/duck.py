"""DuckDB for the terminology store: offline, bounded, spilling to a folder of its own.

The store stands below the engine, which has a door to DuckDB of its own.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from twinmap.errors import InputOutputError

#: Megabytes that a connection takes where nobody says more.
MEMORY_MB = 1000

_FAULT = re.compile(
    r"no space left|disk quota|failed to write|out of disk|could not (?:read|write)|write failed"
    r"|file too large|read-only file system|input/output error",
    re.IGNORECASE,
)


class Duck:
    """A connection: SQL in, rows out; a full disk or too little memory is an :class:`InputOutputError`."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def run(self, sql: str, parameters: Sequence[object] | None = None) -> Any:
        """Execute one statement and give the connection, to fetch from.

        Raises:
            InputOutputError: The disk is full, or the memory limit too small.
        """
        import duckdb

        try:
            return self.connection.execute(sql, parameters)
        except duckdb.OutOfMemoryException as error:
            raise InputOutputError("there is not enough memory for the terminology store") from error
        except duckdb.Error as error:
            if _FAULT.search(str(error)):
                raise InputOutputError(
                    "the terminology store cannot be written or read: disk fault"
                ) from error
            raise

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


@contextmanager
def connect(spill: Path | None = None, *, memory_mb: int = MEMORY_MB) -> Iterator[Duck]:
    """A connection in memory, closed at the end; it spills to ``spill``, or not at all."""
    connection = open_connection(spill, memory_mb=memory_mb)
    try:
        yield Duck(connection)
    finally:
        connection.close()


def open_connection(spill: Path | None = None, *, memory_mb: int = MEMORY_MB) -> Any:
    """The bare connection of :func:`connect`, to be closed by who asks for it."""
    import duckdb

    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "threads": min(os.cpu_count() or 1, 4),
            "memory_limit": f"{memory_mb}MB",
            "temp_directory": str(spill) if spill else "",
            "preserve_insertion_order": True,
        }
    )
    connection.execute("SET enable_progress_bar = false")
    return connection


def quoted(text: str) -> str:
    """A text as an SQL literal.

    >>> quoted("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"
