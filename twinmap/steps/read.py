"""Read every source and make its statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from twinmap import registry
from twinmap.diagnostics import PLACES_KEPT, Finding, Place, merge
from twinmap.engine import issues, sources
from twinmap.engine.apply import Context
from twinmap.errors import InputOutputError
from twinmap.mapping import inputs
from twinmap.steps.open_sources import stamp
from twinmap.steps.state import Run


def read(state: Run) -> None:
    """Read every source and make its statements, one group of files after the other."""
    from twinmap.terms.concepts import catalogue
    from twinmap.terms.facets import facets

    context = Context(state.key, catalogue(state.project.concepts), tuple(facets()))
    for source in state.sources:
        before = len(state.findings)
        sources.look_up_tables(state.duck, source)
        files = {}
        for record_set in source.document.records:
            paths = sources.files_of(source, record_set)
            files[record_set.name] = [replace(state.inputs[path], siblings=tuple(paths)) for path in paths]
        for plans, group in sources.readings(source, files):
            stem = f"{len(state.made):04}"
            for made in sources.make(state.duck, plans, group, context, state.parts, stem, state.workers):
                state.made.append(made)
                state.findings += made.findings
                _stop_on_error(state, made)
            state.progress(sum(file.path.stat().st_size for file in group))
        own = [made for made in state.made if made.book.source == source.name]
        groups = [made.applied for made in own]
        state.findings[before:] = issues.judged(state.duck, groups, state.findings[before:])
        noted = list(issues.of_notes(groups))
        state.findings += noted
        _stop_where_nothing_is_readable(source.name, own, noted)
    state.findings += [*_changed(state), *_demo_key(state)]


def _changed(state: Run) -> list[Finding]:
    """O06 for every file that is not as it was when it was opened."""
    found = []
    for path, file in state.inputs.items():
        if not path.is_file() or stamp(path) != state.stamps[path]:
            message = f"{file.name} changed while it was read"
            owners = tuple(state.owners[file.number])
            place = Place(owners[0], file.name, 0)
            found.append(registry.finding("TM-O06", message, places=(place,), sources=owners))
    return found


def _demo_key(state: Run) -> list[Finding]:
    """Z01 where the key is the public one, and files do not lie with the examples."""
    known = registry.code("TM-Z01").module
    if state.key.id != known.DEMO or not state.project.selection.looks_for("TM-Z01"):
        return []
    examples = Path(state.key.origin).resolve().parent
    others = [file for path, file in state.inputs.items() if not path.resolve().is_relative_to(examples)]
    places = tuple(Place(state.owners[file.number][0], file.name, 0) for file in others[:PLACES_KEPT])
    return [registry.finding("TM-Z01", known.MESSAGE, places=places, count=len(others))] if others else []


def _stop_on_error(state: Run, made: sources.Made) -> None:
    if state.on_error == "stop" and made.quarantined:
        first = made.quarantined[0]
        raise InputOutputError(
            f"record {first.record:,} of file {first.file} cannot be used ({first.code}), and --on-error is stop",
            findings=merge(made.findings),
        )


def _stop_where_nothing_is_readable(
    source: str, groups: Sequence[sources.Made], noted: Sequence[Finding]
) -> None:
    """Fail where files of a source are not of its format (O04), and no record of it could be read."""
    said = [*noted, *(finding for made in groups for finding in made.findings)]
    strange = [finding for finding in said if finding.code == "TM-O04"]
    unreadable = sum(len({(a.file, a.record) for a in made.applied.staged.set_aside}) for made in groups)
    if strange and unreadable >= sum(sum(made.book.read.values()) for made in groups):
        staged = [(made.applied.plan.record_set.options.format, made.applied.staged.files) for made in groups]
        advice = inputs.advice(
            (file.path for _, files in staged for file in files), {name for name, _ in staged}
        )
        told = [replace(finding, help=advice or finding.help) for finding in strange]
        raise InputOutputError(f"nothing of {source} could be read", findings=merge(told))
