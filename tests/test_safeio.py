"""Files at the border: read within bounds, published whole or not at all."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from twinmap import api, safeio
from twinmap.errors import InputOutputError, UsageError
from twinmap.limits import LIMITS

ROOT = Path(__file__).parent.parent
KEY = ROOT / "examples" / "demo.key"
MAPPING = """
twinmap: 1
id: ward
version: 1.0.0
source: {format: csv, files: "*.csv", timezone: UTC}
patient: {id: $(pid), system: mrn, sex: $(sex)}
key: [id]
time: $(at)
observe:
  heart-rate: {value: $(hr), unit: /min}
"""


def project(folder: Path, rows: int, *, first: int = 60) -> Path:
    """A mapping with its data; returns the mapping."""
    folder.mkdir(exist_ok=True)
    lines = [f"{n},p{n % 2},f,2026-03-01T08:{n % 60:02}:00,{first + n % 40}" for n in range(rows)]
    (folder / "a.csv").write_text("id,pid,sex,at,hr\n" + "\n".join(lines) + "\n1,2\n")
    (folder / "ward.yaml").write_text(MAPPING)
    return folder / "ward.yaml"


def run(mapping: Path, out: Path) -> None:
    api.run(mapping, out=out, key_file=KEY, jobs=1, engine="none")


def content(folder: Path) -> dict[str, bytes]:
    """Every file of an output folder but those that tell the time."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    exempt = {"manifest.json", "report.html", "run.ttl"}
    return {str(path.relative_to(folder)): path.read_bytes() for path in files if path.name not in exempt}


def is_complete(folder: Path) -> bool:
    """Whether there is a manifest, and every file that it lists stands there as listed, and no other."""
    manifest = folder / "manifest.json"
    if not manifest.exists():
        return False
    outputs = json.loads(manifest.read_text())["outputs"]
    there = {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and ".twinmap" not in path.relative_to(folder).parts
    }
    assert set(outputs) == there - {"manifest.json"}
    for name, listed in outputs.items():
        assert safeio.sha256(folder / name) == listed["sha256"], f"{name} is torn"
    return True


# --- killed at any moment ---------------------------------------------------------------------------

#: Runs a mapping in child processes that kill themselves before the n-th time that they touch a file.
KILLED = """
import os, pathlib, shutil, signal, sys
from pathlib import Path
import duckdb, pyarrow.parquet
from twinmap import api, safeio
from twinmap.engine.duck import Duck

left = 0

def counted(of, name):
    original = getattr(of, name)
    def call(*args, **kwargs):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*args, **kwargs)
    setattr(of, name, call)

for name in ("replace", "unlink", "mkdir", "write_text", "open"):
    counted(pathlib.Path, name)
counted(shutil, "rmtree")
counted(Duck, "to_parquet")
counted(Duck, "texts")
counted(os, "fsync")
mapping, key = sys.argv[1], Path(sys.argv[2])
for point, out in zip(sys.argv[3::2], sys.argv[4::2]):
    child = os.fork()
    if child == 0:
        left = int(point)
        api.run(mapping, out=out, key_file=key, jobs=1, engine="none")
        print(left, flush=True)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    print(point, "killed" if os.WIFSIGNALED(status) else "ended", flush=True)
"""
MANY = 1_000_000


def test_killed_at_any_moment(tmp_path: Path) -> None:
    """What stands under a final name is complete, and the next run repairs what a killed one left."""
    script = tmp_path / "killed.py"
    script.write_text(KILLED)
    old, new = project(tmp_path / "old", 30), project(tmp_path / "new", 40, first=90)
    before, after = tmp_path / "before", tmp_path / "after"
    run(old, before)
    run(new, after)
    wanted = {"old": content(before), "new": content(after)}

    def killed(points: list[int]) -> list[str]:
        command = [sys.executable, str(script), str(new), str(KEY)]
        for point in points:
            shutil.copytree(before, tmp_path / f"out{point}")
            command += [str(point), str(tmp_path / f"out{point}")]
        found = subprocess.run(command, capture_output=True, text=True, check=False)
        assert found.returncode == 0, found.stderr
        return found.stdout.split()

    whole = killed([MANY])
    assert whole[-1] == "ended"
    points = MANY - int(whole[0])
    # Most of the last of them publish; and some of the others.
    chosen = sorted({*range(points - 30, points + 1, 2), *random.Random(7).sample(range(1, points - 30), 5)})
    assert killed(chosen).count("killed") == len(chosen)
    repaired = 0
    for point in chosen:
        out = tmp_path / f"out{point}"
        if is_complete(out):
            assert content_without_work(out) in wanted.values()
        else:
            repaired += 1
            run(new, out)
            assert is_complete(out)
            assert content(out) == wanted["new"]
    assert repaired > 3, "no run was killed while it published"


