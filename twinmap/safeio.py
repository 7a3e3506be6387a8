"""Files at the border: bounded reading, confined paths, publishing whole or not at all."""

from __future__ import annotations

import errno
import gzip
import hashlib
import io
import json
import os
import shutil
import stat
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from twinmap import registry
from twinmap.errors import InputOutputError, UsageError
from twinmap.limits import LIMITS

_CHUNK = 1 << 20
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"


# --- reading --------------------------------------------------------------------------------------


def regular_file(path: Path) -> Path:
    """The path, if it is a regular file that can be read.

    Raises:
        InputOutputError: It is missing (O01), a device, a pipe or a folder, or may not be read.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise _missing(path, error) from None
    if not stat.S_ISREG(mode):
        raise InputOutputError(f"{path} is not a regular file")
    return path


def _missing(path: Path, error: OSError) -> InputOutputError:
    if isinstance(error, FileNotFoundError):
        message = f"{path} does not exist"
        return InputOutputError(message, findings=[registry.finding("TM-O01", message)])
    return InputOutputError(f"{path} cannot be read: {error.strerror}")


def compression(path: Path) -> str | None:
    """``gzip`` or ``zstd`` by the first bytes, not by the name; None for a plain file."""
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        raise _missing(path, error) from None
    if start.startswith(_GZIP):
        return "gzip"
    return "zstd" if start == _ZSTD else None


def open_bytes(path: Path) -> BinaryIO:
    """Open a regular file for reading, gzip and zstd unpacked, within the limits.

    The stream raises :class:`InputOutputError` (O02) where a compressed file is cut short and where it
    unpacks to more than ``limits.compression_ratio`` allows.
    """
    regular_file(path)
    kind = compression(path)
    raw = path.open("rb")
    if kind is None:
        return raw
    if kind == "gzip":
        stream: Any = gzip.GzipFile(fileobj=raw)
    else:
        import pyarrow as pa

        stream = pa.input_stream(raw, compression="zstd")
    return cast("BinaryIO", io.BufferedReader(_Unpacked(path, raw, stream), _CHUNK))


class _Unpacked(io.RawIOBase):
    """An unpacking stream that counts, and says clearly what is wrong with the packed file."""

    def __init__(self, path: Path, raw: BinaryIO, stream: Any) -> None:
        self._path, self._raw, self._stream, self._given = path, raw, stream, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._stream.read(len(buffer))
        except (EOFError, zlib.error, gzip.BadGzipFile, OSError) as error:
            message = f"{self._path} is cut short or damaged: it cannot be unpacked to its end"
            raise InputOutputError(message, findings=[registry.finding("TM-O02", message)]) from error
        self._given += len(data)
        packed = max(self._raw.tell(), 1)
        if self._given > LIMITS.uncompressed_bytes or (
            self._given > 64 * _CHUNK and self._given / packed > LIMITS.compression_ratio
        ):
            message = f"{self._path} unpacks to more than {LIMITS.compression_ratio} times its size"
            raise InputOutputError(message, findings=[registry.finding("TM-Q15", message)])
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
            self._raw.close()
        super().close()


def sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def confined(root: Path, name: str) -> Path:
    """A path that a mapping names, below ``root``.

    Raises:
        UsageError: It is absolute, leads out of ``root`` (by ``..`` or a link) or is not a regular file.
    """
    if Path(name).is_absolute() or "\\" in name or ":" in name:
        raise UsageError(f'"{name}" is not a path below the folder of the mapping')
    path = (root / name).resolve()
    if not path.is_relative_to(root.resolve()):
        raise UsageError(f'"{name}" leads out of the folder of the mapping')
    if not path.is_file():
        raise UsageError(f'"{name}" is not a file beside the mapping')
    return path


def matching(root: Path, patterns: Iterable[str]) -> list[Path]:
    """The files below ``root`` that fit one of the globs, sorted by name, each once.

    A pattern without a slash is looked for in ``root`` itself, then anywhere below it.
    """
    found: dict[Path, None] = {}
    for pattern in patterns:
        here = sorted(root.glob(pattern))
        for path in here or (sorted(root.rglob(pattern)) if "/" not in pattern else []):
            if path.is_file():
                found.setdefault(path)
    return list(found)


# --- publishing -----------------------------------------------------------------------------------

_WORK = ".twinmap"
_MANIFEST = "manifest.json"
_LOCK = "lock"

#: In the work folder while files are put in place: the names that are ours then.
_JOURNAL = "publishing"


@contextmanager
def output_folder(target: Path, *, force: bool = False) -> Iterator[Path]:
    """Give a work folder; what stands in its ``publish`` subfolder appears in ``target`` at the end.

    In an empty folder, or one whose manifest is ours, what is ours is replaced: the files are renamed into
    place one by one, the manifest last. After an exception the old output stands untouched, or where that
    comes too late, the next run takes over what is there. Files of others beside ours are left alone.

    Raises:
        UsageError: The folder holds something that is not ours (O07); ``--force`` replaces it.
        InputOutputError: Another run works in it (O07), or the disk is full (O03).
    """
    _claim(target, force=force)
    work = target / _WORK
    try:
        with _lock(work):
            _clear(work)
            (work / "publish").mkdir()
            (work / "parts").mkdir()
            try:
                yield work
                _publish(work, target)
            finally:
                _clear(work)
                if not (work / _JOURNAL).exists():
                    shutil.rmtree(work, ignore_errors=True)
    except OSError as error:
        raise full_disk(error, target) from error


def full_disk(error: OSError, target: Path) -> InputOutputError:
    """What to say of a failed write."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        message = f"no space left for {target}"
        return InputOutputError(message, findings=[registry.finding("TM-O03", message)])
    return InputOutputError(f"{target} cannot be written: {error.strerror or error}")


