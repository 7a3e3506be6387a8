"""What a run found, as quads beside the statements: findings, and how the sources relate.

A finding is derived from the places that observations are derived from, so that both meet in a query. There are no
blank nodes and no times.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from twinmap.diagnostics import Finding, Place

_TM = "https://w3id.org/twinmap/ns#"
_TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
_DERIVED = "<http://www.w3.org/ns/prov#wasDerivedFrom>"
_INTEGER = "<http://www.w3.org/2001/XMLSchema#integer>"


def findings(base: str, found: Sequence[Finding], files: Mapping[tuple[str, str], int]) -> Iterator[str]:
    """The lines of ``graph/findings`` that tell of findings.

    Args:
        base: The IRI below which everything is named.
        found: The findings; those that would have one id are numbered in their order.
        files: The number of a file by source and name; a file whose name two of one source have is left out.
    """
    seen: Counter[str] = Counter()
    for finding in found:
        seen[finding.id] += 1
        number = f"-{seen[finding.id]}" if seen[finding.id] > 1 else ""
        node = f"{base}finding/{finding.id}{number}"
        yield from _lines(base, node, _about(base, finding, files))


def relations(base: str, rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The lines that tell how two sources relate for a concept, with a node for each facet that was compared."""
    for row in rows:
        node = f"{base}relation/{row['signature_a']}-{row['signature_b']}"
        about = [
            (_TYPE, f"<{_TM}MeaningRelation>"),
            (_term("relation"), _text(row["relation"])),
            (_term("aboutConcept"), _text(row["concept"])),
            (_term("firstSource"), f"<{base}source/{row['source_a']}>"),
            (_term("secondSource"), f"<{base}source/{row['source_b']}>"),
        ]
        compared = []
        for number, facet in enumerate(row["facets"], 1):
            part = f"{node}/{number}"
            about.append((_term("facetComparison"), f"<{part}>"))
            compared += list(_lines(base, part, _facet(facet)))
        yield from _lines(base, node, about)
        yield from compared


def _about(base: str, finding: Finding, files: Mapping[tuple[str, str], int]) -> list[tuple[str, str]]:
    about = [
        (_TYPE, f"<{_TM}Finding>"),
        (_term("findingCode"), _text(finding.code)),
        (_term("findingSeverity"), _text(finding.severity.value)),
        (_term("message"), _text(finding.message)),
        (_term("occurrences"), f'"{finding.count}"^^{_INTEGER}'),
    ]
    about += [(_term("aboutSource"), f"<{base}source/{name}>") for name in finding.sources]
    said = {"aboutConcept": finding.concept, "aboutFacet": finding.facet, "rule": finding.rule}
    about += [(_term(name), _text(text)) for name, text in said.items() if text]
    if finding.patient:
        about.append((_term("record"), f"<{base}record/{finding.patient}>"))
    places = (_place(base, place, files) for place in finding.places)
    return about + [(_DERIVED, place) for place in dict.fromkeys(places) if place]


def _facet(facet: Mapping[str, Any]) -> list[tuple[str, str]]:
    said = {
        "aboutFacet": facet["facet"],
        "firstValue": facet.get("a"),
        "secondValue": facet.get("b"),
        "relation": facet["relation"],
        "findingCode": facet.get("code"),
    }
    listed = [(_term(name), _text(str(value))) for name, value in said.items() if value]
    return [(_TYPE, f"<{_TM}FacetComparison>"), *listed]


def _place(base: str, place: Place, files: Mapping[tuple[str, str], int]) -> str | None:
    """The IRI that statements of this place are derived from; see ``place_iri`` of the targets."""
    number = files.get((place.source, place.file))
    if number is None or not place.record:
        return None
    part = f"/{quote(place.part, safe='/~')}" if place.part else ""
    return f"<{base}file/{number}#{place.record}{part}>"


def _lines(base: str, node: str, about: Iterable[tuple[str, str]]) -> Iterator[str]:
    return (f"<{node}> {predicate} {term} <{base}graph/findings> .\n" for predicate, term in about)


def _term(name: str) -> str:
    return f"<{_TM}{name}>"


def _text(text: str) -> str:
    """A literal; JSON escapes what N-Quads wants escaped, in the same way."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")
