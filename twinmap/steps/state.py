"""The state of a run, filled step by step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from twinmap.diagnostics import Finding
from twinmap.engine import books, parts, sources
from twinmap.engine.duck import Duck
from twinmap.engine.identity import Twins
from twinmap.mapping.project import Project
from twinmap.model import InputFile
from twinmap.privacy import Key

Progress = Callable[[int], None]


@dataclass
class Run:
    """The state of a run, filled step by step."""

    project: Project
    work: Path
    key: Key
    jobs: int
    memory_mb: int
    duck: Duck
    on_error: str = "quarantine"
    engine: str = "auto"
    format: str = "nq"
    identifiers: bool = True
    progress: Progress = lambda _: None
    sources: list[sources.Source] = field(default_factory=list)
    inputs: dict[Path, InputFile] = field(default_factory=dict)
    owners: dict[int, list[str]] = field(default_factory=dict)
    made: list[sources.Made] = field(default_factory=list)
    twins: Twins = field(default_factory=Twins)
    results: list[parts.PartResult] = field(default_factory=list)
    tables: dict[str, Path] = field(default_factory=dict)
    ledger: books.Ledger = field(default_factory=books.Ledger)
    findings: list[Finding] = field(default_factory=list)
    shapes: list[bytes] = field(default_factory=list)
    validation: Any = None
    triples: int = 0
    graph_sha256: str = ""

    @property
    def names(self) -> dict[int, str]:
        """The names of the input files by their numbers."""
        return {file.number: file.name for file in self.inputs.values()}

    @property
    def publish(self) -> Path:
        """The folder whose files will appear in the output."""
        return self.work / "publish"

    @property
    def parts(self) -> Path:
        """The folder of what is made on the way."""
        return self.work / "parts"
