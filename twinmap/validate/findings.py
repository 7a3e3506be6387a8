"""Findings of a validation: H01 for each group of results, H02 and the notes about the shapes."""

from __future__ import annotations

from typing import Any

from twinmap.diagnostics import Finding, Severity
from twinmap.registry import finding
from twinmap.validate.rdf import local_name, sh, short
from twinmap.validate.results import Group, Validation

#: Severities of SHACL; one that an author made up counts as an error.
_SEVERITY = {
    sh("Warning"): Severity.WARNING,
    sh("Info"): Severity.INFO,
    sh("Debug"): Severity.INFO,
    sh("Trace"): Severity.INFO,
}


def rule(group: Group) -> str:
    """What is broken: the shape, the component and the path."""
    return f"{group.name} {local_name(group.component)} {group.path or ''}".strip()


def violation(group: Group, **about: Any) -> Finding:
    """The finding H01 for one group of results.

    Args:
        group: Results of one shape, path and component.
        about: What the caller knows more: ``places``, ``sources``, ``concept`` … as in
            :class:`twinmap.diagnostics.Finding`.
    """
    details = {
        "component": short(group.component),
        "focus_nodes": len(group.focus),
        "focus_nodes_complete": group.focus_complete,
        "shape": group.shape.strip("<>"),
    }
    return finding(
        "TM-H01",
        f"not met: {group.message} ({group.name})",
        severity=_SEVERITY.get(group.severity, Severity.ERROR),
        rule=rule(group),
        count=group.count,
        details={**details, **about.pop("details", {})},
        **about,
    )


def about_validation(validation: Validation) -> list[Finding]:
    """What is to say about the validation itself: shapes that matched nothing, and its notes."""
    nothing = [
        finding(
            "TM-H02",
            f"the shape {short(shape)} matched nothing in the graph",
            rule=short(shape),
            help="check the spelling of its target, or add tm:mayMatchNothing true",
        )
        for shape, count in validation.targets.items()
        if count == 0 and shape not in validation.optional
    ]
    return [*nothing, *validation.notes]
