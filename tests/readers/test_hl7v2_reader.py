"""The reader of HL7 v2: records, scopes, types, cells, and books that balance."""

from __future__ import annotations

import base64
import gzip
import hashlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from reading import Result

from twinmap import registry
from twinmap.errors import InputOutputError
from twinmap.formats.hl7text import unescape
from twinmap.model import (
    AROUND,
    SHAPE_FIELDS,
    Field,
    FileCounts,
    InputFile,
    Issue,
    Note,
    Request,
    SetAside,
    Shape,
    SourceOptions,
)
from twinmap.readers.hl7v2 import READER

MSH = "MSH|^~\\&|LAB|H|TM|H|20260301081500-0600||ORU^R01^ORU_R01|M1|P|2.5.1"
PID = "PID|1||42^^^H&1.2.3.4&ISO^MR~99^^^^SS"


def events_of(path: Path, request: Request) -> Result:
    found = Result(READER, InputFile(1, path, path.name), request)
    records = {row["_record"] for row in found.rows}
    assert found.counts.records == len(records) + len(found.aside) + found.counts.filtered
    assert found.counts.second is not None
    return found


@pytest.fixture
def read(tmp_path: Path) -> Any:
    """Reads lines (or bytes) as one file: ``read(lines, "OBX-3", each="OBX")``."""

    def reading(
        data: list[str] | str | bytes,
        *paths: str | tuple[str, Shape],
        each: str | None = "OBX",
        **options: Any,
    ) -> Result:
        path = tmp_path / "feed.hl7"
        text = "".join(f"{line}\r" for line in data) if isinstance(data, list) else data
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return events_of(path, request(*paths, each=each, **options))

    return reading


def request(*paths: str | tuple[str, Shape], each: str | None = "OBX", **options: Any) -> Request:
    fields = tuple(
        Field(
            "abcdefghijklmnop"[at],
            path if isinstance(path, str) else path[0],
            path[1] if isinstance(path, tuple) else Shape.TEXT,
        )
        for at, path in enumerate(paths)
    )
    return Request(each, fields, SourceOptions(format="hl7v2", **options))


def value_of(given: Result, row: int = 0) -> list[dict[str, str]]:
    """The values of a row, without what is null."""
    return [
        {key: found for key, found in value.items() if found is not None}
        for value in given.rows[row]["a"] or []
    ]


# --- records, places, counts ----------------------------------------------------------------------


def test_it_is_found_by_name() -> None:
    assert registry.load("readers", "hl7v2").READER is READER


def test_one_record_a_segment_with_its_place(read: Any) -> None:
    found = read([MSH, PID, "OBX|1|ST|A||x", "NTE|1||n", "OBX|2|ST|B||y", MSH, PID, "OBX|1|ST|C||z"], "OBX-3")
    places = [(row["_file"], row["_record"], row["_line"], row["_part"], row["a"]) for row in found.rows]
    assert places == [(1, 1, 3, "OBX[1]", "A"), (1, 1, 5, "OBX[2]", "B"), (1, 2, 8, "OBX[1]", "C")]


def test_without_each_the_message_is_the_record(read: Any) -> None:
    found = read(
        [MSH, PID, "OBX|1|ST|A||x", MSH, PID], "MSH-10", "PID-3(1)", ("OBX-5", Shape.VALUE), each=None
    )
    assert [(row["_record"], row["_line"], row["_part"], row["a"], row["b"]) for row in found.rows] == [
        (1, 1, "", "M1", "42"),
        (2, 4, "", "M1", "42"),
    ]
    assert found.column("c")[1] is None


def test_messages_are_filtered_by_type(read: Any) -> None:
    types = ["ORU^R01^ORU_R01", "ORU^R01", "ORU_R01", "^^ORU_R01", "ADT^A01", "OUL^R22", "", "ORU"]
    lines = [line for kind in types for line in (f"MSH|^~\\&|||||||{kind}|{kind}", "OBX|1|ST|A||x")]
    found = read(lines, ("MSH-9", Shape.KEY), messages=("ORU^R01", "OUL^*"))
    assert found.column() == ["ORU^R01^ORU_R01", "ORU^R01", "ORU_R01", "^^ORU_R01", "OUL^R22"]
    assert found.counts.filtered == 3
    assert found.counts.cells == {
        "MSH-9": 2,
        "MSH-10": 2,
        **dict.fromkeys(("OBX-1", "OBX-2", "OBX-3", "OBX-5"), 3),
    }


def test_a_wrong_version_is_read(read: Any) -> None:
    assert read([MSH.replace("2.5.1", "9.9^XYZ"), "OBX|1|ST|A||x"], "OBX-3").column() == ["A"]


def test_messages_without_a_record_are_told_by_type(read: Any) -> None:
    found = read([MSH.replace("ORU^R01^ORU_R01", "ADT^A08"), PID, MSH, "OBX|1|ST|A||x"], "OBX-3")
    assert found.counts.filtered == 1
    assert [(note.code, note.details) for note in found.notes] == [
        ("TM-Q09", {"type": "ADT^A08", "messages": 1})
    ]
    assert found.counts.cells["PID-3"] == 1


