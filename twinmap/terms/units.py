"""Units in clinical data: what a text means, and whether values may be converted.

The UCUM engine is :mod:`twinmap.terms.ucum`; rules for a single analyte (mass to moles) are in
:mod:`twinmap.terms.analytes`.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

from twinmap.terms.ucum import NotAffineError, affine, parse
from twinmap.terms.ucum_essence import essence
from twinmap.terms.unit_aliases import resolve
from twinmap.terms.unit_kinds import Kind, kind, same_kind
from twinmap.terms.unit_table import Alias, Resolution, aliases

__all__ = [
    "Alias",
    "Kind",
    "Resolution",
    "aliases",
    "base_unit",
    "factor_offset",
    "kind",
    "resolve",
    "same_kind",
]


def factor_offset(source: str, target: str) -> tuple[Fraction, Fraction] | None:
    """The exact ``(a, b)`` of ``y = a*x + b``, or None where a conversion of units alone is not right.

    None as well where the conversion is not linear (``[pH]``, ``B[V]`` to ``V``).

    Raises:
        UcumError: One of the units is not valid.
    """
    if not same_kind(source, target):
        return None
    try:
        return affine(source, target)
    except NotAffineError:
        return None


@lru_cache(maxsize=8192)
def base_unit(unit: str) -> str:
    """The unit to compare values in where nothing else is asked for: base units, and the unit of the kind.

    >>> base_unit("mmol/L"), base_unit("[degF]"), base_unit("dB[SPL]")
    ('mol.m-3', 'K', 'B[SPL]')

    Raises:
        UcumError: The unit is not valid.
    """
    parsed = parse(unit)
    if not parsed.is_affine:
        return next(part.atom for part in parsed.components if part.atom not in ("10*", "10^"))
    quantities = kind(unit).quantities
    rest = list(parsed.dimension)
    for name, power in quantities:
        for index, own in enumerate(parse(name).dimension):
            rest[index] -= own * power
    powers = [*quantities, *zip(essence().base, rest, strict=True), *parsed.arbitrary]
    return ".".join(code if power == 1 else f"{code}{power}" for code, power in powers if power) or "1"
