"""The CSV door: bytes to records, strict, with the line of each; nothing is guessed.

RFC 4180 with any single-character delimiter: a quote opens a field only at its start, is doubled inside
it, and nothing but a delimiter or the end of the line may follow a closing quote.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from twinmap import registry
from twinmap.diagnostics import Severity
from twinmap.limits import LIMITS
from twinmap.safeio import open_bytes

#: Delimiters that may be called by a name.
DELIMITERS = {"tab": "\t", "\\t": "\t", "semicolon": ";", "comma": ",", "pipe": "|", "space": " "}


def delimiter(word: str) -> str:
    r"""The sign that a word stands for; any other text stands for itself.

    >>> delimiter("tab"), delimiter(";")
    ('\\t', ';')
    """
    return DELIMITERS.get(word, word)


def lines(text: str) -> list[str]:
    r"""The lines of a text file with their ends; U+2028 and form feeds end none.

    >>> lines("a\x0c\r\nb\rc")
    ['a\x0c\r\n', 'b\r', 'c']
    """
    return io.StringIO(text, newline="").readlines()


@dataclass(frozen=True, slots=True)
class Row:
    """One record: its number from 1, the line where it starts, and its cells."""

    number: int
    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A record that breaks the rules; ``code`` and ``reason`` say how, ``raw`` is its text."""

    number: int
    line: int
    code: str
    reason: str
    raw: str


def detect_encoding(path: Path, encodings: Sequence[str]) -> str | None:
    """The first of the encodings in which the whole file is valid text, or None.

    UTF-8 takes a byte order mark; UTF-16 is found by its own.
    """
    for name in encodings:
        decoder = codecs.getincrementaldecoder(_codec(name))("strict")
        try:
            with open_bytes(path) as file:
                while chunk := file.read(1 << 20):
                    decoder.decode(chunk)
                decoder.decode(b"", final=True)
        except UnicodeError:  # utf-16 without its mark is no UnicodeDecodeError
            continue
        return name
    return None


def undecodable(path: Path, encoding: str) -> int | None:
    """The first line that is not text in this encoding, from 1; None where the whole file is."""
    decoder = codecs.getincrementaldecoder(_codec(encoding))("strict")
    line = 1
    with open_bytes(path) as file:
        try:
            while chunk := file.read(1 << 20):
                line += decoder.decode(chunk).count("\n")
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            return line + error.object[: error.start].count(b"\n")
        except UnicodeError:  # utf-16 without its mark is no UnicodeDecodeError
            return line
    return None


def _codec(name: str) -> str:
    info = codecs.lookup(name)
    return "utf-8-sig" if info.name == "utf-8" else info.name


#: The limit of a cell holds in the whole process, for all that reads tables: it is set once and not by who comes first.
csv.field_size_limit(LIMITS.field_bytes)

_ENDS = ("\n", "\r")

#: Characters that are kept of a line that is too long.
_SHOWN = 1 << 20


class _Start(str):
    """The start of a line that is too long."""

    __slots__ = ()


class _TooLarge(Exception):  # noqa: N818 - it does not leave this module
    pass


class _Lines:
    """Physical lines with look-back: what one record consumed can be given back from its second line."""

    def __init__(self, text: io.TextIOWrapper, delimiter: str) -> None:
        self._text, self._again, self.taken = text, [], []  # type: ignore[var-annotated]
        self._delimiter = delimiter
        self.number = self.size = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line: str = self._again.pop() if self._again else self._text.readline(LIMITS.record_bytes)
        if not line:
            raise StopIteration
        if self.number == 0:
            line = line.removeprefix("\ufeff")
        self.number += 1
        self.size += len(line)
        if len(line) >= LIMITS.record_bytes and not line.endswith(_ENDS):
            line = _Start(line[:_SHOWN])
            self._pass_over()
        self.taken.append(line)
        if self.size >= LIMITS.record_bytes or type(line) is _Start:
            raise _TooLarge(f"a record is longer than {LIMITS.record_bytes:,} characters; its start is kept")
        if line.count(self._delimiter) > LIMITS.columns and self._columns(line) > LIMITS.columns:
            raise _TooLarge(f"a record has more than {LIMITS.columns:,} fields")
        return line

    def _pass_over(self) -> None:
        """Read to the end of a line that is not kept as a whole."""
        while (more := self._text.readline(_SHOWN)) and not more.endswith(_ENDS):
            pass

    def _columns(self, line: str) -> int:
        """The delimiters outside quotes, if the line does not begin inside one."""
        return sum(piece.count(self._delimiter) for piece in line.split('"')[::2])

    def start(self) -> None:
        self.taken = []
        self.size = 0

    def give_back_all_but_first(self) -> str:
        first: str = self.taken[0]
        self._again.extend(reversed(self.taken[1:]))
        self.number -= len(self.taken) - 1
        self.taken = self.taken[:1]
        return first


