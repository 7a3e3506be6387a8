"""What the corpus proofs share: runs of ready-made mappings, made once, and tables for a person to read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from twinmap.api import Outcome, run

Rows = list[dict[str, object]]


@dataclass(frozen=True)
class Made:
    """A run, and its published files as plain Python."""

    outcome: Outcome

    def table(self, kind: str) -> Rows:
        path = self.outcome.out / "tables" / f"{kind}.parquet"
        return pq.read_table(path).to_pylist() if path.exists() else []

    @cached_property
    def files(self) -> dict[int, str]:
        """The names of the input files by their number."""
        manifest = json.loads((self.outcome.out / "manifest.json").read_text("utf-8"))
        return {item["number"]: item["name"] for item in manifest["inputs"]}

    @cached_property
    def quarantine(self) -> Rows:
        text = (self.outcome.out / "quarantine.jsonl").read_text("utf-8")
        return [json.loads(line) for line in text.splitlines()]

    @property
    def books(self) -> Mapping[str, int]:
        (records,) = self.outcome.ledger.records.values()
        return {name: count for name, count in records.items() if isinstance(count, int)}

    @property
    def files_read(self) -> dict[int, Mapping[str, int]]:
        """The books of records of each input file by its number."""
        ledger = json.loads((self.outcome.out / "ledger.json").read_text("utf-8"))
        (records,) = ledger["records"].values()
        return {int(number): counts for number, counts in records["files"].items()}

    @property
    def statements(self) -> Mapping[str, int]:
        (statements,) = self.outcome.ledger.statements.values()
        return statements

    def balanced(self) -> bool:
        """Whether nothing is lost; the run itself fails where something is."""
        return self.books["lost"] == 0 and self.statements["lost"] == 0 and self.books["read"] > 0


Run = Callable[..., Made]


@pytest.fixture(scope="session")
def make(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """``make(mapping, data, **params)`` runs a mapping over data, each pair once.

    ``engine="none"`` leaves SHACL out, where books are all that is proved.
    """
    key = tmp_path_factory.mktemp("key") / "key"
    key.write_text("11" * 32, encoding="ascii")
    done: dict[tuple[str, str], Made] = {}

    def make(mapping: str | Path, data: Path | None, engine: str = "auto", **params: str) -> Made:
        name = (str(mapping), str(data))
        if name not in done:
            out = tmp_path_factory.mktemp("out") / "out"
            sources = [] if data is None else [str(data)]
            done[name] = Made(
                run([str(mapping)], out=out, data=sources, params=params, key_file=key, engine=engine)
            )
        return done[name]

    return make


@pytest.fixture
def show(request: pytest.FixtureRequest) -> Callable[[Sequence[Sequence[object]]], None]:
    """Prints a table under the name of the test (seen with ``-s``)."""

    def show(rows: Sequence[Sequence[object]]) -> None:
        cells = [[str(cell) for cell in row] for row in rows]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        print(f"\n{request.node.name}")
        for row in cells:
            print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))

    return show
