"""Values of one source are those of another, times a factor between two units.

What it means:
    Of patients that both sources know (ten at least, thirty values each), the values of one are a known factor
    higher: that of another unit of the quantity (18 for glucose in mg/dL and mmol/L, 2.2 for pounds and kilograms),
    or 10, 100, 1000. The quartiles of both sources, and nine in ten of the ratios of single patients, come
    to within a tenth and a third of that factor. Both are stated in units that were converted already.

Why it matters:
    The label of the unit is wrong in one of them, or the values were converted twice. Each value alone may well be
    plausible.

Example:
    body-weight: median 74 kg in the ward, 163 kg in the app        # pounds, labelled kg

What to do:
    Find out which of the two is right, by its limits (see U07) or by the sender. Then correct the unit of the other
    in its mapping. Nothing is multiplied in silence.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap import registry
from twinmap.checks.context import Context
from twinmap.checks.values import alternatives, line
from twinmap.compare.pairs import Pair
from twinmap.compare.signature import Signature
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.WARNING
HELP = "find out which source is right, then correct the unit of the other in its mapping"

FEWEST, FEWEST_PATIENTS = 30, 10
_TENFOLD = (10.0, 100.0, 1000.0)
#: The least factor that is told from a bias.
_LEAST = 1.5
#: How near to the factor quartiles, and ratios of single patients, come.
_NEAR, _NEAR_PATIENT = 0.1, 1 / 3
_SHARE = 0.9


def check(context: Context) -> Iterator[Finding]:
    """One finding a pair of sources, concept and factor."""
    told: set[tuple[str, str, str]] = set()
    for pair in context.compared.pairs:
        key = (pair.group, pair.a.source, pair.b.source)
        found = _factor(pair) if key not in told else None
        if found is None or not _in_patients(context, pair, found[0]):
            continue
        told.add(key)
        factor, unit = found
        low, high = (pair.a, pair.b) if factor > 1 else (pair.b, pair.a)
        times = max(factor, 1 / factor)
        yield registry.finding(
            "TM-V05",
            f"{context.said(pair.group)}: values of {high.source} are {times:.4g} times those of {low.source}",
            where=context.where(high.rule, "unit", "value"),
            places=context.first(pair.a, pair.b, slot="unit"),
            sources=(pair.a.source, pair.b.source),
            concept=pair.group,
            facet="unit",
            details={"factor": float(f"{times:.6g}"), "unit_a": pair.a.unit, "unit_b": pair.b.unit}
            | ({"as": unit} if unit else {})
            | {"patients_both": pair.patients_both},
            count=min(pair.a.profile.n, pair.b.profile.n),
        )


def _factor(pair: Pair) -> tuple[float, str] | None:
    """The known factor by which all quartiles of B differ from those of A, and its unit; None where none is."""
    a, b = pair.a, pair.b
    if pair.relation.relation == "not-comparable" or pair.patients_both < FEWEST_PATIENTS:
        return None
    factors = (1.0, 0.0) if a.unit == b.unit else line(b, a.unit)
    if factors is None or factors[1] or min(a.profile.n, b.profile.n) < FEWEST:
        return None
    quartiles = [item.profile.quantiles[1:4] for item in (a, b)]
    if not all(len(each) == 3 and each[0] > 0 for each in quartiles):
        return None
    ratios = [factors[0] * of_b / of_a for of_a, of_b in zip(*quartiles, strict=True)]
    for factor, unit in _known(a):
        if all(abs(ratio / factor - 1) <= _NEAR for ratio in ratios):
            return factor, unit
    return None


def _known(item: Signature) -> Iterator[tuple[float, str]]:
    """Factors between units of the quantity, both ways, and tenfold ones."""
    for unit in alternatives(item):
        factors = line(item, unit)
        if factors is not None and not factors[1] and max(abs(factors[0]), 1 / abs(factors[0])) >= _LEAST:
            yield factors[0], unit
            yield 1 / factors[0], unit
    for times in _TENFOLD:
        yield times, ""
        yield 1 / times, ""


def _in_patients(context: Context, pair: Pair, factor: float) -> bool:
    """Whether the factor holds for single patients: medians of both, of those whom both sources know."""
    shift = (1.0, 0.0) if pair.a.unit == pair.b.unit else line(pair.b, pair.a.unit)
    if shift is None:
        return False
    patients, near = context.duck.rows(
        "SELECT count(*), coalesce(avg((abs(b / a / ? - 1) <= ?)::INTEGER), 0) FROM ("
        f"SELECT median(value_num) FILTER (WHERE sig = {pair.a.number}) AS a, "
        f"median(value_num * {shift[0]!r}) FILTER (WHERE sig = {pair.b.number}) AS b FROM observed "
        f"WHERE sig IN ({pair.a.number}, {pair.b.number}) AND comparator IS NULL GROUP BY twin) "
        "WHERE a > 0 AND b > 0",
        [factor, _NEAR_PATIENT],
    )[0]
    return bool(patients >= FEWEST_PATIENTS and near >= _SHARE)
