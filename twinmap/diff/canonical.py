"""The hash of a graph: equal for graphs that are equal up to the labels of blank nodes, the order and repetitions.

It is the SHA-256 of the canonical form of RDFC-1.0 (https://www.w3.org/TR/rdf-canon/), its lines sorted. Quads
without a blank node are their own canonical form: they are sorted on disk, as many as there are. The others are
labelled by pyoxigraph in a process of its own, which is ended where they are too many, or so alike that telling
them apart takes too long: no algorithm is known that is fast for every graph.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from twinmap.diff import labels
from twinmap.diff.quads import lines, too_large, with_lines
from twinmap.engine.duck import Duck
from twinmap.engine.workers import main_hidden
from twinmap.errors import InputOutputError
from twinmap.sqltext import quoted

#: Quads with blank nodes that are labelled: at some 500 bytes apiece in memory.
BLANK_QUADS = 1_000_000
#: Seconds, and bytes of memory, that labelling may take.
SECONDS = 60
_MEMORY = 4_000_000_000


@dataclass(frozen=True, slots=True)
class Digest:
    """The hash of a graph in hex, its distinct quads, and how it was found: ``sorted`` or ``rdfc-1.0``."""

    hash: str
    quads: int
    how: str


def digest(path: Path, folder: Path, duck: Duck, *, seconds: float = SECONDS) -> Digest:
    """Hash any RDF file.

    Args:
        path: As :func:`twinmap.diff.graphs.read`.
        folder: Where what is made on the way goes.
        duck: Sorts within its memory, and spills beside it.
        seconds: How long labelling blank nodes may take.

    Raises:
        UsageError: The ending is not known.
        InputOutputError: As :func:`twinmap.diff.graphs.read`; or there are more than ``BLANK_QUADS`` quads with
            blank nodes, or they cannot be told apart in time.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ground, labelled = folder / "ground.parquet", folder / "labelled.nq"
    blank = _split(duck, path, folder, ground)
    try:
        if blank.stat().st_size:
            label(blank, labelled, seconds, path)
        sources = [f"SELECT line FROM read_parquet({quoted(str(ground))}) WHERE NOT blank"]
        sources += [f"SELECT line FROM {lines(labelled, strict=False)}"] if labelled.exists() else []
        return _hashed(duck, sources, "rdfc-1.0" if labelled.exists() else "sorted")
    finally:
        for made in (ground, blank, labelled):
            made.unlink(missing_ok=True)


def _split(duck: Duck, path: Path, folder: Path, ground: Path) -> Path:
    """Write the lines without a blank node to ``ground``, the others to a file of N-Quads."""
    blank = folder / "blank.nq"

    def parted(text: Path, strict: bool) -> None:
        duck.to_parquet(f"SELECT line, {_BLANK} AS blank FROM {lines(text, strict=strict)}", ground)

    with_lines(path, folder, parted)
    count = int(duck.value(f"SELECT count(*) FROM read_parquet({quoted(str(ground))}) WHERE blank"))
    if count > BLANK_QUADS:
        raise too_large(path, f"more than {BLANK_QUADS:,} quads have blank nodes: give the nodes IRIs")
    with blank.open("wb") as file:
        if count:
            for block in duck.texts(
                f"SELECT line || chr(10) FROM read_parquet({quoted(str(ground))}) WHERE blank"
            ):
                file.write(block)
    return blank


#: A blank node is a term by itself, and stands in no literal that begins before it.
_BLANK = "(starts_with(line, '_:') OR regexp_matches(line, '^\\S+ \\S+ (?:_:|<<)') OR regexp_matches(line, ' _:\\S+ \\.$'))"


def _hashed(duck: Duck, sources: list[str], how: str) -> Digest:
    ordered = (
        "SELECT line FROM (SELECT line, lag(line) OVER (ORDER BY line) AS previous "
        f"FROM ({' UNION ALL '.join(sources)})) WHERE line IS DISTINCT FROM previous ORDER BY line"
    )
    made, count = hashlib.sha256(), 0
    for block in duck.texts(f"SELECT line || chr(10) FROM ({ordered})"):
        made.update(block)
        count += bytes(block).count(b"\n")
    return Digest(made.hexdigest(), count, how)


# --- blank nodes ------------------------------------------------------------------------------------


def label(blank: Path, to: Path, seconds: float, path: Path) -> None:
    """Give the blank nodes of a file of N-Quads their canonical labels, in another process.

    Raises:
        InputOutputError: It takes more time or memory than it may.
    """
    process = get_context("spawn").Process(target=labels.label, args=(blank, to, _MEMORY), daemon=True)
    with main_hidden():
        process.start()
    process.join(seconds)
    process.kill()
    process.join()
    if process.exitcode:
        to.unlink(missing_ok=True)
        raise InputOutputError(
            f"the blank nodes of {path} are too alike to be told apart in {seconds:g} s",
            help="give the nodes IRIs, and compare again",
        )
