"""Statistics of agreement against published worked examples, plain formulas, and simulation."""

from __future__ import annotations

import doctest
import math
import statistics
from collections.abc import Sequence

import numpy as np
import pytest

from twinmap.compare import bland_altman
from twinmap.compare.bland_altman import (
    Estimate,
    Sums,
    Variance,
    concordance,
    deviation,
    limits,
    mean,
    measured,
    slope,
    variance,
    verdict,
    verdict_of_pairs,
)
from twinmap.compare.quantiles import student

#: Peak expiratory flow (l/min) of 17 people by a Wright meter and a mini meter, first readings: Bland and Altman,
#: Lancet 1986;i:307-310, table 1.
WRIGHT = (494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427)
MINI = (512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451)

#: Cardiac output by radionuclide ventriculography and impedance cardiography of 12 people: Bland and Altman,
#: Stat Methods Med Res 1999;8:135-160, table 4, and J Biopharm Stat 2007;17:571-582, table 1.
OUTPUT = {
    1: ((7.83, 6.57), (7.42, 5.62), (7.89, 6.90), (7.12, 6.57), (7.88, 6.35)),
    2: ((6.16, 4.06), (7.26, 4.29), (6.71, 4.26), (6.54, 4.09)),
    3: ((4.75, 4.71), (5.24, 5.50), (4.86, 5.08), (4.78, 5.02), (6.05, 6.01), (5.42, 5.67)),
    4: ((4.21, 4.14), (3.61, 4.20), (3.72, 4.61), (3.87, 4.68), (3.92, 5.04)),
    5: ((3.13, 3.03), (2.98, 2.86), (2.85, 2.77), (3.17, 2.46), (3.09, 2.32), (3.12, 2.43)),
    6: ((5.92, 5.90), (6.42, 5.81), (5.92, 5.70), (6.27, 5.76)),
    7: ((7.13, 5.09), (6.62, 4.63), (6.58, 4.61), (6.93, 5.09)),
    8: ((4.54, 4.72), (4.81, 4.61), (5.11, 4.36), (5.29, 4.20), (5.39, 4.36), (5.57, 4.20)),
    9: ((4.48, 3.17), (4.92, 3.12), (3.97, 2.96)),
    10: ((4.22, 4.35), (4.65, 4.62), (4.74, 3.16), (4.44, 3.53), (4.50, 3.53)),
    11: ((6.78, 7.20), (6.07, 6.09), (6.52, 7.00), (6.42, 7.10), (6.41, 7.40), (5.76, 6.80)),
    12: ((5.06, 4.50), (4.72, 4.20), (4.90, 3.80), (4.80, 3.80), (4.90, 4.20), (5.10, 4.50)),
}
Pairs = Sequence[tuple[int, float, float]]


def summed(pairs: Pairs, origin: float = 0.0) -> Sums:
    """The sums of pairs (patient, A, B)."""
    patients = sorted({who for who, *_ in pairs})
    index = np.array([patients.index(who) for who, *_ in pairs])
    a, b = (np.array([each[side] for each in pairs], dtype=float) for side in (1, 2))
    d, s = b - a, a + b - 2 * origin
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(b / a)
    columns = (np.ones(len(a)), d, s, d * d, d * s, s * s, ratio, ratio * ratio)
    return Sums(*(np.bincount(index, column, len(patients)) for column in columns))


FLOW = [(who, wright, mini) for who, (wright, mini) in enumerate(zip(WRIGHT, MINI, strict=True))]
CARDIAC = [(who, impedance, nuclide) for who, pairs in OUTPUT.items() for nuclide, impedance in pairs]


def test_examples() -> None:
    assert doctest.testmod(bland_altman).failed == 0


# --- published ------------------------------------------------------------------------------------------


