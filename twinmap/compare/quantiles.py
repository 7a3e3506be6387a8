"""Quantiles of Student's t and of chi-squared, for whole degrees of freedom; the normal ones are Python's own.

Up to :data:`EXACT` degrees the distribution functions are finite sums (Abramowitz and Stegun, Handbook of
Mathematical Functions, 1964, 26.7.3-4 for t, 26.4.4-5 for chi-squared) that are inverted; above it the expansions
by powers of the degrees serve (26.7.5; Goldberg and Levine, Ann Math Stat 1946;17:216-225, for chi-squared).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from statistics import NormalDist

_NORMAL = NormalDist()
#: Degrees of freedom above which expansions serve; they agree there with the sums to nine digits.
EXACT = 1_000


def normal(p: float) -> float:
    """The quantile of the standard normal distribution.

    >>> round(normal(0.975), 6)
    1.959964
    """
    return _NORMAL.inv_cdf(p)


@cache
def student(p: float, df: int) -> float:
    """The quantile of Student's t.

    >>> round(student(0.975, 16), 3), round(student(0.975, 1), 3)
    (2.12, 12.706)
    """
    if p < 0.5:
        return -student(1 - p, df)
    guess = _student_expanded(normal(p), df)
    if df > EXACT:
        return guess
    high = max(guess, 1.0)
    while _student_below(high, df) < p:
        high *= 2
    return _inverted(lambda t: _student_below(t, df), p, 0.0, high)


@cache
def chi_squared(p: float, df: int) -> float:
    """The quantile of chi-squared.

    >>> round(chi_squared(0.95, 10), 3), round(chi_squared(0.025, 3), 3)
    (18.307, 0.216)
    """
    if df > EXACT:
        return _chi_squared_expanded(normal(p), df)
    high = df + 10.0
    while _chi_squared_below(high, df) < p:
        high *= 2
    return _inverted(lambda x: _chi_squared_below(x, df), p, 0.0, high)


def _inverted(below: Callable[[float], float], p: float, low: float, high: float) -> float:
    """Where a growing function is ``p``: by halves, until the ends are neighbours to 14 digits."""
    while high - low > 1e-14 * high:
        middle = (low + high) / 2
        if below(middle) < p:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _student_below(t: float, df: int) -> float:
    """P(T <= t) for t >= 0."""
    angle = math.atan2(t, math.sqrt(df))
    sine, square = math.sin(angle), math.cos(angle) ** 2
    odd = df % 2
    term = math.cos(angle) if odd else 1.0
    total = 0.0 if df == 1 else term
    for power in range(2 + odd, df - 1, 2):
        term *= square * (power - 1) / power
        total += term
    within = (angle + sine * total) * 2 / math.pi if odd else sine * total
    return 0.5 + within / 2


def _student_expanded(z: float, df: int) -> float:
    s = z * z
    terms = (
        z * (s + 1) / 4,
        z * ((5 * s + 16) * s + 3) / 96,
        z * (((3 * s + 19) * s + 17) * s - 15) / 384,
        z * ((((79 * s + 776) * s + 1482) * s - 1920) * s - 945) / 92160,
    )
    return z + math.fsum(term / float(df) ** power for power, term in enumerate(terms, 1))


def _chi_squared_below(x: float, df: int) -> float:
    """P(X <= x) for x >= 0."""
    root = math.sqrt(x)
    odd = df % 2
    term = root if odd else 1.0
    total = 0.0 if df == 1 else term
    for power in range(2 + odd, df - 1, 2):
        term *= x / power
        total += term
    density = math.exp(-x / 2)
    if odd:
        return math.erf(root / math.sqrt(2)) - math.sqrt(2 / math.pi) * density * total
    return 1 - density * total


def _chi_squared_expanded(z: float, df: int) -> float:
    s, root = z * z, math.sqrt(2.0)
    terms = (
        z * root,
        2 * (s - 1) / 3,
        z * (s - 7) / (9 * root),
        -((6 * s + 14) * s - 32) / 405,
        z * ((9 * s + 256) * s - 433) / (4860 * root),
    )
    return df + math.fsum(term * float(df) ** (0.5 - power / 2) for power, term in enumerate(terms))
