"""SSSOM tables: mappings with their predicate, ``Not`` kept as such, and the prefixes that their head declares.

Source of the slots: SSSOM 1.0 and 1.1, mapping-commons.github.io/sssom.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from twinmap import registry
from twinmap.diagnostics import Finding, Severity, Span, gathered
from twinmap.formats import csvdialect
from twinmap.terms import sssom, systems
from twinmap.terms.store.editions import Edition, Tally
from twinmap.terms.store.loader import Loader
from twinmap.terms.store.nearly import Kind
from twinmap.terms.store.package import File
from twinmap.terms.store.staging import Layout, count_rows

if TYPE_CHECKING:
    from twinmap.terms.store.formats import Claim

NAME = "sssom"

#: An end of a mapping is a code, or (for a literal) a label alone.
TABLES: Mapping[str, Kind] = {
    "mappings": Kind(
        ("subject_id", "predicate_id", "object_id"),
        re.compile(r".*\.sssom\.tsv"),
        (
            *("subject_label", "subject_category", "subject_type", "subject_source"),
            *("predicate_label", "predicate_modifier", "predicate_type"),
            *("object_label", "object_category", "object_type", "object_source"),
        ),
    )
}
Slots = Mapping[str, str]


def claim(file: File, found: Layout | None) -> str | None:
    """``mappings`` for a table, ``about`` for its description in a file beside it."""
    if found is not None:
        missing = TABLES["mappings"].missing(found)
        labels = {column.replace("_id", "_label") for column in missing}
        if "predicate_id" not in missing and not any(missing.values()) and labels <= {*found.columns}:
            return "mappings"
    is_yaml = file.name.endswith((".yml", ".yaml"))
    return "about" if is_yaml and ("curie_map:" in file.head or "mapping_set_id:" in file.head) else None


def load(claims: Sequence[Claim], loader: Loader) -> None:
    """Load every table; a bad row is refused and said with its line."""
    about = {_stem(item.file): item.file for item in claims if item.role == "about"}
    tables = [item for item in claims if item.role == "mappings"]
    for item in tables:
        _table(item, loader, about.get(_stem(item.file)))
    if not tables:
        raise loader.unusable(f"{loader.package.path} describes SSSOM mappings, and holds none")


def _stem(file: File) -> str:
    folder, _, base = file.name.rpartition("/")
    for ending in (".tsv", ".csv", ".yml", ".yaml"):
        base = base.removesuffix(ending)
    return f"{folder}/{base.removesuffix('.sssom').removesuffix('-metadata')}"


def _table(item: Claim, loader: Loader, beside: File | None) -> None:
    lines = csvdialect.lines(_text(item.file))
    start = item.table.skip
    slots, prefixes = sssom.head(lines[:start], item.table.delimiter)
    if beside is not None:
        more, others = sssom.described(_text(beside))
        slots, prefixes = more | slots, others | prefixes
    edition = loader.edition(
        Edition(
            "map",
            slots.get("mapping_set_id") or f"file:{item.file.name}",
            slots.get("mapping_set_version", ""),
            slots.get("mapping_set_title", "") or item.file.base,
            licence=slots.get("license", ""),
            date=slots.get("mapping_date", ""),
        )
    )
    if "mapping_justification" not in item.table.columns:
        message = f"{item.file.name} has no mapping_justification: nobody can tell why its rows hold"
        where = Span(item.file.name, start + 1, 1, text=lines[start].rstrip("\n"))
        advice = "add the column, as semapv:ManualMappingCuration"
        loader.findings.append(
            registry.finding("TM-L15", message, severity=Severity.WARNING, where=where, help=advice)
        )
    read = count_rows(item.file, replace(item.table, quoted=True))  # also finds what csv cannot read
    rows = _Rows(item.file.name, edition, lines, prefixes, item.table.delimiter)
    kept = loader.rows("mapping", rows.read(start))
    loader.findings += gathered(rows.findings)
    loader.book(Tally(item.file.name, "mappings", read, kept, dict(rows.skipped), dict(rows.refused)))


def _text(file: File) -> str:
    with file.open() as stream:
        data = stream.read()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"{file.name} is not UTF-8"
        raise registry.fault("TM-Q03", message, severity=Severity.ERROR, help="save it as UTF-8") from error


class _Rows:
    """Reads the rows of a table, and keeps count of those that are not kept."""

    def __init__(
        self, name: str, edition: int, lines: Sequence[str], prefixes: Slots, delimiter: str
    ) -> None:
        self._name, self._edition, self._lines = name, edition, lines
        self._prefixes, self._delimiter = prefixes, delimiter
        self._undeclared: set[str] = set()
        self.findings: list[Finding] = []
        self.skipped: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    def read(self, start: int) -> Iterator[tuple[Any, ...]]:
        """The rows of the common table, below the header after ``start`` lines."""
        above, below = self._lines[: start + 1], self._lines[start + 1 :]
        header = [name.strip() for name in next(csv.reader(above[start:], delimiter=self._delimiter))]
        table = csv.reader(below, delimiter=self._delimiter)
        for cells in filter(None, table):
            line = len(above) + table.line_num
            if cells[0].startswith("#") or not any(cell.strip() for cell in cells):
                self.skipped["a comment or an empty row"] += 1
                continue
            if len(cells) > len(header) and any(cells[len(header) :]):
                self._refuse("a wrong number of columns", line)
                continue
            padded = [cell.strip() for cell in cells] + [""] * (len(header) - len(cells))
            row = self._row(dict(zip(header, padded, strict=False)), line)
            if row is not None:
                yield row

    def _row(self, row: Slots, line: int) -> tuple[Any, ...] | None:
        """The row of the common table; None where it is skipped or refused, which is counted."""
        subject, predicate, target = (
            row.get(f"{part}_id", "") for part in ("subject", "predicate", "object")
        )
        if "literal" in row.get("subject_type", "") or "literal" in row.get("object_type", ""):
            self.skipped["a literal, no code"] += 1
            return None
        if sssom.NO_TERM in {subject, target}:
            self.skipped["says that there is no term"] += 1
            return None
        wrong = _wrong(row, subject, predicate, target)
        ends = (None, None) if wrong else (self._pair(subject, line), self._pair(target, line))
        if ends[0] is None or ends[1] is None:
            self._refuse(wrong or "a subject or object that is no CURIE", line)
            return None
        labels = row.get("subject_label") or None, row.get("object_label") or None
        negated = row.get("predicate_modifier") == "Not"
        return (
            *(self._edition, *ends[0], labels[0], sssom.predicate(predicate), negated),
            *(
                *ends[1],
                labels[1],
                row.get("mapping_justification") or None,
                _score(row.get("confidence", "")),
            ),
        )

    def _refuse(self, reason: str, line: int) -> None:
        """Count a row, and say which one it is."""
        self.refused[reason] += 1
        text = self._lines[line - 1].rstrip("\n") if line <= len(self._lines) else ""
        self.findings.append(
            registry.finding(
                "TM-L15",
                f"the row was refused: {reason}",
                where=Span(self._name, line, 1, text=text),
                help="correct the row, or leave it out",
            )
        )

    def _pair(self, text: str, line: int) -> tuple[str, str] | None:
        """System and code of a CURIE or IRI; an undeclared prefix stands for itself, with a warning."""
        found = end(text, self._prefixes)
        prefix = _prefix(text)
        if found is not None and found[0] == prefix and prefix not in self._undeclared:
            self._undeclared.add(prefix)
            self.findings.append(
                registry.finding(
                    "TM-L11",
                    f'the prefix "{prefix}" is declared nowhere, and stands for itself',
                    severity=Severity.WARNING,
                    where=Span(self._name, line, 1, text=self._lines[line - 1].rstrip("\n")),
                    help="declare it in the curie_map of the file",
                )
            )
        return found


def end(text: str, prefixes: Slots) -> tuple[str, str] | None:
    """System and code of a CURIE or IRI; the system is the prefix itself where nobody declares it."""
    if text.startswith(("http://", "https://")):
        return _of_iri(text)
    prefix, colon, code = text.partition(":")
    if not (colon and prefix and code) or " " in prefix:
        return None
    if prefix in prefixes:
        return systems.by_stem(prefixes[prefix]), code
    known = systems.expand(f"{prefix}:x")
    return (known[0] if known else prefix), code


def _wrong(row: Slots, subject: str, predicate: str, target: str) -> str | None:
    """Why a row cannot be used; None where it can, as far as its words go."""
    if not (subject and predicate and target):
        return "no subject, predicate or object"
    if _prefix(predicate) in systems.systems():
        return "a predicate that is a code"
    if {_prefix(subject), _prefix(target)} & sssom.FIXED:
        return "a subject or object that is no code, but a word of SSSOM"
    if row.get("predicate_modifier", "") not in {"", "Not"}:
        return "a predicate_modifier that does not exist"
    if row.get("confidence") and _score(row["confidence"]) is None:
        return "a confidence that is no number from 0 to 1"
    return None


def _prefix(curie: str) -> str:
    return curie.partition(":")[0]


def _of_iri(iri: str) -> tuple[str, str]:
    for system in systems.systems().values():
        for stem in (system.stem, f"{system.uri}/"):
            if stem and iri.startswith(stem) and len(iri) > len(stem):
                return system.uri, iri[len(stem) :]
    cut = max(iri.rfind("/"), iri.rfind("#"), iri.rfind("_")) + 1
    return iri[:cut], iri[cut:]


def _score(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value <= 1 else None
