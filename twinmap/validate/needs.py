"""What the result of a shape depends on: the parts of a statement that decide it.

A graph of statements repeats itself: a million observations have a few hundred forms. Where the shapes
show that two statements must be judged alike, one may stand for both
(:mod:`twinmap.validate.representatives`). This module reads from the shapes alone when that is so.
A statement is a *row*: a node with triples of its own that no other node is judged by, but for those that
it points at.

Sound, not complete: a shape that cannot be read this way is :class:`Unreadable`, and everything is tested.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from twinmap.validate.rdf import FIRST, XSD, Term, is_blank, sh
from twinmap.validate.shapes import ShapesGraph, Target
from twinmap.validate.vocabulary import CONSTRAINTS, words

#: Constraints that look at the value itself.
_VALUE = words("in hasValue pattern minLength maxLength languageIn uniqueLang class")
_TYPE = words("datatype nodeKind")
_RANGE = words("minInclusive maxInclusive minExclusive maxExclusive")
_COUNT = words("minCount maxCount")
_PAIR = words("lessThan lessThanOrEquals")
_SAME = words("equals disjoint")
_NESTED = words("node and or xone not property")

#: Datatypes with so few values that the value counts as part of the type.
_FEW = frozenset({f"<{XSD}gYear>", f"<{XSD}gYearMonth>"})


class Unreadable(Exception):  # noqa: N818  (a signal, not an error)
    """The results of a shape depend on more than can be told."""


@dataclass(frozen=True, slots=True)
class Need:
    """What decides the results of ``shapes`` at a row.

    Predicates whose presence, term type or value decides; groups of predicates of which a row has one value
    at most, if it is well-made (``alone``); pairs that are compared with each other; and the predicate whose
    number lies between two ends (``order``). With ``shared``, a pair (p, q): all rows with one value of p
    must have one value of q.
    """

    shapes: frozenset[Term]
    present: frozenset[Term] = frozenset()
    types: frozenset[Term] = frozenset()
    values: frozenset[Term] = frozenset()
    alone: frozenset[tuple[Term, ...]] = frozenset()
    pairs: frozenset[tuple[Term, Term]] = frozenset()
    order: Term | None = None
    shared: tuple[Term, Term] | None = None

    def __or__(self, other: Need) -> Need:
        return Need(
            self.shapes | other.shapes,
            self.present | other.present,
            self.types | other.types,
            self.values | other.values,
            self.alone | other.alone,
            self.pairs | other.pairs,
            self.order or other.order,
            self.shared or other.shared,
        )

    @property
    def plain(self) -> bool:
        """Whether the form of a row decides, and no value."""
        return not (self.values or self.pairs or self.order or self.shared)


def needs(graph: ShapesGraph, rows: Mapping[Term, frozenset[Term]]) -> list[Need]:
    """What decides the results of all shapes at rows.

    Args:
        graph: The shapes.
        rows: The class of each kind of rows, and the predicates of its triples. A row has one class; no other
            node points at a row.

    Raises:
        Unreadable: Some shape may judge a row by what the rows around it say.
    """
    walk = _Walk(graph, rows)
    found = [
        need for shape in graph.roots for target in graph.targets(shape) for need in walk.root(shape, target)
    ]
    forms = [need for need in found if need.plain]
    merged = {need: None for need in found if not need.plain}
    same: dict[Need, Need] = {}
    for need in merged:
        bare = replace(need, shapes=frozenset())
        same[bare] = same[bare] | need if bare in same else need
    form = Need(frozenset(), present=frozenset().union(*rows.values()))
    for need in forms:
        form |= need
    return [form, *same.values()]


@dataclass(frozen=True, slots=True)
class _Path:
    """The first steps of a path from a row; ``deep`` where it goes on from there."""

    first: frozenset[Term]
    deep: bool


class _Walk:
    def __init__(self, graph: ShapesGraph, rows: Mapping[Term, frozenset[Term]]) -> None:
        self._graph, self._rows = graph, rows
        self._predicates: frozenset[Term] = frozenset().union(*rows.values())

    def root(self, shape: Term, target: Target) -> Iterator[Need]:
        if target.kind == "class" and target.term in self._rows:
            yield from self._row(shape, Need(frozenset()))
        elif target.kind == "subjects-of" and target.term in self._predicates:
            yield from self._row(shape, Need(frozenset(), present=frozenset({target.term})))
        elif target.kind == "objects-of" and target.term in self._predicates:
            yield from self._object(shape, target.term)
        elif target.kind == "node" and (link := self._link(shape)):
            # The rows that point at the node; each is judged by itself.
            self._only(shape, _NESTED)
            base = Need(frozenset({shape}), values=frozenset({link}))
            for role, child in self._graph.children(shape):
                if role == "property":
                    yield from self._property(child, base)
                else:
                    yield self._nested(child, base)
        elif target.kind in ("custom", "node"):
            raise Unreadable("its target is a query, or a node that may be a row")
        else:
            self._outside(shape, ())

    def _row(self, shape: Term, base: Need) -> Iterator[Need]:
        """The needs of a shape whose focus is a row."""
        if self._graph.value(shape, "path") is not None:
            yield from self._property(shape, base)
            return
        own = base | Need(frozenset({shape}))
        self._only(shape, _NESTED | words("nodeKind class closed"))
        for role, child in self._graph.children(shape):
            if role == "property":
                yield from self._property(child, base)
            else:
                own = own | self._nested(child, own)
        yield own

    def _nested(self, shape: Term, base: Need, trail: tuple[Term, ...] = ()) -> Need:
        """What decides whether a row conforms to a shape, all in one: its ends are no ends of the whole."""
        if shape in trail:
            raise Unreadable("shapes in a circle")
        found = base
        for need in self._row(shape, Need(base.shapes)):
            order = frozenset({need.order}) if need.order else frozenset()
            found |= replace(need, order=None, values=need.values | order, shapes=base.shapes)
        return found

    def _property(self, shape: Term, base: Need) -> Iterator[Need]:
        """The needs of a property shape at a row."""
        path = self._path(self._graph.values(shape, "path")[0])
        own, used = base | Need(frozenset({shape})), self._used(shape)
        first = path.first & self._predicates
        if used - _VALUE - _SAME - _TYPE - _COUNT - _PAIR - _RANGE - _NESTED:
            raise Unreadable("a constraint of a kind that is not read")
        one = len(first) == 1 and not path.deep
        if used & (_VALUE | _SAME) or (path.deep and used) or (used & _RANGE and not one):
            own |= Need(frozenset(), values=first)
        if used & _RANGE and one:
            own |= Need(frozenset(), types=first, order=next(iter(first)))
        if used & _TYPE:
            own |= Need(frozenset(), types=first)
        if used & _COUNT:
            own |= Need(frozenset(), present=first, alone=frozenset({tuple(sorted(first))}))
        yield own | self._compared(shape, first, one) | self._of_values(shape, first, path.deep)

    def _compared(self, shape: Term, first: frozenset[Term], one: bool) -> Need:
        """What the values of a property shape are compared with."""
        same = frozenset(self._objects(shape, _SAME)) & self._predicates
        others = self._objects(shape, _PAIR)
        if others and not one and first:
            raise Unreadable("values compared along a path")
        return Need(frozenset(), values=same, pairs=frozenset((p, q) for p in first for q in others))

    def _of_values(self, shape: Term, first: frozenset[Term], deep: bool) -> Need:
        """What the shapes of the values of a property ask for."""
        own = Need(frozenset())
        for role, child in self._graph.children(shape):
            if role != "property" and not deep and self._judges_types(child):
                own |= Need(frozenset(), types=first)
            else:
                self._outside(child, (shape,))
                own |= Need(frozenset(), values=first)
        return own

    def _object(self, shape: Term, link: Term) -> Iterator[Need]:
        """The needs of a shape whose focus is what rows point at by ``link``, such as a panel."""
        self._only(shape, words("property"))
        kinds = [kind for kind, predicates in self._rows.items() if link in predicates]
        if len(kinds) > 1:
            raise Unreadable("rows of several kinds point at it")
        for _, child in self._graph.children(shape):
            steps, used = self._steps(self._graph.values(child, "path")[0]), self._used(child)
            if steps == [f"^{link}"] and used <= words("class minCount"):
                # What every focus node has: one row that points at it, and that row's class.
                others = [*self._graph.values(child, "class")]
                if others not in ([], kinds) or self._number(child, "minCount") > 1:
                    raise Unreadable("rows are judged together")
            elif len(steps) == 2 and steps[0] == f"^{link}" and used == words("maxCount"):
                if steps[1] not in self._predicates or self._number(child, "maxCount") < 1:
                    raise Unreadable("a path back and forth")
                yield Need(frozenset({shape, child}), shared=(link, steps[1]))
            else:
                raise Unreadable("rows are judged together")

    def _outside(self, shape: Term, trail: tuple[Term, ...]) -> None:
        """Make sure that a shape of other nodes looks at no row."""
        if shape in trail:
            return
        used = self._used(shape)
        if used & words("sparql expression qualifiedValueShape"):
            raise Unreadable("a query, or rows that are counted")
        for path in self._graph.values(shape, "path"):
            if any(step.startswith("^") and step[1:] in self._predicates for step in self._steps(path)):
                raise Unreadable("a path that leads to rows")
        for _, child in self._graph.children(shape):
            self._outside(child, (*trail, shape))

    # --- small questions ---------------------------------------------------------------------------

    def _judges_types(self, shape: Term) -> bool:
        """Whether a shape of a value asks for its type alone; years and months are part of their type."""
        known = _TYPE | words("node and or xone not")
        if {*self._graph.values(shape, "datatype")} & _FEW:
            known |= {"pattern"}
        return self._used(shape) <= known and all(
            self._judges_types(child) for _, child in self._graph.children(shape)
        )

    def _used(self, shape: Term) -> frozenset[str]:
        about = self._graph.nodes.get(shape, {})
        if any(predicate in self._graph.custom_parameters for predicate in about):
            raise Unreadable("a constraint component of its own")
        return frozenset(name for name in CONSTRAINTS if sh(name) in about)

    def _only(self, shape: Term, known: frozenset[str]) -> None:
        if self._used(shape) - known:
            raise Unreadable("a node is judged by all that point at it")

    def _objects(self, shape: Term, names: Iterable[str]) -> list[Term]:
        return [term for name in sorted(names) for term in self._graph.values(shape, name)]

    def _number(self, shape: Term, name: str) -> int:
        digits = "".join(filter(str.isdigit, (self._graph.value(shape, name) or "0").split("^^")[0]))
        return int(digits or 0)

    def _link(self, shape: Term) -> Term | None:
        """The predicate of rows p where the path of a shape is ``^p``."""
        path = self._graph.value(shape, "path")
        steps = self._steps(path) if path is not None else []
        link = steps[0][1:] if len(steps) == 1 and steps[0].startswith("^") else None
        return link if link in self._predicates else None

    def _path(self, path: Term) -> _Path:
        if options := self._graph.value(path, "alternativePath"):
            ways = [self._path(option) for option in self._graph.items(options)]
            return _Path(frozenset().union(*(way.first for way in ways)), any(way.deep for way in ways))
        steps = self._steps(path)
        if any(step.startswith("^") and step[1:] in self._predicates for step in steps[1:]):
            raise Unreadable("a path that leads back to rows")
        if FIRST in self._graph.nodes.get(path, {}):
            return _Path(self._path(next(iter(self._graph.items(path)))).first, len(steps) > 1)
        # Nothing points at a row.
        return _Path(frozenset() if steps[0].startswith("^") else frozenset(steps), deep=False)

    def _steps(self, path: Term) -> list[str]:
        """The predicates along a path, ``^`` before those that are followed backwards, of all its ways."""
        if not is_blank(path):
            return [path]
        if FIRST in self._graph.nodes.get(path, {}):
            return [step for item in self._graph.items(path) for step in self._steps(item)]
        if inverse := self._graph.value(path, "inversePath"):
            if is_blank(inverse):
                raise Unreadable("a compound path backwards")
            return [f"^{inverse}"]
        if options := self._graph.value(path, "alternativePath"):
            return [step for option in self._graph.items(options) for step in self._steps(option)]
        raise Unreadable("a path that repeats itself")
