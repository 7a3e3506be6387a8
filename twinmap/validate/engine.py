"""The seam between twinmap and a SHACL engine, and the choice of one."""

from __future__ import annotations

from typing import Protocol

from twinmap.diagnostics import Finding
from twinmap.errors import InputOutputError, UsageError
from twinmap.registry import finding
from twinmap.validate.results import EngineChoice, Result

ENGINES = ("auto", "shacl", "pyshacl", "both")


class ShapesError(UsageError):
    """An engine refuses the shapes: they are malformed, or beyond what it can do."""


class EngineError(InputOutputError):
    """An engine broke while it ran; nothing may be said about the data."""


class Program(Protocol):
    """Compiled shapes, used for any number of graphs."""

    def validate(self, ntriples: bytes) -> list[Result]:
        """The results for one graph, in no particular order.

        ``path`` of a compound path and ``root_shape`` are the caller's to fill in.

        Raises:
            ShapesError: A part of the shapes that is compiled late is malformed.
            EngineError: The graph is not N-Triples, or the engine broke.
        """


class ShaclEngine(Protocol):
    """One SHACL implementation."""

    name: str
    version: str

    def compile(self, shapes: bytes) -> Program:
        """Compile a shapes graph given as N-Triples.

        Raises:
            ShapesError: The engine cannot run these shapes.
        """


def load(name: str) -> ShaclEngine:
    """The engine ``shacl`` or ``pyshacl``.

    Raises:
        UsageError: Its package is not installed here, or there is no such engine.
    """
    if name == "pyshacl":
        from twinmap.validate.engine_pyshacl import PyshaclEngine

        return PyshaclEngine()
    if name == "shacl":
        try:
            from twinmap.validate.engine_shacl import RustEngine

            return RustEngine()
        except ImportError as error:
            raise UsageError("the engine shacl is not installed", help="--engine pyshacl") from error
    raise UsageError(f'no SHACL engine is called "{name}"', help=f"one of: {', '.join(ENGINES)}")


def choose(name: str, shapes: bytes) -> tuple[EngineChoice, tuple[Program, ...], tuple[Finding, ...]]:
    """Compile the shapes with the engine asked for.

    ``auto`` takes the Rust engine where it is installed and can run all of the shapes, else pyshacl
    with a finding: never a mix of both in one run. ``both`` gives two programs.

    Raises:
        UsageError: The engine is unknown or not installed, or refuses the shapes.
    """
    if name == "both":
        first, second = load("shacl"), load("pyshacl")
        choice = EngineChoice("shacl+pyshacl", f"{first.version}+{second.version}", "asked for: compare")
        return choice, (first.compile(shapes), second.compile(shapes)), ()
    if name != "auto":
        engine = load(name)
        return EngineChoice(engine.name, engine.version, "asked for"), (engine.compile(shapes),), ()
    try:
        engine = load("shacl")
        choice = EngineChoice(engine.name, engine.version, "the fastest that can run these shapes")
        return choice, (engine.compile(shapes),), ()
    except UsageError as error:
        engine = load("pyshacl")
        program = engine.compile(shapes)
        choice = EngineChoice(engine.name, engine.version, f"fallback: {error.message}")
        message = f"validated with pyshacl instead of shacl: {error.message}"
        note = finding("TM-H04", message, rule="--engine auto")
        return choice, (program,), (note,)
