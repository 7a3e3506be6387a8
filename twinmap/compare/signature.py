"""Signatures: what the values of a source mean, once per distinct code, unit and set of facets.

There are hundreds of them where there are millions of statements. All that decides whether two sources mean
the same is in a signature; the numbers beside it (how many, of whom, how spread) describe the values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from twinmap.compare.meaning import Meaning, Said, of_code, of_predicate
from twinmap.sqltext import identifier, quoted
from twinmap.terms import facets, loinc, systems
from twinmap.terms.concepts import Catalogue

if TYPE_CHECKING:
    from twinmap.engine.duck import Duck

#: Statuses that say that a statement is not to be used.
RETRACTED = ("entered-in-error", "cancelled")
#: SQL that holds for a statement that is to be used.
STANDS = " AND ".join(f"status IS DISTINCT FROM {quoted(word)}" for word in RETRACTED)
#: The shares for which the quantiles of a signature are taken.
SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True, slots=True)
class Profile:
    """The values of a signature in numbers.

    ``quantiles`` are those of :data:`SHARES` of the value as stated, ``low`` and ``high`` its ends; None
    where there are no numbers. ``decimals`` is the median of the digits after the point; ``gap_us`` the
    typical time between values of a patient, in microseconds.
    """

    n: int = 0
    patients: int = 0
    low: float | None = None
    high: float | None = None
    quantiles: tuple[float, ...] = ()
    decimals: int | None = None
    gap_us: int | None = None


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A facet that is stated as ``stated`` while the code fixes ``fixed``, and both cannot be true."""

    facet: str
    stated: str
    fixed: str


@dataclass(frozen=True, slots=True)
class Signature:
    """The meaning of some statements of one source.

    Args:
        number: Its number in this run, from 1.
        source: The source.
        meaning: The code, taken apart.
        unit: UCUM; None where no unit was given or it is not known.
        unit_raw: The unit as received, one of several where the source writes it in several ways.
        canon_unit: The unit of the canonical value.
        values: ``quantity``, ``coded``, ``text`` or ``absent``.
        facets: CURIE or length of time by facet, from the code and beside it.
        contradictions: Facets in which the statement contradicts its code.
        match: How the received code relates to the one it was mapped to; see :func:`of_predicate`.
        received: The CURIE of the received code where ``match`` is not ``=``.
        display: The display of the code.
        rule: The mapping rule, the first of them.
        place: File, record, line and part of the first statement.
        profile: The values in numbers.
    """

    number: int
    source: str
    meaning: Meaning
    unit: str | None = None
    unit_raw: str | None = None
    canon_unit: str | None = None
    values: str = "quantity"
    facets: Mapping[str, Said] = field(default_factory=dict)
    contradictions: tuple[Contradiction, ...] = ()
    match: str = "="
    received: str | None = None
    display: str | None = None
    rule: str = ""
    place: tuple[int, int, int | None, str] | None = None
    profile: Profile = Profile()

    @property
    def group(self) -> str:
        """What it is compared under: the name of the concept, else the CURIE of the code."""
        return self.meaning.group

    @property
    def is_difference(self) -> bool:
        """Whether values are differences, which are converted by the factor alone."""
        axes = self.meaning.axes
        return (axes is not None and axes.property in loinc.DIFFERENCES) or self.word(
            "statistic"
        ) == "standard-deviation"

    def word(self, facet: str) -> str | None:
        """The word of a facet: ``wrist``; None where it is not said."""
        said = self.facets.get(facet)
        return facets.word(facet, said.value) if said else None


def same_code(a: Signature, b: Signature) -> bool:
    """Whether two signatures carry one code of one system."""
    return (a.meaning.system, a.meaning.code) == (b.meaning.system, b.meaning.code)


def merged(
    stated: Mapping[str, str], fixed: Mapping[str, Said], rule: str = ""
) -> tuple[dict[str, Said], tuple[Contradiction, ...]]:
    """The facets of a statement: those that its code fixes and those beside it, the more specific of two.

    >>> facets_, wrong = merged({"site": "tm:site-axilla"}, {"site": Said("tm:site-mouth", "LOINC SYSTEM")})
    >>> wrong
    (Contradiction(facet='site', stated='tm:site-axilla', fixed='tm:site-mouth'),)
    """
    known = facets.facets()
    found = dict(fixed)
    wrong = []
    for name, value in stated.items():
        code = fixed.get(name)
        said = Said(value, rule or "stated")
        relation = "=" if code is None or code.implied else facets.relation(known[name], value, code.value)
        if relation == "disjoint" and code is not None:
            wrong.append(Contradiction(name, value, code.value))
        if relation != "broader":
            found[name] = said
    return {name: found[name] for name in known if name in found}, tuple(wrong)


# --- from the table of observations -----------------------------------------------------------------


def compared_facets() -> tuple[str, ...]:
    """The facets that signatures are told apart by: all but free text, which names people and roles."""
    return tuple(name for name, facet in facets.facets().items() if facet.type != "text")


_CLASS = (
    "CASE WHEN value_kind IN ('quantity', 'range', 'ratio', 'sampled') THEN 'quantity' "
    "WHEN value_kind IN ('coded', 'absent') THEN value_kind ELSE 'text' END"
)
_MAPPED = "map_predicate IS NOT NULL AND map_predicate <> 'skos:exactMatch'"


