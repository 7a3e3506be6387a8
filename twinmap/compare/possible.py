"""Which values of a signature are possible at all: the hard limits of its concept, where they hold for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twinmap.compare.conversion import physical
from twinmap.terms.facets import duration_us

if TYPE_CHECKING:
    from twinmap.compare.signature import Signature

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


def possible(item: Signature, factor: float, shift: float) -> tuple[float | None, float | None]:
    """The lowest and the highest possible value; None where there is no limit.

    Args:
        item: The signature.
        factor: With ``shift`` the way from its unit to the one in which the limits are wanted.
        shift: What is added then.
    """
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