def content_without_work(folder: Path) -> dict[str, bytes]:
    return {name: data for name, data in content(folder).items() if not name.startswith(".twinmap")}


def test_killed_by_the_clock(tmp_path: Path) -> None:
    """The same at moments that nobody chose."""
    mapping, out = project(tmp_path / "data", 3000), tmp_path / "out"
    code = "import sys; from pathlib import Path; from twinmap import api; "
    code += f"api.run({str(mapping)!r}, out={str(out)!r}, key_file=Path({str(KEY)!r}), jobs=1, engine='none')"
    moments = random.Random(11)
    for _ in range(4):
        with contextlib.suppress(subprocess.TimeoutExpired):  # it is killed
            subprocess.run(
                [sys.executable, "-c", code],
                capture_output=True,
                timeout=moments.uniform(0.5, 1.5),
                check=False,
            )
        if out.exists():
            is_complete(out)
    run(mapping, out)
    assert is_complete(out)


# --- writing fails ----------------------------------------------------------------------------------


LIMITED = """
import resource, sys
from pathlib import Path
from twinmap import api
from twinmap.errors import TwinmapError
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[4]),) * 2)
try:
    api.run(sys.argv[1], out=sys.argv[2], key_file=Path(sys.argv[3]), jobs=1, engine="none")
except TwinmapError as error:
    print(error.message)
    sys.exit(error.exit_code)
"""


@pytest.mark.parametrize("size", [2_000, 200_000])
def test_a_file_may_not_grow(tmp_path: Path, size: int) -> None:
    out = tmp_path / "out"
    run(project(tmp_path / "old", 10), out)
    old = content(out)
    script = tmp_path / "limited.py"
    script.write_text(LIMITED)
    command = [
        sys.executable,
        str(script),
        str(project(tmp_path / "new", 4000)),
        str(out),
        str(KEY),
        str(size),
    ]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 3, found.stderr[-2000:]
    assert found.stdout.count("\n") == 1
    assert content(out) == old
    assert not (out / ".twinmap").exists()


