"""Compare what the sources mean: relations of signatures, the concepts seen, and every semantic check."""

from __future__ import annotations

from twinmap import checks
from twinmap.checks import explanations
from twinmap.compare import run as comparison
from twinmap.diagnostics import Span
from twinmap.mapping.ast import Group, Value
from twinmap.steps.state import Run


def compare(state: Run) -> None:
    """Fill ``relations`` and ``concepts``, and add the findings of the checks."""
    from twinmap.terms.concepts import catalogue

    concepts = catalogue(state.project.concepts)
    compared = comparison.run(state.duck, state.tables, concepts)
    state.relations = compared.relations(explanations.code)
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
    )
    state.findings += checks.run_semantic(context)


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
