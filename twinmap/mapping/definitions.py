"""The mapping language as data: what each block may hold.

One source for two uses: :mod:`twinmap.mapping.structure` checks a file against it, and
:mod:`twinmap.mapping.schema` turns it into the JSON Schema that editors read. The words of concepts and
facets are not here: they come from the catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from twinmap.mapping.kinds import KINDS

#: The version of the language that this loader reads.
LANGUAGE = "1"

NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"
#: Names that stand inside references: $(param:NAME), $(field -> NAME.column).
WORD = r"[A-Za-z_][A-Za-z0-9_-]*"
#: semver.org, item 2 and what follows it.
SEMVER = r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?"

UNMAPPED = ("report", "keep", "quarantine", "fail")
OTHERWISE = ("report", "ignore", "quarantine", "auto")
VALUE_KINDS = ("quantity", "code", "text", "boolean", "time")

#: Formats whose standard says what a record means; only they have ``auto`` and composite values.
SELF_DESCRIBING = frozenset({"fhir", "hl7v2"})


@dataclass(frozen=True, slots=True)
class Text:
    """A scalar: one of ``words`` (where there are any), matching ``pattern`` (where there is one)."""

    doc: str
    words: tuple[str, ...] = ()
    pattern: str = ""
    example: str = ""


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a table: the definition of what it holds, and what it says."""

    of: str
    doc: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping. ``rest`` is the definition of what stands under any other key, with names like ``names``.

    ``marker`` is the key by which this table is told from another one in the same place.
    """

    doc: str
    keys: Mapping[str, Key] = field(default_factory=dict)
    rest: str = ""
    names: str = ""
    marker: str = ""


@dataclass(frozen=True, slots=True)
class Many:
    """A list of ``of``; or, where ``single``, one of it alone."""

    doc: str
    of: str
    single: bool = True


@dataclass(frozen=True, slots=True)
class Either:
    """One of several definitions, told apart by scalar, list or table, and tables by their marker."""

    doc: str
    options: tuple[str, ...]


Definition = Text | Table | Many | Either

#: Slots of an observation, facets apart: what each holds, and what it says.
OBSERVATION_SLOTS: Mapping[str, Key] = {
    "code": Key("value", "What was observed, as a CURIE; needed by result."),
    "display": Key("value", "The words of the source for the code."),
    "value": Key("value", "The value; several make one statement each."),
    "unit": Key("value", "The unit, a field or a literal; never assumed."),
    "kind": Key("value", f"Fixes the kind of the value: {', '.join(VALUE_KINDS)}."),
    "comparator": Key("value", "One of < <= >= >."),
    "absent": Key("value", "Why there is no value (FHIR data-absent-reason)."),
    "time": Key("time", "When it was observed."),
    "status": Key("value", "FHIR observation status."),
    "range": Key("range", "The reference range."),
    "flag": Key("value", "The interpretation, such as H or L."),
    "panel": Key("value", "Ties statements of one patient, time and panel value together."),
    "encounter": Key("encounter", "The encounter in which it was observed."),
    "performer": Key("value", "Who observed it."),
    "note": Key("value", "A remark."),
    "device": Key("device", "What observed it."),
}

#: Slots of the other kinds that are not plain values.
_SHAPED = {"time": "time", "encounter": "encounter"}

_SLOT_DOCS = {
    "code": "The code, as a CURIE.",
    "display": "The words of the source for the code.",
    "time": "When, as an instant or a period.",
    "encounter": "The encounter it belongs to.",
    "id": "What names it in the source.",
    "reason": "Why, as a CURIE.",
    "event": "ordered, dispensed, given or stated.",
}


def kind_slots(kind: str) -> Mapping[str, Key]:
    """The slots of a kind of statement; for observations without the facets."""
    if kind == "observation":
        return OBSERVATION_SLOTS
    known = KINDS[kind]
    names = [*known.codes, *(["display"] if known.codes else []), *known.texts]
    if "start_us" in known.names:
        names.append("time")
    if "encounter" in known.names:
        names.append("encounter")
    if known.identified:
        names.insert(0, "id")
    if kind == "device":
        names.append("serial")
    return {name: Key(_SHAPED.get(name, "value"), _SLOT_DOCS.get(name, f"The {name}.")) for name in names}


_SOURCE = Table(
    "Where the data is and how it is written.",
    {
        "format": Key("word", "csv, json, ndjson, fhir or hl7v2; a plug-in may add one.", required=False),
        "files": Key("texts", "Names or globs, beside the data or the mapping."),
        "encoding": Key("texts", "utf-8 is the default; a list is tried strictly, in order, per file."),
        "delimiter": Key("word", "CSV: , is the default; also ; tab pipe."),
        "decimal": Key("decimal", "The decimal sign of numbers in the source."),
        "thousands": Key("word", "The grouping sign of numbers in the source."),
        "header": Key("boolean", "CSV: whether the first line names the columns."),
        "trim": Key("boolean", "Whether blanks at the ends of header and cells are cut (default true)."),
        "timezone": Key("value", "The IANA zone of times without offset; may be a field."),
        "missing": Key("texts", "Texts that mean that there is nothing."),
        "messages": Key("texts", "HL7 v2: the messages to read, such as ORU^R01 or ADT^*."),
    },
)

_FIXED: Mapping[str, Definition] = {
    "word": Text("A text."),
    "texts": Many("One text or a list of texts.", "word"),
    "boolean": Text("true or false.", words=("true", "false")),
    "decimal": Text("The decimal sign.", words=(".", ",")),
    "name": Text("A name.", pattern=NAME, example="icu-monitor"),
    "version": Text("The author's version of the mapping (semver).", pattern=SEMVER, example="1.0.0"),
    "language": Text("The version of the mapping language.", words=(LANGUAGE,)),
    "text": Text("Text with references $(path), alternatives a | b, or an expression: = a + b."),
    "path": Text("A path, without $( )."),
    "paths": Many("One path or a list of paths.", "path"),
    "unmapped": Text("What happens to what is not in the map.", words=UNMAPPED),
    "map-name": Text("A name in maps, or a two-column file (.tsv, .csv)."),
    "map-file": Text("A two-column file (.tsv, .csv)."),
    "codes": Text("A code map: SSSOM TSV (.sssom.tsv) or FHIR ConceptMap (.json)."),
    "map-table": Table('From the text of the source to a text; a target "" is missing.', rest="word"),
    "map": Either("A map: inline, by name, or a file.", ("map-name", "map-table")),
    "map-value": Either("A map: inline or a file.", ("map-file", "map-table")),
    "value-table": Table(
        "A value with more to say.",
        {
            "from": Key("text", "The value.", required=True),
            "missing": Key("texts", "More texts that mean that there is nothing."),
            "map": Key("map", "Translates it."),
            "codes": Key("codes", "Translates codes: SSSOM TSV or FHIR ConceptMap."),
            "unmapped": Key("unmapped", "What happens to what is not in the map (default report)."),
            "system": Key("value", "The system of a code or an identifier."),
            "display": Key("value", "The words of the source for the code."),
            "format": Key("texts", "The format of a date."),
        },
        marker="from",
    ),
    "value": Either("A value.", ("text", "value-table")),
    "time-table": Table(
        "When: an instant, or a period by its ends or by start and duration.",
        {
            "from": Key("value", "The instant; it wins where a period is there as well."),
            "start": Key("value", "The start of the period."),
            "end": Key("value", "The end of the period."),
            "duration": Key("value", "How long from the start."),
            "unit": Key("value", "The unit of the duration (default s)."),
            "format": Key(
                "texts", "iso, hl7, epoch-s, epoch-ms, epoch-us, epoch-ns or a Unicode date pattern."
            ),
            "timezone": Key("value", "The IANA zone of times without offset."),
            "locale": Key("word", "The language of month names (default en)."),
        },
    ),
    "time": Either("When.", ("text", "time-table")),
    "identifier-table": Table(
        "An identifier.",
        {
            "id": Key("value", "The identifier.", required=True),
            "system": Key("value", "Whose it is: a URI, an OID or a plain name."),
            "type": Key("value", "Its type."),
        },
    ),
    "identifier": Either("An identifier.", ("text", "value-table", "identifier-table")),
    "identifiers": Many("Identifiers to link the patient by.", "identifier"),
    "patient-table": Table(
        "Who the record is about.",
        {
            "id": Key("value", "The local key of the patient."),
            "system": Key("value", "Whose key it is: a URI, an OID or a plain name."),
            "identifiers": Key("identifiers", "More identifiers, used for linking as well."),
            "birth-date": Key("value", "The date of birth."),
            "sex": Key("value", "male, female, other or unknown."),
            "deceased": Key("value", "true, false or a date."),
        },
    ),
    "patient": Either("Who the record is about.", ("text", "value-table", "patient-table")),
    "device-table": Table(
        "What made the observation.",
        {
            "id": Key("value", "What names it in the source."),
            "type": Key("value", "A word of the device scheme, such as patient-monitor."),
            "name": Key("value", "Its name."),
            "serial": Key("value", "Its serial number."),
            "manufacturer": Key("value", "Who made it."),
            "model": Key("value", "Its model."),
        },
    ),
    "device": Either("What made the observation.", ("text", "value-table", "device-table")),
    "encounter-table": Table(
        "The encounter.",
        {
            "id": Key("value", "What names it in the source.", required=True),
            "system": Key("value", "Whose name it is."),
        },
    ),
    "encounter": Either("The encounter.", ("text", "value-table", "encounter-table")),
    "range-table": Table(
        "The reference range.",
        {
            "from": Key("value", "The range whole, as a composite or as text."),
            "low": Key("value", "Its low end."),
            "high": Key("value", "Its high end."),
        },
    ),
    "range": Either("The reference range.", ("text", "range-table")),
    "test-table": Table(
        "A test of a field.",
        {
            "not": Key("texts", "It is none of these; it holds where the field is missing."),
            "min": Key("word", "It is a number and at least this."),
            "max": Key("word", "It is a number and at most this."),
            "like": Key("word", "It fits this glob with * and ?."),
            "missing": Key("boolean", "It is missing."),
            "parts": Key("text", "It fits this text, whose references name its parts for the rule."),
        },
    ),
    "test": Either("A text, one of several texts, or a test.", ("texts", "test-table")),
    "tests": Table("Fields and their tests; all must hold.", rest="test"),
    "condition": Many("Tests that all hold; of a list, one.", "tests"),
    "auto": Text("What the standard itself says of a record.", words=("auto",)),
    "otherwise": Text("What happens to a record to which no rule applies.", words=OTHERWISE),
    "then": Text("What happens instead of a statement.", words=("ignore", "auto")),
    "source": _SOURCE,
    "params": Table("Values that a run must (required) or may (a default) give.", rest="word", names=WORD),
    "systems": Table("Short names of code and identifier systems: URI or OID.", rest="word", names=NAME),
    "maps": Table("Named maps.", rest="map-value", names=NAME),
    "lookup": Table(
        "A table to look up in.",
        {
            "files": Key("texts", "Names or globs.", required=True),
            "key": Key("path", "The column that names a row.", required=True),
            "missing": Key("texts", "Keys that are not looked up."),
        },
    ),
    "lookups": Table("Tables to look up in, for $(field -> NAME.column).", rest="lookup", names=WORD),
    "records": Table("Named record sets.", rest="record-set", names=NAME),
}

_RULE_KEYS: Mapping[str, Key] = {
    "when": Key("condition", "Rules with when are one choice: the first that holds applies."),
    "name": Key("name", "Names the rule in the output, instead of the concept."),
    "then": Key("then", "Instead of statements: ignore, or auto."),
    "otherwise": Key("otherwise", "Alone in the last item of a list: what happens if no rule applies."),
}

#: The blocks that state something, in the order of the tables.
BLOCKS: Mapping[str, str] = {kind.block: kind.name for kind in KINDS.values()}

_SET_KEYS: Mapping[str, Key] = {
    "source": Key("source", "Where the data is and how it is written."),
    "each": Key("path", "What one record is."),
    "keep": Key("condition", "Which records to read; the others are counted."),
    "key": Key("paths", "What names a record; ids are made of it."),
    "optional": Key("paths", "Columns that may be absent."),
    "ignore": Key("paths", "Fields that are not wanted."),
    "patient": Key("patient", "Who the record is about."),
    "params": Key("params", "Values that a run must or may give."),
    "systems": Key("systems", "Short names of code and identifier systems."),
    "maps": Key("maps", "Named maps."),
    "lookups": Key("lookups", "Tables to look up in."),
}

_DOCUMENT_KEYS: Mapping[str, Key] = {
    "twinmap": Key("language", "The version of the mapping language.", required=True),
    "id": Key("name", "Names the mapping.", required=True),
    "version": Key("version", "The author's version (semver).", required=True),
}


@cache
def definitions(facets: tuple[str, ...]) -> Mapping[str, Definition]:
    """All definitions; ``document`` is the file.

    Args:
        facets: The names of the facets, each of which is a slot of observations.
    """
    slots = {**{name: Key("value", f"The facet {name}.") for name in facets}, **OBSERVATION_SLOTS}
    blocks = {
        block: Key(f"{block}-block", f"What is stated: {kind} statements.") for block, kind in BLOCKS.items()
    }
    shared = {**_SET_KEYS, **slots, **blocks}
    found: dict[str, Definition] = dict(_FIXED)
    files = Key("texts", "Names or globs, beside the data or the mapping.")
    found["record-set"] = Table("A set of records and what is stated of each.", {"files": files, **shared})
    records = Key("records", "Named record sets; without it the file is one record set.")
    found["document"] = Table("A mapping file.", {**_DOCUMENT_KEYS, "records": records, **shared})
    for block, kind in BLOCKS.items():
        found[f"{block}-block"] = Either(f"What is stated ({kind}).", ("auto", f"{block}-rules"))
        found[f"{block}-rules"] = Many("One rule or a list of rules.", f"{block}-rule")
        if kind == "observation":
            continue
        keys = {**_RULE_KEYS, **kind_slots(kind)}
        if kind == "device":
            keys["name"] = Key("value", "The name of the device.")
        found[f"{block}-rule"] = Table(f"One {kind} statement of a record.", keys)
    # What else may stand in a rule depends on the concepts, what else in the slots on the concept.
    found["observe-rule"] = Table("Concepts and their slots.", _RULE_KEYS, rest="concept-slots")
    found["concept-slots"] = Many("The slots of a concept; a list where it is stated several times.", "slots")
    name = Key("name", "Names the rule in the output, instead of the concept.")
    found["slots"] = Table("The slots of a concept.", {"name": name, **slots}, rest="value")
    return found
