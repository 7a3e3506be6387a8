"""What a report is made of, as plain data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from twinmap.diagnostics import Finding

#: A JSON object.
Json = Mapping[str, Any]


class Excerpt(NamedTuple):
    """The line of a mapping file that a finding points at, and how many characters of it."""

    text: str
    length: int = 1


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that renderers may show; no times, so that the same run gives the same report.

    ``findings`` are the lines of ``findings.jsonl``, see :meth:`Finding.to_json`.

    ``excerpts`` holds, by the ``where`` of a finding, the line it points at.

    ``relations`` are the lines of ``relations.jsonl``, one a concept and pair of signatures of two sources::

        {"concept", "source_a", "source_b", "signature_a", "signature_b", "relation",
         "facets": [{"facet", "a", "b", "relation", "evidence"?, "code"?}],
         "unsaid"?: [facet], "conflict"?: {"code", "count"},
         "conversion"?: {"from", "to", "factor", "offset"?, "class", "rule"},
         "counts": {"n_a", "n_b", "patients_a", "patients_b", "patients_both", "conflicts"?}}

    ``relation`` is one of :data:`twinmap.model.RELATIONS`, that of a facet
    ``= narrower broader disjoint unknown``. ``unsaid`` are the facets that decide about the concept and that
    neither source says; ``conflict`` tells of events that both tell with different values. ``from`` and ``to``
    are UCUM, ``factor`` and ``offset`` decimal texts (to = from * factor + offset; to the canonical unit where
    one of the two is), ``class`` ``physical`` or ``empirical``.

    ``concepts`` are the signatures seen in the data, one a concept, source, code, unit and set of facets::

        {"concept", "label"?, "source", "signature", "code_system", "code", "unit_raw"?, "unit"?,
         "canon_unit"?, "match"?, "values"?, "facets": {facet: CURIE}, "n", "patients"}

    ``signature`` is the number that relations name; ``canon_unit`` the unit of the values in the graph where
    that is the concept's; ``match`` says that the received code is ``narrower``, ``broader`` or ``related``;
    ``values`` are ``coded``, ``text`` or ``absent`` where they are no quantities.

    ``ledger`` is ``ledger.json``; outcomes are those of :data:`twinmap.model.OUTCOMES`::

        {"records": {source: {outcome: number, "files"?: {…}}},
         "cells": {source: {field: {outcome: number}}},
         "statements": {source: {outcome: number}}}

    ``validation``: ``{"conforms", "engine", "reason", "focus_nodes", "violations"}``, None where the graph was
    not validated.

    ``selection`` says which codes of findings were looked for, and how many findings were left out::

        {"select"?: [codes or families], "ignore"?: [the same], "severity"?: {code or family: severity},
         "left_out": {code: {"findings", "count"}}}

    ``agreement`` are the lines of ``agreement.jsonl``, how two sources agree on a concept where they measured it
    together; see :mod:`twinmap.compare.agreement` and docs/agreement.md.

    ``difference`` is ``diff.json``, None where the report is that of a run; see :mod:`twinmap.diff`.

    ``run`` is the part of ``manifest.json`` that is not a time or a host::

        {"tool": {"name", "version"}, "mappings": [{"id", "version", "sha256"}],
         "inputs": [{"source", "number", "name", "sha256", "size"}],
         "terminology"?: [{"name", "version"}], "base"?, "key"?, "target"?, "format"?,
         "graph"?: {"triples", "sha256"}, "patients"?}
    """

    findings: Sequence[Json] = ()
    excerpts: Mapping[str, Excerpt] = field(default_factory=dict)
    relations: Sequence[Json] = ()
    concepts: Sequence[Json] = ()
    ledger: Mapping[str, Json] = field(default_factory=dict)
    validation: Json | None = None
    selection: Json = field(default_factory=dict)
    agreement: Sequence[Json] = ()
    difference: Json | None = None
    run: Json = field(default_factory=dict)
    #: What people call each concept that has a label.
    labels: Mapping[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        labels: dict[str, str] = {}
        for row in self.concepts:
            if row.get("label"):
                labels.setdefault(str(row.get("concept")), str(row["label"]))
        object.__setattr__(self, "labels", labels)

    def of_codes(self, counts: Callable[[str], bool]) -> Report:
        """This, with the findings alone whose code counts; the others are among those that are left out."""
        kept: list[Json] = []
        left = {code: dict(numbers) for code, numbers in self.selection.get("left_out", {}).items()}
        for row in self.findings:
            code = str(row.get("code", ""))
            if counts(code):
                kept.append(_by_itself(row, counts))
            else:
                numbers = left.setdefault(code, {"findings": 0, "count": 0})
                numbers["findings"] += 1
                numbers["count"] += row.get("count", 1)
        chosen = {**self.selection, "left_out": dict(sorted(left.items()))}
        return replace(self, findings=kept, selection=chosen)

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> Report:
        """A report of findings alone, as ``check`` makes it."""
        kept = list(findings)
        spans = {str(f.where): Excerpt(f.where.text, f.where.length) for f in kept if f.where}
        return cls(findings=[f.to_json() for f in kept], excerpts=spans)


def _by_itself(row: Json, counts: Callable[[str], bool]) -> Json:
    """A finding that others tell of, with its own places where not all of those count."""
    details = row.get("details") or {}
    if all(map(counts, details.get("told_by", ()))):
        return row
    return {**row, "details": {name: value for name, value in details.items() if name != "told_by"}}
