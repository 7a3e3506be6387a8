"""What is compared: the output of a run, or one of its sources."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from twinmap import safeio
from twinmap.diagnostics import Finding, Place, Severity
from twinmap.engine.crosswalk import Pair
from twinmap.engine.crosswalk import read as read_crosswalk
from twinmap.errors import InputOutputError, UsageError
from twinmap.kinds import KINDS
from twinmap.privacy import Key
from twinmap.renderers import Report, load_report
from twinmap.selection import Selection

#: The sides as they are called in findings, relations and tables.
A, B = "A", "B"

#: The column of the offset that stood with a time; older runs have none, as if none had stood there.
OFFSET = "offset_min"


@dataclass(frozen=True, slots=True)
class Side:
    """One side.

    Args:
        label: ``A`` or ``B``.
        name: What it was called by.
        tables: Its Parquet file of each kind.
        source: The only source of the run that is meant; None for all.
        files: Name and SHA-256 of its input files by number.
        graph: The RDF file that it was read from, if any.
        unread: IRIs of predicates and classes of that file of which nothing was read, with the number of quads.
    """

    label: str
    name: str
    tables: Mapping[str, Path]
    source: str | None = None
    files: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    graph: Path | None = None
    unread: Mapping[str, int] = field(default_factory=dict)
    #: What its run found wrong with its input: the side may lack what the other one has.
    findings: tuple[Finding, ...] = ()
    #: What the run was asked to tell.
    selection: Selection = field(default_factory=Selection)
    #: The id of the key that its patients were named with, where it is known.
    key: str | None = None


def of_run(label: str, folder: Path, source: str | None = None) -> Side:
    """The output of a run as a side.

    Raises:
        UsageError: It is not the output of a run, or the run has no such source.
    """
    report = load_report(folder)
    run, chosen = report.run, Selection.of_json(report.selection)
    if "target" not in run:
        raise UsageError(
            f"{folder} is not the output of a run", help="name the folder that was given to: twinmap run -o"
        )
    try:
        inputs = [(item["source"], item["number"], item["name"], item["sha256"]) for item in run["inputs"]]
    except (KeyError, TypeError) as error:
        raise InputOutputError(f"the manifest of {folder} was changed since the run") from error
    sources = list(dict.fromkeys(owner for owner, *_ in inputs))
    if source is not None and source not in sources:
        raise UsageError(f'{folder} has no source "{source}"', help=f"its sources: {', '.join(sources)}")
    files = {number: (name, sha) for owner, number, name, sha in inputs if source in {None, owner}}
    return Side(
        *(label, _named(folder, source), tables(folder / "tables"), source, files),
        findings=tuple(_wrong_input(report, label, source)),
        selection=chosen,
        key=run.get("key"),
    )


def _wrong_input(report: Report, label: str, source: str | None) -> Iterator[Finding]:
    """The errors of a run about its input (families O and Q), as findings of the side."""
    for row in report.findings:
        code, severity = str(row.get("code", "")), row.get("severity")
        if (
            code.startswith(("TM-O", "TM-Q"))
            and severity == Severity.ERROR
            and (source is None or source in row.get("sources", ()))
        ):
            yield Finding(
                code,
                str(row.get("slug", "")),
                Severity.ERROR,
                str(row.get("message", "")),
                places=tuple(Place.of_json({**place, "source": label}) for place in row.get("places", ())),
                sources=(label,),
                rule=row.get("rule"),
                help=row.get("help"),
                count=row.get("count", 1),
            )


def crosswalk(path: Path, key: Key, sides: Sequence[Side]) -> list[Pair]:
    """The rows of a crosswalk between two sides.

    Raises:
        UsageError: It cannot be used, or a side was made with another key: its patients cannot be found.
        InputOutputError: It cannot be read.
    """
    for side in sides:
        if side.key not in {None, key.id}:
            raise UsageError(
                f"{side.name} was made with another key: the crosswalk does not find its patients",
                help="name the key of both with --key-file, or run the data again",
            )
    return read_crosswalk(path, key)


def named(side: Side, name: str) -> Side:
    """A side that was made on the way, by what it was asked for by."""
    return replace(side, name=name)


def _named(folder: Path, source: str | None) -> str:
    name = folder.resolve().name
    return name if source is None else f"{name}#{source}"


def tables(folder: Path) -> dict[str, Path]:
    """The statement tables of the output of a run, by kind.

    Raises:
        InputOutputError: One that was written is missing, cannot be read, or has not the columns that a run writes.
    """
    import pyarrow.parquet as pq
    from pyarrow import ArrowInvalid

    manifest = json.loads((folder.parent / "manifest.json").read_text("utf-8"))
    written = {name for name in manifest.get("outputs", ()) if str(name).startswith("tables/")}
    found = {kind: folder / f"{kind}.parquet" for kind in KINDS if f"tables/{kind}.parquet" in written}
    for kind, path in found.items():
        try:
            schema = pq.read_schema(safeio.regular_file(path))
        except (ArrowInvalid, OSError) as error:
            raise InputOutputError(
                f"{path} is no Parquet file: it was cut or changed since the run"
            ) from error
        lacking = sorted(KINDS[kind].names - set(schema.names) - {OFFSET})  # runs before it have none
        if lacking:
            raise InputOutputError(
                f"{path} lacks {', '.join(lacking)}: it was changed since the run, or written by another version"
            )
    return found
