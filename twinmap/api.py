"""What twinmap does, as visible tuples of steps. The command line calls these functions, and so may you.

>>> from twinmap import run                                       # doctest: +SKIP
>>> outcome = run(["builtin:synthea-csv"], out="out", data=["data/"])  # doctest: +SKIP
>>> outcome.frame("observation")                                  # doctest: +SKIP
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from twinmap import safeio
from twinmap.diagnostics import Finding, Severity, worst
from twinmap.engine.duck import connect
from twinmap.engine.ledger import Ledger
from twinmap.engine.parts import take_turns
from twinmap.engine.workers import Workers
from twinmap.errors import UsageError
from twinmap.mapping.project import Project, from_arguments
from twinmap.privacy import find_key
from twinmap.renderers import Report, load_report
from twinmap.selection import Selection
from twinmap.steps.close_books import close_books
from twinmap.steps.compare import compare
from twinmap.steps.lift import split_and_lift
from twinmap.steps.link_patients import link_patients
from twinmap.steps.open_shapes import open_shapes
from twinmap.steps.open_sources import open_sources
from twinmap.steps.publish import publish_graph, put_together
from twinmap.steps.read import read
from twinmap.steps.records import write_records
from twinmap.steps.state import Progress, Run
from twinmap.steps.tell_once import tell_once
from twinmap.steps.validate import report_validation
from twinmap.writers import writer

if TYPE_CHECKING:
    import pandas as pd

    from twinmap.validate.results import Validation


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run gave: the folder, its findings and ledger, and the statements as frames.

    ``left_out`` is the number of findings that were not selected, or ignored.
    """

    out: Path
    findings: tuple[Finding, ...]
    ledger: Ledger
    triples: int
    patients: int
    seconds: float
    notes: tuple[str, ...] = ()
    left_out: int = 0

    @property
    def worst(self) -> Severity | None:
        """The highest severity of a finding."""
        return worst(self.findings)

    def __repr__(self) -> str:
        """One line; findings and ledger are long."""
        counts = f"triples {self.triples:,}, patients {self.patients:,}, findings {len(self.findings):,}"
        return f"<Outcome in {self.out}: {counts}, lost {self.ledger.lost:,}>"

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of statements that the run made, each a table; sorted."""
        return tuple(sorted(path.stem for path in (self.out / "tables").glob("*.parquet")))

    def frame(self, kind: str = "observation") -> pd.DataFrame:
        """The statements of a kind as a pandas frame; texts are Arrow strings, none is retyped.

        ``start_us`` and ``end_us`` are microseconds since 1970 in UTC:
        ``pandas.to_datetime(frame["start_us"], unit="us", utc=True)``.

        Raises:
            UsageError: The run made no such table.
        """
        if kind not in self.kinds:
            known = f"there are: {', '.join(self.kinds)}"
            raise UsageError(f'the run made no table "{kind}"', help=known)
        import pandas as pd

        return pd.read_parquet(self.out / "tables" / f"{kind}.parquet", dtype_backend="pyarrow")


def run(
    mappings: Sequence[str | Path] | str | Path,
    *,
    out: str | Path | None = None,
    data: Sequence[str] = (),
    params: Mapping[str, str] | None = None,
    key_file: Path | None = None,
    crosswalk: Path | None = None,
    base: str | None = None,
    target: str | None = None,
    jobs: int | None = None,
    memory_mb: int = 1024,
    force: bool = False,
    on_error: str = "quarantine",
    engine: str = "auto",
    format: str | None = None,  # noqa: A002
    shapes: Sequence[str | Path] = (),
    identifiers: bool = True,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    progress: Progress = lambda _: None,
) -> Outcome:
    """Read, harmonise, lift, validate, compare and report.

    Args:
        mappings: A project file, a folder with one, or mappings (paths or ``builtin:NAME``).
        out: The output folder, replaced if it is ours; that of the project where None.
        data: ``PATH`` or ``MAPPING=PATH``: where the data of the mappings is.
        params: Values of the mappings' parameters.
        key_file: The key of patient ids; else ``TWINMAP_KEY_FILE``, the project's, the user's own.
        crosswalk: A CSV file that says which patient records are one, instead of that of the project.
        base: The IRI below which everything made here is named.
        target: The target of the lift.
        jobs: Worker processes; the cores where None. The output does not depend on it.
        memory_mb: Memory over all workers, in megabytes.
        force: Replace an output folder that is not ours.
        on_error: ``quarantine`` sets records aside that cannot be used; ``stop`` fails on the first.
        engine: The SHACL engine: ``auto``, ``pyshacl``, ``shacl``, ``both`` (compare them) or ``none``.
        format: ``nq nt ttl trig jsonld``, each also with ``.gz``.
        shapes: Files of SHACL shapes, in addition to ours and to those of the project.
        identifiers: Whether to write the table of raw identifiers.
        select: Codes of findings (``TM-U03``) or families (``U``): nothing else is looked for.
        ignore: Codes or families whose findings are counted and left out.
        progress: Called with bytes that were read.

    Raises:
        UsageError: A mapping or the project cannot be used.
        InputOutputError: Data is missing or cut short, or the output cannot be written.
        InternalError: The books do not balance.
    """
    started = time.monotonic()
    chosen = Selection.of(select, ignore)
    project = _project(mappings, data, params or {}, base, target, shapes, chosen, crosswalk)
    folder = _folder(out, project)
    key, note = find_key(key_file, project.key_file)
    count = jobs or os.cpu_count() or 1
    name = format or project.format
    writer(name)
    with (
        safeio.output_folder(folder, force=force) as work,
        connect(work, threads=count, memory_mb=memory_mb // 2, key=key) as duck,
        Workers(count, take_turns) as workers,
    ):
        state = Run(
            *(project, work, key, count, memory_mb, duck, workers),
            *(on_error, engine, name, identifiers, progress),
        )
        for step in RUN_STEPS:
            step(state)
    return _outcome(state, folder, time.monotonic() - started, (note,) if note else ())


def _outcome(state: Run, folder: Path, seconds: float, notes: tuple[str, ...]) -> Outcome:
    patients = len(set(state.twins.of.values()))
    left_out = sum(counts["findings"] for counts in state.left_out.values())
    return Outcome(
        *(folder, tuple(state.findings), state.ledger, state.triples, patients, seconds),
        notes=(*notes, *state.notes),
        left_out=left_out,
    )


@dataclass(frozen=True, slots=True)
class Differences:
    """What a diff found: everything that a report shows, and whether the two sides state the very same."""

    report: Report
    equal: bool


def diff(
    a: str | Path,
    b: str | Path,
    *,
    out: str | Path | None = None,
    by: str = "concept",
    params: Mapping[str, str] | None = None,
    key_file: Path | None = None,
    crosswalk: Path | None = None,
    jobs: int | None = None,
    memory_mb: int = 1024,
    force: bool = False,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
) -> Differences:
    """Compare two sides: what each has, what is the same, what the rest means, and what changed.

    Args:
        a: The first side: ``FOLDER`` or ``FOLDER#SOURCE`` of a run, an RDF file, ``MAPPING`` or ``MAPPING=DATA``.
        b: The second side.
        out: A folder for the report and its tables, replaced if it is that of a diff; none where None.
        by: The view: ``concept``, ``facet``, ``patient`` or ``time``.
        params: Values of the parameters of mappings.
        key_file: The key of patient ids where a mapping is run; two runs that share none meet by identifiers.
        crosswalk: A CSV file that says which patient records are one; it goes with the key of both sides.
        jobs: Worker processes; the cores where None.
        memory_mb: Memory, in megabytes.
        force: Replace a folder that no diff wrote.
        select: Codes of findings or families: nothing else is looked for.
        ignore: Codes or families whose findings are counted and left out.

    Raises:
        UsageError: A side cannot be used.
        InputOutputError: Data is missing, or the output cannot be written.
    """
    from twinmap.diff import outputs, sides
    from twinmap.diff.open import side
    from twinmap.diff.run import STEPS, Difference
    from twinmap.terms.concepts import catalogue
    from twinmap.terms.local import local_store

    chosen = Selection.of(select, ignore)
    running = partial(run, params=params, key_file=key_file, engine="none", jobs=jobs, memory_mb=memory_mb)

    def made(mapping: str, data: str | None, folder: Path) -> None:
        running([mapping], out=folder, data=[] if data is None else [data])

    with (
        _diff_folder(out, force=force) as work,
        connect(work, threads=jobs or os.cpu_count() or 1, memory_mb=memory_mb // 2) as duck,
        local_store() as store,
    ):
        both = side("A", str(a), parts := work / "parts", made, duck), side("B", str(b), parts, made, duck)
        links = [] if crosswalk is None else sides.crosswalk(crosswalk, find_key(key_file, None)[0], both)
        wanted = chosen.over(both[0].selection.beside(both[1].selection))
        found = Difference(both, duck, parts, catalogue(), wanted, store, crosswalk=links)
        for step in STEPS:
            step(found)
        outputs.write(found, work / "publish", by)
        return Differences(load_report(work / "publish"), found.equal)


@contextmanager
def _diff_folder(out: str | Path | None, *, force: bool) -> Iterator[Path]:
    """A work folder, whose ``publish`` appears in ``out`` where there is one."""
    if out is None:
        with TemporaryDirectory(prefix="twinmap-") as name:
            for folder in ("publish", "parts"):
                (Path(name) / folder).mkdir()
            yield Path(name)
        return
    if (Path(out) / "manifest.json").exists() and not (Path(out) / "diff.json").exists() and not force:
        raise UsageError(f"{out} holds the output of a run", help="choose another folder with -o, or --force")
    with safeio.output_folder(Path(out), force=force) as work:
        yield work


@dataclass(frozen=True, slots=True)
class Validated:
    """What a validation gave: the results of the SHACL engine, and what they say as findings.

    ``selection`` says what was looked for and how many findings were left out, as a report has it.
    """

    validation: Validation
    findings: tuple[Finding, ...]
    selection: Mapping[str, Any] = field(default_factory=dict)


def validate_graph(
    graphs: Sequence[str | Path] | str | Path,
    *,
    shapes: Sequence[str | Path] = (),
    engine: str = "auto",
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
) -> Validated:
    """Validate RDF files against SHACL shapes, all files as one graph.

    Args:
        graphs: Files (``.nt .nq .ttl .trig .jsonld``, also packed) or output folders of runs.
        shapes: Files of shapes, instead of those of the twin graph.
        engine: ``auto``, ``pyshacl``, ``shacl`` or ``both`` (compare them).
        select: Codes of findings or families: nothing else is told.
        ignore: Codes or families whose findings are counted and left out.

    Raises:
        UsageError: A folder holds no graph, or a file is in no format that is read.
        InputOutputError: A file is missing, cut short, or not in the format of its name.
    """
    from twinmap.steps.validate import generated_shapes
    from twinmap.terms.concepts import catalogue
    from twinmap.validate import files, findings

    chosen = Selection.of(select, ignore)
    named = [graphs] if isinstance(graphs, str | Path) else graphs
    ours = [*files.shipped_shapes(), generated_shapes(catalogue().concepts.values())] if not shapes else []
    documents = ours or files.read_shapes([Path(path) for path in shapes])
    validation = files.validate_files([_graph(Path(path)) for path in named], documents, engine)
    found = [findings.violation(group) for group in validation.groups]
    kept, left_out = chosen.apply([*found, *findings.about_validation(validation)])
    return Validated(validation, tuple(kept), chosen.to_json() | {"left_out": left_out})


def _graph(path: Path) -> Path:
    """The graph of an output folder, or the file itself."""
    if not path.is_dir():
        return safeio.regular_file(path)
    found = sorted(path.glob("graph.*"))
    if len(found) != 1:
        raise UsageError(f"{path} is not the output of a run: it holds no graph", help="name a file")
    return found[0]


def _project(
    mappings: Sequence[str | Path] | str | Path,
    data: Sequence[str],
    params: Mapping[str, str],
    base: str | None,
    target: str | None,
    shapes: Sequence[str | Path],
    chosen: Selection,
    crosswalk: Path | None,
) -> Project:
    """The project that is named, with what the caller says on top."""
    named = [mappings] if isinstance(mappings, str | Path) else mappings
    project = from_arguments([str(name) for name in named], data, params)
    return replace(
        project,
        base=_base(base or project.base),
        target=target or project.target,
        shapes=(*project.shapes, *map(Path, shapes)),
        selection=chosen.over(project.selection),
        crosswalk=project.crosswalk if crosswalk is None else safeio.regular_file(crosswalk),
    )


def _folder(out: str | Path | None, project: Project) -> Path:
    folder = Path(out) if out is not None else project.out
    if folder is None:
        raise UsageError("there is no output folder", help="-o FOLDER, or out: in the project")
    return folder


def _base(base: str) -> str:
    if not base.startswith(("http://", "https://", "urn:")) or any(char in base for char in ' <>"{}|\\^`'):
        raise UsageError(
            f'"{base}" is not an IRI to name things by', help="such as https://twin.example.org/"
        )
    return base if base.endswith(("/", ":", "#")) else base + "/"


#: A run, in order.
RUN_STEPS: tuple[Callable[[Run], None], ...] = (
    open_shapes,
    open_sources,
    read,
    link_patients,
    split_and_lift,
    report_validation,
    put_together,
    compare,
    tell_once,
    close_books,
    publish_graph,
    write_records,
)

__all__ = ["Differences", "Outcome", "Validated", "diff", "run", "validate_graph"]
