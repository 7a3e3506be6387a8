"""JSON and NDJSON: one record a document, or one an item that ``each`` leads to.

A document is the whole file, an item of a top-level array, or a line of an ``.ndjson`` or ``.jsonl``
file. ``_record`` is its number, ``_part`` the place of the item in it (``/body/groups/0/measures/1``).
A document in which ``each`` leads nowhere makes no row: it is counted as filtered, a note (Q09) says
how many there were, and its fields go into ``FileCounts.cells``. So the documents of a file are always
those with rows, those filtered and those set aside. Fields of a document that stand in none of its
items go with its first item, marked as standing around it.

A slot takes scalars. Two different ones, or an object, are an issue (Q16) and the slot is missing; an
object whose members are read by other references is no issue (a schema that gives a number in one version
and an object in the next). A composite shape has the text alone, for JSON says nothing of systems and units.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from twinmap.formats import jsonstream, treepath, treewalk
from twinmap.formats.jsonlex import dump, text_of
from twinmap.formats.jsonwindow import Fault, Item
from twinmap.formats.treepath import PathError
from twinmap.formats.treewalk import Names, Row
from twinmap.limits import LIMITS
from twinmap.model import (
    AROUND,
    REPEATING,
    SHAPE_FIELDS,
    Field,
    FileCounts,
    InputFile,
    Issue,
    Note,
    Reader,
    Request,
    SetAside,
    Shape,
)
from twinmap.privacy import shape

#: What the getters call for a value that cannot be given: code, message, reference, the value's text.
Report = Callable[[str, str, str, str], None]
_Getter = Callable[[Row, Report], Any]


class JsonReader(Reader):
    """The reader of JSON documents; ``ndjson`` says that every file has one a line."""

    def __init__(self, *, ndjson: bool = False) -> None:
        self._ndjson = ndjson

    def parse(self, path: str, *, each: str | None = None) -> str | None:
        """Say what is wrong with a reference, or None."""
        try:
            treepath.parse(path, levels=treepath.levels_of(_each(each)))
        except PathError as error:
            return f"{error.message} (character {error.position + 1})"
        return None

    def parse_each(self, each: str) -> str | None:
        """Say what is wrong with the path of ``each``, or None."""
        try:
            treepath.parse_each(each)
        except PathError as error:
            return f"{error.message} (character {error.position + 1})"
        return None

    def fields_read(self, path: str, *, each: str | None = None) -> str:
        """A regular expression (RE2, whole name) of the names in ``_cells`` that a reference reads."""
        return treewalk.fields_read(treepath.parse(path), _each(each))

    def read(self, file: InputFile, request: Request) -> Iterator[Any | SetAside | Issue | Note | FileCounts]:
        """Read one file; see :class:`twinmap.model.Reader` and the module's docstring."""
        from twinmap.formats.batches import BatchBuilder

        options = request.options
        each = _each(request.each)
        deeper = {field.path for field in request.fields if _is_entered(field, request.fields)}
        getters = [
            _getter(field, trim=options.trim, entered=field.path in deeper) for field in request.fields
        ]
        names = Names(each)
        builder = BatchBuilder(request.fields)
        cells: Counter[str] = Counter()
        number = filtered = made = 0
        ndjson = self._ndjson or jsonstream.is_ndjson(file.path)
        for item in jsonstream.items(file.path, options.encoding, ndjson=ndjson):
            number += 1
            if isinstance(item, Fault):
                yield SetAside(file.number, number, item.line, item.place, item.code, item.message, item.text)
                continue
            if not isinstance(item, Item):
                continue
            rows = treewalk.rows(item.value, each)
            inside, outside = names.split(item.value, rows)
            if not rows:
                filtered += 1
                cells.update(outside)
                continue
            inside[0] = [*(AROUND + name for name in outside), *inside[0]]
            made += len(rows)
            issues: list[Issue] = []
            for row, found in zip(rows, inside, strict=True):
                if row.parent is None:
                    row.position = number
                report = _reporter(issues, file.number, number, item.line, row.place)
                values = [get(row, report) for get in getters]
                place = (file.number, number, item.line, row.place)
                # Tuples of texts, not lists: they cost the garbage collector nothing while they wait.
                yield from builder.add((*place, *values, tuple(found)))
            yield from issues
        yield from builder.finish()
        if fallback := jsonstream.other_encoding(file.path, options.encoding):
            yield Note(file.number, "TM-Q03", fallback)
        if not number:
            yield Note(file.number, "TM-O05", "the file holds no document")
        if filtered:
            message = f'{filtered:,} of {number:,} documents have nothing at "{request.each}"'
            yield Note(file.number, "TM-Q09", message, details={"documents": filtered})
        second = jsonstream.count_lines(file.path, options.encoding[0]) if ndjson else None
        yield FileCounts(file.number, number, filtered, second, dict(cells), made)


