"""What a report says of pairs of terms: its relations without the sources, units and numbers.

Relations are told of signatures: a code, a unit and facets in one source. An export is about terms, whoever
sends them in whichever unit. So rows of the same two terms become one alignment; what only the data says, as
that a unit is missing or an event is told twice, does not change how two terms relate.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from twinmap.compare.relation import FacetComparison, verdict
from twinmap.errors import UsageError
from twinmap.model import RELATIONS
from twinmap.renderers._common import count, listed
from twinmap.renderers._escape import visible
from twinmap.renderers._relations import Way
from twinmap.renderers._report import Json, Report
from twinmap.renderers._sentences import facet_cells
from twinmap.renderers._signature_terms import Key, Term, key_of, terms
from twinmap.terms import loinc, snomed, systems
from twinmap.terms.concepts import catalogue
from twinmap.terms.facets import NOT_SAID

NEGATIVE = "not-comparable"
_TURNED = {"narrower": "broader", "broader": "narrower", "a-narrower": "a-broader", "a-broader": "a-narrower"}
_SIDES = {"a": "b", "b": "a"}


@dataclass(frozen=True, slots=True)
class Alignment:
    """How a term relates to another one.

    ``rows`` are the rows of the report behind it, with the subject as A; ``unfit`` those of the same two
    terms whose values cannot be compared for their units, though others can.
    """

    subject: Term
    object: Term
    relation: str
    rows: tuple[Json, ...]
    unfit: tuple[Json, ...] = ()

    @property
    def findings(self) -> list[str]:
        """The codes of the pages that explain the facets."""
        return sorted(
            {str(facet["code"]) for row in self.rows for facet in row.get("facets", ()) if facet.get("code")}
        )

    @property
    def by_map(self) -> bool:
        """Whether a code map of the user says how one of the codes relates to the concept."""
        return self.subject.by_map or self.object.by_map

    @property
    def concepts(self) -> list[str]:
        """What the terms are compared under."""
        return sorted({str(row.get("concept")) for row in self.rows})

    @property
    def conversions(self) -> list[Json]:
        """How values of one become values of the other, each once; a factor of 1 converts nothing."""
        found = {
            tuple(sorted(item.items())): item
            for row in self.rows
            if (item := row.get("conversion")) and (item.get("factor"), item.get("offset")) != ("1", None)
        }
        return [found[key] for key in sorted(found)]

    @property
    def comment(self) -> str:
        """The explanation, facet by facet, on one line."""
        said = [_said(*cells) for cells in facet_cells(Way(tuple(_explaining(self.rows))))]
        if self.unfit:
            of = len(self.rows) + len(self.unfit)
            said.append(f"{len(self.unfit)} of {of} pairs of units cannot be converted")
        return visible("; ".join(said))

    @property
    def other_quantity(self) -> bool:
        """Whether the components themselves are known to be different things."""
        return any(
            facet.get("facet") == "component" and facet.get("relation") == "disjoint"
            for row in self.rows
            for facet in row.get("facets", ())
        )


@dataclass(frozen=True, slots=True)
class Alignments:
    """All of a report: what relates, what must not be mapped, what nothing relates to; in order of terms.

    ``undescribed`` counts relations of signatures that the report has no concept or code for, ``one_term``
    those of values that do not mean the same for their units alone, and are one term in both sources.
    """

    positive: tuple[Alignment, ...]
    negative: tuple[Alignment, ...]
    unmatched: tuple[Term, ...]
    undescribed: int = 0
    one_term: int = 0

    @property
    def left_out(self) -> str:
        """What an export cannot say, and why; empty where there is nothing."""
        reasons = {"without a code": self.undescribed, "of one term in units that differ": self.one_term}
        told = [f"{count(number, 'relation')} {why}" for why, number in reasons.items() if number]
        return f" Left out: {listed(told)}." if told else ""

    @property
    def told(self) -> tuple[Alignment, ...]:
        """What a map may say of relatedness: all positive ones, and those of other quantities.

        Values that cannot be compared for their unit, or contradict their code, say nothing of two codes.
        """
        return (*self.positive, *(item for item in self.negative if item.other_quantity))


def alignments(report: Report) -> Alignments:
    """Merge the relations of a report by their terms.

    The subject is the more local and the more specific of two: a minted term or a local code comes before a
    code of a public system. So a pair stands the same way round whatever the sources are called.
    """
    known = terms(report)
    pairs: dict[tuple[str, str], list[tuple[Term, Term, Json]]] = defaultdict(list)
    mapped: set[str] = set()
    undescribed = one_term = 0
    for row in report.relations:
        first, second = (known.get(_key(row, side)) for side in "ab")
        if first is None or second is None:
            undescribed += 1
        elif first.curie == second.curie:
            mapped.add(first.curie)
            one_term += row["relation"] not in ("equivalent", "conflicting")
        elif first.order < second.order:
            pairs[first.curie, second.curie].append((first, second, row))
        else:
            pairs[second.curie, first.curie].append((second, first, _turned(row)))
    found = [_alignment(same) for same in pairs.values()]
    found.sort(key=lambda item: (item.subject.order, item.object.order))
    positive = tuple(item for item in found if item.relation != NEGATIVE)
    mapped |= {term.curie for item in positive for term in (item.subject, item.object)}
    return Alignments(
        positive,
        tuple(item for item in found if item.relation == NEGATIVE),
        _unmatched(report, known, mapped),
        undescribed,
        one_term,
    )


def _key(row: Json, side: str) -> Key:
    return str(row.get(f"source_{side}")), row.get(f"signature_{side}")


def _turned(row: Json) -> Json:
    """The row seen from B."""
    turned: dict[str, Any] = dict(row)
    for name in ("source", "signature"):
        for side, other in _SIDES.items():
            turned[f"{name}_{side}"] = row.get(f"{name}_{other}")
    turned["relation"] = _TURNED.get(str(row["relation"]), row["relation"])
    turned["facets"] = [
        {**facet, "a": facet.get("b"), "b": facet.get("a"), "relation": _TURNED.get(was, was)}
        for facet in row.get("facets", ())
        for was in [facet.get("relation")]
    ]
    counts = row.get("counts") or {}
    swapped = {"n_a": "n_b", "n_b": "n_a", "patients_a": "patients_b", "patients_b": "patients_a"}
    turned["counts"] = {name: counts.get(swapped.get(name, name)) for name in counts}
    return turned


def _alignment(same: Sequence[tuple[Term, Term, Json]]) -> Alignment:
    """Not comparable are two terms of which no values are."""
    subject, object_, _ = same[0]
    rows = tuple(row for _, _, row in sorted(same, key=lambda item: _place(item[2])))
    fit = tuple(row for row in rows if row["relation"] != NEGATIVE)
    if not fit:
        return Alignment(subject, object_, NEGATIVE, rows)
    found = {_meant(row) for row in fit}
    unfit = tuple(row for row in rows if row["relation"] == NEGATIVE)
    return Alignment(subject, object_, next(name for name in RELATIONS if name in found), fit, unfit)


def _place(row: Json) -> tuple[str, ...]:
    names = ("concept", "source_a", "source_b", "signature_a", "signature_b")
    return tuple(f"{row.get(name)!s:>9}" for name in names)


def _meant(row: Json) -> str:
    """How the terms of a comparable row relate: without a missing unit, and without events that conflict."""
    compared = [
        FacetComparison(str(item.get("facet")), item.get("a"), item.get("b"), str(item.get("relation")))
        for item in row.get("facets", ())
        if item.get("facet") != "unit"
    ]
    found = verdict(compared)
    return "related" if found == NEGATIVE or _empirical(row) else found


def _empirical(row: Json) -> bool:
    return bool((row.get("conversion") or {}).get("class") == "empirical")


def _unmatched(report: Report, known: dict[Key, Term], mapped: set[str]) -> tuple[Term, ...]:
    """Terms of values that could be compared, in a report of several sources, and relate to nothing."""
    if len({row.get("source") for row in report.concepts}) < 2:
        return ()
    found = {
        term.curie: term
        for row in report.concepts
        for term in [known.get(key_of(row))]
        if term is not None and _says_something(row) and term.curie not in mapped
    }
    return tuple(sorted(found.values(), key=lambda term: term.order))


def _says_something(row: Json) -> bool:
    """Whether values were compared at all: those that are absent, or text for a quantity, were not."""
    concept = catalogue().get(str(row.get("concept")))
    quantity = concept is not None and concept.kind == "quantity"
    return row.get("values") != "absent" and not (quantity and "values" in row)


# --- in words --------------------------------------------------------------------------------------

_WORDS = {
    "=": "=",
    "narrower": "is narrower than",
    "broader": "is broader than",
    "disjoint": "differs from",
    "unknown": "is not known to relate to",
}


def _explaining(rows: Iterable[Json]) -> Iterator[Json]:
    """Rows without what only their events say."""
    for row in rows:
        yield {key: value for key, value in row.items() if key != "conflict"}


def _said(facet: str, first: str, second: str, relation: str, evidence: str, code: str) -> str:
    """``site: wrist differs from upper arm (TM-F01)``; what mapping rules say is left to the report."""
    between = " or ".join(_WORDS.get(word, word) for word in relation.split(", "))
    text = f"{facet}: {first} {between} {second}"
    if first == second == NOT_SAID:
        text = f"{facet}: neither says it"
    because = [piece for piece in (evidence if "#" not in evidence else "", code) if piece]
    because = [piece for piece in because if piece != "neither source says it"]
    return f"{text} ({'; '.join(because)})" if because else text


def conversion_text(item: Json) -> str:
    """``value in mm[Hg] = value in kPa * 7.50063755419 (UCUM)``."""
    offset = str(item.get("offset") or "")
    shift = f" {'-' if offset.startswith('-') else '+'} {offset.lstrip('+-')}" if offset else ""
    rule = "UCUM" if item.get("rule") == "ucum" else str(item.get("rule"))
    kind = "; empirical, keeps no meaning" if item.get("class") == "empirical" else ""
    return f"value in {item['to']} = value in {item['from']} * {item['factor']}{shift} ({rule}{kind})"


# --- what every export says of itself ---------------------------------------------------------------


def given_date() -> str | None:
    """The date of an export, where ``SOURCE_DATE_EPOCH`` gives one; there is no other, so that bytes stay the same.

    Raises:
        UsageError: It is set and no number of seconds.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if not epoch:
        return None
    try:
        return datetime.fromtimestamp(int(epoch), UTC).date().isoformat()
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError("SOURCE_DATE_EPOCH is not a number of seconds since 1970") from error


def made_from(report: Report) -> str:
    """What the export was made of: the mappings with their versions."""
    named = sorted(
        {f"{item.get('id')} {item.get('version') or ''}".strip() for item in report.run.get("mappings", ())}
    )
    return f"Found by twinmap in data read with {', '.join(named)}." if named else "Found by twinmap."


_NOTICES = {
    loinc.SYSTEM: (
        "This material contains content from LOINC (http://loinc.org). LOINC is copyright Regenstrief Institute, "
        "Inc. and the Logical Observation Identifiers Names and Codes (LOINC) Committee and is available at no cost "
        "under the license at http://loinc.org/license. LOINC is a registered United States trademark of "
        "Regenstrief Institute, Inc."
    ),
    snomed.SYSTEM: (
        "This material includes SNOMED Clinical Terms (SNOMED CT) which is used by permission of SNOMED "
        "International. Use in production may need an affiliate licence: https://www.snomed.org."
    ),
}


def notices(used: Iterable[Term]) -> list[str]:
    """The notices that terminologies ask for, of those that are used."""
    uris = {known.uri for term in used if term.plain[0] and (known := systems.canonical(term.plain[0]))}
    return [text for uri, text in _NOTICES.items() if uri in uris]
