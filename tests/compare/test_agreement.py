"""Agreement from tables to plain data: the numbers of published pairs, strata, and what is not told."""

from __future__ import annotations

import doctest
import json
import math
import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from twinmap.compare import agreement
from twinmap.compare.agreement import Agreement, agreement_rows, agreements
from twinmap.compare.pairing import pair
from twinmap.compare.run import Compared
from twinmap.engine.duck import Duck

SECOND = 1_000_000
START = 1_772_352_000_000_000

Said = dict[str, Any]
Compare = Callable[[Sequence[Said]], Compared]


def found_in(duck: Duck, compared: Compared) -> list[Agreement]:
    return agreements(duck, pair(duck, compared.pairs, compared.lags))


def two(number: int, twin: str, a: float, b: float, lag: int = 30, **said: Any) -> list[Said]:
    """A value of A and one of B, some seconds later, an hour from the next."""
    start = START + number * 3_600 * SECOND
    about = {"twin": f"k{twin}x", "value_decimals": 2} | said
    return [
        about | {"source": "a", "value_num": a, "start_us": start, "id": f"a{number}{twin}"},
        about | {"source": "b", "value_num": b, "start_us": start + lag * SECOND, "id": f"b{number}{twin}"},
    ]


def normal(people: int, each: int, bias: float = 1.0, sd: float = 4.0, **said: Any) -> list[Said]:
    chance = random.Random(7)
    rows = []
    for who in range(people):
        for n in range(each):
            value = round(chance.gauss(120, 15), 2)
            rows += two(n, f"{who:02}", value, round(value + chance.gauss(bias, sd), 2), **said)
    return rows


def test_examples() -> None:
    assert doctest.testmod(agreement).failed == 0


# --- numbers ----------------------------------------------------------------------------------------------


def test_the_numbers_are_those_of_the_pairs(database: Duck, compare: Compare) -> None:
    """Sums of whole numbers in the database lose nothing: against plain arithmetic over the rows."""
    rows = normal(12, 7)
    (item,) = found_in(database, compare(rows))
    a, b = (np.array([row["value_num"] for row in rows[side::2]]) for side in (0, 1))
    d = b - a
    assert (item.pairs, item.patients, item.signatures, item.unit) == (84, 12, None, "mm[Hg]")
    assert item.measured is not None
    assert item.spread is not None
    means = d.reshape(12, 7).mean(axis=1)
    within = d.reshape(12, 7).var(axis=1, ddof=1).mean()
    ccc = 2 * np.cov(a, b, bias=True)[0, 1] / (a.var() + b.var() + d.mean() ** 2)
    assert item.measured.differences.bias.value == pytest.approx(d.mean(), rel=1e-9)
    assert item.measured.sd_within == pytest.approx(math.sqrt(within), rel=1e-9)
    assert item.measured.sd is not None
    assert item.measured.sd.value == pytest.approx(math.sqrt(means.var(ddof=1) + within * 6 / 7), rel=1e-9)
    assert item.measured.slope is not None
    assert item.measured.slope.value == pytest.approx(np.polyfit((a + b) / 2, d, 1)[0], rel=1e-8)
    assert item.measured.concordance is not None
    assert item.measured.concordance.value == pytest.approx(ccc, rel=1e-9)
    assert item.spread.median == pytest.approx(np.median(abs(d)))
    assert item.spread.p95 == pytest.approx(np.quantile(abs(d), 0.95))
    assert item.spread.within_margin == pytest.approx((abs(d) <= 5).mean())
    assert item.spread.within_precision == pytest.approx((abs(d) <= 0.01 + 1e-6).mean())
    assert item.spread.lag_us == (30 * SECOND,) * 3
    assert item.spread.how == {"device": 0, "instant": 0, "nearest": 84}


