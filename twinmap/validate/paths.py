"""Property paths from SPARQL syntax to the Turtle of SHACL."""

from __future__ import annotations

import re

from twinmap.validate.rdf import Term

_TOKEN = re.compile(r"<[^<>\s]*>|[()|/^*+?]")
_REPEAT = {"*": "sh:zeroOrMorePath", "+": "sh:oneOrMorePath", "?": "sh:zeroOrOnePath"}


def to_turtle(path: str) -> str:
    """The node that stands for a path in a shapes or report graph.

    >>> to_turtle("<urn:p>")
    '<urn:p>'
    >>> to_turtle("^<urn:p>/(<urn:q>)*")
    '( [ sh:inversePath <urn:p> ] [ sh:zeroOrMorePath <urn:q> ] )'

    Raises:
        ValueError: The text is no property path.
    """
    tokens = _TOKEN.findall(path)
    if "".join(tokens) != path.replace(" ", ""):
        raise ValueError("not a property path")
    node, rest = _alternative(tokens)
    if rest:
        raise ValueError("not a property path")
    return node


def _alternative(tokens: list[str]) -> tuple[Term, list[str]]:
    node, tokens = _sequence(tokens)
    nodes = [node]
    while tokens[:1] == ["|"]:
        node, tokens = _sequence(tokens[1:])
        nodes.append(node)
    return (nodes[0] if len(nodes) == 1 else f"[ sh:alternativePath ( {' '.join(nodes)} ) ]"), tokens


def _sequence(tokens: list[str]) -> tuple[Term, list[str]]:
    node, tokens = _step(tokens)
    nodes = [node]
    while tokens[:1] == ["/"]:
        node, tokens = _step(tokens[1:])
        nodes.append(node)
    return (nodes[0] if len(nodes) == 1 else f"( {' '.join(nodes)} )"), tokens


def _step(tokens: list[str]) -> tuple[Term, list[str]]:
    if not tokens:
        raise ValueError("not a property path")
    first, tokens = tokens[0], tokens[1:]
    if first == "^":
        node, tokens = _step(tokens)
        return f"[ sh:inversePath {node} ]", tokens
    if first == "(":
        node, tokens = _alternative(tokens)
        if tokens[:1] != [")"]:
            raise ValueError("not a property path")
        tokens = tokens[1:]
    elif first.startswith("<"):
        node = first
    else:
        raise ValueError("not a property path")
    while tokens and tokens[0] in _REPEAT:
        node, tokens = f"[ {_REPEAT[tokens[0]]} {node} ]", tokens[1:]
    return node, tokens
