"""FHIR R5 ConceptMap: how the terms of the sources relate, for terminology servers.

Beyond R4 it has ``noMap`` for what nothing relates to, and says conversions of units and the codes of findings
as properties of a target.
"""

from __future__ import annotations

from twinmap.renderers._alignments import NEGATIVE, Alignment, Alignments, conversion_text
from twinmap.renderers._conceptmap import Attribute, Element, Form, attributes, concept_map
from twinmap.renderers._report import Report

RELATIONSHIP = {
    "equivalent": "equivalent",
    "a-narrower": "source-is-narrower-than-target",
    "a-broader": "source-is-broader-than-target",
    "related": "related-to",
    NEGATIVE: "not-related-to",
}

_PROPERTIES = {
    "conversion": "How values in one unit become values in the other.",
    "finding": "A code of twinmap that explains a difference.",
}


def render(report: Report) -> str:
    """One ConceptMap as JSON."""
    return concept_map(report, _FORM, _declared)


def _declared(found: Alignments) -> Element:
    """The properties and attributes that the map uses."""
    used = {name for item in found.told for name in _said(item)}
    named = {
        each.name: each
        for item in found.told
        for term in (item.subject, item.object)
        for each in attributes(term)
    }
    properties = [
        {"code": code, "description": text, "type": "string"}
        for code, text in _PROPERTIES.items()
        if code in used
    ]
    declared = [
        {"code": name, "uri": named[name].iri, "type": "Coding" if named[name].coded else "string"}
        for name in sorted(named)
    ]
    return {
        **({"property": properties} if properties else {}),
        **({"additionalAttribute": declared} if declared else {}),
    }


def _said(item: Alignment) -> dict[str, list[str]]:
    said = {"conversion": [conversion_text(each) for each in item.conversions], "finding": item.findings}
    return {name: texts for name, texts in said.items() if texts}


def _more(item: Alignment) -> Element:
    found = [{"code": name, "valueString": text} for name, texts in _said(item).items() for text in texts]
    return {"property": found} if found else {}


def _attribute(item: Attribute) -> Element:
    if not item.coded:
        return {"attribute": item.name, "valueString": item.code}
    system = {"system": item.system} if item.system else {}
    display = {"display": item.display} if item.display else {}
    return {"attribute": item.name, "valueCoding": {**system, "code": item.code, **display}}


_FORM = Form("relationship", RELATIONSHIP, {"noMap": True}, _attribute, _more)
