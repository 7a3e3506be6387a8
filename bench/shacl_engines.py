"""Compares the SHACL engines on a synthetic twin graph: ``python bench/shacl_engines.py [--sizes 10000 …]``.

Each engine gets the same bytes and the shapes that a run uses, end to end: compiling, reading, testing
and results as Python objects. The sizes for pyshacl are bounded, for it needs minutes for a million.
Exits with 1 where the engines disagree, or the ratio at 100,000 triples is below the target.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import twin_graph

from twinmap.lift.shapes import concept_shapes, facet_shapes
from twinmap.terms.concepts import catalogue
from twinmap.terms.facets import facets
from twinmap.validate.files import shipped_shapes
from twinmap.validate.results import Validation
from twinmap.validate.run import validate_parts

#: Times that the Rust engine must be faster at 100,000 triples.
TARGET = 50
#: The largest graph that pyshacl is given.
PYSHACL_LIMIT = 300_000


def shapes() -> list[bytes]:
    """Structural shapes and those of the concepts."""
    generated = (concept_shapes(catalogue()), facet_shapes(facets()))
    return [*shipped_shapes(), *(text.encode() for text in generated)]


def timed(graph: list[bytes], documents: list[bytes], engine: str, runs: int) -> tuple[float, Validation]:
    """The median time of some runs, and the last outcome."""
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        outcome = validate_parts(
            graph, documents, engine, context=twin_graph.context(), keep_results=10_000_000
        )
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds), outcome


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--runs", type=int, default=3, help="runs of the fast engine; the median counts")
    arguments = parser.parse_args()
    documents = shapes()
    failed = False
    print(f"{'triples':>10} {'results':>8} {'shacl s':>9} {'in parts s':>10} {'pyshacl s':>10} {'ratio':>6}")
    for size in arguments.sizes:
        pieces = list(twin_graph.parts(size))
        whole = [b"".join(pieces)]
        fast, outcome = timed(whole, documents, "shacl", arguments.runs)
        in_parts, sharded = timed(pieces, documents, "shacl", arguments.runs)
        same = {r.key for r in sharded.results} == {r.key for r in outcome.results}
        row = f"{outcome.triples:>10,} {outcome.total:>8,} {fast:>9.3f} {in_parts:>10.3f}"
        if size <= PYSHACL_LIMIT:
            slow, reference = timed(whole, documents, "pyshacl", 1)
            same = same and {r.key for r in reference.results} == {r.key for r in outcome.results}
            failed |= size == 100_000 and slow / fast < TARGET
            row += f" {slow:>10.2f} {slow / fast:>5.0f}x"
        print(row + ("" if same else "  DIFFERENT RESULTS"), flush=True)
        failed |= not same
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