def _claim(target: Path, *, force: bool) -> None:
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise UsageError(f"{target} is not a folder")
    try:
        target.mkdir(parents=True, exist_ok=True)
        found = {entry.name for entry in target.iterdir()}
    except OSError as error:
        raise full_disk(error, target) from error
    if not found or force or _outputs(target) is not None or found - {_WORK} <= _begun(target):
        return
    message = f"{target} holds files that twinmap did not write"
    raise UsageError(
        message,
        help="choose another folder with -o, or --force to replace what is there",
        findings=[registry.finding("TM-O07", message)],
    )


def _outputs(target: Path) -> set[str] | None:
    """What our manifest says that we wrote into a folder; None where there is no manifest of ours."""
    try:
        manifest = json.loads((target / _MANIFEST).read_text("utf-8"))
        if "twinmap" not in manifest:
            return None
        return {_MANIFEST, *(Path(name).parts[0] for name in manifest.get("outputs", ()))}
    except (OSError, ValueError, TypeError):
        return None


def _begun(target: Path) -> set[str]:
    """What may stand in a folder in which a run ended while it published."""
    try:
        return set(json.loads((target / _WORK / _JOURNAL).read_text("utf-8")))
    except (OSError, ValueError):
        return set()


def _clear(work: Path) -> None:
    """Empty the work folder, but for the lock and the note of a publication that was begun."""
    for path in work.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path.name not in {_JOURNAL, _LOCK}:
            path.unlink(missing_ok=True)


@contextmanager
def _lock(work: Path) -> Iterator[None]:
    """Hold ``work`` for this process; the lock of a process that is gone is taken over."""
    import fcntl

    work.mkdir(mode=0o700, exist_ok=True)
    handle = os.open(work / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"another run is writing to {work.parent}"
            raise InputOutputError(message, findings=[registry.finding("TM-O07", message)]) from None
        yield
    finally:
        os.close(handle)


def _publish(work: Path, target: Path) -> None:
    staged = work / "publish"
    names = {path.name for path in staged.iterdir()}
    ours = _begun(target) | (_outputs(target) or set())
    note = work / f"{_JOURNAL}.new"
    note.write_text(json.dumps(sorted(ours | names)), encoding="utf-8")
    _flush(note)
    note.replace(work / _JOURNAL)
    (target / _MANIFEST).unlink(missing_ok=True)
    for name in sorted(ours - names):
        _remove(target / name)
    for path in sorted(staged.iterdir(), key=lambda path: path.name == _MANIFEST):
        for file in path.rglob("*") if path.is_dir() else [path]:
            _flush(file)
        if path.is_dir():
            _remove(target / path.name)
        path.replace(target / path.name)
    _flush(target)
    (work / _JOURNAL).unlink()


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