def test_peak_flow_of_1986() -> None:
    """The paper takes Wright minus mini: mean -2.1, SD 38.8, 95 % interval of the bias -22.0 to 17.8."""
    found = measured(summed([(who, mini, wright) for who, wright, mini in FLOW]))
    assert (round(found.differences.bias.value, 1), found.sd and round(found.sd.value, 1)) == (-2.1, 38.8)
    assert (round(found.differences.bias.low or 0, 1), round(found.differences.bias.high or 0, 1)) == (
        -22.0,
        17.8,
    )
    assert (found.sd_within, found.sd_between) == (None, None)


def test_concordance_of_peak_flow() -> None:
    """Lin's 1989 formula on these data gives 0.943 (Stata's concord, R's epiR)."""
    found = concordance(summed(FLOW))
    assert found is not None
    assert round(found.value, 3) == 0.943
    assert 0.84 < (found.low or 0) < 0.87
    assert 0.97 < (found.high or 0) < 0.985


def test_cardiac_output_of_2007() -> None:
    """Bias 0.6021667 and mean square within people 0.170714 (table 3); with the mean of their differences 0.7092361,
    and its variance 0.9126911, from the section where the true value is constant."""
    sums = summed(CARDIAC)
    found = variance(sums.n, sums.d, sums.dd)
    assert found is not None
    assert mean(sums.n, sums.d).value == pytest.approx(0.6021667, abs=5e-8)
    assert found.within == pytest.approx(0.170714, abs=5e-7)
    assert found.parts[0] == (pytest.approx(0.9126911, abs=1e-6), 11)
    assert statistics.fmean((sums.d / sums.n).tolist()) == pytest.approx(0.7092361, abs=5e-8)


def test_limits_of_zou() -> None:
    """Zou (2013), the first four of these people, true value changing: 0.7255, -2.14 (-9.83, -0.33), 3.59 (1.77, 11.27).

    Zou takes the mean of the people's means, and normal quantiles for it; four digits were printed of what he used.
    """
    sums = summed([each for each in CARDIAC if each[0] <= 4])
    found = variance(sums.n, sums.d, sums.dd)
    assert found is not None
    bias = statistics.fmean((sums.d / sums.n).tolist())
    reach = 1.959964 * math.sqrt(found.parts[0][0] / 4)
    lower, upper = limits(Estimate(bias, bias - reach, bias + reach), deviation(found))
    assert (lower.value, lower.low, lower.high) == pytest.approx((-2.14, -9.83, -0.33), abs=0.011)
    assert (upper.value, upper.low, upper.high) == pytest.approx((3.59, 1.77, 11.27), abs=0.011)


# --- plain formulas -------------------------------------------------------------------------------------


def test_equal_numbers_are_the_analysis_of_variance_of_2007() -> None:
    """sigma2 = (MS between - MS within) / m + MS within, for m pairs a person."""
    chance = np.random.default_rng(1)
    pairs = [(who, 0.0, shift + noise) for who in range(9) for shift in [chance.normal(0, 3)]
             for noise in chance.normal(0, 2, 5)]  # fmt: skip
    d = np.array([b for *_, b in pairs]).reshape(9, 5)
    within = d.var(axis=1, ddof=1).mean()
    between = 5 * d.mean(axis=1).var(ddof=1)
    found = variance(*(getattr(summed(pairs), name) for name in ("n", "d", "dd")))
    assert found is not None
    assert found.within == pytest.approx(within)
    assert found.between == pytest.approx((between - within) / 5)
    assert found.total == pytest.approx((between - within) / 5 + within)


def test_one_pair_each_is_the_ordinary_interval() -> None:
    sums = summed(FLOW)
    d = [mini - wright for _, wright, mini in FLOW]
    reach = student(0.975, 16) * statistics.stdev(d) / math.sqrt(17)
    found = mean(sums.n, sums.d)
    assert (found.value, found.low, found.high) == pytest.approx(
        (statistics.fmean(d), statistics.fmean(d) - reach, statistics.fmean(d) + reach)
    )


