"""The kinds of statement: the columns of each table, and the slots of a mapping that fill them.

Statements are the intermediate model of twinmap: one table a kind, one row a clinical statement that
knows where it came from. What else depends on the kind is asked of :class:`Kind`, never listed elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple


class Column(NamedTuple):
    """One column of a statement table: its name, its type (DuckDB's name) and what it holds.

    ``slot`` is the slot of a mapping that is copied to it, where there is one.
    """

    name: str
    type: str
    note: str = ""
    slot: str = ""


@dataclass(frozen=True)
class Kind:
    """One kind of statement.

    Args:
        name: That of its table.
        stated: Its columns, those of facets left out.
        block: The key in a mapping; empty for what is stated of the patient.
        identified: Whether the slot ``id`` names the thing itself.
        past: Whether what it tells has happened, so that it is not after death.
    """

    name: str
    stated: tuple[Column, ...]
    block: str = ""
    identified: bool = False
    past: bool = False

    def columns(self, facets: Sequence[str] = ()) -> tuple[Column, ...]:
        """The columns of the table; for observations with one a facet, in the order given, after the times."""
        found: list[Column] = []
        for column in self.stated:
            found.append(column)
            if self.name == "observation" and column is _TIME[-1]:
                found += (Column(facet, "VARCHAR", _FACET) for facet in facets)
        return tuple(found)

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of the columns, those of facets left out."""
        return frozenset(column.name for column in self.stated)

    @cached_property
    def texts(self) -> Mapping[str, str]:
        """Slots that are copied to a column."""
        return {column.slot: column.name for column in self.stated if column.slot}

    @cached_property
    def pairs(self) -> Mapping[str, tuple[str, str]]:
        """The columns of system and code, by stem: ``code``, ``raw_code``, ``value``, ``reason``, ``reaction``."""
        stems = [name.removesuffix("_system") for name, *_ in self.stated if name.endswith("_system")]
        return {stem: (f"{stem}_system", stem if stem in self.names else f"{stem}_code") for stem in stems}

    @cached_property
    def codes(self) -> Mapping[str, str]:
        """Slots that hold nothing but a code, with the stem of their columns."""
        return {stem: stem for stem in self.pairs if stem not in {"raw_code", "value"}}


def _text(name: str, note: str, slot: str = "") -> Column:
    return Column(name, "VARCHAR", note, slot)


_PLACE = (
    _text("source", "name of the source binding"),
    _text("rule", "mapping-id#record-set/rule"),
    Column("file", "INTEGER", "number of the file in the manifest"),
    Column("record", "BIGINT", "number of the record in the file"),
    Column("line", "BIGINT", "line where the record starts"),
    _text("part", "part of the record, empty for CSV"),
    Column("ordinal", "SMALLINT", "n-th statement of that record"),
)
_SUBJECT = (
    _text("id", "keyed id of the statement"),
    _text("twin", "keyed id of the patient twin"),
    _text("patient_record", "keyed id of the patient in this source"),
    _text("encounter", "keyed id of the encounter"),
)
_CODE = (
    _text("code_system", "URI of the code system"),
    _text("code", "code in that system"),
    _text("display", "words for the code, where the source or the mapping has any"),
    _text("raw_code_system", "code system as received, only where a map was applied"),
    _text("raw_code", "code as received, only where a map was applied"),
    _text("raw_display", "words as received, only where a map was applied"),
    _text("map_predicate", "SSSOM predicate of the map row"),
)
_TIME = (
    Column("start_us", "BIGINT", "the instant, or the start of the period: UTC epoch microseconds"),
    Column("end_us", "BIGINT", "the end of the period: UTC epoch microseconds"),
    _text("time_precision", "precision: year month day hour minute second millisecond microsecond"),
    _text("time_origin", "how the zone was known: offset zone message ambiguous none"),
    Column(
        "offset_min",
        "SMALLINT",
        "the offset that stood with the time, in minutes east of UTC; null where none did",
    ),
)
#: What most clinical statements begin with.
_CODED = (*_PLACE, *_SUBJECT, *_CODE, *_TIME)
_REASON = (
    _text("reason_system", "URI of the code system of the reason"),
    _text("reason_code", "code of the reason"),
)
_STATUS = _text("status", "status, as received or mapped", "status")

#: What the column of a facet holds.
_FACET = "facet: a CURIE, a length of time, or text"

#: Every kind by name, in the order of the tables in the output.
KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "observation",
            (
                *_PLACE,
                *_SUBJECT,
                _text("device", "keyed id of the device"),
                _text("panel", "keyed id of the panel"),
                _text("status", "FHIR observation status"),
                _text("status_raw", "status as received"),
                *_CODE,
                _text("value_kind", "quantity coded string boolean datetime range ratio sampled absent"),
                _text("value_text", "lexical and exact: an xsd:decimal for quantities, else the text"),
                Column("value_num", "DOUBLE", "the value in unit, for computing only"),
                Column(
                    "value_decimals", "TINYINT", "digits after the point as received: the stated precision"
                ),
                _text("comparator", "< <= >= >"),
                _text("low_text", "low end of a range, first term of a ratio, in unit"),
                _text("high_text", "high end of a range, second term of a ratio, in unit"),
                _text("value_system", "URI of the code system of a coded value"),
                _text("value_code", "code of a coded value"),
                _text("absent_reason", "why there is no value: FHIR data-absent-reason, else a CURIE"),
                _text("unit_raw", "unit as received"),
                _text(
                    "unit_system_raw",
                    "URI of the code system beside the unit, with a bar behind it where the unit came as words "
                    "without a code; empty where none stood there, null where the format does not say",
                ),
                _text("unit", "UCUM unit of the value; null where what came is not UCUM"),
                Column(
                    "canon_num",
                    "DOUBLE",
                    "in canon_unit, 12 significant digits where it was converted",
                ),
                _text("canon_unit", "UCUM; one for all quantities of a code and unit"),
                *_TIME,
                _text("ref_low", "low end of the reference range, in unit_raw"),
                _text("ref_high", "high end of the reference range, in unit_raw"),
                _text("flag", "how the source judged the value, as received", "flag"),
                _text("note", "free text: in the table only, never in the graph", "note"),
            ),
            "observe",
            past=True,
        ),
        Kind(
            "patient",
            (
                *_PLACE,
                _text("twin", "keyed id of the patient twin"),
                _text("patient_record", "keyed id of the patient in this source"),
                _text("birth_date", "date of birth: a day, a month or a year, as precise as received"),
                _text("birth_precision", "how precise it is: year month day"),
                _text("sex", "administrative gender: male female other unknown"),
                _text("deceased", "true, false or a date"),
            ),
        ),
        Kind(
            "identifier",
            (
                *_PLACE,
                _text("patient_record", "keyed id of the patient in this source"),
                _text("system", "URI, OID URN or private name"),
                _text("value", "identifier as received: this table is private"),
                _text("type", "type as received, such as MR"),
                Column("linking", "BOOLEAN", "whether it may link patients across sources"),
            ),
        ),
        Kind(
            "encounter",
            (
                *_PLACE,
                *_SUBJECT[:3],
                _text("class", "kind of contact, as received or as HL7 ActCode", "class"),
                *_CODE,
                *_TIME,
                *_REASON,
                _STATUS,
            ),
            "encounters",
            identified=True,
        ),
        Kind(
            "condition",
            (
                *_CODED,
                _text("clinical_status", "active, resolved …, as received or mapped", "status"),
                _text("verification_status", "confirmed, refuted …, as received or mapped", "verification"),
            ),
            "conditions",
        ),
        Kind(
            "medication",
            (
                *_CODED,
                _text("event", "ordered dispensed given stated", "event"),
                _STATUS,
                _text("dose", "amount at one time, in dose_unit, as received", "dose"),
                _text("dose_unit", "unit of the dose as received", "unit"),
                _text("route", "way into the body, as received", "route"),
                *_REASON,
            ),
            "medications",
        ),
        Kind(
            "procedure",
            (
                *_CODED,
                _STATUS,
                *_REASON,
            ),
            "procedures",
            past=True,
        ),
        Kind(
            "immunization",
            (
                *_CODED,
                _STATUS,
                _text("lot", "lot number of the vaccine", "lot"),
                _text("dose", "amount at one time, in dose_unit, as received", "dose"),
                _text("dose_unit", "unit of the dose as received", "unit"),
                _text("route", "way into the body, as received", "route"),
                _text("site", "where it was given, as received", "site"),
                _text("funding", "who paid, as received", "funding"),
            ),
            "immunizations",
            past=True,
        ),
        Kind(
            "allergy",
            (
                *_CODED,
                _text("clinical_status", "active, resolved …, as received or mapped", "status"),
                _text("verification_status", "confirmed, refuted …, as received or mapped", "verification"),
                _text("reaction_system", "URI of the code system of the reaction"),
                _text("reaction_code", "code of the reaction"),
                _text("severity", "mild, moderate, severe, as received or mapped", "severity"),
            ),
            "allergies",
        ),
        Kind(
            "device",
            (
                *_PLACE,
                _text("id", "keyed id of the device"),
                _text("type", "what kind of device", "type"),
                _text("name", "its name, as received", "name"),
                _text("manufacturer", "who made it, as received", "manufacturer"),
                _text("model", "its model, as received", "model"),
            ),
            "devices",
            identified=True,
        ),
    )
}
