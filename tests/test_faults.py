"""Any touch of the disk may fail, and any may be the last: the output is the old one or the new one, whole."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Self

import duckdb
import pyarrow.parquet as pq
import pytest

from twinmap import api, safeio
from twinmap.cli import main
from twinmap.errors import InputOutputError

KEY = Path(__file__).parent.parent / "examples" / "demo.key"
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
#: Two files: one that DuckDB reads, and one with a ragged row, which the strict reader takes.
ROWS = "id,pid,sex,at,hr\n{0}1,p1,female,2026-03-01T08:00:00,7{0}\n{0}2,p2,male,2026-03-01T08:05:00,8{0}\n"


class Killed(BaseException):
    """The process is gone: whatever would still be done is not."""


# --- the disk -------------------------------------------------------------------------------------


class Disk:
    """Counts the touches of files; the ``at``-th fails with ``number``, or it and all that follow never come.

    Touches are: to open a file (to write, or below ``reads`` also to read), to write, to close what was written,
    to rename, remove, flush or make, and every COPY of DuckDB and batch of a Parquet file.
    """

    def __init__(self, patch: pytest.MonkeyPatch, *, at: int, number: int | None, reads: str) -> None:
        self.at, self.number, self.reads = at, number, reads
        self.touches: list[str] = []
        self.dead = False
        for name in ("replace", "rename", "mkdir", "fsync", "chmod"):
            self._count(patch, os, name)
        if number is None:
            for name in ("unlink", "rmdir", "remove"):
                self._count(patch, os, name)
        for name in ("__init__", "write_batch", "close"):
            self._count(patch, pq.ParquetWriter, name)
        # One that an earlier fault left is closed whenever it is collected: that is no touch of this run.
        patch.setattr(pq.ParquetWriter, "__del__", lambda _: None)
        opened, low, connect = io.open, os.open, duckdb.connect
        patch.setattr(io, "open", lambda *a, **k: self._open(opened, *a, **k))
        patch.setattr(os, "open", lambda *a, **k: self._low(low, *a, **k))
        patch.setattr(duckdb, "connect", lambda *a, **k: Connection(connect(*a, **k), self))

    def touch(self, what: str, error: Callable[[int], BaseException] | None = None) -> None:
        """One touch; the disk is full, broken, or gone."""
        if self.dead:
            raise Killed
        self.touches.append(what)
        if len(self.touches) != self.at:
            return
        if self.number is None:
            self.dead = True
            raise Killed
        raise (error or _failure)(self.number)

    def _count(self, patch: pytest.MonkeyPatch, of: Any, name: str) -> None:
        original = getattr(of, name)

        def counted(*args: Any, **kwargs: Any) -> Any:
            # To make a folder that is there touches nothing; removing a work folder is no business of a kill.
            if not (name == "mkdir" and Path(args[0]).is_dir()) and "dir_fd" not in kwargs:
                self.touch(f"{name} {[str(arg)[-40:] for arg in args if isinstance(arg, str | Path)]}")
            return original(*args, **kwargs)

        patch.setattr(of, name, counted)

    def _open(self, opened: Any, file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        writes = bool(set(mode) & set("wxa+"))
        if writes or (self.reads and str(file).startswith(self.reads)):
            self.touch(f"open {mode} {'by its handle' if isinstance(file, int) else str(file)[-40:]}")
        found = opened(file, mode, *args, **kwargs)
        return File(found, self) if writes else found

    def _low(self, opened: Any, path: Any, flags: int, *args: Any, **kwargs: Any) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR):
            self.touch(f"os.open {str(path)[-40:]}")
        handle: int = opened(path, flags, *args, **kwargs)
        return handle


def _failure(number: int) -> OSError:
    return OSError(number, os.strerror(number))


class File:
    """A file that is written; of one that is left when the process is gone, what was buffered is lost."""

    def __init__(self, file: Any, disk: Disk) -> None:
        self._file, self._disk = file, disk
        self._name = file.name[-40:] if isinstance(file.name, str) else "by its handle"

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self, data: Any) -> Any:
        self._disk.touch(f"write {self._name}")
        return self._file.write(data)

    def close(self) -> None:
        if self._file.closed:
            return
        try:
            self._disk.touch(f"close {self._name}")
            self._file.close()
        except BaseException:
            buffered = getattr(self._file, "buffer", self._file)
            getattr(buffered, "raw", buffered).close()
            with suppress(ValueError, OSError):
                self._file.close()
            raise


class Connection:
    """A connection of DuckDB whose COPY is a touch; it says of a fault what DuckDB says."""

    def __init__(self, connection: Any, disk: Disk) -> None:
        self._connection, self._disk = connection, disk

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, sql: str, *args: Any) -> Any:
        if sql.startswith("COPY"):
            self._disk.touch(f"{sql[:20]} … {sql[-80:]}", partial(self._failure, "write"))
        elif self._disk.reads and "read_parquet(" in sql:
            self._disk.touch(f"{sql[:20]} … {sql[-80:]}", partial(self._failure, "read from"))
        return self._connection.execute(sql, *args)

    @staticmethod
    def _failure(what: str, number: int) -> duckdb.Error:
        return duckdb.IOException(f'IO Error: Could not {what} file "x.parquet": {os.strerror(number)}')


@contextmanager
def faulty(at: int, number: int | None, *, reads: str = "") -> Iterator[Disk]:
    with pytest.MonkeyPatch.context() as patch:
        yield Disk(patch, at=at, number=number, reads=reads)


# --- the runs -------------------------------------------------------------------------------------


def project(folder: Path, digit: int) -> Path:
    folder.mkdir()
    (folder / "a.csv").write_text(ROWS.format(digit))
    (folder / "b.csv").write_text(ROWS.format(digit + 1) + "1,2\n")
    (folder / "ward.yaml").write_text(MAPPING)
    return folder / "ward.yaml"


def run(mapping: Path, out: Path) -> None:
    api.run(mapping, out=out, key_file=KEY, jobs=1, engine="none")


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, and every empty folder."""
    found = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*"))}
    files = {name: path.read_bytes() for name, path in found.items() if path.is_file()}
    return files | {
        f"{name}/": b"" for name, path in found.items() if path.is_dir() and not any(path.iterdir())
    }


