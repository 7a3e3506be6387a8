"""The engine ``shacl`` (Rust): the default where there is a wheel. It keeps literals as written."""

from __future__ import annotations

from importlib.metadata import version

import shacl

from twinmap.validate.engine import EngineError, Program, ShapesError
from twinmap.validate.results import Result


class RustEngine:
    """``shacl`` of PyPI: SHACL core, SPARQL constraints and targets; no look-around in patterns."""

    name = "shacl"

    def __init__(self) -> None:
        self.version = version("shacl")

    def compile(self, shapes: bytes) -> Program:
        """See :class:`twinmap.validate.engine.ShaclEngine`."""
        try:
            return _Program(shacl.Shapes.from_text(shapes.decode(), "ntriples"))
        except ValueError as error:
            text = " ".join(str(error).split())
            raise ShapesError(f"shacl refuses the shapes: {text[:200]}") from error


class _Program:
    def __init__(self, shapes: shacl.Shapes) -> None:
        self._shapes = shapes

    def validate(self, ntriples: bytes) -> list[Result]:
        """See :class:`twinmap.validate.engine.Program`."""
        try:
            report = self._shapes.validate_text(ntriples.decode(), "ntriples")
        except Exception as error:  # noqa: BLE001
            # Its text may quote the data; only its kind is told.
            raise EngineError(f"the engine shacl failed: {type(error).__name__}") from None
        return [
            Result(
                focus=found.focus_node,
                path=found.path,
                value=found.value,
                severity=f"<{found.severity_iri}>",
                component=f"<{found.component_iri}>",
                source_shape=found.source_shape or "",
                root_shape=found.source_shape or "",
                messages=tuple(found.messages),
            )
            for found in report.results
        ]
