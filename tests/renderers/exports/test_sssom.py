"""SSSOM TSV: what is read back is what the report says, and the same bytes say it every time."""

from __future__ import annotations

import csv
import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinmap.diagnostics import Span
from twinmap.errors import UsageError
from twinmap.formats import yamlnodes
from twinmap.mapping import codemaps
from twinmap.mapping.ast import CodeMap
from twinmap.mapping.context import Findings
from twinmap.renderers import Report, conceptmap_r4, conceptmap_r5, load_report, sssom, sssom_negative
from twinmap.renderers._alignments import NEGATIVE, alignments
from twinmap.renderers._sssom import COLUMNS, CONVERTED, PREDICATES, _cell

LAB = "https://lab.example.org/codes"
Make = Callable[..., Any]
#: Relations by predicate and modifier.
RELATIONS = {
    (predicate, "Not" if relation == NEGATIVE else ""): relation for relation, predicate in PREDICATES.items()
} | {(CONVERTED, ""): "equivalent"}


def table(text: str) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """The head as plain data, and the rows."""
    lines = text.splitlines(keepends=True)
    size = next(number for number, line in enumerate(lines) if not line.startswith("#"))
    root = yamlnodes.parse("".join(line[1:] for line in lines[:size]), "").root
    assert isinstance(root, yamlnodes.Mapping)
    head: dict[str, Any] = {
        key.text: {k.text: v.text for k, v in value.entries}
        if isinstance(value, yamlnodes.Mapping)
        else value.text
        for key, value in root.entries
    }
    return head, list(csv.DictReader(lines[size:], delimiter="\t", strict=True))


def read_back(text: str, **systems: str) -> CodeMap:
    """What our own reader of code maps makes of it; nothing may be wrong with it."""
    report = Findings()
    made = codemaps.sssom(codemaps.Source("m.sssom.tsv", text, Span("map.yaml", 3, 9), report, systems))
    assert list(report) == []
    assert made is not None
    return made


def test_a_relation_survives_the_way_out_and_back(compared: Report) -> None:
    found = alignments(compared)
    for rendered, told in (
        (sssom.render(compared), found.positive),
        (sssom_negative.render(compared), found.negative),
    ):
        _, rows = table(rendered)
        assert told
        assert [
            (row["subject_id"], RELATIONS[row["predicate_id"], row["predicate_modifier"]], row["object_id"])
            for row in rows
        ] == [(item.subject.curie, item.relation, item.object.curie) for item in told]


def test_every_relation_of_different_terms_is_in_one_of_the_documents(compared: Report) -> None:
    """Counted from the rows of the report, not from the alignments."""
    found = [
        pair
        for render in (sssom.render, sssom_negative.render)
        for row in table(render(compared))[1]
        for pair in json.loads(row["other"])["pairs"]
    ]
    alike = sum(
        row["facets"][0]["a"] == row["facets"][0]["b"]
        and all(f["a"] == f["b"] for f in row["facets"] if f["facet"] != "unit")
        for row in compared.relations
    )
    assert alike
    assert len(found) == len(compared.relations) - alike


def test_predicates_say_what_the_subject_is(report_of: Make, signature: Make) -> None:
    report = report_of(
        [
            signature("a", "8459-0", "mm[Hg]"),
            signature("a", "2345-7", "mg/dL"),
            signature("b", "8480-6", "mm[Hg]"),
            signature("b", "14749-6", "mmol/L"),
        ]
    )
    _, rows = table(sssom.render(report))
    assert [(row["subject_id"], row["predicate_id"], row["object_id"]) for row in rows] == [
        ("loinc:14749-6", "skos:closeMatch", "loinc:2345-7"),  # the same, after a conversion
        ("loinc:8459-0", "skos:broadMatch", "loinc:8480-6"),  # sitting has a broader match: any posture
    ]
    assert "(glucose-molar-mass)" in rows[0]["curation_rule_text"]
    assert rows[1]["curation_rule_text"] == ""
    assert {row["mapping_justification"] for row in rows} == {"semapv:CompositeMatching"}


