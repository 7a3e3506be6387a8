"""Two values of one patient and moment cannot both be true.

What it means:
    What holds by definition of the quantities does not hold: the diastolic pressure is not below the systolic, a
    mean pressure is not between the two, a part is more than its whole (HDL and total cholesterol), the Glasgow
    coma score is not the sum of its parts, a body mass index is not the weight by the square of the height. The
    rules with their sources and tolerances are ``ontologies/checks/relations.yaml``. Rounding as stated is allowed
    for, and values that are impossible by themselves (V01) are left out. Only values of one source, patient,
    device and moment are compared, known to the minute at least, of equal statistic, posture, activity, method and
    site, and only where there is one of each.

Why it matters:
    Each value alone is plausible. Together they show that columns were swapped, or that one of them is wrong.

Example:
    systolic 72 mm[Hg], diastolic 118 mm[Hg]        # columns swapped

What to do:
    If nearly all pairs are found, the mapping has two columns the wrong way round. Else look at the first places.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from twinmap import registry
from twinmap.checks.context import Context
from twinmap.checks.values import ends, facts, is_value, line, possible
from twinmap.compare.signature import Signature
from twinmap.diagnostics import PLACES_KEPT, Finding, Severity
from twinmap.terms._files import Section

SEVERITY = Severity.WARNING
HELP = "if nearly all are found, two columns are swapped; else look at the first places"

#: What both values have to say alike, beside patient, device and moment.
_ALIKE = ("statistic", "over", "posture", "activity", "method", "site")
#: Units that a formula needs; of other rules, that of the first concept.
_UNITS = {"bmi": ("kg/m2", "kg", "m")}
#: SQL of what is wrong, by kind; v and h are lists of the values of the roles and of half their last digits.
_WRONG = {
    "below": "v[1] >= v[2]",
    "part": "v[1] * (1 - tolerance) - h[1] > v[2] + h[2]",
    "sum": "abs(v[1] - list_sum(v[2:])) > 0.5",
    "bmi": "abs(v[1] - v[2] / (v[3] * v[3])) > v[1] * (tolerance + h[2] / v[2] + 2 * h[3] / v[3]) + h[1]",
}


@dataclass(frozen=True)
class _Role:
    """Values of a signature in a rule: which place they have, how they are converted, and which can be wrong."""

    rule: int
    place: int
    item: Signature
    alike: str
    factor: float
    shift: float
    low: float = float("-inf")
    high: float = float("inf")


def check(context: Context) -> Iterator[Finding]:
    """One finding a source and rule."""
    rules = facts("relations").sections("rules")
    roles = [role for number in range(len(rules)) for role in _roles(context, number)]
    if not roles:
        return
    _register(context, roles)
    for number, source, count, events in context.duck.rows(_sql(rules, {role.rule for role in roles})):
        rule = rules[number]
        concepts = rule.texts("roles")
        first = next(
            role for role in roles if (role.rule, role.place, role.item.source) == (number, 1, source)
        )
        yield registry.finding(
            "TM-V04",
            f"{' and '.join(concepts)} of {source} cannot all be true: {_SAYS[rule.text('kind')]}",
            severity=Severity(rule.text("severity", SEVERITY.value)),
            where=context.where(first.item.rule, "value"),
            places=context.places_of([event["refs"][0] for event in events]),
            sources=(source,),
            concept=concepts[0],
            rule=first.item.rule,
            details={"rule": rule.text("id"), "source": rule.text("source"), "detail": rule.text("id")},
            count=count,
        )


_SAYS = {
    "below": "the first is not below the second",
    "part": "the first is more than the second",
    "sum": "the first is not the sum of the others",
    "bmi": "the first is not the weight by the square of the height",
}


def _roles(context: Context, number: int) -> Iterator[_Role]:
    """The signatures of the sources that have every concept of a rule, alike in what they say beside it."""
    rule = facts("relations").sections("rules")[number]
    kind, concepts = rule.text("kind"), rule.texts("roles")
    found: dict[tuple[str, str], list[_Role]] = {}
    for item in context.compared.signatures:
        if item.group not in concepts or not is_value(item):
            continue
        place = concepts.index(item.group)
        factors = line(item, _unit(context, kind, concepts, place))
        if factors is not None:
            alike = "|".join(item.word(facet) or "" for facet in _ALIKE)
            found.setdefault((item.source, alike), []).append(_Role(number, place + 1, item, alike, *factors))
    for roles in found.values():
        if {role.place for role in roles} == set(range(1, len(concepts) + 1)):
            yield from _worth_a_look(roles) if kind in ("below", "part") else roles


def _unit(context: Context, kind: str, concepts: Sequence[str], place: int) -> str | None:
    if kind in _UNITS:
        return _UNITS[kind][place]
    concept = context.catalogue.get(concepts[0])
    return concept.unit if concept is not None else None


def _worth_a_look(roles: Sequence[_Role]) -> Iterator[_Role]:
    """The roles of a rule of two, and which of their values can be wrong as the profiles tell."""
    spans = [(role, _span(role)) for role in roles]
    lowest = min(span[0] for role, span in spans if role.place == 2)
    highest = max(span[1] for role, span in spans if role.place == 1)
    if highest < lowest:
        return
    for role, _ in spans:
        limits = (lowest, float("inf")) if role.place == 1 else (float("-inf"), highest)
        yield _Role(role.rule, role.place, role.item, role.alike, role.factor, role.shift, *limits)


def _span(role: _Role) -> tuple[float, float]:
    """The ends of the values that are possible, converted."""
    low, high = possible(role.item)
    first, last = ends(role.item, (role.factor, role.shift))
    low, high = sorted(end * role.factor + role.shift for end in (low, high))
    return max(first, low), min(last, high)


def _register(context: Context, roles: Sequence[_Role]) -> None:
    tolerances = [rule.number("tolerance") or 0.0 for rule in facts("relations").sections("rules")]
    context.duck.register(
        "k_role",
        {
            "number": ("BIGINT", [role.rule for role in roles]),
            "place": ("BIGINT", [role.place for role in roles]),
            "sig": ("BIGINT", [role.item.number for role in roles]),
            "alike": ("VARCHAR", [role.alike for role in roles]),
            "factor": ("DOUBLE", [role.factor for role in roles]),
            "shift": ("DOUBLE", [role.shift for role in roles]),
            "low": ("DOUBLE", [role.low for role in roles]),
            "high": ("DOUBLE", [role.high for role in roles]),
            "least": ("DOUBLE", [possible(role.item)[0] for role in roles]),
            "most": ("DOUBLE", [possible(role.item)[1] for role in roles]),
            "tolerance": ("DOUBLE", [tolerances[role.rule] for role in roles]),
        },
    )


#: What the values of one event share.
_KEY = "number, source, twin, start_us, coalesce(device, '') AS device, alike"


def _sql(rules: Sequence[Section], asked: set[int]) -> str:
    """By rule and source: how many events break it, and hashes of the ids of the first values.

    Values that can be wrong name the events; all values of those are then looked at, for there to be one of each.
    """
    value = "value_num * factor + shift"
    stated = (
        "comparator IS NULL AND value_num BETWEEN least AND most AND time_precision IN "
        "('minute', 'second', 'millisecond', 'microsecond')"
    )
    read = (
        f"SELECT {_KEY}, place, tolerance, low, high, {value} AS v, hash(id) AS ref, file, record, "
        "0.5 * power(10.0, -coalesce(value_decimals, 0)) * abs(factor) AS h "
        f"FROM observed o JOIN k_role r ON r.sig = o.sig WHERE {stated}"
    )
    key = "number, source, twin, start_us, device, alike"
    sizes = " ".join(f"WHEN {number} THEN {len(rule.texts('roles'))}" for number, rule in enumerate(rules))
    tests = " ".join(f"WHEN {number} THEN {_WRONG[rules[number].text('kind')]}" for number in sorted(asked))
    return (
        f"WITH said AS ({read}), "
        f"wrong AS (SELECT {key} FROM said WHERE v BETWEEN low AND high GROUP BY ALL HAVING count(*) > 1), "
        f"events AS (SELECT {key}, any_value(tolerance) AS tolerance, count(*) AS n, count(DISTINCT place) AS places, "
        "list(v ORDER BY place) AS v, list(h ORDER BY place) AS h, list(ref ORDER BY place) AS refs, "
        f"min({{'file': file, 'record': record}}) AS first FROM said SEMI JOIN wrong USING ({key}) GROUP BY ALL) "
        f"SELECT number, source, count(*), min({{'first': first, 'refs': refs}}, {PLACES_KEPT}) "
        f"FROM events WHERE n = places AND n = CASE number {sizes} END AND (CASE number {tests} END) "
        "GROUP BY number, source ORDER BY number, source"
    )
