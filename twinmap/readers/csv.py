"""CSV: one record a row; a reference is the name of a column.

Header and cells are trimmed unless ``trim: false``. With ``each: "h*"`` every column that the glob fits
makes a record of the row: ``.`` is its cell, ``record:key`` its name, ``^name`` the row's own columns.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from twinmap import registry
from twinmap.diagnostics import Severity
from twinmap.errors import InputOutputError
from twinmap.formats import csvdialect, looks
from twinmap.limits import LIMITS
from twinmap.model import FileCounts, InputFile, Note, Reader, Request, SetAside
from twinmap.safeio import open_bytes

#: Bytes of a file that are looked at to say what else it is.
_START = 4096


@dataclass(frozen=True, slots=True)
class Layout:
    """What the first line of a file says: encoding, delimiter and the names of the columns.

    The encoding is empty where the file is no text; ``one_line`` says that no name in the header holds a line end.
    """

    encoding: str
    delimiter: str
    header: tuple[str, ...]
    one_line: bool = True


class CsvReader(Reader):
    """The reader of comma-separated and other delimited text."""

    def parse(self, path: str, *, each: str | None = None) -> str | None:
        """Any name of a column is a reference; ``^`` needs an ``each``."""
        if path == "." and each is None:
            return '"." is a cell of "each", and there is no "each"'
        if path.startswith("^") and each is None:
            return '"^" leads out of "each", and there is no "each"'
        return None if path else "a reference needs the name of a column"

    def layout(self, file: InputFile, request: Request) -> Layout:
        """Encoding and header of one file.

        Raises:
            InputOutputError: No encoding fits (Q03), or a column stands twice in the header (O04).
        """
        options = request.options
        encoding = csvdialect.detect_encoding(file.path, options.encoding)
        if encoding is None and _no_text(file) is not None:
            return Layout("", "", ())
        if encoding is None:
            tried = ", ".join(options.encoding)
            with open_bytes(file.path) as stream:
                wide = stream.read(2) in {codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE}
            other = "utf-16" if wide else "[utf-8, cp1252]"
            advice = f"name its encoding, such as source: {{encoding: {other}}}"
            raise _unreadable("TM-Q03", f"{file.name} is not valid text in {tried}", advice)
        delimiter = csvdialect.delimiter(options.delimiter or ",")
        first = next(csvdialect.records(file.path, encoding, delimiter), None)
        if first is None:
            return Layout(encoding, delimiter, ())
        if isinstance(first, csvdialect.BadRow):
            raise _unreadable("TM-O04", f"the header of {file.name} cannot be read: {first.reason}", None)
        names = [name.strip() if options.trim else name for name in first.cells]
        if not options.header:
            names = [str(index) for index in range(1, len(names) + 1)]
        twice = _twice(names)
        if twice:  # by number: a file without a header would show a patient's values here
            message = f"columns {twice[0]} and {twice[1]} of {file.name} have the same name"
            raise _unreadable("TM-O04", message, "rename one")
        if len(names) > LIMITS.columns:
            raise _unreadable("TM-Q15", f"{file.name} has more than {LIMITS.columns:,} columns", None)
        one_line = not any(end in name for name in first.cells for end in "\r\n")
        return Layout(encoding, delimiter, tuple(names), one_line)

    def read(self, file: InputFile, request: Request) -> Iterator[Any | SetAside | Note | FileCounts]:
        """Read one file; see :class:`twinmap.model.Reader`."""
        layout = self.layout(file, request)
        yield from _table(file, request, layout) if layout.encoding else _whole(file)


READER = CsvReader()


def _table(file: InputFile, request: Request, layout: Layout) -> Iterator[Any | SetAside | Note | FileCounts]:
    from twinmap.formats.batches import BatchBuilder

    builder = BatchBuilder(request.fields, cells=False)
    rows = _rows(layout.header, request)
    width, total, items = len(layout.header), 0, 0
    strange = is_strange(layout.header, request)
    for row in csvdialect.records(file.path, layout.encoding, layout.delimiter):
        number = row.number + (not request.options.header)
        if number == 0:
            continue
        total += 1
        if isinstance(row, csvdialect.BadRow):
            yield SetAside(file.number, number, row.line, "", row.code, row.reason, row.raw)
            continue
        if strange:
            reason, raw = _not_the_table(file.name, layout), layout.delimiter.join(row.cells)
            yield SetAside(file.number, number, row.line, "", "TM-O04", reason, raw)
            continue
        if len(row.cells) != width:
            reason = f"{len(row.cells)} fields where the header has {width}"
            raw = layout.delimiter.join(row.cells)
            yield SetAside(file.number, number, row.line, "", "TM-Q01", reason, raw)
            continue
        for part, values in rows(row.cells, number):
            items += 1
            yield from builder.add([file.number, number, row.line, part, *values])
    yield from builder.finish()
    if layout.encoding != (first := request.options.encoding[0]):
        yield Note(file.number, "TM-Q03", f"read as {layout.encoding}: {first} does not fit")
    if strange and not total:
        yield Note(file.number, "TM-O04", _not_the_table(file.name, layout), line=1)
    second = csvdialect.count_records(file.path, layout.delimiter)
    if second is not None and layout.header and not request.options.header:
        second += 1
    yield FileCounts(file.number, total, second=second, items=items)


def _twice(names: Sequence[str]) -> tuple[int, int] | None:
    """The numbers, from 1, of the first two columns with one name."""
    seen: dict[str, int] = {}
    for number, name in enumerate(names, start=1):
        if name and name in seen:
            return seen[name], number
        seen[name] = number
    return None


def is_strange(header: Sequence[str], request: Request) -> bool:
    """Whether a file with a header has none of the columns that are asked for: it is another file."""
    if not header or not request.options.header:
        return False
    if request.each is not None:
        return not any(fnmatchcase(name, request.each) for name in header)
    wanted = {item.path for item in request.fields} - {"record:index"}
    return bool(wanted) and wanted.isdisjoint(header)


def _not_the_table(name: str, layout: Layout) -> str:
    message = f"{name} is not the table that the mapping reads: it has none of the columns"
    other = [sign for sign in ";\t|," if sign != layout.delimiter and sign in "".join(layout.header)]
    words = {"\t": "tab", "|": '"|"', ";": '";"', ",": '","'}
    if len(layout.header) == 1 and other:
        return f"{message}; its first line has another delimiter: source: {{delimiter: {words[other[0]]}}}"
    return message


_Rows = Callable[[Sequence[str], int], Iterator[tuple[str, list[str | None]]]]


def _rows(header: Sequence[str], request: Request) -> _Rows:
    """A function from the cells of a row to the rows of the batch: (part, values of the fields)."""
    trim = request.options.trim
    index = {name: position for position, name in enumerate(header)}

    def clean(cell: str) -> str | None:
        return (cell.strip() if trim else cell) or None

    if request.each is None:
        positions = [index.get(item.path) for item in request.fields]
        record_index = [item.path == "record:index" for item in request.fields]

        def plain(cells: Sequence[str], number: int) -> Iterator[tuple[str, list[str | None]]]:
            yield (
                "",
                [
                    str(number) if is_index else None if position is None else clean(cells[position])
                    for position, is_index in zip(positions, record_index, strict=True)
                ],
            )

        return plain
    columns = [name for name in header if name and fnmatchcase(name, request.each)]

    def each(cells: Sequence[str], number: int) -> Iterator[tuple[str, list[str | None]]]:
        for name in columns:
            known = {".": cells[index[name]], "record:key": name, "record:index": str(number)}
            values = [
                known[item.path]
                if item.path in known
                else cells[index[item.path.lstrip("^")]]
                if item.path.lstrip("^") in index
                else ""
                for item in request.fields
            ]
            yield name, [clean(value) for value in values]

    return each


def _no_text(file: InputFile) -> tuple[str, str] | None:
    """What a file that is text in no encoding looks like, and how it begins; None where it may be a table."""
    with open_bytes(file.path) as stream:
        start = stream.read(_START)
    found = looks.like(start)
    return None if found is None else (found.name, start.decode("ascii", "backslashreplace"))


def _whole(file: InputFile) -> Iterator[SetAside | FileCounts]:
    """A file of another format is one record, which is set aside."""
    name, start = _no_text(file) or ("", "")
    yield SetAside(
        file.number, 1, 1, "", "TM-O04", f"{file.name} is no table but {name}; its start is kept", start
    )
    yield FileCounts(file.number, 1)


def _unreadable(code: str, message: str, help: str | None) -> InputOutputError:  # noqa: A002
    return registry.fault(code, message, help=help, severity=Severity.ERROR)  # it stops the run
