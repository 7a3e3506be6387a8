"""``twinmap diff`` of two runs: half of the observations each, the same patients.

Of a monitor and a wearable hardly a statement is the same; of a monitor and what it said again nearly all are.
"""

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
#: How many times the rows of the benchmark each row of the table takes, and the other side of the monitor.
SIZES = {"diff-small": (1, "wearable"), "diff": (10, "wearable"), "diff-same": (10, "again")}
#: The observations of a side, over a table of two sources: of what is said again one in a thousand is another value, and
#: one is lacking.
_OF = "SELECT * FROM '{table}' WHERE source = '{side}'"
_SIDES = {
    "monitor": _OF,
    "wearable": _OF,
    "again": "SELECT * EXCLUDE (changed) REPLACE (value_num + changed AS value_num, canon_num + changed AS canon_num, "
    "(value_num + changed)::VARCHAR AS value_text) FROM (SELECT *, (hash(record) % 1000 = 0)::INTEGER AS changed "
    "FROM '{table}' WHERE source = 'monitor' AND hash(record) % 1000 <> 1)",
}
_RUN = "import subprocess, sys; sys.exit(subprocess.run(sys.argv[2:]).returncode != int(sys.argv[1]))"


def diff(bench: Bench) -> Iterable[Row]:
    """Two run folders compared, at the rows and at ten times the rows."""
    for name, (times, other) in SIZES.items():
        count = times * bench.rows
        folder = bench.folder(name)
        table = bench.made("two-sources", count)
        sides = [_run_folder(table, each, folder) for each in ("monitor", other)]
        arguments = [sys.executable, "-c", _RUN, str(_DIFFERENT), sys.executable, "-m", "twinmap", "diff"]
        used = measure.run(Command([*arguments, *map(str, sides), "-o", str(folder / "out")], folder))
        shutil.rmtree(folder)
        same = "nearly all" if other == "again" else "hardly any"
        what = f"diff of two runs, {count:,} observations in all, {same} the same"
        yield Row(name, what, used.wall, "s", note="rdflib compares graphs only, see `canonical`")
        yield Row(f"{name}-cpu", f"{what}: CPU", used.cpu, "s")
        yield Row(f"{name}-memory", f"{what}: peak memory", used.peak / 1e6, "MB")


def _run_folder(table: Path, side: str, folder: Path) -> Path:
    """The output of a run that had one side; without graph and findings, which a diff reads not."""
    import duckdb

    out = folder / side
    (out / "tables").mkdir(parents=True)
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute(
            f"COPY (SELECT * REPLACE (twin AS patient_record, '{side}' AS source) "
            f"FROM ({_SIDES[side].format(table=table, side=side)}) ORDER BY record) "
            f"TO '{out}/tables/observation.parquet' (FORMAT parquet, COMPRESSION zstd)"
        )
    manifest = {
        "twinmap": "0.1.0",
        "run": {"target": "twin"},
        "target": "twin",
        "inputs": [{"source": side, "number": 1, "name": f"{side}.csv", "sha256": side, "size": 1}],
        "outputs": {"tables/observation.parquet": side},
        "summary": {},
    }
    (out / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (out / "ledger.json").write_text("{}", encoding="utf-8")
    for name in ("findings", "relations", "agreement"):
        (out / f"{name}.jsonl").touch()
    return out
