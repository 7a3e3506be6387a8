"""Load the mappings, find the files and give each its number."""

from __future__ import annotations

from pathlib import Path

from twinmap import safeio
from twinmap.engine import sources
from twinmap.errors import UsageError
from twinmap.mapping import inputs
from twinmap.model import InputFile
from twinmap.steps.state import Run


def open_sources(state: Run) -> None:
    """Load the mappings, find the files and give each its number."""
    from twinmap.terms.concepts import catalogue

    concepts = catalogue(state.project.concepts)
    for binding in state.project.bindings:
        source, findings = sources.open_source(binding, concepts)
        if any(other.name == source.name for other in state.sources):
            raise UsageError(f'two sources are called "{source.name}"', help="give one of them a name:")
        state.sources.append(source)
        # Of a unit that is read as another one, the data says how often.
        state.findings += [finding for finding in findings if finding.code not in {"TM-U01", "TM-U13"}]
    for source in state.sources:
        _find(state, source)


def _find(state: Run, source: sources.Source) -> None:
    """Find the files of a source.

    Raises:
        InputOutputError: It has none, or one that is named is missing (O01).
    """
    found: dict[str, list[Path]] = {}
    for record_set in source.document.records:
        patterns = source.binding.files or record_set.files
        paths = found[record_set.name] = sources.files_of(source, record_set)
        note = inputs.below(source.root, patterns, paths)
        state.notes += [note] if note and note not in state.notes else []
        for path in paths:
            _take(state, source, path)
    if not any(found.values()):
        named = source.binding.files or tuple(
            dict.fromkeys(name for record_set in source.document.records for name in record_set.files)
        )
        where = "where its data is: --source PATH" if source.binding.data is None else None
        raise inputs.nothing_fits(source.name, source.root, named or ("*",), where)


def _take(state: Run, source: sources.Source, path: Path) -> None:
    if path not in state.inputs:
        safeio.regular_file(path)
        number = len(state.inputs) + 1
        state.inputs[path] = InputFile(number, path, path.name)
        state.stamps[path] = stamp(path)
        state.hashes[path] = safeio.sha256(path)
    owners = state.owners.setdefault(state.inputs[path].number, [])
    if source.name not in owners:
        owners.append(source.name)


def stamp(path: Path) -> tuple[int, int]:
    """Size and time of change of a file, to see whether it changes while it is read."""
    found = path.stat()
    return found.st_size, found.st_mtime_ns
