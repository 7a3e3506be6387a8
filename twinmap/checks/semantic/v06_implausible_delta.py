"""A value stands far apart from the values before and after it, which agree with each other.

What it means:
    It differs from both its neighbours in time, of one patient, source and code, by more than is plausible for the
    concept, in the same direction, while these two differ by less. By how much, from which age and within which
    time is listed with its source in ``ontologies/checks/changes.yaml``: today body height and body weight of
    adults, whose date of birth has to be known. A change that lasts is not meant: it may be true. The first and
    the last value of a patient have one neighbour, and are not judged.

Why it matters:
    Each such value is plausible for somebody. For this patient it is a slip of the pen, another unit, or the value
    of another patient.

Example:
    body-height: 170 cm, 140 cm, 170 cm         body-weight: 81 kg, 178 kg, 80 kg       # in pounds

What to do:
    Look at the first places. If there are many in one source, two patients share an id there.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinmap.checks.context import FIRST, Context, Stated
from twinmap.checks.values import adults, facts, is_value, line
from twinmap.compare.signature import Signature
from twinmap.diagnostics import Finding, Severity
from twinmap.terms._files import Section
from twinmap.terms.facets import duration_us

SEVERITY = Severity.WARNING
HELP = "look at the first places; many in one source are two patients with one id"


def check(context: Context) -> Iterator[Finding]:
    """One finding a source, concept and mapping rule."""
    for change in facts("changes").sections("changes"):
        for found in _spikes(context, change):
            details = {
                "apart": change.number("apart"),
                "unit": change.text("unit"),
                "source": change.text("source"),
            }
            message = (
                f"{found.concept}: values of {found.source} stand apart from the ones before and after them"
            )
            yield context.finding("TM-V06", message, found, "value", details=details)


def _spikes(context: Context, change: Section) -> Iterator[Stated]:
    """Those of one concept; patients whose values are all near each other are left out before they are put in order."""
    apart, unit = float(change.text("apart")), change.text("unit")
    within = duration_us(change.text("within")) if "within" in change else None
    asked: dict[int, tuple[Signature, str]] = {}
    for item in context.compared.signatures:
        factors = line(item, unit) if item.group == change.text("concept") and is_value(item) else None
        if factors is not None and abs(factors[0]) * _width(item) > apart:
            asked[item.number] = (
                item,
                f"WHEN {item.number} THEN value_num * {factors[0]!r} + {factors[1]!r}",
            )
    if not asked:
        return
    adults(context, int(change.text("age")))
    value = f"CASE sig {' '.join(case for _, case in asked.values())} END"
    rows = (
        f"SELECT o.*, {value} AS v, from_us FROM observed o JOIN k_adult a ON a.twin = o.twin "
        f"WHERE sig IN ({', '.join(map(str, asked))}) AND comparator IS NULL AND value_num IS NOT NULL"
    )
    near = f" AND start_us - t0 <= {within} AND t1 - start_us <= {within}" if within is not None else ""
    for sig, rule, count, places in context.duck.rows(
        f"WITH said AS ({rows}), wide AS (SELECT twin, sig FROM said GROUP BY ALL HAVING max(v) - min(v) > {apart}), "
        "ordered AS (SELECT *, lag(v) OVER w AS v0, lead(v) OVER w AS v1, lag(start_us) OVER w AS t0, "
        "lead(start_us) OVER w AS t1 FROM said SEMI JOIN wide USING (twin, sig) "
        "WINDOW w AS (PARTITION BY twin, sig ORDER BY start_us, v)) "
        f"SELECT sig, rule, count(*), {FIRST} FROM ordered WHERE t0 >= from_us AND abs(v1 - v0) <= {apart} "
        f"AND (least(v - v0, v - v1) > {apart} OR greatest(v - v0, v - v1) < -{apart}){near} "
        "GROUP BY ALL ORDER BY sig, rule"
    ):
        item = asked[sig][0]
        yield Stated(item, rule, count, context.places(item.source, places))


def _width(item: Signature) -> float:
    return (item.profile.high or 0.0) - (item.profile.low or 0.0)
