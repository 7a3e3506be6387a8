"""builtin:hl7v2 on every message of the corpus: each OBX is stated, or there is a reason why not."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.corpus


# --- a splitter of messages that shares nothing with the reader -------------------------------------


def segments(data: bytes) -> Iterator[tuple[int, str, list[str]]]:
    """Number of the message, and name and fields of each of its segments."""
    try:
        text = data.decode("utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8")
    except UnicodeDecodeError:
        text = data.decode("cp1252")
    message, sign = 0, "|"
    for raw in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        line = raw.lstrip("\ufeff\x0b\x1c ")
        if line.startswith("MSH"):
            message, sign = message + 1, line[3:4]
        if message and line:
            yield message, line[:3], line.split(sign)


@dataclass(frozen=True)
class Obx:
    """One OBX: the number of its message, its own in the message, and what it says."""

    message: int
    number: int
    control: str
    kind: str
    code: str
    value: str
    unit: str
    status: str

    @property
    def place(self) -> tuple[int, str]:
        return self.message, f"OBX[{self.number}]"

    @property
    def content(self) -> tuple[str, ...]:
        """What makes it the same observation as another: the message's control id, code, value and unit."""
        code = "^".join(self.code.split("^")[:6])
        return self.control, code, self.value, self.unit.partition("^")[0]


def observations(path: Path) -> Iterator[Obx]:
    number, control = 0, ""
    for message, name, given in segments(path.read_bytes()):
        fields = [*given, *[""] * 12]
        if name == "MSH":
            number, control = 0, fields[9]
        elif name == "OBX":
            number += 1
            kind = fields[2].partition("^")[0]
            yield Obx(message, number, control, kind, fields[3], fields[5], fields[6], fields[11])


# ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made(corpus: Path, make):
    return make("builtin:hl7v2", corpus / "hl7v2", timezone="America/Chicago")


@pytest.fixture(scope="module")
def paths(corpus: Path, made) -> dict[int, Path]:
    """The path of each input by its number; names repeat, so those of one name are told by their order."""
    named: dict[str, list[Path]] = {}
    for path in sorted((corpus / "hl7v2").rglob("*")):
        named.setdefault(path.name, []).append(path)
    return {number: named[name].pop(0) for number, name in sorted(made.files.items())}


#: A number, or what an SN holds: a comparator and one or two numbers.
NUMBER = re.compile(r"(<>|[<>=]=?)?\^?[+-]?\d+(\.\d*)?(\^[-+/:.]?(\^?\d+(\.\d*)?)?)?")


def is_numeric(obx: Obx) -> bool:
    return obx.kind in {"NM", "SN"} and obx.status in {"F", "C", "P", ""}


def test_each_observation_is_stated_or_explained(made, paths, show):
    """Of OBX with OBX-2 NM or SN and OBX-11 F, C, P or empty at least 95 %; the rest by reason."""
    stated = {(row["file"], row["record"], row["part"]) for row in made.table("observation")}
    aside = {(item["file"], item["record"], item["part"]): item["code"] for item in made.quarantine}
    known = {finding.code for finding in made.outcome.findings}
    found = [(number, obx) for number, path in paths.items() for obx in observations(path)]
    said = {obx.content for number, obx in found if (number, *obx.place) in stated}

    def outcome(number: int, obx: Obx) -> str:
        if (number, *obx.place) in stated:
            return "stated"
        if (number, obx.message, "") in aside:
            return f"{aside[number, obx.message, '']} message set aside"
        if (number, *obx.place) in aside:
            return f"{aside[number, *obx.place]} set aside"
        if not obx.value.strip("^ "):
            return "no value in OBX-5"
        if not obx.code.strip("^ "):
            return "TM-Q18 no code"
        if obx.kind in {"NM", "SN"} and not all(NUMBER.fullmatch(part) for part in obx.value.split("~")):
            return "TM-Q11 not a number"
        return "TM-D01 repeated" if obx.content in said else "not explained"

    every = Counter(outcome(number, obx) for number, obx in found)
    numeric = Counter(outcome(number, obx) for number, obx in found if is_numeric(obx))
    total = numeric.total()
    table = [(name, numeric[name], f"{numeric[name] / total:.1%}", n) for name, n in every.most_common()]
    show([("OBX", "NM, SN; F C P", "share", "all"), ("all", total, "", len(found)), *table])
    assert total > 300
    assert len(found) > 3500
    assert {name.split()[0] for name in every if name.startswith("TM-")} <= known
    assert numeric["not explained"] / total <= 0.05
    assert every["not explained"] / len(found) <= 0.01


