"""The command line in this process, in a folder with one file for everything that can be wrong."""

from __future__ import annotations

import gzip
import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from twinmap.cli import main


class Done(NamedTuple):
    """What a command gave."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return self.out + self.err


Cli = Callable[..., Done]

MAPPING = """\
twinmap: 1
id: icu
version: 1.0.0
source: {format: csv, files: vitals.csv, timezone: Europe/Zurich}
systems: {lab: "https://lab.example.org/"}
patient: {id: $(mrn), system: hospital-mrn}
time: {from: $(at), format: dd.MM.yyyy HH:mm}
key: [mrn, at]
observe:
  - heart-rate: {value: $(hr), unit: $(hr_unit)}
  - result:
      code: {from: "lab:$(test)", codes: lab.sssom.tsv, unmapped: report}
      value: $(result)
      unit: $(unit)
"""
HEADER = "mrn,at,hr,hr_unit,test,result,unit\n"
ROW = "42,01.03.2026 08:15,72,/min,GLU,90,mg/dL\n"
CODES = (
    "subject_id\tpredicate_id\tobject_id\tmapping_justification\n"
    "lab:GLU\tskos:exactMatch\tloinc:2345-7\tsemapv:ManualMappingCuration\n"
)
TESTS = """\
tests:
  - name: a heart rate
    given: {mrn: "42", at: 01.03.2026 08:15, hr: 72, hr_unit: /min, test: GLU, result: 90, unit: mg/dL}
    expect: [{code: heart-rate, value: VALUE, unit: /min}]
    findings: []
"""
SHAPES = """\
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix ex: <https://example.org/> .
ex:Shape a sh:NodeShape ; sh:targetClass ex:Patient ; sh:property ex:Shape-name .
ex:Shape-name sh:path ex:name ; sh:minCount 1 .
"""


def _files() -> dict[str, str | bytes]:
    """Every input by name; what is wrong with it is its name."""
    many = HEADER + "".join(ROW.replace("42", str(n), 1) for n in range(2_000))
    return {
        "m.yaml": MAPPING,
        "lab.sssom.tsv": CODES,
        "vitals.csv": HEADER + ROW,
        "no-number.csv": HEADER + ROW.replace("72", "fast"),
        "no-date.csv": HEADER + ROW.replace("01.03", "31.02"),
        "no-unit.csv": HEADER + ROW.replace("/min", "furlongs"),
        "no-code.csv": HEADER + ROW.replace("GLU", "NOPE"),
        "no-column.csv": (HEADER + ROW).replace("hr_unit", "hrunit"),
        "ragged.csv": HEADER + ROW + "43,01.03.2026 08:15\n",
        "empty.csv": "",
        "other.csv": '{"a": 1}\n{"a": 2}\n',
        "cut.csv.gz": gzip.compress(many.encode(), mtime=0)[:2_000],
        "unknown-key.yaml": MAPPING.replace("patient:", "pateint:"),
        "bomb.yaml": "a: &a [x, x]\nb: [*a, *a]\n",
        "warned.yaml": MAPPING.replace(", unmapped: report", ""),
        "good/m.yaml": MAPPING,
        "good/lab.sssom.tsv": CODES,
        "good/m.test.yaml": TESTS.replace("VALUE", "72"),
        "failing/m.yaml": MAPPING,
        "failing/lab.sssom.tsv": CODES,
        "failing/m.test.yaml": TESTS.replace("VALUE", "73"),
        "broken/m.yaml": MAPPING,
        "broken/lab.sssom.tsv": CODES,
        "broken/m.test.yaml": "tests: [{nmae: a}]\n",
        "not-ours/holiday.txt": "a photograph\n",
        "nothing/readme.txt": "no mapping\n",
        "shapes.ttl": SHAPES,
        "fine.ttl": '@prefix ex: <https://example.org/> . ex:a a ex:Patient ; ex:name "A" .\n',
        "wrong.ttl": "@prefix ex: <https://example.org/> . ex:a a ex:Patient .\n",
        "broken.ttl": "@prefix ex: <https://example.org/> . ex:a a \n",
        "graph.xyz": "",
    }


@pytest.fixture(scope="session")
def _prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli")
    for name, content in _files().items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    key = folder / "key"
    key.write_text("ab" * 32)
    assert (
        main(["run", str(folder / "m.yaml"), "-o", str(folder / "done"), "-q", "--key-file", str(key)]) == 0
    )
    return folder


@pytest.fixture
def here(_prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The working folder: the files above, and ``done``, the output of a run of ``m.yaml``."""
    folder = tmp_path / "here"
    shutil.copytree(_prepared, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("TWINMAP_KEY_FILE", str(folder / "key"))
    for name in ("NO_COLOR", "FORCE_COLOR", "CI"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def cli(capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Runs the command line in this process: ``cli("check", "m.yaml").code``."""
    # The command silences this; the test puts it back.
    monkeypatch.setattr(logging, "lastResort", logging.lastResort)

    def run(*arguments: str) -> Done:
        capsysbinary.readouterr()
        code = main(arguments)
        out, err = capsysbinary.readouterr()
        done = Done(code, out.decode(), err.decode())
        assert "Traceback" not in done.said
        return done

    return run
