"""Checks mapping files and their tests without running them: each alone, and against the headers of data.

Nothing of this needs the engine: no database and no frame is imported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path

from twinmap import registry, safeio
from twinmap.diagnostics import Finding, merge
from twinmap.errors import UsageError
from twinmap.formats import csvdialect
from twinmap.mapping import load
from twinmap.mapping.ast import Document, Look, RecordSet
from twinmap.mapping.columns import Columns, check_columns, read_columns
from twinmap.mapping.named import Subject, each_once, has_tests, read_tests, subjects, tests_beside
from twinmap.mapping.project import is_tests, mapping_of
from twinmap.model import InputFile, Request
from twinmap.testing.cases import load_cases


@dataclass(frozen=True, slots=True)
class Linted:
    """How many mappings were checked, and what is wrong with them, in their order."""

    mappings: int
    findings: tuple[Finding, ...]


def check(named: Sequence[str | Path], *, against: Path | None = None) -> Linted:
    """Check mapping files.

    Args:
        named: Mapping files, files of tests, ``builtin:NAME``, projects, or folders: a project where they
            hold one, else all their mappings.
        against: Data whose headers the mappings are checked against: a file, or a folder where their
            files are looked for.

    Raises:
        InputOutputError: A file is missing or cannot be read.
        UsageError: There is no mapping, or no ready-made one of this name.
    """
    if against is not None and not against.is_dir():
        safeio.regular_file(against)
    findings: list[Finding] = []
    found: list[Subject] = []
    for name in dict.fromkeys(map(str, named)):
        if is_tests(Path(name)) and not mapping_of(Path(name)).exists():
            findings += _check_tests(Path(name))
            continue
        try:
            found += subjects(name)
        except UsageError as error:
            if not error.findings:
                raise
            findings += error.findings  # a project with something wrong in it
    found = each_once(found)
    for subject in found:
        findings += _check(subject, against)
    for tests in dict.fromkeys(tests_beside(item.mapping) for item in found if has_tests(item.mapping)):
        findings += _check_tests(tests)
    return Linted(len(found), tuple(merge(findings)))


def _check(subject: Subject, against: Path | None) -> list[Finding]:
    from twinmap.terms.concepts import catalogue

    loaded = load.load(subject.mapping, params=subject.params, concepts=catalogue(subject.concepts))
    findings = list(loaded.findings)
    if against is not None and loaded.document is not None:
        findings += check_headers(loaded.document, against)
    return findings


def _check_tests(path: Path | Traversable) -> list[Finding]:
    try:
        load_cases(read_tests(path), str(path) if isinstance(path, Path) else path.name)
    except UsageError as error:
        return list(error.findings)
    return []


# --- headers --------------------------------------------------------------------------------------


def check_headers(document: Document, data: Path) -> list[Finding]:
    """Check a mapping against the headers of its files below ``data`` (or of this one file).

    Only formats with a header have one (CSV); others have nothing to check before they are read.
    """
    lookups = {
        look.name: columns
        for look in document.lookups.values()
        if (columns := _look_up_header(look, data, Path(document.path).parent)) is not None
    }
    found: list[Finding] = []
    for record_set in document.records:
        for path in _files(record_set, data, only=len(document.records) == 1):
            columns = _header(record_set, path)
            if columns is None:
                continue
            if not read_columns(record_set).isdisjoint(columns.names):
                found += check_columns(document, {record_set.name: columns}, lookups=lookups)
            elif columns.names:
                message = f"{path.name} is not the table that the mapping reads: it has none of the columns"
                found.append(registry.finding("TM-O04", message, where=record_set.span))
    return found


def _files(record_set: RecordSet, data: Path, *, only: bool) -> list[Path]:
    if data.is_dir():
        return safeio.matching(data, record_set.files)
    fits = only or any(data.match(pattern) for pattern in record_set.files)
    return [data] if fits else []


def _header(record_set: RecordSet, path: Path) -> Columns | None:
    reader = registry.load("readers", record_set.options.format).READER
    layout = getattr(reader, "layout", None)
    if layout is None:
        return None
    request = Request(record_set.each, (), record_set.options)
    return Columns(path.name, layout(InputFile(1, path, path.name), request).header)


def _look_up_header(look: Look, *folders: Path) -> Columns | None:
    for path in _first_of(look.files, folders):
        row = next(csvdialect.records(path, "utf-8", "\t" if path.suffix == ".tsv" else ","), None)
        if isinstance(row, csvdialect.Row):
            return Columns(path.name, tuple(cell.strip() for cell in row.cells))
    return None


def _first_of(patterns: Iterable[str], folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        if folder.is_dir():
            yield from safeio.matching(folder, patterns)