def test_cells_are_all_fields_that_are_there_once(read: Any) -> None:
    lines = [MSH, PID, "PV1||I", 'OBX|1|ST|A||""', "NTE|1||n", "OBX|2||B", "OBX|3|ST||||||||||||x", "ZZZ|1"]
    found = read(lines, "OBX-3")
    cells = found.column("_cells")
    assert cells[1:] == [["OBX-1", "OBX-3"], ["OBX-1", "OBX-2", "OBX-14"]]
    expected = Counter(["MSH-3", "MSH-4", "MSH-5", "MSH-6", "MSH-7", "MSH-9", "MSH-10", "MSH-11", "MSH-12"])
    expected.update(
        ["PID-1", "PID-3", "PV1-2", "OBX-1", "OBX-2", "OBX-3", "OBX-5", "NTE-1", "NTE-3", "ZZZ-1"]
    )
    assert Counter(cell.removeprefix(AROUND) for cell in cells[0]) == expected
    assert {cell for cell in cells[0] if not cell.startswith(AROUND)} == {"OBX-1", "OBX-2", "OBX-3", "OBX-5"}
    whole = read(lines, "MSH-10", each=None).column("_cells")
    assert Counter(whole[0]) == Counter(cell.removeprefix(AROUND) for row in cells for cell in row)


def test_cells_of_a_segment_with_a_hundred_fields(read: Any) -> None:
    line = "OBX|1|ST|A||x" + "|" * 90 + "last"
    cells = read([MSH, line, "OBX|2"], "OBX-95").rows
    assert cells[0]["a"] == "last"
    assert [cell for cell in cells[0]["_cells"] if cell.startswith("OBX")] == [
        "OBX-1",
        "OBX-2",
        "OBX-3",
        "OBX-5",
        "OBX-95",
    ]
    assert cells[1]["_cells"] == ["OBX-1"]


def test_a_file_of_another_format(read: Any) -> None:
    found = read("patient,value\n42,1\n", "OBX-3")
    assert [aside.code for aside in found.aside] == ["TM-Q06"]
    assert found.aside[0].raw == "patient,value\r42,1"
    assert [note.code for note in found.notes] == ["TM-O04"]


def test_an_empty_file(read: Any) -> None:
    found = read(b"", "OBX-3")
    assert (found.rows, found.notes, found.counts) == ([], [], FileCounts(1, 0, 0, 0, items=0))


def test_a_cut_gzip_file_is_an_error(tmp_path: Path) -> None:
    data = gzip.compress("\r".join([MSH, "OBX|1|ST|A||x"] * 5000).encode())
    path = tmp_path / "feed.hl7.gz"
    path.write_bytes(data)
    assert len(events_of(path, request("OBX-3")).rows) == 5000
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(InputOutputError) as caught:
        events_of(path, request("OBX-3"))
    assert [finding.code for finding in caught.value.findings] == ["TM-O02"]


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputOutputError):
        events_of(tmp_path / "no.hl7", request("OBX-3"))


def test_a_cut_message_is_set_aside_and_the_others_are_read(read: Any) -> None:
    found = read(f"{MSH}\rOBX|1|ST|A||x\r{MSH}\rOBX|1|ST|B||y\rOB", "OBX-3")
    assert found.column() == ["A"]
    assert [(aside.code, aside.record, aside.line) for aside in found.aside] == [("TM-Q07", 2, 3)]
    assert found.aside[0].raw.endswith("\rOB")


# --- encodings ------------------------------------------------------------------------------------


def test_character_sets_message_by_message(read: Any) -> None:
    def message(charset: str, encoding: str) -> bytes:
        header = f"MSH|^~\\&|||||||ORU^R01|||||||||{charset}"
        return f"{header}\rOBX|1|ST|1^Größe||µ\r".encode(encoding)

    data = message("8859/1", "latin-1") + message("UNICODE UTF-8~ASCII", "utf-8") + message("", "cp1252")
    found = read(data, "OBX-3.2", ("OBX-5", Shape.VALUE))
    assert found.column() == ["Größe"] * 3
    assert [value[0]["text"] for value in found.column("b")] == ["µ"] * 3
    assert [(note.code, note.line, note.details) for note in found.notes] == [("TM-Q03", 5, {"messages": 1})]


def test_what_no_encoding_fits_is_set_aside(read: Any) -> None:
    found = read(
        f"{MSH}\rOBX|1|ST|A||".encode() + b"\x81\xff\r" + f"{MSH}\rOBX|1|ST|B||y\r".encode(), "OBX-3"
    )
    assert found.column() == ["B"]
    assert [aside.code for aside in found.aside] == ["TM-Q03"]


def test_utf16(read: Any) -> None:
    assert read(f"{MSH}\rOBX|1|ST|Größe||x\r".encode("utf-16"), "OBX-3").column() == ["Größe"]


def test_utf16_that_is_broken_is_set_aside(read: Any) -> None:
    data = f"{MSH}\rOBX|1|ST|A||x\r".encode("utf-16-le") + b"\x00\xd8" + "\r".encode("utf-16-le")
    assert [aside.code for aside in read(data, "OBX-3").aside] == ["TM-Q03"]


def test_character_set_switches_are_kept_and_told(read: Any) -> None:
    found = read([MSH, "OBX|1|ST|\x1b$B@\x1b(B||x"], "OBX-3")
    assert found.column() == ["\x1b$B@\x1b(B"]
    assert found.codes == ["TM-Q03"]


# --- encoding characters and escapes --------------------------------------------------------------


def test_other_delimiters_read_the_same(read: Any) -> None:
    usual = read(
        [MSH, PID, "OBX|1|CWE|1^Glucose^LN||a&b^c~d|x\\S\\y"],
        ("OBX-3", Shape.KEY),
        "OBX-6",
        "PID-3(5=MR).4.2",
        "MSH-9.2",
    )
    odd = ["MSH#*+%!#LAB#H#TM#H#2026##ORU*R01", "PID#1##42***H!1.2.3.4!ISO*MR+99****SS"]
    other = read(
        [*odd, "OBX#1#CWE#1*Glucose*LN##a!b*c+d#x^y"],
        ("OBX-3", Shape.KEY),
        "OBX-6",
        "PID-3(5=MR).4.2",
        "MSH-9.2",
    )
    assert [list(row.values())[4:-1] for row in usual.rows] == [
        list(row.values())[4:-1] for row in other.rows
    ]
    assert usual.rows[0]["b"] == "x^y"


