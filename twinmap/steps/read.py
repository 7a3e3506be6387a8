"""Read every source and make its statements."""

from __future__ import annotations

from dataclasses import replace

from twinmap.diagnostics import merge
from twinmap.engine import sources
from twinmap.engine.apply import Context
from twinmap.errors import InputOutputError
from twinmap.steps.state import Run


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
        _stop_where_nothing_is_readable(state, source.name)


def _stop_on_error(state: Run, made: sources.Made) -> None:
    if state.on_error == "stop" and made.quarantined:
        first = made.quarantined[0]
        raise InputOutputError(
            f"record {first.record:,} of file {first.file} cannot be used ({first.code}), and --on-error is stop",
            findings=merge(made.findings),
        )


def _stop_where_nothing_is_readable(state: Run, source: str) -> None:
    """Fail where files of a source are not of its format (O04), and no record of it could be read."""
    made = [made for made in state.made if made.book.source == source]
    strange = [finding for item in made for finding in item.findings if finding.code == "TM-O04"]
    unreadable = sum(len({(a.file, a.record) for a in item.applied.staged.set_aside}) for item in made)
    if strange and unreadable >= sum(sum(item.book.read.values()) for item in made):
        raise InputOutputError(f"nothing of {source} could be read", findings=merge(strange))
