"""The W3C validation report (``sh:ValidationReport``) as Turtle, the same bytes on every run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from twinmap.validate.paths import to_turtle
from twinmap.validate.rdf import SH, SHAPES, TM, XSD, Term, sh
from twinmap.validate.results import Result, Validation
from twinmap.validate.vocabulary import KNOWN


def write_report(validation: Validation, out: BinaryIO, *, base: str = "https://twin.invalid/") -> None:
    """Write the report; results in a fixed order, each with an IRI made of its content.

    Where only the first results were kept, ``tm:resultsOmitted`` says how many are not written.
    ``sh:value`` holds values of the data: the report is as private as the graph.

    Args:
        validation: The outcome.
        out: A binary stream.
        base: The base IRI of the graph; the report is ``<base>validation``.
    """
    out.write("".join(_head(validation, base)).encode())
    results = sorted(validation.results, key=lambda result: (result.key, result.messages))
    for name, result in zip(_names(results, base), results, strict=True):
        out.write("".join(_result(name, result, base)).encode())


def _head(validation: Validation, base: str) -> Iterator[str]:
    for prefix, namespace in (("sh", SH), ("tm", TM), ("twin", SHAPES), ("xsd", XSD)):
        yield f"@prefix {prefix}: <{namespace}> .\n"
    yield f"\n<{base}validation> a sh:ValidationReport ;\n"
    yield f"    sh:conforms {'true' if validation.conforms else 'false'} ;\n"
    yield f"    tm:validator {_string(f'{validation.engine.name} {validation.engine.version}')} ;\n"
    yield f"    tm:resultsOmitted {validation.total - len(validation.results)} .\n"


def _names(results: Sequence[Result], base: str) -> Iterator[str]:
    for result in results:
        text = "\x1f".join((*result.key, *result.messages))
        yield f"{base}validation/{hashlib.sha256(text.encode()).hexdigest()[:26]}"


def _result(name: str, result: Result, base: str) -> Iterator[str]:
    yield f"\n<{base}validation> sh:result <{name}> .\n"
    yield f"<{name}> a sh:ValidationResult ;\n"
    yield f"    sh:focusNode {result.focus} ;\n"
    if result.path:
        yield f"    sh:resultPath {to_turtle(result.path)} ;\n"
    if result.value:
        yield f"    sh:value {result.value} ;\n"
    for message in result.messages:
        yield f"    sh:resultMessage {_string(message)} ;\n"
    yield f"    sh:sourceConstraintComponent {_curie(result.component)} ;\n"
    yield f"    sh:sourceShape {_curie(result.source_shape)} ;\n"
    yield f"    sh:resultSeverity {_curie(result.severity)} .\n"


def _curie(term: Term) -> str:
    name = term[1:-1].removeprefix(SH)
    return f"sh:{name}" if term == sh(name) and name in KNOWN else term


def _string(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + '"'
