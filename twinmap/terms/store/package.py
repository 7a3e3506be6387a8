"""What a user hands over: a file, a folder, a zip or a tar, as a list of files that can be opened.

Nothing is unpacked to disk under a name that an archive gives. An archive with a name that leads out of it, a
link, a device or a lock on it is refused whole, and so is one that unpacks to far more than its size.
"""

from __future__ import annotations

import hashlib
import io
import lzma
import os
import re
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from twinmap import registry, safeio
from twinmap.errors import InputOutputError
from twinmap.limits import LIMITS

#: Files of one archive or folder. An Athena download has 10, a large FHIR package some 5,000.
MOST_FILES = 100_000
#: Bytes that a file is recognised by.
_HEAD = 1 << 16

#: What the readers of archives raise where bytes are wrong; RuntimeError for a method or a lock that a header names.
_DAMAGE = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, struct.error),
    *(EOFError, OSError, RuntimeError, ValueError, OverflowError),
)

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
#: How archives that can be read are named.
_ARCHIVES = (".zip", ".tar", ".tgz", ".tar.gz")
_LEADS_OUT = re.compile(r"^[/\\]|^[A-Za-z]:|\\|\x00|(?:^|/)\.\.(?:/|$)")


@dataclass(frozen=True)
class File:
    """A file of a package: its name there (with ``/``), and how to open it."""

    name: str
    size: int
    opener: Callable[[], IO[bytes]]

    def open(self) -> io.BufferedReader:
        """Its bytes from the start, a BOM included.

        Raises:
            InputOutputError: Here, or when they are read: the archive is damaged (O02).
        """
        try:
            inner = self.opener()
        except _DAMAGE as error:
            raise damaged(self.name) from error
        return io.BufferedReader(_Guarded(self.name, inner), 1 << 20)

    @cached_property
    def head(self) -> str:
        """The first 64 kB as text, for a look: what is no UTF-8 shows as such."""
        with self.open() as file:
            data = file.read(_HEAD)
        if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
            return data.decode("utf-16", "replace")
        return data.decode("utf-8-sig", "replace")

    @property
    def base(self) -> str:
        """The name without its folders."""
        return self.name.rpartition("/")[2]

    def digest(self) -> str:
        """The SHA-256 of its bytes, in hex."""
        with self.open() as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


class _Guarded(io.RawIOBase):
    """Reads a file of an archive, and says clearly that it is damaged."""

    def __init__(self, name: str, inner: IO[bytes]) -> None:
        self._name, self._inner = name, inner

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        try:
            data = self._inner.read(len(buffer))
        except _DAMAGE as error:
            raise damaged(self._name) from error
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._inner.close()
        super().close()


@dataclass(frozen=True, slots=True)
class Package:
    """The files of what a user named; ``notes`` say what of it was left alone."""

    path: Path
    files: tuple[File, ...]
    notes: tuple[str, ...] = ()

    def checksum(self, files: Iterable[File]) -> str:
        """The SHA-256 of a file or archive; of a folder, over the names and checksums of the files that count."""
        if self.path.is_file():
            return safeio.sha256(self.path)
        lines = sorted(f"{file.digest()}  {file.name}\n" for file in files)
        return hashlib.sha256("".join(lines).encode()).hexdigest()


def damaged(name: object) -> InputOutputError:
    """What to say of an archive that cannot be read to its end."""
    message = f"{name} is cut short or damaged: it cannot be unpacked to its end"
    return registry.fault("TM-O02", message)


@contextmanager
def open_package(path: Path) -> Iterator[Package]:
    """Open what a user named: a folder with its subfolders, a zip, a tar (also packed), or one file.

    Raises:
        InputOutputError: It is missing, damaged, locked, too large, or holds a name that leads out of it.
    """
    with ExitStack() as stack:
        if path.is_dir():
            yield _folder(path)
            return
        safeio.regular_file(path)
        with path.open("rb") as file:
            start = file.read(4)
        if start in _ZIP:
            yield _zip(path, stack)
            return
        stream = safeio.open_bytes(path)
        with stream:
            block = stream.read(512)
        if block[257:262] == b"ustar":
            yield _tar(path, stack)
        else:
            _no_archive(path, block)
            yield _single(path)


def _no_archive(path: Path, block: bytes) -> None:
    """Refuse an empty file, and one that is an archive by its name alone, as a page that a server sent for it.

    Raises:
        InputOutputError: It is one (O02, O04).
    """
    if not block:
        raise registry.fault(
            "TM-O02", f"{path} is empty: it has no bytes", help="fetch it again, from its publisher"
        )
    if path.name.casefold().endswith(_ARCHIVES):
        what = "a page of HTML" if block.lstrip()[:1] == b"<" else "another file"
        message = f"{path} is no archive, whatever its name says, but {what}"
        advice = (
            "fetch it again, where its publisher asks for a login with it; or name the file as what it is"
        )
        raise registry.fault("TM-O04", message, help=advice)


