"""Files at the border: bounded reading, confined paths, publishing whole or not at all."""

from __future__ import annotations

import difflib
import errno
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import stat
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO, cast

from twinmap import exchange, registry
from twinmap.errors import InputOutputError, UsageError
from twinmap.limits import LIMITS

_CHUNK = 1 << 20
#: Names beside a missing file that are looked at for one like it.
_LOOKED_AT, _ALIKE = 10_000, 0.7
_ALLOW = "let this user read it, or name another file"
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"


# --- reading --------------------------------------------------------------------------------------


def regular_file(path: Path) -> Path:
    """The path, if it is a regular file that can be read.

    Raises:
        InputOutputError: It is missing (O01), a device, a pipe or a folder, may not be read, or its name
            cannot be written down: it is not UTF-8.
    """
    try:
        mode = path.stat().st_mode
    except ValueError:  # a NUL
        raise _missing(path, FileNotFoundError()) from None
    except OSError as error:
        raise _missing(path, error) from None
    if not stat.S_ISREG(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "a device or a pipe"
        raise registry.fault("TM-O01", f"{path} is not a regular file but {what}", help="name a file")
    if any("\ud800" <= char <= "\udfff" for char in str(path)):
        raise InputOutputError(f"the name of {path} is not UTF-8", help="rename it")
    return path


def read_bytes(path: Path, most: int) -> bytes:
    """The content of a small file; of a larger one, one byte more than ``most``, so that it shows.

    Raises:
        InputOutputError: As :func:`regular_file`.
    """
    try:
        with regular_file(path).open("rb") as file:
            return file.read(most + 1)
    except OSError as error:
        raise _missing(path, error) from None


def _missing(path: Path, error: OSError) -> InputOutputError:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return registry.fault("TM-O01", f"{path} does not exist", help=near(path))
    return registry.fault("TM-O01", f"{path} cannot be read: {_reason(error)}", help=_ALLOW)


def near(path: Path) -> str | None:
    """What to do about a file that is not there: the nearest name beside it, or the folder that is not there either."""
    folder = next((each for each in path.parents if each.is_dir()), None)
    if folder is None or folder != path.parent:
        return f"there is no folder {path.parent}" if folder else None
    with suppress(OSError):
        beside = islice(folder.iterdir(), _LOOKED_AT)
        alike = sorted(entry for entry in beside if entry.suffix.lower() == path.suffix.lower())
        names = {entry.stem: entry for entry in alike}
        if found := difflib.get_close_matches(path.stem, names, n=1, cutoff=_ALIKE):
            return f'did you mean "{names[found[0]]}"?'
    return None


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
    unpacks to more than ``compression_ratio`` and ``compression_floor`` of the limits allow.
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
            raise registry.fault("TM-O02", message) from error
        self._given += len(data)
        packed = max(self._raw.tell(), 1)
        if self._given > LIMITS.uncompressed_bytes or (
            self._given > LIMITS.compression_floor and self._given / packed > LIMITS.compression_ratio
        ):
            message = f"{self._path} unpacks to more than {LIMITS.compression_ratio} times its size"
            raise registry.fault("TM-Q15", message)
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
    try:
        path = Path(os.path.realpath(root / name))
        if not path.is_relative_to(root.resolve()):
            raise UsageError(f'"{name}" leads out of the folder of the mapping')
        if path.is_file():
            return path
    except (ValueError, OSError):  # a NUL, or longer than a name may be
        pass
    raise UsageError(f'"{name}" is not a file beside the mapping')


def matching(root: Path, patterns: Iterable[str]) -> list[Path]:
    """What lies below ``root`` and fits one of the globs, sorted by name, each once.

    A pattern without a slash is looked for in ``root`` itself, then anywhere below it, but not in the
    output of a run. The ending may be in capitals (``A.CSV`` fits ``*.csv``). As in a shell, no sign of a
    pattern stands for the dot of a hidden name. Folders are left out; what is no file either (a pipe, a
    link that leads nowhere) is not: :func:`regular_file` says so.

    Raises:
        UsageError: A pattern cannot be used.
    """
    found: dict[Path, None] = {}
    for pattern in patterns:
        try:
            fitting = _shown(root, pattern, root.glob(_any_case(pattern)))
            if not fitting and "/" not in pattern:
                below = _shown(root, pattern, root.rglob(_any_case(pattern)))
                fitting = [path for path in below if not _is_output(path, root)]
        except (ValueError, NotImplementedError, IndexError) as error:
            raise UsageError(f'"{pattern}" is no pattern of file names below {root}') from error
        found |= dict.fromkeys(fitting)
    return list(found)


def fits(path: Path, patterns: Iterable[str]) -> bool:
    """Whether one file fits one of the globs, as :func:`matching` reads them."""
    return any(path.match(_any_case(pattern)) for pattern in patterns)


_ENDING = re.compile(r"\.[A-Za-z]+(?:\.(?:gz|zst))?$", re.IGNORECASE)


def _any_case(pattern: str) -> str:
    """The glob with an ending in any case: ``*.[cC][sS][vV]``."""
    ending = _ENDING.search(pattern)
    if ending is None:
        return pattern
    letters = (f"[{char.lower()}{char.upper()}]" if char.isalpha() else char for char in ending[0])
    return pattern[: ending.start()] + "".join(letters)


def _shown(root: Path, pattern: str, found: Iterable[Path]) -> list[Path]:
    """What is neither a folder nor hidden, unless the pattern itself says so; sorted."""
    hidden = any(part.startswith(".") for part in pattern.split("/"))
    return sorted(
        path
        for path in found
        if (hidden or not any(part.startswith(".") for part in path.relative_to(root).parts))
        and not path.is_dir()
    )


def _is_output(path: Path, root: Path) -> bool:
    """Whether a path lies in an output folder below ``root``, or where a run works on one."""
    between = path.relative_to(root).parts[:-1]
    return any(
        (root.joinpath(*between[:depth]) / _WORK).is_dir() or _outputs(root.joinpath(*between[:depth]))
        for depth in range(1, len(between) + 1)
    )


# --- publishing -----------------------------------------------------------------------------------

_WORK = ".twinmap"
_MANIFEST = "manifest.json"
_LOCK = "lock"


@contextmanager
def output_folder(target: Path, *, force: bool = False) -> Iterator[Path]:
    """Give a work folder; what stands in its ``publish`` subfolder appears in ``target`` at the end.

    In an empty folder, or one whose manifest is ours, what is ours is replaced: the old files are moved away,
    the manifest first, and the new ones into their place, the manifest last. After an exception the old
    output stands untouched; after a kill in between the next run puts it back before it begins. Files of
    others beside ours are left alone.

    Raises:
        UsageError: The folder holds something that is not ours (O07); ``--force`` replaces it.
        InputOutputError: Another run works in it (O07), the disk is full (O03), or it cannot be written.
    """
    made = [folder for folder in (target, *target.parents) if not folder.exists()]
    try:
        _claim(target, force=force)
        work = target / _WORK
        with _lock(work):
            try:
                exchange.recover(work, target)
                _clear(work)
                (work / exchange.NEW).mkdir()
                (work / "parts").mkdir()
                yield work
                _publish(work, target)
            finally:
                _leave(work)
    except OSError as error:
        raise _fault(error, target) from error
    finally:
        with suppress(OSError, ValueError):  # made for nothing, it is empty; with a NUL, not made
            for folder in made:
                folder.rmdir()


def full_disk(error: OSError, target: Path) -> InputOutputError:
    """What to say of a failed write."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return registry.fault("TM-O03", f"no space left for {target}")
    message = f"{target} cannot be written: {_reason(error)}"
    return registry.fault("TM-O03", message, help="name a place that this user may write to")


def _reason(error: OSError) -> str:
    return " ".join(str(error.strerror or error).split())


def _fault(error: OSError, target: Path) -> InputOutputError:
    """What to say of a fault while ``target`` is made: it may be one of what is read."""
    named = Path(error.filename) if isinstance(error.filename, str | Path) else target
    full = error.errno in {errno.ENOSPC, errno.EDQUOT}
    if full or named.is_relative_to(target) or target.is_relative_to(named):
        return full_disk(error, target)
    return registry.fault("TM-O01", f"{named} cannot be read: {_reason(error)}", help=_ALLOW)


def _claim(target: Path, *, force: bool) -> None:
    nameless = "\0" in str(target)
    if nameless or target.is_symlink() or (target.exists() and not target.is_dir()):
        raise UsageError(
            f"{target} is not a folder", help="name a folder: it is made, or replaced if it is ours"
        )
    target.mkdir(parents=True, exist_ok=True)
    found = {entry.name for entry in target.iterdir()} - {_WORK}
    # Where a run was killed while it published, the manifest was moved away.
    ours = any(_outputs(folder) is not None for folder in (target, target / _WORK / exchange.OLD))
    if force or ours or found <= {*chain(*exchange.begun(target / _WORK))}:
        return
    message = f"{target} holds files that twinmap did not write"
    raise UsageError(message, findings=[registry.finding("TM-O07", message)])


def _outputs(target: Path) -> set[str] | None:
    """What our manifest says that we wrote into a folder; None where there is no manifest of ours."""
    path = target / _MANIFEST
    if not path.is_file():
        return None
    try:
        manifest = json.loads(read_bytes(path, LIMITS.record_bytes))
        if not isinstance(manifest, dict) or "twinmap" not in manifest:
            return None
        first = {part for name in manifest.get("outputs", ()) for part in Path(name).parts[:1]}
    except (ValueError, TypeError, RecursionError):
        return None
    # Whoever wrote the manifest: what is taken away stands in this folder.
    return {_MANIFEST, *first} - {os.sep, os.pardir, _WORK}


def _clear(work: Path) -> None:
    """Empty the work folder, but for the lock and what a publication that was begun needs to be undone."""
    needed = {_LOCK}
    if (work / exchange.JOURNAL).exists():
        needed |= {exchange.JOURNAL, exchange.NEW, exchange.OLD}
    for path in work.iterdir():
        if path.name not in needed:
            _remove(path)


def _leave(work: Path) -> None:
    """Remove the work folder as far as that can be done; what counts is in its place."""
    with suppress(OSError):
        if (work / exchange.JOURNAL).exists():
            _clear(work)
        else:
            shutil.rmtree(work, ignore_errors=True)


@contextmanager
def _lock(work: Path) -> Iterator[None]:
    """Hold ``work`` for this process; the lock of a process that is gone is taken over."""
    import fcntl

    work.mkdir(mode=0o700, exist_ok=True)
    try:
        handle = os.open(work / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        with suppress(OSError):
            work.rmdir()
        raise
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"another run is writing to {work.parent}"
            advice = "wait for it, or choose another folder with -o"
            raise registry.fault("TM-O07", message, help=advice) from None
        yield
    finally:
        os.close(handle)


def _publish(work: Path, target: Path) -> None:
    """Put the new files in the place of the old ones, the manifest last."""
    made = sorted((path.name for path in (work / exchange.NEW).iterdir()), key=_manifest_last)
    gone = sorted((_outputs(target) or set()).difference(made))
    exchange.exchange(work, target, made, gone)


def _manifest_last(name: str) -> tuple[bool, str]:
    return name == _MANIFEST, name


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
