"""Which page tells of a difference: the finding code of each way in which two sources differ in a facet."""

from __future__ import annotations

from twinmap.compare.relation import FacetComparison, Nature

#: What differs, by facet or LOINC axis.
_DIFFERENT = {
    "component": "TM-C06",
    "property": "TM-C08",
    "unit": "TM-U05",
    "subject": "TM-I06",
    "site": "TM-F01",
    "method": "TM-F02",
    "posture": "TM-F04",
    "activity": "TM-F05",
    "meal": "TM-F07",
    "oxygen": "TM-F08",
    "setting": "TM-F09",
    "origin": "TM-F10",
    "specimen": "TM-C07",
    "loinc-system": "TM-C07",
    "statistic": "TM-G03",
    "over": "TM-C10",
    "loinc-time": "TM-C10",
    "challenge": "TM-C11",
    "loinc-challenge": "TM-C11",
    "adjustment": "TM-C11",
}

#: What is more than a difference in a facet.
_NATURE = {
    Nature.CONTRADICTED: "TM-F06",
    Nature.EMPIRICAL: "TM-U15",
    Nature.MAPPED: "TM-G01",
    Nature.SAME_EVENT: "TM-X01",
}


def code(item: FacetComparison) -> str | None:
    """The code whose page explains how two sources differ in a facet; None where there is nothing to explain.

    >>> code(FacetComparison("site", "tm:site-wrist", "tm:site-upper-arm", "disjoint"))
    'TM-F01'
    >>> code(FacetComparison("site", "tm:site-wrist", None, "narrower", nature=Nature.REQUIRED))
    'TM-M01'
    """
    if item.nature in _NATURE:
        return _NATURE[item.nature]
    if item.nature is Nature.CONVERTED:
        return "TM-U03" if item.evidence == "UCUM" else "TM-U04"
    if item.relation == "disjoint":
        return _disjoint(item)
    if item.relation in ("narrower", "broader"):
        return "TM-U02" if item.facet == "unit" else "TM-M01" if item.nature is Nature.REQUIRED else "TM-G01"
    return "TM-M02" if item.relation == "unknown" and item.nature is Nature.REQUIRED else None


def _disjoint(item: FacetComparison) -> str | None:
    if item.facet.removeprefix("loinc-") == "method" and item.evidence == "LOINC METHOD":
        return "TM-C09"
    if item.facet == "statistic" and "tm:statistic-point" not in (item.a, item.b):
        return "TM-C10"
    return _DIFFERENT.get(item.facet)
