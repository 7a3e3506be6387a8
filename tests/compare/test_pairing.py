"""Pairs of events: against a slow and obvious pairing, and what is never done."""

from __future__ import annotations

import doctest
import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from twinmap.compare import events, pairing
from twinmap.compare.events import Lags
from twinmap.compare.pairing import Coverage, Route, Shift, pair
from twinmap.compare.run import Compared
from twinmap.engine.duck import Duck

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
#: Of the concept of systolic pressure.
WINDOW = 5 * MINUTE
START = 1_772_352_000_000_000

Said = dict[str, Any]
Compare = Callable[[Sequence[Said]], Compared]


def at(seconds: float, source: str = "a", value: float = 120.0, **said: Any) -> Said:
    return {"source": source, "start_us": START + round(seconds * SECOND), "value_num": value} | said


def paired(duck: Duck) -> list[tuple[str, str, str]]:
    """The pairs by the ids of their statements, and how they were found."""
    return duck.rows(
        "SELECT a.id, b.id, p.how::VARCHAR FROM paired p JOIN observed a ON hash(a.id) = p.ref_a "
        "JOIN observed b ON hash(b.id) = p.ref_b ORDER BY ALL"
    )


def pair_all(duck: Duck, found: Compared) -> list[Route]:
    return pair(duck, found.pairs, found.lags)


def test_examples() -> None:
    assert doctest.testmod(pairing).failed == 0


# --- against a slow pairing ---------------------------------------------------------------------------


def slowly(duck: Duck, rows: Sequence[Said]) -> set[tuple[str, str, str]]:
    """By the words of the module: device, then equal values of a second, then mutually nearest."""
    order = {f"o{number:05}": duck.value("SELECT hash(?)", [f"o{number:05}"]) for number in range(len(rows))}
    left = [row | {"id": f"o{number:05}"} for number, row in enumerate(rows)]
    found: set[tuple[str, str, str]] = set()

    def sides(twin: str) -> tuple[list[Said], list[Said]]:
        mine = [row for row in left if row["twin"] == twin]
        return [row for row in mine if row["source"] == "a"], [row for row in mine if row["source"] == "b"]

    def take(pairs: list[tuple[Said, Said, str]]) -> None:
        for a, b, how in pairs:
            found.add((a["id"], b["id"], how))
            left.remove(a)
            left.remove(b)

    for twin in sorted({row["twin"] for row in rows}):
        ours, theirs = sides(twin)
        fits = {}
        for a in ours:
            for b in theirs:
                device = a.get("device") is not None and a.get("device") == b.get("device")
                equal = abs(a["value_num"] - b["value_num"]) <= 1
                if a["start_us"] // SECOND == b["start_us"] // SECOND and (device or equal):
                    gap = abs(a["value_num"] - b["value_num"])
                    fits[a["id"], b["id"]] = (
                        (not device, not equal, gap),
                        a,
                        b,
                        "device" if device else "instant",
                    )
        best = []
        for (one, other), (rank, a, b, how) in fits.items():
            of_a = min((fits[k][0], order[k[1]]) for k in fits if k[0] == one)
            of_b = min((fits[k][0], order[k[0]]) for k in fits if k[1] == other)
            if of_a == (rank, order[other]) and of_b == (rank, order[one]):
                best.append((a, b, how))
        take(best)
        ours, theirs = (firsts(side, order) for side in sides(twin))
        take([
            (a, b, "nearest") for a in ours for b in theirs
            if abs(a["start_us"] - b["start_us"]) <= WINDOW
            and nearest(a, theirs) is b and nearest(b, ours) is a
        ])  # fmt: skip
    return found


def firsts(side: list[Said], order: dict[str, int]) -> list[Said]:
    times = {row["start_us"] for row in side}
    return [min((r for r in side if r["start_us"] == t), key=lambda r: order[r["id"]]) for t in sorted(times)]


def nearest(row: Said, others: list[Said]) -> Said | None:
    return min(others, key=lambda o: (abs(o["start_us"] - row["start_us"]), o["start_us"]), default=None)


