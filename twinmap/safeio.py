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


@contextmanager
def output_folder(target: Path, *, force: bool = False) -> Iterator[Path]:
    """Give a work folder; what stands in its ``publish`` subfolder appears in ``target`` at the end.

    An empty folder, or one whose manifest is ours, is replaced; the files are renamed into place one
    by one, the manifest last. After an exception the old output stands untouched.

    Raises:
        UsageError: The folder holds something that is not ours (O07); ``--force`` replaces it.
        InputOutputError: Another run works in it (O07), or the disk is full (O03).
    """
    _claim(target, force=force)
    work = target / _WORK
    try:
        with _lock(work):
            for leftover in (work / "publish", work / "parts"):
                shutil.rmtree(leftover, ignore_errors=True)
            (work / "publish").mkdir()
            (work / "parts").mkdir()
            try:
                yield work
                _publish(work / "publish", target)
            finally:
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
    if not found or _WORK in found or _is_ours(target / _MANIFEST) or force:
        return
    message = f"{target} holds files that twinmap did not write"
    raise UsageError(
        message,
        help="choose another folder with -o, or --force to replace what is there",
        findings=[registry.finding("TM-O07", message)],
    )


def _is_ours(manifest: Path) -> bool:
    try:
        return "twinmap" in json.loads(manifest.read_text("utf-8"))
    except (OSError, ValueError):
        return False


@contextmanager
def _lock(work: Path) -> Iterator[None]:
    """Hold ``work`` for this process; the lock of a process that is gone is taken over."""
    import fcntl

    work.mkdir(mode=0o700, exist_ok=True)
    handle = os.open(work / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"another run is writing to {work.parent}"
            raise InputOutputError(message, findings=[registry.finding("TM-O07", message)]) from None
        yield
    finally:
        os.close(handle)


def _publish(staged: Path, target: Path) -> None:
    stale = {path for path in target.iterdir() if path.name != _WORK}
    (target / _MANIFEST).unlink(missing_ok=True)
    for path in sorted(staged.iterdir(), key=lambda path: path.name == _MANIFEST):
        final = target / path.name
        if path.is_dir():
            shutil.rmtree(final, ignore_errors=True)
        else:
            _flush(path)
        path.replace(final)
        stale.discard(final)
        if path.name != _MANIFEST:
            continue
        for old in stale - {final}:
            shutil.rmtree(old) if old.is_dir() else old.unlink(missing_ok=True)
    _flush(target)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