def same(folder: Path) -> dict[str, bytes]:
    """The files of an output but those that tell the time."""
    exempt = {"manifest.json", "report.html", "run.ttl"}
    return {name: data for name, data in tree(folder).items() if name not in exempt}


class Two:
    """An old and a new project, and what a run of each gives."""

    def __init__(self, folder: Path) -> None:
        self.old, self.new = project(folder / "old", 1), project(folder / "new", 5)
        self.out, self.fresh = folder / "out", folder / "fresh"
        run(self.old, self.out)
        run(self.new, self.fresh)
        self.before, self.wanted = tree(self.out), same(self.fresh)
        assert same(self.out) != self.wanted

    def put_back(self) -> None:
        shutil.rmtree(self.out)
        for name, data in self.before.items():
            (self.out / name).parent.mkdir(parents=True, exist_ok=True)
            (self.out / name).write_bytes(data)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Two:
    return Two(tmp_path_factory.mktemp("faults"))


def command(two: Two, *more: str) -> list[str]:
    return ["run", str(two.new), "-o", str(two.out), "--key-file", str(KEY), "-j", "1", *more]


def test_any_touch_may_fail(two: Two, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 3 in one line; the old output stands to the byte, and nothing is left beside it."""
    arguments, data = command(two, "--engine", "none"), str(two.new.parent)
    two.put_back()
    with faulty(0, errno.EIO, reads=data) as whole:
        assert main(arguments) == 0
    assert same(two.out) == two.wanted
    assert len(whole.touches) > 60
    two.put_back()
    capsys.readouterr()
    for at, what in enumerate(whole.touches, 1):
        with faulty(at, (errno.ENOSPC, errno.EIO)[at % 2], reads=data) as disk:
            code = main(arguments)
        assert disk.touches[at - 1] == what, "the runs are not alike"
        assert_failed(code, *capsys.readouterr())
        assert tree(two.out) == two.before, f"{at} {what}"
    run(two.new, two.out)
    assert same(two.out) == two.wanted


def assert_failed(code: int, out: str, err: str) -> None:
    assert (code, out) == (3, ""), err
    assert err.count("error: ") == 1, err
    assert re.match(r"(TM-O0[13] )?error: [^\n]+\n", err)
    assert "Traceback" not in err


@pytest.mark.parametrize("form", ["nt.gz", "ttl", "jsonld"])
def test_a_graph_or_a_validation_may_not_be_written(
    form: str, two: Two, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, names = command(two, "-f", form), (f"publish/graph.{form}", "validation.ttl", "shapes.ttl")
    two.put_back()
    with faulty(0, errno.ENOSPC) as whole:
        assert main(arguments) == 0
    two.put_back()
    capsys.readouterr()
    chosen = [(at, what) for at, what in enumerate(whole.touches, 1) if what.endswith(names)]
    assert {what.split()[0] for _, what in chosen} == {"open", "write", "close"}
    for at, _ in [*chosen[:4], *chosen[-6:]]:
        with faulty(at, errno.ENOSPC):
            code = main(arguments)
        assert_failed(code, *capsys.readouterr())
        assert tree(two.out) == two.before


def test_any_touch_may_be_the_last(two: Two) -> None:
    """What stands under a final name is complete; the next run gives what one without a kill gives.

    Each kill meets what the one before left. Where files are put in place: the tests below.
    """
    two.put_back()
    with faulty(0, None) as whole:
        run(two.new, two.out)
    assert len(whole.touches) > 80
    two.put_back()
    for at in range(1, len(whole.touches) + 1, 3):
        with faulty(at, None), suppress(Killed):
            run(two.new, two.out)
        assert_whole(final(two.out), two, f"{at} {whole.touches[at - 1]}")
        if at % 4 == 0:
            run(two.new, two.out)
            assert same(two.out) == two.wanted
            two.put_back()


def final(out: Path) -> dict[str, bytes]:
    return {name: data for name, data in tree(out).items() if not name.startswith(".twinmap/")}


def assert_whole(found: dict[str, bytes], two: Two, where: str) -> None:
    """Old, new or, where there is no manifest, on its way: no file is cut."""
    if found == two.before:
        return
    if "manifest.json" in found:
        assert found.keys() == {*json.loads(found["manifest.json"])["outputs"], "manifest.json"}, where
        assert {name: data for name, data in found.items() if name in two.wanted} == two.wanted, where
    for name, data in found.items():
        if name in two.wanted:
            assert data in (two.before[name], two.wanted[name]), f"{where}: {name}"


# --- where files are put in place, without the work before it ------------------------------------------

#: What stands in an output, of which one file is made by one of the two alone.
NAMES = {
    "old": ("graph.nq", "tables/observation.parquet", "tables/patient.parquet", "run.ttl", "shapes.ttl"),
    "new": ("graph.nq", "tables/observation.parquet", "ledger.json", "run.ttl"),
}


def publish(out: Path, word: str) -> None:
    with safeio.output_folder(out) as work:
        (work / "publish" / "tables").mkdir()
        for name in NAMES[word]:
            (work / "publish" / name).write_text(f"{word} {name}")
        manifest = {"twinmap": "0", "outputs": dict.fromkeys(NAMES[word]), "word": word}
        (work / "publish" / "manifest.json").write_text(json.dumps(manifest))


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[tuple[Path, dict[str, dict[str, bytes]]]]:
    """An output folder, and what an old and a new run leave in it, beside a file of somebody's."""
    out, trees = tmp_path / "out", {}
    for word in ("new", "old"):
        publish(out, word)
        (out / "notes.txt").write_text("somebody's own")
        trees[word] = tree(out)
    return out, trees


def put(out: Path, files: dict[str, bytes]) -> None:
    shutil.rmtree(out)
    for name, data in files.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(data)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_files_are_put_in_place_or_the_old_ones_stand(number: int, folder: Any) -> None:
    out, trees = folder
    with faulty(0, number) as whole:
        publish(out, "new")
    assert tree(out) == trees["new"]
    put(out, trees["old"])
    for at, what in enumerate(whole.touches, 1):
        with faulty(at, number), pytest.raises(InputOutputError):
            publish(out, "new")
        assert tree(out) == trees["old"], f"{at} {what}"


def test_two_kills_in_a_row(folder: Any) -> None:
    """The second one meets a run that puts things right; whatever both left, nothing is cut or lost."""
    out, trees = folder
    with faulty(0, None) as whole:
        publish(out, "new")
    count, ends = len(whole.touches), {"old": 0, "new": 0, "torn": 0}
    for first in range(1, count + 1):
        for second in range(1 + first % 7, count + 1, 7):
            put(out, trees["old"])
            whole_before = "old"
            for at in (first, second):
                with faulty(at, None), suppress(Killed):
                    publish(out, "new")
                found = final(out)
                word = next((word for word, files in trees.items() if files == found), "torn")
                assert word != "torn" or "manifest.json" not in found, (first, second)
                whole_before = whole_before if word == "torn" else word
            ends[word] += 1
            with pytest.raises(KeyError), safeio.output_folder(out):
                raise KeyError  # a run that fails: it ends what was begun
            assert tree(out) == trees[whole_before], (first, second)
            publish(out, "new")
            assert tree(out) == trees["new"]
    assert min(ends.values()) > 10, ends