@pytest.mark.parametrize("seed", range(8))
def test_pairs_are_those_of_the_slow_way(database: Duck, compare: Compare, seed: int) -> None:
    chance = random.Random(seed)
    crowded = seed % 2
    rows = [
        at(
            chance.choice(range(0, 200, 20)) + chance.choice([0, 0.4])
            if crowded
            else chance.randrange(40_000),
            chance.choice("ab"),
            float(chance.randrange(116, 124)),
            twin=chance.choice(["k2x", "kax", "k7x"]),
            device=chance.choice([None, "m1", "m2"]),
        )
        for _ in range(60)
    ]
    pair_all(database, compare(rows))
    found = paired(database)
    assert set(found) == slowly(database, rows)
    assert {how for *_, how in found} == ({*pairing.HOW} if crowded else {"nearest"})
    assert len({a for a, *_ in found}) == len({b for _, b, _ in found}) == len(found), (
        "never a statement twice"
    )


def test_neither_the_order_of_rows_nor_parts_nor_threads_change_pairs(
    database: Duck, compare: Compare, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(5)
    rows = [
        at(
            chance.randrange(9_000),
            chance.choice("abc"),
            float(chance.randrange(116, 124)),
            twin=twin,
            id=f"{twin}{n}",
        )
        for twin in ("k2x", "kax", "k7x", "kzx")
        for n in range(40)
    ]
    routes = pair_all(database, compare(rows))
    first = database.rows("SELECT * EXCLUDE (sig_a, sig_b) FROM paired ORDER BY ALL")
    assert {row[0] for row in first} == {0, 1, 2}, "three pairs of sources"
    monkeypatch.setattr(events, "AT_A_TIME", 40)
    monkeypatch.setattr(pairing, "AT_A_TIME", 40)
    database.run("SET threads = 1")
    again = pair_all(database, compare(rows[::-1]))
    assert database.rows("SELECT * EXCLUDE (sig_a, sig_b) FROM paired ORDER BY ALL") == first
    assert [item.coverage for item in again] == [item.coverage for item in routes]


# --- values, windows, signatures ------------------------------------------------------------------------


def test_values_stand_in_the_common_unit_with_the_precision_stated(database: Duck, compare: Compare) -> None:
    kilopascal = {"unit": "kPa", "unit_raw": "kPa", "value_decimals": 1}
    pair_all(database, compare([at(0, value=120.0), at(30, "b", 16.1, **kilopascal)]))
    va, vb, half_a, half_b, lag = database.rows("SELECT va, vb, half_a, half_b, lag_us FROM paired")[0]
    assert (va, lag) == (120.0, 30 * SECOND)
    assert vb == pytest.approx(120.76026)
    assert (half_a, half_b) == (pytest.approx(0.5, abs=1e-6), pytest.approx(0.3750319, abs=1e-6))


@pytest.mark.parametrize(("seconds", "pairs"), [(300, 1), (301, 0), (-300, 1)])
def test_the_window_of_the_concept_is_kept(
    database: Duck, compare: Compare, seconds: int, pairs: int
) -> None:
    (route,) = pair_all(database, compare([at(0), at(seconds, "b", 130.0)]))
    assert route.window_us == WINDOW
    assert route.coverage.pairs == pairs


def test_a_code_without_a_concept_is_paired_within_one_second_only(database: Duck, compare: Compare) -> None:
    about = {"code_system": "https://lab.example.org/", "code": "X1"}
    rows = [at(0, **about), at(0, "b", **about), at(100, **about), at(110, "b", 130.0, **about)]
    (route,) = pair_all(database, compare(rows))
    assert route.window_us is None
    assert paired(database) == [("o00000", "o00001", "instant")]


def test_a_retracted_statement_a_bound_and_a_day_are_no_events(database: Duck, compare: Compare) -> None:
    rows = [
        at(0), at(10, "b", 121.0), at(0, "b", status="entered-in-error"), at(1, "b", comparator="<"),
        at(2, "b", time_precision="day"),
    ]  # fmt: skip
    (route,) = pair_all(database, compare(rows))
    assert (route.coverage.events_a, route.coverage.events_b) == (1, 1)
    assert paired(database) == [("o00000", "o00001", "nearest")]


def test_what_cannot_be_compared_is_not_paired_and_hides_nobody(database: Duck, compare: Compare) -> None:
    """A mouth temperature under a code for the axilla contradicts itself; what is farther away is paired."""
    about = {"unit": "Cel", "unit_raw": "Cel", "canon_unit": "Cel", "value_decimals": 1}
    rows = [
        at(0, value=37.0, code="8310-5", **about),
        at(10, "b", 37.4, code="8328-7", site="tm:site-mouth", **about),
        at(60, "b", 37.9, code="8310-5", **about),
    ]
    found = compare(rows)
    assert "not-comparable" in {item.relation.relation for item in found.pairs}
    pair_all(database, found)
    assert paired(database) == [("o00000", "o00002", "nearest")]


def test_regressions_are_no_conversions(database: Duck, compare: Compare) -> None:
    """HbA1c by NGSP and by IFCC relate by a regression: their values are not in one unit."""
    rows = [at(0, value=6.5, code="4548-4", unit="%"), at(0, "b", 47.5, code="59261-8", unit="mmol/mol")]
    found = compare(rows)
    assert [item.relation.relation for item in found.pairs] == ["related"]
    assert pair_all(database, found) == []


# --- coverage, clocks -----------------------------------------------------------------------------------


def test_coverage_counts_both_sides(database: Duck, compare: Compare) -> None:
    rows = [
        at(0, twin="k2x"), at(9_000, twin="k2x"), at(20, "b", 121.0, twin="k2x"),
        at(0, twin="kax"), at(0, "b", twin="kbx"), at(100, "b", twin="kbx"),
    ]  # fmt: skip
    (route,) = pair_all(database, compare(rows))
    assert route.coverage == Coverage(
        events_a=3, events_b=3, events_a_both=2, events_b_both=1,
        patients_a=2, patients_b=2, patients_both=1, pairs=1, patients_paired=1,
    )  # fmt: skip


def varied(count: int, late: float, wobble: int = 0) -> list[Said]:
    """Values of one source that another tells later, a day apart so that no others meet."""
    chance = random.Random(3)
    rows = []
    for n in range(count):
        value, time = float(chance.randrange(90, 180)), n * 86_400
        rows += [at(time, value=value), at(time + late + chance.randint(-wobble, wobble), "b", value)]
    return rows


@pytest.mark.parametrize("hours", [1, -2])
def test_nothing_is_paired_over_a_zone(database: Duck, compare: Compare, hours: int) -> None:
    (route,) = pair_all(database, compare(varied(12, hours * 3_600)))
    assert route.shift == Shift("zone", hours * HOUR, equal=12, seen=12)
    assert database.value("SELECT count(*) FROM paired") == 0
    assert (route.coverage.events_a, route.coverage.events_b, route.coverage.pairs) == (12, 12, 0)


@pytest.mark.parametrize("late", [150, -1_240])
def test_nothing_is_paired_over_a_clock_that_is_wrong(database: Duck, compare: Compare, late: int) -> None:
    (route,) = pair_all(database, compare(varied(12, late, wobble=3)))
    assert route.shift == Shift("clock", late * SECOND, equal=12, seen=12)
    assert database.value("SELECT count(*) FROM paired") == 0


def test_seconds_between_clocks_are_no_shift(database: Duck, compare: Compare) -> None:
    (route,) = pair_all(database, compare(varied(12, 40)))
    assert route.shift is None
    assert route.coverage.pairs == 12


def test_times_that_vary_are_no_wrong_clock(database: Duck, compare: Compare) -> None:
    """Written down some minutes later: the same values, at no lag in particular."""
    (route,) = pair_all(database, compare(varied(30, 150, wobble=140)))
    assert route.shift is None
    assert route.coverage.pairs == 30


def test_a_value_that_hardly_changes_tells_no_clock(database: Duck, compare: Compare) -> None:
    rows = [at(n * 60, source) for n in range(60) for source in "ab"]
    (route,) = pair_all(database, compare(rows))
    assert route.shift is None
    assert route.coverage.pairs == 60


def test_hours_of_a_device_are_not_those_of_its_source() -> None:
    lags = Lags("a", "b", "heart-rate", 12, {1: 12})
    assert pairing.whole_hours(lags) == 1
    assert pairing.whole_hours(Lags("a", "b", "heart-rate", 12, {15: 12})) is None, (
        "no zones are so far apart"
    )
    assert pairing.whole_hours(Lags("a", "b", "heart-rate", 9, {1: 9})) is None
