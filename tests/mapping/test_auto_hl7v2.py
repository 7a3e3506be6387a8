"""What HL7 v2 says of itself: the mapping that ``auto`` stands for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from twinmap import registry
from twinmap.kinds import KINDS
from twinmap.mapping.ast import Document, RecordSet
from twinmap.mapping.load import load
from twinmap.mapping.uses import used
from twinmap.model import Field, InputFile, Request
from twinmap.readers.hl7v2 import READER

#: FHIR R4 observation-status, and event-status as far as immunizations use it.
STATUSES = {"registered", "preliminary", "final", "amended", "corrected", "cancelled", "entered-in-error"}
EVENTS = {"completed", "not-done", "entered-in-error"}


@pytest.fixture(scope="module")
def document() -> Document:
    loaded = load(registry.shipped("mappings") / "auto" / "hl7v2.yaml")
    assert loaded.findings == ()
    assert loaded.document is not None
    return loaded.document


def record_set(document: Document, name: str) -> RecordSet:
    return next(found for found in document.records if found.name == name)


def test_every_reference_is_one_that_the_reader_reads(document: Document) -> None:
    paths = {use.ref.path for found in document.records for use in used(found) if use.ref.kind == "path"}
    assert len(paths) > 50
    assert [path for path in paths if READER.parse(path) is not None] == []


def test_every_kind_that_the_standard_has_a_segment_for(document: Document) -> None:
    stated = {choice.kind for found in document.records for choice in found.choices}
    assert stated == set(KINDS) - {"patient", "identifier", "device"}


def slot_map(document: Document, name: str, slot: str) -> dict[str, str]:
    maps: dict[str, str] = {}
    for choice in record_set(document, name).choices:
        for statement in (*choice.always, *(one for case in choice.cases for one in case.statements)):
            value: Any = statement.slots.get(slot)
            if value is not None and value.map is not None:
                maps |= value.map.entries
    return maps


def test_statuses_are_those_of_fhir(document: Document) -> None:
    assert set(slot_map(document, "observations", "status").values()) <= STATUSES
    assert set(slot_map(document, "immunizations", "status").values()) <= EVENTS
    assert set(slot_map(document, "administrations", "status").values()) <= EVENTS


def test_only_not_asked_says_why_a_value_is_absent(document: Document) -> None:
    reasons = slot_map(document, "observations", "absent")
    assert {code for code, reason in reasons.items() if reason} == {"N"}


#: For each record set a message type, segments, and what its own segment and those around it say.
MESSAGES: dict[str, tuple[str, list[str], dict[str, str]]] = {
    "observations": (
        "ORU^R01",
        [
            "OBR|1|p|f|24323-8^CMP^LN|||202603010800" + "|" * 8 + "SER&Serum^x",
            "OBX|1|NM|2345-7^Glucose^LN|2|98|mg/dL|70-99|H|||F|||202603010805|||HX^hexokinase|m7^LAB||ARM",
            "NTE|1||fasting",
        ],
        {
            "OBR-7": "202603010800",
            "OBR-15.1": "SER",
            "OBX-3": "2345-7",
            "OBX-4": "2",
            "OBX-5": "98",
            "OBX-6": "mg/dL",
            "OBX-7": "70-99",
            "OBX-8": "H",
            "OBX-11": "F",
            "OBX-14": "202603010805",
            "OBX-17": "HX",
            "OBX-18": "m7",
            "OBX-20": "ARM",
            "NTE-3": "fasting",
            "PID-3(5=MR)": "42",
        },
    ),
    "encounters": (
        "ADT^A01",
        ["PV1|1|I" + "|" * 17 + "v7^^^H^VN" + "|" * 25 + "20260301|20260302"],
        {"PV1-2": "I", "PV1-19": "v7", "PV1-44": "20260301", "PV1-45": "20260302"},
    ),
    "diagnoses": (
        "ADT^A01",
        ["DG1|1||E11.9^Type 2 diabetes^I10||20260301" + "|" * 16 + "A"],
        {"DG1-1": "1", "DG1-3": "E11.9", "DG1-5": "20260301", "DG1-21": "A"},
    ),
    "procedures": ("ADT^A01", ["PR1|1||44950^A^C4||20260301"], {"PR1-3": "44950", "PR1-5": "20260301"}),
    "allergies": ("ADT^A01", ["AL1|1|DA|70618^Penicillin|SV"], {"AL1-3": "70618", "AL1-4": "SV"}),
    "immunizations": (
        "VXU^V04",
        ["ORC|RE||9", "RXA|0|1|20260301||08^Hep B^CVX|0.5|mL||||||||L7|||||CP|A", "RXR|IM^^HL70162|LA"],
        {
            "ORC-3": "9",
            "RXA-3": "20260301",
            "RXA-5": "08",
            "RXA-6": "0.5",
            "RXA-7": "mL",
            "RXA-15(1)": "L7",
            "RXA-20": "CP",
            "RXA-21": "A",
            "RXR-1": "IM",
            "RXR-2": "LA",
        },
    ),
    "administrations": (
        "RAS^O17",
        ["ORC|RE||9", "RXA|0|2|20260301||5^D^L|1|mg", "RXR|PO"],
        {"RXA-2": "2", "RXA-3": "20260301", "RXA-5": "5", "RXA-6": "1", "RXA-7": "mg", "RXR-1(1)": "PO"},
    ),
    "dispenses": (
        "RDS^O13",
        ["ORC|RE||9", "RXD|1|5^D^L|20260301|30|tablet"],
        {"RXD-2": "5", "RXD-3": "20260301", "RXD-4": "30", "RXD-5": "tablet", "ORC-3": "9"},
    ),
    "encoded-orders": (
        "RDE^O11",
        ["ORC|NW|1|||||||20260301", "RXE||5^D^L|1||mg"],
        {"ORC-2": "1", "ORC-9": "20260301", "RXE-2": "5", "RXE-3": "1", "RXE-5": "mg"},
    ),
    "orders": (
        "OMP^O09",
        ["ORC|NW|1|||||||20260301", "RXO|5^D^L|1||mg"],
        {"ORC-2": "1", "ORC-9": "20260301", "RXO-1": "5", "RXO-2": "1", "RXO-4": "mg"},
    ),
}


def test_every_record_set_has_a_message(document: Document) -> None:
    assert {found.name for found in document.records} == set(MESSAGES)


@pytest.mark.parametrize("name", MESSAGES)
def test_each_record_set_finds_its_fields(document: Document, tmp_path: Path, name: str) -> None:
    """The fields that the mapping names are where the messages of the standard have them."""
    kind, lines, expected = MESSAGES[name]
    header = f"MSH|^~\\&|A|B|C|D|20260301||{kind}|m1|P|2.5.1"
    path = tmp_path / "one.hl7"
    path.write_text("\r".join([header, "PID|1||42^^^H^MR", *lines]), newline="")
    found = record_set(document, name)
    paths = sorted({use.ref.path for use in used(found) if use.ref.kind == "path"})
    fields = tuple(Field(f"f{at}", one) for at, one in enumerate(paths))
    events = list(READER.read(InputFile(1, path, "one"), Request(found.each, fields, found.options)))
    (batch,) = (event for event in events if isinstance(event, pa.RecordBatch))
    row = {one: batch.column(field.name)[0].as_py() for one, field in zip(paths, fields, strict=True)}
    assert {one: row.get(one) for one in expected} == expected
