"""The engine ``pyshacl``: the reference, in plain Python, on rdflib's own memory store.

rdflib rewrites literals ("yes"^^xsd:boolean becomes "false") and reads some that XSD forbids. So the
terms are made here from exact N-Triples, and literals outside the lexical space of their datatype are
marked as ill-typed. Blank nodes keep their labels.
"""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import version
from typing import Any

import pyoxigraph as ox
import rdflib
from pyparsing import ParseException
from pyshacl import Validator
from pyshacl.errors import ConstraintLoadError, ReportableRuntimeError, ShapeLoadError, ValidationFailure
from pyshacl.graph_abstraction import DataGraph
from rdflib.namespace import SH
from rdflib.plugins.sparql.parser import parseQuery

from twinmap.validate.engine import EngineError, Program, ShapesError
from twinmap.validate.lexical import is_ill_typed
from twinmap.validate.rdf import Term, sh
from twinmap.validate.results import Result

#: What needs pyshacl's advanced mode (SHACL-AF).
_ADVANCED = tuple(sh(name).encode() for name in ("target", "expression", "SPARQLFunction"))


class PyshaclEngine:
    """``pyshacl`` of PyPI: SHACL core, SPARQL constraints and the advanced features; no JavaScript."""

    name = "pyshacl"

    def __init__(self) -> None:
        self.version = version("pyshacl")

    def compile(self, shapes: bytes) -> Program:
        """See :class:`twinmap.validate.engine.ShaclEngine`."""
        graph = _to_rdflib(shapes)
        _check_queries(graph)
        program = _Program(graph, any(name in shapes for name in _ADVANCED))
        program.validate(b"")
        return program


def _check_queries(shapes: rdflib.Graph) -> None:
    """Parse every query now: pyshacl would do it at the first node, in the middle of the data."""
    for predicate in (SH.select, SH.ask):
        for query in shapes.objects(None, predicate):
            try:
                parseQuery(str(query))
            except ParseException as error:
                raise ShapesError(f"a query in the shapes is not SPARQL, at line {error.lineno}") from None


class _Program:
    def __init__(self, shapes: rdflib.Graph, advanced: bool) -> None:
        self._shapes = shapes
        self._advanced = advanced

    def validate(self, ntriples: bytes) -> list[Result]:
        """See :class:`twinmap.validate.engine.Program`."""
        options = {"advanced": self._advanced, "inplace": True, "logger": _silent_logger()}
        try:
            with _silence():
                data = DataGraph.from_rdflib(_to_rdflib(ntriples))
                validator: Any = Validator(data, shacl_graph=self._shapes, options=options)
                _, report, _ = validator.run()
            return list(_results(report))
        except (ShapeLoadError, ConstraintLoadError, ReportableRuntimeError, ValidationFailure) as error:
            text = " ".join(str(getattr(error, "message", error)).split())
            raise ShapesError(f"pyshacl refuses the shapes: {text[:200]}") from None
        except Exception as error:  # noqa: BLE001
            # Its text may quote the data; only its kind is told.
            raise EngineError(f"the engine pyshacl failed: {type(error).__name__}") from None


def _to_rdflib(ntriples: bytes) -> rdflib.Graph:
    graph = rdflib.Graph()
    for triple in ox.parse(ntriples, format=ox.RdfFormat.N_TRIPLES):
        graph.add((_term(triple.subject), _term(triple.predicate), _term(triple.object)))
    return graph


@lru_cache(maxsize=65_536)
def _term(term: Any) -> Any:
    if isinstance(term, ox.NamedNode):
        return rdflib.URIRef(term.value)
    if isinstance(term, ox.BlankNode):
        return rdflib.BNode(term.value)
    if term.language:
        return rdflib.Literal(term.value, lang=term.language)
    datatype = term.datatype.value
    if datatype == str(rdflib.XSD.string):
        return rdflib.Literal(term.value)
    if not is_ill_typed(term.value, datatype):
        return rdflib.Literal(term.value, datatype=rdflib.URIRef(datatype), normalize=False)
    # Made as a plain literal, for rdflib would read some of these and log the others in full.
    literal = rdflib.Literal(term.value)
    literal._value = _NoValue(term.value)  # noqa: SLF001
    literal._datatype = rdflib.URIRef(datatype)  # noqa: SLF001  (there is no other way to say so)
    literal._ill_typed = True  # noqa: SLF001
    return literal


class _NoValue(str):
    """What an ill-typed literal has for a value: a text, for pyshacl compares None as a small number.

    It is neither less nor more than anything, as SPARQL has it.
    """

    __slots__ = ()

    def _never(self, other: object) -> bool:  # noqa: ARG002
        return False

    __lt__ = __le__ = __gt__ = __ge__ = _never


def _text(term: Any) -> Term:
    if isinstance(term, rdflib.URIRef):
        return f"<{term}>"
    if isinstance(term, rdflib.BNode):
        return f"_:{term}"
    if term.language:
        return str(ox.Literal(str(term), language=term.language))
    datatype = ox.NamedNode(str(term.datatype)) if term.datatype else None
    return str(ox.Literal(str(term), datatype=datatype))


def _results(report: rdflib.Graph) -> Iterator[Result]:
    for node in report.objects(None, SH.result):
        about: dict[Any, list[Any]] = {}
        for predicate, term in report.predicate_objects(node):
            about.setdefault(predicate, []).append(term)

        def one(name: Any, about: dict[Any, list[Any]] = about) -> Term | None:
            return _text(about[name][0]) if name in about else None

        shape = one(SH.sourceShape) or ""
        yield Result(
            focus=one(SH.focusNode) or "",
            path=one(SH.resultPath),
            value=one(SH.value),
            severity=one(SH.resultSeverity) or sh("Violation"),
            component=one(SH.sourceConstraintComponent) or "",
            source_shape=shape,
            root_shape=shape,
            messages=tuple(sorted(str(text) for text in about.get(SH.resultMessage, ()))),
        )


def _silent_logger() -> logging.Logger:
    logger = logging.getLogger("twinmap.validate.pyshacl")
    logger.propagate = False
    logger.disabled = True
    return logger


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Keep what pyshacl and rdflib print or log (literals in full) off every stream."""
    rdflib_log = logging.getLogger("rdflib.term")
    before = rdflib_log.disabled
    rdflib_log.disabled = True
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        rdflib_log.disabled = before