def test_each_message_has_its_own_delimiters(read: Any) -> None:
    found = read(
        [MSH, "OBX|1|ST|A^B||x", "MSH$%~\\&$", "OBX$1$ST$A%B$$x", MSH, "OBX|1|ST|A^B||x"],
        "OBX-3.2",
        "MSH-1",
        "MSH-2",
    )
    assert found.column() == ["B", "B", "B"]
    assert found.column("b") == ["|", "$", "|"]
    assert found.column("c") == ["^~\\&", "%~\\&", "^~\\&"]


def test_the_truncation_character_is_known(read: Any) -> None:
    found = read([MSH.replace("^~\\&", "^~\\&#"), "OBX|1|ST|A^B||x\\P\\"], "OBX-3.2", "OBX-5")
    assert (found.column(), found.column("b"), found.issues) == (["B"], ["x#"], [])


def test_a_doubled_escape_character_is_told(read: Any) -> None:
    found = read([MSH.replace("^~\\&", "^~\\\\&"), "OBX|1|ST|A&C^B||x\\T\\y"], "OBX-3.2", "OBX-5")
    assert (found.column(), found.column("b"), found.codes) == (["B"], ["x&y"], ["TM-Q21"])


def test_split_first_unescape_last(read: Any) -> None:
    found = read([MSH, r"OBX|1|ST|10\S\9/L^\F\bar\T\^L||x"], "OBX-3.1", "OBX-3.2", ("OBX-3", Shape.KEY))
    assert list(found.rows[0].values())[4:7] == ["10^9/L", "|bar&", r"10\S\9/L^\F\bar\T\^L"]


def test_unknown_escapes_are_kept_and_told_where(read: Any) -> None:
    found = read([MSH, r"OBX|1|ST|A||a\Q\b", r"OBX|2|ST|A||C:\temp"], "OBX-5")
    assert found.column() == [r"a\Q\b", r"C:\temp"]
    assert [(issue.code, issue.line, issue.part, issue.path, issue.shape) for issue in found.issues] == [
        ("TM-Q21", 2, "OBX[1]", "OBX-5", r"x\x\x")
    ]


def test_hex_in_the_encoding_of_the_message(read: Any) -> None:
    header = "MSH|^~\\&|||||||ORU^R01|||||||||8859/1"
    assert read([header, r"OBX|1|ST|Gr\XF6\n\X0D\||x"], "OBX-3").column() == ["Grön"]
    assert read([header, r"OBX|1|ST|a\X0D0A\b||x"], "OBX-3").column() == ["a\r\nb"]


def test_lines_that_are_no_segments_are_left_out_and_told(read: Any) -> None:
    found = read([MSH, "OBX|1|ST|A||first", "second half", "PV|x", "OBX|2|ST|B||y"], "OBX-3")
    assert [(row["_line"], row["a"]) for row in found.rows] == [(2, "A"), (5, "B")]
    assert [(issue.code, issue.line) for issue in found.issues] == [("TM-Q06", 3), ("TM-Q06", 4)]


def test_add_segments_are_kept_and_told(read: Any) -> None:
    found = read([MSH, "OBX|1|ST|A||first", "ADD|rest"], "OBX-5", "ADD-1")
    assert list(found.rows[0].values())[4:6] == ["first", "rest"]
    assert found.codes == ["TM-Q07"]


# --- what is in scope -----------------------------------------------------------------------------


def test_an_obx_belongs_to_the_last_obr_with_or_without_a_specimen_between(read: Any) -> None:
    lines = [
        *(MSH, PID, "ORC|RE|o1", "OBR|1||f1", "OBX|1|ST|A||x", "SPM|1|||SER"),
        *("ORC|RE|o2", "OBR|2||f2", "SPM|1|||UR", "OBX|1|ST|B||y"),
        *("OBR|3||f3", "OBX|1|ST|C||z"),
    ]
    found = read(lines, "OBR-3", "ORC-2", "SPM-4")
    assert found.column() == ["f1", "f2", "f3"]
    assert found.column("b") == ["o1", "o2", None]
    assert found.column("c") == ["SER", "UR", None]


def test_of_several_specimens_the_one_before_counts(read: Any) -> None:
    found = read(
        [MSH, "OBR|1", "SPM|1|||SER", "OBX|1|ST|A||x", "SPM|2|||UR", "OBX|2|ST|B||y"], "SPM-4", "OBR-1"
    )
    assert found.column() == ["SER", "UR"]
    assert found.column("b") == ["1", "1"]


def test_specimens_that_come_first_hold_their_orders(read: Any) -> None:
    lines = [
        *(
            MSH.replace("ORU^R01^ORU_R01", "OUL^R22"),
            PID,
            "SPM|1|||SER",
            "OBR|1||f1",
            "ORC|RE|o1",
            "OBX|1|ST|A||x",
        ),
        *("OBR|2||f2", "ORC|RE|o2", "OBX|2|ST|B||y", "SPM|2|||UR", "OBR|3||f3", "ORC|RE|o3", "OBX|3|ST|C||z"),
    ]
    found = read(lines, "SPM-4", "OBR-3", "ORC-2")
    assert found.column() == ["SER", "SER", "UR"]
    assert found.column("b") == ["f1", "f2", "f3"]
    assert found.column("c") == ["o1", "o2", "o3"]


