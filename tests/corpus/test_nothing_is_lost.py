"""Every file of the corpus goes through its reader without a crash, and the books balance."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from twinmap.errors import InputOutputError

pytestmark = pytest.mark.corpus

FHIR = [
    "fhir/fhir-converter-stu3", "fhir/fhir-test-cases-examples", "fhir/gematik-isik", "fhir/ips",
    "fhir/r4-examples-bundle", "fhir/r4-examples-clinical", "fhir/r4-examples-patient", "fhir/synthea-stu3",
    "fhir-ndjson/mii-vhf", "fhir-ndjson/pathling",
]  # fmt: skip

#: Any table: each cell of a row is an observation, its column the code.
ANY_TABLE = """\
twinmap: 1
id: any-table
version: 1.0.0
source: {format: csv, files: "*.[cC][sS][vV]", encoding: [utf-8, cp1252], delimiter: "DELIMITER"}
systems: {column: "https://columns.example.org/"}
patient: {id: $(file:stem), system: tables}
each: "*"
key: [record:index, record:key]
observe: {result: {code: column:$(record:key), value: $(.)}}
"""


def as_one_folder(paths: list[Path], folder: Path) -> Path:
    """The files in one folder, each with a name of its own."""
    for number, path in enumerate(paths):
        shutil.copyfile(path, folder / f"{number:03}-{path.name}")
    return folder


def test_fhir(corpus, make, show, tmp_path):
    paths = [path for name in FHIR for path in sorted((corpus / name).rglob("*.*json"))]
    made = make("builtin:fhir-r4", as_one_folder(paths, tmp_path), engine="none")
    show([("files", len(paths)), *made.books.items(), *made.statements.items()])
    assert made.books["mapped"] > 500
    assert made.balanced()


def test_invalid_fhir(corpus, make, show):
    """Resources that a validator refuses: each is read as far as it goes, or set aside."""
    made = make("builtin:fhir-r4", corpus / "fhir-invalid", engine="none")
    codes = sorted({finding.code for finding in made.outcome.findings if finding.code[3] in "QO"})
    show([*made.books.items(), ("findings", " ".join(codes))])
    assert {"TM-Q04", "TM-Q05"} & set(codes)
    assert made.balanced()


def test_wearable_json(corpus, make, show, tmp_path):
    """Exports of other formats, and data points that a schema refuses: told, never lost."""
    paths = sorted((corpus / "wearable").rglob("*.json"))
    made = make("builtin:openmhealth", as_one_folder(paths, tmp_path), engine="none", patient="p-1")
    show([("files", len(paths)), *made.books.items(), *made.statements.items()])
    assert made.books["read"] > 250
    assert made.balanced()


@pytest.mark.parametrize(("delimiter", "folders"), [
    (",", ["bp-monitor-app", "derived-omron-layouts", "fitbit-fitabase", "omop-synthea27nj", "tasrif"]),
    (";", ["derived-cgm-layouts", "derived-locales"]),
])  # fmt: skip
def test_any_table(corpus, make, show, tmp_path, delimiter, folders):
    paths = [path for name in folders for path in sorted((corpus / "csv" / name).glob("*.[cC][sS][vV]"))]
    (tmp_path / "data").mkdir()
    mapping = tmp_path / "any-table.yaml"
    mapping.write_text(ANY_TABLE.replace("DELIMITER", delimiter), "utf-8")
    made = make(mapping, as_one_folder(paths, tmp_path / "data"), engine="none")
    show([("files", len(paths)), *made.books.items(), *made.statements.items()])
    assert made.books["mapped"] > 500
    assert made.balanced()


def test_another_format_is_refused_whole(corpus, make):
    """A table is no HL7 v2, whatever the name of the file: one error, no half of an output."""
    with pytest.raises(InputOutputError):
        make("builtin:hl7v2", corpus / "csv" / "synthea-dbt" / "patients.csv", timezone="UTC")