def test_units_are_converted_before_anything_is_summed(database: Duck, compare: Compare) -> None:
    rows = normal(12, 5)
    for row in rows[1::2]:
        row |= {"unit": "kPa", "value_num": row["value_num"] / 7.500615758456564, "value_decimals": 4}
    (item,) = found_in(database, compare(rows))
    (plain,) = found_in(database, compare(normal(12, 5)))
    assert item.unit == "mm[Hg]"
    assert item.measured is not None
    assert plain.measured is not None
    assert item.measured.differences.bias.value == pytest.approx(
        plain.measured.differences.bias.value, abs=0.01
    )


def test_a_concentration_whose_bias_grows_has_ratios(database: Duck, compare: Compare) -> None:
    about = {"code": "2345-7", "unit": "mg/dL", "unit_raw": "mg/dL", "canon_unit": "mg/dL"}
    chance = random.Random(1)
    rows = []
    for n in range(60):
        value = chance.uniform(60, 400)
        rows += two(
            n // 12, f"{n % 12:02}", round(value, 2), round(value * chance.gauss(1.1, 0.02), 2), **about
        )
    (item,) = found_in(database, compare(rows))
    assert item.measured is not None
    assert item.measured.ratios is not None
    assert item.measured.ratios.bias.value == pytest.approx(1.1, abs=0.02)
    assert (item.verdict, item.why) == ("agree", "limits of agreement within the margin")


