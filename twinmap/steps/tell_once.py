"""What a check tells of the very statements that break a shape of a concept is said in its words, and once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from twinmap.diagnostics import Finding
from twinmap.steps.state import Run

if TYPE_CHECKING:
    from twinmap.validate.results import Group

#: Families of codes that are about the value and the unit of a statement, as the shapes of concepts are.
_ABOUT_VALUES = ("TM-U", "TM-V", "TM-E", "TM-K")


def tell_once(state: Run) -> None:
    """Note in a finding H01 which codes tell of all of its statements; its count and severity stay."""
    if state.validation is None:
        return
    from twinmap.validate.findings import rule
    from twinmap.validate.rdf import SHAPES

    groups = {rule(group): group for group in state.validation.groups if group.shape.startswith(f"<{SHAPES}")}
    counts = state.project.selection.counts
    tests = {
        code: tests for code, tests in state.told.items() if code.startswith(_ABOUT_VALUES) and counts(code)
    }
    for index, finding in enumerate(state.findings):
        group = groups.get(finding.rule or "") if finding.code == "TM-H01" else None
        if group is not None and tests and (codes := _codes(state, group, tests)):
            state.findings[index] = _also(finding, codes)


def _codes(state: Run, group: Group, tests: dict[str, list[str]]) -> list[str]:
    """The codes that tell of the statements of a group; none where one of them is told by nobody."""
    stem = f"<{state.project.base}obs/"
    idents = [node.removeprefix(stem).rstrip(">") for node in group.focus if node.startswith(stem)]
    if not group.focus_complete or len(idents) < len(group.focus) or "observation" not in state.tables:
        return []
    state.duck.register("asked", {"ident": ("VARCHAR", idents)})
    flags = ", ".join(f"bool_or({' OR '.join(f'({test})' for test in each)})" for each in tests.values())
    rows = state.duck.rows(
        f"SELECT flags, count(*) FROM (SELECT id, [{flags}] AS flags FROM observed JOIN asked ON id = ident "
        "GROUP BY id) GROUP BY flags"
    )
    told = {code for flags, _ in rows for code, flag in zip(tests, flags, strict=True) if flag}
    complete = sum(count for _, count in rows) == len(idents) and all(any(flags) for flags, _ in rows)
    return sorted(told) if complete else []


def _also(finding: Finding, codes: list[str]) -> Finding:
    message = f"{finding.message}, as {' and '.join(codes)} {'say' if len(codes) > 1 else 'says'}"
    return replace(finding, message=message, details={**finding.details, "told_by": codes})


__all__ = ["tell_once"]
