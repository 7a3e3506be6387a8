"""The same inputs, mapping, versions and key give the same bytes, whatever the machine is like."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
RECORDS = 100_000
MAPPING = """
twinmap: 1
id: ward
version: 1.0.0
source: {format: csv, files: "*.csv", timezone: Europe/Zurich}
patient: {id: $(pid), system: mrn, sex: {from: $(sex), map: {f: female, m: male}}}
encounter: $(stay)
key: [id]
time: {from: $(at), format: yyyy-MM-dd HH:mm}
device: {id: $(device), type: patient-monitor}
observe:
  - {when: {unit: kPa}, blood-pressure: {systolic: $(sbp), diastolic: $(dbp), unit: $(unit), site: upper-arm}}
  - {when: {unit: mmHg}, systolic-blood-pressure: {value: $(sbp), unit: $(unit), site: upper-arm}}
ignore: [note]
"""
RUN = """
import sys
from pathlib import Path
from twinmap.api import run
if __name__ == "__main__":
    run(sys.argv[1], out=sys.argv[2], key_file=Path(sys.argv[3]), jobs=int(sys.argv[4]), engine="none")
"""


def _write(path: Path, start: int) -> None:
    """A file with quoted newlines, a ragged row, an open quote, values that are no numbers."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("id,pid,sex,stay,at,device,sbp,dbp,unit,note\n")
        for n in range(start, start + RECORDS):
            day, minute = n % 28 + 1, n % 60
            note = '"two\nlines"' if n % 50 == 0 else "é µ"
            sbp = "high" if n % 997 == 0 else 100 + n % 60
            unit = "kPa" if n % 3 == 0 else "mmHg"
            at = f"2026-03-{day:02} {n % 24:02}:{minute:02}"
            file.write(
                f"{n},p{n % 1009},{'fm'[n % 2]},s{n // 7},{at},M{n % 5},{sbp},{60 + n % 40}.5,{unit},{note}\n"
            )
        file.write(f'{n}x,p1,f,s1\n{n}y,p2,"m,s2,2026-03-01 08:00,M1,120,80,mmHg,\n')


def test_the_same_bytes_everywhere(tmp_path: Path) -> None:
    """Hash seed, time zone, locale and the number of workers do not change the graph or the tables."""
    (tmp_path / "ward.yaml").write_text(MAPPING)
    (tmp_path / "run.py").write_text(RUN)
    _write(tmp_path / "a.csv", 0)
    _write(tmp_path / "b.csv", RECORDS)
    machines = [
        {"PYTHONHASHSEED": "1", "TZ": "UTC", "LC_ALL": "C.UTF-8", "jobs": "1"},
        {"PYTHONHASHSEED": "2", "TZ": "America/New_York", "LC_ALL": "C", "jobs": "2"},
        {"PYTHONHASHSEED": "3", "TZ": "Asia/Kolkata", "LC_ALL": "de_DE.UTF-8", "jobs": "3"},
    ]
    hashes = []
    for number, machine in enumerate(machines):
        out = tmp_path / f"out{number}"
        jobs = machine.pop("jobs")
        command = [sys.executable, "run.py", "ward.yaml", str(out), str(ROOT / "examples" / "demo.key"), jobs]
        subprocess.run(command, cwd=tmp_path, env={**os.environ, **machine}, check=True)
        files = sorted(path for path in out.rglob("*") if path.suffix in {".nq", ".parquet", ".jsonl"})
        hashes.append({str(path.relative_to(out)): _sha256(path) for path in files})
    assert "tables/observation.parquet" in hashes[0]
    assert hashes[0] == hashes[1] == hashes[2]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
