"""What is wrong with a shapes graph, found without data: engines pass over most of it in silence."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from twinmap.diagnostics import Finding
from twinmap.errors import UsageError
from twinmap.registry import finding
from twinmap.validate.rdf import SH, TYPE, Term, bare, lexical, sh, short
from twinmap.validate.shapes import ShapesGraph
from twinmap.validate.vocabulary import JAVASCRIPT, KNOWN

_QUERIES = ("select", "ask", "construct", "update")
#: Strings, IRIs and comments of a query, in which a keyword means nothing.
_OPAQUE = re.compile(
    r'"""(?:[^\\]|\\.)*?"""|\'\'\'(?:[^\\]|\\.)*?\'\'\'|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|<[^<>\s]*>|#[^\n]*',
    re.DOTALL,
)
_REMOTE = re.compile(r"(?<![:?$\w-])(SERVICE|FROM|LOAD)\b(?!\s*:)", re.IGNORECASE)


def refuse_unsafe(graph: ShapesGraph) -> None:
    """Stop where the shapes would run foreign code or open a connection.

    Raises:
        UsageError: The shapes hold SHACL-JS, or a query with SERVICE, FROM or LOAD.
    """
    for term in sorted(_sh_terms(graph)):
        if term.removeprefix(SH) in JAVASCRIPT:
            raise UsageError(
                f"the shapes use JavaScript ({short(f'<{term}>')}), which is never run",
                help="write the constraint in SHACL core or as sh:sparql",
            )
    for node in sorted(graph.nodes):
        for name in _QUERIES:
            for query in graph.values(node, name):
                match = _REMOTE.search(_OPAQUE.sub(" ", lexical(query)))
                if match:
                    raise UsageError(
                        f"a query in the shapes uses {match[1].upper()}, which reaches data beyond the graph",
                        help="validation works on the given graph alone, without a network",
                    )


def lint(graph: ShapesGraph) -> list[Finding]:
    """Findings (H03) about terms that do not exist and shapes that cannot be what was meant."""
    return [*_unknown_terms(graph), *_paths(graph), *_rules(graph)]


def _sh_terms(graph: ShapesGraph) -> set[str]:
    terms: set[Term] = set()
    for node, about in graph.nodes.items():
        terms.add(node)
        for predicate, objects in about.items():
            terms.add(predicate)
            terms.update(objects)
    return {bare(term) for term in terms if term.startswith(f"<{SH}")}


def _unknown_terms(graph: ShapesGraph) -> Iterator[Finding]:
    for iri in sorted(_sh_terms(graph)):
        name = iri.removeprefix(SH)
        if name in KNOWN or not name:
            continue
        close = difflib.get_close_matches(name, sorted(KNOWN), n=1, cutoff=0.6)
        yield finding(
            "TM-H03",
            f"SHACL has no term sh:{name}: what it stands for is not tested",
            rule=f"sh:{name}",
            help=f"did you mean sh:{close[0]}?" if close else "see the SHACL specification",
        )


def _paths(graph: ShapesGraph) -> Iterator[Finding]:
    properties = {child for shape in graph.shapes for child in graph.values(shape, "property")}
    for shape in graph.shapes:
        paths = graph.values(shape, "path")
        is_property = shape in properties or sh("PropertyShape") in graph.nodes.get(shape, {}).get(TYPE, ())
        if len(paths) > 1:
            yield _shape_finding(graph, shape, f"has {len(paths)} values of sh:path, one is allowed")
        elif is_property and not paths:
            yield _shape_finding(graph, shape, "is a property shape without sh:path")


def _rules(graph: ShapesGraph) -> Iterator[Finding]:
    for shape in graph.shapes:
        if graph.values(shape, "rule"):
            yield _shape_finding(graph, shape, "has an sh:rule, which validation does not run")


def _shape_finding(graph: ShapesGraph, shape: Term, text: str) -> Finding:
    name = short(graph.root_of(shape))
    return finding("TM-H03", f"shape {name} {text}", rule=short(shape))
