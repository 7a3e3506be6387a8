"""SARIF 2.1.0: rules, results, locations; no names of input files."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from twinmap.renderers import Excerpt, Report
from twinmap.renderers.sarif import render


def log(report: Report) -> dict[str, Any]:
    run: dict[str, Any] = json.loads(render(report))["runs"][0]
    return run


def test_the_log_has_the_form_of_the_standard(report: Report) -> None:
    document = json.loads(render(report))
    assert document["version"] == "2.1.0"
    assert set(document) == {"$schema", "version", "runs"}
    run = document["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == sorted({finding["code"] for finding in report.findings})
    assert len(run["results"]) == len(report.findings)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
        assert result["message"]["text"]
        assert result["occurrenceCount"] >= 1
        for location in result["locations"]:
            assert location.keys() <= {"physicalLocation", "logicalLocations"}


def test_the_fingerprint_is_the_id_of_the_finding(report: Report) -> None:
    found = [result["fingerprints"]["twinmapFinding/v1"] for result in log(report)["results"]]
    assert found == [finding["id"] for finding in report.findings]


def test_a_result_points_at_the_mapping(report: Report) -> None:
    location = log(report)["results"][0]["locations"][0]["physicalLocation"]
    assert location == {
        "artifactLocation": {"uri": "mappings/band.yaml", "uriBaseId": "%SRCROOT%"},
        "region": {
            "startLine": 14,
            "startColumn": 25,
            "endColumn": 36,
            "snippet": {"text": "  - heart-rate: {value: $(hartrate), unit: bpm}"},
        },
    }


def test_a_rule_has_the_page_of_its_code(report: Report) -> None:
    rule = next(rule for rule in log(report)["tool"]["driver"]["rules"] if rule["id"] == "TM-O05")
    assert rule["shortDescription"] == {"text": "A file holds no record."}
    assert rule["help"]["markdown"].startswith(
        "A file holds no record.\n\n## What it means\n\nThe file is there"
    )
    assert rule["defaultConfiguration"] == {"level": "warning"}


def test_no_name_of_an_input_file_is_in_it(report: Report) -> None:
    text = render(report)
    for word in ("Weber", "watch.csv", "2026-03.hl7", "feed/"):
        assert word not in text
    assert 'column \\"hartrate\\" is not in wristband file 2' in text
    assert "laboratory file 3, record 5113 (line 61224), OBX[3], OBX-5: xxxx" in text


def test_an_excerpt_that_names_an_input_file_is_left_out(report: Report) -> None:
    where = "mappings/band.yaml:14:25"
    named = replace(report, excerpts={where: Excerpt("files: Weber_Anna_watch.csv", 3)})
    assert "snippet" not in log(named)["results"][0]["locations"][0]["physicalLocation"]["region"]


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("{0} of {beats}/min", "{{0}} of {{beats}}/min"),
        ("unit {beats}/min in mm[Hg]", "unit {beats}/min in mm[Hg]"),
        ("[click](https://example.org)", "\\[click](https://example.org)"),
        ("a\x1b[2J\nb", "a␛[2J␊b"),
    ],
)
def test_messages_are_neither_links_nor_placeholders(message: str, shown: str) -> None:
    report = Report(findings=[{"id": "0" * 16, "code": "TM-X99", "severity": "info", "message": message}])
    assert log(report)["results"][0]["message"]["text"] == shown


@pytest.mark.parametrize(
    ("file", "location"),
    [
        ("maps/a b#1.yaml", {"uri": "maps/a%20b%231.yaml", "uriBaseId": "%SRCROOT%"}),
        ("maps\\bp.yaml", {"uri": "maps/bp.yaml", "uriBaseId": "%SRCROOT%"}),
        ("/opt/maps/bp.yaml", {"uri": "file:///opt/maps/bp.yaml"}),
    ],
)
def test_files_become_uris(file: str, location: dict[str, str]) -> None:
    report = Report(
        findings=[{"code": "TM-L02", "severity": "error", "message": "m", "where": f"{file}:1:1"}]
    )
    assert log(report)["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"] == location
