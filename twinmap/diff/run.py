"""Compare two sides, step by step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twinmap import checks
from twinmap.checks import explanations
from twinmap.compare import run as comparison
from twinmap.compare.pairs import Pair as Related
from twinmap.diagnostics import Finding, merge
from twinmap.diff import canonical, content, coverage, unite
from twinmap.diff.sides import Side
from twinmap.engine.crosswalk import Pair
from twinmap.engine.duck import Duck
from twinmap.engine.identity import Twins
from twinmap.model import RELATIONS
from twinmap.selection import Selection
from twinmap.terms.concepts import Catalogue
from twinmap.terms.local import informed, used

if TYPE_CHECKING:
    from twinmap.terms.store import Store

Row = dict[str, Any]


@dataclass
class Difference:
    """Two sides and what is found of them, filled step by step."""

    sides: tuple[Side, Side]
    duck: Duck
    work: Path
    catalogue: Catalogue
    selection: Selection = field(default_factory=Selection)
    #: The terminology that was loaded, if any, and the editions of it that answered.
    store: Store | None = None
    terminology: list[Row] = field(default_factory=list)
    #: Records that are one patient, beside those that a run linked.
    crosswalk: Sequence[Pair] = ()
    tables: dict[str, Path] = field(default_factory=dict)
    twins: Twins = field(default_factory=Twins)
    #: The statements that are not the same on both sides.
    apart: dict[str, Path] = field(default_factory=dict)
    relations: list[Row] = field(default_factory=list)
    agreement: list[Row] = field(default_factory=list)
    #: All observations of both, compared.
    compared: comparison.Compared = field(default_factory=comparison.Compared)
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
    diff.tables, diff.twins = unite.unite(diff.duck, diff.sides, diff.work, diff.crosswalk)


def ask_terminology(diff: Difference) -> None:
    """Take from the store what it knows of the codes of both sides, as a run does."""
    if diff.store is not None:
        codes = checks.codes(diff.duck, diff.tables)
        diff.catalogue = informed(diff.catalogue, diff.store, codes)
        diff.terminology = used(diff.store, {system for system, _ in codes if system})


def count_same(diff: Difference) -> None:
    """Count the statements that are the very same, and what changed in others."""
    told, diff.apart = content.compare(diff.duck, diff.tables, diff.sides, diff.work)
    diff.told |= told


def count_covered(diff: Difference) -> None:
    """Count observations and patients of both sides, by concept, patient and month, and how far values agree."""
    compared = diff.compared = comparison.run(diff.duck, diff.tables, diff.catalogue)
    diff.agreement = compared.agreement
    diff.told["concepts"] = coverage.concepts(diff.duck, compared) if "observation" in diff.tables else []
    diff.told["patients"] = coverage.patients(diff.duck, diff.tables)
    diff.told["months"] = coverage.months(diff.duck, diff.tables)


def compare_meaning(diff: Difference) -> None:
    """Relate the signatures of both sides, and look at the statements of both as the checks do.

    What both state alike is left out: it says the same, and a difference within a side is not one between the two.
    """
    compared = diff.compared
    if diff.apart.get("observation") != diff.tables.get("observation"):
        compared = comparison.run(diff.duck, diff.apart, diff.catalogue)
    compared = _nearest(compared)
    diff.relations = compared.relations(explanations.code)
    diff.concepts = list(compared.concepts)
    apart = {item.group for item in compared.signatures}
    for row in diff.told["concepts"]:
        row["the_same"] = row["concept"] not in apart
    names = {
        unite.number(side, number): name for side in diff.sides for number, (name, _) in side.files.items()
    }
    if not diff.apart:
        return
    context = checks.Context(diff.duck, diff.apart, diff.catalogue, compared, names, store=diff.store)
    found = merge(checks.run_semantic(context, diff.selection.looks_for))
    one, other = ({sha for _, sha in side.files.values()} for side in diff.sides)
    # What both read from one file came by no second route.
    diff.findings = [item for item in found if item.code != "TM-D02" or one.isdisjoint(other)]


def _nearest(compared: comparison.Compared) -> comparison.Compared:
    """Each signature beside those of the other side that are nearest to it in meaning, and where values conflict.

    What is further off differs from it within the other side too: kilograms that are measured and pounds that are
    reported, where both sides have both.
    """
    near: dict[tuple[str, int], tuple[int, int]] = {}
    for pair in compared.pairs:
        for end in (pair.a, pair.b):
            key = pair.group, end.number
            near[key] = max(near.get(key, (-1, 0)), _nearness(pair))
    clashes = {numbers for item in compared.events for numbers in item.clashes}
    kept = (
        pair
        for pair in compared.pairs
        if any(near[pair.group, end.number] == _nearness(pair) for end in (pair.a, pair.b))
        or (pair.a.number, pair.b.number) in clashes
    )
    return replace(compared, pairs=tuple(kept))


def _nearness(pair: Related) -> tuple[int, int]:
    """The better the relation and the fewer facets differ, the higher."""
    found = pair.relation
    return RELATIONS.index(found.relation), -sum(item.a != item.b for item in found.facets)


#: A diff, in order.
STEPS: Sequence[Callable[[Difference], None]] = (
    compare_graphs,
    bring_together,
    ask_terminology,
    count_same,
    count_covered,
    compare_meaning,
)

__all__ = ["STEPS", "Difference"]
