"""The values of a series do not fit the unit that they are labelled with, but fit another one.

What it means:
    Fewer than 5 % of the values of a code and unit are plausible in the stated unit, and more than 95 % are
    plausible in exactly one other unit of the concept, or in several of which one is the concept's own. At
    least five values are needed. Plausible is what the soft limits of the concept file say, or its hard ones
    where it has no soft ones. Where that does not hold of a series as a whole, it is asked of each device that
    the source names: an error where its values are beyond the hard limits as well, else a warning, since one
    device may serve other patients than the rest (children).

Why it matters:
    A wrong label passes every check of form: 98.6 labelled ``Cel`` is a valid quantity. Converted, it is a
    temperature that no graph should hold.

Example:
    body-temperature: values 97 to 100, unit Cel        # degrees Fahrenheit
    blood-pressure: values 80 to 140, unit kPa          # mm[Hg]

What to do:
    Confirm it with the sender; nothing is changed in silence. Then correct the unit in the mapping:
    ``unit: {from: $(unit), map: {Cel: "[degF]"}}``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from twinmap.checks.context import Context, Stated, of_device
from twinmap.compare.conversion import physical
from twinmap.compare.signature import Signature
from twinmap.diagnostics import Finding, Severity
from twinmap.sqltext import quoted
from twinmap.terms import units

SEVERITY = Severity.ERROR
HELP = "confirm it with the sender, then correct unit in the mapping; nothing is converted by this finding"

#: Fewer values than this say nothing of a series.
FEWEST = 5
_FEW, _NEARLY_ALL = 0.05, 0.95

#: Units that clinical data uses for one quantity, whatever the concept file has as its own.
_ALTERNATIVES = (
    ("Cel", "[degF]", "K"),
    ("mm[Hg]", "kPa", "cm[H2O]"),
    ("kg", "g", "[lb_av]"),
    ("cm", "m", "mm", "[in_i]", "[ft_i]"),
    ("mg/dL", "mmol/L", "umol/L", "g/L"),
    ("g/dL", "g/L", "mmol/L"),
    ("s", "min", "h"),
)


class _Series(NamedTuple):
    """Values of one signature, of one device where it is named."""

    number: int
    device: str | None


def check(context: Context) -> Iterator[Finding]:
    """One finding a source, concept and unit; where that is not wrong as a whole, one a device."""
    asked = {item.number: item for item in context.compared.signatures if _is_doubtful(item)}
    # Hardly a value is plausible in the stated unit, and nearly all are in one other.
    wrong = {
        series: (n, hard < _FEW)
        for series, _, n, soft, hard in _shares(context, ((item, item.unit) for item in asked.values()))
        if n >= FEWEST and soft < _FEW
    }
    others = (
        (asked[number], unit)
        for number in {series.number for series in wrong}
        for unit in _others(asked[number])
    )
    fitting: dict[_Series, list[str]] = {}
    for series, unit, _, soft, _ in _shares(context, others):
        if series in wrong and soft > _NEARLY_ALL:
            fitting.setdefault(series, []).append(unit)
    found = {
        series: fits
        for series, units_ in fitting.items()
        if (fits := _own_first(asked[series.number], units_)) is not None
    }
    for series, units_ in sorted(found.items(), key=lambda each: (each[0].number, each[0].device or "")):
        if series.device is None or _Series(series.number, None) not in found:
            yield _finding(context, asked[series.number], series.device, units_, *wrong[series])


def _own_first(item: Signature, fitting: list[str]) -> list[str] | None:
    """The units that fit; of several, that of the concept's limits comes first. None where nothing decides."""
    limits = item.meaning.concept.limits if item.meaning.concept else None
    if len(fitting) == 1:
        return fitting
    if limits is None or limits.unit not in fitting:
        return None
    return [limits.unit, *(unit for unit in fitting if unit != limits.unit)]


