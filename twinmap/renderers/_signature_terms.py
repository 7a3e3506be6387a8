"""Signatures as terms: the code where it says all that is said of the values, else a name of their own.

What is said beside a code is part of the meaning: a systolic pressure at the wrist is not LOINC 8480-6 but
something narrower, and has no code. Such a signature is named ``<base>sig/<hash>``; the hash is that of the
code and the facets beside it, so the same is named the same in every run. Codes of systems without accepted
IRIs are named as in the graph, ``<base>code/<system>/<code>``.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from twinmap.compare.meaning import of_code
from twinmap.mapping.project import DEFAULT_BASE
from twinmap.renderers._report import Json, Report
from twinmap.terms import facets, loinc, snomed, systems
from twinmap.terms.concepts import catalogue

#: A source and the number of a signature in it.
Key = tuple[str, object]


@dataclass(frozen=True, slots=True)
class Term:
    """What some values of a source mean, as one term of a code system.

    Args:
        system: The URI of its code system; that of minted terms is ``<base>sig``.
        code: Its code there.
        prefix: The prefix of its CURIE.
        stem: What the prefix stands for.
        label: For people; None where nothing is known but the code.
        plain: System (as stated) and code that the values carry.
        beside: The facets beside the code that carry meaning, by name; empty where the term is the code itself.
        match: How the term relates to ``plain``, where a map says so and the report does not name the received code.
        by_map: Whether a code map of the user says how the code relates to its concept.
    """

    system: str
    code: str
    prefix: str
    stem: str
    label: str | None
    plain: tuple[str | None, str]
    beside: Mapping[str, str] = field(default_factory=dict)
    match: str = "="
    by_map: bool = False

    @property
    def curie(self) -> str:
        """``loinc:8480-6``; what is not allowed in an IRI is percent-encoded, as in the graph."""
        return f"{self.prefix}:{quote(self.code, safe='')}"

    @property
    def minted(self) -> bool:
        """Whether the term is named by us, because no code says it."""
        return bool(self.beside) or self.match != "="

    @property
    def plain_curie(self) -> str:
        """The code that the values carry: ``loinc:8480-6``; as stated where its system is not known."""
        system, code = self.plain
        return systems.curie(system, code) if system else code

    @property
    def order(self) -> tuple[bool, bool, str]:
        """Local codes come before those of public systems, minted terms before codes; then by name."""
        system = self.plain[0]
        return bool(system and systems.canonical(system)), not self.minted, self.curie


def terms(report: Report) -> dict[Key, Term]:
    """The term of every signature of a report that has a code."""
    base = str(report.run.get("base") or DEFAULT_BASE)
    fixed = _fixed_by_codes(report.relations)
    rows = [row for row in report.concepts if row.get("code")]
    received = (_parts(str(row["received"]))[0] for row in rows if row.get("received"))
    names = Names(base, [*(row.get("code_system") for row in rows), *received])
    return {key: names.term(row, fixed[key]) for row in rows for key in [key_of(row)]}


def key_of(row: Json) -> Key:
    """The signature that a row of the concepts is about."""
    return str(row.get("source")), row.get("signature")


def _fixed_by_codes(relations: Iterable[Json]) -> dict[Key, set[str]]:
    """The facets that codes themselves fix, as the evidence of the relations says.

    It knows what concept files of a project say, which are not at hand when a report is made.
    """
    found: dict[Key, set[str]] = defaultdict(set)
    for row in relations:
        for facet in row.get("facets", ()):
            pieces = str(facet.get("evidence") or "").split(" and ")
            for side, piece in (("a", pieces[0]), ("b", pieces[-1])):
                if facet.get(side) is not None and (piece == "the code" or piece.startswith("LOINC ")):
                    key = (str(row.get(f"source_{side}")), row.get(f"signature_{side}"))
                    found[key].add(str(facet.get("facet")))
    return found


class Names:
    """Names terms below a base; prefixes of systems that are not known are made from their URIs."""

    def __init__(self, base: str, stated: Iterable[object]) -> None:
        self._base = base
        unknown = {str(system) for system in stated if system and systems.canonical(str(system)) is None}
        by_slug: dict[str, list[str]] = defaultdict(list)
        for uri in sorted(unknown):
            by_slug[_slug(uri)].append(uri)
        self._prefixes = {
            uri: slug
            if len(same) == 1 and systems.expand(f"{slug}:x") is None
            else f"{slug}-{_hash(uri)[:6]}"
            for slug, same in by_slug.items()
            for uri in same
        }

    def term(self, row: Json, fixed: set[str]) -> Term:
        """The term of a row of the concepts; ``fixed`` are facets that its code fixes."""
        stated, code = row.get("code_system"), str(row["code"])
        known = of_code(stated, code, catalogue())
        beside = {
            name: str(value)
            for name, value in sorted(row.get("facets", {}).items())
            if name not in fixed and (name not in known.facets or known.facets[name].value != value)
        }
        match = str(row.get("match") or "=")
        by_map = match != known.match
        label = _label(stated, code, row)
        if row.get("received"):  # what was mapped is the term, not what it was mapped to
            stated, code = _parts(str(row["received"]))
            label, match = _label(stated, code, {}), known.match
        match = "=" if match == known.match else match
        if not beside and match == "=":
            system, prefix, stem = self._system(stated)
            return Term(system, code, prefix, stem, label, (stated, code), by_map=by_map)
        meaning = {"code": code, "facets": beside, "match": match, "system": _uri(stated)}
        return Term(
            system=f"{self._base}sig",
            code=_hash(json.dumps(meaning, sort_keys=True, ensure_ascii=False)),
            prefix="sig",
            stem=f"{self._base}sig/",
            label=_described(label or code, beside, match),
            plain=(stated, code),
            beside=beside,
            match=match,
            by_map=by_map,
        )

    def _system(self, stated: str | None) -> tuple[str, str, str]:
        """URI, prefix and stem of a system; a code without one is local, as in the graph."""
        uri = _uri(stated)
        if uri is None:
            return f"{self._base}code/local", "local", f"{self._base}code/local/"
        known = systems.canonical(uri)
        prefix = known.prefix if known else self._prefixes[uri]
        stem = known.stem if known and known.stem else f"{self._base}code/{quote(uri, safe='')}/"
        return uri, prefix, stem


def _uri(stated: str | None) -> str | None:
    known = systems.canonical(stated) if stated else None
    return known.uri if known else stated or None


def _parts(received: str) -> tuple[str | None, str]:
    """System and code of ``loinc:8480-6``, of ``https://lab.example|NA``, or of a code alone.

    >>> _parts("https://lab.example|NA"), _parts("NA")
    (('https://lab.example', 'NA'), (None, 'NA'))
    """
    known = systems.expand(received)
    if known is not None:
        return known
    system, bar, code = received.partition("|")
    return (system, code) if bar else (None, received)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _slug(uri: str) -> str:
    """A word of a URI that can be a prefix: the last part of its path, else its host.

    >>> _slug("https://hospital.example/codes/lab"), _slug("urn:oid:2.999.1")
    ('lab', 'urn-oid-2.999.1')
    """
    parts = [part for part in re.split(r"[/#?]+", re.sub(r"^\w+://", "", uri)) if part]
    word = re.sub(r"[^A-Za-z0-9._]+", "-", parts[-1] if parts else uri).strip("-._").lower()
    return word if re.match("[a-z]", word) else f"system-{word}".rstrip("-")


def _label(system: str | None, code: str, row: Json) -> str | None:
    """The name of a code in its system where that is known, else what the report calls it."""
    uri = _uri(system)
    if uri == loinc.SYSTEM and code in loinc.terms():
        return loinc.terms()[code].name
    if uri == snomed.SYSTEM and code in snomed.terms():
        return snomed.terms()[code]
    label = row.get("label")
    return str(label) if label else None


def _described(label: str, beside: Mapping[str, str], match: str) -> str:
    """``Systolic blood pressure (site: wrist)``."""
    said = [f"{name}: {facets.spoken(name, value)}" for name, value in beside.items()]
    said += [f"mapped as {match}"] if match != "=" else []
    return f"{label} ({'; '.join(said)})"
