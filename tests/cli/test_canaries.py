"""No patient value leaves by a message: planted values are looked for in all that is shown or reported.

Exempt are the places that are made for raw data and say so: ``tables/*.parquet``, ``quarantine.jsonl``,
``validation.ttl`` and the graph, whose literals hold results, and never its IRIs. A code is no value: one
without a target is kept as received, and is named by the graph and by the report.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from twinmap.errors import Exit

NAME, NUMBER, WORD, NOTE = "Zebedee", "7755123499", "quagmire", "whispered"
CODE = "LOCAL-1"
CANARIES = (NAME, NUMBER, WORD, NOTE, "19780217", "1978-02-17", "17.02.1978", "Feldweg")

#: A column that is named in findings: names of columns are no values.
COLUMN = f"{WORD}-unit"

FIELDS = """\
patient: {id: $(mrn), system: hospital-mrn, birth-date: $(born), sex: {from: $(sex), map: {f: female}, unmapped: report}}
device: {id: $(monitor), type: patient-monitor}
time: {from: $(at), format: dd.MM.yyyy HH:mm}
observe:
  - heart-rate: {value: $(hr), unit: $(hr_unit), site: {from: $(site), map: {w: wrist}, unmapped: report}}
  - result: {code: {from: "lab:$(test)", codes: lab.sssom.tsv, unmapped: report}, value: $(result), unit: $(unit)}
"""
HEAD = """\
twinmap: 1
id: icu
version: 1.0.0
source: {format: FORMAT, timezone: Europe/Zurich}
systems: {lab: "https://lab.example.org/"}
"""
COLUMNS = ["mrn", "at", "hr", "hr_unit", "site", "test", "result", "unit", "monitor", "note", "born", "sex"]
GOOD = f"{NUMBER},01.03.2026 08:15,72,/min,w,GLU,90,mg/dL,{NUMBER},{NOTE},1978-02-17,f".split(",")
#: Columns where a canary is a value that cannot be used.
BAD = {
    "hr": f"{NUMBER}x",
    "at": "17.02.1978",
    "hr_unit": WORD,
    "site": WORD,
    "test": CODE,
    "result": f"{NAME} Feldweg 7",
    "unit": WORD,
    "born": "17.02.1978",
    "sex": NAME,
}


def rows() -> list[list[str]]:
    """A good row, and one for each value that cannot be used."""
    made = [GOOD]
    for number, (column, value) in enumerate(BAD.items()):
        row = list(GOOD)
        row[COLUMNS.index(column)] = value
        if column != "at":
            row[1] = f"01.03.2026 09:{number:02}"
        made.append(row)
    return made


def csv_text() -> str:
    return "".join(",".join(row) + "\n" for row in [COLUMNS, *rows()])


def json_text() -> str:
    return json.dumps([dict(zip(COLUMNS, row, strict=True)) for row in rows()])


HL7 = "\r".join(
    (
        "MSH|^~\\&|LAB|H|X|H|20260301081500||ORU^R01|1|P|2.5.1",
        f"PID|1||{NUMBER}^^^H^MR||{NAME}^{WORD}||19780217|F|||Feldweg 7",
        "OBR|1|||GLU^Glucose^L|||20260301081500",
        f"OBX|1|NM|GLU^Glucose^L||{NAME}|mg/dL|||||F",
        f"OBX|2|NM|{CODE}^{NAME}^L||90|{WORD}|||||F|||19780217",
        f"OBX|3|XX|GLU^Glucose^L||{NOTE}|mg/dL|||||{NAME}",
        f"NTE|1||{NOTE} \\Z99\\",
    )
)
HL7_FIELDS = """\
patient: {id: $(PID-3(5=MR)), identifiers: $(PID-3), birth-date: $(PID-7), sex: $(PID-8)}
each: OBX
key: [MSH-10, OBX-1]
time: $(OBX-14) | $(OBR-7)
status: $(OBX-11)
observe:
  - result: {code: {from: $(OBX-3), codes: lab.sssom.tsv, unmapped: report}, value: $(OBX-5), unit: $(OBX-6)}
