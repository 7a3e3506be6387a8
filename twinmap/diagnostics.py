"""One record for everything that twinmap has to say: the finding.

A finding names what is wrong (``code``), where (a span of a mapping file, places in the data), how
often, and what to do. It never holds a patient value: data is shown by its shape only (``9.9``).
The JSON form is published and frozen by a test; it may grow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

#: How many places a finding keeps; the count is always exact.
PLACES_KEPT = 3


class Severity(StrEnum):
    """How bad a finding is; the order is that of ``rank``."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """3 for an error, 2 for a warning, 1 for an info."""
        return {"error": 3, "warning": 2, "info": 1}[self.value]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one line in a mapping file; lines and columns count from 1.

    ``text`` is the whole line, for the excerpt under a message.
    """

    file: str
    line: int
    column: int
    length: int = 1
    text: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the data: record ``record`` (from 1) of ``file``, and the part of it.

    ``line`` is the physical line where the record starts, if the format has lines; ``field`` the
    reference that was read; ``shape`` the value with digits as 9 and letters as x.
    """

    source: str
    file: str
    record: int
    line: int | None = None
    part: str = ""
    field: str = ""
    shape: str = ""

    @classmethod
    def of_json(cls, record: Mapping[str, Any]) -> Place:
        """The place of a published record; what else is there is passed over."""
        known = {name: record[name] for name in cls.__slots__ if name in record}
        return cls(**{"source": "", "file": "", "record": 0, **known})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, doubtful or worth knowing.

    ``code`` is ``TM-`` + family letter + two digits; ``slug`` its name. ``rule`` is the mapping rule
    (``mapping-id#record-set/rule``) or the shape concerned, ``statement`` the id of the statement for
    per-record findings. ``details`` holds numbers and words, never patient values.
    """

    code: str
    slug: str
    severity: Severity
    message: str
    where: Span | None = None
    places: tuple[Place, ...] = ()
    sources: tuple[str, ...] = ()
    concept: str | None = None
    rule: str | None = None
    statement: str | None = None
    patient: str | None = None
    facet: str | None = None
    relation: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    help: str | None = None
    count: int = 1

    @property
    def id(self) -> str:
        """16 hex digits that stay the same when message, line, count or time change."""
        import hashlib  # it takes long to load, and the help has no finding

        parts = (
            self.code,
            ",".join(sorted(self.sources)),
            self.concept or "",
            self.facet or "",
            self.rule or "",
            self.statement or "",
            *([str(self.details["detail"])] if "detail" in self.details else []),
        )
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]

    def to_json(self) -> dict[str, Any]:
        """The published record, keys in a fixed order; empty values are left out."""
        record: dict[str, Any] = {
            "id": self.id,
            "code": self.code,
            "slug": self.slug,
            "severity": self.severity.value,
            "message": self.message,
            "where": str(self.where) if self.where else None,
            "places": [_plain(place) for place in self.places],
            "sources": list(self.sources),
            "concept": self.concept,
            "rule": self.rule,
            "statement": self.statement,
            "patient": self.patient,
            "facet": self.facet,
            "relation": self.relation,
            "details": dict(sorted(self.details.items())),
            "help": self.help,
            "count": self.count,
        }
        return {key: value for key, value in record.items() if value not in (None, [], {}, ())}


def _plain(place: Place) -> dict[str, Any]:
    record = {name: getattr(place, name) for name in Place.__slots__}
    return {key: value for key, value in record.items() if value not in (None, "")}


def merge(findings: Iterable[Finding]) -> list[Finding]:
    """Make one of the findings that say the same of the same thing, and sort them.

    Two findings are the same when code, message, span, rule, sources, concept, facet, patient and
    statement agree. Counts are added, the first places kept.

    Returns:
        Findings by severity, code, first place and message: the same order on every run.
    """
    grouped: dict[tuple[object, ...], Finding] = {}
    for finding in findings:
        key = (
            finding.code,
            finding.message,
            finding.where,
            finding.rule,
            finding.sources,
            finding.concept,
            finding.facet,
            finding.patient,
            finding.statement,
        )
        seen = grouped.get(key)
        if seen is None:
            grouped[key] = replace(finding, places=finding.places[:PLACES_KEPT])
        else:
            places = (*seen.places, *finding.places)[:PLACES_KEPT]
            grouped[key] = replace(seen, count=seen.count + finding.count, places=places)
    return sorted(grouped.values(), key=_order)


def gathered(findings: Iterable[Finding]) -> list[Finding]:
    """Make one of the findings that say the same of several lines of a file; the first line is its span.

    ``lines`` among its details names all of them, its places the first ones that follow.
    """
    grouped: dict[tuple[object, ...], list[Finding]] = {}
    for finding in findings:
        file = finding.where.file if finding.where else None
        key = (finding.code, finding.message, finding.severity, finding.rule, file)
        grouped.setdefault(key, []).append(finding)
    return [_of_lines(group) for group in grouped.values()]


def _of_lines(group: Sequence[Finding]) -> Finding:
    spans = [finding.where for finding in group if finding.where]
    if len(spans) < 2:
        return merge(group)[0]
    places = tuple(Place("", span.file, 0, span.line) for span in spans[1:PLACES_KEPT])
    count = sum(finding.count for finding in group)
    return replace(group[0], places=places, count=count, details={"lines": [span.line for span in spans]})


def _order(finding: Finding) -> tuple[object, ...]:
    where = finding.where
    return (
        -finding.severity.rank,
        finding.code,
        (where.file, where.line, where.column) if where else ("", 0, 0),
        finding.rule or "",
        [(place.source, place.file, place.record, place.part) for place in finding.places],
        finding.message,
    )


def worst(findings: Sequence[Finding]) -> Severity | None:
    """The highest severity among the findings, or None where there are none."""
    return max((finding.severity for finding in findings), key=lambda s: s.rank, default=None)
