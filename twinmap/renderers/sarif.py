"""SARIF 2.1.0 for code scanning: results point at mapping files, data places are logical locations.

Names of input files are personal data and stay out: a place is ``source, file N, record 12``.
Source: OASIS SARIF 2.1.0, sections 3.11 (messages), 3.27 (results), 3.49 (rules).
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from twinmap import __version__
from twinmap.renderers._common import Group, grouped, left_out, located, place_text
from twinmap.renderers._escape import dump, visible
from twinmap.renderers._names import FileNames
from twinmap.renderers._pages import HEADINGS, Page, find_page
from twinmap.renderers._report import Json, Report

#: The schema of the version that is written.
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_LEVEL = {"error": "error", "warning": "warning", "info": "note"}
#: Data places listed under one result.
_PLACES = 10


def render(report: Report) -> str:
    """One SARIF log with one run; the fingerprint of a result is the id of the finding."""
    names = FileNames(report)
    groups = grouped(report.findings)
    codes = sorted({str(group.finding.get("code")) for group in groups})
    tool = report.run.get("tool", {})
    run = {
        "tool": {
            "driver": {
                "name": "twinmap",
                "version": str(tool.get("version", __version__)),
                "rules": [_rule(code, groups) for code in codes],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(group, codes, report, names) for group in groups],
    }
    if left_out(report.selection):
        run["properties"] = {"selection": report.selection}
    return dump({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


# --- rules ----------------------------------------------------------------------------------------


def _rule(code: str, groups: list[Group]) -> dict[str, Any]:
    first = next(group.finding for group in groups if group.finding.get("code") == code)
    page = find_page(code)
    slug = str(first.get("slug", code))
    rule: dict[str, Any] = {"id": visible(code), "name": visible(slug)}
    if page is not None:
        rule |= {
            "shortDescription": {"text": page.summary},
            "fullDescription": {"text": page.section("What it means") or page.summary},
            "help": {"text": _help(page, "{}\n\n{}"), "markdown": _help(page, "## {}\n\n{}")},
            "defaultConfiguration": {"level": _LEVEL[page.severity.value]},
        }
    return rule


def _help(page: Page, form: str) -> str:
    parts = [form.format(title, page.section(title)) for title in HEADINGS if page.section(title)]
    return "\n\n".join([page.summary, *parts])


# --- results --------------------------------------------------------------------------------------


def _result(group: Group, codes: list[str], report: Report, names: FileNames) -> dict[str, Any]:
    finding = group.finding
    code = str(finding.get("code"))
    text = " ".join(
        sentence
        for sentence in (
            names.hide(str(finding.get("message", ""))),
            names.hide(str(finding.get("help", ""))),
        )
        if sentence
    )
    return {
        "ruleId": visible(code),
        "ruleIndex": codes.index(code),
        "level": _LEVEL.get(str(finding.get("severity")), "none"),
        "message": {"text": _message(text)},
        "locations": _locations(group, report, names),
        "occurrenceCount": max(1, group.count),
        "fingerprints": {"twinmapFinding/v1": str(finding.get("id", ""))},
        "properties": {
            key: names.hide_all(finding[key])
            for key in ("sources", "concept", "rule", "facet", "relation", "details")
            if key in finding
        },
    }


def _message(text: str) -> str:
    """Text that no viewer takes for a placeholder (``{0}``) or a link (``[text](target)``)."""
    shown = visible(text)
    if re.search(r"\{\d+\}", shown):
        shown = shown.replace("{", "{{").replace("}", "}}")
    return re.sub(r"\[(?=[^\]]*\]\()", r"\\[", shown)


def _locations(group: Group, report: Report, names: FileNames) -> list[dict[str, Any]]:
    mapping = _mapping(group.finding, report, names)
    places = [_place(place, names) for place in group.places[:_PLACES]]
    if mapping is None:
        return [{"logicalLocations": [place]} for place in places]
    return [mapping | ({"logicalLocations": places} if places else {})]


def _place(place: Json, names: FileNames) -> dict[str, Any]:
    text = visible(place_text(place, names.label(place)))
    return {"name": text, "fullyQualifiedName": text, "kind": "record"}


def _mapping(finding: Json, report: Report, names: FileNames) -> dict[str, Any] | None:
    where = str(finding.get("where", ""))
    spot = located(where)
    if spot is None:
        return None
    file, line, column = spot
    region: dict[str, Any] = {"startLine": max(1, line), "startColumn": max(1, column)}
    excerpt = report.excerpts.get(where)
    if excerpt is not None and excerpt.text:
        region["endColumn"] = region["startColumn"] + max(1, excerpt.length)
        if names.hide(excerpt.text) == excerpt.text:
            region["snippet"] = {"text": visible(excerpt.text)}
    return {"physicalLocation": {"artifactLocation": _uri(file), "region": region}}


def _uri(file: str) -> dict[str, str]:
    path = PurePosixPath(file.replace("\\", "/"))
    uri = quote(str(path), safe="/~-._", errors="surrogatepass")
    if path.is_absolute():
        return {"uri": f"file://{uri}"}
    return {"uri": uri, "uriBaseId": "%SRCROOT%"}
