"""The values of a series do not fit the unit that they are labelled with, but fit another one.

What it means:
    Fewer than 5 % of the values of a code and unit are plausible in the stated unit, and more than 95 % are
    plausible in exactly one other unit of the concept. At least five values are needed. Plausible is what the
    soft limits of the concept file say, or its hard ones where it has no soft ones.

Why it matters:
    A wrong label passes every check of form: 98.6 labelled ``Cel`` is a valid quantity. Converted, it is a
    temperature that no graph should hold.

Example:
    body-temperature: values 97 to 100, unit Cel        # degrees Fahrenheit

What to do:
    Confirm it with the sender; nothing is changed in silence. Then correct the unit in the mapping:
    ``unit: {from: $(unit), map: {Cel: "[degF]"}}``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from twinmap import registry
from twinmap.checks.context import Context
from twinmap.compare.conversion import rule_between
from twinmap.compare.signature import Signature
from twinmap.diagnostics import Finding, Severity
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


def check(context: Context) -> Iterator[Finding]:
    """One finding a source, concept and unit."""
    asked = [item for item in context.compared.signatures if _is_doubtful(item)]
    shares = _shares(context, asked)
    for item in asked:
        fitting = [unit for unit in _others(item) if shares.get((item.number, unit), 0.0) > _NEARLY_ALL]
        if shares.get((item.number, item.unit or ""), 0.0) < _FEW and len(fitting) == 1:
            yield _finding(context, item, fitting[0])


def _is_doubtful(item: Signature) -> bool:
    """Whether the middle of a series is outside the limits; else the shares need not be counted."""
    bounds = _bounds(item)
    if bounds is None or item.unit is None or item.profile.n < FEWEST or not item.profile.quantiles:
        return False
    stated, median = _line(item, item.unit), item.profile.quantiles[2]
    return stated is not None and not bounds[0] <= median * stated[0] + stated[1] <= bounds[1]


def _finding(context: Context, item: Signature, suggested: str) -> Finding:
    return registry.finding(
        "TM-U07",
        f"{item.group}: values of {item.source} labelled {item.unit} are plausible in {suggested} alone",
        where=context.where(item.rule, "unit"),
        places=context.first(item, slot="unit"),
        sources=(item.source,),
        concept=item.group,
        rule=item.rule,
        facet="unit",
        details={"unit": item.unit, "suggested": suggested, "code": item.meaning.curie},
        help=HELP,
        count=item.profile.n,
    )


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


def _line(item: Signature, unit: str) -> tuple[float, float] | None:
    """Factor and offset from a unit to that of the limits."""
    limits = item.meaning.concept.limits if item.meaning.concept else None
    if limits is None:
        return None
    if unit == limits.unit:
        return 1.0, 0.0
    rule = rule_between(item, unit, limits.unit)
    if rule is None or rule.rule_class != "physical":
        return None
    return float(rule.factor), float(rule.offset)


def _shares(context: Context, asked: Sequence[Signature]) -> dict[tuple[int, str], float]:
    """By signature and unit, the share of values that are plausible if they are in this unit."""
    tries = []
    for item in asked:
        bounds = _bounds(item)
        for unit in (item.unit, *_others(item)):
            line = _line(item, unit) if unit is not None else None
            if line is not None and bounds is not None:
                tries.append((item.number, unit, *line, *bounds))
    if not tries:
        return {}
    types = {"sig": "BIGINT", "unit": "VARCHAR"} | dict.fromkeys(("factor", "shift", "low", "high"), "DOUBLE")
    columns = zip(*tries, strict=True)
    context.duck.register(
        "k_try",
        {name: (kind, list(cells)) for (name, kind), cells in zip(types.items(), columns, strict=True)},
    )
    return {
        (sig, unit): share
        for sig, unit, share in context.duck.rows(
            "SELECT t.sig, t.unit, avg((value_num * factor + shift BETWEEN low AND high)::INTEGER) "
            "FROM observed o JOIN k_try t ON t.sig = o.sig WHERE value_num IS NOT NULL GROUP BY ALL"
        )
    }
