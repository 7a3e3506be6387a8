"""Sources opened: mappings loaded, files found, read in groups of one plan, their statements made."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path

from twinmap import registry, safeio
from twinmap.diagnostics import Finding, Severity
from twinmap.engine import books, issues
from twinmap.engine.apply import Applied, Context, apply, tell_once
from twinmap.engine.duck import Duck
from twinmap.engine.misses import misses
from twinmap.engine.stage import Staged, chunks, stage
from twinmap.engine.workers import Workers
from twinmap.errors import UsageError
from twinmap.mapping import auto, columns, inputs, load, lookups
from twinmap.mapping.ast import Document, RecordSet
from twinmap.mapping.plan import Plan, compile_record_set
from twinmap.mapping.project import Binding
from twinmap.model import InputFile, SetAside
from twinmap.sqltext import quoted

#: Bytes of input that are read, resolved and typed together; fixed, so that it is the same everywhere.
GROUP_BYTES = 256_000_000


@dataclass(frozen=True, slots=True)
class Source:
    """A binding with its mapping loaded and the values of its parameters."""

    name: str
    document: Document
    binding: Binding
    params: Mapping[str, str]
    root: Path


@dataclass
class Made:
    """What one group of files gave."""

    applied: Applied
    aside: Path | None
    book: books.GroupBooks
    findings: list[Finding]
    quarantined: list[SetAside] = field(default_factory=list)


def open_source(binding: Binding, concepts: object) -> tuple[Source, tuple[Finding, ...]]:
    """Load the mapping of a binding.

    Raises:
        UsageError: The mapping cannot be used; with its findings.
    """
    loaded = load.load(binding.mapping, params=binding.params, concepts=concepts)  # type: ignore[arg-type]
    if loaded.document is None or not loaded.usable:
        raise UsageError(
            f"the mapping {registry.label(binding.mapping)} cannot be used", findings=loaded.findings
        )
    document = auto.expand(loaded.document)
    params = {name: param.default for name, param in document.params.items() if param.default is not None}
    folder = binding.mapping.parent if isinstance(binding.mapping, Path) else Path()
    root = binding.data or folder
    name = binding.name or document.id
    return Source(name, document, binding, {**params, **binding.params}, root), loaded.findings


def files_of(source: Source, record_set: RecordSet) -> list[Path]:
    """The files of a record set, sorted.

    Raises:
        InputOutputError: A named file is missing.
    """
    patterns = source.binding.files or record_set.files
    if not patterns and source.binding.data is None:
        raise UsageError(f"{source.name} names no files", help="files: in the mapping, or --source PATH")
    inputs.all_there(source.root, patterns)
    return inputs.files(source.document, record_set, source.root, source.binding.files)


def readings(
    source: Source, files: Mapping[str, Sequence[InputFile]]
) -> Iterator[tuple[list[Plan], list[InputFile]]]:
    """What is read together: plans, and files of at most :data:`GROUP_BYTES`.

    For CSV the plan depends on the header. Record sets of one format over the same files are one reading,
    where the reader can answer several requests.

    Args:
        source: The source.
        files: The files of each record set by its name.

    Raises:
        UsageError: A column that the mapping needs is not in a file (L01).
    """
    together: dict[object, list[RecordSet]] = {}
    for record_set in source.document.records:
        reader = registry.reader(record_set.options.format)
        numbers = tuple(file.number for file in files[record_set.name])
        options = replace(record_set.options, messages=())
        shared = (options, numbers) if reader.read_many else record_set.name
        together.setdefault(shared, []).append(record_set)
    for record_sets in together.values():
        first = record_sets[0]
        for names, found in groupby(files[first.name], key=lambda file: _columns(first, file)):
            members = list(found)
            if names is not None and check_header(source, first, members[0], names):
                names = None  # noqa: PLW2901 - the reader says that it is empty or another file
            plans = [_compile(source, record_set, names) for record_set in record_sets]
            for chunk in chunks(members, GROUP_BYTES):
                yield plans, chunk


def _compile(source: Source, record_set: RecordSet, names: Sequence[str] | None) -> Plan:
    from twinmap.terms.facets import facets

    return compile_record_set(
        source.document,
        record_set,
        source=source.name,
        columns=names,
        params=source.params,
        facets=tuple(facets()),
    )


def _columns(record_set: RecordSet, file: InputFile) -> tuple[str, ...] | None:
    """The header of a CSV file, those that ``each`` makes apart; None for other formats."""
    header = columns.header(record_set, file)
    if header is None:
        return None
    if record_set.each is not None:
        return (*(f"^{name}" for name in header.names), ".")
    return header.names


def check_header(source: Source, record_set: RecordSet, file: InputFile, names: Sequence[str]) -> bool:
    """Refuse a file that lacks a column; True where it has none at all: that is another file, or empty.

    Raises:
        UsageError: With the findings (L01).
    """
    header = columns.Columns(file.name, tuple(name.lstrip("^") for name in names if name != "."))
    if columns.is_another(record_set, header):
        return True
    found = columns.check_columns(source.document, {record_set.name: header})
    wrong = [finding for finding in found if finding.severity is Severity.ERROR]
    if wrong:
        raise UsageError(f"the mapping {source.document.path} does not fit its data", findings=wrong)
    return False


def look_up_tables(duck: Duck, source: Source) -> None:
    """Load the look-up tables of a mapping as ``look_NAME`` with the key in ``_key``.

    Raises:
        UsageError: One cannot be used, as :func:`twinmap.mapping.lookups.read` says.
        InputOutputError: A file is missing.
    """
    beside = source.root.parent if source.root.is_file() else source.root
    for look in source.document.lookups.values():
        paths = safeio.matching(beside, look.files)
        if not paths and isinstance(source.binding.mapping, Path):
            paths = safeio.matching(source.binding.mapping.parent, look.files)
        if not paths:
            message = f"the look-up table {look.name} has no file {', '.join(look.files)}"
            advice = f"it is looked for in {beside}, then beside the mapping"
            raise registry.fault("TM-O01", message, where=look.span, help=advice)
        table = lookups.read(source.document, look, paths)
        cells = {name: ("VARCHAR", column) for name, column in table.columns.items() if name != lookups.KEY}
        duck.register(f"look_{look.name}", {lookups.KEY: ("VARCHAR", table.keys), **cells})


def make(
    duck: Duck,
    plans: Sequence[Plan],
    files: Sequence[InputFile],
    context: Context,
    folder: Path,
    stem: str,
    workers: Workers,
) -> list[Made]:
    """Read a group of files and make the statements of each plan, with books and findings."""
    staged = stage(duck, files, [plan.request for plan in plans], folder, stem, workers)
    return [
        _make(duck, plan, item, context, folder, f"{stem}-{number}", first=number == 0)
        for number, (plan, item) in enumerate(zip(plans, staged, strict=True))
    ]


def _make(
    duck: Duck, plan: Plan, staged: Staged, context: Context, folder: Path, stem: str, *, first: bool
) -> Made:
    """Make the statements of one plan; what the reader set aside is told by the ``first`` of a reading."""
    if not first and not duck.value(f"SELECT count(*) FROM {staged.scan}"):
        return _none(plan, staged)
    applied = apply(duck, plan, staged, context, folder, stem)
    gone = books.aside(duck, applied, folder, stem)
    tell_once(duck, applied, gone, context, folder, stem)
    book = books.count(duck, applied, gone, folder / f"{stem}-fates.parquet")
    findings = [
        *(issues.of_reader(applied, told=not first)),
        *(issues.of_files(applied) if first else ()),
        *issues.of_statements(duck, applied),
        *issues.unclaimed(duck, applied, gone),
        *misses(duck, applied),
    ]
    made = Made(applied, gone, book, findings, list(staged.set_aside) if first else [])
    if gone is not None:
        raw = _raw(duck, gone, plan)
        made.quarantined += raw
        books.check_quarantine(book, raw)
    for path in staged.paths:
        path.unlink()
    return made


def _none(plan: Plan, staged: Staged) -> Made:
    """What becomes of no record: of the record sets of a ready-made mapping most files have but some."""
    applied = Applied(staged, plan)
    for path in staged.paths:
        path.unlink()
    return Made(applied, None, books.none(applied), list(issues.of_reader(applied, told=True)), [])


def _raw(duck: Duck, gone: Path, plan: Plan) -> list[SetAside]:
    """The records that were set aside, as JSON of the fields that were read, by their references."""
    paths = {"_part": "_part"} | {item.name: item.path for item in plan.request.fields}

    def named(raw: str) -> str:
        rows = (
            {paths[name]: value for name, value in row.items() if name in paths and value not in (None, "")}
            for row in json.loads(raw)
        )
        return json.dumps(list(rows), ensure_ascii=False)

    rows = duck.rows(
        "SELECT a.file, a.record, min(r._line), a.part, a.code, to_json(list(r)) FROM "
        f"read_parquet({quoted(str(gone))}) a JOIN records r ON r._file = a.file AND r._record = a.record "
        "AND r._part = a.part GROUP BY a.file, a.record, a.part, a.code ORDER BY ALL"
    )
    return [
        SetAside(file, record, line, part, code, "", named(raw))
        for file, record, line, part, code, raw in rows
    ]
