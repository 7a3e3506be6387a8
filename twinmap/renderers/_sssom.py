"""SSSOM TSV: a header of metadata and a row for each alignment, in order, so that two versions can be compared.

Counts stand in ``other`` alone and are no part of the version: it changes when something else is said, not
when more patients are seen. The head has no date unless ``SOURCE_DATE_EPOCH`` gives one.

Source: SSSOM 1.0 (mapping-commons.github.io/sssom), "SSSOM/TSV"; SEMAPV (w3id.org/semapv/vocab).
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Sequence
from typing import Any

from twinmap import __version__
from twinmap.mapping.project import DEFAULT_BASE
from twinmap.renderers._alignments import (
    NEGATIVE,
    Alignment,
    conversion_text,
    given_date,
    made_from,
    notices,
)
from twinmap.renderers._escape import visible
from twinmap.renderers._report import Json, Report
from twinmap.renderers._signature_terms import Term

#: What is said of the subject where it is the narrower, the broader or another one.
PREDICATES = {
    "equivalent": "skos:exactMatch",
    "a-narrower": "skos:broadMatch",
    "a-broader": "skos:narrowMatch",
    "related": "skos:relatedMatch",
    NEGATIVE: "skos:exactMatch",
}
#: Equivalent, where values must be converted.
CONVERTED = "skos:closeMatch"

COLUMNS = (
    "subject_id",
    "subject_label",
    "predicate_id",
    "predicate_modifier",
    "object_id",
    "object_label",
    "mapping_justification",
    "curation_rule_text",
    "comment",
    "other",
)

#: SSSOM's word for a licence that was not chosen; whoever publishes the set chooses one.
_LICENSE = "https://w3id.org/sssom/license/unspecified"
_PREFIXES = {"semapv": "https://w3id.org/semapv/vocab/", "skos": "http://www.w3.org/2004/02/skos/core#"}
_FORMULA = ("=", "+", "-", "@")


def document(report: Report, found: Sequence[Alignment], name: str, title: str, comment: str) -> str:
    """The whole document; ``name`` is the end of its id, below the base of the run."""
    rows = [_row(item) for item in found]
    used = [term for item in found for term in (item.subject, item.object)]
    base = str(report.run.get("base") or DEFAULT_BASE)
    head: dict[str, str | None] = {
        "mapping_set_id": f"{base}alignment/{name}",
        "mapping_set_version": _version(rows),
        "mapping_set_title": title,
        "mapping_set_description": made_from(report),
        "license": _LICENSE,
        "mapping_tool": "twinmap",
        "mapping_tool_version": _tool_version(report),
        "mapping_date": given_date(),
        "comment": " ".join([comment, *notices(used)]),
    }
    lines = [f"#{key}: {_yaml(value)}\n" for key, value in head.items() if value]
    lines.append("#curie_map:\n")
    prefixes = {**_PREFIXES, **{term.prefix: term.stem for term in used}}
    lines += [f"#  {prefix}: {_yaml(prefixes[prefix])}\n" for prefix in sorted(prefixes)]
    return "".join(lines) + _table(rows)


def _row(item: Alignment) -> dict[str, str]:
    predicate = PREDICATES[item.relation]
    if item.relation == "equivalent" and item.conversions:
        predicate = CONVERTED
    return {
        "subject_id": item.subject.curie,
        "subject_label": item.subject.label or "",
        "predicate_id": predicate,
        "predicate_modifier": "Not" if item.relation == NEGATIVE else "",
        "object_id": item.object.curie,
        "object_label": item.object.label or "",
        "mapping_justification": "semapv:MappingChaining" if item.by_map else "semapv:CompositeMatching",
        "curation_rule_text": _several(conversion_text(each) for each in item.conversions),
        "comment": item.comment,
        "other": _other(item),
    }


def _several(texts: Iterable[str]) -> str:
    """A cell of several values; a bar in a value is escaped."""
    return "|".join(text.replace("|", "\\|") for text in texts)


def _other(item: Alignment) -> str:
    """What has no column of its own, as JSON: concepts, findings, conversions, what minted terms are, counts."""
    said: dict[str, Any] = {
        "concepts": item.concepts,
        "conversions": item.conversions,
        "findings": item.findings,
        "subject": _definition(item.subject),
        "object": _definition(item.object),
        "pairs": [_counts(row) for row in (*item.rows, *item.unfit)],
    }
    return json.dumps(
        {key: value for key, value in said.items() if value}, ensure_ascii=False, separators=(",", ":")
    )


def _definition(term: Term) -> Json | None:
    if not term.minted:
        return None
    match = {"match": term.match} if term.match != "=" else {}
    return {"code": term.plain_curie, **match, "facets": dict(term.beside)}


def _counts(row: Json) -> Json:
    """Of how many values and patients of which sources, in which units, a row tells."""
    counts = row.get("counts") or {}
    unit: Json = next((facet for facet in row.get("facets", ()) if facet.get("facet") == "unit"), {})
    sides = {
        name: {
            "source": row.get(f"source_{side}"),
            **({"unit": unit[side]} if unit.get(side) else {}),
            "n": counts.get(f"n_{side}"),
            "patients": counts.get(f"patients_{side}"),
        }
        for name, side in (("subject", "a"), ("object", "b"))
    }
    return {**sides, "patients_both": counts.get("patients_both")}


def _version(rows: Iterable[dict[str, str]]) -> str:
    """A hash of all that the rows say but the counts."""
    said = [[value for column, value in row.items() if column != "other"] for row in rows]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]


def _tool_version(report: Report) -> str:
    tool = report.run.get("tool") or {}
    return str(tool.get("version") or __version__)


def _yaml(value: str) -> str:
    """A YAML scalar in double quotes on one line."""
    return json.dumps(visible(value), ensure_ascii=False)


def _table(rows: Iterable[dict[str, str]]) -> str:
    """The rows as TSV, quoted where CSV asks for it; no cell is a formula to a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t", lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([_cell(row[column]) for column in COLUMNS] for row in rows)
    return text.getvalue()


def _cell(value: str) -> str:
    shown = visible(value)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown
