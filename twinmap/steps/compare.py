"""Compare what the sources mean: relations of signatures, the concepts seen, and every semantic check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twinmap import checks, registry
from twinmap.checks import explanations
from twinmap.compare import run as comparison
from twinmap.diagnostics import Span
from twinmap.mapping.ast import Group, Value
from twinmap.steps.state import Run

if TYPE_CHECKING:
    from twinmap.terms.store import Store


def compare(state: Run) -> None:
    """Fill ``relations`` and ``concepts``, add the findings of the checks, and note the terminology that was used."""
    from twinmap.terms.local import local_store

    with local_store() as store:
        _compare(state, store)


def _compare(state: Run, store: Store | None) -> None:
    from twinmap.terms.concepts import catalogue
    from twinmap.terms.local import informed, used

    concepts = catalogue(state.project.concepts)
    if store is not None:
        codes = checks.codes(state.duck, state.tables)
        concepts = informed(concepts, store, codes)
        state.terminology = used(store, {system for system, _ in codes if system})
    compared = comparison.run(state.duck, state.tables, concepts)
    state.relations = compared.relations(explanations.code)
    state.agreement = compared.agreement
    state.concepts = [dict(row) for row in compared.concepts]
    context = checks.Context(
        duck=state.duck,
        tables=state.tables,
        catalogue=concepts,
        compared=compared,
        files=state.names,
        patients=[made.applied.patients for made in state.made if made.applied.patients is not None],
        formats={made.book.source: made.applied.plan.record_set.options.format for made in state.made},
        spans=_spans(state),
        store=store,
        written={source.name: checks.Written(source.document, concepts, store) for source in state.sources},
    )
    state.findings += checks.run_semantic(context, state.project.selection.looks_for)
    found = {finding.code for finding in state.findings}
    state.told = context.told | {
        code.code: [code.module.rows(context)] for code in registry.codes_with("rows") if code.code in found
    }
    for written in context.written.values():
        state.findings += checks.run_written(written, only_without_data=True)


def _spans(state: Run) -> dict[tuple[str, str], Span]:
    """Where the mappings bind each slot of each rule; the slot "" is the rule itself."""
    found: dict[tuple[str, str], Span] = {}
    for made in state.made:
        for rule in made.applied.plan.rules:
            found[(rule.id, "")] = rule.statement.span
            for slot, value in rule.statement.slots.items():
                if isinstance(value, Value | Group):
                    found[(rule.id, slot)] = value.span
    return found