def test_a_full_disk(tmp_path: Path) -> None:
    """A real one: a small file system in memory."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    made = mount and subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if not made or made.returncode:
        pytest.skip("no file system may be mounted here")
    try:
        out = disk / "out"
        run(project(tmp_path / "old", 10), out)
        old = content(out)
        for rows in (2000, 8000, 20000):
            with pytest.raises(InputOutputError) as caught:
                run(project(tmp_path / "new", rows), out)
            assert "no space left" in caught.value.message
            assert content(out) == old
            assert not (out / ".twinmap").exists()
    finally:
        subprocess.run(["umount", str(disk)], check=True)


# --- whose folder it is -----------------------------------------------------------------------------


def test_a_folder_of_others_is_left_alone(tmp_path: Path) -> None:
    mapping, out = project(tmp_path / "data", 5), tmp_path / "out"
    out.mkdir()
    (out / "thesis.doc").write_text("years of work")
    with pytest.raises(UsageError) as caught:
        run(mapping, out)
    assert caught.value.findings[0].code == "TM-O07"
    assert (out / "thesis.doc").read_text() == "years of work"


def test_what_a_killed_run_left_does_not_make_a_folder_ours(tmp_path: Path) -> None:
    """A first run was killed; then somebody put a file there."""
    mapping, out = project(tmp_path / "data", 5), tmp_path / "out"
    (out / ".twinmap" / "publish").mkdir(parents=True)
    (out / "thesis.doc").write_text("years of work")
    with pytest.raises(UsageError):
        run(mapping, out)
    assert (out / "thesis.doc").read_text() == "years of work"


def test_files_that_others_put_beside_ours_are_kept(tmp_path: Path) -> None:
    mapping, out = project(tmp_path / "data", 5), tmp_path / "out"
    run(mapping, out)
    (out / "notes.txt").write_text("mine")
    run(mapping, out)
    assert (out / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("name", ["..", "../precious", "/", ".twinmap/lock", ""])
def test_a_manifest_names_nothing_outside_of_its_folder(tmp_path: Path, name: str) -> None:
    """Whoever wrote it: only what stands in the folder is replaced."""
    mapping, out, precious = project(tmp_path / "data", 5), tmp_path / "out", tmp_path / "precious"
    run(mapping, out)
    manifest = json.loads((out / "manifest.json").read_text())
    manifest["outputs"][name] = {}
    (out / "manifest.json").write_text(json.dumps(manifest))
    precious.write_text("mine")
    run(mapping, out)
    assert precious.read_text() == "mine"
    assert is_complete(out)


@pytest.mark.parametrize("names", ['{"made": ["../precious"], "gone": []}', '{"made": 1}', "[]", "nonsense"])
def test_a_journal_names_nothing_outside_of_its_folder(tmp_path: Path, names: str) -> None:
    mapping, out, precious = project(tmp_path / "data", 5), tmp_path / "out", tmp_path / "precious"
    run(mapping, out)
    precious.write_text("mine")
    (out / ".twinmap" / "publish").mkdir(parents=True)
    (out / ".twinmap" / "publishing").write_text(names)
    run(mapping, out)
    assert precious.read_text() == "mine"
    assert is_complete(out)
    assert not (out / ".twinmap").exists()


def test_what_a_run_does_not_make_again_goes(tmp_path: Path) -> None:
    mapping, out = project(tmp_path / "data", 5), tmp_path / "out"
    api.run(mapping, out=out, key_file=KEY, jobs=1, engine="none", format="ttl")
    assert (out / "graph.ttl").exists()
    run(mapping, out)
    assert (out / "graph.nq").exists()
    assert not (out / "graph.ttl").exists()


def test_two_runs_in_one_folder(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with safeio.output_folder(out), pytest.raises(InputOutputError) as caught, safeio.output_folder(out):
        pass
    assert caught.value.findings[0].code == "TM-O07"


@pytest.mark.parametrize("kind", ["file", "link"])
def test_an_output_that_is_no_folder(tmp_path: Path, kind: str) -> None:
    out = tmp_path / "out"
    if kind == "file":
        out.write_text("x")
    else:
        (tmp_path / "real").mkdir()
        out.symlink_to(tmp_path / "real")
    with pytest.raises(UsageError), safeio.output_folder(out):
        pass


# --- reading ----------------------------------------------------------------------------------------


def test_packed_files_are_unpacked_by_their_bytes(tmp_path: Path) -> None:
    import pyarrow as pa

    path = tmp_path / "a.csv"  # the name says nothing
    for packed in (b"plain", gzip.compress(b"plain"), pa.compress(b"plain", codec="zstd", asbytes=True)):
        path.write_bytes(packed)
        with safeio.open_bytes(path) as file:
            assert file.read() == b"plain"


@pytest.mark.parametrize("cut", [1, 5, 9, 200])
def test_a_cut_file_is_an_error(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(os.urandom(1000))[:-cut])
    with safeio.open_bytes(path) as file, pytest.raises(InputOutputError) as caught:
        file.read()
    assert caught.value.findings[0].code == "TM-O02"


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(bytes(200_000_000)))
    read = 0
    with pytest.raises(InputOutputError) as caught, safeio.open_bytes(path) as file:
        while chunk := file.read(1 << 20):
            read += len(chunk)
    assert caught.value.findings[0].code == "TM-Q15"
    assert read < 100_000_000


def test_what_is_small_may_be_packed_as_well_as_it_likes(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(bytes(20_000_000)))
    assert 20_000_000 / path.stat().st_size > LIMITS.compression_ratio
    with safeio.open_bytes(path) as file:
        assert len(file.read()) == 20_000_000


def test_only_regular_files_are_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, Path("/dev/zero")):
        with pytest.raises(InputOutputError):
            safeio.regular_file(path)
    with pytest.raises(InputOutputError) as caught:
        safeio.regular_file(tmp_path / "none")
    assert caught.value.findings[0].code == "TM-O01"


@pytest.mark.parametrize(
    "name",
    [
        "../secret",
        "/etc/passwd",
        "link",
        "loop",
        "a/../../secret",
        "C:x",
        "a\\b",
        "a\0b",
        "n" * 300,
        "folder",
        "",
    ],
)
def test_a_path_of_a_mapping_stays_below_its_folder(tmp_path: Path, name: str) -> None:
    root = tmp_path / "root"
    (root / "folder").mkdir(parents=True)
    (root / "a").mkdir()
    (tmp_path / "secret").write_text("x")
    (root / "link").symlink_to(tmp_path / "secret")
    (root / "loop").symlink_to("loop")
    with pytest.raises(UsageError):
        safeio.confined(root, name)


def test_a_path_below_the_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps" / "units.tsv").write_text("x")
    assert safeio.confined(tmp_path, "maps/units.tsv") == (tmp_path / "maps" / "units.tsv").resolve()


def test_limits_are_in_force() -> None:
    assert LIMITS.compression_ratio < 1000 < LIMITS.field_bytes < LIMITS.record_bytes
