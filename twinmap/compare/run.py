"""Compare what the sources of a run mean: signatures, their relations, the events that they share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from twinmap.compare import agreement, pairing, rows, signature
from twinmap.compare import events as shared_events
from twinmap.compare import pairs as paired_signatures
from twinmap.compare.density import Density, densities
from twinmap.sqltext import quoted
from twinmap.terms.concepts import Catalogue

if TYPE_CHECKING:
    from twinmap.engine.duck import Duck


@dataclass(frozen=True)
class Compared:
    """What a comparison gave; all but signatures and pairs are by pair of sources and concept."""

    signatures: tuple[signature.Signature, ...] = ()
    pairs: tuple[paired_signatures.Pair, ...] = ()
    events: tuple[shared_events.SameEvents, ...] = ()
    lags: tuple[shared_events.Lags, ...] = ()
    agreements: tuple[agreement.Agreement, ...] = ()
    densities: Mapping[tuple[str, str, str], Density] = field(default_factory=dict)

    def relations(self, explain: rows.Explain) -> list[rows.Row]:
        """The lines of ``relations.jsonl``, see :class:`twinmap.renderers.Report`.

        Args:
            explain: The finding code whose page tells of a difference.
        """
        return rows.relation_rows(self.pairs, self.events, explain)

    @cached_property
    def agreement(self) -> list[rows.Row]:
        """The lines of ``agreement.jsonl``; where there are numbers, with the grid of a plot."""
        found = agreement.agreement_rows(self.agreements)
        for row, item in zip(found, self.agreements, strict=True):
            grid = self.densities.get((item.source_a, item.source_b, item.group))
            if grid is not None and item.signatures is None and item.measured is not None:
                row["density"] = rows.density_row(grid)
        return found

    @cached_property
    def concepts(self) -> list[rows.Row]:
        """The ``concepts`` of the report."""
        return rows.concept_rows(self.signatures)


def run(duck: Duck, tables: Mapping[str, Path], catalogue: Catalogue) -> Compared:
    """Compare the sources of published statement tables, within one patient wherever values are compared.

    Leaves in ``duck`` the tables that the checks read: ``k_sig``, ``k_line``, ``k_pair`` and the view
    ``observed`` (the statements that stand, with the number of their signature).

    Args:
        duck: A connection.
        tables: The Parquet file of each kind of statement; only observations are compared.
        catalogue: The concepts of the run.
    """
    if "observation" not in tables:
        return Compared()
    signature.number(duck, f"read_parquet({quoted(str(tables['observation']))})")
    found = signature.signatures(duck, catalogue)
    pairs = list(paired_signatures.pairs(found))
    paired_signatures.register(duck, found, pairs)
    if not pairs:
        return Compared(tuple(found))
    both = paired_signatures.patients_both(duck)
    pairs = [replace(pair, patients_both=both.get((pair.a.number, pair.b.number), 0)) for pair in pairs]
    events, lags = shared_events.shared(duck, paired_signatures.series(found))
    routes = pairing.pair(duck, pairs, lags)
    agreements = agreement.agreements(duck, routes)
    return Compared(
        tuple(found), tuple(pairs), tuple(events), tuple(lags), tuple(agreements), densities(duck, routes)
    )
