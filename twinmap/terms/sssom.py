"""The words of SSSOM: the head of a table, predicates, and what the relations of FHIR are as predicates.

Sources: SSSOM 1.0 and 1.1 (mapping-commons.github.io/sssom), FHIR R4 ``ConceptMapEquivalence`` and R5
``ConceptMapRelationship``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from twinmap.formats import yamlnodes

#: An end of a mapping that says: there is no such code.
NO_TERM = "sssom:NoTermFound"
#: Prefixes of the vocabularies that SSSOM itself uses; no code has one.
FIXED = {"skos", "semapv", "sssom", "rdfs", "owl", "rdf", "xsd", "linkml"}

_SKOS = "http://www.w3.org/2004/02/skos/core#"

#: R4 equivalence (what the target is, compared with the source) and R5 relationship (what the source is, or how
#: they relate): the predicate, and whether it is denied.
RELATIONS: Mapping[str, tuple[str, bool]] = {
    "equivalent": ("skos:exactMatch", False),
    "equal": ("skos:exactMatch", False),
    "wider": ("skos:broadMatch", False),
    "subsumes": ("skos:broadMatch", False),
    "source-is-narrower-than-target": ("skos:broadMatch", False),
    "narrower": ("skos:narrowMatch", False),
    "specializes": ("skos:narrowMatch", False),
    "source-is-broader-than-target": ("skos:narrowMatch", False),
    "inexact": ("skos:relatedMatch", False),
    "relatedto": ("skos:relatedMatch", False),
    "related-to": ("skos:relatedMatch", False),
    "disjoint": ("skos:relatedMatch", True),
    "not-related-to": ("skos:relatedMatch", True),
}


def predicate(text: str) -> str:
    """A predicate with the prefix ``skos``, where it is one of SKOS.

    >>> predicate("http://www.w3.org/2004/02/skos/core#exactMatch")
    'skos:exactMatch'
    """
    return "skos:" + text.removeprefix(_SKOS) if text.startswith(_SKOS) else text


def above(lines: Sequence[str]) -> int:
    r"""How many lines stand above the header of a table: those of ``#``, and empty ones.

    >>> above(["#a: b\n", "\n", "subject_id\tobject_id\n"])
    2
    """
    return next((number for number, line in enumerate(lines) if line[0] not in "#\r\n"), len(lines))


def head(lines: Sequence[str], delimiter: str) -> tuple[dict[str, str], dict[str, str]]:
    """The slots of a mapping set and its prefixes, from the lines above the header."""
    return described("".join(line[1:] if line[1:].strip() else "\n" for line in lines), delimiter)


def described(text: str, delimiter: str = "") -> tuple[dict[str, str], dict[str, str]]:
    """The slots of a mapping set and its prefixes; spreadsheets pad the lines with delimiters."""
    plain = "\n".join(line.rstrip("\r").rstrip(delimiter or None) for line in text.split("\n"))
    root = yamlnodes.parse(plain, "").root if plain.strip() else None
    if not isinstance(root, yamlnodes.Mapping):
        return {}, {}
    return _texts(root), _texts(root.get("curie_map"))


def _texts(node: yamlnodes.Node | None) -> dict[str, str]:
    entries = node.entries if isinstance(node, yamlnodes.Mapping) else ()
    return {key.text: value.text for key, value in entries if isinstance(value, yamlnodes.Scalar)}
