"""What the saved files of a report hold, as far as renderers read it: they may rely on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from twinmap.diagnostics import Severity
from twinmap.model import RELATIONS

#: A type, several, words of which it is one, a list of one shape, or an object by its keys; a key with ``!`` must be
#: there, other keys may be.
Shape = Any


@dataclass(frozen=True, slots=True)
class Each:
    """An object whose values all have one shape."""

    shape: Shape


_NUMBER = (int, float)
_TEXT = (str, type(None))

_PLACE = {"source": str, "file": str, "record": int, "line": int, "part": str, "field": str, "shape": str}
FINDING = {
    **dict.fromkeys(("id", "code", "slug", "severity", "message", "where", "concept", "rule", "facet"), str),
    "statement": str,
    "patient": str,
    "relation": str,
    "help": str,
    "count": int,
    "details": dict,
    "places": [_PLACE],
    "sources": [str],
}
_FACET = {"facet!": str, "a": _TEXT, "b": _TEXT, "relation!": str, "evidence": _TEXT, "code": _TEXT}
_COUNTS = dict.fromkeys(("n_a", "n_b", "patients_a", "patients_b", "patients_both", "conflicts"), int)
_CONVERSION = {"from!": str, "to!": str, "factor": str, "offset": str, "class": str}
RELATION = {
    "concept!": str,
    "source_a!": str,
    "source_b!": str,
    "signature_a": int,
    "signature_b": int,
    "relation!": frozenset(RELATIONS),
    "facets": [_FACET],
    "unsaid": [str],
    "counts": _COUNTS,
    "conflict": {"code!": str, "count!": int},
    "conversion": (_CONVERSION, None),
}
_ESTIMATE = {"value!": _NUMBER, "low": (*_NUMBER, None), "high": (*_NUMBER, None)}
_DENSITY = {"difference!": [_NUMBER], "mean!": [_NUMBER], "grid!": [int], "cells!": [[int]]}
AGREEMENT = {
    "concept!": str,
    "source_a!": str,
    "source_b!": str,
    "pairs!": int,
    "patients!": int,
    "signature_a": int,
    "signature_b": int,
    "coverage": dict,
    "verdict": _TEXT,
    "why": _TEXT,
    "unit": _TEXT,
    "bias": _ESTIMATE,
    "limits": {"lower!": _ESTIMATE, "upper!": _ESTIMATE},
    "density": _DENSITY,
}
LEDGER = {
    **dict.fromkeys(("records", "statements"), Each(Each((int, dict)))),
    "cells": Each(Each(Each((int, dict)))),
}
SELECTION = {
    "select": [str],
    "ignore": [str],
    "severity": Each(frozenset(map(str, Severity))),
    "left_out": Each({"findings!": int, "count!": int}),
}
_SIDES = {"a!": int, "b!": int}
_GRAPH = {"quads!": int, "sha256!": str}
DIFFERENCE = {
    "by": frozenset({"concept", "facet", "patient", "time"}),
    "equal!": bool,
    "sides!": [{"side!": frozenset("AB"), "name!": str, "unread": Each(int)}],
    "graphs": {"equal!": bool, "a!": _GRAPH, "b!": _GRAPH},
    "statements!": [_SIDES | {"same!": int, "kind!": str, "system": _TEXT, "code": _TEXT}],
    "together!": [{"kind!": str, "by!": str, "n!": int}],
    "changes!": [
        {
            "kind!": str,
            "what!": str,
            "by!": str,
            "n!": int,
            "system": _TEXT,
            "code": _TEXT,
            "before": _TEXT,
            "after": _TEXT,
            "only": str,
            "ratio": _NUMBER,
            "shift_us": _NUMBER,
        }
    ],
    "concepts!": [
        _SIDES
        | {"concept!": str, "the_same": bool}
        | dict.fromkeys(("patients_a!", "patients_b!", "patients_both!"), int)
    ],
    "patients!": [_SIDES | {"patient!": _TEXT}],
    "months!": [_SIDES | {"month!": _TEXT}],
}


def misfit(value: object, shape: Shape, at: str = "") -> str | None:
    """Where a value does not have a shape, as ``facets[2].relation``; None where it has.

    >>> misfit({"facets": [{"facet": "site", "relation": 3}]}, RELATION | {"relation!": object})
    'concept'
    >>> misfit({"a": [1, "x"]}, {"a": [int]})
    'a[1]'
    """
    if isinstance(shape, tuple):
        return None if any(misfit(value, one, at) is None for one in shape) else at
    if shape is None:
        return None if value is None else at
    if isinstance(shape, frozenset):
        return None if isinstance(value, str) and value in shape else at
    if isinstance(shape, type):
        fits = isinstance(value, shape) and (shape is bool or shape is object or not isinstance(value, bool))
        return None if fits else at
    if isinstance(shape, list):
        if not isinstance(value, list):
            return at
        parts = [(each, shape[0], f"{at}[{number}]") for number, each in enumerate(value)]
    elif not isinstance(value, dict):
        return at
    elif isinstance(shape, Each):
        parts = [(each, shape.shape, _below(at, name)) for name, each in value.items()]
    else:
        wanted = {name.rstrip("!"): (each, name.endswith("!")) for name, each in shape.items()}
        lacking = next((name for name, (_, must) in wanted.items() if must and name not in value), None)
        if lacking is not None:
            return _below(at, lacking)
        parts = [(value[name], each, _below(at, name)) for name, (each, _) in wanted.items() if name in value]
    return next((found for part in parts if (found := misfit(*part)) is not None), None)


def _below(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name
