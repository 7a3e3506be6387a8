"""Agreement of two sources on one concept: how far apart they tell one thing, and for how many that is known.

What is computed is in :mod:`twinmap.compare.bland_altman`; here the sums come from the database. Numbers of a few
patients would be numbers of those patients: there are none below :data:`FEWEST_PAIRS` and :data:`FEWEST_PATIENTS`.
Agreement of numbers never makes two measurements the same: the relation stands beside it and is decided elsewhere.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from twinmap.compare.bland_altman import Estimate, Limits, Measured, Sums, measured, verdict, verdict_of_pairs
from twinmap.compare.conversion import physical
from twinmap.compare.pairing import COMPARABLE, HOW, Coverage, Route, Shift
from twinmap.compare.pairs import Pair
from twinmap.terms.concepts import Margin

if TYPE_CHECKING:
    from twinmap.engine.duck import Duck

#: Pairs and patients without which nothing is said of how sources agree.
FEWEST_PAIRS, FEWEST_PATIENTS = 30, 10

#: Differences are summed as whole numbers of so many bits, so that no order of the rows changes a digit.
_BITS = 40
#: Logarithms of ratios, of which none exceeds 2**11, and differences over their margin, of which more than that
#: says no more.
_RATIO_SCALE, _RATIO_MOST = 2.0**30, 2.0**11


@dataclass(frozen=True, slots=True)
class Spread:
    """Of some pairs: quartiles of the lag of B after A in microseconds, and of |B - A| the median and the 95th percentile.

    ``within_margin`` is the share of pairs with ``|B - A|`` up to the bias that the concept's margin allows, or up to
    what it allows the pair; None without a margin; ``within_precision`` that of pairs that are equal as far as both
    are stated.
    """

    how: Mapping[str, int]
    lag_us: tuple[float, float, float]
    median: float
    p95: float
    within_margin: float | None
    within_precision: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """How two sources agree on a concept, in all their signatures or in two of them.

    Args:
        source_a: The first source by name.
        source_b: The other; differences are B minus A.
        group: The concept, or the CURIE of the code.
        pairs: How many pairs there are.
        patients: Of how many patients.
        signatures: Numbers of the two signatures; None for all of them together.
        relation: How the two relate, of several the worst.
        coverage: Events and patients of both sources; None for two signatures.
        largest: The share of the pairs that the patient with most of them has; 0 where there are none.
        window_us: How far apart in time a pair may be; None where only one second is taken.
        shift: Why nothing was paired, where clocks are apart.
        unit: The unit of all numbers, UCUM; None where no side states one.
        margin: How far they may differ, in ``unit``; None where the concept has none.
        verdict: ``agree``, ``disagree``, ``insufficient``; None where there is no margin to judge by.
        why: Why, in words.
        spread: Numbers of the pairs; None below the fewest.
        measured: Statistics; None below the fewest.
    """

    source_a: str
    source_b: str
    group: str
    pairs: int
    patients: int
    signatures: tuple[int, int] | None
    relation: str
    coverage: Coverage | None = None
    largest: float = 0.0
    window_us: int | None = None
    shift: Shift | None = None
    unit: str | None = None
    margin: Margin | None = None
    verdict: str | None = "insufficient"
    why: str = f"fewer than {FEWEST_PAIRS} pairs or {FEWEST_PATIENTS} patients"
    spread: Spread | None = None
    measured: Measured | None = None

    @property
    def between(self) -> tuple[str, str, str]:
        """The concept and the two sources."""
        return (self.group, self.source_a, self.source_b)


def most_pairs(found: Iterable[Agreement], test: Callable[[Agreement], bool]) -> list[tuple[Agreement, int]]:
    """Of every two sources and concept, the agreement with most pairs that passes a test, and how many pass it.

    Where sources have several signatures of a concept, these are asked and not all of them together.
    """
    items = list(found)
    parted = {item.between for item in items if item.signatures is not None}
    passed: dict[tuple[str, str, str], list[Agreement]] = defaultdict(list)
    for item in items:
        if (item.signatures is not None or item.between not in parted) and test(item):
            passed[item.between].append(item)
    return [(max(group, key=lambda item: item.pairs), len(group)) for group in passed.values()]


def agreements(duck: Duck, routes: Iterable[Route]) -> list[Agreement]:
    """How the sources agree, from the table ``paired`` of :func:`twinmap.compare.pairing.pair`.

    By concept and sources; the first of each is of all signatures together, then those of two signatures where
    there are several.
    """
    identity = {row[0] for row in duck.rows("SELECT sig FROM k_line WHERE factor = 1 AND shift = 0")}
    units: dict[str, str | None] = {}
    routes = list(routes)
    for each in (side for route in routes for pair in route.pairs for side in (pair.a, pair.b)):
        if each.number in identity:
            units.setdefault(each.group, each.unit)
    return [item for route in routes for item in _of(duck, route, units)]


def _of(duck: Duck, route: Route, units: Mapping[str, str | None]) -> Iterator[Agreement]:
    concept = route.pairs[0].a.meaning.concept
    unit = concept.unit if concept is not None and concept.unit is not None else units.get(route.group)
    known = Agreement(
        route.source_a,
        route.source_b,
        route.group,
        pairs=0,
        patients=0,
        signatures=None,
        relation=_worst(route.pairs),
        window_us=route.window_us,
        shift=route.shift,
        unit=unit,
        margin=_margin(route.pairs[0], unit),
    )
    if route.shift is not None:
        known = replace(known, why=f"clocks are {_duration(route.shift.lag_us)} apart")
    where = _measured(route)
    if not duck.value(f"SELECT count(*) FROM paired WHERE {where}"):
        yield replace(known, coverage=route.coverage)
        return
    summed, spreads = _summed(duck, where, known.margin), _spreads(duck, where, known.margin)
    for signatures, sums in summed.items():
        one = known
        if signatures is not None:
            here = [each for each in route.pairs if (each.a.number, each.b.number) == signatures]
            one = replace(known, signatures=signatures, relation=_worst(here))
        yield _judged(
            replace(one, coverage=route.coverage if signatures is None else None),
            sums,
            spreads[signatures],
            ratios=_is_concentration(route.pairs[0]),
        )


def _judged(known: Agreement, sums: Sums, spread: Spread, *, ratios: bool) -> Agreement:
    pairs, patients = sums.pairs, sums.patients
    largest = float(sums.n.max()) / pairs
    counted = replace(known, pairs=pairs, patients=patients, largest=largest)
    if pairs < FEWEST_PAIRS or patients < FEWEST_PATIENTS:
        return counted
    found, why = None, "the concept has no margin"
    if known.margin is not None and known.margin.bias is not None:
        found, why = verdict(sums, known.margin.bias, known.margin.sd)
    elif sums.r is not None and sums.rr is not None:
        found, why = verdict_of_pairs(sums.n, sums.r, sums.rr)
    return replace(counted, verdict=found, why=why, spread=spread, measured=measured(sums, ratios=ratios))


def _worst(pairs: Iterable[Pair]) -> str:
    found = {each.relation.relation for each in pairs}
    return next(name for name in COMPARABLE if name in found)


def _margin(pair: Pair, unit: str | None) -> Margin | None:
    """The margin of the concept in the common unit."""
    concept = pair.a.meaning.concept
    if concept is None or concept.margin is None:
        return None
    found = physical(pair.a, concept.margin.unit, unit)
    return None if found is None else concept.margin.scaled(abs(found[0]), unit or "")


def _allowed(margin: Margin) -> str:
    """SQL of how far apart a margin allows the values of a pair, rounding included."""
    if margin.bias is not None:
        return f"{margin.bias!r} + 1e-9 * abs(va)"
    percent = f"{(margin.percent or 0.0) / 200!r} * abs(va + vb)"
    return f"greatest({margin.each or 0.0!r}, {percent}) + 1e-9 * abs(va)"


def _is_concentration(pair: Pair) -> bool:
    """Whether values are concentrations by their LOINC property (MCnc, SCnc …), for which factors make sense."""
    concept, axes = pair.a.meaning.concept, pair.a.meaning.axes
    name = axes.property if axes is not None else concept.property if concept is not None else None
    return name is not None and name.endswith("Cnc")


# --- from the database ------------------------------------------------------------------------------

_SUMS = ("n", "d", "s", "dd", "ds", "ss")


def _measured(route: Route) -> str:
    """SQL of the pairs of a route that measure agreement.

    Two values of one event of which at most one is true (TM-X01) are a conflict, and say nothing of the rest.
    """
    comparable = [
        f"({each.a.number}, {each.b.number})" for each in route.pairs if each.relation.relation != "related"
    ]
    if not comparable:
        return f"route = {route.number}"
    conflict = (
        f"how = 'device' AND abs(vb - va) > half_a + half_b AND (sig_a, sig_b) IN ({', '.join(comparable)})"
    )
    return f"route = {route.number} AND NOT ({conflict})"


def _summed(duck: Duck, where: str, margin: Margin | None) -> dict[tuple[int, int] | None, Sums]:
    """The sums by patient of all pairs (None) and, where there are several, of each pair of signatures."""
    low, high, positive, several = duck.rows(
        "SELECT min(least(va, vb)), max(greatest(va, vb)), bool_and(va > 0 AND vb > 0), "
        f"count(DISTINCT (sig_a, sig_b)) > 1 FROM paired WHERE {where}"
    )[0]
    origin, scale = low / 2 + high / 2, 2.0 ** (_BITS - math.frexp(high - low)[1])
    ratios = {"l": "ln(vb / va)"} if positive else {}
    if margin is not None and margin.bias is None:
        # Where nothing is allowed, values that are equal are within, and all others are as far beyond as can be.
        over = f"coalesce((vb - va) / nullif({_allowed(margin)}, 0), sign(vb - va) * {_RATIO_MOST!r})"
        ratios["r"] = f"least(greatest({over}, -{_RATIO_MOST!r}), {_RATIO_MOST!r})"
    names = (*_SUMS, *(name for ratio in ratios for name in (ratio, 2 * ratio)))
    rounded = "".join(
        f", CAST(round({sql} * {_RATIO_SCALE!r}) AS HUGEINT) AS {name}" for name, sql in ratios.items()
    )
    sums = "".join(
        f", sum({name})::DOUBLE / {_RATIO_SCALE!r} AS {name}, "
        f"sum({name} * {name})::DOUBLE / {_RATIO_SCALE**2!r} AS {2 * name}"
        for name in ratios
    )
    sets = "(who), (sig_a, sig_b, who)" if several else "(who)"
    by = "sig_a, sig_b" if several else "NULL::INTEGER AS sig_a, NULL::INTEGER AS sig_b"
    columns = duck.run(
        f"SELECT {by}, count(*)::DOUBLE AS n, sum(d)::DOUBLE / {scale!r} AS d, sum(s)::DOUBLE / {scale!r} AS s, "
        f"sum(d * d)::DOUBLE / {scale**2!r} AS dd, sum(d * s)::DOUBLE / {scale**2!r} AS ds, "
        f"sum(s * s)::DOUBLE / {scale**2!r} AS ss{sums} FROM ("
        f"SELECT sig_a, sig_b, who, CAST(round((vb - va) * {scale!r}) AS HUGEINT) AS d, "
        f"CAST(round((va - {origin!r} + (vb - {origin!r})) * {scale!r}) AS HUGEINT) AS s{rounded} "
        f"FROM paired WHERE {where}) "
        f"GROUP BY GROUPING SETS ({sets}) ORDER BY sig_a NULLS FIRST, sig_b"
    ).fetchnumpy()
    return dict(_split(columns, names))


def _split(columns: Mapping[str, Any], names: Sequence[str]) -> Iterator[tuple[tuple[int, int] | None, Sums]]:
    """The rows of each pair of signatures: they follow each other."""
    import numpy as np

    keys = [np.ma.filled(columns[name], -1) for name in ("sig_a", "sig_b")]
    ends = np.flatnonzero((np.diff(keys[0]) != 0) | (np.diff(keys[1]) != 0)) + 1
    for first, last in zip([0, *ends], [*ends, len(keys[0])], strict=True):
        here = {name: np.ma.getdata(columns[name])[first:last] for name in names}
        numbers = (int(keys[0][first]), int(keys[1][first]))
        yield None if numbers[0] < 0 else numbers, Sums(**here)


def _spreads(duck: Duck, where: str, margin: Margin | None) -> dict[tuple[int, int] | None, Spread]:
    apart = "abs(vb - va)"
    near = "NULL" if margin is None else f"avg(({apart} <= {_allowed(margin)})::INTEGER)"
    how = ", ".join(f"count(*) FILTER (WHERE how = '{word}')" for word in HOW)
    rows = duck.rows(
        f"SELECT sig_a, sig_b, quantile_cont(lag_us, [0.25, 0.5, 0.75]), quantile_cont({apart}, [0.5, 0.95]), "
        f"{near}, avg(({apart} <= half_a + half_b)::INTEGER), {how} FROM paired WHERE {where} "
        "GROUP BY GROUPING SETS ((), (sig_a, sig_b))"
    )
    found = {}
    for a, b, (first, middle, third), (median, p95), share, equal, *counts in rows:
        numbers = None if a is None else (a, b)
        by_how = dict(zip(HOW, counts, strict=True))
        found[numbers] = Spread(by_how, (first, middle, third), median, p95, share, equal)
    return found


# --- as plain data ----------------------------------------------------------------------------------

Row = dict[str, Any]


def agreement_rows(found: Iterable[Agreement]) -> list[Row]:
    """Plain data in the given order; in each row how much there is comes before what was found.

    Numbers have six significant digits, times are in seconds.
    """
    return [_row(item) for item in found]


def _row(item: Agreement) -> Row:
    row: Row = {"concept": item.group, "source_a": item.source_a, "source_b": item.source_b}
    if item.signatures is not None:
        row |= {"signature_a": item.signatures[0], "signature_b": item.signatures[1]}
    row |= {"relation": item.relation, "pairs": item.pairs, "patients": item.patients}
    if item.coverage is not None:
        row["coverage"] = _coverage_row(item.coverage)
    if item.pairs:
        row["largest_patient"] = _digits(item.largest)
    row |= {"verdict": item.verdict, "why": item.why}
    if item.margin is not None:
        of = ("each", "percent") if item.margin.bias is None else ("bias", "sd")
        margin = {name: (value := getattr(item.margin, name)) and _digits(value) for name in of}
        row["margin"] = margin | {"unit": item.margin.unit, "source": item.margin.source}
    if item.shift is not None:
        seconds = item.shift.lag_us // 1_000_000
        row["shift"] = {
            "kind": item.shift.kind, "seconds": seconds, "equal": item.shift.equal, "seen": item.shift.seen,
        }  # fmt: skip
    row["window_s"] = None if item.window_us is None else item.window_us // 1_000_000
    if item.spread is not None and item.measured is not None:
        row |= _statistics_row(item.unit, item.spread, item.measured)
    return row


def _coverage_row(item: Coverage) -> Row:
    return {
        "events_a": item.events_a,
        "events_b": item.events_b,
        "events_only_a": item.events_a - item.pairs,
        "events_only_b": item.events_b - item.pairs,
        "patients_only_a": item.patients_a - item.patients_both,
        "patients_only_b": item.patients_b - item.patients_both,
        "patients_both": item.patients_both,
        "patients_paired": item.patients_paired,
    }


def _statistics_row(unit: str | None, spread: Spread, found: Measured) -> Row:
    quarter, middle, three_quarters = (_digits(each / 1e6) for each in spread.lag_us)
    row: Row = {
        "how": dict(spread.how),
        "lag_s": {"q1": quarter, "median": middle, "q3": three_quarters},
        "unit": unit,
    }
    row |= _limits_row(found.differences)
    row["sd"] = _estimate_row(found.sd)
    if found.sd_within is not None and found.sd_between is not None:
        row["sd"] |= {"within": _digits(found.sd_within), "between": _digits(found.sd_between)}
    row["slope"] = _estimate_row(found.slope)
    if found.ratios is not None:
        row["ratio"] = _limits_row(found.ratios)
    row["concordance"] = _estimate_row(found.concordance)
    row["absolute"] = {"median": _digits(spread.median), "p95": _digits(spread.p95)}
    shares = {"margin": spread.within_margin, "precision": spread.within_precision}
    row["share"] = {name: _digits(share) for name, share in shares.items() if share is not None}
    return row


def _limits_row(item: Limits) -> Row:
    limits = {"lower": _estimate_row(item.lower), "upper": _estimate_row(item.upper)}
    return {"bias": _estimate_row(item.bias), "limits": limits}


def _estimate_row(item: Estimate | None) -> Any:
    if item is None:
        return None
    ends = {"low": item.low, "high": item.high}
    return {"value": _digits(item.value)} | {
        name: None if end is None else _digits(end) for name, end in ends.items()
    }


def _digits(value: float) -> float:
    """Six significant digits.

    >>> _digits(-2.1176470588), _digits(0.0)
    (-2.11765, 0.0)
    """
    return float(f"{value:.6g}") + 0.0


def _duration(microseconds: int) -> str:
    """A length of time in words.

    >>> _duration(-7_200_000_000), _duration(90_000_000)
    ('2 h', '1.5 min')
    """
    minutes = abs(microseconds) / 60e6
    return f"{minutes / 60:g} h" if minutes % 60 == 0 else f"{minutes:.3g} min"
