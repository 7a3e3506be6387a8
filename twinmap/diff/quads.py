"""RDF files as quads in Parquet: the one door for graphs that others wrote.

Plain N-Quads are read by DuckDB as lines, where every line is of a strict form; everything else goes through
pyoxigraph, which writes such lines. Nothing is fetched: a remote JSON-LD context is refused. A file is never
in memory as a whole, but for JSON-LD, whose parser needs it.
"""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar, cast

from twinmap import registry
from twinmap.duck import DuckError
from twinmap.engine.duck import Duck
from twinmap.errors import InputOutputError, UsageError
from twinmap.limits import LIMITS
from twinmap.safeio import compression, open_bytes, regular_file
from twinmap.sqltext import quoted

if TYPE_CHECKING:
    import pyoxigraph as ox

T = TypeVar("T")

#: The name of a format in pyoxigraph by the ending of a file.
FORMATS = {
    ".nt": "N_TRIPLES",
    ".nq": "N_QUADS",
    ".ttl": "TURTLE",
    ".trig": "TRIG",
    ".jsonld": "JSON_LD",
    ".rdf": "RDF_XML",
    ".xml": "RDF_XML",
}
_PACKED = (".gz", ".zst")

#: What relative IRIs of a file stand below: a name that leads nowhere.
BASE = "https://twin.invalid/"

#: Bytes of N-Quads in a part, about: a part is pivoted in memory.
PART = 250_000_000


@dataclass(frozen=True, slots=True)
class Quads:
    """Staged quads: Parquet files in one folder a part, all quads of a subject in one part.

    Columns: ``s p o`` as terms of N-Quads, and ``src``: the name of the source where the graph is
    ``…/graph/source/NAME``, else empty.
    """

    folder: Path
    parts: int
    count: int

    def scan(self, part: int | None = None) -> str:
        """SQL of the quads of a part, or of all."""
        return scan(self.folder.glob(f"part={'*' if part is None else part}/*.parquet"))

    def filled(self) -> list[int]:
        """The parts that hold anything."""
        return sorted(int(path.name.removeprefix("part=")) for path in self.folder.glob("part=*"))


def scan(files: Iterable[Path]) -> str:
    """SQL of some Parquet files, each by its own name: a folder may be called as a pattern is."""
    listed = ", ".join(quoted(str(path)) for path in sorted(files))
    return f"read_parquet([{listed}], hive_partitioning = false)"


def is_graph(path: Path) -> bool:
    """Whether a file is an RDF file by its name."""
    return _ending(path) in FORMATS


def _ending(path: Path) -> str:
    return Path(path.stem).suffix if path.suffix in _PACKED else path.suffix


def format_of(path: Path) -> ox.RdfFormat:
    """The format of a file by its name; ``.gz`` and ``.zst`` behind it are looked through.

    Raises:
        UsageError: The ending is not known.
    """
    import pyoxigraph as ox

    if not is_graph(path):
        raise UsageError(f"{path} is in no RDF format that is read", help=f"one of: {' '.join(FORMATS)}")
    found: ox.RdfFormat = getattr(ox.RdfFormat, FORMATS[_ending(path)])
    return found


def stage(duck: Duck, path: Path, folder: Path) -> Quads:
    """Read any RDF file into ``folder``.

    Raises:
        UsageError: The ending is not known.
        InputOutputError: The file is missing, cut short, not in its format (with the line), or over a limit.
    """
    return with_lines(path, folder, lambda text, strict: _staged(duck, text, folder, strict=strict))


def with_lines(path: Path, folder: Path, use: Callable[[Path, bool], T]) -> T:
    """Use a file as N-Quads, one a line: as it is where it is written so, else rewritten.

    Args:
        path: Any RDF file.
        folder: Where a file that is unpacked or rewritten stands meanwhile.
        use: Given a file, and whether each of its lines is still to be tested (:func:`lines`).

    Raises:
        UsageError: The ending is not known.
        InputOutputError: As :func:`stage`.
    """
    import pyoxigraph as ox

    kind = format_of(path)
    regular_file(path)
    made = folder / "lines.nq"
    try:
        if kind in {ox.RdfFormat.N_QUADS, ox.RdfFormat.N_TRIPLES}:
            try:
                return use(path if compression(path) is None else _unpacked(path, made), True)
            except DuckError:  # blanks, escapes, comments, or no N-Quads at all
                pass
        rewrite(path, made)
        try:
            return use(made, False)
        except DuckError as error:
            if "line size" not in str(error):
                raise
            raise too_large(path, f"a line is longer than {2 * LIMITS.field_bytes:,} bytes") from None
    finally:
        made.unlink(missing_ok=True)


def rewrite(path: Path, to: Path) -> None:
    """Write any RDF file as canonical N-Quads, one a line, in the order of the file.

    Raises:
        InputOutputError: As :func:`stage`.
    """
    import pyoxigraph as ox

    kind = format_of(path)
    base = None if kind in {ox.RdfFormat.N_QUADS, ox.RdfFormat.N_TRIPLES} else BASE
    with _guarded(path, kind) as stream, told(path, kind):
        ox.serialize(ox.parse(stream, format=kind, base_iri=base), str(to), format=ox.RdfFormat.N_QUADS)


@contextmanager
def told(path: Path, kind: ox.RdfFormat) -> Iterator[None]:
    """What the parser says as errors of ours; its message quotes the data, and only the line is told."""
    try:
        yield
    except SyntaxError as error:
        if "load remote contexts" in str(error):
            raise InputOutputError(
                f"{path} needs a remote JSON-LD context",
                help="contexts are never fetched: put it into the file",
            ) from None
        line = error.lineno or _line(str(error))
        where = f" at line {line}" if line else ""
        message = f"{path} is not {kind.name}{where}"
        raise registry.fault(
            "TM-O04", message, help="its ending says its format: look at that line"
        ) from None
    except MemoryError:
        raise too_large(path, "a term is longer than the parser takes") from None


