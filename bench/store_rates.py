"""How fast the terminology store is: ``python bench/store_rates.py FOLDER LOINC SNOMED RUNS``.

Loads releases of so many terms and concepts (``terminology.py``) into a store in FOLDER, then asks it: whether a
code is above another, one million times, half of the answers yes; and for names in the words of users. Prints
JSON: seconds (of questions the median), and the size of the store in bytes.
"""

from __future__ import annotations

import json
import random
import shutil
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import terminology

from twinmap.terms.store import Store, open_store
from twinmap.terms.store.add import add
from twinmap.terms.store.search import find

#: Pairs of one question.
PAIRS = 1_000_000
#: A name, one with a letter wrong, the beginning of one, a frequent word, and a code.
QUERIES = ("chronic renal inflammation", "hipertrophy adrenal", "calcif spinal", "type", "84-4")


def main(folder: Path, loinc: int, snomed: int, runs: int) -> dict[str, float]:
    """Build and ask."""
    made = folder / "releases"
    if not made.exists():
        terminology.loinc_release(made, loinc)
        terminology.snomed_release(made, snomed)
    store = folder / "store"
    shutil.rmtree(store, ignore_errors=True)
    found = {}
    for release in sorted(made.iterdir()):
        started = time.perf_counter()
        add(release, store)
        found[f"add-{release.name.partition('_')[0].casefold()}"] = time.perf_counter() - started
    with open_store(store) as opened:
        found["bytes"] = float(sum(source.bytes for source in opened.sources))
        pairs = _pairs(opened)
        found["subsumes"] = _median(runs, lambda: opened.subsumes("snomed", pairs))
        # The median over runs of the slowest question.
        found["find"] = max(_median(runs, lambda query=query: find(opened, query)) for query in QUERIES)  # type: ignore[misc]
    return found


def _median(runs: int, ask: Callable[[], object]) -> float:
    seconds = []
    for _ in range(runs + 1):
        started = time.perf_counter()
        ask()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds[1:])  # the first opens the files


def _pairs(store: Store) -> list[tuple[str, str]]:
    """Half of them of the closure, half of any two concepts."""
    chance = random.Random(3)
    codes = [row[0] for row in store.ready("node").rows("SELECT code FROM node WHERE system LIKE '%snomed%'")]
    pairs = [(chance.choice(codes), chance.choice(codes)) for _ in range(PAIRS // 2)]
    rows = store.ready("closure", "node").rows(
        "SELECT a.code, d.code FROM closure c JOIN node a ON a.source = c.source AND a.n = c.ancestor "
        "JOIN node d ON d.source = c.source AND d.n = c.descendant WHERE a.system LIKE '%snomed%' "
        f"USING SAMPLE {PAIRS // 2} ROWS"
    )
    return [*pairs, *rows]


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), *map(int, sys.argv[2:5]))))
