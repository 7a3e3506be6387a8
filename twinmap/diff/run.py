"""Compare two sides, step by step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twinmap import checks
from twinmap.checks import explanations
from twinmap.compare import run as comparison
from twinmap.diagnostics import Finding, merge
from twinmap.diff import canonical, content, coverage, unite
from twinmap.diff.sides import Side
from twinmap.engine.duck import Duck
from twinmap.engine.identity import Twins
from twinmap.terms.concepts import Catalogue

Row = dict[str, Any]


@dataclass
class Difference:
    """Two sides and what is found of them, filled step by step."""

    sides: tuple[Side, Side]
    duck: Duck
    work: Path
    catalogue: Catalogue
    tables: dict[str, Path] = field(default_factory=dict)
    twins: Twins = field(default_factory=Twins)
    compared: comparison.Compared = field(default_factory=comparison.Compared)
    relations: list[Row] = field(default_factory=list)
    agreement: list[Row] = field(default_factory=list)
    concepts: list[Row] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    #: What both have, as :func:`to_json` tells it.
    told: Row = field(default_factory=dict)

    @property
    def equal(self) -> bool:
        """Whether both sides state the very same; of two graphs, all that they say."""
        graphs = self.told.get("graphs", {})
        return graphs.get("equal", True) and all(
            row["a"] == row["b"] == row["same"] for row in self.told["statements"]
        )

    def to_json(self) -> Row:
        """``diff.json``."""
        return {"sides": [_side(side) for side in self.sides], "equal": self.equal, **self.told}


def _side(side: Side) -> Row:
    row: Row = {"side": side.label, "name": side.name, "files": len(side.files)}
    return row | ({"unread": dict(side.unread)} if side.unread else {})


def compare_graphs(diff: Difference) -> None:
    """Whether two graphs are equal up to the labels of blank nodes and the order of their quads."""
    paths = [side.graph for side in diff.sides if side.graph is not None]
    if len(paths) < len(diff.sides):
        return
    digests = [canonical.digest(path, diff.work, diff.duck) for path in paths]
    diff.told["graphs"] = {"equal": digests[0].hash == digests[1].hash} | {
        side.label.lower(): {"quads": each.quads, "sha256": each.hash}
        for side, each in zip(diff.sides, digests, strict=True)
    }


def bring_together(diff: Difference) -> None:
    """Unite the statements and link the patients."""
    diff.tables, diff.twins = unite.unite(diff.duck, diff.sides, diff.work)


def count_same(diff: Difference) -> None:
    """Count the statements that are the very same, and what changed in others."""
    statements, changes = content.compare(diff.duck, diff.tables, diff.sides)
    diff.told |= {"statements": statements, "changes": changes}


def compare_meaning(diff: Difference) -> None:
    """Relate the signatures of both sides, and look at the statements of both as the checks do."""
    diff.compared = comparison.run(diff.duck, diff.tables, diff.catalogue)
    diff.relations = diff.compared.relations(explanations.code)
    diff.agreement = diff.compared.agreement
    diff.concepts = list(diff.compared.concepts)
    names = {
        unite.number(side, number): name for side in diff.sides for number, (name, _) in side.files.items()
    }
    context = checks.Context(diff.duck, diff.tables, diff.catalogue, diff.compared, names)
    diff.findings = merge(checks.run_semantic(context))


def count_covered(diff: Difference) -> None:
    """Count observations and patients of both sides, by concept, patient and month."""
    diff.told["concepts"] = (
        coverage.concepts(diff.duck, diff.compared) if "observation" in diff.tables else []
    )
    diff.told["patients"] = coverage.patients(diff.duck, diff.tables)
    diff.told["months"] = coverage.months(diff.duck, diff.tables)


#: A diff, in order.
STEPS: Sequence[Callable[[Difference], None]] = (
    compare_graphs,
    bring_together,
    count_same,
    compare_meaning,
    count_covered,
)

__all__ = ["STEPS", "Difference"]
