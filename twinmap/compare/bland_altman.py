"""Agreement of two methods from sums by patient: what is computed, from which source.

Pairs of one patient are alike, so whatever has an interval here has one that counts patients, not pairs.
Formulas and sources of each are in ``docs/agreement.md``. Sums are taken by ``math.fsum``, which rounds once:
no order of the patients and no machine changes a digit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from twinmap.compare.quantiles import chi_squared, normal, student

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: The confidence of intervals, and the share of pairs that lies within the limits of agreement.
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number and the ends of its interval, None where too few patients give no interval."""

    value: float
    low: float | None = None
    high: float | None = None

    def excludes(self, value: float) -> bool:
        """Whether the interval is known and a value lies outside.

        >>> Estimate(2.0, 1.0, 3.0).excludes(0.0), Estimate(2.0).excludes(0.0)
        (True, False)
        """
        return self.low is not None and self.high is not None and not self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Variance:
    """The variance of differences: of one pair of a patient taken at random, and its two parts.

    ``total = between + within``, but where the patients differ less than their pairs do: ``between`` is 0
    then. ``within`` and ``between`` are None where no patient has two pairs. ``parts`` are what ``total`` is the
    sum of, each with its degrees of freedom: the variance of the patients' means, and the share of ``within``
    that they do not hold.
    """

    total: float
    between: float | None
    within: float | None
    parts: tuple[tuple[float, int], ...]


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums over the pairs of each patient, one array each: ``d`` is B minus A, ``s`` is A plus B.

    ``l`` is log(B/A); None where a value is not positive. ``r`` is ``d`` over what a margin allows the pair; None
    where there is no such margin. ``s`` may be taken from any zero, ``origin`` is its value there.
    """

    n: NDArray[Any]
    d: NDArray[Any]
    s: NDArray[Any]
    dd: NDArray[Any]
    ds: NDArray[Any]
    ss: NDArray[Any]
    l: NDArray[Any] | None = None  # noqa: E741
    ll: NDArray[Any] | None = None
    r: NDArray[Any] | None = None
    rr: NDArray[Any] | None = None

    @property
    def patients(self) -> int:
        """How many patients there are."""
        return len(self.n)

    @property
    def pairs(self) -> int:
        """How many pairs there are."""
        return int(total(self.n))


def total(column: NDArray[Any]) -> float:
    """The sum of a column, rounded once."""
    return math.fsum(column.tolist())


# --- mean and variance ------------------------------------------------------------------------------


def _jackknife(value: float, without: NDArray[Any], level: float) -> tuple[float, float] | None:
    """The interval of a value by what it is without each patient: t with patients - 1 degrees of freedom.

    None where it is not known without one of them. Of a mean of patients who have one pair each it is the
    ordinary t interval.
    """
    patients = len(without)
    if patients < 2 or not all(map(math.isfinite, without.tolist())):
        return None
    apart = without - value
    error = math.sqrt(total(apart * apart) * (patients - 1) / patients)
    reach = student((1 + level) / 2, patients - 1) * error
    return value - reach, value + reach


def mean(n: NDArray[Any], x: NDArray[Any], level: float = LEVEL) -> Estimate:
    """The mean over pairs, its interval by leaving out each patient."""
    pairs, whole = total(n), total(x)
    if len(n) < 2:
        return Estimate(whole / pairs)
    ends = _jackknife(whole / pairs, (whole - x) / (pairs - n), level)
    return Estimate(whole / pairs, *(ends or ()))


def variance(n: NDArray[Any], x: NDArray[Any], xx: NDArray[Any]) -> Variance | None:
    """The variance of differences of Zou (2013) for unequal numbers of pairs a patient, the true value changing.

    With equal numbers it is that of Bland and Altman (2007). None where there is one patient, who says nothing
    of others.
    """
    pairs, patients = int(total(n)), len(n)
    if patients < 2:
        return None
    means = x / n
    apart = means - total(means) / patients
    of_means = total(apart * apart) / (patients - 1)
    if pairs == patients:
        return Variance(of_means, None, None, ((of_means, patients - 1),))
    within = max(0.0, total(xx - x * means)) / (pairs - patients)
    held = within * total(1 / n) / patients
    parts = ((of_means, patients - 1), (within - held, pairs - patients))
    return Variance(of_means + within - held, max(0.0, of_means - held), within, parts)


def deviation(found: Variance, level: float = LEVEL) -> Estimate:
    """The standard deviation of differences.

    The interval is that of a sum of mean squares (Graybill and Wang 1980), as Zou (2013) takes it.
    """
    below = above = 0.0
    for part, df in found.parts:
        below += (part * (1 - df / chi_squared((1 + level) / 2, df))) ** 2
        above += (part * (df / chi_squared((1 - level) / 2, df) - 1)) ** 2
    low = max(0.0, found.total - math.sqrt(below))
    return Estimate(math.sqrt(found.total), math.sqrt(low), math.sqrt(found.total + math.sqrt(above)))


def limits(bias: Estimate, sd: Estimate, share: float = LEVEL) -> tuple[Estimate, Estimate]:
    """The limits of agreement, with the intervals by variance estimates recovery (MOVER) of Zou (2013)."""
    z = normal((1 + share) / 2)
    low, high = bias.value - z * sd.value, bias.value + z * sd.value
    if bias.low is None or bias.high is None or sd.low is None or sd.high is None:
        return Estimate(low), Estimate(high)
    mean_below, mean_above = bias.value - bias.low, bias.high - bias.value
    sd_below, sd_above = z * (sd.value - sd.low), z * (sd.high - sd.value)
    return (
        Estimate(low, low - math.hypot(mean_below, sd_above), low + math.hypot(mean_above, sd_below)),
        Estimate(high, high - math.hypot(mean_below, sd_below), high + math.hypot(mean_above, sd_above)),
    )


# --- proportional bias, concordance -----------------------------------------------------------------


def slope(sums: Sums, level: float = LEVEL) -> Estimate | None:
    """How much the difference grows with the mean of both: least squares, the interval by leaving out each patient.

    None where all means are one.
    """
    columns = (sums.n, sums.d, sums.s, sums.ds, sums.ss)
    whole = [total(column) for column in columns]
    value = float(_slope(*whole))
    if math.isnan(value):
        return None
    ends = _jackknife(value, _slope(*_without(whole, columns)), level)
    return Estimate(value, *(ends or ()))


def _slope(n: Any, d: Any, s: Any, ds: Any, ss: Any) -> Any:
    """Of sums, or of arrays of them; nan where nothing varies. Half of ``s`` is the mean of both."""
    return _divided(2 * (n * ds - d * s), n * ss - s * s)


def concordance(sums: Sums, level: float = LEVEL) -> Estimate | None:
    """The concordance correlation of Lin (1989) over all pairs, its interval by leaving out each patient.

    None where neither side varies and both are equal. The interval is that of Fisher's z.
    """
    columns = (sums.n, sums.d, sums.s, sums.dd, sums.ss)
    whole = [total(column) for column in columns]
    value = float(_concordance(*whole))
    if math.isnan(value):
        return None
    import numpy as np

    with np.errstate(divide="ignore", invalid="ignore"):
        around = np.arctanh(_concordance(*_without(whole, columns)))
    ends = _jackknife(math.atanh(value), around, level) if abs(value) < 1 else None
    return Estimate(value, *map(math.tanh, ends or ()))


def _concordance(n: Any, d: Any, s: Any, dd: Any, ss: Any) -> Any:
    """Of sums, or of arrays of them; nan where nothing varies.

    2 cov(A, B) = (var(S) - var(D)) / 2 and var(A) + var(B) = (var(S) + var(D)) / 2.
    """
    bias = d / n
    spread, noise = ss / n - (s / n) ** 2, dd / n - bias**2
    return _divided(spread - noise, spread + noise + 2 * bias**2)


def _without(whole: list[float], columns: tuple[NDArray[Any], ...]) -> list[NDArray[Any]]:
    """The sums of all without each patient."""
    return [each - column for each, column in zip(whole, columns, strict=True)]


def _divided(one: Any, other: Any) -> Any:
    """A quotient; nan where a divisor is not positive."""
    import numpy as np

    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.asarray(other) > 0, np.divide(one, other), np.nan)


# --- all of it --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Limits:
    """Bias and limits of agreement, in the unit of the values, or as factors of A."""

    bias: Estimate
    lower: Estimate | None
    upper: Estimate | None


@dataclass(frozen=True, slots=True)
class Measured:
    """What the sums of some pairs say."""

    differences: Limits
    sd: Estimate | None
    sd_within: float | None
    sd_between: float | None
    slope: Estimate | None
    ratios: Limits | None
    concordance: Estimate | None


def measured(sums: Sums, *, ratios: bool = False) -> Measured:
    """Every statistic of some pairs.

    Args:
        sums: The sums by patient.
        ratios: Whether B over A is told as well, where the bias grows with the mean.
    """
    differences, found = _limits(sums.n, sums.d, sums.dd)
    grows = slope(sums)
    factors = None
    if ratios and sums.l is not None and sums.ll is not None and grows is not None and grows.excludes(0.0):
        factors = _factors(_limits(sums.n, sums.l, sums.ll)[0])
    return Measured(
        differences=differences,
        sd=None if found is None else deviation(found),
        sd_within=None if found is None else _root(found.within),
        sd_between=None if found is None else _root(found.between),
        slope=grows,
        ratios=factors,
        concordance=concordance(sums),
    )


def _limits(n: NDArray[Any], x: NDArray[Any], xx: NDArray[Any]) -> tuple[Limits, Variance | None]:
    bias, found = mean(n, x), variance(n, x, xx)
    if found is None:
        return Limits(bias, None, None), None
    return Limits(bias, *limits(bias, deviation(found))), found


def _factors(logs: Limits) -> Limits:
    def factor(item: Estimate) -> Estimate:
        ends = (None if end is None else math.exp(end) for end in (item.low, item.high))
        return Estimate(math.exp(item.value), *ends)

    lower, upper = (None if item is None else factor(item) for item in (logs.lower, logs.upper))
    return Limits(factor(logs.bias), lower, upper)


def _root(value: float | None) -> float | None:
    return None if value is None else math.sqrt(value)


def verdict(sums: Sums, bias: float, sd: float | None) -> tuple[str, str]:
    """Whether two sources agree within a margin, and why that is said: ``agree``, ``disagree``, ``insufficient``.

    Agreement is what has to be shown: two one-sided tests at 5 % for the bias, one for the standard deviation.
    Disagreement is told where the 95 % interval of one of them lies wholly beyond its margin.

    Args:
        sums: The sums by patient.
        bias: The largest bias, in the unit of the values.
        sd: The largest standard deviation of the differences; None where there is no such margin.
    """
    found = variance(sums.n, sums.d, sums.dd)
    if found is None:
        return "insufficient", "one patient"
    tests: Mapping[str, tuple[Estimate, Estimate, float]] = {
        "bias": (mean(sums.n, sums.d, 0.90), mean(sums.n, sums.d), bias),
        **({} if sd is None else {"sd": (deviation(found, 0.90), deviation(found), sd)}),
    }
    for name, (_, wide, margin) in tests.items():
        if wide.low is not None and wide.high is not None and (wide.low > margin or wide.high < -margin):
            return "disagree", f"{name} beyond the margin"
    for name, (narrow, _, margin) in tests.items():
        if narrow.low is None or narrow.high is None or narrow.low < -margin or narrow.high > margin:
            return "insufficient", f"the interval of the {name} reaches beyond the margin"
    return "agree", "bias and sd within the margin" if sd is not None else "bias within the margin"


def verdict_of_pairs(n: NDArray[Any], r: NDArray[Any], rr: NDArray[Any]) -> tuple[str, str]:
    """The verdict where a margin limits every pair: whether 95 % of all pairs are shown to lie within it.

    These are the limits of agreement, two one-sided tests at 5 %. Disagreement is told of the bias alone, where its
    95 % interval lies wholly beyond the margin: two samples of one patient scatter however well both are measured.

    Args:
        n: Pairs of each patient.
        r: Sums of the differences, each over what the margin allows its pair.
        rr: Sums of their squares.
    """
    found = variance(n, r, rr)
    if found is None:
        return "insufficient", "one patient"
    wide = mean(n, r)
    if wide.low is not None and wide.high is not None and (wide.low > 1 or wide.high < -1):
        return "disagree", "bias beyond the margin"
    low, high = limits(mean(n, r, 0.90), deviation(found, 0.90))
    if low.low is None or high.high is None or low.low < -1 or high.high > 1:
        return "insufficient", "the intervals of the limits of agreement reach beyond the margin"
    return "agree", "limits of agreement within the margin"
