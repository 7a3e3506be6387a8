"""What is said of two sources, in words: sentences, units, coverage, and what each relation means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Context, Decimal, InvalidOperation

from twinmap.renderers._common import count, listed, number
from twinmap.renderers._relations import UNSAID, Told, Way
from twinmap.renderers._report import Json
from twinmap.terms.facets import spoken

_OPEN = (
    "one says what the other leaves open",
    "find out what is left open and bind it in its mapping; do not pool before",
)

#: What each relation is called, what it means and what to do, worst first.
LEGEND: Mapping[str, tuple[str, str, str]] = {
    "not-comparable": (
        "not comparable",
        "another quantity, unit or subject, or a code that contradicts its facets",
        "keep them apart; often one of the two is an error",
    ),
    "conflicting": (
        "conflicting",
        "one event is told with two values that cannot both be true",
        "find out which one is wrong before you use either",
    ),
    "related": (
        "related",
        "the same quantity, measured in another way or place or state",
        "compare with a stated bias; do not pool",
    ),
    "a-narrower": ("narrower", *_OPEN),
    "a-broader": ("broader", *_OPEN),
    UNSAID: (
        "not known to differ",
        "all that is said agrees, but neither says a facet that decides",
        "find out what is not said before you pool",
    ),
    "equivalent": ("equivalent", "the same in every facet that decides", "use them together"),
}


def called(standing: str) -> str:
    """What a relation is called; as it is where it is not known."""
    return LEGEND[standing][0] if standing in LEGEND else standing


def legend(standings: Iterable[str]) -> list[tuple[list[str], str, str]]:
    """The lines of the legend for some relations: which, what they mean, what to do; worst first."""
    wanted = set(standings)
    lines: dict[tuple[str, str], list[str]] = {}
    for standing, (_, meaning, advice) in LEGEND.items():
        if standing in wanted:
            lines.setdefault((meaning, advice), []).append(standing)
    return [(same, meaning, advice) for (meaning, advice), same in lines.items()]


def clause(way: Way) -> Iterator[tuple[str, str]]:
    """A sentence about two sources in parts: of a ``source``, of the ``relation``, or of plain text.

    As ``ehr (29 of 73 values) and wristband are conflicting, because …``.
    """
    word = called(way.standing)
    between = (" is ", " than ") if way.standing in ("a-narrower", "a-broader") else (" and ", "")
    yield from _named(way.first, way.of_a)
    yield "", between[0]
    if between[1]:
        yield "relation", word
        yield "", between[1]
    yield from _named(way.second, way.of_b)
    if not between[1]:
        yield "", " are "
        yield "relation", word
    yield "", reason(way)


def _named(source: str, share: tuple[int, int] | None) -> Iterator[tuple[str, str]]:
    yield "source", source
    if share is not None and share[0] < share[1]:
        yield "", f" ({number(share[0])} of {count(share[1], 'value')})"


def sentence(way: Way, label: str) -> str:
    """``Heart rate: ehr is broader than wristband, because ehr does not say site``."""
    return f"{label}: {''.join(text for _, text in clause(way))}"


def reason(way: Way) -> str:
    """Why two sources are so related: ``, because site (upper arm ↔ wrist) differs; …``."""
    row = way.rows[0]
    reasons = [*_conflict(row), *_differing(way), *_open(way)]
    if (row.get("conversion") or {}).get("class") == "empirical":
        reasons.append("only an empirical equation leads from one scale to the other")
    unsaid = [_facet(name) for name in row.get("unsaid") or ()]
    if way.standing == UNSAID:
        return f": neither says {listed(unsaid, 'or')}"
    if reasons:
        return f", because {'; '.join(reasons)}"
    return ", every facet agrees" if way.standing == "equivalent" else ""


def _conflict(row: Json) -> Iterator[str]:
    """What is said of the events that both tell, which no facet can tell."""
    conflict = row.get("conflict")
    if conflict:
        readings = conflict.get("count", 0)
        has = "has" if readings == 1 else "have"
        what = "reading of one device and moment" if readings == 1 else "readings of a device and moment"
        yield f"{number(readings)} {what} {has} two values ({conflict.get('code')})"


def _differing(way: Way) -> Iterator[str]:
    differ = [
        f"{_facet(name := facet['facet'])} ({_spoken(name, facet, 'a')} ↔ {_spoken(name, facet, 'b')})"
        for facet in way.facets
        if facet["relation"] == ["disjoint"]
    ]
    if differ:
        yield f"{listed(differ)} {'differs' if len(differ) == 1 else 'differ'}"


def _open(way: Way) -> Iterator[str]:
    for said, wide, key in (("broader", way.first, "a"), ("narrower", way.second, "b")):
        less = [facet for facet in way.facets if facet["relation"] == [said]]
        vague = [_facet(facet["facet"]) for facet in less if facet[key] != [None]]
        silent = [_facet(facet["facet"]) for facet in less if facet[key] == [None]]
        if vague:
            yield f"{wide} is less specific in {listed(vague)}"
        if silent:
            yield f"{wide} does not say {listed(silent)}"


def _facet(name: object) -> str:
    return str(name).replace("-", " ")


def _spoken(name: str, facet: Json, side: str) -> str:
    return ", ".join(spoken(name, None if value is None else str(value)) for value in facet[side])


#: Facet, what A and B say of it, how that relates, the evidence, the code.
Cells = tuple[str, str, str, str, str, str]


def facet_cells(way: Way) -> list[Cells]:
    """The table of a way; the events that both tell come first, where they contradict each other."""
    conflict = way.rows[0].get("conflict")
    rows: list[Cells] = []
    if conflict:
        evidence = f"{count(int(conflict.get('count', 0)), 'event')} with two values"
        rows.append(("same event", "", "", "conflicting", evidence, str(conflict.get("code") or "")))
    for facet in way.facets:
        name = facet["facet"]
        relation, code = (", ".join(str(item) for item in facet[key] if item) for key in ("relation", "code"))
        pieces = [piece for item in facet["evidence"] if item for piece in str(item).split(" and ")]
        evidence = listed(list(dict.fromkeys(pieces)))
        first, second = (_spoken(name, facet, side) for side in "ab")
        rows.append((_facet(name), first, second, relation, evidence, code))
    return rows


# --- units ------------------------------------------------------------------------------------------

_SIX = Context(prec=6)


def conversions(way: Way) -> str:
    """``units converted: kPa × 7.50064 = mm[Hg]``, empty where both have one unit; what is empirical is not applied."""
    found = [row["conversion"] for row in way.rows if row.get("conversion")]
    applied = list(dict.fromkeys(_equation(item) for item in found if item.get("class") != "empirical"))
    told = [f"units converted: {listed(applied)}"] if applied else []
    left = list(dict.fromkeys(_equation(item) for item in found if item.get("class") == "empirical"))
    return "; ".join(told + ([f"empirical, not applied: {listed(left)}"] if left else []))


def _equation(conversion: Json) -> str:
    offset = str(conversion.get("offset") or "0")
    shift = (
        ""
        if offset.strip("+-0.") == ""
        else f" {'−' if offset[0] == '-' else '+'} {_short(offset.lstrip('+-'))}"
    )
    return (
        f"{conversion.get('from')} × {_short(str(conversion.get('factor')))}{shift} = {conversion.get('to')}"
    )


def _short(decimal: str) -> str:
    """A number to six significant digits.

    >>> _short("7.50063755419"), _short("100"), _short("0.0555074490997")
    ('7.50064', '100', '0.0555074')
    """
    try:
        return f"{_SIX.plus(Decimal(decimal)):f}"
    except InvalidOperation:
        return decimal


# --- who and how many -------------------------------------------------------------------------------


def coverage(way: Way) -> Iterator[str]:
    """``311 patients in both, 101 in ward-monitor alone, 493 in wristband alone``, a line for each pair of units."""
    for row in way.rows:
        counts = row.get("counts") or {}
        names = ("patients_both", "patients_a", "patients_b")
        if not all(isinstance(counts.get(name), int) for name in names):
            continue
        both, first, second = (counts[name] for name in names)
        units = [
            str(facet.get(side))
            for facet in row.get("facets", ())
            if facet.get("facet") == "unit"
            for side in "ab"
        ]
        prefix = f"{' and '.join(dict.fromkeys(units))}: " if len(way.rows) > 1 and units else ""
        yield (
            f"{prefix}{count(both, 'patient')} in both, {first - both:,} in {way.first} alone, "
            f"{second - both:,} in {way.second} alone"
        )


def others(item: Told) -> str:
    """What the other ways of two sources are: ``2 more: related``, empty where there is no other."""
    tally: dict[str, int] = {}
    for way in item.ways[1:]:
        tally[called(way.standing)] = tally.get(called(way.standing), 0) + 1
    more = len(item.ways) - 1
    if not more:
        return ""
    kinds = list(tally) if len(tally) == 1 else [f"{n} {name}" for name, n in tally.items()]
    return f"{more} more: {listed(kinds)}"
