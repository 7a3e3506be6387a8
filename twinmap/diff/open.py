"""What a side of a diff is called by: an output folder, one source of it, a graph, or a mapping with its data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from twinmap.diff import sides
from twinmap.diff.sides import Side

#: Runs a mapping or a project over data, if any, into a folder.
Runner = Callable[[str, str | None, Path], None]


def side(label: str, name: str, work: Path, run: Runner) -> Side:
    """A side by its name.

    Args:
        label: ``A`` or ``B``.
        name: ``FOLDER`` or ``FOLDER#SOURCE`` of a run, or ``MAPPING`` or ``MAPPING=DATA`` (also a project).
        work: Where what is made on the way goes.
        run: Runs a mapping.

    Raises:
        UsageError: It is none of these, or cannot be used.
    """
    folder, _, source = name.partition("#")
    if Path(name).is_dir() and (Path(name) / "manifest.json").is_file():
        return sides.of_run(label, Path(name))
    if source and (Path(folder) / "manifest.json").is_file():
        return sides.of_run(label, Path(folder), source)
    mapping, _, data = name.partition("=")
    out = work / f"run-{label}"
    run(mapping, data or None, out)
    return sides.named(sides.of_run(label, out), name)
