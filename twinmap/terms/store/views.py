"""The tables of all sources that serve, as one."""

from __future__ import annotations

from collections.abc import Sequence

from twinmap.duck import Duck
from twinmap.sqltext import quoted
from twinmap.terms.store.editions import Held, Source
from twinmap.terms.store.tables import DERIVED, TABLES


def serve(duck: Duck, sources: Sequence[Source], serving: Sequence[Held]) -> None:
    """Make the table ``served``: the editions that serve, by number of source and edition."""
    place = {source.id: index for index, source in enumerate(sources)}
    duck.run(
        "CREATE TABLE served (source INTEGER, edition INTEGER, uri VARCHAR, hierarchy BOOLEAN, complete BOOLEAN)"
    )
    for source, number in serving:
        edition = source.editions[number]
        row = [place[source.id], number, edition.uri, edition.hierarchy, edition.content == "complete"]
        duck.run("INSERT INTO served VALUES (?, ?, ?, ?, ?)", row)


def view(name: str, sources: Sequence[Source], serving: Sequence[Held]) -> str:
    """A query over one table of every source, with ``source`` (its number).

    Rows of an edition have its ``uri``, those of a code system also as ``system``, and whether it has a
    ``hierarchy`` and is ``complete``; terms have the number ``row`` by which the index of words names them.
    """
    columns = {**TABLES, **DERIVED}[name]
    used = {source.id for source, _ in serving}
    parts = [
        f"SELECT {number} AS source, {_row(name)} FROM {_file(name, source)}"
        for number, source in enumerate(sources)
        if source.id in used and (source.folder / f"{name}.parquet").is_file()
    ]
    if not parts:
        empty = ", ".join(f"NULL::{kind} AS {column}" for column, kind in columns.items())
        row = ", NULL::BIGINT AS row" if name == "designation" else ""
        parts = [f"SELECT NULL::INTEGER AS source, {empty}{row} WHERE false"]
    every = " UNION ALL ".join(parts)
    if "edition" not in columns:
        return every
    system = "" if "system" in columns else ", s.uri AS system"
    joined = "s.source = t.source AND s.edition = t.edition"
    return f"SELECT t.*, s.uri, s.hierarchy, s.complete{system} FROM ({every}) t JOIN served s ON {joined}"


def _row(name: str) -> str:
    return "* EXCLUDE (file_row_number), file_row_number AS row" if name == "designation" else "*"


def _file(name: str, source: Source) -> str:
    numbered = ", file_row_number = true" if name == "designation" else ""
    return f"read_parquet({quoted(str(source.folder / f'{name}.parquet'))}{numbered})"