def test_what_must_not_be_mapped_is_in_its_own_document_alone(compared: Report) -> None:
    _, rows = table(sssom.render(compared))
    assert {row["predicate_modifier"] for row in rows} == {""}
    _, denied = table(sssom_negative.render(compared))
    assert {(row["predicate_id"], row["predicate_modifier"]) for row in denied} == {
        ("skos:exactMatch", "Not")
    }
    assert not {(r["subject_id"], r["object_id"]) for r in rows} & {
        (r["subject_id"], r["object_id"]) for r in denied
    }


def test_the_head_names_all_that_the_rows_use(compared: Report) -> None:
    for text in (sssom.render(compared), sssom_negative.render(compared)):
        head, rows = table(text)
        used = {
            row[column].partition(":")[0]
            for row in rows
            for column in ("subject_id", "predicate_id", "object_id", "mapping_justification")
        }
        assert set(head["curie_map"]) == used
        assert head["curie_map"]["sig"] == "https://twin.example.org/sig/"
        assert head["license"] == "https://w3id.org/sssom/license/unspecified"
        assert (head["mapping_tool"], head["mapping_tool_version"]) == ("twinmap", "9.9.9")
        assert "LOINC is copyright Regenstrief" in head["comment"]
        assert head["mapping_set_description"] == "Found by twinmap in data read with band, ward 1.2.0."
    ids = {table(render(compared))[0]["mapping_set_id"] for render in (sssom.render, sssom_negative.render)}
    assert ids == {
        "https://twin.example.org/alignment/sssom",
        "https://twin.example.org/alignment/sssom-negative",
    }


def test_rows_are_in_order_and_the_bytes_do_not_depend_on_the_order_of_the_report(compared: Report) -> None:
    text = sssom.render(compared)
    _, rows = table(text)
    keys = [(row["subject_id"], row["object_id"]) for row in rows]
    assert len(keys) == len(set(keys))
    turned = replace(
        compared, relations=[*reversed(compared.relations)], concepts=[*reversed(compared.concepts)]
    )
    assert sssom.render(turned) == text


def test_more_patients_change_no_version(compared: Report) -> None:
    more = [{**row, "counts": {**row["counts"], "n_a": 10_000}} for row in compared.relations]
    one, other = sssom.render(compared), sssom.render(replace(compared, relations=more))
    assert one != other
    assert table(one)[0]["mapping_set_version"] == table(other)[0]["mapping_set_version"]
    narrowed = replace(compared, relations=compared.relations[1:])
    assert table(sssom.render(narrowed))[0]["mapping_set_version"] != table(one)[0]["mapping_set_version"]


