"""Measures twinmap against named peers: ``python bench/run.py [--rows 1000000] [--repeat 5] [--only NAME]``.

Prints a Markdown table of ratios beside their targets (``targets.toml``); ``--write`` keeps it as ``RESULTS.md``.
Exits with 1 where a target is not met. Linux only; the first run installs the peers with pip into ``--work``.
"""

from __future__ import annotations

import argparse
import compileall
import os
import platform
import sys
import tempfile
from contextlib import nullcontext
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import cases
import measure
import peers
import table


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    names = options.only or list(cases.CASES)
    # As pip does when it installs twinmap, and did with the peers: no contender is compiled while it is measured.
    compileall.compile_dir(Path(cases.__file__).parent.parent / "twinmap", quiet=1)
    holder = (
        nullcontext(options.work) if options.work else tempfile.TemporaryDirectory(prefix="twinmap-bench-")
    )
    with holder as work:
        folder = Path(work).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        peer = None if options.no_peers else peers.python(folder)
        bench = cases.Bench(options.rows, options.repeat, folder, peer)
        rows = []
        for row in cases.results(bench, names):
            rows.append(row)
            value = "" if row.value is None else f"{row.value:.3g} {row.unit}"
            print(f"{row.name}: {value} {row.note}", file=sys.stderr, flush=True)
    wanted = table.targets()
    text = f"{_machine(options)}\n\n{table.markdown(rows, wanted)}"
    print(text, end="")
    if options.write:
        (Path(__file__).parent / "RESULTS.md").write_text(f"# Results\n\n{text}", encoding="utf-8")
    return int(bool(table.missed(rows, wanted)))


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--rows", type=int, default=1_000_000, help="rows of CSV; other inputs are in proportion"
    )
    parser.add_argument(
        "--repeat", type=int, default=5, help="runs of each contender, in turn; the median counts"
    )
    parser.add_argument("--only", action="append", choices=list(cases.CASES), help="a case; may be repeated")
    parser.add_argument("--work", type=Path, help="where data and peers are kept for the next time")
    parser.add_argument("--no-peers", action="store_true", help="measure twinmap alone; nothing is installed")
    parser.add_argument("--write", action="store_true", help="write bench/RESULTS.md")
    return parser.parse_args(arguments)


def _machine(options: argparse.Namespace) -> str:
    """One paragraph: on what, and how, was this measured."""
    cores, load = os.cpu_count(), os.getloadavg()[0]
    named = ", ".join(peers.REQUIREMENTS) if not options.no_peers else "none"
    return (
        f"{options.rows:,} rows, median of {options.repeat} in turn, {cores} cores ({platform.machine()}), "
        f"load {load:.1f}, Python {platform.python_version()}, twinmap {version('twinmap')}, "
        f"duckdb {version('duckdb')}; peers: {named}; memory is {measure.memory_name()}."
    )


if __name__ == "__main__":
    sys.exit(main())
