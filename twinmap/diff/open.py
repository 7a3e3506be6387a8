"""What a side of a diff is called by: an output folder, one source of it, a graph, or a mapping with its data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from twinmap.diff import graphs, sides
from twinmap.diff.quads import is_graph
from twinmap.diff.sides import Side
from twinmap.engine.duck import Duck
from twinmap.errors import UsageError
from twinmap.mapping.project import PROJECT_FILE

#: Runs a mapping or a project over data, if any, into a folder.
Runner = Callable[[str, str | None, Path], None]


def side(label: str, name: str, work: Path, run: Runner, duck: Duck) -> Side:
    """A side by its name.

    Args:
        label: ``A`` or ``B``.
        name: ``FOLDER`` or ``FOLDER#SOURCE`` of a run, an RDF file, or ``MAPPING`` or ``MAPPING=DATA`` (also a project).
        work: Where what is made on the way goes.
        run: Runs a mapping.
        duck: A connection.

    Raises:
        UsageError: It is none of these, or cannot be used.
        InputOutputError: A file is missing, or is not what its name says.
    """
    folder, _, source = name.partition("#")
    if Path(name).is_dir() and (Path(name) / "manifest.json").is_file():
        return sides.of_run(label, Path(name))
    if source and (Path(folder) / "manifest.json").is_file():
        return sides.of_run(label, Path(folder), source)
    if is_graph(Path(name)):
        out = work / f"graph-{label}"
        out.mkdir()
        read = graphs.read(Path(name), out, duck, run)
        return Side(label, name, read.tables, graph=Path(name), unread=read.unread)
    if Path(name).is_dir() and not (Path(name) / PROJECT_FILE).exists():
        advice = "name the output folder of a run, a graph, a mapping or a project"
        raise UsageError(f"{name} is not the output of a run: it has no manifest.json", help=advice)
    if Path(name).is_file() and Path(name).suffix not in {".yaml", ".yml"}:
        advice = f"data goes with its mapping: MAPPING={name}"
        raise UsageError(f"{name} is no output of a run, no graph and no mapping", help=advice)
    mapping, _, data = name.partition("=")
    out = work / f"run-{label}"
    run(mapping, data or None, out)
    return sides.named(sides.of_run(label, out), name)
