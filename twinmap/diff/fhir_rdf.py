"""FHIR in RDF back to FHIR in JSON, so that a graph is read by the mapping that reads resources.

Both forms of the specification are read: that of R4 (https://hl7.org/fhir/R4/rdf.html: ``fhir:Observation.code``,
``fhir:value`` of a primitive, ``fhir:index`` of what repeats) and that of R5 (https://hl7.org/fhir/R5/rdf.html:
``fhir:code``, ``fhir:v``, lists, the type of a choice as its class). What R5 calls otherwise than R4 is given its name
of R4, where the meaning is the same. Numbers keep their lexical form. A resource is in memory at a time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from twinmap.diff import fhir_r5, vocabulary
from twinmap.diff.quads import Quads
from twinmap.diff.vocabulary import RDF, TYPE
from twinmap.engine.duck import Duck
from twinmap.formats.fhirtypes import CHOICES, RESOURCE_TYPES
from twinmap.formats.jsonlex import Number, dump
from twinmap.limits import LIMITS
from twinmap.sqltext import quoted

FHIR = "http://hl7.org/fhir/"
_FIRST, _REST, _NIL = f"<{RDF}first>", f"<{RDF}rest>", f"<{RDF}nil>"
_TYPE = f"<{TYPE}>"
_XSD = "http://www.w3.org/2001/XMLSchema#"

#: Where a resource stands inside another one.
_INSIDE = ("Bundle.entry.resource", "resource", "DomainResource.contained", "contained")
#: Rounds of doubling: paths of up to 2**40 steps are followed to their root; longer ones are circles.
_ROUNDS = 40

Node = Mapping[str, list[str]]


def write(duck: Duck, quads: Quads, path: Path) -> int:
    """Write the FHIR resources of a graph as NDJSON, ordered by their IRIs; returns how many there are."""
    count = 0
    if not duck.value(f"SELECT count(*) FROM {quads.scan()} WHERE {_resource()}"):
        return 0
    _trees(duck, quads)
    with path.open("w", encoding="utf-8") as file:
        for resource in resources(_lines(duck, quads)):
            file.write(dump(resource) + "\n")
            count += 1
    return count


def unread(counts: Mapping[str, int]) -> dict[str, int]:
    """What is no part of FHIR in RDF: its own terms, lists, and codes that are classes are left out."""
    lists = {f"{RDF}first", f"{RDF}rest"}
    return {
        iri: n for iri, n in counts.items() if not (iri.startswith(FHIR) or iri in lists or _is_code(iri))
    }


def _is_code(iri: str) -> bool:
    found = vocabulary.coding(f"<{iri}>")
    return found is not None and found[0] != vocabulary.IRI_SYSTEM


def _resource() -> str:
    types = ", ".join(quoted(f"<{FHIR}{name}>") for name in sorted(RESOURCE_TYPES))
    return f"p = {quoted(_TYPE)} AND o IN ({types})"


def _trees(duck: Duck, quads: Quads) -> None:
    """The table ``fhir_tree (s, up)``: every subject, and the root of the tree in which it stands."""
    inside = ", ".join(quoted(f"<{FHIR}{name}>") for name in _INSIDE)
    parents = f"SELECT o AS s, min(s) AS up FROM {quads.scan()} WHERE starts_with(o, '_:') OR p IN ({inside}) GROUP BY o"
    duck.run(
        "CREATE OR REPLACE TEMP TABLE fhir_tree AS SELECT d.s, coalesce(u.up, d.s) AS up "
        f"FROM (SELECT DISTINCT s FROM {quads.scan()}) d LEFT JOIN ({parents}) u USING (s)"
    )
    for _ in range(_ROUNDS):
        duck.run(
            "CREATE OR REPLACE TEMP TABLE fhir_next AS SELECT a.s, coalesce(b.up, a.up) AS up "
            "FROM fhir_tree a LEFT JOIN fhir_tree b ON b.s = a.up"
        )
        moved = duck.value("SELECT count(*) FROM fhir_tree a JOIN fhir_next b USING (s) WHERE a.up <> b.up")
        duck.run("CREATE OR REPLACE TEMP TABLE fhir_tree AS SELECT * FROM fhir_next")
        if not moved:
            break


def _lines(duck: Duck, quads: Quads) -> Iterator[list[str]]:
    """``root s p o`` of all trees whose root is a resource, tree by tree."""
    roots = f"SELECT s FROM {quads.scan()} WHERE {_resource()}"
    # No term has a tab or a line feed: they are escaped.
    sql = (
        f"SELECT concat_ws(chr(9), t.up, q.s, q.p, q.o) || chr(10) FROM {quads.scan()} q JOIN fhir_tree t USING (s) "
        f"WHERE t.up IN ({roots}) ORDER BY t.up, q.s, q.p, q.o"
    )
    for block in duck.texts(sql):
        for line in bytes(block).decode().splitlines():
            yield line.split("\t")


def resources(lines: Iterable[list[str]]) -> Iterator[dict[str, Any]]:
    """The resources of lines ``root s p o``, those of one root one after the other."""
    for root, group in groupby(lines, key=lambda line: line[0]):
        nodes: dict[str, dict[str, list[str]]] = {}
        for _, s, p, o in group:
            nodes.setdefault(s, {}).setdefault(p, []).append(o)
        yield Tree(nodes).resource(root)


class Tree:
    """The nodes of one resource: subject to predicate to objects."""

    def __init__(self, nodes: Mapping[str, Node]) -> None:
        self._nodes = nodes

    def resource(self, term: str, depth: int = 0) -> dict[str, Any]:
        """The resource at a node."""
        node = self._nodes[term]
        kind = next(name for name in _classes(node) if name in RESOURCE_TYPES)
        found = {"resourceType": kind, **self._elements(node, depth)}
        if "id" not in found and term.startswith("<"):
            found["id"] = term[1:-1].rpartition("/")[2]
        return fhir_r5.as_r4(found)

    def _elements(self, node: Node, depth: int) -> dict[str, Any]:
        if depth > LIMITS.json_depth:  # a circle, or nothing that a reader takes
            return {}
        found: dict[str, Any] = {}
        for predicate, objects in node.items():
            name = _element(predicate)
            if name is None:
                continue
            for term in sorted(objects, key=self._index) if len(objects) > 1 else objects:
                called = self._called(name, predicate, term)
                value, more = self._value(term, depth + 1), self._extensions(term, depth + 1)
                repeats = len(objects) > 1 or self._index(term) >= 0
                _put(found, called, value, repeats=repeats)
                if more:
                    _put(found, f"_{called}", more, repeats=repeats)
        link = node.get(f"<{FHIR}link>")
        if link and "reference" not in found:
            found["reference"] = _reference(link[0][1:-1])
        return found

    def _index(self, term: str) -> int:
        """The place of a repeated element (R4); -1 where it says none."""
        said = self._nodes.get(term, {}).get(f"<{FHIR}index>")
        text = _lexical(said[0]) if said else ""
        return int(text) if text.isdigit() else -1

    def _called(self, name: str, predicate: str, term: str) -> str:
        """The name in JSON: that of a choice ends with its type, which R5 gives as the class of the node."""
        node = self._nodes.get(term)
        if node is None or "." in predicate.removeprefix(f"<{FHIR}") or name not in CHOICES:
            return name
        said = next(iter(_classes(node)), None)
        primitive = _primitive(node)
        if said is None and primitive and name in _ALWAYS:
            said = _primitive_type(primitive)
        called = name if said is None else name + said[:1].upper() + said[1:]
        return called if called in CHOICES[name] else name

    def _value(self, term: str, depth: int) -> Any:
        if term.startswith('"'):
            return _scalar(term)
        node = self._nodes.get(term)
        if term == _NIL or node is None:
            return [] if term == _NIL else term.strip("<>")
        if _FIRST in node:
            return [self._value(item, depth) for item in self._items(term)]
        if any(name in RESOURCE_TYPES for name in _classes(node)):
            return self.resource(term, depth)
        primitive = _primitive(node)
        return _scalar(primitive) if primitive else self._elements(node, depth)

    def _extensions(self, term: str, depth: int) -> dict[str, Any] | None:
        """What is said of a primitive beside its value (``_birthDate`` in JSON)."""
        node = self._nodes.get(term, {})
        if _primitive(node) is None:
            return None
        found = self._elements(node, depth)
        return {"extension": found["extension"]} if "extension" in found else None

    def _items(self, term: str) -> Iterator[str]:
        seen: set[str] = set()
        while term in self._nodes and term not in seen:
            seen.add(term)
            yield from self._nodes[term].get(_FIRST, ())[:1]
            term = self._nodes[term].get(_REST, [_NIL])[0]


# --- terms ----------------------------------------------------------------------------------------

#: What is no element: the root, the places, the link of a reference, and the values of primitives.
_NOT_ELEMENTS = frozenset({"nodeRole", "index", "link", "v"})
_PRIMITIVES = (f"<{FHIR}v>", f"<{FHIR}value>")
_JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_NUMERIC = frozenset({"decimal", "integer", "double", "int", "long", "nonNegativeInteger", "positiveInteger"})
#: Choices that are no plain element anywhere: some leave their type to the literal.
_ALWAYS = frozenset({"effective", "onset", "abatement", "deceased", "performed", "occurrence"})
_DATES = frozenset({"dateTime", "date", "gYearMonth", "gYear"})


@cache
def _element(predicate: str) -> str | None:
    if not predicate.startswith(f"<{FHIR}"):
        return None
    name = predicate[1:-1].removeprefix(FHIR).rpartition(".")[2]
    return None if name in _NOT_ELEMENTS else name


def _classes(node: Node) -> list[str]:
    """The FHIR types of a node; other classes are codes."""
    found = (term[1:-1] for term in node.get(_TYPE, ()))
    return [
        iri.removeprefix(FHIR) for iri in found if iri.startswith(FHIR) and "/" not in iri.removeprefix(FHIR)
    ]


def _primitive(node: Node) -> str | None:
    """The literal that a node holds as its value."""
    return next((term for name in _PRIMITIVES for term in node.get(name, ()) if term.startswith('"')), None)


def _primitive_type(literal: str) -> str | None:
    kind = _datatype(literal)
    return "dateTime" if kind in _DATES else kind if kind in {"boolean", "string"} else None


def _put(found: dict[str, Any], name: str, value: Any, *, repeats: bool) -> None:
    if name == "value" and not repeats and name in found:  # the literal of a primitive and its node
        return
    if repeats:
        found.setdefault(name, []).append(value)
    else:
        found[name] = value


_LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"(?:\^\^<([^>]*)>|@.*)?', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_LETTERS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


def _lexical(literal: str) -> str:
    match = _LITERAL.fullmatch(literal)
    text = match[1] if match else ""
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else _LETTERS.get(match[3], match[3])


def _datatype(literal: str) -> str:
    match = _LITERAL.fullmatch(literal)
    return (match[2] or f"{_XSD}string").removeprefix(_XSD) if match else ""


def _scalar(literal: str) -> Any:
    kind, text = _datatype(literal), _lexical(literal)
    if kind == "boolean":
        return text in {"true", "1"}
    if kind in _NUMERIC:
        plain = text.removeprefix("+")
        return Number(plain) if _JSON_NUMBER.fullmatch(plain) else text
    return text


_LOCAL = re.compile(r".*/([A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64})")


def _reference(iri: str) -> str:
    """``Patient/1`` of the IRI of a resource."""
    match = _LOCAL.fullmatch(iri)
    return match[1] if match and match[1].partition("/")[0] in RESOURCE_TYPES else iri
