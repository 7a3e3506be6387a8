"""How the pairs of a route spread: counts on a grid of mean and difference, for a Bland-Altman plot.

A cell with pairs of fewer than :data:`FEWEST` patients is left out: it would show values of patients.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from twinmap.compare.pairing import Route

if TYPE_CHECKING:
    from twinmap.engine.duck import Duck

#: Patients whose pairs a cell needs.
FEWEST = 3
#: Cells across and up, the finest first; a coarser grid is taken where too much would be left out.
_GRIDS = ((36, 24), (18, 12), (12, 8), (6, 4))
#: The share of the pairs that a grid should show.
_SHOWN = 0.9
#: What the grid spans: all but the outermost thousandth at each end.
_ENDS = (0.001, 0.999)


@dataclass(frozen=True, slots=True)
class Density:
    """Counts of pairs: ``cells`` are ``(column, row, count)`` of a ``grid`` of so many, row 0 at the lowest difference.

    ``mean`` and ``difference`` are the ends of the grid in the common unit, ``left_out`` the pairs in cells of
    few patients and beyond the ends.
    """

    grid: tuple[int, int]
    mean: tuple[float, float]
    difference: tuple[float, float]
    cells: tuple[tuple[int, int, int], ...]
    left_out: int


def densities(duck: Duck, routes: Iterable[Route]) -> dict[tuple[str, str, str], Density]:
    """The grids by sources and concept, from the table ``paired``; none where there is nothing to show."""
    found = {}
    for route in routes:
        grid = _grid(duck, route.number)
        if grid is not None:
            found[route.source_a, route.source_b, route.group] = grid
    return found


def _grid(duck: Duck, route: int) -> Density | None:
    pairs = f"SELECT who, va / 2 + vb / 2 AS m, vb - va AS d FROM paired WHERE route = {route}"
    ends = ", ".join(map(str, _ENDS))
    total, means, differences = duck.rows(
        f"SELECT count(*), quantile_cont(m, [{ends}]), quantile_cont(d, [{ends}]) FROM ({pairs})"
    )[0]
    if not total:
        return None
    mean, difference = (_widened(*each) for each in (means, differences))
    for grid in _GRIDS:
        cells = _cells(duck, pairs, grid, mean, difference)
        shown = sum(count for *_, count in cells)
        if shown >= _SHOWN * total:
            break
    return Density(grid, mean, difference, tuple(cells), total - shown) if cells else None


def _cells(
    duck: Duck, pairs: str, grid: tuple[int, int], mean: tuple[float, float], difference: tuple[float, float]
) -> list[tuple[int, int, int]]:
    column, row = (
        f"least(floor(({name} - {low!r}) / {(high - low)!r} * {count}), {count - 1})::INTEGER"
        for name, (low, high), count in zip("md", (mean, difference), grid, strict=True)
    )
    inside = f"m BETWEEN {mean[0]!r} AND {mean[1]!r} AND d BETWEEN {difference[0]!r} AND {difference[1]!r}"
    return [
        (x, y, count)
        for x, y, count in duck.rows(
            f"SELECT {column} AS x, {row} AS y, count(*) FROM ({pairs}) WHERE {inside} GROUP BY x, y "
            f"HAVING count(DISTINCT who) >= {FEWEST} ORDER BY x, y"
        )
    ]


def _widened(low: float, high: float) -> tuple[float, float]:
    """A little more than the ends, so that values on them are inside and the grid has a width."""
    more = (high - low) * 0.02 or max(abs(low), 1.0) * 0.02
    return low - more, high + more