def test_an_order_control_behind_its_request_belongs_to_it(read: Any) -> None:
    lines = [MSH, "OBR|1||f1", "ORC|RE|o1", "OBX|1|ST|A||x", "OBR|2||f2", "ORC|RE|o2", "OBX|2|ST|B||y"]
    assert read(lines, "ORC-2").column() == ["o1", "o2"]


def test_several_patients_in_one_message(read: Any) -> None:
    lines = [
        *(MSH, "PID|1||1", "PV1||I", "OBR|1||f1", "OBX|1|ST|A||x"),
        *("PID|2||2", "OBR|1||f2", "OBX|1|ST|B||y", "NTE|1||n"),
    ]
    found = read(lines, "PID-3", "OBR-3", "PV1-2")
    assert found.column() == ["1", "2"]
    assert found.column("b") == ["f1", "f2"]
    assert found.column("c") == ["I", None]


def test_an_obx_before_any_order_is_the_patients(read: Any) -> None:
    found = read([MSH, PID, "OBX|1|ST|A||x", "ORC|RE|o", "OBR|1||f", "OBX|1|ST|B||y"], "OBR-3", "PID-3(1)")
    assert found.column() == [None, "f"]
    assert found.column("b") == ["42", "42"]


def test_vaccinations_have_their_own_observations(read: Any) -> None:
    lines = [
        *(MSH, PID, "ORC|RE|1", "RXA|0|1|2026|2026|08^Hep B^CVX", "RXR|IM", "OBX|1|CE|64994-7^E^LN||V01"),
        *(
            "OBX|2|CE|30956-7^T^LN||V02",
            "ORC|RE|2",
            "RXA|0|1|2026|2026|20^DTaP^CVX",
            "OBX|1|CE|64994-7^E^LN||V05",
        ),
    ]
    found = read(lines, "RXA-5", "RXR-1", "OBX(3.1=64994-7)-5", "ORC-2", "OBX(2)-5", each="RXA")
    assert found.column() == ["08", "20"]
    assert found.column("b") == ["IM", None]
    assert found.column("c") == ["V01", "V05"]
    assert found.column("d") == ["1", "2"]
    assert found.column("e") == ["V02", None]


def test_several_doses_of_one_order(read: Any) -> None:
    found = read(
        [MSH, PID, "ORC|RE|o", "RXA|0|1", "RXR|IV", "RXA|0|2", "RXR|PO"], "ORC-2", "RXR-1", each="RXA"
    )
    assert found.column() == ["o", "o"]
    assert found.column("b") == ["IV", "PO"]


def test_notes_belong_to_the_segment_before_them(read: Any) -> None:
    lines = [
        MSH,
        PID,
        "NTE|1||of the patient",
        "OBR|1",
        "NTE|1||of the order",
        "OBX|1|ST|A||x",
        "NTE|1||one",
        "NTE|2||two",
    ]
    found = read([*lines, "OBX|2|ST|B||y"], "NTE-3")
    assert found.column() == ["one\ntwo", None]
    assert read(lines, "NTE-3", each="OBR").column() == ["of the order"]
    assert read(lines, "NTE-3", each="PID").column() == ["of the patient"]
    assert read(lines, "NTE(1)-3").column() == ["one"]


def test_z_segments(read: Any) -> None:
    found = read(
        [MSH, PID, "ZPI|p^q", "OBR|1", "OBX|1|ST|A||x", "ZRX|r", "OBX|2|ST|B||y", "ZRX|s"], "ZPI-1.2", "ZRX-1"
    )
    assert found.column() == ["q", "q"]
    assert found.column("b") == ["r", "s"]
    assert read([MSH, "ZZ1|a", "ZZ1|b"], "ZZ1-1", each="ZZ1").column() == ["a", "b"]


def test_a_segment_out_of_place_empties_nothing(read: Any) -> None:
    lines = [
        MSH,
        PID,
        "EVN||2026",
        "DG1|1||A00",
        "OBR|1||f",
        "DG1|2||B00",
        "EVN||2027",
        "XYZ|1",
        "OBX|1|ST|A||x",
        "PV1||I",
    ]
    found = read(lines, "OBR-3", "PV1-2", "PID-3(1)", "XYZ-1")
    assert list(found.rows[0].values())[4:8] == ["f", "I", "42", "1"]
    diagnoses = read(lines, "DG1-3", "PID-3(1)", each="DG1")
    assert diagnoses.column() == ["A00", "B00"]
    assert diagnoses.column("b") == ["42", "42"]


def test_the_same_structure_again_reads_its_own_values(read: Any) -> None:
    lines = [line for at in range(5) for line in (MSH, f"PID|1||{at}", f"OBR|1||f{at}", f"OBX|1|ST|A||{at}")]
    found = read(lines, "PID-3", "OBR-3", "OBX-5")
    assert [list(row.values())[4:7] for row in found.rows] == [
        [str(at), f"f{at}", str(at)] for at in range(5)
    ]


# --- values ---------------------------------------------------------------------------------------