def _folder(path: Path) -> Package:
    files: list[File] = []
    links = 0
    for root, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            found = Path(root) / name
            mode = found.lstat().st_mode
            if name.startswith(".") or not stat.S_ISREG(mode):
                links += stat.S_ISLNK(mode)
                continue
            shown = found.relative_to(path).as_posix()
            files.append(File(shown, found.stat().st_size, lambda found=found: safeio.open_bytes(found)))  # type: ignore[misc]
            _not_too_many(path, len(files))
    notes = (f"{links} links are not followed",) if links else ()
    return Package(path, tuple(files), notes)


def _single(path: Path) -> Package:
    """One file; what describes it (``NAME.yml`` beside ``NAME.tsv``) belongs to it."""
    stem = path.name.partition(".")[0]
    beside = [
        other
        for other in sorted(path.parent.glob(f"{stem}.*"))
        if other.suffix in {".yml", ".yaml"} and other != path and other.is_file() and not other.is_symlink()
    ]
    return Package(
        path,
        tuple(
            File(item.name, item.stat().st_size, lambda item=item: safeio.open_bytes(item))  # type: ignore[misc]
            for item in (path, *beside)
        ),
    )


def _not_too_many(path: Path, count: int) -> None:
    if count > MOST_FILES:
        raise _over(path, f"holds more than {MOST_FILES:,} files")


def _over(path: Path, what: str) -> InputOutputError:
    message = f"{path} {what}"
    return registry.fault("TM-Q15", message)


def _confined(path: Path, name: str) -> str:
    """A name of an archive, if it stays in it."""
    if _LEADS_OUT.search(name):
        raise _refused(path, "a name that leads out of it")
    return name


def _refused(path: Path, what: str) -> InputOutputError:
    return InputOutputError(f"{path} is refused: it holds {what}", help="fetch it again, from its publisher")


def _zip(path: Path, stack: ExitStack) -> Package:
    try:
        archive = stack.enter_context(zipfile.ZipFile(path))
    except _DAMAGE as error:
        raise damaged(path) from error
    entries = archive.infolist()
    _not_too_many(path, len(entries))
    files = []
    for entry in entries:
        # zipfile turns backslashes into slashes and cuts at a NUL: the name as it was packed counts.
        name = _confined(path, entry.orig_filename)
        if entry.is_dir():
            continue
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise _refused(path, "a link")
        if entry.flag_bits & 1:
            raise InputOutputError(f"{path} is locked with a password", help="unpack it, and name the folder")
        _bounded(path, entry.file_size, entry.compress_size)
        files.append(File(name, entry.file_size, lambda entry=entry: archive.open(entry)))  # type: ignore[misc]
    _bounded(path, sum(file.size for file in files), path.stat().st_size)
    return Package(path, tuple(sorted(files, key=lambda file: file.name)))


def _bounded(path: Path, size: int, packed: int) -> None:
    """Refuse what says that it unpacks to too much; zipfile gives no more than what is said."""
    if size > LIMITS.uncompressed_bytes or (
        size > LIMITS.compression_floor and size > LIMITS.compression_ratio * max(packed, 1)
    ):
        raise _over(path, f"unpacks to more than {LIMITS.compression_ratio} times its size")


def _tar(path: Path, stack: ExitStack) -> Package:
    """A tar, unpacked to one file without a name first: a packed one has no other way to an entry."""
    plain = stack.enter_context(TemporaryFile())  # noqa: SIM115
    with safeio.open_bytes(path) as stream:
        while chunk := stream.read(1 << 20):
            plain.write(chunk)
    size = plain.tell()
    plain.seek(0)
    files = []
    try:
        archive = stack.enter_context(tarfile.open(fileobj=plain, mode="r:"))  # noqa: SIM115
        for entry in archive:
            name = _confined(path, entry.name)
            if entry.isdir():
                continue
            if not entry.isreg():
                raise _refused(path, "a link or a device")
            if entry.offset_data + entry.size > size:
                raise damaged(path)
            files.append(File(name, entry.size, lambda entry=entry: _entry(archive, entry)))  # type: ignore[misc]
            _not_too_many(path, len(files))
    except _DAMAGE as error:
        raise damaged(path) from error
    return Package(path, tuple(sorted(files, key=lambda file: file.name)))


def _entry(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> IO[bytes]:
    found = archive.extractfile(entry)
    assert found is not None
    return found
