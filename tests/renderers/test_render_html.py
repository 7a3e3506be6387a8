"""The page: whole, self-contained, private, readable."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files

import pytest

from twinmap.renderers import Excerpt, Report
from twinmap.renderers.html import PAGE_BYTES, render


class Page(HTMLParser):
    """The tags, attributes and text of a page; fails where tags do not match."""

    VOID = frozenset({"meta"})

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_is_well_formed_and_says_what_it_must(report: Report) -> None:
    page = Page(render(report))
    for said in (
        "1 of 4 shared concepts means the same in every source; systolic blood pressure, heart rate and",
        "450,955 mapped, 3 set aside, 0 lost",
        "0 violations at 514,948 focus nodes",
        "ward-monitor and wristband are related, because site (upper arm ↔ wrist) and method "
        "(oscillometry ↔ cuffless) differ. Units converted: kPa × 7.50062 = mm[Hg].",
        "The same quantity, measured in another way or place or state: compare with a stated bias; do not pool.",
        "laboratory file 3, record 5113 (line 61224), OBX[3], OBX-5: xxxx",
        "183,498 times",
        "2,604,771 triples, nq",
        "icu-monitor",
    ):
        assert said in page.text
    assert {"table", "details", "summary", "mark", "dl"} <= set(page.tags)


def test_the_page_fetches_and_runs_nothing(report: Report) -> None:
    page = Page(render(report))
    assert not {"script", "link", "img", "iframe", "form", "object", "base"} & set(page.tags)
    policy = [value for tag, name, value in page.attributes if tag == "meta" and name == "content"]
    assert "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'" in policy
    assert all(
        value and value.startswith("#") for _, name, value in page.attributes if name in ("href", "src")
    )
    assert not re.search(r"url\(|@import|expression\(", render(report))


def test_links_lead_to_sections(report: Report) -> None:
    page = Page(render(report))
    ids = {value for _, name, value in page.attributes if name == "id"}
    assert {str(value)[1:] for _, name, value in page.attributes if name == "href"} == ids


def test_the_same_report_gives_the_same_bytes(report: Report) -> None:
    turned = replace(report, concepts=list(report.concepts), run=dict(reversed(report.run.items())))
    assert render(report) == render(turned)


def test_no_name_of_an_input_file_is_on_it(report: Report) -> None:
    excerpts = {**report.excerpts, "mappings/ward.yaml:9:1": Excerpt("files: Weber_Anna_watch.csv", 3)}
    page = render(replace(report, excerpts=excerpts))
    for word in ("Weber", "watch.csv", "2026-03.hl7", "feed/"):
        assert word not in page


def test_errors_come_first_and_say_what_they_are_about(report: Report) -> None:
    page = Page(render(report))
    groups = [value for tag, name, value in page.attributes if tag == "details" and name == "class"]
    found = [value for value in groups if value and value.startswith("code-group")]
    assert found[0] == "code-group error"
    assert found == sorted(found, key=["code-group error", "code-group warning", "code-group info"].index)
    assert [name for _, name, _ in page.attributes if name == "open"] == []
    firsts = re.findall(r'<span class="first">(.*?)</span>', render(report))
    assert firsts == ["column &quot;hartrate&quot; is not in wristband file 2"]


def test_a_report_of_findings_alone_has_no_empty_sections(report: Report) -> None:
    page = Page(render(Report(findings=report.findings, excerpts=report.excerpts)))
    assert "1 error, 4 warnings and 2 notes to look at." in page.text
    assert "Findings" in page.text
    assert "Books" not in page.text
    assert "Concept" not in page.text


def relation(said: str, name: str, number: int = 0, **more: object) -> dict[str, object]:
    """A row about a concept in two sources that is told in a way of its own by its number."""
    facets = [{"facet": "site", "a": f"tm:site-{number}", "b": None, "relation": "narrower"}]
    about = {"concept": name, "source_a": "a", "source_b": "b", "relation": said, "facets": facets}
    return about | more


def test_one_sentence_a_pair_of_sources_and_the_rest_is_folded() -> None:
    kinds = ("related", "not-comparable", "a-narrower")
    rows = [relation(said, name, n) for name in ("heart-rate", "glucose") for n, said in enumerate(kinds)]
    page = render(Report(relations=rows))
    _, *outer = page.split('<tr class="relations">')
    assert len(outer) == 2
    for pair in outer:
        assert re.findall(r'<summary>.*?class="chip ([a-z-]+)"', pair) == [
            "not-comparable",
            "related",
            "a-narrower",
        ]
        assert re.search(r'^<td colspan="1"><details class="relation"><summary>[^/]*<b>a</b>', pair)
        assert pair.count("</details></details></td>") == 1
        assert "(and 2 more: 1 related and 1 narrower)" in pair


def test_what_is_not_known_to_differ_is_not_green() -> None:
    page = render(Report(relations=[relation("equivalent", "x", unsaid=["site", "method"])]))
    assert 'class="chip unsaid">not known to differ</span>: neither says site or method.' in page
    assert 'class="chip equivalent"' not in page
    assert "x is not known to differ." in Page(page).text.lower()
    sheet = files("twinmap.renderers").joinpath("report.css").read_text(encoding="utf-8")
    assert ".chip.unsaid { color: var(--muted); }" in sheet


def test_the_legend_has_the_relations_of_the_page_alone() -> None:
    page = render(Report(relations=[relation("related", "x"), relation("a-broader", "y")]))
    legend = Page(re.findall(r'<dl class="legend">.*?</dl>', page)[0]).text
    assert legend.startswith("relatedThe same quantity, measured in another way")
    assert "broaderOne says what the other leaves open: find out" in legend
    assert "conflicting" not in legend
    assert "equivalent" not in legend


def signature(**about: object) -> dict[str, object]:
    return {
        "concept": "c",
        "source": "a",
        "code_system": "http://loinc.org",
        "code": "1-8",
        "n": 2,
        "patients": 1,
    } | about


def test_a_code_with_its_facets_stands_once_in_a_cell_with_all_its_units() -> None:
    rows = [
        signature(unit_raw="kPa", unit="kPa", canon_unit="mm[Hg]", facets={"site": "tm:site-wrist"}),
        signature(
            unit_raw="mm[Hg]", unit="mm[Hg]", canon_unit="mm[Hg]", facets={"site": "tm:site-wrist"}, n=3
        ),
        signature(unit="fL", match="narrower"),
        signature(code="2-6", values="coded"),
    ]
    page = Page(render(Report(concepts=rows))).text
    assert "wristLOINC 1-8kPa → mm[Hg] 2 values, 1 patientmm[Hg] 3 values, 1 patient" in page
    assert "narrower than LOINC 1-8fL 2 values, 1 patient" in page
    assert "LOINC 2-6coded 2 values, 1 patient" in page
    assert page.count("→") == 1


def test_concepts_of_one_source_are_folded_where_others_are_compared() -> None:
    alone = signature(concept="d", label="Alone")
    page = render(Report(concepts=[signature(), alone], relations=[relation("related", "c")]))
    assert re.search(r'<details class="alone"><summary>1 concept of one source alone</summary>.*Alone', page)
    assert '<details class="alone" open>' in render(Report(concepts=[alone]))


def test_long_lists_of_files_are_folded(report: Report) -> None:
    inputs = [{"source": "a", "number": n, "name": f"{n}.csv", "size": 1, "sha256": "0"} for n in range(7)]
    assert '<details class="fields"><summary>7 files</summary>' in render(Report(run={"inputs": inputs}))
    assert "files</summary>" not in render(Report(run={"inputs": inputs[:6]}))


def test_fifty_examples_of_a_code_at_most() -> None:
    many = [{"code": "TM-L09", "severity": "warning", "message": f"field {n}"} for n in range(1234)]
    page = render(Report(findings=many))
    assert page.count("<article>") == 50
    assert "1,184 more findings of this code in findings.jsonl" in page


def test_a_page_is_never_longer_than_two_megabytes(report: Report) -> None:
    many = [
        {"code": f"TM-{letter}{n:02}", "severity": "warning", "message": f"{m} " + "<&>" * 400}
        for letter in "LQOHCUVGFTID"
        for n in range(12)
        for m in range(60)
    ]
    relations = [{**report.relations[0], "concept": f"concept-{n}"} for n in range(300)]
    page = render(Report(findings=many, relations=relations, concepts=report.concepts))
    assert len(page.encode()) <= PAGE_BYTES
    assert "more findings of this code in findings.jsonl" in page


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("palette", [0, 1, 2], ids=["light", "dark", "print"])
def test_every_colour_of_text_has_the_contrast_of_wcag_aa(palette: int) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1 for text."""
    sheet = files("twinmap.renderers").joinpath("report.css").read_text(encoding="utf-8")
    blocks = re.findall(r":root \{(.*?)\}", sheet, re.DOTALL)
    assert len(blocks) == 3
    colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{3,6})", blocks[palette]))
    full = {k: v if len(v) == 7 else "#" + "".join(c * 2 for c in v[1:]) for k, v in colours.items()}
    for ground in ("paper", "raised"):
        for ink in ("ink", "muted", "error", "warning", "info", "good"):
            assert contrast(full[ink], full[ground]) >= 4.5, (ink, ground)
    assert contrast(full["ink"], full["mark"]) >= 4.5
