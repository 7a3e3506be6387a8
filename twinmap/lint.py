"""Checks mapping files and their tests without running them: each alone, and against data.

No database and no frame is imported before data is given: then its first records are tried.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from twinmap import registry, safeio
from twinmap.diagnostics import Finding, Severity, merge
from twinmap.errors import UsageError
from twinmap.formats import csvdialect
from twinmap.mapping import inputs, load
from twinmap.mapping.ast import Document, Look
from twinmap.mapping.columns import Columns, check_columns, header, is_another
from twinmap.mapping.named import Subject, each_once, has_tests, read_tests, subjects, tests_beside
from twinmap.mapping.project import is_tests, mapping_of
from twinmap.model import InputFile
from twinmap.selection import Selection
from twinmap.testing.cases import load_cases


@dataclass(frozen=True, slots=True)
class Linted:
    """How many mappings were checked, and what is wrong with them, in their order.

    ``selection`` says what was looked for and how many findings were left out, as a report has it.
    """

    mappings: int
    findings: tuple[Finding, ...]
    selection: Mapping[str, Any] = field(default_factory=dict)


def check(
    named: Sequence[str | Path] | str | Path,
    *,
    against: str | Path | None = None,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
) -> Linted:
    """Check mapping files.

    Args:
        named: Mapping files, files of tests, ``builtin:NAME``, projects, or folders: a project where they
            hold one, else all their mappings.
        against: Data whose headers the mappings are checked against: a file, or a folder where their
            files are looked for.
        select: Codes of findings (``TM-L01``) or families (``L``): nothing else is looked for.
        ignore: Codes or families whose findings are counted and left out.

    Raises:
        InputOutputError: A file is missing or cannot be read, or no file of the data is one of theirs.
        UsageError: There is no mapping, no ready-made one of this name, or no such code.
    """
    chosen = Selection.of(select, ignore)
    named = [named] if isinstance(named, str | Path) else named
    against = Path(against) if against is not None else None
    if against is not None and not against.is_dir():
        safeio.regular_file(against)
    findings: list[tuple[Selection, Iterable[Finding]]] = []
    found: list[Subject] = []
    for name in dict.fromkeys(map(str, named)):
        if is_tests(Path(name)) and not mapping_of(Path(name)).exists():
            findings.append((chosen, _check_tests(Path(name))))
            continue
        try:
            found += subjects(name)
        except UsageError as error:
            if not error.findings:
                raise
            findings.append((chosen, error.findings))  # a project with something wrong in it
    found = [replace(each, selection=chosen.over(each.selection)) for each in each_once(found)]
    loaded = [(subject, _load(subject)) for subject in found]
    findings += ((subject.selection, each.findings) for subject, each in loaded)
    findings += _meaning(loaded, against)
    if against is not None:
        _some_file([each.document for _, each in loaded if each.document and each.usable], against)
        findings += ((subject.selection, _against(subject, each, against)) for subject, each in loaded)
    tested = {tests_beside(item.mapping): item for item in found if has_tests(item.mapping)}
    findings += ((item.selection, _check_tests(tests)) for tests, item in tested.items())
    same = all(item.selection == found[0].selection for item in found)
    return _linted(found, findings, found[0].selection if found and same else chosen)


def _linted(
    found: Sequence[Subject], findings: Iterable[tuple[Selection, Iterable[Finding]]], chosen: Selection
) -> Linted:
    """The findings that count, each as severe as its project wants it."""
    kept: list[Finding] = []
    left_out: dict[str, Counter[str]] = {}
    for selection, some in findings:
        counted, left = selection.apply(some)
        kept += counted
        for code, counts in left.items():
            left_out.setdefault(code, Counter()).update(counts)
    told = {code: dict(counts) for code, counts in sorted(left_out.items())}
    return Linted(len(found), tuple(merge(kept)), chosen.to_json() | {"left_out": told})


def _load(subject: Subject) -> load.Loaded:
    from twinmap.terms.concepts import catalogue

    return load.load(subject.mapping, params=subject.params, concepts=catalogue(subject.concepts))


def _meaning(
    loaded: Sequence[tuple[Subject, load.Loaded]], data: Path | None
) -> Iterator[tuple[Selection, list[Finding]]]:
    """What contradicts itself in what the mappings write: codes, units, facets, maps, look-up tables."""
    from twinmap import checks
    from twinmap.terms.concepts import catalogue
    from twinmap.terms.local import informed, local_store

    with local_store() as store:
        for subject, each in loaded:
            if each.document is None or _is_malformed(each):
                continue
            beside = subject.mapping.parent if isinstance(subject.mapping, Path) else None
            folders = tuple(path for path in (data, beside) if path is not None)
            written = checks.Written(each.document, catalogue(subject.concepts), store, folders)
            if store is not None:
                known = informed(
                    written.catalogue, store, ((seen.system, seen.code) for seen in written.codes)
                )
                written = replace(written, catalogue=known)
            wanted = subject.selection.looks_for
            yield subject.selection, checks.run_written(written, wanted=wanted)


def _is_malformed(loaded: load.Loaded) -> bool:
    """Whether something of its form is wrong: a slot that is misspelt is bound to nothing. Rows of a table are not."""
    errors = (item.code for item in loaded.findings if item.severity is Severity.ERROR)
    return any(code.startswith("TM-L") and code != "TM-L15" for code in errors)


def _against(subject: Subject, loaded: load.Loaded, data: Path) -> list[Finding]:
    """What the headers say, and where they fit, what the first records do."""
    if loaded.document is None:
        return []
    try:
        found = check_headers(loaded.document, data)
    except UsageError:
        if loaded.usable:
            raise
        return []  # its format, or the names of its files: that was told already
    given = subject.params or {}
    asked = (name for name, param in loaded.document.params.items() if param.default is None)
    wrong = any(finding.severity is Severity.ERROR for finding in found)
    if wrong or not loaded.usable or any(name not in given for name in asked):
        return found
    from twinmap.testing.sample import try_out  # the engine is loaded for this alone

    return [*found, *try_out(subject, data)]


def _some_file(documents: Sequence[Document], data: Path) -> None:
    """Refuse data where no mapping finds a file: nothing would be checked, and nothing found."""
    sets = [(document, record_set) for document in documents for record_set in document.records]
    if sets and not any(inputs.files(document, record_set, data) for document, record_set in sets):
        names = tuple(dict.fromkeys(name for _, record_set in sets for name in record_set.files))
        owners = ", ".join(dict.fromkeys(document.id for document, _ in sets))
        raise inputs.nothing_fits(owners, data, names or ("*",), None)


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
        for path in inputs.files(document, record_set, data):
            columns = header(record_set, InputFile(1, path, path.name))
            if columns is None:
                continue
            if not is_another(record_set, columns):
                found += check_columns(document, {record_set.name: columns}, lookups=lookups)
            elif columns.names:
                message = f"{path.name} is not the table that the mapping reads: it has none of the columns"
                found.append(registry.finding("TM-O04", message, where=record_set.span))
    return found


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
