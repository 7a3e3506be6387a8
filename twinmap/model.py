"""The tables of the twin model, and the contract between readers and the engine.

Statements are the intermediate model of twinmap: one table a kind, one row a clinical statement that
knows where it came from. Readers turn a file into batches of records: text columns, one a reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple, Protocol


class Column(NamedTuple):
    """One column of a statement table: its name, its type (DuckDB's name) and what it holds."""

    name: str
    type: str
    note: str = ""


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
    ratio; ``absent`` has the reason in ``code``.
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


class Reader(Protocol):
    """The two methods of a format. A reader never guesses in silence and never loses a record.

    Batches are Arrow record batches with the columns ``_file int32, _record int64, _line int64?,
    _part string``, one column a field of the request in its order, and ``_cells list<string>``: the
    names of the fields present in this record, one entry a value (CSV has none: its columns are the
    cells). ``_record`` counts from 1 through the file; it is the row, the document, the message or
    the resource. Several rows may share it (``each`` below it); ``_part`` tells them apart. Cells of
    the document that stand in none of its items go with its first row, marked with :data:`AROUND`.
    """

    def parse(self, path: str, *, each: str | None = None) -> str | None:
        """Say what is wrong with a reference of this format, or None where it is well formed."""

    def read(self, file: InputFile, request: Request) -> Iterator[Any | SetAside | Issue | Note | FileCounts]:
        """Read one file as Arrow record batches, between them what is wrong, at last the counts.

        Raises:
            twinmap.errors.InputOutputError: The file is missing, cut short or not to be read.
        """


# --- statement tables -----------------------------------------------------------------------------

_PLACE = (
    Column("source", "VARCHAR", "name of the source binding"),
    Column("rule", "VARCHAR", "mapping-id#record-set/rule"),
    Column("file", "INTEGER", "number of the file in the manifest"),
    Column("record", "BIGINT", "number of the record in the file"),
    Column("line", "BIGINT", "line where the record starts"),
    Column("part", "VARCHAR", "part of the record, empty for CSV"),
    Column("ordinal", "SMALLINT", "n-th statement of that record"),
)
_SUBJECT = (
    Column("id", "VARCHAR", "keyed id of the statement"),
    Column("twin", "VARCHAR", "keyed id of the patient twin"),
    Column("patient_record", "VARCHAR", "keyed id of the patient in this source"),
    Column("encounter", "VARCHAR", "keyed id of the encounter"),
)
_CODE = (
    Column("code_system", "VARCHAR", "URI of the code system"),
    Column("code", "VARCHAR", "code in that system"),
    Column("display", "VARCHAR", "words for the code, where the source or the mapping has any"),
    Column("raw_code_system", "VARCHAR", "code system as received, only where a map was applied"),
    Column("raw_code", "VARCHAR", "code as received, only where a map was applied"),
    Column("raw_display", "VARCHAR", "words as received, only where a map was applied"),
    Column("map_predicate", "VARCHAR", "SSSOM predicate of the map row"),
)
_TIME = (
    Column("start_us", "BIGINT", "the instant, or the start of the period: UTC epoch microseconds"),
    Column("end_us", "BIGINT", "the end of the period: UTC epoch microseconds"),
    Column(
        "time_precision", "VARCHAR", "precision: year month day hour minute second millisecond microsecond"
    ),
    Column("time_origin", "VARCHAR", "how the zone was known: offset zone message ambiguous none"),
)


def observation_columns(facets: Sequence[str]) -> tuple[Column, ...]:
    """The columns of the observation table; one a facet, in the order given."""
    return (
        *_PLACE,
        *_SUBJECT,
        Column("device", "VARCHAR", "keyed id of the device"),
        Column("panel", "VARCHAR", "keyed id of the panel"),
        Column("status", "VARCHAR", "FHIR observation status"),
        Column("status_raw", "VARCHAR", "status as received"),
        *_CODE,
        Column("value_kind", "VARCHAR", "quantity coded string boolean datetime range ratio sampled absent"),
        Column("value_text", "VARCHAR", "lexical and exact: an xsd:decimal for quantities, else the text"),
        Column("value_num", "DOUBLE", "the value in unit, for computing only"),
        Column("value_decimals", "TINYINT", "digits after the point as received: the stated precision"),
        Column("comparator", "VARCHAR", "< <= >= >"),
        Column("low_text", "VARCHAR", "low end of a range, first term of a ratio, in unit"),
        Column("high_text", "VARCHAR", "high end of a range, second term of a ratio, in unit"),
        Column("value_system", "VARCHAR", "URI of the code system of a coded value"),
        Column("value_code", "VARCHAR", "code of a coded value"),
        Column("absent_reason", "VARCHAR", "why there is no value: FHIR data-absent-reason, else a CURIE"),
        Column("unit_raw", "VARCHAR", "unit as received"),
        Column("unit", "VARCHAR", "UCUM unit of the value; null where what came is not UCUM"),
        Column("canon_num", "DOUBLE", "in canon_unit, 12 significant digits; null where more than 15 came"),
        Column("canon_unit", "VARCHAR", "UCUM; one for all quantities of a code and unit"),
        *_TIME,
        *(Column(facet, "VARCHAR", "facet: a CURIE, a length of time, or text") for facet in facets),
        Column("ref_low", "VARCHAR", "low end of the reference range, in unit_raw"),
        Column("ref_high", "VARCHAR", "high end of the reference range, in unit_raw"),
        Column("flag", "VARCHAR", "how the source judged the value, as received"),
        Column("note", "VARCHAR", "free text: in the table only, never in the graph"),
    )


#: The other kinds of statement, in the manner of the observation table.
OTHER_TABLES: Mapping[str, tuple[Column, ...]] = {
    "patient": (
        *_PLACE,
        Column("twin", "VARCHAR", "keyed id of the patient twin"),
        Column("patient_record", "VARCHAR", "keyed id of the patient in this source"),
        Column("birth_date", "VARCHAR", "date of birth: a day, a month or a year, as precise as received"),
        Column("birth_precision", "VARCHAR", "how precise it is: year month day"),
        Column("sex", "VARCHAR", "administrative gender: male female other unknown"),
        Column("deceased", "VARCHAR", "true, false or a date"),
    ),
    "identifier": (
        *_PLACE,
        Column("patient_record", "VARCHAR", "keyed id of the patient in this source"),
        Column("system", "VARCHAR", "URI, OID URN or private name"),
        Column("value", "VARCHAR", "identifier as received: this table is private"),
        Column("type", "VARCHAR", "type as received, such as MR"),
        Column("linking", "BOOLEAN", "whether it may link patients across sources"),
    ),
    "encounter": (
        *_PLACE,
        *_SUBJECT[:3],
        Column("class", "VARCHAR", "kind of contact, as received or as HL7 ActCode"),
        *_CODE,
        *_TIME,
        Column("reason_system", "VARCHAR", "URI of the code system of the reason"),
        Column("reason_code", "VARCHAR", "code of the reason"),
        Column("status", "VARCHAR", "status, as received or mapped"),
    ),
    "condition": (
        *_PLACE,
        *_SUBJECT,
        *_CODE,
        *_TIME,
        Column("clinical_status", "VARCHAR", "active, resolved …, as received or mapped"),
        Column("verification_status", "VARCHAR", "confirmed, refuted …, as received or mapped"),
    ),
    "medication": (
        *_PLACE,
        *_SUBJECT,
        *_CODE,
        *_TIME,
        Column("event", "VARCHAR", "ordered dispensed given stated"),
        Column("status", "VARCHAR", "status, as received or mapped"),
        Column("dose", "VARCHAR", "amount at one time, in dose_unit, as received"),
        Column("dose_unit", "VARCHAR", "unit of the dose as received"),
        Column("route", "VARCHAR", "way into the body, as received"),
        Column("reason_system", "VARCHAR", "URI of the code system of the reason"),
        Column("reason_code", "VARCHAR", "code of the reason"),
    ),
    "procedure": (
        *_PLACE,
        *_SUBJECT,
        *_CODE,
        *_TIME,
        Column("status", "VARCHAR", "status, as received or mapped"),
        Column("reason_system", "VARCHAR", "URI of the code system of the reason"),
        Column("reason_code", "VARCHAR", "code of the reason"),
    ),
    "immunization": (
        *_PLACE,
        *_SUBJECT,
        *_CODE,
        *_TIME,
        Column("status", "VARCHAR", "status, as received or mapped"),
        Column("lot", "VARCHAR", "lot number of the vaccine"),
        Column("dose", "VARCHAR", "amount at one time, in dose_unit, as received"),
        Column("dose_unit", "VARCHAR", "unit of the dose as received"),
        Column("route", "VARCHAR", "way into the body, as received"),
        Column("site", "VARCHAR", "where it was given, as received"),
        Column("funding", "VARCHAR", "who paid, as received"),
    ),
    "allergy": (
        *_PLACE,
        *_SUBJECT,
        *_CODE,
        *_TIME,
        Column("clinical_status", "VARCHAR", "active, resolved …, as received or mapped"),
        Column("verification_status", "VARCHAR", "confirmed, refuted …, as received or mapped"),
        Column("reaction_system", "VARCHAR", "URI of the code system of the reaction"),
        Column("reaction_code", "VARCHAR", "code of the reaction"),
        Column("severity", "VARCHAR", "mild, moderate, severe, as received or mapped"),
    ),
    "device": (
        *_PLACE,
        Column("id", "VARCHAR", "keyed id of the device"),
        Column("type", "VARCHAR", "what kind of device"),
        Column("name", "VARCHAR", "its name, as received"),
        Column("manufacturer", "VARCHAR", "who made it, as received"),
        Column("model", "VARCHAR", "its model, as received"),
    ),
}

#: Every kind, in the order of the tables in the output.
KINDS: tuple[str, ...] = ("observation", *OTHER_TABLES)


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
