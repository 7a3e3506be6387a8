"""Which terms of a graph fill which columns: the target file ``twin`` read backwards, and what else is understood.

Beside the terms that a run writes these are read: terms of our vocabulary that no target writes yet, and values and
times that stand in nodes of their own (QUDT, OWL-Time), which :data:`PATHS` follow.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from urllib.parse import unquote

from twinmap.lift import target
from twinmap.terms import systems
from twinmap.terms.facets import NAMESPACE, facets

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
TYPE = f"{RDF}type"
TM = NAMESPACE
SOSA = "http://www.w3.org/ns/sosa/"
_QUDT, _TIME = "http://qudt.org/schema/qudt/", "http://www.w3.org/2006/time#"

RESULT, PHENOMENON = f"{SOSA}hasSimpleResult", f"{SOSA}phenomenonTime"
UNIT, END = f"{TM}unit", f"{TM}endTime"
#: The node of a unit that is said by an IRI: no predicate of a graph, but where two paths lead.
UNIT_NODE = f"{TM}unitNode"
PLACE = "http://www.w3.org/ns/prov#wasDerivedFrom"

#: Terms that no target writes: kind, predicate, and the object as a target would write it.
_MORE = (
    ("observation", f"{SOSA}resultTime", "{result_time}"),
    ("observation", f"{TM}numerator", '"{numerator}"'),
    ("observation", f"{TM}denominator", '"{denominator}"'),
    ("observation", f"{TM}referenceLow", '"{ref_low}"'),
    ("observation", f"{TM}referenceHigh", '"{ref_high}"'),
    ("observation", f"{TM}timeOrigin", '"{time_origin}"'),
    ("observation", f"{TM}rule", '"{rule}"'),
    ("observation", f"{TM}sourceCode", "{raw_code_iri}"),
    ("observation", UNIT_NODE, '"{unit_node}"'),
    ("device", f"{TM}deviceName", '"{name}"'),
)

#: Values and times in nodes of their own: the predicate that is meant, to the predicates that lead there (SSN 2017,
#: QUDT 2, OWL-Time).
PATHS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (RESULT, (f"{SOSA}hasResult", f"{_QUDT}numericValue")),
    (RESULT, (f"{SOSA}hasResult", f"{_QUDT}value")),
    (UNIT, (f"{SOSA}hasResult", f"{_QUDT}unit", f"{_QUDT}ucumCode")),
    (UNIT, (f"{SOSA}hasResult", f"{_QUDT}hasUnit", f"{_QUDT}ucumCode")),
    (UNIT_NODE, (f"{SOSA}hasResult", f"{_QUDT}unit")),
    (UNIT_NODE, (f"{SOSA}hasResult", f"{_QUDT}hasUnit")),
    (PHENOMENON, (PHENOMENON, f"{_TIME}inXSDDateTimeStamp")),
    (PHENOMENON, (PHENOMENON, f"{_TIME}inXSDDateTime")),
    (PHENOMENON, (PHENOMENON, f"{_TIME}hasBeginning", f"{_TIME}inXSDDateTimeStamp")),
    (END, (PHENOMENON, f"{_TIME}hasEnd", f"{_TIME}inXSDDateTimeStamp")),
)

#: The steps of the paths, and the classes of the nodes on them: nothing is read of them for themselves.
STEPS = frozenset(
    {
        *(f"{_TIME}{name}" for name in ("Instant", "Interval", "ProperInterval")),
        f"{_QUDT}QuantityValue",
        *(step for _, path in PATHS for step in path if step != PHENOMENON),
    }
)

#: What is of a class of ours and no statement (twins, links, sources, findings) stands beside the statements.
BESIDE = "beside"
_DATASET = "http://rdfs.org/ns/void#Dataset"


def is_beside(term: str) -> str:
    """SQL of whether the term of a class is of what stands beside the statements."""
    return f"(starts_with({term}, '<{TM}') OR {term} = '<{_DATASET}>')"


@cache
def patterns() -> Mapping[str, Mapping[str, str]]:
    """By kind (also ``record``): predicate to object, as target files write it; facets as ``"{name}"`` each."""
    spec = target.load("twin")
    found: dict[str, dict[str, str]] = {}
    for kind, about in spec["kinds"].items():
        own = found.setdefault("record" if kind == "patient" else kind, {})
        for pattern in about["triples"]:
            if pattern == "{facets}":
                own |= {facet.property: f"facet {name}" for name, facet in facets().items()}
            elif pattern[0] != "a":
                own[_expand(pattern[0])] = pattern[1]
    for kind, predicate, thing in _MORE:
        found[kind].setdefault(predicate, thing)
    return MappingProxyType(found)


@cache
def types() -> Mapping[str, str]:
    """The class of each kind."""
    spec = target.load("twin")["kinds"].items()
    return {
        _expand(thing): kind
        for kind, about in spec
        for word, thing in _pairs(about["triples"])
        if word == "a"
    }


@cache
def subjects() -> Mapping[str, str]:
    """The folder of the IRIs of each kind: ``obs`` of observations."""
    return {kind: about["subject"].partition("/")[0] for kind, about in target.load("twin")["kinds"].items()}


def _pairs(triples: list[list[str] | str]) -> list[tuple[str, str]]:
    return [(pattern[0], pattern[1]) for pattern in triples if not isinstance(pattern, str)]


def _expand(curie: str) -> str:
    prefix, _, local = curie.partition(":")
    return str(target.load("twin")["prefixes"][prefix]) + local


# --- codes ----------------------------------------------------------------------------------------

_OURS = re.compile(r".+[/#:]code/([^/]+)/([^/]+)")
_LAST = re.compile(r"(.+[/#])([^/#]+)")
#: The system of codes that are IRIs themselves (FHIR, terminologies-systems).
IRI_SYSTEM = "urn:ietf:rfc:3986"


@cache
def _stems() -> Mapping[str, str]:
    return {system.stem: system.uri for system in systems.systems().values() if system.stem}


def coding(term: str) -> tuple[str | None, str] | None:
    """System and code of the term of a code, the way back of :func:`twinmap.lift.target.code_iri`.

    An IRI of no known system is a code of its own, in the system of IRIs. A literal is a code without a system; a
    blank node is none.

    >>> coding("<http://loinc.org/rdf/8480-6>"), coding("<https://a.example/code/local/K%2FX>")
    (('http://loinc.org', '8480-6'), (None, 'K/X'))
    """
    if term.startswith('"'):
        return None, term[1 : term.rindex('"')]
    if not term.startswith("<"):
        return None
    iri = term[1:-1]
    ours = _OURS.fullmatch(iri)
    if ours:
        system = unquote(ours[1])
        return None if system == "local" else system, unquote(ours[2])
    last = _LAST.fullmatch(iri)
    if last:
        uri = _stems().get(last[1]) or _stems().get(last[1].replace("https://", "http://", 1))
        known = systems.canonical(last[1])
        uri = uri or (known.uri if known and known.kind == "code" else None)
        if uri:
            return uri, unquote(last[2])
    return IRI_SYSTEM, iri