VALUES: list[tuple[str, list[dict[str, str]]]] = [
    ("NM||7.10", [{"kind": "quantity", "text": "7.10"}]),
    ("NM||-0.5~+2~3.", [{"kind": "quantity", "text": text} for text in ("-0.5", "+2", "3.")]),
    ("NM||7,1", [{"kind": "quantity", "text": "7,1"}]),
    ("NM||60~120", [{"kind": "quantity", "text": "60"}, {"kind": "quantity", "text": "120"}]),
    ("NM||", []),
    ('NM||""', [{"kind": "absent", "code": "unknown"}]),
    ("SN||^5", [{"kind": "quantity", "text": "5"}]),
    ("SN||<^5", [{"kind": "quantity", "text": "5", "comparator": "<"}]),
    ("SN||=^5", [{"kind": "quantity", "text": "5"}]),
    ("SN||^4^-^7", [{"kind": "range", "low": "4", "high": "7"}]),
    ("SN||^1^:^128", [{"kind": "ratio", "low": "1", "high": "128"}]),
    ("SN||>^1^:^256", [{"kind": "ratio", "comparator": ">", "low": "1", "high": "256"}]),
    ("SN||^2^+", [{"kind": "text", "text": "2+"}]),
    ("SN||<>^5", [{"kind": "text", "text": "<>5"}]),
    ("ST||<5", [{"text": "<5"}]),
    ("ST||120/80", [{"text": "120/80"}]),
    ("ST||10^9/L & more", [{"text": "10^9/L & more"}]),
    ("ST||a~b", [{"text": "a"}, {"text": "b"}]),
    ("TX||a~~b", [{"text": "a\n\nb"}]),
    (r"FT||a\.br\b~c", [{"text": "a\nb\nc"}]),
    (
        "CWE||POS^Positive^SCT",
        [{"kind": "code", "text": "Positive", "system": "SCT", "code": "POS", "display": "Positive"}],
    ),
    (
        "CE||1^own^L^2^std^SCT",
        [{"kind": "code", "text": "std", "system": "SCT", "code": "2", "display": "std"}],
    ),
    ("CE||1^a^99X^2^b^L", [{"kind": "code", "text": "a", "system": "99X", "code": "1", "display": "a"}]),
    (
        "CWE||^^^2^b^SCT^^^as told",
        [{"kind": "code", "text": "as told", "system": "SCT", "code": "2", "display": "b"}],
    ),
    ("CWE||^only text", [{"kind": "text", "text": "only text"}]),
    ("CWE||^^^^^^^^said", [{"kind": "text", "text": "said"}]),
    ("CWE||^^", []),
    ("CWE^^HL70125||1^a^LN", [{"kind": "code", "text": "a", "system": "LN", "code": "1", "display": "a"}]),
    (
        "CWE||1^a^^^^^^^^^^^^1.2.3",
        [{"kind": "code", "text": "a", "system": "1.2.3", "code": "1", "display": "a"}],
    ),
    ("IS||Y", [{"kind": "code", "code": "Y"}]),
    ("TS||202603", [{"kind": "time", "text": "202603"}]),
    ("DTM||20260301081500.5-0600", [{"kind": "time", "text": "20260301081500.5-0600"}]),
    ("DR||20260101^20260201", [{"kind": "range", "low": "20260101", "high": "20260201"}]),
    ("NR||1^2", [{"kind": "range", "low": "1", "high": "2"}]),
    ("CQ||5^mg&milligram&UCUM", [{"kind": "quantity", "text": "5", "unit": "mg", "unit_system": "UCUM"}]),
    ("RP||s3/1^APP^image^jpeg", [{"kind": "text", "text": "s3/1 image/jpeg"}]),
    ("CX||42^^^H", [{"kind": "text", "text": "42^^^H"}]),
]


@pytest.mark.parametrize(("fields", "values"), VALUES, ids=[fields for fields, _ in VALUES])
def test_values_by_type(read: Any, fields: str, values: list[dict[str, str]]) -> None:
    kind, _, raw = fields.partition("|")
    found = read([MSH, f"OBX|1|{kind}|A|{raw}"], ("OBX-5", Shape.VALUE))
    assert value_of(found) == values
    assert found.issues == []


@pytest.mark.parametrize(
    ("fields", "values"),
    [("||5", [{"text": "5"}]), ("TXT||5", [{"kind": "text", "text": "5"}]), ("SN||12.5", [{"text": "12.5"}])],
)
def test_types_that_are_not_known_are_told(read: Any, fields: str, values: list[dict[str, str]]) -> None:
    kind, _, raw = fields.partition("|")
    found = read([MSH, f"OBX|1|{kind}|A|{raw}"], ("OBX-5", Shape.VALUE))
    assert value_of(found) == values
    assert [(issue.code, issue.shape) for issue in found.issues] == [
        ("TM-Q20", "9" if raw == "|5" else "99.9")
    ]


def test_documents_are_a_hash_never_the_content(read: Any) -> None:
    payload = base64.b64encode(b"%PDF-1.4 secret").decode()
    found = read(
        [MSH, f"OBX|1|ED|A||APP^application^pdf^Base64^{payload}", "OBX|2|ED|A||^TEXT^^A^secret"],
        ("OBX-5", Shape.VALUE),
    )
    assert (
        value_of(found, 0)[0]["text"]
        == "application/pdf sha256:" + hashlib.sha256(b"%PDF-1.4 secret").hexdigest()
    )
    assert value_of(found, 1)[0]["text"] == "TEXT sha256:" + hashlib.sha256(b"secret").hexdigest()
    assert payload not in repr(found.rows)


@pytest.mark.parametrize("payload", ["a", "JVBE*i0x", "JVBERi0xµ", "é"])
def test_a_document_that_is_not_in_its_encoding_is_hashed_as_sent(payload: str, read: Any) -> None:
    found = read([MSH, f"OBX|1|ED|A||APP^application^pdf^Base64^{payload}"], ("OBX-5", Shape.VALUE))
    assert value_of(found)[0]["text"].endswith(hashlib.sha256(payload.encode()).hexdigest())


def test_values_of_other_fields_go_by_their_form(read: Any) -> None:
    lines = [MSH, 'OBX|1|NM|A^x^LN||1||5^mg|2~3|""|F||||1.2']
    shapes = [(f"OBX-{at}", Shape.VALUE) for at in (3, 7, 8, 9, 14, 30)]
    row = read(lines, *shapes).rows[0]
    given = [[{k: v for k, v in value.items() if v} for value in row[name] or []] for name in "abcdef"]
    assert given == [
        [{"kind": "code", "text": "x", "system": "LN", "code": "A", "display": "x"}],
        [{"kind": "quantity", "text": "5", "unit": "mg"}],
        [{"text": "2"}, {"text": "3"}],
        [{"kind": "absent", "code": "unknown"}],
        [{"text": "1.2"}],
        [],
    ]


