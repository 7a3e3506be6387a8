"""The contract between readers and the engine, and the words of what is said of a run.

Readers turn a file into batches of records: text columns, one a reference. What is stated of the records is
in :mod:`twinmap.kinds`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

# --- what a reader is asked for, and what it gives ------------------------------------------------


class Shape(StrEnum):
    """How a reference is read. The composite shapes read what belongs together by the format's rules.

    In a record batch the column of a field has this Arrow type (``?`` may be null)::

        TEXT        string?
        KEY         string?    all values as raw text, joined by U+001F
        CODE        list<struct<system, code, display>>              string each
        VALUE       list<struct<kind, text, comparator, low, high, unit, unit_system,
                                system, code, display>>              string each
        IDENTIFIER  list<struct<id, system, type>>                   string each
        TIME        struct<start, end>                               string each
        RANGE       struct<low, high, text>                          string each

    ``kind`` of a VALUE is ``quantity code text boolean time range ratio absent`` where the format says
    it, else null: then the text decides. ``low``/``high`` hold the ends of a range or the terms of a
    ratio; ``absent`` has the reason in ``code``. ``unit_system`` is empty where a system could stand beside the
    unit and none does, and has a bar behind it where the unit is words without a code of that system.
    """

    TEXT = "text"
    KEY = "key"
    CODE = "code"
    VALUE = "value"
    IDENTIFIER = "identifier"
    TIME = "time"
    RANGE = "range"


#: The members of the composite shapes, in order.
SHAPE_FIELDS: Mapping[Shape, tuple[str, ...]] = {
    Shape.CODE: ("system", "code", "display"),
    Shape.VALUE: (
        "kind",
        "text",
        "comparator",
        "low",
        "high",
        "unit",
        "unit_system",
        "system",
        "code",
        "display",
    ),
    Shape.IDENTIFIER: ("id", "system", "type"),
    Shape.TIME: ("start", "end"),
    Shape.RANGE: ("low", "high", "text"),
}

#: Shapes that take several values of one reference.
REPEATING = frozenset({Shape.CODE, Shape.VALUE, Shape.IDENTIFIER})


@dataclass(frozen=True, slots=True)
class Field:
    """One column that the mapping needs: the reference ``path``, read as ``shape``.

    ``path`` is the text inside ``$( )`` without look-ups, or ``record:key`` / ``record:index``.
    The column is called ``name``.
    """

    name: str
    path: str
    shape: Shape = Shape.TEXT


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """What a mapping says about its source, as far as a reader needs it."""

    format: str = "csv"
    encoding: tuple[str, ...] = ("utf-8",)
    delimiter: str | None = None
    header: bool = True
    trim: bool = True
    messages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a reader: records of ``each``, with these ``fields``.

    ``all_cells`` asks for the ``_cells`` column (see :class:`Reader`).
    """

    each: str | None
    fields: tuple[Field, ...]
    options: SourceOptions = SourceOptions()


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file to read; ``number`` (from 1) names it in tables, ``name`` in findings and the manifest.

    ``siblings`` are all files of the source: FHIR references may lead to another file.
    """

    number: int
    path: Path
    name: str
    siblings: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class SetAside:
    """A record that could not be read: it is counted and its raw text goes to the quarantine."""

    file: int
    record: int
    line: int | None
    part: str
    code: str
    message: str
    raw: str


@dataclass(frozen=True, slots=True)
class Issue:
    """A value that a reader could not give: the slot is missing, the record is kept.

    ``path`` is the reference, ``shape`` the form of the value (digits 9, letters x), never the value.
    """

    file: int
    record: int
    line: int | None
    part: str
    code: str
    message: str
    path: str = ""
    shape: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """Something about a whole file: the encoding that fitted, a batch count that does not agree."""

    file: int
    code: str
    message: str
    line: int | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FileCounts:
    """The last thing a reader yields for a file: its own count of records, before any plan.

    ``records`` are all documents of the file (rows, messages, resources): those in batches, those set
    aside and those ``filtered``, in which ``each`` leads nowhere or which ``messages`` leaves out.
    ``second`` is a count of them made in another way (``MSH`` at line starts, non-blank lines, CSV
    records by another parser); None where the format has no other way. ``cells`` counts the source
    fields outside any record that was yielded, by field name. ``items`` are the records that ``each``
    makes of all documents; None where a document is one record.
    """

    file: int
    records: int
    filtered: int = 0
    second: int | None = None
    cells: Mapping[str, int] = field(default_factory=dict)
    items: int | None = None


#: Begins a name in ``_cells`` where the cell stands around the items of its document, in none of them.
AROUND = "\x1f"


class Reader:
    """What every reader is made of. A reader never guesses in silence and never loses a record.

    A format has ``parse`` and ``read``; the others are None where it has no use for them.

    Batches are Arrow record batches with the columns ``_file int32, _record int64, _line int64?,
    _part string``, one column a field of the request in its order, and ``_cells list<string>``: the
    names of the fields present in this record, one entry a value (CSV has none: its columns are the
    cells). ``_record`` counts from 1 through the file; it is the row, the document, the message or
    the resource. Several rows may share it (``each`` below it); ``_part`` tells them apart. Cells of
    the document that stand in none of its items go with its first row, marked with :data:`AROUND`.
    """

    #: ``parse_each(each)`` says what is wrong with an ``each``, or None.
    parse_each: Any = None
    #: ``layout(file, request)``: encoding, delimiter and header, by which the engine may read a file itself.
    layout: Any = None
    #: ``read_many(file, requests)``: as ``read`` for several requests, each event with the number of its request.
    read_many: Any = None
    #: ``cells(path)``: the names in ``_cells`` that a reference reads, where they are not the reference itself.
    cells: Any = None
    #: ``fields_read(path, each=…)``: a regular expression of those names.
    fields_read: Any = None

    def parse(self, path: str, *, each: str | None = None) -> str | None:
        """Say what is wrong with a reference of this format, or None where it is well formed."""
        raise NotImplementedError

    def read(self, file: InputFile, request: Request) -> Iterator[Any | SetAside | Issue | Note | FileCounts]:
        """Read one file as Arrow record batches, between them what is wrong, at last the counts.

        Raises:
            twinmap.errors.InputOutputError: The file is missing, cut short or not to be read.
        """
        raise NotImplementedError


# --- what is said of a run -------------------------------------------------------------------------

#: The outcomes of each book of the ledger, in the order in which they are said: the first is the sum of the others.
OUTCOMES: Mapping[str, tuple[str, ...]] = {
    "records": ("read", "mapped", "filtered", "unclaimed", "set_aside", "lost"),
    "cells": tuple(
        "read mapped missing set_aside filtered unclaimed ignored unread failed lost".split()  # noqa: SIM905
    ),
    "statements": ("planned", "written", "duplicate", "failed", "lost"),
}

#: How a source relates to another one for a concept, worst first; the first that holds is the one of a pair.
RELATIONS = ("not-comparable", "conflicting", "related", "a-narrower", "a-broader", "equivalent")