"""


def bundle() -> str:
    """A FHIR bundle with canaries in names, identifiers, codes, units, times, and in what is malformed."""

    def observation(number: int, **about: Any) -> dict[str, Any]:
        coding = {"system": "http://loinc.org", "code": "8867-4"}
        quantity = {"value": 72, "unit": WORD, "system": "http://unitsofmeasure.org", "code": WORD}
        return {
            "resource": {
                "resourceType": "Observation",
                "id": f"{NAME}-{number}",
                "status": "final",
                "code": {"coding": [coding], "text": NOTE},
                "subject": {"reference": f"Patient/{NUMBER}"},
                "effectiveDateTime": "2026-03-01T08:15:00+01:00",
                "valueQuantity": quantity,
                **about,
            }
        }

    patient = {
        "resourceType": "Patient",
        "id": NUMBER,
        "name": [{"family": NAME, "given": [WORD]}],
        "birthDate": "1978-02-17",
        "gender": WORD,
        "identifier": [{"system": "urn:oid:2.999.1", "value": NUMBER}],
    }
    entries = [
        {"resource": patient},
        observation(1),
        observation(2, effectiveDateTime=f"17.02.1978 {NAME}"),
        observation(3, code={"coding": [{"system": "https://lab.example/", "code": CODE, "display": NAME}]}),
        observation(4, subject={"reference": f"Patient/{NAME}"}),
        observation(5, status=WORD),
        observation(6, valueQuantity={"value": NAME}),
        {"resource": {"resourceType": WORD, "id": NAME}},
    ]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})


FHIR_FIELDS = """\
patient: {id: "$(Patient.identifier(system=urn:oid:2.999.1)) | $(subject.reference)"}
observe: auto
"""

#: Format -> the mapping's blocks, and the inputs: fine ones with odd values, and broken ones.
INPUTS: dict[str, tuple[str, dict[str, str | bytes]]] = {
    "csv": (
        f"key: [mrn, at]\nignore: [note]\n{FIELDS}",
        {
            "odd values": csv_text(),
            "ragged": f"{csv_text()}{NAME},{NUMBER}\n",
            "an open quote": f'{csv_text()}{NUMBER},"{NAME},{WORD}\n{NOTE}\n',
            "bytes of no encoding": csv_text().encode() + f"{NAME},".encode() + b"\xff\xfe\xfa\n",
            "another table": f"{NAME},{WORD}\n{NUMBER},{NOTE}\n",
            "a column twice": f"{NAME},{NAME}\n{NUMBER},{NOTE}\n",
            "a lacking column": csv_text().replace("hr_unit", COLUMN, 1),
            "no header": "\n".join(csv_text().splitlines()[1:]),
        },
    ),
    "json": (
        f"key: [mrn, at]\nignore: [note]\n{FIELDS}",
        {
            "odd values": json_text(),
            "cut": json_text()[:-40],
            "a key twice": f'[{{"mrn": "{NUMBER}", "mrn": "{NAME}"}}]',
            "no JSON": f"{NAME} {WORD}",
            "no number": f'{{"mrn": {NUMBER}.{NUMBER}e{NUMBER}, "hr": NaN, "note": {NAME}}}',
        },
    ),
    "hl7v2": (
        HL7_FIELDS,
        {
            "odd values": HL7,
            "cut": HL7[:-60],
            "no message": f"{NAME}|{WORD}",
            "no patient": HL7.replace(f"PID|1||{NUMBER}^^^H^MR", "PID|1||"),
        },
    ),
    "fhir": (
        FHIR_FIELDS,
        {
            "odd values": bundle(),
            "cut": bundle()[:-60],
            "no FHIR": json.dumps({"resourceType": NAME, "id": NUMBER}),
        },
    ),
}
CASES = [
    pytest.param(name, what, id=f"{name}: {what}") for name, (_, inputs) in INPUTS.items() for what in inputs
]


@pytest.fixture
def project(here: Path) -> Path:
    """The mapping and the input of a case; ``lab.sssom.tsv`` is there."""
    (here / "lab.sssom.tsv").write_text(
        "subject_id\tpredicate_id\tobject_id\tmapping_justification\n"
        "lab:GLU\tskos:exactMatch\tloinc:2345-7\tsemapv:ManualMappingCuration\n"
    )
    return here


def prepare(name: str, what: str) -> None:
    blocks, inputs = INPUTS[name]
    Path("c.yaml").write_text(HEAD.replace("FORMAT", name) + blocks)
    content = inputs[what]
    Path("input").write_bytes(content if isinstance(content, bytes) else content.encode())


def leaks(text: str) -> list[str]:
    return [canary for canary in CANARIES if canary.casefold() in text.casefold()]


def iris(graph: str) -> Iterator[str]:
    return (match[0] for match in re.finditer(r"<[^<>]*>", graph))


def published(folder: Path) -> Iterator[tuple[str, str]]:
    """Every published text that is no place for raw data, and all names."""
    for path in sorted(folder.rglob("*")):
        yield f"the name of {path.name}", str(path.relative_to(folder))
        if path.name in {"quarantine.jsonl", "validation.ttl"} or path.suffix == ".parquet" or path.is_dir():
            continue
        text = path.read_text("utf-8")
        yield path.name, "\n".join(iris(text)) if path.name == "graph.nq" else text


def assert_private(where: str, text: str) -> None:
    found = leaks(text)
    lines = [line for line in text.splitlines() if leaks(line)]
    assert not found, f"{where} shows {found}: {lines[:3]}"


@pytest.mark.parametrize(("name", "what"), CASES)
def test_a_run_shows_no_value(name: str, what: str, project: Path, cli: Any) -> None:
    prepare(name, what)
    for more in ((), ("--on-error", "stop"), ("--fail-on", "info", "--report", "sarif:-")):
        done = cli("run", "c.yaml", "-s", "input", "-o", "out", "--jobs", "1", *more)
        assert done.code < Exit.INTERNAL, done.err
        assert_private("the terminal", done.said.replace(COLUMN, ""))
        if (project / "out").is_dir():
            for where, text in published(project / "out"):
                assert_private(where, text)
    if (project / "out" / "manifest.json").exists():
        for fmt in ("text", "concise", "csv", "json", "sarif", "html"):
            assert_private(f"the report as {fmt}", cli("report", "out", "-f", fmt).said)
        assert_private("validate", cli("validate", "out", "-f", "json").said)


@pytest.mark.parametrize("name", INPUTS)
def test_the_canaries_are_read(name: str, project: Path, cli: Any) -> None:
    """The same runs keep the values where they belong: they were not merely skipped."""
    prepare(name, "odd values")
    assert cli("run", "c.yaml", "-s", "input", "-o", "out", "-q", "--engine", "none").code == Exit.OK
    import pyarrow.parquet as pq

    kept = [str(pq.read_table(path).to_pylist()) for path in (project / "out" / "tables").glob("*.parquet")]
    kept.append((project / "out" / "quarantine.jsonl").read_text())
    assert set(leaks("".join(kept))) >= {NAME, WORD}


@pytest.mark.parametrize(("name", "what"), CASES)
def test_check_shows_no_value(name: str, what: str, project: Path, cli: Any) -> None:
    prepare(name, what)
    assert_private("check", cli("check", "c.yaml", "--against", "input").said.replace(COLUMN, ""))


def test_columns_are_named_and_cells_are_not(project: Path, cli: Any) -> None:
    """Names of columns are no values: the finding needs them."""
    prepare("csv", "a lacking column")
    done = cli("check", "c.yaml", "--against", "input")
    assert 'column "hr_unit" is not in input' in done.err
    assert COLUMN in done.err
    assert_private("check", done.err.replace(COLUMN, ""))


@pytest.mark.parametrize("engine", ["shacl", "pyshacl"])
def test_a_violation_shows_no_value(engine: str, here: Path, cli: Any) -> None:
    """Values that break a shape, and a literal that rdflib would log in full."""
    Path("shapes.ttl").write_text(
        "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix ex: <https://example.org/> .\n"
        "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n"
        "ex:S a sh:NodeShape ; sh:targetClass ex:P ; sh:property ex:S-age , ex:S-name .\n"
        "ex:S-age sh:path ex:age ; sh:datatype xsd:integer .\n"
        'ex:S-name sh:path ex:name ; sh:maxLength 3 ; sh:message "too long: {?value}" .\n'
    )
    Path("g.ttl").write_text(
        "@prefix ex: <https://example.org/> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n"
        f'ex:{NUMBER} a ex:P ; ex:age "{NAME}"^^xsd:integer ; ex:name "{WORD}" .\n'
    )
    for fmt in ("text", "concise", "csv", "json", "sarif", "html"):
        done = cli("validate", "g.ttl", "--shapes", "shapes.ttl", "--engine", engine, "-f", fmt)
        assert done.code == Exit.FINDINGS
        assert_private(f"validate -f {fmt}", done.said)


def test_a_graph_that_is_not_rdf_shows_no_value(here: Path, cli: Any) -> None:
    Path("g.ttl").write_text(f'<https://example.org/{NUMBER}> a "{NAME} <{WORD}> .\n')
    done = cli("validate", "g.ttl")
    assert done.code == Exit.INPUT_OUTPUT
    assert_private("validate", done.said)


def test_sarif_and_html_name_no_file(project: Path, cli: Any) -> None:
    """Names of input files are personal data: the terminal may show them, what is passed on may not."""
    prepare("csv", "ragged")
    file = f"{NAME}.csv"
    Path("input").rename(file)
    assert cli("run", "c.yaml", "-s", file, "-o", "out", "-q").code == Exit.OK
    for fmt in ("sarif", "html"):
        assert_private(f"the report as {fmt}", cli("report", "out", "-f", fmt).said)
    for where, text in published(project / "out"):
        if where not in {"manifest.json", "findings.jsonl"}:
            assert_private(where, text)