# --- the other shapes -----------------------------------------------------------------------------


def test_codes(read: Any) -> None:
    raws = ["2345-7^Glucose^LN^GLU^Glucose^L", "GLU", "^no code", '""', "", "1^a^^2^b^SCT^^^^3^c^99Z"]
    found = read([MSH, *(f"OBX|{at}|ST|{raw}||x" for at, raw in enumerate(raws))], ("OBX-3", Shape.CODE))
    codes = [[tuple(coding.values()) for coding in row["a"] or []] for row in found.rows]
    assert codes == [
        [("LN", "2345-7", "Glucose"), ("L", "GLU", "Glucose")],
        [(None, "GLU", None)],
        [(None, None, "no code")],
        [],
        [],
        [(None, "1", "a"), ("SCT", "2", "b"), ("99Z", "3", "c")],
    ]


def test_a_code_in_a_component(read: Any) -> None:
    found = read(
        [MSH, "OBR|1" + "|" * 14 + "SER&Serum&HL70487^x", "OBX|1|ST|A||x"],
        ("OBR-15.1", Shape.CODE),
        "OBR-15.1.2",
    )
    assert [tuple(coding.values()) for coding in found.rows[0]["a"]] == [("HL70487", "SER", "Serum")]
    assert found.rows[0]["b"] == "Serum"


@pytest.mark.parametrize(
    ("field", "raw", "identifiers"),
    [
        (
            "PID-3",
            "42^^^H&1.2.3&ISO^MR~43^^^WARD^PI~44",
            [("42", "urn:oid:1.2.3", "MR"), ("43", "WARD", "PI"), ("44", None, None)],
        ),
        ("PID-3", "^^^H^MR", []),
        ("PID-3", '""', []),
        ("PID-3", "0042^7^M10^H", [("0042", "H", None)]),
        ("PID-18", "9^^^X&0a1b&UUID^AN", [("9", "urn:uuid:0a1b", "AN")]),
        ("OBR-3", "f^LAB^1.2.3^ISO", [("f", "urn:oid:1.2.3", None)]),
        (
            "OBX-18",
            "m7^MON~m8^^https://x.example/m^URI",
            [("m7", "MON", None), ("m8", "https://x.example/m", None)],
        ),
        ("OBX-16", "77^Doe^Jane^^^^^^HOSP^L^^^NPI", [("77", "HOSP", "NPI")]),
        ("MSH-4", "HOSP^1.2^ISO", [("urn:oid:1.2", None, None)]),
        ("MSH-10", "m1", [("m1", None, None)]),
        ("SPM-2", "p&LAB^f&LAB", [("p", None, None)]),
        ("SPM-2.2", "p&LAB^f&LAB&1.2&ISO", [("f", "urn:oid:1.2", None)]),
    ],
)
def test_identifiers(read: Any, field: str, raw: str, identifiers: list[tuple[str, ...]]) -> None:
    segment, _, number = field.partition(".")[0].partition("-")
    line = f"{segment}|" + "|" * (int(number) - 1) + raw
    header = MSH if segment != "MSH" else "MSH|^~\\&" + "|" * (int(number) - 2) + raw
    found = read([header, *([line] if segment != "MSH" else [])], (field, Shape.IDENTIFIER), each=None)
    assert [tuple(one.values()) for one in found.rows[0]["a"] or []] == identifiers


def test_times_keep_precision_and_offset(read: Any) -> None:
    raws = [
        "202603",
        "20260301081500+0100",
        "20260301^M",
        "20260101^20260131",
        '""',
        "",
        "2026~2027",
        "2026~2026",
    ]
    found = read(
        [MSH, *(f"OBX|{at}|ST|A||x|||||||||{raw}" for at, raw in enumerate(raws))], ("OBX-14", Shape.TIME)
    )
    assert [row["a"] and (row["a"]["start"], row["a"]["end"]) for row in found.rows] == [
        ("202603", None),
        ("20260301081500+0100", None),
        ("20260301", None),
        ("20260101", "20260131"),
        None,
        None,
        None,
        ("2026", None),
    ]
    assert found.codes == ["TM-Q16"]


def test_the_zone_of_the_message(read: Any) -> None:
    lines = [MSH, "OBX|1|ST|A||x", MSH.replace("-0600", ""), "OBX|1|ST|A||x", "MSH|^~\\&", "OBX|1|ST|A||x"]
    assert read(lines, "record:zone").column() == ["-0600", None, None]


def test_the_index_of_a_record(read: Any) -> None:
    lines = [MSH, "OBX|1|ST|A||x", "OBX|1|ST|A||x", MSH, "OBX|1|ST|A||x"]
    assert read(lines, "record:index").column() == ["1", "2", "1"]
    assert read(lines, "record:index", each=None).column() == ["1", "2"]


@pytest.mark.parametrize(
    ("raw", "ends"),
    [
        ("3.5-5.0", ("3.5", "5.0")),
        ("3.5 - 5.0", ("3.5", "5.0")),
        ("-2.0--1.0", ("-2.0", "-1.0")),
        ("0.5 to 2", ("0.5", "2")),
        ("<5", (None, "5")),
        ("<=5", (None, "5")),
        (">10", ("10", None)),
        (">=10", ("10", None)),
        ("3.5-5.0 mmol/L", (None, None)),
        ("negative", (None, None)),
        ("1-2-3", (None, None)),
    ],
)
def test_reference_ranges(read: Any, raw: str, ends: tuple[str | None, str | None]) -> None:
    row = read([MSH, f"OBX|1|NM|A||1|mg/dL|{raw}"], ("OBX-7", Shape.RANGE)).rows[0]
    assert row["a"] == {"low": ends[0], "high": ends[1], "text": raw}


