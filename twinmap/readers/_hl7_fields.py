"""Many HL7 v2 segments split into fields at once, by Arrow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from twinmap.formats import arrays
from twinmap.formats.hl7text import FIELD

#: Fields of a segment that fit into the bits of a number; the longest standard segment has fewer.
_BITS = 63


class Fields:
    """The fields of segments; field n of a segment is its n-th piece, its name the 0th."""

    def __init__(self, lines: Sequence[str]) -> None:
        split = pc.split_pattern(arrays.joined(lines), FIELD)
        self._offsets = arrays.numbers(split.offsets)
        self._pieces = split.values
        self._sizes = np.diff(self._offsets)

    def raw(self, number: int) -> pa.Array:
        """Field ``number`` of every segment; null where a segment is shorter."""
        at = self._offsets[:-1] + number
        return self._pieces.take(arrays.integers(at, pa.int32(), null=self._sizes <= number))

    def patterns(self) -> Distinct:
        """Which fields of each segment are not empty, as the numbers of the fields.

        Segments of more than 63 fields are looked at one by one.
        """
        present = arrays.numbers(pc.binary_length(self._pieces)) > 0
        starts, ends = self._offsets[:-1], self._offsets[1:]
        if self._sizes.max(initial=0) > _BITS:
            wide = [
                tuple(np.flatnonzero(present[start:end]).tolist())
                for start, end in zip(starts, ends, strict=True)
            ]
            known = {pattern: number for number, pattern in enumerate(dict.fromkeys(wide))}
            return Distinct(list(known), np.array([known[pattern] for pattern in wide], np.int32))
        place = np.arange(len(present)) - np.repeat(starts, self._sizes)
        bits = np.where(present, np.left_shift(np.uint64(1), place.astype(np.uint64)), np.uint64(0))
        encoded = arrays.integers(np.add.reduceat(bits, starts), pa.uint64()).dictionary_encode()
        patterns = [
            tuple(number for number in range(_BITS + 1) if pattern >> number & 1)
            for pattern in encoded.dictionary.to_pylist()
        ]
        return Distinct(patterns, arrays.numbers(encoded.indices))


@dataclass(frozen=True, slots=True)
class Distinct:
    """Patterns, each once, and for each segment the number of its own."""

    patterns: list[tuple[int, ...]]
    index: npt.NDArray[np.int32]
