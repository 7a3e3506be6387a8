"""The units of real files: each is UCUM, an alias, or known to be left open."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from twinmap.terms.units import resolve

#: Texts in unit fields of real files that name no unit, or one that nobody can know.
NO_UNIT = {
    *("*", "Unit1", "foo", "testUnit", "n/a", "null"),
    *("Container", "OPDROP", "RECSUPP", "VAGTAB", "Tablet - unit of product usage", "md/dL"),
}
#: Texts that may mean several units.
SEVERAL = {"C", "F", "G", "U", "Units", "unit", "m", "g/cm-2"}


def _hl7(corpus: Path) -> Iterator[str]:
    for path in (corpus / "hl7v2").rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            try:
                text = data.decode("utf-8-sig")
            except UnicodeDecodeError:
                text = data.decode("cp1252", "replace")
            for line in re.split(r"[\r\n]+", text):
                fields = line.split("|")
                if fields[0] == "OBX" and len(fields) > 6:
                    yield fields[6].split("^")[0]


def _csv(corpus: Path) -> Iterator[str]:
    for path in [*(corpus / "csv").rglob("*.csv"), *(corpus / "csv").rglob("*.CSV")]:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            for row in csv.DictReader(file):
                yield from (row.get(name) or "" for name in ("UNITS", "unit_source_value"))


def _in_json(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("unit"), str):
            yield value["unit"]
        if value.get("system") == "http://unitsofmeasure.org" and "value" in value:
            yield value.get("code", "")
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _in_json(item)


def _loads(line: str) -> Any:
    try:
        return json.loads(line)
    except json.JSONDecodeError:
        return None


def _json(corpus: Path) -> Iterator[str]:
    for folder in ("fhir", "fhir-ndjson", "wearable", "terminology/iomt-fhir-templates"):
        for path in (corpus / folder).rglob("*json"):
            text = path.read_text(encoding="utf-8-sig", errors="replace") if path.is_file() else "[]"
            try:
                documents = [json.loads(text)]
            except json.JSONDecodeError:
                documents = [_loads(line) for line in text.splitlines()]
            yield from _in_json(documents)


def _xml(corpus: Path) -> Iterator[str]:
    for folder in ("wearable", "cda"):
        for path in (corpus / folder).rglob("*.xml"):
            yield from re.findall(r' unit="([^"]*)"', path.read_text(errors="replace"))


@pytest.mark.corpus
@pytest.mark.parametrize(("read", "at_least"), [(_hl7, 50), (_csv, 25), (_json, 130), (_xml, 40)])
def test_units_of_real_files(corpus, read, at_least):
    texts = {text for text in read(corpus) if text}
    by_status: dict[str, set[str]] = {}
    for text in texts:
        by_status.setdefault(resolve(text).status, set()).add(text)
    assert len(texts) >= at_least
    assert by_status.get("unknown", set()) <= NO_UNIT
    assert by_status.get("ambiguous", set()) <= SEVERAL