def _each(each: str | None) -> Sequence[treepath.Path]:
    return treepath.parse_each(each or ".")


def _reporter(issues: list[Issue], file: int, number: int, line: int, place: str) -> Report:
    def report(code: str, message: str, path: str, text: str) -> None:
        issues.append(Issue(file, number, line, place, code, message, path, shape(text)))

    return report


def _is_entered(field: Field, fields: Sequence[Field]) -> bool:
    """Whether another reference reads a member of what this one leads to."""
    return any(other.path.startswith(f"{field.path}.") for other in fields)


def _getter(field: Field, *, trim: bool, entered: bool = False) -> _Getter:
    """A function from a record to the value of a field in the form of its shape."""
    path = treepath.parse(field.path)
    if path.about is not None:
        return _about(path.about, field.shape)
    select, up, name, wanted = treepath.compile_steps(path.steps), path.up, field.path, field.shape

    def get(row: Row, report: Report) -> Any:
        nodes = select(row.node if up == 0 else treewalk.outward(row, up))
        if not nodes:
            return None
        if wanted is Shape.KEY:
            return "\x1f".join(dump(node) if (text := text_of(node)) is None else text for node in nodes)
        if entered:
            nodes = [node for node in nodes if text_of(node) is not None]
        texts = _texts(nodes, name, report, trim=trim)
        if not texts:
            return None
        if wanted in REPEATING:
            return tuple(_composite(text, wanted) for text in texts)
        if any(text != texts[0] for text in texts):
            report("TM-Q16", f'"{name}" has {len(texts)} values that differ', name, texts[0])
            return None
        return texts[0] if wanted is Shape.TEXT else _composite(texts[0], wanted)

    return get


def _texts(nodes: Sequence[Any], name: str, report: Report, *, trim: bool) -> list[str]:
    """The texts of scalars, empty ones left out; where one cannot be taken, none."""
    texts = []
    for node in nodes:
        text = text_of(node)
        if text is None:
            report("TM-Q16", f'"{name}" leads to an object, not to one value', name, "{}")
            return []
        if len(text) > LIMITS.field_bytes:
            report("TM-Q15", f'"{name}" is longer than {LIMITS.field_bytes:,} characters', name, text)
            return []
        texts.append(text.strip() if trim else text)
    return [text for text in texts if text]


def _about(about: str, wanted: Shape) -> _Getter:
    def get(row: Row, report: Report) -> Any:  # noqa: ARG001  # nothing can go wrong here
        text = row.key if about == "key" else str(row.position)
        if text is None or wanted in {Shape.TEXT, Shape.KEY}:
            return text
        one = _composite(text, wanted)
        return (one,) if wanted in REPEATING else one

    return get


def _composite(text: str, wanted: Shape) -> tuple[str | None, ...]:
    """The text in the member that holds it; what JSON does not say is null."""
    holder = {
        Shape.CODE: "code",
        Shape.VALUE: "text",
        Shape.IDENTIFIER: "id",
        Shape.TIME: "start",
        Shape.RANGE: "text",
    }[wanted]
    return tuple(text if member == holder else None for member in SHAPE_FIELDS[wanted])
