"""Which page tells of a difference: a finding code says it in ``TELLS``, one :class:`Difference` or several.

A code whose module has ``TELLS`` and no ``check`` is found by :func:`twinmap.checks.differences.differences`:
such a check is its page, its severity, what to do, and that one line.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from twinmap import registry
from twinmap.compare.relation import FacetComparison, Nature

#: One side is narrower than the other, whichever it is.
OPEN = "open"
_ONE_SIDED = {"narrower": OPEN, "broader": OPEN}


@dataclass(frozen=True, slots=True)
class Difference:
    """A way in which two sources differ: of one facet, or of every facet that no other code tells of.

    Args:
        facet: A facet, or a LOINC axis that no facet has a word for (``loinc-time``).
        relation: ``disjoint``, ``open`` (one side is the narrower), ``unknown`` or ``=``.
        nature: What else is known of the comparison.
        when: What else must hold of it; such a difference goes before one without a condition.
    """

    facet: str = ""
    relation: str = "disjoint"
    nature: Nature = Nature.PLAIN
    when: Callable[[FacetComparison], bool] | None = None


def told(code: registry.Code) -> tuple[Difference, ...]:
    """The differences that a code tells of."""
    tells = getattr(code.module, "TELLS", ())
    return (tells,) if isinstance(tells, Difference) else tuple(tells)


def code(item: FacetComparison) -> str | None:
    """The code whose page explains how two sources differ in a facet; None where there is nothing to explain.

    >>> code(FacetComparison("site", "tm:site-wrist", "tm:site-upper-arm", "disjoint"))
    'TM-F01'
    >>> code(FacetComparison("site", "tm:site-wrist", None, "narrower", nature=Nature.REQUIRED))
    'TM-M01'
    """
    relation = _ONE_SIDED.get(item.relation, item.relation)
    for facet in (item.facet, ""):
        for name, difference in _told().get((facet, relation, item.nature), ()):
            if difference.when is None or difference.when(item):
                return name
    return None


@cache
def _told() -> Mapping[tuple[str, str, Nature], Sequence[tuple[str, Difference]]]:
    """Code and difference by facet, relation and nature; first those that have a condition."""
    found: dict[tuple[str, str, Nature], list[tuple[str, Difference]]] = defaultdict(list)
    for each in registry.codes():
        for item in told(each):
            found[item.facet, item.relation, item.nature].append((each.code, item))
    return {key: sorted(items, key=lambda entry: entry[1].when is None) for key, items in found.items()}
