"""The texts for units in all files of the corpus."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

#: Where HL7 v2 has a unit: results, and medicines given, ordered, dispensed and mixed.
_FIELDS = {"OBX": 6, "RXA": 7, "RXE": 5, "RXO": 4, "RXD": 5, "RXC": 4}
_COLUMN = re.compile(r"units?|valueuom|unitname|ieee_uom_ucum|(dose_)?unit_source_value")
_IN_JSON = re.compile(r"unit|[a-z]+Unit")
_IN_XML = re.compile(r' (?:unit|[a-z]\w*Unit)="([^"]*)"')


def _hl7(corpus: Path) -> Iterator[str]:
    for path in corpus.rglob("*"):
        data = path.read_bytes() if path.is_file() else b""
        if not re.search(rb"(?:^|[\r\n\x0b])MSH\|", data[:4000]):
            continue
        for line in re.split(rb"[\r\n]+", data):
            fields = line.split(b"|")
            at = _FIELDS.get(fields[0].decode("latin-1"))
            if at is not None and len(fields) > at:
                yield from (_decoded(each).split("^")[0] for each in fields[at].split(b"~"))


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252")


def _csv(corpus: Path) -> Iterator[str]:
    for path in corpus.rglob("*"):
        if path.suffix.lower() in (".csv", ".tsv"):
            delimiter = "\t" if path.suffix == ".tsv" else ","
            with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
                rows = csv.DictReader(file, delimiter=delimiter)
                names = [name for name in rows.fieldnames or () if _COLUMN.fullmatch(name.strip().lower())]
                for row in rows if names else ():
                    yield from (row[name] or "" for name in names)


def _in_json(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (item for key, item in value.items() if isinstance(item, str) and _IN_JSON.fullmatch(key))
        if value.get("system") == "http://unitsofmeasure.org":
            yield value.get("code", "")
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _in_json(item)


def _loads(text: str) -> Any:
    """What JSON says, as far as it is JSON: some files of the corpus are broken, too deep or of huge numbers."""
    try:
        return json.loads(text, parse_int=float)
    except (json.JSONDecodeError, RecursionError):
        return None


def _json(corpus: Path) -> Iterator[str]:
    for path in corpus.rglob("*json"):
        text = path.read_text(encoding="utf-8-sig", errors="replace") if path.is_file() else "[]"
        whole = _loads(text)
        yield from _in_json([_loads(line) for line in text.splitlines()] if whole is None else whole)


def _xml(corpus: Path) -> Iterator[str]:
    for path in corpus.rglob("*.xml"):
        if "ucum" not in path.relative_to(corpus).parts:
            yield from _IN_XML.findall(path.read_text(errors="replace"))


@pytest.fixture(scope="session")
def unit_texts(corpus: Path) -> dict[str, Counter[str]]:
    """By format, each text that stands where a unit is told, and how often."""
    return {
        read.__name__.removeprefix("_"): Counter(text.strip() for text in read(corpus) if text.strip())
        for read in (_hl7, _csv, _json, _xml)
    }