def test_several_values_in_a_text_slot(read: Any) -> None:
    found = read(
        [MSH, PID, "OBX|1|ST|A||x", "OBX|2|ST|A||x"], "PID-3", "PID-3(1)", "PID-3(5=SS)", "PID-3(5=XX)"
    )
    assert [list(row.values())[4:8] for row in found.rows] == [[None, "42", "99", None]] * 2
    assert [(issue.code, issue.path, issue.part, issue.shape) for issue in found.issues] == [
        ("TM-Q16", "PID-3", "OBX[1]", "99^^^X&9.9.9.9&XXX^XX~99^^^^XX".replace("X", "x"))
    ]


def test_key_has_all_values_raw(read: Any) -> None:
    found = read(
        [MSH, PID, "OBX|1|ST|A^a~B||x"], ("OBX-3", Shape.KEY), ("PID-3", Shape.KEY), ("OBX-30", Shape.KEY)
    )
    assert list(found.rows[0].values())[4:7] == ["A^a\x1fB", "42^^^H&1.2.3.4&ISO^MR\x1f99^^^^SS", None]


def test_null_is_not_the_text_of_two_quotes(read: Any) -> None:
    found = read([MSH, 'OBX|1|ST|""^""||x|""'], "OBX-3", "OBX-3.2", "OBX-6")
    assert list(found.rows[0].values())[4:7] == [None, None, None]


def test_limits_of_a_field(read: Any) -> None:
    long, many = "x" * 1_000_001, "~".join(map(str, range(10_001)))
    found = read([MSH, f"OBX|1|ST|A||{long}", f"OBX|2|NM|{many}||1"], ("OBX-5", Shape.VALUE), "OBX-3")
    assert value_of(found, 0) == []
    assert found.column("b") == ["A", None]
    assert found.codes == ["TM-Q15", "TM-Q15"]


# --- references -----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["OBX-5", "PID-3(5=MR).4", "record:index", "record:zone", "ZXY-1"])
def test_parse_takes(path: str) -> None:
    assert READER.parse(path, each="OBX") is None


@pytest.mark.parametrize(
    ("path", "each", "says"),
    [
        ("OBX.5", "OBX", "write OBX-5"),
        ("record:key", "OBX", "record:index and record:zone"),
        ("OBX-5", "OBX-5", "the name of a segment"),
        ("../x", None, "begins with the three characters"),
    ],
)
def test_parse_refuses(path: str, each: str | None, says: str) -> None:
    assert says in (READER.parse(path, each=each) or "")


def test_cells_of_a_reference() -> None:
    assert READER.cells("PID-3(5=MR).4.2") == ("PID-3",)
    assert READER.cells("record:zone") == ("MSH-7",)
    assert READER.cells("record:index") == ()


# --- many rows, and an oracle ---------------------------------------------------------------------


def test_batches_are_cut_and_put_together(tmp_path: Path) -> None:
    path = tmp_path / "many.hl7"
    text = "".join(f"{MSH}\rPID|1||{at}\r" + "OBX|1|NM|A||1\r" * 41 for at in range(3000))
    path.write_text(text, newline="")
    batches = [
        e for e in READER.read(InputFile(1, path, "x"), request("PID-3")) if isinstance(e, pa.RecordBatch)
    ]
    assert [batch.num_rows for batch in batches][:2] == [50_000, 20] or batches[0].num_rows == 50_000
    table = pa.Table.from_batches(batches)
    assert table.num_rows == 123_000
    assert table["a"].to_pylist() == [str(at) for at in range(3000) for _ in range(41)]
    assert table["_record"].to_pylist() == [at for at in range(1, 3001) for _ in range(41)]


NAMES = ["PID", "PV1", "ORC", "OBR", "OBX", "NTE", "SPM", "RXA", "RXR", "DG1", "ZZZ", "ABC"]
WORDS = st.text(alphabet="ab1^~&\\.F ", max_size=6)
LINES = st.tuples(st.sampled_from(NAMES), st.lists(WORDS, max_size=6)).map(
    lambda pair: "|".join((pair[0], *pair[1]))
)
MESSAGES = st.lists(LINES, max_size=12).map(lambda lines: [MSH, *lines])


