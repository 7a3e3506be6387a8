"""What twinmap does, as visible tuples of steps. The command line calls these functions, and so may you.

>>> from twinmap import run                                       # doctest: +SKIP
>>> outcome = run(["builtin:synthea-csv"], out="out", data=["data/"])  # doctest: +SKIP
>>> outcome.frame("observation")                                  # doctest: +SKIP
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from twinmap import __version__, registry, safeio
from twinmap.diagnostics import Finding, Place, Severity, merge, worst
from twinmap.engine import books, parts, sources
from twinmap.engine.apply import SENSOR, Context
from twinmap.engine.duck import Duck, connect
from twinmap.engine.identity import Twins, link
from twinmap.errors import InputOutputError, InternalError, UsageError
from twinmap.limits import LIMITS
from twinmap.mapping.project import Project, from_arguments
from twinmap.mapping.sql import quoted
from twinmap.model import KINDS, InputFile
from twinmap.privacy import Key, find_key

if TYPE_CHECKING:
    import pandas as pd

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run gave: the folder, its findings and ledger, and the statements as frames."""

    out: Path
    findings: tuple[Finding, ...]
    ledger: books.Ledger
    triples: int
    patients: int
    seconds: float
    notes: tuple[str, ...] = ()

    @property
    def worst(self) -> Severity | None:
        """The highest severity of a finding."""
        return worst(self.findings)

    def frame(self, kind: str = "observation") -> pd.DataFrame:
        """The statements of a kind as a pandas frame; texts are Arrow strings, none is retyped."""
        import pandas as pd

        return pd.read_parquet(self.out / "tables" / f"{kind}.parquet", dtype_backend="pyarrow")


@dataclass
class Run:
    """The state of a run, filled step by step."""

    project: Project
    work: Path
    key: Key
    jobs: int
    memory_mb: int
    duck: Duck
    on_error: str = "quarantine"
    progress: Progress = lambda _: None
    sources: list[sources.Source] = field(default_factory=list)
    inputs: dict[Path, InputFile] = field(default_factory=dict)
    owners: dict[int, list[str]] = field(default_factory=dict)
    made: list[sources.Made] = field(default_factory=list)
    twins: Twins = field(default_factory=Twins)
    results: list[parts.PartResult] = field(default_factory=list)
    tables: dict[str, Path] = field(default_factory=dict)
    ledger: books.Ledger = field(default_factory=books.Ledger)
    findings: list[Finding] = field(default_factory=list)
    triples: int = 0
    graph_sha256: str = ""

    @property
    def publish(self) -> Path:
        """The folder whose files will appear in the output."""
        return self.work / "publish"

    @property
    def parts(self) -> Path:
        """The folder of what is made on the way."""
        return self.work / "parts"


