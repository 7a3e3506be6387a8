"""Which shapes may be tested patient by patient, decided from the shapes alone.

A shard holds whole patients: every triple about their nodes, and the shared context (devices, codes)
that all shards see. A shape is safe when each of its results needs one shard only and no result can
come from two. Walked from the target along paths, a node is

* *inside*: its own triples, and those that point to it by a link of one patient, are in the shard;
* *shared*: a code or a device; its own triples are in the context, its referrers are everywhere.

That a link of one patient (:data:`LOCAL_LINKS`) stays in the shard is for the maker of the shards to keep.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from twinmap.validate.rdf import FIRST, Term, is_blank, sh, short
from twinmap.validate.shapes import ShapesGraph, Target, is_true
from twinmap.validate.vocabulary import CONSTRAINTS, words

_TM = "https://w3id.org/twinmap/ns#"
_SOSA = "http://www.w3.org/ns/sosa/"

#: Links between nodes of one patient: both ends are always in the same shard.
LOCAL_LINKS = frozenset(
    {
        f"<{_SOSA}hasFeatureOfInterest>",
        *(f"<{_TM}{name}>" for name in ("record", "hasRecord", "twin", "patient", "panel", "encounter")),
    }
)

#: An author's promise that a shape with SPARQL or a custom component looks at one patient only.
SHARD_SAFE = f"<{_TM}shardSafe>"

#: Constraints that judge each value by itself: safe where a shard sees only some of the values.
_PER_VALUE = words(
    """
    property node class closed datatype nodeKind minInclusive maxInclusive minExclusive maxExclusive minLength
    maxLength pattern languageIn in not and or xone
    """
)

#: What may stand at a shape besides constraints.
_HARMLESS = words(
    """
    path targetNode targetClass targetSubjectsOf targetObjectsOf severity message name description order
    group defaultValue deactivated ignoredProperties flags qualifiedValueShapesDisjoint
    """
)


@dataclass(frozen=True, slots=True)
class Safety:
    """Whether a shape may be tested shard by shard, and if not, why."""

    safe: bool
    reason: str = ""


class _Unsafe(Exception):  # noqa: N818  (a signal of this module, not an error)
    pass


@dataclass(frozen=True, slots=True)
class _Reach:
    """Where a path leads: ``inside`` the shard or to shared nodes; ``complete`` when all are seen."""

    inside: bool
    complete: bool = True


def shard_safety(graph: ShapesGraph) -> Mapping[Term, Safety]:
    """Judge every targeted shape of the graph.

    Returns:
        Shape IRI to its judgement, in order of the shapes.
    """
    return {shape: _judge(graph, shape) for shape in graph.roots}


def _judge(graph: ShapesGraph, shape: Term) -> Safety:
    if any(map(is_true, graph.nodes[shape].get(SHARD_SAFE, ()))):
        return Safety(True, "its author says so")
    try:
        for target in graph.targets(shape):
            _walk(graph, shape, _focus(target), (), top=True)
    except _Unsafe as reason:
        return Safety(False, str(reason))
    return Safety(True)


def _focus(target: Target) -> _Reach:
    if target.kind in ("class", "subjects-of"):
        return _Reach(inside=True)
    if target.kind == "node":
        return _Reach(inside=False)
    if target.kind == "objects-of":
        if target.term in LOCAL_LINKS:
            return _Reach(inside=True)
        raise _Unsafe(f"sh:targetObjectsOf {short(target.term)} leads to nodes that patients share")
    raise _Unsafe("its target is a query")


def _walk(graph: ShapesGraph, shape: Term, focus: _Reach, trail: tuple[Term, ...], *, top: bool) -> None:
    """Follow a shape from its focus nodes; ``top`` while every result found is reported by itself."""
    if shape in trail:
        return
    about = graph.nodes.get(shape, {})
    paths = about.get(sh("path"), ())
    reach = focus if not paths else _follow(graph, paths[0], focus)
    used = _parameters(graph, shape)
    if not paths and not focus.inside:
        used -= {"property"}  # judged by itself below
    if used and top and not focus.inside and reach.complete:
        raise _Unsafe("it judges a node that patients share, once for all of them")
    if not reach.complete and (not reach.inside or not top or used - _PER_VALUE):
        raise _Unsafe(f"{short(shape)} needs all nodes that point to a shared one")
    for role, child in graph.children(shape):
        reports = top and role == "property"
        if reports and paths and not reach.inside:
            raise _Unsafe(f"{short(child)} would report a shared node once a shard")
        # The values that a path found are each whole, even where not all of them are seen.
        inner = _Reach(inside=reach.inside) if paths else focus
        _walk(graph, child, inner, (*trail, shape), top=reports)


def _parameters(graph: ShapesGraph, shape: Term) -> set[str]:
    prefix = sh("")[:-1]
    names = {p[len(prefix) : -1] for p in graph.nodes.get(shape, {}) if p.startswith(prefix)}
    if names & {"sparql", "expression"}:
        raise _Unsafe(f"{short(shape)} has a query, whose reach is not known (tm:shardSafe promises it)")
    known = CONSTRAINTS | _HARMLESS
    custom = {p for p in graph.nodes.get(shape, {}) if p in graph.custom_parameters}
    if custom or names - known - {"rule", "target"}:
        raise _Unsafe(f"{short(shape)} uses a constraint component of its own")
    return names & CONSTRAINTS


def _follow(graph: ShapesGraph, path: Term, start: _Reach) -> _Reach:
    """Where a path leads from ``start``."""
    if not is_blank(path):
        return _Reach(inside=start.inside and path in LOCAL_LINKS, complete=start.complete)
    if FIRST in graph.nodes.get(path, {}):
        for step in graph.items(path):
            start = _follow(graph, step, start)
        return start
    if inverse := graph.value(path, "inversePath"):
        return _backward(inverse, start)
    if options := graph.value(path, "alternativePath"):
        return _all([_follow(graph, option, start) for option in graph.items(options)])
    for name in ("zeroOrMorePath", "oneOrMorePath", "zeroOrOnePath"):
        if inner := graph.value(path, name):
            once = _all([start, _follow(graph, inner, start)])
            return _all([once, _follow(graph, inner, once)])
    raise _Unsafe("it has a path of an unknown kind")


def _backward(predicate: Term, start: _Reach) -> _Reach:
    if is_blank(predicate):
        raise _Unsafe("it follows a compound path backwards")
    if start.inside and start.complete:
        if predicate in LOCAL_LINKS:
            return _Reach(inside=True)
        raise _Unsafe(f"^{short(predicate)} may lead out of the patient")
    # From a shared node to what points at it: a shard sees its own patients' part, each of them whole.
    return _Reach(inside=True, complete=False)


def _all(reaches: list[_Reach]) -> _Reach:
    return _Reach(all(r.inside for r in reaches), all(r.complete for r in reaches))