def slowly(messages: list[list[str]], each: str, number: int) -> Iterator[tuple[int, str | None]]:
    """One field of the record's own segments, read the plain way."""
    for record, lines in enumerate(messages, 1):
        for line in lines:
            fields = line.split("|")
            if fields[0] != each:
                continue
            raw = fields[number] if len(fields) > number else ""
            texts = {unescape(rep.split("^")[0].split("&")[0]).strip() for rep in raw.split("~")} - {""}
            yield record, texts.pop() if len(texts) == 1 else None


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(messages=st.lists(MESSAGES, max_size=6), each=st.sampled_from(NAMES), number=st.integers(1, 7))
def test_columns_agree_with_the_plain_way(
    read: Any, messages: list[list[str]], each: str, number: int
) -> None:
    paths = [f"{each}-{number}", *(f"{name}-1" for name in NAMES)]
    # OBX-5 is read by its type, NTE-3 as one text: they have tests of their own.
    shape = Shape.VALUE if (each, number) in {("OBX", 5), ("NTE", 3)} else Shape.TEXT
    found = read([line for lines in messages for line in lines], (paths[0], shape), *paths[1:], each=each)
    expected = list(slowly(messages, each, number))
    assert [row["_record"] for row in found.rows] == [record for record, _ in expected]
    if shape is Shape.TEXT:
        assert found.column() == [text for _, text in expected]
    named = (cell.removeprefix(AROUND) for row in found.rows for cell in row["_cells"])
    cells = Counter(named) + Counter(found.counts.cells)
    assert found.counts.items == len(found.rows)
    assert all(cell.startswith(each) for row in found.rows for cell in row["_cells"] if cell[0] != AROUND)
    present: Counter[str] = Counter()
    for line in (line for lines in messages for line in lines):
        name, *fields = line.split("|")
        skipped = 1 if name == "MSH" else 0
        present.update(
            f"{name}-{at + skipped}" for at, field in enumerate(fields, 1) if field and at > skipped
        )
    assert cells == present


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=300), start=st.sampled_from([b"", MSH.encode() + b"\r", b"MSH#*+%!#\rOBX#1#"]))
def test_random_bytes_never_fail_and_are_counted(read: Any, data: bytes, start: bytes) -> None:
    assume(not (start + data).startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd")))
    shapes = [("OBX-5", Shape.VALUE), *((f"OBX-{at}", shape) for at, shape in enumerate(Shape, 1))]
    read(start + data, *shapes)
    read(start + data, *shapes, each=None)


def test_several_requests_are_answered_in_one_pass(tmp_path: Path) -> None:
    path = tmp_path / "feed.hl7"
    lines = [
        MSH,
        PID,
        "PV1||I",
        "junk",
        "OBX|1|ST|A||x",
        MSH.replace("ORU^R01^ORU_R01", "ADT^A08"),
        PID,
        "PV1||O",
    ]
    lines += [MSH.replace("ORU^R01^ORU_R01", "ACK"), "MSA|AA", "MSH", "OBX|1"]
    path.write_text("\r".join(lines), newline="")
    file = InputFile(1, path, "feed.hl7")
    requests = [
        request("OBX-3", messages=("ORU^R01",)),
        request("PV1-2", each="PV1"),
        request("MSH-10", each=None, messages=("ADT^*",)),
    ]
    together: list[list[Any]] = [[], [], []]
    for number, event in READER.read_many(file, requests):
        together[number].append(event)
    cells: Counter[str] = Counter()
    for number, one in enumerate(requests):
        alone = list(READER.read(file, one))
        for kind in (pa.RecordBatch, SetAside):
            mine = [event for event in together[number] if isinstance(event, kind)]
            assert mine == [event for event in alone if isinstance(event, kind)]
        counts = next(event for event in together[number] if isinstance(event, FileCounts))
        expected = next(event for event in alone if isinstance(event, FileCounts))
        assert (counts.records, counts.filtered, counts.second) == (4, expected.filtered, 4)
        cells.update(counts.cells)
    assert cells["MSA-1"] == 1
    assert cells["PV1-2"] == 0
    told = [[event for event in events if isinstance(event, (Issue, Note))] for events in together]
    assert [[event.code for event in events] for events in told] == [["TM-Q06", "TM-Q09"], [], []]
    assert told[0][1].message == "messages of type ACK hold no OBX or PV1"


# --- the corpus -----------------------------------------------------------------------------------

ALL = [
    *(("PID-3", Shape.IDENTIFIER), ("OBX-3", Shape.CODE), ("OBX-5", Shape.VALUE), ("OBX-6", Shape.CODE)),
    *(("OBX-14", Shape.TIME), ("OBX-7", Shape.RANGE), ("OBX-18", Shape.IDENTIFIER), ("MSH-10", Shape.KEY)),
    *("OBX-5", "NTE-3", "SPM-4", "record:zone"),
]


def corpus_files(corpus: Path) -> list[Path]:
    folders = [corpus / "hl7v2", corpus / "pairs", corpus / "security" / "made-hostile" / "hl7"]
    found = [path for folder in folders for path in folder.rglob("*") if path.suffix in {".hl7", ".txt"}]
    assert len(found) > 400
    return sorted(found)


@pytest.mark.corpus
def test_every_file_of_the_corpus_is_read_and_its_books_balance(corpus: Path) -> None:
    codes: Counter[str] = Counter()
    messages = observations = 0
    for path in corpus_files(corpus):
        for each in ("OBX", None):
            found = events_of(path, request(*ALL, each=each))
            for row in found.rows:
                for name, (_, shape) in zip("abcdefgh", ALL[:8], strict=True):  # type: ignore[misc]
                    values = row[name] if isinstance(row[name], list) else [row[name]]
                    assert all(
                        value is None or isinstance(value, str) or tuple(value) == SHAPE_FIELDS[shape]
                        for value in values
                    )
            if each:
                messages += found.counts.records
                observations += len(found.rows)
                codes.update(event.code for event in (*found.aside, *found.notes, *found.issues))
    assert messages > 700
    assert observations > 3500
    assert codes["TM-Q08"] >= 1
    assert codes["TM-O04"] >= 2
    assert codes["TM-Q15"] == codes["TM-Q07"] == 0


@pytest.mark.corpus
def test_german_in_three_encodings_reads_the_same(corpus: Path) -> None:
    folder = corpus / "hl7v2" / "derived-charsets"
    read_all = {
        path.name: events_of(path, request("OBX-3.2", "PID-5.1")) for path in sorted(folder.glob("*.hl7"))
    }
    texts = {name: [(row["a"], row["b"]) for row in found.rows] for name, found in read_all.items()}
    assert len({str(text) for text in texts.values()}) == 1
    assert [name for name, found in read_all.items() if found.notes] == ["de_latin1_undeclared.hl7"]
