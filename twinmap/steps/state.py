"""The state of a run, filled step by step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from twinmap.diagnostics import Finding
from twinmap.engine import parts
from twinmap.engine.duck import Duck
from twinmap.engine.graphfile import Digest
from twinmap.engine.identity import Twins
from twinmap.engine.ledger import Ledger
from twinmap.engine.sources import Made, Source
from twinmap.engine.workers import Workers
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
    workers: Workers
    on_error: str = "quarantine"
    engine: str = "auto"
    format: str = "nq"
    identifiers: bool = True
    progress: Progress = lambda _: None
    started: datetime = field(default_factory=partial(datetime.now, UTC))
    sources: list[Source] = field(default_factory=list)
    inputs: dict[Path, InputFile] = field(default_factory=dict)
    owners: dict[int, list[str]] = field(default_factory=dict)
    made: list[Made] = field(default_factory=list)
    twins: Twins = field(default_factory=Twins)
    results: list[parts.PartResult] = field(default_factory=list)
    tables: dict[str, Path] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    findings: list[Finding] = field(default_factory=list)
    #: How many findings of each code do not count, see :meth:`twinmap.selection.Selection.apply`.
    left_out: dict[str, dict[str, int]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    shapes: list[bytes] = field(default_factory=list)
    validation: Any = None
    relations: list[dict[str, Any]] = field(default_factory=list)
    agreement: list[dict[str, Any]] = field(default_factory=list)
    #: By code, SQL of the statements that findings tell of, see :class:`twinmap.checks.context.Context`.
    told: dict[str, list[str]] = field(default_factory=dict)
    concepts: list[dict[str, Any]] = field(default_factory=list)
    terminology: list[dict[str, Any]] = field(default_factory=list)
    hashes: dict[Path, str] = field(default_factory=dict)
    stamps: dict[Path, tuple[int, int]] = field(default_factory=dict)
    digest: Digest = field(default_factory=Digest)

    @property
    def names(self) -> dict[int, str]:
        """The names of the input files by their numbers."""
        return {file.number: file.name for file in self.inputs.values()}

    @property
    def triples(self) -> int:
        """The lines of the graph so far."""
        return self.digest.lines

    @property
    def graph_sha256(self) -> str:
        """The hash of the graph so far."""
        return self.digest.hex

    @property
    def shards(self) -> int:
        """The number of parts that the statements are split into."""
        return parts.shards_for(sum(sum(made.book.planned.values()) for made in self.made))

    @property
    def publish(self) -> Path:
        """The folder whose files will appear in the output."""
        return self.work / "publish"

    @property
    def parts(self) -> Path:
        """The folder of what is made on the way."""
        return self.work / "parts"

    @property
    def graph(self) -> Path:
        """The graph as N-Quads, before it is published."""
        return self.work / "graph.nq"
