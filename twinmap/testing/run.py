"""Runs the tests beside mappings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from twinmap import api, registry
from twinmap.diagnostics import Finding, Span
from twinmap.errors import InputOutputError, UsageError
from twinmap.mapping import load
from twinmap.mapping.ast import Document
from twinmap.mapping.named import Subject, each_once, has_tests, read_tests, subjects, tests_beside
from twinmap.terms.concepts import catalogue
from twinmap.testing import expect, given
from twinmap.testing.cases import Case, load_cases

#: The key of all tests: ids are no part of what a test may expect.
_KEY = "00" * 32
#: Families of findings that are about the mapping file or the folder, not about the record.
_ABOUT_FILES = frozenset("LOZ")


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of one test: it passed where there are no differences."""

    mapping: str
    name: str
    span: Span
    differences: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether all was as expected."""
        return not self.differences


def run_tests(named: Sequence[str | Path] | str | Path) -> Iterator[Result]:
    """Run the tests beside mappings, one after the other.

    Args:
        named: Mappings, their test files, ``builtin:NAME``, projects, or folders with mappings.

    Raises:
        UsageError: A mapping or a file of tests cannot be used, or there is no test at all.
        InputOutputError: A file is missing.
    """
    names = list(map(str, [named] if isinstance(named, str | Path) else named))
    found = [
        (subject, tests_beside(subject.mapping))
        for subject in each_once(subject for name in names for subject in subjects(name))
        if has_tests(subject.mapping)
    ]
    if not found:
        raise UsageError(
            f"no tests stand beside {', '.join(names)}", help="the tests of NAME.yaml are in NAME.test.yaml"
        )
    for subject, tests in found:
        yield from _run_file(subject, tests)


def _run_file(subject: Subject, tests: Path | Traversable) -> Iterator[Result]:
    known = catalogue(subject.concepts)
    loaded = load.load(subject.mapping, concepts=known)
    if loaded.document is None or not loaded.usable:
        raise UsageError(
            f"the mapping {registry.label(subject.mapping)} cannot be used", findings=loaded.findings
        )
    name = str(tests) if isinstance(tests, Path) else tests.name
    for case in load_cases(read_tests(tests), name):
        findings, rows = _run(case, subject, loaded.document)
        differences: list[str] = []
        if case.expect is not None:
            differences += expect.compare(case.expect, rows, known)
        if case.findings is not None:
            differences += expect.compare_findings(case.findings, _about_record(findings, case.findings))
        yield Result(subject.named, case.name, case.span, tuple(differences))


def _about_record(findings: Sequence[Finding], named: Sequence[str]) -> list[Finding]:
    # A record of one kind gives the shapes of the others nothing to match.
    about_others = {"TM-H02"}
    return [
        item
        for item in findings
        if item.code in named or not (item.code[3] in _ABOUT_FILES or item.code in about_others)
    ]


def _run(
    case: Case, subject: Subject, document: Document
) -> tuple[Sequence[Finding], Mapping[str, Sequence[expect.Row]]]:
    """The findings and the tables of a run on what is given; a run that is refused has only findings."""
    with TemporaryDirectory(prefix="twinmap-test-") as name:
        folder = Path(name)
        (folder / "data").mkdir()
        data = given.write(case, document, folder / "data")
        key = folder / "key"
        key.write_text(_KEY, encoding="ascii")
        project = folder / "twinmap.yaml"
        project.write_text(json.dumps(_project(case, subject, data)), encoding="utf-8")
        try:
            outcome = api.run(project, out=folder / "out", key_file=key, jobs=1)
        except (UsageError, InputOutputError) as error:
            if not error.findings:
                raise
            return error.findings, {}
        return outcome.findings, dict(_tables(outcome.out / "tables"))


def _project(case: Case, subject: Subject, data: Path) -> Mapping[str, Any]:
    mapping = subject.named
    if isinstance(subject.mapping, Path):
        mapping = str(subject.mapping.resolve())
    source = {"mapping": mapping, "data": str(data), "set": {**(subject.params or {}), **case.params}}
    source = {key: value for key, value in source.items() if value}
    concepts = [str(path.resolve()) for path in subject.concepts]
    return {"twinmap": "1", "sources": [source], **({"concepts": concepts} if concepts else {})}


def _tables(folder: Path) -> Iterator[tuple[str, Sequence[expect.Row]]]:
    import pyarrow.parquet as pq

    for path in sorted(folder.glob("*.parquet")):
        yield path.stem, pq.read_table(path).to_pylist()
