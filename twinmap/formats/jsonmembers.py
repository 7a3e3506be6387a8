"""Lines of JSON objects cut into their members, many lines at once.

This only cuts. Whether a member's text is JSON, and without a key twice, is for :mod:`twinmap.formats.jsonlex`
to say; where it says so of every member, the line is the object of them. What is unusual (white space other than
one blank, a name with an escape, deep nesting, anything that is no object) is not cut and left to the caller.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from twinmap.formats import arrays

Numbers = npt.NDArray[np.int32]

_QUOTE, _ESCAPE, _COLON, _COMMA, _OPEN, _CLOSE, _END, _BLANK = (ord(sign) for sign in '"\\:,{}\n ')
#: Nesting, and different names of members, up to which lines are cut.
_DEEPEST, _MOST_NAMES = 32, 300

#: The bytes that structure a line, and those below the blank, which have no place in it.
_MARKS = np.array([byte < _BLANK or chr(byte) in '"\\:,{}[]' for byte in range(256)])
_STEPS = np.array([(chr(byte) in "{[") - (chr(byte) in "}]") for byte in range(256)], np.int8)
#: The marks of the outermost object itself that are not brackets.
_INNER = np.array([chr(byte) in '":,' for byte in range(256)])


@dataclass(frozen=True, slots=True)
class Members:
    """The members of some lines.

    ``whole`` says for each line whether it was cut; ``at`` has for each of the ``names`` and each line the number
    of the member in ``raws``, -1 where there is none. Members of a line are numbered in their order.
    """

    whole: npt.NDArray[np.bool_]
    names: list[str]
    at: Numbers
    raws: pa.Array


def cut(lines: Sequence[bytes]) -> Members | None:
    """Cut lines of UTF-8, without their ends and without an LF in them; None where none can be cut."""
    data = b"\n".join(lines) + b"\n"
    if not lines or not _is_utf8(data):
        return None
    chars = np.frombuffer(data, np.uint8)
    ends = np.cumsum(np.fromiter(map(len, lines), np.int64, len(lines)) + 1, dtype=np.int64) - 1
    whole = np.ones(len(lines), np.bool_)
    places, line = _outermost(chars, ends, whole)
    marks = chars[places]
    # One object a line, from its first character to its last, with as many commas as part its members.
    colons = _count(line[marks == _COLON], whole)
    starts = np.concatenate([[0], ends[:-1] + 1])
    opens, closes = marks == _OPEN, marks == _CLOSE
    whole &= (_count(line[opens], whole) == 1) & (_count(line[closes], whole) == 1)
    whole &= (colons > 0) & (_count(line[marks == _COMMA], whole) == colons - 1)
    whole[line[opens & (places != starts[line])]] = False
    whole[line[closes & (places != ends[line] - 1)]] = False
    kept = whole[line]
    places, line, marks = places[kept], line[kept], marks[kept]
    colon = np.flatnonzero(marks == _COLON)
    if not len(colon):
        return None
    bound = np.flatnonzero((marks == _COMMA) | (marks == _CLOSE))
    fits = (marks[colon - 1] == _QUOTE) & (marks[colon - 2] == _QUOTE) & (colon < bound)
    fits &= (marks[colon - 3] == _OPEN) | (marks[colon - 3] == _COMMA)
    fits &= (places[colon - 1] == places[colon] - 1) & (line[colon - 3] == line[bound])
    before = places[colon - 3] + 1
    first = before + (chars[before] == _BLANK)
    fits &= places[colon - 2] == first
    whole[line[colon[~fits]]] = False
    value = places[colon] + 1
    value += chars[value] == _BLANK
    found = _members(data, np.stack([first + 1, places[colon - 1], value, places[bound]]), line[colon], whole)
    return found if found is not None and found.whole.any() else None


def _is_utf8(data: bytes) -> bool:
    try:
        return data.isascii() or bool(data.decode())
    except UnicodeDecodeError:
        return False


def _count(line: Numbers, whole: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    return np.bincount(line, minlength=len(whole))


def _outermost(
    chars: npt.NDArray[np.uint8], ends: npt.NDArray[np.int64], whole: npt.NDArray[np.bool_]
) -> tuple[Numbers, Numbers]:
    """The places of the marks of the outermost objects, and their lines; lines that are not in order are unset."""
    places = np.flatnonzero(_MARKS[chars]).astype(np.int32)
    marks = chars[places]
    quotes = marks == _QUOTE
    quotes[_escaped(places, marks)] = False
    stops = np.flatnonzero(marks == _END)
    sizes = np.diff(stops, prepend=-1)
    line = np.repeat(np.arange(len(ends), dtype=np.int32), sizes)
    opened = np.cumsum(quotes, dtype=np.int32)
    opened -= np.repeat(np.concatenate([[0], opened[stops[:-1]]]).astype(np.int32), sizes)
    whole[(opened[stops] & 1) == 1] = False
    whole[line[(marks < _BLANK) & (marks != _END)]] = False
    outside = np.flatnonzero(quotes | (opened & 1 == 0) | (marks == _END))
    places, line = places[outside], line[outside]
    marks = chars[places]
    depth = np.cumsum(_STEPS[marks], dtype=np.int32)
    stops = np.flatnonzero(marks == _END)
    depth -= np.repeat(np.concatenate([[0], depth[stops[:-1]]]).astype(np.int32), np.diff(stops, prepend=-1))
    whole[depth[stops] != 0] = False
    whole[line[(depth > _DEEPEST) | (depth < 0)]] = False
    outer = ((depth == 1) & (_INNER[marks] | (_STEPS[marks] > 0))) | ((depth == 0) & (_STEPS[marks] < 0))
    return places[outer], line[outer]


def _escaped(places: Numbers, marks: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """Which marks stand behind an odd number of backslashes."""
    back = np.flatnonzero(marks == _ESCAPE)
    if not len(back):
        return back
    at = places[back]
    begins = np.flatnonzero(np.diff(at, prepend=-2) != 1)
    sizes = np.diff(begins, append=len(back))
    behind = back[begins + sizes - 1] + 1  # there is one: the last line has its end
    odd = (sizes & 1 == 1) & (places[behind] == at[begins + sizes - 1] + 1)
    escaped: npt.NDArray[np.int64] = behind[odd]
    return escaped


def _members(data: bytes, cuts: Numbers, line: Numbers, whole: npt.NDArray[np.bool_]) -> Members | None:
    """The members between these cuts: the starts and ends of their names, and of what they hold."""
    cuts = cuts[:, whole[line]].astype(np.int32)
    line = line[whole[line]]
    count = len(line)
    if not count:
        return None
    parts = [None, pa.py_buffer(np.ascontiguousarray(cuts.T)), pa.py_buffer(data)]
    pieces = pa.Array.from_buffers(pa.string(), 4 * count - 1, parts)
    every = np.arange(count)
    names = pieces.take(arrays.integers(4 * every, pa.int32())).dictionary_encode()
    known, name = names.dictionary.to_pylist(), arrays.numbers(names.indices)
    if len(known) > _MOST_NAMES:
        return None
    times = np.bincount(name.astype(np.int64) * len(whole) + line, minlength=len(known) * len(whole))
    times = times.reshape(len(known), len(whole))
    whole &= ~(times > 1).any(axis=0)
    for number, text in enumerate(known):
        if "\\" in text:
            whole &= times[number] == 0
    at = np.full((len(known), len(whole)), -1, np.int32)
    at[name, line] = every
    at[:, ~whole] = -1
    return Members(whole, known, at, pieces.take(arrays.integers(4 * every + 2, pa.int32())))
