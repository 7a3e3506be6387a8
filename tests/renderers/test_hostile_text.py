"""Whatever text data hold, no report is steered by it."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twinmap.renderers import Excerpt, Report
from twinmap.renderers import csv as csv_report
from twinmap.renderers import html as html_report
from twinmap.renderers import json as json_report
from twinmap.renderers import sarif as sarif_report
from twinmap.renderers import text as text_report
from twinmap.renderers._escape import HIDDEN, visible

ANY_TEXT = st.text(alphabet=st.characters(), max_size=60)

PAYLOADS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style><script>x</script>",
    "<!-- --><![CDATA[",
    "javascript:alert(1)",
    "[red]x[/red] [/foo] [link=https://example.org]y[/link]",
    "\x1b]0;owned\x07\x1b[2J",
    "\u202etxt.exe\u2066",
    "line\n::error::injected",
    "=cmd|' /C calc'!A0",
    "{0} %s ${x} {{y}}",
    "&lt;b&gt; &amp;",
    "\ud83d",
    "\x00",
]


def hostile(text: str) -> Report:
    """A report with this text wherever text from data can stand."""
    place = {"source": text, "file": text, "record": 1, "part": text, "field": text, "shape": text}
    where = f"{text}:1:1"
    finding = {
        "id": "0" * 16, "code": "TM-L01", "slug": text, "severity": "error", "message": text, "where": where,
        "places": [place], "sources": [text], "concept": text, "rule": text, "facet": text, "relation": text,
        "details": {text: text}, "help": text, "count": 2,
    }  # fmt: skip
    facet = {"facet": text, "a": text, "b": text, "relation": text, "evidence": text, "code": text}
    relation = {"concept": text, "source_a": text, "source_b": text, "relation": text, "facets": [facet],
                "conversion": {"from": text, "to": text + "x", "factor": text}, "unsaid": [text],
                "conflict": {"code": text, "count": 1}}  # fmt: skip
    row = {"concept": text, "label": text, "source": text, "code_system": text, "code": text, "unit": text,
           "canon_unit": text + "x", "facets": {text: text}, "match": text, "n": 1, "patients": 1}  # fmt: skip
    return Report(
        findings=[finding, finding | {"code": text, "severity": text}],
        excerpts={where: Excerpt(text, 3)},
        relations=[relation, relation | {"relation": "equivalent"}, relation | {"concept": "other"}],
        concepts=[row],
        ledger={
            "records": {text: {"read": 1, "mapped": 1, "lost": 0}},
            "cells": {text: {text: {"read": 1, "mapped": 1}}},
        },
        validation={"conforms": True, "engine": text},
        run={
            "tool": {"name": text, "version": text},
            "mappings": [{"id": text, "version": text, "sha256": text}],
            "inputs": [{"source": text, "number": 1, "name": "input.csv", "sha256": text, "size": 1}],
            "terminology": [{"name": text, "version": text}],
            "key": text,
        },
    )


class Elements(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.comments = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs

    def handle_comment(self, data: str) -> None:
        self.comments += 1


KNOWN_TAGS = set(
    """html head meta title style body header main section footer nav a p b h1 h2 h3 h4 dl dt dd div span
    code pre mark ul li table thead tbody tr th td details summary article""".split()  # noqa: SIM905
)
KNOWN_ATTRIBUTES = set(
    "charset http-equiv content name lang class id href scope colspan data-head open aria-label".split()  # noqa: SIM905
)


def harmless(text: str) -> None:
    """Render the text in every format and look at what came out."""
    report = hostile(text)
    plain = text_report.render(report)
    assert not HIDDEN.search(plain.replace("\n", ""))
    assert len(plain.splitlines()) == len(text_report.render(hostile("x")).splitlines())

    assert json.loads(json_report.render(report))["findings"] == list(report.findings)

    rows = list(csv.reader(io.StringIO(csv_report.render(report), newline="")))
    assert {len(row) for row in rows} == {len(csv_report.COLUMNS)}
    assert not any(HIDDEN.search(cell) for row in rows for cell in row)
    computed = [cell for row in rows for cell in row if cell[:1] in {"=", "+", "-", "@"}]
    assert all(re.fullmatch(r"[+-][0-9.eE+-]*[0-9.]", cell) and float(cell) is not None for cell in computed)

    log = sarif_report.render(report)
    assert json.loads(log)["runs"][0]["results"][0]["level"] == "error"
    assert not HIDDEN.search(log.replace("\n", ""))

    page = html_report.render(report)
    page.encode("utf-8")
    assert not HIDDEN.search(page.replace("\n", ""))
    seen = Elements()
    seen.feed(page)
    seen.close()
    assert seen.tags <= KNOWN_TAGS
    assert {name for name, _ in seen.attributes} <= KNOWN_ATTRIBUTES
    assert seen.comments == 0
    assert all(value and value.startswith("#") for name, value in seen.attributes if name == "href")


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda text: ascii(text)[:30])
def test_known_payloads_are_harmless(payload: str) -> None:
    harmless(payload)


@settings(deadline=None)
@given(ANY_TEXT.filter(lambda text: len(visible(text)) > 0))
def test_any_text_is_harmless(text: str) -> None:
    harmless(text)


@pytest.mark.corpus
def test_the_corpus_of_naughty_strings_is_harmless(corpus: Path) -> None:
    strings = json.loads((corpus / "security" / "blns" / "blns.json").read_text(encoding="utf-8"))
    _all_harmless(strings)


@pytest.mark.corpus
def test_the_corpus_of_formula_payloads_is_harmless(corpus: Path) -> None:
    lines = (
        (corpus / "security" / "csv-injection" / "Intruder" / "csv-payload.txt")
        .read_text("utf-8")
        .splitlines()
    )
    assert len(lines) > 3
    _all_harmless(lines)


def _all_harmless(strings: Iterable[str]) -> None:
    for string in strings:
        if string:
            harmless(string)


def test_the_style_sheet_holds_no_data() -> None:
    styles = {
        re.findall(r"<style>(.*?)</style>", html_report.render(hostile(p)), re.DOTALL)[0] for p in PAYLOADS
    }
    assert len(styles) == 1