def run(
    mappings: Sequence[str | Path] | str | Path,
    *,
    out: str | Path,
    data: Sequence[str] = (),
    params: Mapping[str, str] | None = None,
    key_file: Path | None = None,
    base: str | None = None,
    target: str | None = None,
    jobs: int | None = None,
    memory_mb: int = 1024,
    force: bool = False,
    on_error: str = "quarantine",
    progress: Progress = lambda _: None,
) -> Outcome:
    """Read, harmonise, lift, validate, compare and report.

    Args:
        mappings: A project file, a folder with one, or mappings (paths or ``builtin:NAME``).
        out: The output folder; replaced if it is ours.
        data: ``PATH`` or ``MAPPING=PATH``: where the data of the mappings is.
        params: Values of the mappings' parameters.
        key_file: The key of patient ids; else ``TWINMAP_KEY_FILE``, the project's, the user's own.
        base: The IRI below which everything made here is named.
        target: The target of the lift.
        jobs: Worker processes; the cores where None. The output does not depend on it.
        memory_mb: Memory over all workers, in megabytes.
        force: Replace an output folder that is not ours.
        on_error: ``quarantine`` sets records aside that cannot be used; ``stop`` fails on the first.
        progress: Called with bytes that were read.

    Raises:
        UsageError: A mapping or the project cannot be used.
        InputOutputError: Data is missing or cut short, or the output cannot be written.
        InternalError: The books do not balance.
    """
    started = time.monotonic()
    named = [mappings] if isinstance(mappings, str | Path) else list(mappings)
    project = from_arguments([str(name) for name in named], data, params or {})
    project = replace(project, base=_base(base or project.base), target=target or project.target)
    key, note = find_key(key_file, project.key_file)
    workers = jobs or os.cpu_count() or 1
    folder = Path(out)
    with (
        safeio.output_folder(folder, force=force) as work,
        connect(work, threads=workers, memory_mb=memory_mb // 2, key=key) as duck,
    ):
        state = Run(project, work, key, workers, memory_mb, duck, on_error, progress)
        for step in RUN_STEPS:
            step(state)
    return Outcome(
        folder,
        tuple(state.findings),
        state.ledger,
        state.triples,
        len(set(state.twins.of.values())),
        time.monotonic() - started,
        (note,) if note else (),
    )


def _base(base: str) -> str:
    if not base.startswith(("http://", "https://", "urn:")) or any(char in base for char in ' <>"{}|\\^`'):
        raise UsageError(
            f'"{base}" is not an IRI to name things by', help="such as https://twin.example.org/"
        )
    return base if base.endswith(("/", ":", "#")) else base + "/"


# --- the steps --------------------------------------------------------------------------------------


def open_sources(state: Run) -> None:
    """Load the mappings, find the files and give each its number."""
    from twinmap.terms.concepts import catalogue

    concepts = catalogue(state.project.concepts)
    for binding in state.project.bindings:
        source, findings = sources.open_source(binding, concepts)
        if any(other.name == source.name for other in state.sources):
            raise UsageError(f'two sources are called "{source.name}"', help="give one of them a name:")
        state.sources.append(source)
        state.findings += findings
    for source in state.sources:
        for record_set in source.document.records:
            for path in sources.files_of(source, record_set):
                if path not in state.inputs:
                    safeio.regular_file(path)
                    number = len(state.inputs) + 1
                    state.inputs[path] = InputFile(number, path, path.name)
                state.owners.setdefault(state.inputs[path].number, [])
                if source.name not in state.owners[state.inputs[path].number]:
                    state.owners[state.inputs[path].number].append(source.name)


def read(state: Run) -> None:
    """Read every source and make its statements, one group of files after the other."""
    from twinmap.terms.concepts import catalogue
    from twinmap.terms.facets import facets

    context = Context(state.key, catalogue(state.project.concepts), tuple(facets()))
    for source in state.sources:
        sources.look_up_tables(state.duck, source)
        for record_set in source.document.records:
            paths = sources.files_of(source, record_set)
            files = [replace(state.inputs[path], siblings=tuple(paths)) for path in paths]
            for plan, group in sources.groups(source, record_set, files):
                stem = f"{len(state.made):04}"
                made = sources.make(state.duck, plan, group, context, state.parts, stem)
                state.made.append(made)
                state.findings += made.findings
                _stop_on_error(state, made)
                state.progress(sum(file.path.stat().st_size for file in group))


def _stop_on_error(state: Run, made: sources.Made) -> None:
    if state.on_error == "stop" and made.quarantined:
        first = made.quarantined[0]
        raise InputOutputError(
            f"record {first.record:,} of file {first.file} cannot be used ({first.code}), and --on-error is stop",
            findings=merge(made.findings),
        )


def link_patients(state: Run) -> None:
    """Link local patients to twins, and give each twin its part."""

    def paths(kind: str) -> list[Path]:
        return [made.applied.tables[kind] for made in state.made if kind in made.applied.tables]

    who = [made.applied.patients for made in state.made if made.applied.patients is not None]
    state.twins = link(state.duck, who, paths("identifier"), paths("patient"), _crosswalk(state), state.key)
    records = sorted(state.twins.of)
    shards = parts.shards_for(sum(sum(made.book.planned.values()) for made in state.made))
    state.duck.register(
        "k_twin",
        {
            "patient_record": ("VARCHAR", records),
            "twin": ("VARCHAR", [state.twins.of[record] for record in records]),
            "shard": ("INTEGER", [state.twins.shard(record, shards) for record in records]),
        },
    )
    for refused in state.twins.refused:
        known = registry.code("TM-I02")
        state.findings.append(
            registry.finding(
                "TM-I02",
                f"{len(refused.records)} linked patient records contradict each other in {refused.attribute}",
                patient=refused.records[0],
                sources=tuple(source.name for source in state.sources),
                details={"attribute": refused.attribute, "records": list(refused.records)},
                help=getattr(known.module, "HELP", None),
            )
        )


def _crosswalk(state: Run) -> list[tuple[str, str, str]]:
    """The rows of the crosswalk as pairs of record ids."""
    if state.project.crosswalk is None:
        return []
    from twinmap.formats.csvdialect import Row, records

    found, header = [], []
    for row in records(safeio.regular_file(state.project.crosswalk), "utf-8", ","):
        if not isinstance(row, Row):
            raise UsageError(f"{state.project.crosswalk}:{row.line}: {row.reason}")
        if row.number == 0:
            header = [cell.strip() for cell in row.cells]
            lacking = {"system_a", "id_a", "system_b", "id_b"} - set(header)
            if lacking:
                raise UsageError(f"{state.project.crosswalk} lacks the column {sorted(lacking)[0]}")
            continue
        cells = dict(zip(header, (cell.strip() for cell in row.cells), strict=False))
        one = state.key.hash("patient", cells["system_a"], cells["id_a"])
        other = state.key.hash("patient", cells["system_b"], cells["id_b"])
        found.append((one, other, cells.get("evidence", "")))
    return found


def split_and_lift(state: Run) -> None:
    """Split the statements into parts by patient; sort, tell apart and lift each part."""
    from twinmap.lift import target
    from twinmap.terms.facets import facets

    tables: dict[str, list[parts.Narrow]] = {}
    for group, made in enumerate(state.made):
        for kind, path in made.applied.tables.items():
            name = "device" if kind == SENSOR else kind
            tables.setdefault(name, []).append(parts.Narrow(group, path, made.aside))
    names = tuple(facets())
    parts.describe(state.duck, [made.applied for made in state.made], state.parts)
    parts.split(state.duck, tables, state.parts)
    about = target.Facets(
        {name: facet.property for name, facet in facets().items()},
        frozenset(name for name, facet in facets().items() if facet.type != "words"),
    )
    lifts = target.lifts(state.project.target, state.project.base, about)
    kinds = tuple(kind for kind in KINDS if kind in tables)
    numbers = sorted(
        {int(path.name.partition("=")[2]) for kind in kinds for path in (state.parts / kind).glob("shard=*")}
    )
    memory = max(128, state.memory_mb // 2 // max(state.jobs, 1))
    term = partial(target.code_iri, state.project.base)
    tasks = [
        parts.PartTask(number, state.parts, state.key, kinds, names, lifts, term, memory)
        for number in numbers
    ]
    state.results = _in_parallel(tasks, state)


#: Fewer statements are worked on in this process: starting workers would take longer.
_FEW = 50_000


def _in_parallel(tasks: Sequence[parts.PartTask], state: Run) -> list[parts.PartResult]:
    planned = sum(sum(made.book.planned.values()) for made in state.made)
    if state.jobs == 1 or planned < _FEW:
        return [parts.work(task) for task in tasks]
    with ProcessPoolExecutor(min(state.jobs, len(tasks)), mp_context=get_context("spawn")) as pool:
        return list(pool.map(parts.work, tasks))


def put_together(state: Run) -> None:
    """Put the parts together to the published tables and graph."""
    from twinmap.writers import shared

    (state.publish / "tables").mkdir()
    for kind in KINDS:
        pieces = [result.tables[kind] for result in state.results if kind in result.tables]
        if pieces:
            path = state.publish / "tables" / f"{kind}.parquet"
            listed = ", ".join(quoted(str(piece)) for piece in pieces)
            state.duck.to_parquet(f"SELECT * FROM read_parquet([{listed}])", path)
            state.tables[kind] = path
            if kind == "identifier":
                path.chmod(0o600)
    graph = state.publish / "graph.nq"
    head = state.parts / "shared.nq"
    head.write_text(
        shared.dataset(state.project.base, [source.name for source in state.sources])
        + shared.links(state.project.base, state.twins),
        encoding="utf-8",
    )
    parts.join([head, *(result.graph for result in state.results if result.graph)], graph)
    state.triples, state.graph_sha256 = _count_lines(graph)


def _count_lines(path: Path) -> tuple[int, str]:
    digest, lines = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
            lines += chunk.count(b"\n")
    return lines, digest.hexdigest()


def close_books(state: Run) -> None:
    """Count what was published and close the books.

    Raises:
        InternalError: Something is lost.
    """
    for result in state.results:
        for kind, rule, copies, versions in result.repeated:
            state.findings += _repeated(state, kind, rule, copies, versions)
    dropped = [path for result in state.results for path in result.dropped]
    state.ledger = books.close(state.duck, [made.book for made in state.made], state.tables, dropped)
    state.findings = merge(_adjusted(state))
    if state.ledger.lost:
        raise InternalError(
            f"the books do not balance: {state.ledger.lost:,} records or statements are in none of them",
            help="this is a bug in twinmap; please report it with the counts of each source",
        )


def _repeated(state: Run, kind: str, rule: str, copies: int, versions: int) -> list[Finding]:
    found = []
    for code, count in (("TM-D01", copies), ("TM-L10", versions)):
        if count:
            known = registry.code(code)
            words = {"slot": "key", "rule": rule, "shape": "", "count": count, "source": kind}
            message = (
                known.module.MESSAGE.format(**words)
                if code == "TM-D01"
                else "two records with one key say different things; all are kept"
            )
            found.append(registry.finding(code, message, rule=rule, count=count, severity=Severity.WARNING))
    return found


def _adjusted(state: Run) -> list[Finding]:
    """Findings with the project's severities; those it ignores are left out."""
    ignored = {registry.code(name).code for name in state.project.ignore}
    severity = {registry.code(name).code: Severity(word) for name, word in state.project.severity.items()}
    return [
        replace(finding, severity=severity.get(finding.code, finding.severity))
        for finding in state.findings
        if finding.code not in ignored
    ]


def write_records(state: Run) -> None:
    """Write findings, ledger, quarantine and the manifest."""
    publish = state.publish
    lines = (json.dumps(finding.to_json(), ensure_ascii=False) for finding in state.findings)
    (publish / "findings.jsonl").write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    (publish / "ledger.json").write_text(_json(state.ledger.to_json()), encoding="utf-8")
    _quarantine(state)
    from twinmap.engine.manifest import manifest

    (publish / "manifest.json").write_text(_json(manifest(state, __version__)), encoding="utf-8")


def _quarantine(state: Run) -> None:
    path = state.publish / "quarantine.jsonl"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    written = size = 0
    with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
        for made in state.made:
            for item in made.quarantined:
                line = json.dumps(
                    {
                        "source": made.applied.plan.source,
                        "file": item.file,
                        "record": item.record,
                        "line": item.line,
                        "code": item.code,
                        "raw": item.raw,
                    },
                    ensure_ascii=False,
                )
                written, size = written + 1, size + len(line)
                if written > LIMITS.quarantine_records or size > LIMITS.quarantine_bytes:
                    raise InputOutputError(
                        f"more than {LIMITS.quarantine_records:,} records are set aside: the mapping may not fit the data",
                        findings=merge(state.findings),
                    )
                file.write(line + "\n")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


#: A run, in order.
RUN_STEPS: tuple[Callable[[Run], None], ...] = (
    open_sources,
    read,
    link_patients,
    split_and_lift,
    put_together,
    close_books,
    write_records,
)

__all__ = ["Outcome", "Place", "run"]
