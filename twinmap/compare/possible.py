"""Which values of a signature are possible at all: the hard limits of its concept, where they hold for them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from twinmap.compare.conversion import physical
from twinmap.terms.facets import duration_us

if TYPE_CHECKING:
    from twinmap.compare.pairs import Pair
    from twinmap.compare.signature import Signature
    from twinmap.engine.duck import Duck

#: The lowest and the highest; None where there is no limit.
Range = tuple[float | None, float | None]
DAY_US = 86_400_000_000
#: What a limit for values does not hold for.
_OTHER_SCALES = ("standard-deviation", "variance", "count")
#: A value at a limit, converted, may miss it by rounding.
SLACK = 1e-9


def is_value(item: Signature) -> bool:
    """Whether values are of the quantity itself: no spread, no count and no sum over more than a day."""
    over = item.word("over")
    length = duration_us(over) if over is not None else 0
    return item.word("statistic") not in _OTHER_SCALES and length is not None and length <= DAY_US


def possible_values(duck: Duck, pairs: Iterable[Pair]) -> dict[int, Range]:
    """The lowest and the highest possible value of each signature of some pairs, in the unit in which it is compared.

    Args:
        duck: A connection with the tables that :mod:`twinmap.compare.pairs` makes.
        pairs: Pairs whose values have such a unit.
    """
    lines = {sig: line for sig, *line in duck.rows("SELECT sig, factor, shift FROM k_line")}
    items = {side.number: side for each in pairs for side in (each.a, each.b)}
    return {number: _possible(item, *lines[number]) for number, item in items.items()}


def _possible(item: Signature, factor: float, shift: float) -> Range:
    limits = item.meaning.concept.limits if item.meaning.concept else None
    found = physical(item, item.unit, limits.unit) if limits is not None and is_value(item) else None
    if limits is None or found is None:
        return None, None
    low, high = (
        None if end is None else (end - found[1]) / found[0] * factor + shift
        for end in (limits.hard_low, limits.hard_high)
    )
    return (
        None if low is None else low - SLACK * abs(low),
        None if high is None else high + SLACK * abs(high),
    )
