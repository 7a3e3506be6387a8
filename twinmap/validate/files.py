"""Validates RDF files: what ``twinmap validate GRAPH`` does, without the command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from twinmap.errors import InputOutputError, UsageError
from twinmap.registry import shipped
from twinmap.safeio import open_bytes
from twinmap.validate.results import Validation
from twinmap.validate.run import TIME_BUDGET, validate_parts

#: Suffix to format. RDF/XML is left out: it has entities and no use here.
FORMATS = {
    ".nt": ox.RdfFormat.N_TRIPLES,
    ".nq": ox.RdfFormat.N_QUADS,
    ".ttl": ox.RdfFormat.TURTLE,
    ".trig": ox.RdfFormat.TRIG,
    ".jsonld": ox.RdfFormat.JSON_LD,
}
_PACKED = (".gz", ".zst")


def format_of(path: Path) -> ox.RdfFormat:
    """The RDF format by the name; ``.gz`` and ``.zst`` behind it are looked through.

    Raises:
        UsageError: The suffix is not known.
    """
    name = Path(path.name.removesuffix(path.suffix)) if path.suffix in _PACKED else path
    if name.suffix not in FORMATS:
        raise UsageError(
            f"{path} is in no RDF format that is read here", help=f"one of: {' '.join(sorted(FORMATS))}"
        )
    return FORMATS[name.suffix]


def load_graph(path: Path, number: int = 1) -> bytes:
    """An RDF file as N-Triples; the triples of all its graphs together, literals as written.

    Remote JSON-LD contexts are refused, not fetched. ``number`` keeps the blank nodes of several files
    apart.

    Raises:
        UsageError: The suffix is not known.
        InputOutputError: The file is missing, cut short, or not in the format of its name.
    """
    kind = format_of(path)
    with open_bytes(path) as stream:
        if kind == ox.RdfFormat.N_TRIPLES and number == 1:
            text = stream.read()
            return text if text.endswith(b"\n") or not text else text + b"\n"
        try:
            triples = (
                ox.Triple(_apart(quad.subject, number), quad.predicate, _apart(quad.object, number))
                for quad in ox.parse(stream, format=kind)
            )
            return ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b""
        except (SyntaxError, ValueError) as error:
            # The message of the parser quotes the data; only the line is told.
            line = getattr(error, "lineno", None)
            where = f" at line {line}" if line else ""
            context = "remote contexts" in str(error)
            raise InputOutputError(
                f"{path} is not {kind.name}{where}"
                if not context
                else f"{path} needs a remote JSON-LD context",
                help="remote contexts are never fetched: put the context into the file" if context else None,
            ) from None


def _apart(term: Any, number: int) -> Any:
    """The term; a blank node of a later file gets a label of its own."""
    return ox.BlankNode(f"f{number}{term.value}") if isinstance(term, ox.BlankNode) and number > 1 else term


def read_shapes(paths: Sequence[Path]) -> list[bytes]:
    """Shapes files as Turtle documents, each in any of the formats of a graph."""
    return [load_graph(path) if format_of(path) != ox.RdfFormat.TURTLE else _read(path) for path in paths]


def _read(path: Path) -> bytes:
    with open_bytes(path) as stream:
        return stream.read()


def shipped_shapes() -> list[bytes]:
    """The shapes of the twin graph that are written by hand (``ontologies/shapes``)."""
    folder = shipped("ontologies") / "shapes"
    return [
        entry.read_bytes()
        for entry in sorted(folder.iterdir(), key=lambda e: e.name)
        if entry.name.endswith(".ttl")
    ]


def validate_files(
    graphs: Sequence[Path],
    shapes: Sequence[bytes],
    engine: str = "auto",
    *,
    time_budget: float = TIME_BUDGET,
    keep_results: int = 10_000,
) -> Validation:
    """Validate files together as one graph.

    Args:
        graphs: RDF files.
        shapes: Turtle documents (:func:`read_shapes`, :func:`shipped_shapes`).
        engine: ``auto``, ``shacl``, ``pyshacl`` or ``both``.
        time_budget: Seconds until the validation is given up.
        keep_results: How many results to keep for the report.

    Raises:
        UsageError: The shapes or a format cannot be used.
        InputOutputError: A file cannot be read, or the engine broke.
    """
    whole = b"".join(load_graph(path, number) for number, path in enumerate(graphs, start=1))
    return validate_parts([whole], shapes, engine, time_budget=time_budget, keep_results=keep_results)