def test_a_plain_number_is_stated_to_the_letter(made, paths, show):
    """Value and unit of every NM whose OBX is a statement."""
    plain = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")
    stated = {(row["file"], row["record"], row["part"]): row for row in made.table("observation")}
    compared, differ = 0, []
    for number, path in paths.items():
        for obx in observations(path):
            row = stated.get((number, *obx.place))
            if row is not None and obx.kind == "NM" and plain.fullmatch(obx.value):
                compared += 1
                if (row["value_text"], row["unit_raw"]) != (obx.value, obx.unit.partition("^")[0] or None):
                    differ.append((path.name, obx, row["value_text"], row["unit_raw"]))
    show([("compared", compared), ("different", len(differ))])
    assert compared > 100
    assert not differ


#: The segments that builtin:hl7v2 makes records of; RXA only in the messages that say what was given.
RECORDS = {"OBX", "PV1", "DG1", "PR1", "AL1", "RXD", "RXE", "RXO"}


def records(path: Path) -> Counter[int]:
    """How many records each message is: its segments that are one, or one of its own."""
    found: Counter[int] = Counter()
    kind = ""
    for message, name, fields in segments(path.read_bytes()):
        if name == "MSH":
            found[message] = 0
            kind = (*fields, *[""] * 9)[8][:3]
        found[message] += name in RECORDS or (name == "RXA" and kind in {"VXU", "RAS"})
    return Counter({message: max(number, 1) for message, number in found.items()})


def test_all_segments_are_in_the_books(made, paths, show):
    """As many records were read as the segments are, counted in another way."""
    unreadable = {item["file"] for item in made.quarantine if not item["part"]}
    counted = {number: records(path).total() for number, path in paths.items()}
    read = {number: counts["read"] for number, counts in made.files_read.items()}
    other = {
        paths[number].name: (mine, read[number])
        for number, mine in counted.items()
        if mine != read[number] and number not in unreadable
    }
    show(
        [
            *made.books.items(),
            ("files with messages that cannot be read", len(unreadable)),
            *((name, f"{mine} counted, {theirs} read") for name, (mine, theirs) in other.items()),
        ]
    )
    assert made.balanced()
    assert len(unreadable) < 20
    assert len(other) <= 5
    assert made.books["read"] > 4000


def test_every_record_is_in_one_table_or_told(made, show):
    """Places of the tables and of the quarantine are as many as the books say; none is in both."""
    kinds = ("observation", "encounter", "condition", "procedure", "allergy", "immunization", "medication")
    stated = {(row["file"], row["record"], row["part"]) for kind in kinds for row in made.table(kind)}
    aside = {(item["file"], item["record"], item["part"]) for item in made.quarantine}
    silent = sum(finding.count for finding in made.outcome.findings if finding.code == "TM-Q19")
    show([*made.books.items(), ("stated", len(stated)), ("told as silent", silent)])
    assert stated.isdisjoint(aside)
    assert made.books["set_aside"] == len(aside)
    assert made.books["unclaimed"] == silent
    # What was stated before is a duplicate: its record is mapped, and in no table.
    assert len(stated) <= made.books["mapped"] <= len(stated) + made.statements["duplicate"]