def test_patients_are_left_out_one_by_one() -> None:
    """Bias, slope and concordance by their definitions, over all pairs and over those without each person."""

    def of(pairs: Pairs) -> tuple[float, float, float]:
        a, b = (np.array([each[side] for each in pairs]) for side in (1, 2))
        ccc = 2 * np.cov(a, b, bias=True)[0, 1] / (a.var() + b.var() + (a.mean() - b.mean()) ** 2)
        return (b - a).mean(), np.polyfit((a + b) / 2, b - a, 1)[0], math.atanh(ccc)

    whole = np.array(of(CARDIAC))
    without = np.array([of([each for each in CARDIAC if each[0] != who]) for who in OUTPUT])
    error = np.sqrt(((without - whole) ** 2).sum(axis=0) * 11 / 12)
    low, high = whole - student(0.975, 11) * error, whole + student(0.975, 11) * error
    sums = summed(CARDIAC, origin=5.0)
    found = (mean(sums.n, sums.d), slope(sums), concordance(sums))
    for place, item in enumerate(found):
        turn = math.tanh if place == 2 else float
        assert item is not None
        assert (item.value, item.low, item.high) == pytest.approx(
            (turn(whole[place]), turn(low[place]), turn(high[place]))
        )


def test_ratios_are_told_where_the_bias_grows_with_the_mean() -> None:
    chance = np.random.default_rng(2)
    level = chance.uniform(50, 400, 60)
    pairs = [
        (who % 20, value, value * math.exp(0.1 + chance.normal(0, 0.02))) for who, value in enumerate(level)
    ]
    found = measured(summed(pairs), ratios=True)
    assert found.slope is not None
    assert found.slope.excludes(0.0)
    assert found.ratios is not None
    assert found.ratios.bias.value == pytest.approx(math.exp(0.1), abs=0.01)
    logs = [(who, 0.0, math.log(b / a)) for who, a, b in pairs]
    plain = measured(summed(logs)).differences
    assert found.ratios.upper is not None
    assert plain.upper is not None
    assert found.ratios.upper.value == pytest.approx(math.exp(plain.upper.value))
    assert measured(summed(pairs)).ratios is None
    steady = [(who % 20, value, value + chance.normal(5, 2)) for who, value in enumerate(level)]
    assert measured(summed(steady), ratios=True).ratios is None


# --- nothing to say -------------------------------------------------------------------------------------


def test_one_patient_says_nothing_of_others() -> None:
    found = measured(summed([(1, 100, 101), (1, 110, 113)]))
    assert found.differences.bias == Estimate(2.0)
    assert (found.sd, found.differences.lower, found.differences.upper) == (None, None, None)
    assert verdict(summed([(1, 100, 101), (1, 110, 113)]), 5, 8) == ("insufficient", "one patient")


def test_values_that_do_not_vary() -> None:
    found = measured(summed([(who, 100, 100) for who in range(12)]))
    assert found.differences.bias == Estimate(0.0, 0.0, 0.0)
    assert found.sd == Estimate(0.0, 0.0, 0.0)
    assert (found.slope, found.concordance) == (None, None)


def test_equal_values_that_vary_agree_in_full() -> None:
    found = measured(summed([(who, 100 + who, 100 + who) for who in range(12)]))
    assert found.concordance == Estimate(1.0)
    assert found.slope == Estimate(0.0, 0.0, 0.0)


def test_patients_who_differ_less_than_their_pairs_do() -> None:
    found = variance(np.array([2.0, 2.0]), np.array([0.0, 0.0]), np.array([2.0, 2.0]))
    assert found == Variance(1.0, 0.0, 2.0, ((0.0, 1), (1.0, 2)))


# --- the verdict ----------------------------------------------------------------------------------------


def made(bias: float, sd: float, people: int = 60, seed: int = 4) -> Sums:
    chance = np.random.default_rng(seed)
    return summed([(n % people, 120.0, 120.0 + d) for n, d in enumerate(chance.normal(bias, sd, 3 * people))])


