"""Many HL7 v2 segments split into fields at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from twinmap.formats import arrays
from twinmap.formats.hl7text import FIELD

#: Fields of a segment that fit into the bits of a number; the longest standard segment has fewer.
_BITS = 63
_BIT = np.left_shift(np.uint64(1), np.arange(_BITS, dtype=np.uint64))
_END, _SEPARATOR = ord("\n"), ord(FIELD)


class Raws:
    """The raw texts of one field of many segments, null where a segment is shorter."""

    def __init__(self, array: pa.Array) -> None:
        self.array = array
        self._encoded: pa.DictionaryArray | None = None

    def encoded(self) -> pa.DictionaryArray:
        """The distinct texts and the number of each; made once, since one field is read as several things."""
        if self._encoded is None:
            self._encoded = self.array.dictionary_encode()
        return self._encoded


class Fields:
    """The fields of segments, of which none holds an LF; field n of a segment is its n-th piece, its name the 0th."""

    def __init__(self, lines: Sequence[str]) -> None:
        data = "\n".join(lines).encode()
        characters = np.frombuffer(data, np.uint8)
        marks = np.flatnonzero((characters == _SEPARATOR) | (characters == _END)).astype(np.int32)
        ends = np.flatnonzero(characters[marks] == _END)
        # An array of strings has no gaps, so the separators are strings too: every second one is a piece.
        cuts = np.zeros(2 * len(marks) + 2, np.int32)
        cuts[1:-1:2], cuts[2::2], cuts[-1] = marks, marks + 1, len(data)
        parts = [None, pa.py_buffer(cuts), pa.py_buffer(data)]
        self._pieces = pa.Array.from_buffers(pa.string(), len(cuts) - 1, parts)
        self._empty = cuts[::2] == cuts[1::2]
        #: The first piece of each segment, and behind the last one.
        self._first = np.concatenate([[0], ends + 1, [len(marks) + 1]]) if lines else np.zeros(1, np.int64)
        self._sizes = np.diff(self._first)
        self._raws: dict[int, Raws] = {}

    def raw(self, number: int) -> Raws:
        """Field ``number`` of every segment."""
        found = self._raws.get(number)
        if found is None:
            at = 2 * (self._first[:-1] + number)
            array = self._pieces.take(arrays.integers(at, pa.int32(), null=self._sizes <= number))
            found = self._raws[number] = Raws(array)
        return found

    def patterns(self) -> Distinct:
        """Which fields of each segment are not empty, as the numbers of the fields.

        Segments of more than 63 fields are looked at one by one.
        """
        starts, ends = self._first[:-1], self._first[1:]
        present = ~self._empty[: ends[-1] if len(ends) else 0]
        if self._sizes.max(initial=0) > _BITS:
            wide = [
                tuple(np.flatnonzero(present[start:end]).tolist())
                for start, end in zip(starts, ends, strict=True)
            ]
            known = {pattern: number for number, pattern in enumerate(dict.fromkeys(wide))}
            return Distinct(list(known), np.array([known[pattern] for pattern in wide], np.int32))
        place = np.arange(len(present), dtype=np.int32) - np.repeat(starts.astype(np.int32), self._sizes)
        bits = np.multiply(_BIT[place], present, dtype=np.uint64)
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
