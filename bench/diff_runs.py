"""``twinmap diff`` of two runs: half of the observations each, the same patients, hardly a statement the same."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import measure
from measure import Command
from table import Row

if TYPE_CHECKING:
    from cases import Bench

#: Status of a diff that found differences.
_DIFFERENT = 1
#: How many times the rows of the benchmark each row of the table takes.
SIZES = {"diff-small": 1, "diff": 10}
_RUN = "import subprocess, sys; sys.exit(subprocess.run(sys.argv[2:]).returncode != int(sys.argv[1]))"


def diff(bench: Bench) -> Iterable[Row]:
    """Two run folders compared, at the rows and at ten times the rows."""
    for name, times in SIZES.items():
        count = times * bench.rows
        folder = bench.folder(name)
        sides = [
            _run_folder(bench.made("two-sources", count), each, folder) for each in ("monitor", "wearable")
        ]
        arguments = [sys.executable, "-c", _RUN, str(_DIFFERENT), sys.executable, "-m", "twinmap", "diff"]
        used = measure.run(Command([*arguments, *map(str, sides), "-o", str(folder / "out")], folder))
        shutil.rmtree(folder)
        what = f"diff of two runs, {count:,} observations in all"
        yield Row(name, what, used.wall, "s", note="rdflib compares graphs only, see `canonical`")
        yield Row(f"{name}-cpu", f"{what}: CPU", used.cpu, "s")
        yield Row(f"{name}-memory", f"{what}: peak memory", used.peak / 1e6, "MB")


def _run_folder(table: Path, source: str, folder: Path) -> Path:
    """The output of a run that had one source of a table of two; without graph and findings, which a diff reads not."""
    import duckdb

    out = folder / source
    (out / "tables").mkdir(parents=True)
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute(
            f"COPY (SELECT * REPLACE (twin AS patient_record) FROM '{table}' WHERE source = '{source}' ORDER BY record) "
            f"TO '{out}/tables/observation.parquet' (FORMAT parquet, COMPRESSION zstd)"
        )
    manifest = {
        "twinmap": "0.1.0",
        "run": {"target": "twin"},
        "target": "twin",
        "inputs": [{"source": source, "number": 1, "name": f"{source}.csv", "sha256": source, "size": 1}],
        "outputs": {"tables/observation.parquet": source},
        "summary": {},
    }
    (out / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (out / "ledger.json").write_text("{}", encoding="utf-8")
    for name in ("findings", "relations", "agreement"):
        (out / f"{name}.jsonl").touch()
    return out