@pytest.mark.parametrize(
    ("bias", "sd", "people", "wanted"),
    [
        (1, 5, 60, ("agree", "bias and sd within the margin")),
        (9, 5, 60, ("disagree", "bias beyond the margin")),
        (-9, 5, 60, ("disagree", "bias beyond the margin")),
        (1, 12, 60, ("disagree", "sd beyond the margin")),
        (5, 5, 60, ("insufficient", "the interval of the bias reaches beyond the margin")),
        (1, 8, 60, ("insufficient", "the interval of the sd reaches beyond the margin")),
    ],
)  # fmt: skip
def test_the_verdict(bias: float, sd: float, people: int, wanted: tuple[str, str]) -> None:
    assert verdict(made(bias, sd, people), 5.0, 8.0) == wanted


def test_a_margin_without_a_deviation() -> None:
    assert verdict(made(1, 12), 5.0, None) == ("agree", "bias within the margin")


def test_the_verdict_of_pairs() -> None:
    one = np.array([1.0])
    assert verdict_of_pairs(one, one, one) == ("insufficient", "one patient")
    few = np.ones(12)
    assert verdict_of_pairs(few, 0 * few, 0 * few) == ("agree", "limits of agreement within the margin")
    assert verdict_of_pairs(few, 2 * few, 4 * few) == ("disagree", "bias beyond the margin")
    scattered = np.array([-1.5, 1.5] * 6)
    assert verdict_of_pairs(few, scattered, scattered**2)[0] == "insufficient"


def test_agreement_of_pairs_is_told_at_the_margin_in_one_of_twenty() -> None:
    """The upper limit of agreement lies at the margin: 5 %, within the error of the simulation."""
    told = 0
    for seed in range(400):
        r = np.random.default_rng(seed).normal(1 - 1.959964 * 0.2, 0.2, 40)
        told += verdict_of_pairs(np.ones(40), r, r * r)[0] == "agree"
    assert abs(told / 400 - 0.05) <= 3 * math.sqrt(0.05 * 0.95 / 400)


def test_agreement_is_told_of_a_bias_at_the_margin_in_one_of_twenty() -> None:
    """The two one-sided tests at their border: 5 %, within the error of the simulation."""
    told = sum(verdict(made(5.0, 4.0, 12, seed), 5.0, None)[0] == "agree" for seed in range(400))
    assert abs(told / 400 - 0.05) <= 3 * math.sqrt(0.05 * 0.95 / 400)


# --- coverage by simulation -----------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "people"), [("one", 40), ("several", 40), ("unequal", 60), ("few", 12)])
def test_intervals_hold_what_they_should(name: str, people: int) -> None:
    """95 % of them, within the error of 300 draws and a known shortfall of three in a hundred.

    People differ by 4 and their pairs by 5; in ``unequal`` one of them has up to a third of all pairs.
    """
    chance = np.random.default_rng(11)
    draws, hits = 300, {"bias": 0, "sd": 0, "lower": 0, "upper": 0, "slope": 0}
    true = math.hypot(4, 5)
    wanted = {
        "bias": 1.0,
        "sd": true,
        "lower": 1 - 1.959964 * true,
        "upper": 1 + 1.959964 * true,
        "slope": 0.0,
    }
    for _ in range(draws):
        n = {
            "one": np.ones(people, int),
            "several": chance.integers(1, 9, people),
            "unequal": np.clip(chance.pareto(1.2, people) * 3, 1, 200).astype(int),
            "few": chance.integers(2, 6, people),
        }[name]
        who = np.repeat(np.arange(people), n)
        d = 1 + chance.normal(0, 4, people)[who] + chance.normal(0, 5, len(who))
        s = 2 * (chance.normal(0, 15, people)[who] + chance.normal(0, 5, len(who)))
        columns = (np.ones(len(who)), d, s, d * d, d * s, s * s)
        found = measured(Sums(*(np.bincount(who, column, people) for column in columns)))
        told = {"bias": found.differences.bias, "sd": found.sd, "lower": found.differences.lower,
                "upper": found.differences.upper, "slope": found.slope}  # fmt: skip
        for key, item in told.items():
            hits[key] += item is not None and not item.excludes(wanted[key])
    error = 3 * math.sqrt(0.95 * 0.05 / draws)
    for key, count in hits.items():
        assert 0.95 - 0.03 - error <= count / draws <= 0.95 + error, key
