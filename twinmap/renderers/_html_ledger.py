"""The third screen of the page: the three books, and what the result was made from."""

from __future__ import annotations

from collections.abc import Mapping

from twinmap.model import OUTCOMES
from twinmap.renderers._common import count, number
from twinmap.renderers._facts import book, fields, total
from twinmap.renderers._markup import Child, Html, element, join, table
from twinmap.renderers._report import Json, Report

_ABOUT = {
    "records": "Every record that was read, by what became of it.",
    "cells": "Every field of every record.",
    "statements": "Every clinical statement that the mapping asks for.",
}


def books(report: Report, examples: int) -> Html | None:
    """A table for each book: a row for each source, a column for each outcome."""
    return join(*(_book(report, name, examples) for name in OUTCOMES if book(report, name))) or None


def _book(report: Report, name: str, examples: int) -> Html:
    known = OUTCOMES[name]
    entries = sorted(book(report, name).items())
    rows = [_row(source, outcomes, known) for source, outcomes in entries]
    if len(entries) > 1:
        rows.append(_row("all sources", total(report, name), known))
    heads = [key.replace("_", " ") for key in known]
    return join(
        element("h3", name.capitalize()),
        element("p", _ABOUT[name], class_="quiet"),
        table([f"{name.capitalize()} of", *heads], rows, numbers=True, class_="book"),
        *([_fields(report, source, examples) for source, _ in entries] if name == "cells" else []),
    )


def _fields(report: Report, source: str, examples: int) -> Html:
    """What became of each field of a source; those that were not used well come first."""
    known = OUTCOMES["cells"]
    found = fields(report, source)
    order = sorted(found, key=lambda name: (-found[name]["failed"], -found[name]["unread"], name))
    rows = [_row(name, found[name], known) for name in order[:examples]]
    more = len(order) - examples
    return element(
        "details",
        element("summary", f"{count(len(order), 'field')} of {source}"),
        table(["Field", *(key.replace("_", " ") for key in known)], rows, numbers=True, class_="book"),
        element("p", f"{count(more, 'more field')} in ledger.json", class_="quiet") if more > 0 else None,
        class_="fields",
    )


def _row(source: str, outcomes: Mapping[str, int], known: tuple[str, ...]) -> list[Child]:
    cells: list[Child] = [source]
    for key in known:
        value = outcomes.get(key, 0)
        tone = ("bad" if value else "good") if key == "lost" else ("zero" if not value else "")
        cells.append(element("span", number(value), class_=tone))
    return cells


def provenance(report: Report) -> Html | None:
    """Versions and hashes: what is needed to make the same result again."""
    run = report.run
    tool = run.get("tool", {})
    facts: list[tuple[str, Child]] = [
        ("Tool", f"{tool.get('name', 'twinmap')} {tool.get('version', '')}".strip() if tool else ""),
        ("Target", str(run.get("target", ""))),
        ("Graph", _graph(run)),
        ("Key", element("code", str(run["key"])) if run.get("key") else None),
        ("Validation", str((report.validation or {}).get("engine", ""))),
        ("Terminology", ", ".join(f"{t.get('name')} {t.get('version')}" for t in run.get("terminology", ()))),
    ]
    rows = [element("div", element("dt", label), element("dd", value)) for label, value in facts if value]
    parts = [
        element("dl", *rows, class_="facts") if rows else None,
        _files("Mappings", ["Mapping", "Version", "SHA-256"], [_mapping(m) for m in run.get("mappings", ())]),
        _files("Inputs", ["Input", "Bytes", "SHA-256"], [_input(i) for i in run.get("inputs", ())]),
    ]
    return join(*parts) or None


def _graph(run: Json) -> Child:
    graph = run.get("graph")
    if not graph:
        return None
    triples = f"{number(graph.get('triples', 0))} triples, {run.get('format', '')}".rstrip(", ")
    return join(triples, Html(" "), _hash(graph.get("sha256")))


#: More files than this are folded.
_FILES = 6


def _files(title: str, head: list[str], rows: list[list[Child]]) -> Html | None:
    """A table of files, folded where it is long."""
    if not rows:
        return None
    found = table(head, rows, class_="files")
    if len(rows) > _FILES:
        found = element("details", element("summary", count(len(rows), "file")), found, class_="fields")
    return join(element("h3", title), found)


def _mapping(mapping: Json) -> list[Child]:
    return [str(mapping.get("id", "")), str(mapping.get("version", "")), _hash(mapping.get("sha256"))]


def _input(entry: Json) -> list[Child]:
    name = f"{entry.get('source', '')} file {entry.get('number', '')}"
    return [name, number(entry.get("size", "")), _hash(entry.get("sha256"))]


def _hash(value: object) -> Html:
    return element("code", str(value or ""), class_="hash")
