"""Python values as Arrow arrays, by their buffers.

``pyarrow.array`` imports pandas (0.2 s and more) to look whether it was given a frame. What is made here is the
same; the layout is that of the Arrow columnar format: validity bits, offsets, data.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

#: Texts from which on pyarrow is so much faster (0.1 s for a million) that the import pays.
_MANY = 20_000
#: Bytes of the texts of an array whose offsets have 32 bits.
_MOST = 2**31 - 1


def texts(values: Sequence[str | None]) -> pa.Array:
    """An array of strings; None is null.

    >>> texts(["a", None, "é"]).to_pylist()
    ['a', None, 'é']

    Raises:
        UnicodeEncodeError: A text holds half of a character.
    """
    if len(values) >= _MANY or "pandas" in sys.modules:
        return pa.array(values, pa.string())
    return joined(values)


def joined(values: Sequence[str | None]) -> pa.Array:
    """The same of texts that are put together first; of long ones in ASCII it is the fastest way."""
    known = ["" if value is None else value for value in values] if None in values else values
    whole = "".join(known)  # type: ignore[arg-type]
    data = whole.encode()
    if len(data) > _MOST:
        return pa.array(values, pa.string())
    ascii_ = len(data) == len(whole)
    sizes = map(len, known) if ascii_ else (len(text.encode()) for text in known)  # type: ignore[arg-type, union-attr]
    parts = [_valid(values), _offsets(sizes, len(values)), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.string(), len(values), parts)


def integers(
    values: Sequence[int | None] | npt.NDArray[Any],
    kind: pa.DataType,
    null: npt.NDArray[np.bool_] | None = None,
) -> pa.Array:
    """An array of numbers of ``kind``, ``pyarrow.int32()`` or another one; None is null, and what ``null`` says.

    >>> integers([1, None], pa.int64()).to_pylist()
    [1, None]
    """
    if isinstance(values, np.ndarray):
        numbers = np.ascontiguousarray(values, kind.to_pandas_dtype())
        valid = None if null is None else _bits(~null)
    else:
        numbers = np.fromiter((value or 0 for value in values), kind.to_pandas_dtype(), len(values))
        valid = _valid(values)
    return pa.Array.from_buffers(kind, len(values), [valid, pa.py_buffer(numbers)])


def numbers(array: pa.Array) -> npt.NDArray[Any]:
    """The numbers of an array without nulls, where they stand; ``to_numpy`` would import pandas as well.

    >>> numbers(integers([1, 2, 3], pa.int64()).slice(1)).tolist()
    [2, 3]
    """
    assert not array.null_count
    kind = np.dtype(array.type.to_pandas_dtype())
    return np.frombuffer(array.buffers()[1], kind, len(array), array.offset * kind.itemsize)


def characters(array: pa.Array) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32]]:
    """The bytes of an array of strings, and where each string begins in them and the last one ends.

    >>> [found.tolist() for found in characters(texts(["a", None, "bc"]))]
    [[97, 98, 99], [0, 1, 1, 3]]
    """
    _, offsets, data = array.buffers()
    cuts = np.frombuffer(offsets, np.int32, len(array) + 1, 4 * array.offset)
    size = int(cuts[-1] - cuts[0])
    held = np.frombuffer(data, np.uint8, size, int(cuts[0])) if size else np.zeros(0, np.uint8)
    return held, cuts - cuts[0]


def filled(array: pa.Array) -> pa.Array:
    """An array of strings in which those that are empty are null.

    >>> filled(texts(["a", "", None])).to_pylist()
    ['a', None, None]
    """
    data, cuts = characters(array)
    parts = [_bits(np.diff(cuts) > 0), pa.py_buffer(cuts), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.string(), len(array), parts)


def struct(columns: Sequence[pa.Array], members: Sequence[str]) -> pa.Array:
    """An array of structs of texts, of which the columns hold the ``members``; null where the first one is.

    >>> struct([texts(["1", None]), texts([None, None])], ["start", "end"]).to_pylist()
    [{'start': '1', 'end': None}, None]
    """
    kind = pa.struct([pa.field(name, pa.string()) for name in members])
    return pa.Array.from_buffers(kind, len(columns[0]), [columns[0].buffers()[0]], children=columns)


def spread(array: pa.Array, indices: pa.Array) -> pa.Array:
    """The values at these places; of an array without any, as most fields of a feed are, it costs nothing.

    >>> spread(texts(["a", None]), integers([1, 0, 0], pa.int32())).to_pylist()
    [None, 'a', 'a']
    """
    return pa.nulls(len(indices), array.type) if array.null_count == len(array) else array.take(indices)


def lists(values: Sequence[Collection[Any] | None], items: pa.Array) -> pa.Array:
    """An array of lists, of which ``items`` holds all that stands in them, in order; None is null.

    >>> lists([["a"], None, ["b", "c"]], texts(["a", "b", "c"])).to_pylist()
    [['a'], None, ['b', 'c']]
    """
    parts = [_valid(values), _offsets((len(value or ()) for value in values), len(values))]
    return pa.Array.from_buffers(pa.list_(items.type), len(values), parts, children=[items])


def structs(values: Sequence[Sequence[str | None] | None], members: Sequence[str]) -> pa.Array:
    """An array of structs of texts, from tuples in the order of the ``members``; None is null.

    >>> structs([("1", None), None], ["low", "high"]).to_pylist()
    [{'low': '1', 'high': None}, None]
    """
    nothing = (None,) * len(members)
    rows = [value or nothing for value in values]
    columns = zip(*rows, strict=True) if rows else [()] * len(members)
    kind = pa.struct([pa.field(name, pa.string()) for name in members])
    return pa.Array.from_buffers(kind, len(values), [_valid(values)], children=[*map(texts, columns)])


def _valid(values: Sequence[object]) -> pa.Buffer | None:
    """A bit for each value that is not None; None where all are there."""
    if None not in values:
        return None
    return _bits(np.fromiter((value is not None for value in values), np.bool_, len(values)))


def _bits(there: npt.NDArray[np.bool_]) -> pa.Buffer:
    return pa.py_buffer(np.packbits(there, bitorder="little"))


def _offsets(sizes: Any, count: int) -> pa.Buffer:
    """Where each of some things begins, and where the last one ends."""
    offsets = np.zeros(count + 1, np.int32)
    np.cumsum(np.fromiter(sizes, np.int32, count), out=offsets[1:])
    return pa.py_buffer(offsets)
