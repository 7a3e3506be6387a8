"""Put the parts together to the published tables, and the graph with what was found."""

from __future__ import annotations

from collections import Counter

from twinmap.engine.duck import Duck
from twinmap.engine.graphfile import blocks
from twinmap.kinds import KINDS
from twinmap.sqltext import identifier, quoted
from twinmap.steps.state import Run
from twinmap.writers import writer


def put_together(state: Run) -> None:
    """Put the parts together to the published tables."""
    (state.publish / "tables").mkdir()
    kinds = [kind for kind in KINDS if state.identifiers or kind != "identifier"]
    for kind in kinds:
        pieces = [result.tables[kind] for result in state.results if kind in result.tables]
        if pieces:
            path = state.publish / "tables" / f"{kind}.parquet"
            scan = f"read_parquet([{', '.join(quoted(str(piece)) for piece in pieces)}])"
            state.duck.to_parquet(f"SELECT * {_nulls(state.duck, scan)} FROM {scan}", path, "zstd")
            state.tables[kind] = path
            if kind == "identifier":
                path.chmod(0o600)


def _nulls(duck: Duck, scan: str) -> str:
    """SQL that does not read the columns without any value."""
    empty = duck.rows(
        f"SELECT path_in_schema FROM {scan.replace('read_parquet', 'parquet_metadata', 1)} "
        "GROUP BY ALL HAVING bool_and(stats_null_count = num_values) ORDER BY ALL"
    )
    types = dict(duck.rows(f"SELECT column_name, column_type FROM (DESCRIBE FROM {scan})"))
    listed = ", ".join(f"NULL::{types[name]} AS {identifier(name)}" for (name,) in empty)
    return f"REPLACE ({listed})" if listed else ""


def publish_graph(state: Run) -> None:
    """Tell in the graph what was found, and write it in the format that is wanted."""
    from twinmap.lift import told

    names = Counter(
        (owner, file.name) for file in state.inputs.values() for owner in state.owners[file.number]
    )
    files = {
        (owner, file.name): file.number
        for file in state.inputs.values()
        for owner in state.owners[file.number]
        if names[owner, file.name] == 1
    }
    base = state.project.base
    lines = [*told.findings(base, state.findings, files), *told.relations(base, state.relations)]
    text = "".join(lines).encode()
    with state.graph.open("ab") as file:
        file.write(text)
    state.digest.update([text])
    path = state.publish / f"graph.{state.format}"
    if state.format == "nq":
        state.graph.replace(path)
    else:
        writer(state.format).write(blocks(state.graph), path)
        state.graph.unlink()
