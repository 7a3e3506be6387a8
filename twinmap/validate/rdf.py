"""Names of RDF and SHACL, and the little that is done with N-Triples terms as text."""

from __future__ import annotations

import re

#: A term in N-Triples syntax: ``<iri>``, ``"literal"^^<datatype>`` or ``_:label``.
Term = str

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
OWL = "http://www.w3.org/2002/07/owl#"
XSD = "http://www.w3.org/2001/XMLSchema#"
SH = "http://www.w3.org/ns/shacl#"
TM = "https://w3id.org/twinmap/ns#"
SHAPES = "https://w3id.org/twinmap/shapes#"

TYPE = f"<{RDF}type>"
FIRST = f"<{RDF}first>"
REST = f"<{RDF}rest>"
NIL = f"<{RDF}nil>"

#: Prefixes for people: messages and names show ``sosa:hasSimpleResult``, not the whole IRI.
PREFIXES = {
    "rdf": RDF,
    "rdfs": RDFS,
    "owl": OWL,
    "xsd": XSD,
    "sh": SH,
    "tm": TM,
    "twin": SHAPES,
    "sosa": "http://www.w3.org/ns/sosa/",
    "prov": "http://www.w3.org/ns/prov#",
    "loinc": "http://loinc.org/rdf/",
    "snomed": "http://snomed.info/id/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "dct": "http://purl.org/dc/terms/",
    "fhir": "http://hl7.org/fhir/",
}

_IRI = re.compile(r"<[^<>\s]*>")
_LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"(?:\^\^<([^>]*)>|@(\S+))?', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_CONTROL = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}


def sh(name: str) -> Term:
    """The SHACL term of this local name.

    >>> sh("path")
    '<http://www.w3.org/ns/shacl#path>'
    """
    return f"<{SH}{name}>"


def is_iri(term: Term) -> bool:
    """Whether the term is an IRI (and not a path expression of several)."""
    return _IRI.fullmatch(term) is not None


def is_blank(term: Term) -> bool:
    """Whether the term is a blank node."""
    return term.startswith("_:")


def bare(term: Term) -> str:
    """The IRI without its angle brackets."""
    return term[1:-1]


def lexical(term: Term) -> str:
    r"""The text of a literal with its escapes undone, or the IRI without brackets.

    >>> lexical('"a\\n"@en')
    'a\n'
    """
    match = _LITERAL.fullmatch(term)
    if match is None:
        return term.strip("<>")
    return _ESCAPE.sub(_unescape, match[1])


def _unescape(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else _CONTROL.get(match[3], match[3])


def language(term: Term) -> str | None:
    """The language tag of a literal, or None."""
    match = _LITERAL.fullmatch(term)
    return match[3] if match else None


def short(term: Term) -> str:
    """The term for people: a CURIE where a prefix is known, the plain text of a literal.

    >>> short("<http://www.w3.org/ns/sosa/hasSimpleResult>")
    'sosa:hasSimpleResult'
    """
    if not term.startswith("<"):
        return term if is_blank(term) else lexical(term)
    iri = bare(term)
    for prefix, namespace in PREFIXES.items():
        if iri.startswith(namespace) and len(iri) > len(namespace):
            return f"{prefix}:{iri[len(namespace) :]}"
    return iri


def local_name(term: Term) -> str:
    """What stands after the last ``#``, ``/`` or ``:`` of an IRI."""
    return re.split(r"[#/:]", bare(term))[-1]
