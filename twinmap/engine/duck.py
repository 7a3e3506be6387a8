"""DuckDB as a run uses it: tables of Python values, Parquet, and ids by a macro over the key's HMAC blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from twinmap import duck
from twinmap.engine.base32 import base32
from twinmap.privacy import Key
from twinmap.sqltext import identifier, quoted


@contextmanager
def connect(work: Path, *, threads: int = 1, memory_mb: int = 512, key: Key | None = None) -> Iterator[Duck]:
    """A connection that spills to ``work``; closed at the end."""
    work.mkdir(parents=True, exist_ok=True)  # DuckDB makes the last folder only, when it first spills
    with duck.opened(work / "spill", threads=threads, memory_mb=memory_mb) as connection:
        found = Duck(connection)
        if key is None:
            yield found
            return
        found.install_key(key)
        try:
            yield found
        finally:
            found.forget_key()


class Duck(duck.Duck):
    """A connection with tables of values, Parquet files and keyed ids."""

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
        options = f"FORMAT parquet, COMPRESSION {compression}, WRITE_BLOOM_FILTER false"
        return int(self.value(f"COPY ({sql}) TO {quoted(str(path))} ({options})"))

    def install_key(self, key: Key) -> None:
        """Make the macro ``keyed(message)``: the id that ``Key.hash`` makes of the same message.

        The blocks go in as a bound parameter, so that no SQL text holds the key.
        """
        inner, outer = key.pads
        self.run("CREATE TEMP TABLE pads AS SELECT ?::BLOB AS i, ?::BLOB AS o", [inner, outer])
        self.run("SET VARIABLE inner_pad = (SELECT i FROM pads)")
        self.run("SET VARIABLE outer_pad = (SELECT o FROM pads)")
        self.run("DROP TABLE pads")
        self.install("base32", base32)
        self.run(_KEYED)

    def forget_key(self) -> None:
        """Take back what :meth:`install_key` made."""
        self.run("DROP MACRO keyed")
        self.remove("base32")


_HMAC = "sha256(getvariable('outer_pad') || unhex(sha256(getvariable('inner_pad') || encode(message))))"
_KEYED = f"CREATE TEMP MACRO keyed(message) AS base32({_HMAC})"
