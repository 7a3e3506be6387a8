"""Load the mappings, find the files and give each its number."""

from __future__ import annotations

from pathlib import Path

from twinmap import registry, safeio
from twinmap.engine import sources
from twinmap.errors import UsageError
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
        state.findings += findings
    for source in state.sources:
        for record_set in source.document.records:
            for path in sources.files_of(source, record_set):
                if path not in state.inputs:
                    safeio.regular_file(path)
                    number = len(state.inputs) + 1
                    state.inputs[path] = InputFile(number, path, path.name)
                    state.stamps[path] = stamp(path)
                    state.hashes[path] = safeio.sha256(path)
                state.owners.setdefault(state.inputs[path].number, [])
                if source.name not in state.owners[state.inputs[path].number]:
                    state.owners[state.inputs[path].number].append(source.name)
        if not any(source.name in owners for owners in state.owners.values()):
            message = f"{source.name} has no file: none of its names fits"
            advice = "name the file itself, or the folder that holds it"
            state.findings.append(registry.finding("TM-O05", message, sources=(source.name,), help=advice))


def stamp(path: Path) -> tuple[int, int]:
    """Size and time of change of a file, to see whether it changes while it is read."""
    found = path.stat()
    return found.st_size, found.st_mtime_ns
