"""What a validation says: results, their groups, and what each shape was asked about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from twinmap.diagnostics import Finding
from twinmap.validate.rdf import Term


@dataclass(frozen=True, slots=True)
class Result:
    """One SHACL validation result; every term in N-Triples syntax.

    ``path`` is the predicate, or a property path in SPARQL syntax, and None for a node constraint.
    ``source_shape`` raised it, ``root_shape`` is the nearest shape around it that its author named.
    ``messages`` are those of the shape's author, filled by the engine: they may hold patient values.
    """

    focus: Term
    path: str | None
    value: Term | None
    severity: Term
    component: Term
    source_shape: Term
    root_shape: Term
    messages: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, ...]:
        """What two engines must agree on, and the order of results: all but the messages."""
        return (
            self.source_shape,
            self.component,
            self.path or "",
            self.focus,
            self.value or "",
            self.severity,
            self.root_shape,
        )


@dataclass(frozen=True, slots=True)
class Group:
    """All results of one shape, path and component: one cause, told once.

    ``message`` is made from the shape and holds no patient value. ``count`` is exact; ``focus`` has the
    distinct focus nodes in order of their appearance, at most as many as were asked to be kept.
    """

    shape: Term
    root_shape: Term
    path: str | None
    component: Term
    severity: Term
    name: str
    message: str
    count: int
    focus: tuple[Term, ...] = ()
    focus_complete: bool = True
    samples: tuple[Result, ...] = ()


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """The engine that ran, and why this one."""

    name: str
    version: str
    reason: str


@dataclass(frozen=True, slots=True)
class Validation:
    """The outcome of a validation; ``groups`` and ``total`` are exact, ``results`` are the first ones.

    ``targets`` counts the nodes that each targeted shape found (-1: its target is a query), ``optional``
    are those shapes that may find none. ``notes`` are findings about the validation itself (H03, H04,
    H06). ``whole_graph`` names the shapes that cannot be tested patient by patient, with the reason.
    """

    engine: EngineChoice
    groups: tuple[Group, ...]
    results: tuple[Result, ...]
    total: int
    targets: Mapping[Term, int]
    optional: frozenset[Term] = frozenset()
    notes: tuple[Finding, ...] = ()
    triples: int = 0
    shapes: int = 0
    whole_graph: Mapping[Term, str] = field(default_factory=dict)

    @property
    def conforms(self) -> bool:
        """True when there is no result of any severity, as SHACL defines it."""
        return self.total == 0
