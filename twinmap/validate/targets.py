"""How many nodes each shape was applied to, counted over N-Triples without parsing them."""

from __future__ import annotations

import re
from collections import Counter

from twinmap.validate.rdf import TYPE, Term, is_iri
from twinmap.validate.shapes import ShapesGraph, Target, is_true

#: A shape that says it may match nothing is not reported when it does.
MAY_MATCH_NOTHING = "<https://w3id.org/twinmap/ns#mayMatchNothing>"


class TargetCounter:
    """Counts focus nodes of all targeted shapes, part by part.

    A class target counts typed nodes (subclasses that the graph declares are not followed), a property
    target its triples. A node target whose path begins at its referrers (``^sosa:observedProperty``)
    counts these; other node targets count 1 where the node occurs. Custom targets are not counted.
    """

    def __init__(self, graph: ShapesGraph) -> None:
        self._keys: dict[Term, list[tuple[str, Term | None]]] = {}
        self._nodes: dict[Term, list[bytes]] = {}
        for shape in graph.roots:
            for target in graph.targets(shape):
                self._declare(graph, shape, target)
        pairs = {(p, o) for keys in self._keys.values() for p, o in keys if o is not None}
        #: The terms that are counted as objects of each predicate, and the predicates whose triples are.
        self.pairs: dict[Term, set[Term]] = {p: {o for q, o in pairs if q == p} for p, _ in pairs}
        self.alone = {p for keys in self._keys.values() for p, o in keys if o is None}
        self._counts: Counter[tuple[Term, Term | None]] = Counter()
        self._seen: set[bytes] = set()

    def _declare(self, graph: ShapesGraph, shape: Term, target: Target) -> None:
        keys = self._keys.setdefault(shape, [])
        if target.kind == "class":
            keys.append((TYPE, target.term))
        elif target.kind in ("subjects-of", "objects-of"):
            keys.append((target.term, None))
        elif target.kind == "node":
            inverse = _first_inverse(graph, shape)
            if inverse:
                keys.append((inverse, target.term))
            else:
                self._nodes.setdefault(shape, []).append(target.term.encode())

    def add(self, ntriples: bytes) -> None:
        """Count one part."""
        for predicate, terms in self.pairs.items():
            # A raw line end cannot stand in a literal, so this never matches inside one. One pattern a
            # predicate: with a long fixed beginning the search is as fast as it gets.
            pattern = rb" %s (<[^<>\"]*>) \.(?:\n|\Z)" % re.escape(predicate.encode())
            found = Counter(re.findall(pattern, ntriples))
            self._counts.update({(predicate, term): found[term.encode()] for term in terms})
        for predicate in self.alone:
            self._counts[predicate, None] += ntriples.count(b" %s " % predicate.encode())
        for names in self._nodes.values():
            self._seen.update(name for name in names if name not in self._seen and name in ntriples)

    def tell(self, predicate: Term, term: Term | None, number: int) -> None:
        """Count triples that were counted elsewhere."""
        self._counts[predicate, term] += number

    def counts(self) -> dict[Term, int]:
        """Targeted shape to number of nodes found, in order of shapes; -1 where it cannot be counted."""
        found = {}
        for shape, keys in self._keys.items():
            number = sum(self._counts[p, o] for p, o in set(keys))
            number += sum(name in self._seen for name in self._nodes.get(shape, ()))
            uncounted = not keys and shape not in self._nodes
            found[shape] = -1 if uncounted else number
        return found


def _first_inverse(graph: ShapesGraph, shape: Term) -> Term | None:
    """The predicate p where the shape, or one of its property shapes, has the path ``^p``."""
    for candidate in (shape, *graph.values(shape, "property")):
        for path in graph.values(candidate, "path"):
            inverse = graph.value(path, "inversePath")
            if inverse and is_iri(inverse):
                return inverse
    return None


def may_match_nothing(graph: ShapesGraph, shape: Term) -> bool:
    """Whether the author says that data need not have what the shape is about."""
    return any(map(is_true, graph.nodes.get(shape, {}).get(MAY_MATCH_NOTHING, ())))