def _keys() -> dict[str, str]:
    """What tells signatures apart, as SQL by column name."""
    keys = {name: name for name in ("source", "code_system", "code", "unit")}
    keys |= {
        "predicate": f"CASE WHEN {_MAPPED} THEN map_predicate END",
        "received_system": f"CASE WHEN {_MAPPED} THEN raw_code_system END",
        "received_code": f"CASE WHEN {_MAPPED} THEN raw_code END",
        "unknown_unit": "CASE WHEN unit IS NULL THEN unit_raw END",
        "class": _CLASS,
    }
    return keys | {f"f_{name}": identifier(name) for name in compared_facets()}


#: Columns of an observation that the comparison reads beside the signature.
_READ = (
    *("id", "twin", "device", "file", "record", "line", "part", "rule", "source", "display"),
    *("unit_raw", "canon_unit"),
    *("value_kind", "value_num", "value_decimals", "comparator", "start_us", "time_precision"),
)


def number(duck: Duck, relation: str) -> None:
    """Give every distinct signature of a relation of observations its number.

    Makes the table ``k_sig`` and the view ``observed``: the statements that stand, with ``sig``.

    Args:
        duck: A connection.
        relation: SQL of a relation with the columns of the observation table; may be a part of it.
    """
    keys = _keys()
    hashed = f"hash({', '.join(keys.values())})"
    listed = ", ".join(f"{sql} AS {name}" for name, sql in keys.items())
    duck.run(
        "CREATE OR REPLACE TEMP TABLE k_sig AS "
        f"SELECT row_number() OVER (ORDER BY {', '.join(keys)}) AS sig, * "
        f"FROM (SELECT {listed}, any_value({hashed}) AS h FROM {relation} WHERE {STANDS} GROUP BY ALL)"
    )
    read = ", ".join(f"o.{name}" for name in _READ)
    duck.run(
        f"CREATE OR REPLACE TEMP VIEW observed AS SELECT s.sig, {read} FROM (SELECT *, {hashed} AS h "
        f"FROM {relation} WHERE {STANDS}) o JOIN k_sig s ON s.h = o.h"
    )
    duck.run(
        "CREATE OR REPLACE TEMP TABLE k_seen AS SELECT sig, twin, count(*) AS n, min(start_us) AS first_us, "
        "max(start_us) AS last_us FROM observed GROUP BY sig, twin"
    )


def signatures(duck: Duck, catalogue: Catalogue) -> list[Signature]:
    """The signatures behind the tables that :func:`number` made, in the order of their numbers."""
    profiles = _profiles(duck)
    names = ["sig", *_keys()]
    listed = ", ".join(names)
    found = []
    for row in duck.rows(f"SELECT {listed} FROM k_sig ORDER BY sig"):
        cells = dict(zip(names, row, strict=True))
        about, profile = profiles[cells["sig"]]
        found.append(_signature(cells, about, profile, catalogue))
    return found


def _profiles(duck: Duck) -> dict[int, tuple[dict[str, Any], Profile]]:
    shares = ", ".join(str(share) for share in SHARES)
    seen = {
        row[0]: row[1:]
        for row in duck.rows(
            "SELECT sig, count(*), quantile_disc((last_us - first_us) // nullif(n - 1, 0), 0.5) FILTER (WHERE n > 1) "
            "FROM k_seen GROUP BY sig"
        )
    }
    profiles = {}
    place = "min({'file': file, 'record': record, 'line': line, 'part': part})"
    for sig, n, display, raw, canon, rule, first_place, low, high, quantiles, decimals in duck.rows(
        f"SELECT sig, count(*), min(display), min(unit_raw), min(canon_unit), min(rule), {place}, min(value_num), "
        f"max(value_num), quantile_cont(value_num, [{shares}]), quantile_disc(value_decimals, 0.5) "
        "FROM observed GROUP BY sig"
    ):
        patients, gap = seen[sig]
        profile = Profile(n, patients, low, high, tuple(quantiles or ()), decimals, gap)
        about = {"display": display, "unit_raw": raw, "canon_unit": canon, "rule": rule}
        profiles[sig] = (about | {"place": tuple(first_place.values())}, profile)
    return profiles


def _signature(
    cells: Mapping[str, Any], about: Mapping[str, Any], profile: Profile, catalogue: Catalogue
) -> Signature:
    meaning = of_code(cells["code_system"], cells["code"] or "", catalogue)
    stated = {name: cells[f"f_{name}"] for name in compared_facets() if cells[f"f_{name}"] is not None}
    said, wrong = merged(stated, meaning.facets, about["rule"])
    received = None
    if cells["received_code"] is not None:
        system = cells["received_system"]
        received = systems.curie(system, cells["received_code"]) if system else cells["received_code"]
    return Signature(
        number=cells["sig"],
        source=cells["source"],
        meaning=meaning,
        unit=cells["unit"],
        unit_raw=about["unit_raw"],
        canon_unit=about["canon_unit"],
        values=cells["class"],
        facets=said,
        contradictions=wrong,
        match=of_predicate(cells["predicate"]) if cells["predicate"] else meaning.match,
        received=received,
        display=about["display"],
        rule=about["rule"],
        place=about["place"],
        profile=profile,
    )