def _finding(
    context: Context, item: Signature, device: str | None, fitting: list[str], count: int, impossible: bool
) -> Finding:
    suggested, *others = fitting
    owner, found = item.source, Stated(item, item.rule, count, context.first(item, slot="unit"))
    if device is not None:
        owner = f"device {device} of {item.source}"
        found = next(context.statements([(item, f"device = {quoted(device)}")]))._replace(number=count)
    details = {"unit": item.unit, "suggested": suggested, "code": item.meaning.curie}
    return context.finding(
        "TM-U07",
        f"{item.group}: values of {owner} labelled {item.unit} are plausible in {suggested}"
        + (f" (and in {' and '.join(others)})" if others else " alone"),
        found,
        "unit",
        severity=SEVERITY if device is None or impossible else Severity.WARNING,
        facet="unit",
        details=details | (of_device(device) if device else {}),
    )


def _is_doubtful(item: Signature) -> bool:
    """Whether any value of a series is outside the limits; else no device has to be looked at."""
    bounds, profile = _bounds(item), item.profile
    line = _line(item, item.unit)
    if bounds is None or line is None or profile.n < FEWEST or profile.low is None or profile.high is None:
        return False
    ends = [value * line[0] + line[1] for value in (profile.low, profile.high)]
    return min(ends) < bounds[0] or max(ends) > bounds[1]


def _bounds(item: Signature) -> tuple[float, float] | None:
    """What is plausible, in the unit of the limits; None where one end is open."""
    limits = item.meaning.concept.limits if item.meaning.concept else None
    if limits is None or item.word("statistic") in ("standard-deviation", "variance", "count"):
        return None
    low = limits.hard_low if limits.soft_low is None else limits.soft_low
    high = limits.hard_high if limits.soft_high is None else limits.soft_high
    return None if low is None or high is None else (low, high)


def _others(item: Signature) -> list[str]:
    """Other units in which values of the concept are written; a percentage and a fraction are U11."""
    found: dict[str, None] = {}
    for group in _ALTERNATIVES:
        if item.unit in group:
            found |= dict.fromkeys(group)
    own = units.factor_offset(item.unit or "1", "1") is not None
    return [unit for unit in found if unit != item.unit and not own and _line(item, unit) is not None]


def _line(item: Signature, unit: str | None) -> tuple[float, float] | None:
    """Factor and offset from a unit to that of the limits."""
    limits = item.meaning.concept.limits if item.meaning.concept else None
    return physical(item, unit, limits.unit) if limits is not None else None


def _shares(
    context: Context, tries: Iterable[tuple[Signature, str | None]]
) -> list[tuple[_Series, str, int, float, float]]:
    """How many values a series has, and which share of them is plausible, and possible, in a unit."""
    rows = []
    for item, unit in tries:
        bounds, line = _bounds(item), _line(item, unit)
        limits = item.meaning.concept.limits if item.meaning.concept else None
        if line is not None and bounds is not None and limits is not None:
            rows.append((item.number, unit, *line, *bounds, limits.hard_low, limits.hard_high))
    if not rows:
        return []
    names = ("factor", "shift", "low", "high", "hard_low", "hard_high")
    types = {"sig": "BIGINT", "unit": "VARCHAR"} | dict.fromkeys(names, "DOUBLE")
    columns = {
        name: (kind, list(cells))
        for (name, kind), cells in zip(types.items(), zip(*rows, strict=True), strict=True)
    }
    context.duck.register("k_try", columns)
    return [
        (_Series(sig, device), unit, n, soft, hard)
        for sig, device, unit, n, soft, hard in context.duck.rows(
            "SELECT sig, device, unit, count(*), avg((v BETWEEN low AND high)::INTEGER), "
            "avg((v BETWEEN coalesce(hard_low, v) AND coalesce(hard_high, v))::INTEGER) "
            "FROM (SELECT t.*, o.device, value_num * factor + shift AS v FROM observed o "
            "JOIN k_try t ON t.sig = o.sig WHERE value_num IS NOT NULL) "
            "GROUP BY GROUPING SETS ((sig, unit), (sig, unit, device)) "
            "HAVING grouping(device) = 1 OR device IS NOT NULL"
        )
    ]
