"""Reading a small file loads no frames: pandas takes 0.2 s of every run that needs none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

MESSAGE = (
    "MSH|^~\\&|LAB|H|X|H|20260301081500||ORU^R01|1|P|2.5.1\rPID|1||42^^^H^MR||||19700305|F\r"
    "OBR|1|||24323-8^Panel^LN\rOBX|1|NM|8867-4^Heart rate^LN||70|/min|60-100||||F|||20260301\rZZZ|1\r"
)
OBSERVATION = (
    '{"resourceType": "Observation", "code": {"coding": [{"code": "1"}]}, "valueQuantity": {"value": 1}}'
)

#: Format -> what the file holds, ``each``, and a reference of each shape.
SMALL = {
    "csv": ("a,b\n1,2\n1\n", None, {"TEXT": "a", "KEY": "b"}),
    "json": ('{"a": {"b": [1, 2]}}', None, {"TEXT": "a.b(1)", "KEY": "a"}),
    "fhir": (
        OBSERVATION,
        "Observation",
        {"TEXT": "id", "CODE": "code", "VALUE": "value", "TIME": "effective"},
    ),
    "hl7v2": (
        MESSAGE,
        "OBX",
        {
            "TEXT": "OBX-2",
            "KEY": "OBX-3",
            "CODE": "OBX-3",
            "VALUE": "OBX-5",
            "RANGE": "OBX-7",
            "TIME": "OBX-14",
            "IDENTIFIER": "PID-3",
        },
    ),
}
SCRIPT = """
import sys
from pathlib import Path
from twinmap import registry
from twinmap.model import Field, InputFile, Request, Shape, SourceOptions
name, path, each, *fields = sys.argv[1:]
asked = tuple(Field(shape, reference, Shape[shape]) for shape, reference in zip(fields[::2], fields[1::2]))
request = Request(each or None, asked, SourceOptions(name))
events = list(registry.load("readers", name).READER.read(InputFile(1, Path(path), "f"), request))
assert sum(getattr(event, "num_rows", 0) for event in events) == 1, events
print("pandas" in sys.modules)
"""


@pytest.mark.parametrize("name", SMALL)
def test_pandas_is_not_imported(tmp_path: Path, name: str) -> None:
    text, each, fields = SMALL[name]
    path = tmp_path / "f"
    path.write_text(text, newline="")
    asked = [part for field in fields.items() for part in field]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, name, str(path), each or "", *asked],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == "False\n"
