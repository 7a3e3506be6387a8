"""One tidy table as CSV (RFC 4180): everything that is counted and found, for spreadsheets and statistics.

``view`` says what a row is about; every row has the same columns, and those that do not apply are empty. A cell
that a spreadsheet would take for a formula begins with an apostrophe, but for numbers. The views and columns are in
docs/diff.md.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import Any

from twinmap.renderers._common import place_text
from twinmap.renderers._difference import change, coding, related, totals
from twinmap.renderers._escape import visible
from twinmap.renderers._facts import book
from twinmap.renderers._report import Json, Report

COLUMNS = (
    *("view", "key", "kind", "code", "source_a", "source_b", "signature_a", "signature_b"),
    *("n", "a", "b", "same", "patients_a", "patients_b", "patients_both"),
    *("relation", "facet", "said_a", "said_b", "unit", "evidence"),
    *("pairs", "bias", "bias_low", "bias_high", "limit_lower", "limit_upper", "verdict"),
    *("severity", "message", "where", "place", "help", "id"),
)

Row = dict[str, Any]

#: What a spreadsheet computes, also in the wide forms of its signs (OWASP, CSV Injection).
_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def render(report: Report) -> str:
    """The table, its header first; lines end with CR LF."""
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, lineterminator="\r\n")
    table.writeheader()
    for view, rows in _views(report):
        for row in rows:
            table.writerow({name: cell(value) for name, value in {"view": view, **row}.items()})
    return text.getvalue()


def cell(value: object) -> str:
    """A value as it stands in a cell.

    >>> cell("=1+1"), cell("-1.5e3"), cell("-x"), cell(None)
    ("'=1+1", '-1.5e3', "'-x", '')
    """
    text = "" if value is None else visible(str(value))
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def _views(report: Report) -> Iterator[tuple[str, Iterator[Row]]]:
    if report.difference is not None:
        yield from _difference(report, report.difference)
    yield "signature", map(_signature, report.concepts)
    yield "relation", map(_relation, report.relations)
    yield (
        "facet",
        (_between(row) | _facet(facet) for row in report.relations for facet in row.get("facets", ())),
    )
    yield "agreement", map(_agreement, report.agreement)
    yield "finding", map(_finding, report.findings)
    for name in ("records", "cells", "statements"):
        yield (
            name,
            (
                {"key": outcome, "source_a": source, "n": n}
                for source, outcomes in book(report, name).items()
                for outcome, n in outcomes.items()
            ),
        )


# --- a diff ---------------------------------------------------------------------------------------


def _difference(report: Report, found: Json) -> Iterator[tuple[str, Iterator[Row]]]:
    """Everything that a diff counts, whatever its view."""
    names = {f"source_{side['side'].lower()}": side["name"] for side in found["sides"]}
    known = totals(found)
    yield "total", iter([names | _counts(known) | {"n": known["changed"]} | _verdict(found)])
    if "graphs" in found:
        yield "graph", iter([names | _graphs(found["graphs"])])
    yield (
        "unread",
        (
            {"key": iri, side["side"].lower(): n}
            for side in found["sides"]
            for iri, n in side.get("unread", {}).items()
        ),
    )
    relations = related(report)
    yield (
        "concept",
        (_counts(row) | {"key": row["concept"], "relation": relations(row)} for row in found["concepts"]),
    )
    yield "patient", (_counts(row) | {"key": row["patient"]} for row in found["patients"])
    yield "time", (_counts(row) | {"key": row["month"] or "no time"} for row in found["months"])
    yield (
        "statement",
        (_counts(row) | {"kind": row["kind"], "code": coding(row)} for row in found["statements"]),
    )
    yield "change", map(_change, found["changes"])


def _verdict(found: Json) -> Row:
    return {"verdict": "the same" if found["equal"] else "not the same"}


def _graphs(found: Json) -> Row:
    quads = {side: found[side]["quads"] for side in "ab"}
    return quads | {f"said_{side}": found[side]["sha256"] for side in "ab"} | _verdict(found)


def _counts(row: Json) -> Row:
    names = ("a", "b", "same", "patients_a", "patients_b", "patients_both")
    return {name: row[name] for name in names if name in row}


def _change(row: Json) -> Row:
    said = {"said_a": row.get("before"), "said_b": row.get("after"), "message": change(row)}
    return {"key": row["what"], "kind": row["kind"], "code": coding(row), "n": row["n"], **said} | {
        "evidence": f"together by {row['by']}"
    }


# --- what every report has ------------------------------------------------------------------------


def _signature(row: Json) -> Row:
    said = "; ".join(f"{name}={value}" for name, value in row.get("facets", {}).items())
    code = coding({"system": row.get("code_system"), "code": row.get("code")})
    return {
        "key": row.get("concept"),
        "code": code,
        "source_a": row.get("source"),
        "signature_a": row.get("signature"),
        "n": row.get("n"),
        "patients_a": row.get("patients"),
        "said_a": said,
        "unit": row.get("unit") or row.get("unit_raw"),
        "relation": row.get("match"),
    }


def _between(row: Json) -> Row:
    """What names two signatures, or all of a concept and two sources."""
    names = ("source_a", "source_b", "signature_a", "signature_b")
    return {"key": row.get("concept")} | {name: row[name] for name in names if name in row}


def _relation(row: Json) -> Row:
    counts = row.get("counts") or {}
    met = {name: counts[name] for name in ("patients_a", "patients_b", "patients_both") if name in counts}
    unsaid = f"neither says {', '.join(row['unsaid'])}" if row.get("unsaid") else None
    said = {
        "a": counts.get("n_a"),
        "b": counts.get("n_b"),
        "relation": row.get("relation"),
        "message": unsaid,
    }
    return _between(row) | met | said


def _facet(facet: Json) -> Row:
    said = {"said_a": facet.get("a"), "said_b": facet.get("b")}
    relation = "same" if facet.get("relation") == "=" else facet.get("relation")
    return said | {"relation": relation} | {name: facet.get(name) for name in ("facet", "evidence", "code")}


def _agreement(row: Json) -> Row:
    bias, limits, coverage = (row.get(name) or {} for name in ("bias", "limits", "coverage"))
    return _between(row) | {
        "a": coverage.get("events_a"),
        "b": coverage.get("events_b"),
        "patients_both": row.get("patients"),
        "relation": row.get("relation"),
        "unit": row.get("unit"),
        "pairs": row.get("pairs"),
        "bias": bias.get("value"),
        "bias_low": bias.get("low"),
        "bias_high": bias.get("high"),
        "verdict": row.get("verdict"),
        "message": row.get("why"),
        **{f"limit_{end}": limits[end]["value"] for end in ("lower", "upper") if end in limits},
    }


def _finding(finding: Json) -> Row:
    sources = list(finding.get("sources", ()))
    place: Json = next(iter(finding.get("places", ())), {})
    file = str(place.get("file") or place.get("source", ""))
    names = ("code", "severity", "message", "where", "help", "facet", "relation")
    return {name: finding.get(name) for name in names} | {
        "key": finding.get("concept") or finding.get("rule"),
        "kind": finding.get("slug"),
        "source_a": next(iter(sources), None),
        "source_b": "; ".join(sources[1:]),
        "n": finding.get("count"),
        "place": place_text(place, file),
        "id": finding.get("id"),
    }
