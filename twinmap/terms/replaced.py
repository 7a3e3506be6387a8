"""Deprecated LOINC codes that have one replacement (``ontologies/loinc/replaced.tsv``).

Not all that LOINC deprecated: those that clinical data is known to hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from twinmap.registry import shipped
from twinmap.terms._files import read_table


@cache
def _table() -> Mapping[str, str]:
    rows = read_table(shipped("ontologies") / "loinc" / "replaced.tsv")
    return {row["LOINC"]: row["MAP_TO"] for row in rows}


def replacement(code: str) -> str | None:
    """The LOINC code that took the place of a deprecated one; None where none is known.

    >>> replacement("2710-2"), replacement("59408-5")
    ('59408-5', None)
    """
    return _table().get(code)