def records(path: Path, encoding: str, delimiter: str) -> Iterator[Row | BadRow]:
    """All records of a file, header included (number 0), blank lines left out.

    A record with a broken quote, or a larger one than a record may be, is the one line on which it starts;
    reading goes on with the next.

    Raises:
        InputOutputError: It is not text in this encoding (Q03), missing or cut short.
    """
    with io.TextIOWrapper(open_bytes(path), encoding=_codec(encoding), newline="") as text:
        lines = _Lines(text, delimiter)
        number = -1
        while True:
            lines.start()
            line = lines.number + 1
            parser = csv.reader(lines, delimiter=delimiter, strict=True)
            try:
                cells = next(parser)
            except StopIteration:
                return
            except UnicodeError as error:
                message = f"{path} is not valid text in {encoding}"
                raise registry.fault("TM-Q03", message, severity=Severity.ERROR) from error
            except _TooLarge as error:
                number += 1
                yield BadRow(number, line, "TM-Q15", str(error), lines.give_back_all_but_first())
                continue
            except csv.Error as error:
                number += 1
                unclosed = len(lines.taken) > 1 or "end of data" in str(error)
                reason = "a quote is opened and never closed" if unclosed else "text follows a closing quote"
                if "limit" in str(error):
                    reason = f"a field is longer than {LIMITS.field_bytes:,} bytes"
                code = "TM-Q15" if "limit" in str(error) and len(lines.taken) == 1 else "TM-Q02"
                yield BadRow(number, line, code, reason, lines.give_back_all_but_first())
                continue
            if not cells:
                continue
            number += 1
            if any("\0" in cell for cell in cells):
                yield BadRow(number, line, "TM-Q03", "a NUL character", "".join(lines.taken))
                continue
            yield Row(number, line, cells)


@dataclass(frozen=True, slots=True)
class Tally:
    """What the bytes of a file hold: records below its header, delimiters outside quotes, line ends inside them."""

    records: int
    delimiters: int
    breaks: int

    def is_even(self, columns: int) -> bool:
        """Whether the delimiters are those of a file in which every line has so many columns."""
        return self.delimiters == (self.records + 1) * (columns - 1)


def count_records(path: Path, delimiter: str = ",") -> int | None:
    """The records of a file below its header, counted from its bytes alone; None where they cannot tell."""
    found = tally(path, delimiter)
    return None if found is None else found.records


def tally(path: Path, delimiter: str) -> Tally | None:
    """Count records and delimiters from the bytes of a file alone, without reading a single cell.

    None where the bytes alone cannot tell: the encoding is not a superset of ASCII, there are blank lines, lines
    that end in different ways, single CR line ends, NUL or a second BOM, or a quote stands where RFC 4180 has none
    (``5" tall``) or is never closed.
    """
    import numpy as np

    sign = delimiter.encode("utf-8")
    quoted, lines, returned, signs, breaks, last = False, 0, 0, 0, 0, b"\n"
    for chunk in _chunks(path):
        if b"\0" in chunk or chunk.startswith((b"\xff\xfe", b"\xfe\xff", codecs.BOM_UTF8)):
            return None
        text = np.frombuffer(last + chunk + sign[-1:], np.uint8)
        before, text, after = text[:-2], text[1:-1], text[2:]
        quotes = np.flatnonzero(text == ord('"'))
        opens = np.arange(len(quotes)) % 2 == int(quoted)
        beside = np.where(opens, before[quotes], after[quotes])
        if not np.isin(beside, (*b'"\r\n', sign[-1])).all():
            return None
        # From an opening quote to before the closing one.
        states = np.append(~opens, len(quotes) % 2 != quoted)
        inside = np.repeat(states, np.diff(quotes, prepend=0, append=text.size))
        ends, returns = text == ord("\n"), text == ord("\r")
        blank, alone = (ends | returns) & (before == ord("\n")), returns & (after != ord("\n"))
        if ((blank | alone) & ~inside).any():
            return None
        found = ~inside
        for place, byte in enumerate(sign):
            found[: text.size - place] &= text[place:] == byte
            found[text.size - place :] = False
        lines += int(np.count_nonzero(ends & ~inside))
        returned += int(np.count_nonzero(returns & ~inside))
        signs += int(np.count_nonzero(found))
        breaks += int(np.count_nonzero((ends | alone) & inside))
        quoted, last = bool(inside[-1]), chunk[-1:]
    if quoted or returned not in {0, lines}:
        return None
    return Tally(max(lines - (last == b"\n"), 0), signs, breaks)


def _chunks(path: Path) -> Iterator[bytes]:
    """A file in pieces that end neither in a quote nor in a CR, without a BOM."""
    with open_bytes(path) as file:
        head = file.read(3)
        chunk = b"" if head == codecs.BOM_UTF8 else head
        while chunk := chunk + file.read(1 << 20):
            while chunk.endswith((b"\r", b'"')) and (more := file.read(1)):
                chunk += more
            yield chunk
            chunk = b""
