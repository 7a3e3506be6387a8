"""Whether one code is above another, for very many pairs: codes are numbered once, the rest is work on numbers.

A pair is one number of 64 bits, as is a row of the closure, and both are gone through in their order. Of the closure
only those row groups are read that can hold an answer, one after the other: a small question reads little of it, and
a large one takes no more memory than its pairs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from twinmap.duck import Duck
from twinmap.sqltext import quoted
from twinmap.terms import snomed
from twinmap.terms.store.editions import Edition, Held

#: What an edition can say of a pair; where several are asked, the last of these counts.
_UNKNOWN, _NO, _DOUBTFUL, _YES = range(4)

#: Rows of the closure that are looked at together.
_ROWS = 1 << 20

#: The places of pairs whose lower code is in a circle, or below it, and whose upper one is in it or above.
_IN_DOUBT = """
WITH c AS (FROM read_parquet({file}))
SELECT DISTINCT place FROM numbered p
LEFT JOIN c lower ON lower.side = 'in' AND lower.n = p.lower
LEFT JOIN c upper ON upper.side = 'in' AND upper.n = p.upper
JOIN c b ON b.side = 'below' AND b.n = coalesce(lower.part, p.lower)
JOIN c a ON a.side = 'above' AND a.n = coalesce(upper.part, p.upper) AND a.part = b.part
"""


def subsumed(duck: Duck, held: Sequence[Held], pairs: Sequence[tuple[str, str]]) -> list[bool | None]:
    """Whether the first code of each pair is, or is above, the second; None where no edition can tell.

    Args:
        duck: A connection.
        held: The editions that are asked, all of the system of the codes.
        pairs: The codes.
    """
    import numpy as np
    import pyarrow as pa

    given = pa.array(pairs, pa.list_(pa.string(), 2)).flatten()
    codes = pa.chunked_array([given, pa.array([snomed.ROOT])])
    said = np.full(len(pairs), _UNKNOWN, np.int8)
    for source, number in held:
        if not (source.folder / "node.parquet").is_file():  # it has no code at all
            continue
        numbers = _numbered(source.folder, number, codes)
        upper, lower = numbers[:-1].reshape(-1, 2).T
        known = np.flatnonzero((upper >= 0) & (lower >= 0))
        edition = _Edition(source.folder, source.editions[number], root=numbers[-1])
        said[known] = np.maximum(said[known], edition.answers(duck, upper[known], lower[known]))
    words = np.array([None, False, None, True], dtype=object)
    found: list[bool | None] = words[said].tolist()
    return found


def _numbered(folder: Path, edition: int, codes: Any) -> Any:
    """The number of each code, -1 for one that the edition has not."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    nodes = pq.read_table(folder / "node.parquet", columns=["code", "n"], filters=[("edition", "=", edition)])
    return nodes["n"].take(pc.index_in(codes, value_set=nodes["code"])).fill_null(-1).to_numpy()


@dataclass(frozen=True, slots=True)
class _Edition:
    """An edition that is asked; ``root`` is the number of the root of SNOMED CT, -1 where it has none."""

    folder: Path
    about: Edition
    root: int

    def answers(self, duck: Duck, upper: Any, lower: Any) -> Any:
        """What it says to pairs of its codes, all of them by number."""
        import numpy as np

        same = upper == lower
        if not self.about.hierarchy or not len(same):
            return np.where(same, _YES, _UNKNOWN)
        above, placed = self._above(upper, lower)
        said = np.where(placed, _NO, _UNKNOWN)
        if self.about.circles:
            said[self._doubtful(duck, upper, lower)] = _DOUBTFUL
        said[same | above] = _YES
        return said

    def _above(self, upper: Any, lower: Any) -> tuple[Any, Any]:
        """Which pairs are in the closure, and which lower codes have a place in the hierarchy."""
        import numpy as np

        pairs = _keys(lower, upper)
        order = np.argsort(pairs)
        pairs, found, below_root = pairs[order], np.zeros(len(order), bool), [[self.root]]
        for descendant, ancestor in self._closure(np.sort(lower)):
            links = _keys(descendant, ancestor)
            start, end = np.searchsorted(pairs, [links[0], links[-1] + 1])
            asked = pairs[start:end]
            found[start:end] = links[np.searchsorted(links, asked)] == asked
            below_root.append(descendant[ancestor == self.root])
        above = np.empty_like(found)
        above[order] = found
        if self.about.uri == snomed.SYSTEM:
            return above, np.isin(lower, np.concatenate(below_root))
        if self.about.content == "complete":
            return above, np.ones_like(above)
        return above, np.isin(lower, [*chain.from_iterable(map(np.unique, self._closure()))])

    def _closure(self, lower: Any = None) -> Iterator[tuple[Any, Any]]:
        """Descendants and ancestors, in their order, part by part; only parts that hold some of ``lower`` (sorted)."""
        import pyarrow.parquet as pq

        path = self.folder / "closure.parquet"
        if not path.is_file():  # all links are of circles
            return
        with pq.ParquetFile(path) as file:
            groups = range(file.num_row_groups)
            if lower is not None:
                extents = [file.metadata.row_group(group).column(0).statistics for group in groups]
                firsts = lower.searchsorted([extent.min for extent in extents])
                ends = lower.searchsorted([extent.max + 1 for extent in extents])
                groups = (firsts < ends).nonzero()[0].tolist()
            for part in file.iter_batches(_ROWS, groups, ["descendant", "ancestor"]):
                yield part["descendant"].to_numpy(), part["ancestor"].to_numpy()

    def _doubtful(self, duck: Duck, upper: Any, lower: Any) -> Any:
        import numpy as np
        import pyarrow as pa

        numbered = pa.table({"place": np.arange(len(upper)), "upper": upper, "lower": lower})
        with duck.arrow("numbered", numbered):
            return duck.array(_IN_DOUBT.format(file=quoted(str(self.folder / "circle.parquet"))))


def _keys(lower: Any, upper: Any) -> Any:
    """Pairs of numbers as one number each, in the order of the closure."""
    import numpy as np

    return lower.astype(np.int64) << 32 | upper
