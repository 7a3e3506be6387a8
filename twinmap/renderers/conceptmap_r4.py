"""FHIR R4 ConceptMap: how the terms of the sources relate, for terminology servers.

In R4 the attribute ``equivalence`` says what the target is, seen from the source: ``wider`` where the source is
the narrower one.
"""

from __future__ import annotations

from twinmap.renderers._alignments import NEGATIVE
from twinmap.renderers._conceptmap import Attribute, Element, Form, concept_map
from twinmap.renderers._report import Report

EQUIVALENCE = {
    "equivalent": "equivalent",
    "a-narrower": "wider",
    "a-broader": "narrower",
    "related": "relatedto",
    NEGATIVE: "disjoint",
}


def render(report: Report) -> str:
    """One ConceptMap as JSON."""
    return concept_map(report, _FORM, lambda _: {})


def _attribute(item: Attribute) -> Element:
    system = {"system": item.system} if item.system else {}
    display = {"display": item.display} if item.display else {}
    return {"property": item.iri, **system, "value": item.code, **display}


_UNMATCHED: Element = {
    "target": [
        {
            "equivalence": "unmatched",
            "comment": "no term of another source is known to relate to it in this data",
        }
    ]
}
_FORM = Form("equivalence", EQUIVALENCE, _UNMATCHED, _attribute)
