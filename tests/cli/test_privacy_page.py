"""docs/privacy.md is true: the files it lists are those of a run, and their permissions, and the shape it shows."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from twinmap.mapping.project import DEFAULT_BASE
from twinmap.privacy import shape

PAGE = (Path(__file__).parents[2] / "docs" / "privacy.md").read_text("utf-8")
#: The table of files: pattern to what it says.
FILES = dict(re.findall(r"^\| `([\w/.*]+\.[\w*]+)`(?:, SARIF)? \| (.*) \|$", PAGE, re.MULTILINE))


def test_the_files_are_those_of_a_run(here: Path, cli: Any) -> None:
    patient = "patient: {id: $(mrn), system: hospital-mrn"
    text = Path("m.yaml").read_text().replace(patient, f"{patient}, identifiers: $(mrn)")
    Path("m.yaml").write_text(text)
    out = here / "out"
    assert cli("run", "m.yaml", "-o", "out").code == 0
    assert len(FILES) > 8
    assert [pattern for pattern in FILES if not any(out.glob(pattern))] == []
    written = [path for path in out.rglob("*") if path.is_file()]
    assert [path for path in written if not any(path in out.glob(pattern) for pattern in FILES)] == []
    private = {pattern for pattern, text in FILES.items() if "permissions 0600" in text}
    assert len(private) == 2
    for pattern in private:
        assert (out / pattern).stat().st_mode & 0o777 == 0o600


def test_a_record_in_the_quarantine_has_the_names_of_its_fields(here: Path, cli: Any) -> None:
    mapping = Path("m.yaml").read_text().replace("unmapped: report", "unmapped: quarantine")
    Path("aside.yaml").write_text(mapping)
    assert cli("run", "aside.yaml", "-s", "no-code.csv", "-o", "out", "--engine", "none").code == 0
    (line,) = Path("out/quarantine.jsonl").read_text().splitlines()
    (fields,) = json.loads(json.loads(line)["raw"])
    assert (fields["mrn"], fields["test"], fields["result"]) == ("42", "NOPE", "90")


def test_the_shape_and_the_base_are_those_that_are_shown() -> None:
    value, form = re.findall(r"`(12\.5 mmHg)` is\n`(.+?)`", PAGE)[0]
    assert shape(value) == form
    assert f"`{DEFAULT_BASE}`" in PAGE
    assert f"`{DEFAULT_BASE}`" in (Path(__file__).parents[2] / "docs" / "graph.md").read_text("utf-8")