def _line(message: str) -> str | None:
    found = re.search(r"at line (\d+)", message)
    return found[1] if found else None


def too_large(path: Path, what: str) -> InputOutputError:
    """A file that is over a limit (Q15)."""
    message = f"{path}: {what}"
    return registry.fault("TM-Q15", message)


def _unpacked(path: Path, to: Path) -> Path:
    with open_bytes(path) as stream, to.open("wb") as file:
        shutil.copyfileobj(stream, file, 1 << 20)
    return to


@contextmanager
def _guarded(path: Path, kind: ox.RdfFormat) -> Iterator[IO[bytes]]:
    """The stream of a file, with what its parser does not bound by itself bounded here."""
    import pyoxigraph as ox

    with open_bytes(path) as stream:
        if kind == ox.RdfFormat.RDF_XML:
            yield cast("IO[bytes]", _Markup(path, stream))
        elif kind == ox.RdfFormat.JSON_LD:
            data = stream.read(LIMITS.record_bytes + 1)
            if len(data) > LIMITS.record_bytes:
                raise too_large(path, f"JSON-LD is read up to {LIMITS.record_bytes:,} bytes: use N-Quads")
            yield io.BytesIO(data)
        else:
            yield stream


class _Markup(io.RawIOBase):
    """XML without a document type (entities are bombs) and without endless texts."""

    _TYPE = re.compile(rb"<!doctype", re.IGNORECASE)

    def __init__(self, path: Path, stream: IO[bytes]) -> None:
        self._path, self._stream, self._tail, self._since = path, stream, b"", 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        seen = self._tail + data
        if self._TYPE.search(seen):
            message = f"{self._path} has a document type, which is refused"
            raise registry.fault(
                "TM-O04", message, help="write the file without it, or as Turtle or N-Triples"
            )
        self._tail = seen[-8:]
        cut = data.rfind(b"<")
        self._since = self._since + len(data) if cut < 0 else len(data) - cut
        if self._since > LIMITS.field_bytes:
            raise too_large(self._path, f"a text is longer than {LIMITS.field_bytes:,} bytes")
        buffer[: len(data)] = data
        return len(data)


# --- lines to columns -----------------------------------------------------------------------------

_IRI = r'<[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>"{}|^`\\]*>'
_NODE = rf"(?:{_IRI}|_:[A-Za-z0-9_]+)"
#: No character that pyoxigraph escapes, no escape that it does not write, and languages in small letters.
_TEXT = r'"(?:[^\x00-\x1f\x7f\x{FFFE}\x{FFFF}"\\]|\\[tbnrf"\\])*"'
_LITERAL = rf"{_TEXT}(?:\^\^{_IRI}|@[a-z]+(?:-[a-z0-9]+)*)?"
#: A quad as we and pyoxigraph write it, so that one quad is one line; a part of what N-Quads allow.
STRICT = rf"{_NODE} {_IRI} (?:{_NODE}|{_LITERAL})(?: {_NODE})? \."
_STRING = '"^^<http://www.w3.org/2001/XMLSchema#string>'
#: The terms of a line that is known to be a quad.
_TERMS = r'^(\S+) (\S+) (\S+|"(?:[^"\\]|\\.)*"\S*)(?: ([<_]\S+))? \.$'


def lines(path: Path, *, strict: bool) -> str:
    """SQL of the column ``line`` of a file; a line that is not of the strict form is an error of DuckDB."""
    text = (
        f"read_csv({quoted(str(path))}, columns = {{'line': 'VARCHAR'}}, header = false, delim = chr(1), quote = '', "
        f"escape = '', auto_detect = false, max_line_size = {2 * LIMITS.field_bytes})"
    )
    if not strict:
        return text
    fits = f"regexp_full_match(line, {quoted(STRICT)}) AND NOT contains(line, {quoted(_STRING)})"
    return f"(SELECT CASE WHEN {fits} THEN line ELSE error('no quad') END AS line FROM {text})"


def _staged(duck: Duck, path: Path, folder: Path, *, strict: bool) -> Quads:
    parts = 1 + path.stat().st_size // PART
    target = folder / "quads"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    # Most lines are told apart by their blanks; a literal with one, or with an escape, takes the longer way.
    split = "starts_with(w[3], '<') OR starts_with(w[3], '_') OR regexp_matches(w[3], '^\"[^\"\\\\]*\"')"
    short = "{'s': w[1], 'p': w[2], 'o': w[3], 'g': CASE WHEN w[4] = '.' THEN NULL ELSE w[4] END}"
    long = f"regexp_extract(line, {quoted(_TERMS)}, ['s', 'p', 'o', 'g'])"
    source = "coalesce(regexp_extract(q.g, '/graph/source/([^/>]+)>$', 1), '')"
    sql = (
        f"SELECT q.s, q.p, q.o, {source} AS src, hash(q.s) % {parts} AS part "
        f"FROM (SELECT CASE WHEN {split} THEN {short} ELSE {long} END AS q "
        f"FROM (SELECT line, string_split(line, ' ') AS w FROM {lines(path, strict=strict)}))"
    )
    options = "FORMAT parquet, COMPRESSION lz4_raw, PARTITION_BY (part)"
    count = int(duck.value(f"COPY ({sql}) TO {quoted(str(target))} ({options})"))
    return Quads(target, parts, count)