def test_a_date_only_where_one_is_given(compared: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    assert "mapping_date" not in table(sssom.render(compared))[0]
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert table(sssom.render(compared))[0]["mapping_date"] == "2023-11-14"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(UsageError, match="SOURCE_DATE_EPOCH"):
        sssom.render(compared)


def test_other_tells_what_a_minted_term_stands_for(compared: Report) -> None:
    _, rows = table(sssom.render(compared))
    said = [json.loads(row["other"]) for row in rows]
    for row, other in zip(rows, said, strict=True):
        for side in ("subject", "object"):
            assert (side in other) == row[f"{side}_id"].startswith("sig:")
    wrist = next(item["subject"] for item in said if "wrist" in str(item.get("subject")))
    assert wrist == {
        "code": "loinc:8480-6",
        "facets": {"method": "tm:method-cuffless", "site": "tm:site-wrist"},
    }
    assert {"source": "ward", "unit": "kPa", "n": 40, "patients": 20} in [
        pair[side] for other in said for pair in other["pairs"] for side in ("subject", "object")
    ]
    assert all(other["findings"] == sorted(set(other["findings"])) for other in said)


def test_our_reader_of_code_maps_reads_it(compared: Report) -> None:
    made = read_back(sssom.render(compared))
    found = {
        (system, code, match.predicate, match.code)
        for (system, code), matches in made.entries.items()
        for match in matches
    }
    assert len(found) == len(alignments(compared).positive)
    assert ("http://loinc.org", "14749-6", "skos:closeMatch", "2345-7") in found
    assert read_back(sssom_negative.render(compared)).entries == {}  # nothing of what is denied maps


def test_local_codes_come_back_as_they_were(report_of: Make, signature: Make) -> None:
    """Codes and systems that are no IRI are encoded on the way out and are the same on the way back."""
    concept = {"concept": "systolic-blood-pressure"}
    report = report_of([signature("a", "8459-0", "mm[Hg]"), signature("b", "8480-6", "mm[Hg]")])
    local = {"code_system": LAB, "code": "SYS/1 %20 ü", "facets": {}, "label": None}
    report = replace(report, concepts=[{**report.concepts[0], **concept, **local}, report.concepts[1]])
    made = read_back(sssom.render(report))
    assert list(made.entries) == [(LAB, "SYS/1 %20 ü")]
    (match,) = made.entries[LAB, "SYS/1 %20 ü"]
    assert (match.system, match.code) == ("http://loinc.org", "8480-6")


def test_text_of_data_breaks_no_row_and_is_no_formula(report_of: Make, signature: Make) -> None:
    report = report_of([signature("a", "8459-0", "mm[Hg]"), signature("b", "8480-6", "mm[Hg]")])
    for label in ("=1+1", "@SUM(A1)", "+1", "-1", 'tab\there\n"quoted"\r\x1b[31m', "\u202eevil"):
        named = [{**row, "code": "X-1", "code_system": LAB, "label": label} for row in report.concepts[:1]]
        _, (row,) = table(sssom.render(replace(report, concepts=[*named, report.concepts[1]])))
        assert None not in row
        assert list(row) == list(COLUMNS)
        assert row["subject_label"][0] not in "=+-@"
        assert row["subject_label"].isprintable()


@given(st.text())
def test_no_cell_is_a_formula_or_has_a_line_end(text: str) -> None:
    cell = _cell(text)
    assert not cell.startswith(("=", "+", "-", "@"))
    assert not set(cell) & set("\t\n\r")


def test_nothing_is_a_head_and_the_names_of_the_columns() -> None:
    head, rows = table(sssom.render(Report()))
    assert rows == []
    assert set(head["curie_map"]) == {"skos", "semapv"}
    assert head["mapping_set_id"] == "https://twin.invalid/alignment/sssom"


def test_names_are_below_the_base_of_the_run(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"base": "https://h.example/"}), encoding="utf-8")
    head, _ = table(sssom.render(load_report(tmp_path)))
    assert head["mapping_set_id"] == "https://h.example/alignment/sssom"


# --- against another reader --------------------------------------------------------------------------

_WITHOUT = importlib.util.find_spec("sssom") is None
_READ = """
import sys, warnings
warnings.simplefilter("ignore")
from sssom.parsers import parse_sssom_table
from sssom.validators import validate
from sssom.constants import SchemaValidationType
found = parse_sssom_table(sys.argv[1])  # strict=True refuses every regular document: its test is the wrong way round
validate(found, [SchemaValidationType.JsonSchema, SchemaValidationType.PrefixMapCompleteness])
for row in found.df.fillna("").to_dict("records"):
    modifier = row.get("predicate_modifier", "")
    print("\\t".join([row["subject_id"], row["predicate_id"], modifier, row["object_id"], row["comment"], row["other"]]))
"""


@pytest.mark.skipif(_WITHOUT, reason="sssom 0.4.21 is not installed (pip install sssom==0.4.21)")
@pytest.mark.parametrize("rendering", [sssom, sssom_negative])
def test_sssom_py_loses_no_row(compared: Report, tmp_path: Path, rendering: Any) -> None:
    text = rendering.render(compared)
    file = tmp_path / "a.sssom.tsv"
    file.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", _READ, str(file)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    columns = ("subject_id", "predicate_id", "predicate_modifier", "object_id", "comment", "other")
    wanted = ["\t".join(row[column] for column in columns) for row in table(text)[1]]
    assert sorted(done.stdout.splitlines()) == sorted(wanted)


def test_the_page_has_the_table_of_relations() -> None:
    page = Path(__file__).parents[3].joinpath("docs", "exports.md").read_text("utf-8")
    rows = {line.split("|")[1].strip(): line for line in page.splitlines() if line.startswith("| ")}
    for relation, predicate in PREDICATES.items():
        assert f"`{predicate}`" in rows[relation]
        assert f"`{conceptmap_r4.EQUIVALENCE[relation]}`" in rows[relation]
        assert f"`{conceptmap_r5.RELATIONSHIP[relation]}`" in rows[relation]
    assert f"`{CONVERTED}`" in rows["equivalent"]
    for column in COLUMNS:
        assert f"`{column}`" in page
