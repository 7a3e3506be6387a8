"""Pairs the events of two sources and measures their agreement, from a table of observations.

    python bench/agreement.py OBSERVATIONS.parquet FOLDER [--memory 1000]

Prints one JSON object: events, pairs, rows, the seconds of pairing and of the statistics. Run in a process of its
own, so that its memory is that of this part alone.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from twinmap.compare import agreement, pairing, pairs, signature
from twinmap.compare.events import Lags
from twinmap.engine.duck import connect
from twinmap.terms.concepts import catalogue


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--memory", type=int, default=1000, help="megabytes that DuckDB may take")
    options = parser.parse_args(arguments)
    with connect(options.folder, threads=2, memory_mb=options.memory) as duck:
        signature.number(duck, f"read_parquet('{options.table}')")
        signatures = signature.signatures(duck, catalogue())
        found = list(pairs.pairs(signatures))
        pairs.register(duck, signatures, found)
        lags: list[Lags] = []
        started = time.perf_counter()
        routes = pairing.pair(duck, found, lags)
        paired = time.perf_counter()
        rows = agreement.agreement_rows(agreement.agreements(duck, routes))
        done = time.perf_counter()
    told = {
        "events": sum(route.coverage.events_a + route.coverage.events_b for route in routes),
        "pairs": sum(route.coverage.pairs for route in routes),
        "rows": len(rows),
        "pair_seconds": paired - started,
        "agreement_seconds": done - paired,
    }
    print(json.dumps(told))
    return 0


if __name__ == "__main__":
    sys.exit(main())
