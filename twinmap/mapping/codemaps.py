"""Code maps: SSSOM TSV and FHIR ConceptMap, to what each code means and how exactly.

No row is dropped in silence: one that cannot be read is a finding. A row with ``predicate_modifier: Not``
says that two codes do *not* mean the same; it never maps.

Sources: SSSOM 1.0 (mapping-commons.github.io/sssom), FHIR R4 ``ConceptMapEquivalence`` and R5
``ConceptMapRelationship``.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from twinmap.diagnostics import Severity, Span
from twinmap.formats import csvdialect
from twinmap.mapping.ast import CodeMap, CodeMatch
from twinmap.mapping.context import Report
from twinmap.terms import systems
from twinmap.terms.sssom import NO_TERM, RELATIONS, above, head, predicate

EXACT = "skos:exactMatch"
PREDICATES = (EXACT, "skos:closeMatch", "skos:broadMatch", "skos:narrowMatch", "skos:relatedMatch")

#: A relation as a predicate; None where it maps nothing.
_RELATIONSHIPS: Mapping[str, str | None] = {
    "unmatched": None,
    **{relation: None if denied else predicate for relation, (predicate, denied) in RELATIONS.items()},
}

_ENOUGH = 20

Pair = tuple[str, str]


@dataclass(slots=True)
class Source:
    """A file to read a code map from.

    ``systems`` are the short names of the mapping (to URIs); ``prefixes`` those that the file declares.
    """

    name: str
    text: str
    used_at: Span
    report: Report
    systems: Mapping[str, str]
    prefixes: dict[str, str] = field(default_factory=dict)
    entries: dict[Pair, dict[CodeMatch, None]] = field(default_factory=dict)
    denied: set[tuple[Pair, Pair]] = field(default_factory=set)
    wrong: int = 0
    unknown: dict[str, int] = field(default_factory=dict)
    versions: dict[str, set[str]] = field(default_factory=dict)

    def version(self, system: str, version: str | None) -> None:
        """The map was made for this version of a system that it maps to."""
        if version:
            self.versions.setdefault(system, set()).add(version)

    def add(self, subject: Pair, match: CodeMatch) -> None:
        """A code means this; the same twice is once."""
        self.entries.setdefault(subject, {})[match] = None

    def bad_row(
        self, message: str, line: int, advice: str | None = None, severity: Severity | None = None
    ) -> None:
        """Report a row; after a while only count."""
        self.wrong += 1
        if self.wrong <= _ENOUGH:
            self.report("TM-L15", message, self.span(line), advice, severity=severity)

    def span(self, line: int) -> Span:
        """A line of the file."""
        lines = csvdialect.lines(self.text)
        return Span(self.name, line, 1, text=lines[line - 1].rstrip("\r\n") if line <= len(lines) else "")

    def finish(self) -> CodeMap:
        """The map, after reporting what is left to report."""
        if self.wrong > _ENOUGH:
            self.report("TM-L15", f"{self.wrong - _ENOUGH} more rows of {self.name} are wrong", self.used_at)
        for subject, match in [(s, m) for s, matches in self.entries.items() for m in matches]:
            if (subject, (match.system, match.code)) in self.denied:
                message = (
                    f'{self.name} says both that "{subject[1]}" means "{match.code}" and that it does not'
                )
                self.report("TM-L15", message, self.used_at, "keep one of the two rows")
        # An exact match is what the code means, wherever it stands in the file.
        entries = {
            key: tuple(sorted(matches, key=lambda match: PREDICATES.index(match.predicate)))
            for key, matches in self.entries.items()
        }
        versions = {system: tuple(sorted(named)) for system, named in sorted(self.versions.items())}
        return CodeMap(self.name, entries, versions)

    def pair(self, text: str, line: int) -> Pair | None:
        """System and code of a CURIE, or None and a finding (one for each prefix)."""
        prefix, colon, code = text.partition(":")
        if not (colon and prefix and code):
            self.bad_row(f'"{text}" is not a CURIE', line, "write prefix:code")
            return None
        system = self._system(prefix)
        if system is not None:
            return system, unquote(code)
        self.unknown[prefix] = self.unknown.get(prefix, 0) + 1
        if self.unknown[prefix] == 1:
            advice = f'declare it: systems: {{{prefix}: "https://…"}}, or in the curie_map of the file'
            self.report("TM-L11", f'the prefix "{prefix}" is not a known system', self.span(line), advice)
        return None

    def _system(self, prefix: str) -> str | None:
        if prefix in self.systems:
            return self.systems[prefix]
        known = systems.expand(f"{prefix}:x")
        if known is not None:
            return known[0]
        stem = self.prefixes.get(prefix)
        return None if stem is None else systems.by_stem(stem)


def rivals(match: CodeMatch, others: Iterable[CodeMatch]) -> list[CodeMatch]:
    """The rows that say as much of a code as this one: of its system, and with its predicate."""
    said = (match.system, match.predicate)
    return [other for other in others if (other.system, other.predicate) == said]


# --- SSSOM ----------------------------------------------------------------------------------------


def sssom(source: Source, delimiter: str = "\t") -> CodeMap | None:
    """Read an SSSOM table: subject (the code of the source), predicate, object (what it means)."""
    lines = csvdialect.lines(source.text)
    start = above(lines)
    slots, prefixes = head(lines[:start], delimiter)
    source.prefixes |= prefixes
    reader = csv.reader(lines[start:], delimiter=delimiter, strict=True)
    header = [name.strip() for name in next(reader, [])]
    twice = next((name for name in header if name and header.count(name) > 1), None)
    if twice is not None:
        message = f'{source.name} has two columns called "{twice}"'
        source.report("TM-L15", message, source.span(start + 1), "keep one")
        return None
    lacking = [name for name in ("subject_id", "predicate_id", "object_id") if name not in header]
    if lacking:
        message = f"{source.name} lacks the column {', '.join(lacking)}"
        source.report(
            "TM-L15", message, source.span(start + 1), "an SSSOM table names its columns in its first row"
        )
        return None
    if "mapping_justification" not in header:
        message = f"{source.name} has no mapping_justification: nobody can tell why these rows hold"
        advice = "add the column: semapv:ManualMappingCuration for what people decided"
        source.report("TM-L15", message, source.span(start + 1), advice, severity=Severity.WARNING)
    for line, cells in _rows(source, reader, start):
        if len(cells) > len(header) and any(cells[len(header) :]):
            source.bad_row(f"this row has {len(cells)} cells, the header {len(header)}", line)
            continue
        padded = [cell.strip() for cell in cells] + [""] * (len(header) - len(cells))
        row = dict(zip(header, padded, strict=False))
        version = row.get("object_source_version") or slots.get("object_source_version")
        _sssom_row(source, row, line, version)
    return source.finish()


def _rows(source: Source, reader: Any, start: int) -> Iterator[tuple[int, list[str]]]:
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield start + reader.line_num, cells
    except csv.Error as error:
        source.bad_row(f"this row cannot be read: {error}", start + reader.line_num, "close the quote")


def _sssom_row(source: Source, row: Mapping[str, str], line: int, version: str | None) -> None:
    subject_id, object_id = row["subject_id"], row["object_id"]
    said = predicate(row["predicate_id"])
    if "literal" in row.get("subject_type", "") or "literal" in row.get("object_type", ""):
        source.bad_row("a literal is not a code", line, "use map for texts")
        return
    if not (subject_id and object_id):
        source.bad_row("this row lacks its subject or its object", line, "write subject_id and object_id")
        return
    if said not in PREDICATES:
        source.bad_row(
            f'the predicate "{row["predicate_id"]}" does not say what a code means',
            line,
            f"one of: {', '.join(PREDICATES)}",
        )
        return
    modifier = row.get("predicate_modifier", "")
    if modifier not in {"", "Not"}:
        source.bad_row(f'the predicate_modifier "{modifier}" does not exist', line, 'write "Not" or nothing')
        return
    if NO_TERM in {subject_id, object_id}:
        return  # said on purpose: there is no such code
    subject, target = source.pair(subject_id, line), source.pair(object_id, line)
    if subject is None or target is None:
        return
    if modifier == "Not":
        source.denied.add((subject, target))
    else:
        label = row.get("subject_label") or None
        source.add(subject, CodeMatch(*target, row.get("object_label") or None, said, label, line))
        source.version(target[0], version)


# --- FHIR ConceptMap --------------------------------------------------------------------------------


def concept_map(source: Source) -> CodeMap | None:
    """Read a FHIR ConceptMap, R4 (``equivalence``) or R5 (``relationship``)."""
    try:
        data = json.loads(source.text)
    except (ValueError, RecursionError):
        source.report("TM-L15", f"{source.name} is not JSON", source.used_at)
        return None
    if not isinstance(data, dict) or data.get("resourceType") != "ConceptMap":
        source.report("TM-L15", f"{source.name} is not a FHIR ConceptMap", source.used_at)
        return None
    for group in _objects(data.get("group")):
        origin, target = _canonical(group.get("source")), _canonical(group.get("target"))
        if origin is None:
            source.bad_row("a group of the ConceptMap has no source system", 1)
            continue
        for element in _objects(group.get("element")):
            _element(source, element, origin, target)
        if target is not None:
            stated = group.get("targetVersion") or str(group.get("target")).partition("|")[2]
            source.version(target, stated if isinstance(stated, str) else None)
    return source.finish()


def _element(source: Source, element: Mapping[str, Any], origin: str, system: str | None) -> None:
    code = element.get("code")
    if not isinstance(code, str) or not code:
        source.bad_row("an element of the ConceptMap has no code", 1)
        return
    for target in _objects(element.get("target")):
        relation = target.get("relationship", target.get("equivalence"))
        meant = target.get("code")
        if not isinstance(relation, str):
            source.bad_row(f'the element "{code}" has a target without a relationship', 1)
        elif relation not in _RELATIONSHIPS:
            source.bad_row(f'the element "{code}" has the relationship "{relation}", which does not exist', 1)
        elif _RELATIONSHIPS[relation] is None:
            continue
        elif target.get("dependsOn") or target.get("product"):
            source.bad_row(f'the element "{code}" maps under a condition (dependsOn or product)', 1)
        elif not isinstance(meant, str) or not meant or system is None:
            source.bad_row(f'the element "{code}" has a target without code or system', 1)
        else:
            display, label = target.get("display"), element.get("display")
            predicate = _RELATIONSHIPS[relation]
            assert predicate is not None
            source.add(
                (origin, code),
                CodeMatch(
                    system,
                    meant,
                    display if isinstance(display, str) else None,
                    predicate,
                    label if isinstance(label, str) else None,
                ),
            )


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _canonical(uri: Any) -> str | None:
    """The system of a group, without the version that may follow its URI."""
    if not isinstance(uri, str) or not uri:
        return None
    bare = uri.partition("|")[0]
    known = systems.canonical(bare)
    return known.uri if known else bare
