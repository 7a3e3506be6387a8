"""The shapes graph: parsed once, every shape with an IRI, ready for lint, messages and engines.

Blank-node shapes get an IRI made of their parent and path (``…#Observation/unit``), so that both
engines name the source of a result alike and the name is the same on every run. Nothing else of the
graph is changed: SHACL does not tell an IRI from a blank node as the name of a shape.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import pyoxigraph as ox

from twinmap.errors import UsageError
from twinmap.validate.rdf import (
    FIRST,
    NIL,
    OWL,
    RDFS,
    REST,
    TYPE,
    Term,
    is_blank,
    is_iri,
    lexical,
    local_name,
    sh,
)

#: Predicates whose object is a shape, and those whose object is a list of shapes.
SHAPE_LINKS = ("property", "node", "not", "qualifiedValueShape")
SHAPE_LISTS = ("and", "or", "xone")
TARGET_PREDICATES = ("targetNode", "targetClass", "targetSubjectsOf", "targetObjectsOf", "target")
_CLASSES = frozenset({f"<{RDFS}Class>", f"<{OWL}Class>"})
_SHAPE_TYPES = frozenset({sh("NodeShape"), sh("PropertyShape")})

#: Nesting of blank nodes in a shapes graph; deeper ones are told apart by nothing below.
_DEPTH = 24

Node = Mapping[Term, tuple[Term, ...]]


@dataclass(frozen=True, slots=True)
class Target:
    """One target declaration; ``kind`` is ``node class subjects-of objects-of custom``."""

    kind: str
    term: Term


@dataclass(frozen=True)
class ShapesGraph:
    """All triples of the shapes by subject and predicate; terms in N-Triples syntax."""

    nodes: Mapping[Term, Node]

    @classmethod
    def parse(cls, sources: Sequence[bytes]) -> ShapesGraph:
        """Read Turtle (or N-Triples) documents into one graph and name its shapes.

        Raises:
            UsageError: A document is not Turtle, or none of them has a shape.
        """
        raw = _Builder()
        for number, source in enumerate(sources, start=1):
            try:
                for triple in ox.parse(source, format=ox.RdfFormat.TURTLE):
                    raw.add(number, triple)
            except (SyntaxError, ValueError) as error:
                raise UsageError(f"shapes document {number} is not Turtle: {_one_line(error)}") from error
        graph = cls(raw.finished())
        if not graph.shapes:
            raise UsageError(
                "the shapes hold no SHACL shape", help="without shapes every graph would conform unchecked"
            )
        return cls(_with_imported_prefixes(_rename(graph.nodes, _Names(graph).given)))

    def values(self, node: Term, predicate: str) -> tuple[Term, ...]:
        """The objects of ``node sh:predicate``, sorted."""
        return self.nodes.get(node, {}).get(sh(predicate), ())

    def value(self, node: Term, predicate: str) -> Term | None:
        """The first object of ``node sh:predicate``, or None."""
        return next(iter(self.values(node, predicate)), None)

    def items(self, head: Term) -> Iterator[Term]:
        """The members of an RDF list; a list that runs in a circle ends."""
        seen: set[Term] = set()
        while head not in seen and head != NIL and head in self.nodes:
            seen.add(head)
            yield from self.nodes[head].get(FIRST, ())
            head = next(iter(self.nodes[head].get(REST, ())), NIL)

    def children(self, shape: Term) -> Iterator[tuple[str, Term]]:
        """The shapes directly inside ``shape``, each with the local name of what leads to it."""
        for name in SHAPE_LINKS:
            yield from ((name, child) for child in self.values(shape, name))
        for name in SHAPE_LISTS:
            for head in self.values(shape, name):
                yield from ((name, child) for child in self.items(head))

    @cached_property
    def shapes(self) -> tuple[Term, ...]:
        """Every shape node, sorted."""
        found = {
            node
            for node, about in self.nodes.items()
            if _SHAPE_TYPES.intersection(about.get(TYPE, ()))
            or any(sh(p) in about for p in TARGET_PREDICATES)
        }
        found |= {node for node, about in self.nodes.items() if any(sh(p) in about for p in SHAPE_LINKS)}
        todo = list(found)
        while todo:
            for _, child in self.children(todo.pop()):
                if child not in found and not child.startswith('"'):
                    found.add(child)
                    todo.append(child)
        return tuple(sorted(found))

    @cached_property
    def custom_parameters(self) -> frozenset[Term]:
        """The parameters of constraint components that the shapes define themselves."""
        parameters = (p for node in self.nodes for p in self.values(node, "parameter"))
        return frozenset(path for parameter in parameters for path in self.values(parameter, "path"))

    def targets(self, shape: Term) -> tuple[Target, ...]:
        """What a shape is applied to; empty for a shape that is only used by others."""
        kinds = ("node", "class", "subjects-of", "objects-of", "custom")
        found = [
            Target(kind, term)
            for kind, predicate in zip(kinds, TARGET_PREDICATES, strict=True)
            for term in self.values(shape, predicate)
        ]
        if _CLASSES.intersection(self.nodes.get(shape, {}).get(TYPE, ())):
            found.append(Target("class", shape))
        return tuple(found)

    @cached_property
    def roots(self) -> tuple[Term, ...]:
        """The shapes with a target that are not deactivated, sorted."""
        return tuple(
            shape
            for shape in self.shapes
            if self.targets(shape) and not any(map(is_true, self.values(shape, "deactivated")))
        )

    def path(self, shape: Term) -> str | None:
        """The path of a property shape in SPARQL syntax, or None for a node shape."""
        path = self.value(shape, "path")
        return None if path is None else self.render_path(path)

    def render_path(self, path: Term, depth: int = 0) -> str:
        """A path in SPARQL syntax: ``<p>``, ``^<p>``, ``<p>/<q>``, ``(<p>)*``."""
        if not is_blank(path) or depth > _DEPTH:
            return path
        about = self.nodes.get(path, {})
        if FIRST in about:
            return "/".join(self.render_path(item, depth + 1) for item in self.items(path))
        if inverse := self.value(path, "inversePath"):
            return f"^{self._bracketed(inverse, depth)}"
        if alternatives := self.value(path, "alternativePath"):
            return f"({'|'.join(self.render_path(p, depth + 1) for p in self.items(alternatives))})"
        for name, sign in (("zeroOrMorePath", "*"), ("oneOrMorePath", "+"), ("zeroOrOnePath", "?")):
            if inner := self.value(path, name):
                return f"({self.render_path(inner, depth + 1)}){sign}"
        return path

    def _bracketed(self, path: Term, depth: int) -> str:
        text = self.render_path(path, depth + 1)
        return text if is_iri(text) else f"({text})"

    @cached_property
    def _named_ancestor(self) -> Mapping[Term, Term]:
        parents: dict[Term, Term] = {}
        for shape in self.shapes:
            for _, child in self.children(shape):
                parents.setdefault(child, shape)
        return parents

    def root_of(self, shape: Term) -> Term:
        """The nearest shape around this one (itself included) that its author named."""
        seen = set()
        while self.was_blank(shape) and shape in self._named_ancestor and shape not in seen:
            seen.add(shape)
            shape = self._named_ancestor[shape]
        return shape

    def was_blank(self, shape: Term) -> bool:
        """Whether the name of the shape was made here."""
        return (GIVEN_NAME in self.nodes.get(shape, {})) or is_blank(shape)

    def without_targets(self, shapes: Iterable[Term]) -> ShapesGraph:
        """The same graph in which these shapes are no longer applied by themselves."""
        dropped = set(shapes)
        gone = {sh(predicate) for predicate in TARGET_PREDICATES}
        nodes: dict[Term, Node] = dict(self.nodes)
        for shape in dropped:
            about = {p: o for p, o in self.nodes[shape].items() if p not in gone}
            about[TYPE] = tuple(t for t in about.get(TYPE, ()) if t not in _CLASSES)
            # A shape with neither type nor target would vanish from the graph of shapes.
            about[TYPE] = about[TYPE] or (sh("PropertyShape" if sh("path") in about else "NodeShape"),)
            nodes[shape] = about
        return ShapesGraph(nodes)

    def ntriples(self) -> bytes:
        """The graph as sorted N-Triples, without what an engine must not run (``sh:rule``)."""
        lines = [
            f"{subject} {predicate} {term} .\n"
            for subject, about in self.nodes.items()
            for predicate, terms in about.items()
            if predicate not in (GIVEN_NAME, sh("rule"))
            for term in terms
        ]
        return "".join(sorted(lines)).encode()


#: Marks a shape that was a blank node; it never leaves this module.
GIVEN_NAME = "<urn:twinmap:given-name>"


class _Builder:
    """Collects triples; blank-node labels of several documents are kept apart."""

    def __init__(self) -> None:
        self._nodes: dict[Term, dict[Term, set[Term]]] = {}

    def add(self, number: int, triple: ox.Triple | ox.Quad) -> None:
        subject, predicate, term = (
            f"_:d{number}{text[2:]}" if is_blank(text) else text
            for text in (str(triple.subject), str(triple.predicate), str(triple.object))
        )
        self._nodes.setdefault(subject, {}).setdefault(predicate, set()).add(term)

    def finished(self) -> dict[Term, Node]:
        return {s: {p: tuple(sorted(o)) for p, o in about.items()} for s, about in self._nodes.items()}


class _Names:
    """An IRI for every blank-node shape, the same on every run and in any order of triples."""

    def __init__(self, graph: ShapesGraph) -> None:
        self.given: dict[Term, Term] = {}
        self._graph = graph
        self._marks: dict[Term, str] = {}
        for shape in graph.shapes:
            if not is_blank(shape):
                self._children(shape)
        for shape in sorted((s for s in graph.roots if is_blank(s)), key=self._mark):
            if shape not in self.given:
                self.given[shape] = f"<urn:twinmap:shape:{self._mark(shape)[:16]}>"
                self._children(shape)

    def _children(self, parent: Term) -> None:
        blank = [(role, child) for role, child in self._graph.children(parent) if is_blank(child)]
        used: Counter[str] = Counter()
        for role, child in sorted(blank, key=lambda pair: (pair[0], self._mark(pair[1]))):
            if child in self.given:
                continue
            base = f"{self.given.get(parent, parent)[:-1]}/{_label(self._graph, role, child)}"
            used[base] += 1
            self.given[child] = f"{base}-{used[base]}>" if used[base] > 1 else f"{base}>"
            self._children(child)

    def _mark(self, node: Term, depth: int = 0) -> str:
        """A hash of what is said about a blank node; labels play no part in it."""
        if not is_blank(node) or depth > _DEPTH:
            return "" if is_blank(node) else node
        if node not in self._marks:
            about = self._graph.nodes.get(node, {})
            text = sorted(f"{p} {self._mark(o, depth + 1)}" for p, terms in about.items() for o in terms)
            self._marks[node] = hashlib.sha256("\n".join(text).encode()).hexdigest()
        return self._marks[node]


def _label(graph: ShapesGraph, role: str, shape: Term) -> str:
    path = graph.path(shape) if role == "property" else None
    label = "-".join(local_name(part) for part in re.findall(r"<[^>]*>", path or ""))
    return re.sub(r"[^A-Za-z0-9_-]", "-", label) or role


def _rename(nodes: Mapping[Term, Node], names: Mapping[Term, Term]) -> dict[Term, Node]:
    renamed: dict[Term, Node] = {}
    for subject, about in nodes.items():
        out = {p: tuple(names.get(o, o) for o in terms) for p, terms in about.items()}
        if subject in names:
            out[GIVEN_NAME] = ('"true"',)
        renamed[names.get(subject, subject)] = out
    return renamed


def _with_imported_prefixes(nodes: dict[Term, Node]) -> dict[Term, Node]:
    """Say at each node with ``sh:prefixes`` what its ``owl:imports`` declare: not all engines look there."""
    declare, imports = sh("declare"), f"<{OWL}imports>"
    for node in {term for about in nodes.values() for term in about.get(sh("prefixes"), ())}:
        todo, seen, declared = [node], {node}, set[Term]()
        while todo:
            about = nodes.get(todo.pop(), {})
            declared.update(about.get(declare, ()))
            new = [term for term in about.get(imports, ()) if term not in seen]
            seen.update(new)
            todo.extend(new)
        if declared:
            nodes[node] = {**nodes.get(node, {}), declare: tuple(sorted(declared))}
    return nodes


def is_true(term: Term) -> bool:
    """Whether a literal is the boolean true."""
    return lexical(term) in ("true", "1")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