@pytest.mark.parametrize(
    ("code", "unit", "low", "high", "error", "factor", "verdict"),
    [
        # Creatinine: 0.2 mg/dL up to 2 mg/dL, 10 % above.
        ("2160-0", "mg/dL", 0.7, 1.5, 0.05, 1, "agree"),
        ("2160-0", "mg/dL", 1, 1.5, 0.05, 1.3, "disagree"),
        ("2160-0", "mg/dL", 0.7, 1.2, 0.05, 1.1, "insufficient"),
        ("2160-0", "mg/dL", 5, 10, 0.2, 1, "agree"),
        ("2160-0", "mg/dL", 5, 10, 0.2, 1.15, "disagree"),
        # The margin is in mg/dL, the values are not.
        ("14682-9", "umol/L", 450, 900, 18, 1, "agree"),
        # Haemoglobin has a share of the value alone, potassium a difference alone.
        ("718-7", "g/dL", 8, 16, 0.1, 1, "agree"),
        ("718-7", "g/dL", 8, 16, 0.1, 0.95, "disagree"),
        ("718-7", "g/dL", 8, 16, 1, 1, "insufficient"),
        ("2823-3", "mmol/L", 3, 6, 0.1, 1, "agree"),
        ("2823-3", "mmol/L", 3, 6, 0.1, 1.1, "disagree"),
        # Ferritin has no margin.
        ("2276-4", "ng/mL", 20, 400, 5, 1, None),
    ],
)
def test_a_margin_of_every_pair(
    database: Duck, compare: Compare, code: str, unit: str, low: float, high: float,
    error: float, factor: float, verdict: str | None,
) -> None:  # fmt: skip
    about = {"code": code, "unit": unit, "unit_raw": unit, "canon_unit": unit}
    chance = random.Random(3)
    rows = []
    for n in range(600):
        value = round(chance.uniform(low, high), 4)
        other = factor * value + chance.gauss(0, error)
        rows += two(n // 60, f"{n % 60:02}", value, round(other, 4), **about)
    (item,) = found_in(database, compare(rows))
    assert item.verdict == verdict
    assert (item.margin is None) == (verdict is None)
    (row,) = agreement_rows([item])
    if item.margin is not None:
        d = np.array([row["value_num"] for row in rows[1::2]]) - (
            a := np.array([row["value_num"] for row in rows[::2]])
        )
        allowed = np.maximum(item.margin.each or 0, (item.margin.percent or 0) / 100 * (a + d / 2))
        if item.unit == unit:
            assert item.spread is not None
            assert item.spread.within_margin == pytest.approx((abs(d) <= allowed).mean())
        assert row["margin"].keys() == {"each", "percent", "unit", "source"}


def test_pressures_have_no_ratios(database: Duck, compare: Compare) -> None:
    rows = normal(12, 5)
    for row in rows[1::2]:
        row["value_num"] = round(1.2 * row["value_num"], 2)
    (item,) = found_in(database, compare(rows))
    assert item.measured is not None
    assert item.measured.slope is not None
    assert item.measured.slope.excludes(0.0)
    assert item.measured.ratios is None


@pytest.mark.parametrize("extreme", [1e15, 1e60])
def test_an_extreme_value_breaks_nothing(database: Duck, compare: Compare, extreme: float) -> None:
    """Of a spread, for which no limits hold: what is not possible is not paired."""
    rows = normal(12, 5, statistic="standard-deviation")
    rows[0]["value_num"] = extreme
    (item,) = found_in(database, compare(rows))
    assert item.measured is not None
    assert item.measured.differences.bias.value == pytest.approx(-extreme / 60, rel=1e-6)
    json.dumps(agreement_rows([item]), allow_nan=False)


def test_impossible_values_measure_no_agreement(database: Duck, compare: Compare) -> None:
    """A decimal point lost in one value of a hundred is TM-V01; it is no spread of the two sources."""
    rows = normal(12, 9)
    (clean,) = found_in(database, compare(rows))
    rows[0]["value_num"], rows[41]["value_num"] = 1210.0, -1.0
    (item,) = found_in(database, compare(rows))
    assert clean.measured is not None
    assert item.measured is not None
    assert clean.measured.sd is not None
    assert item.measured.sd is not None
    assert item.pairs == clean.pairs - 2
    assert item.measured.sd.value == pytest.approx(clean.measured.sd.value, rel=0.05)


def test_what_contradicts_itself_measures_no_agreement(database: Duck, compare: Compare) -> None:
    """Two values of one device and second are a conflict; the pairs of other moments are judged without it."""
    rows = normal(12, 9)
    before = found_in(database, compare(rows))
    rows += two(500, "00", 120.0, 180.0, lag=0, device="m1")
    (item,) = found_in(database, compare(rows))
    assert (item.pairs, item.measured) == (before[0].pairs, before[0].measured)


@pytest.mark.parametrize("extreme", [1e80, math.inf, math.nan])
def test_what_no_value_can_be_is_not_paired(database: Duck, compare: Compare, extreme: float) -> None:
    rows = normal(12, 5)
    rows[0]["value_num"] = extreme
    (item,) = found_in(database, compare(rows))
    assert item.pairs == 59
    json.dumps(agreement_rows([item]), allow_nan=False)


def test_the_digits_do_not_depend_on_order_threads_or_parts(
    database: Duck, compare: Compare, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = normal(12, 9) + [row | {"site": "tm:site-wrist"} for row in normal(14, 4)[1::2]]
    first = agreement_rows(found_in(database, compare(rows)))
    monkeypatch.setattr("twinmap.compare.pairing.AT_A_TIME", 50)
    database.run("SET threads = 1")
    assert agreement_rows(found_in(database, compare(rows[::-1]))) == first


# --- strata, verdict, what is not told --------------------------------------------------------------------


def test_two_signatures_are_told_apart(database: Duck, compare: Compare) -> None:
    """A cuff at the arm and a device at the wrist: alike together, and not each for itself."""
    arm = normal(12, 5, bias=3.0, sd=2.0)
    wrist = normal(12, 5, bias=-9.0, sd=2.0)
    for number, row in enumerate(wrist):
        row.update(id=f"w{number}", start_us=row["start_us"] + 40 * 3_600 * SECOND)
        row.update({"site": "tm:site-wrist"} if row["source"] == "b" else {})
    whole, *parts = found_in(database, compare(arm + wrist))
    assert (whole.signatures, whole.pairs, len(parts)) == (None, 120, 2)
    assert whole.relation == "a-broader", "the worst of both"
    assert sorted((item.relation, item.pairs, item.verdict) for item in parts) == [
        ("a-broader", 60, "disagree"),
        ("equivalent", 60, "agree"),
    ]
    assert sum(item.pairs for item in parts) == whole.pairs
    assert whole.coverage is not None
    assert all(item.coverage is None for item in parts)


@pytest.mark.parametrize(
    ("people", "each", "told"), [(10, 3, True), (29, 1, False), (9, 20, False), (30, 1, True)]
)
def test_a_few_patients_have_no_numbers(
    database: Duck, compare: Compare, people: int, each: int, told: bool
) -> None:
    """Fewer than 30 pairs or 10 patients: their numbers would be theirs."""
    (item,) = found_in(database, compare(normal(people, each)))
    assert (item.pairs, item.patients) == (people * each, people)
    (row,) = agreement_rows([item])
    assert ("bias" in row) is (item.measured is not None) is told
    if not told:
        assert row["verdict"] == "insufficient"
        assert row["why"] == "fewer than 30 pairs or 10 patients"


def test_over_clocks_apart_nothing_is_told_but_that(database: Duck, compare: Compare) -> None:
    rows = normal(12, 3, bias=0.0, sd=0.0, lag=7_200)
    (row,) = agreement_rows(found_in(database, compare(rows)))
    assert (row["pairs"], row["verdict"], row["why"]) == (0, "insufficient", "clocks are 2 h apart")
    assert row["shift"] == {"kind": "zone", "seconds": 7_200, "equal": 36, "seen": 36}
    assert row["coverage"]["events_only_b"] == 36
    assert "bias" not in row


def test_the_share_of_the_patient_with_most_pairs(database: Duck, compare: Compare) -> None:
    rows = normal(11, 3) + [row for n in range(40, 107) for row in two(n, "zz", 120.0, 121.0)]
    (item,) = found_in(database, compare(rows))
    assert item.largest == pytest.approx(0.67)


def test_a_row_begins_with_how_much_there_is(database: Duck, compare: Compare) -> None:
    rows = [*normal(12, 5), {"source": "a", "twin": "k9", "start_us": START}]
    (row,) = agreement_rows(found_in(database, compare(rows)))
    assert list(row) == [
        "concept", "source_a", "source_b", "relation", "pairs", "patients", "coverage", "largest_patient",
        "verdict", "why", "margin", "window_s", "how", "lag_s", "unit", "bias", "limits", "sd", "slope",
        "concordance", "absolute", "share",
    ]  # fmt: skip
    assert row["coverage"] == {
        "events_a": 61, "events_b": 60, "events_only_a": 1, "events_only_b": 0,
        "patients_only_a": 1, "patients_only_b": 0, "patients_both": 12, "patients_paired": 12,
    }  # fmt: skip
    assert row["margin"] == {"bias": 5.0, "sd": 8.0, "unit": "mm[Hg]", "source": "ISO 81060-2"}
    assert (row["verdict"], row["why"]) == ("agree", "bias and sd within the margin")
    assert (row["window_s"], row["lag_s"]) == (300, {"q1": 30.0, "median": 30.0, "q3": 30.0})
    assert row["bias"]["low"] < row["bias"]["value"] < row["bias"]["high"]
    assert json.loads(json.dumps(row, allow_nan=False)) == row
    assert "same" not in json.dumps(row)


def test_sources_without_a_pair_are_told(database: Duck, compare: Compare) -> None:
    rows = [{"source": "a", "twin": "k2x"}, {"source": "b", "twin": "kax"}]
    (row,) = agreement_rows(found_in(database, compare(rows)))
    assert (row["pairs"], row["patients"], row["verdict"]) == (0, 0, "insufficient")
    assert (row["coverage"]["patients_only_a"], row["coverage"]["patients_only_b"]) == (1, 1)


def test_of_several_signatures_the_one_with_most_pairs_is_told() -> None:
    def item(pairs: int, signatures: tuple[int, int] | None, group: str = "x") -> Agreement:
        return Agreement("a", "b", group, pairs, 10, signatures, "equivalent")

    found = [item(90, None), item(50, (1, 2)), item(40, (1, 3)), item(7, None, "y"), item(3, None, "z")]
    told = agreement.most_pairs(found, lambda each: each.pairs > 5)
    assert [(each.pairs, number) for each, number in told] == [(50, 2), (7, 1)]
