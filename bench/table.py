"""The table of a benchmark: rows, their targets, and Markdown."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TARGETS = Path(__file__).parent / "targets.toml"


@dataclass(frozen=True, slots=True)
class Row:
    """One line: ``name`` finds its target; ``value`` is None where nothing can be said, and why is in ``note``."""

    name: str
    what: str
    value: float | None
    unit: str
    ours: str = ""
    peer: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """What a row must reach: at least so much, or at most."""

    bound: float
    least: bool

    def met(self, value: float) -> bool:
        """Whether a value reaches it."""
        return value >= self.bound if self.least else value <= self.bound

    def __str__(self) -> str:
        return f"{'≥' if self.least else '≤'} {self.bound:g}"


def targets(path: Path = TARGETS) -> dict[str, Target]:
    """The targets of a file by the names of rows."""
    found = tomllib.loads(path.read_text("utf-8"))
    return {
        name: Target(float(body.get("at_least", body.get("at_most"))), "at_least" in body)
        for name, body in found.items()
    }


def markdown(rows: Sequence[Row], wanted: Mapping[str, Target]) -> str:
    """The rows as a Markdown table, one target each where there is one."""
    lines = [
        "| what | value | target | | twinmap | peer | note |",
        "|---|--:|--:|---|---|---|---|",
    ]
    for row in rows:
        target = wanted.get(row.name)
        value = "–" if row.value is None else f"{_number(row.value)} {row.unit}"
        verdict = ""
        if target is not None:
            verdict = (
                "not measured" if row.value is None else "met" if target.met(row.value) else "**not met**"
            )
        bound = "" if target is None else f"{target} {row.unit}"
        lines.append(f"| {row.what} | {value} | {bound} | {verdict} | {row.ours} | {row.peer} | {row.note} |")
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def missed(rows: Sequence[Row], wanted: Mapping[str, Target]) -> list[str]:
    """The names of rows whose target is not met."""
    return [
        row.name
        for row in rows
        if row.value is not None and row.name in wanted and not wanted[row.name].met(row.value)
    ]
