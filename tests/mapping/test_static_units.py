"""Units that a mapping writes itself."""

from __future__ import annotations

import pytest

from twinmap.diagnostics import Finding, Severity
from twinmap.mapping.load import loads

MAPPING = """\
twinmap: 1
id: t
version: 1.0.0
source: {format: csv, files: t.csv, timezone: Europe/Zurich}
patient: {id: $(p), system: s}
key: [p]
observe:
  - heart-rate: {value: $(hr), unit: UNIT}
"""


def _found(unit: str) -> list[Finding]:
    return list(loads(MAPPING.replace("UNIT", unit)).findings)


@pytest.mark.parametrize(
    "unit", ["/min", '"{beats}/min"', "$(unit)", '""', "{from: $(u), map: {a: /min}, unmapped: keep}"]
)
def test_what_is_ucum_is_fine(unit: str) -> None:
    assert _found(unit) == []


@pytest.mark.parametrize(
    ("unit", "word", "advice"),
    [
        ("beatz", "beatz", "such as /min; a unit that UCUM has not is written {beatz}"),
        ("beats per minuet", "beats per minuet", 'did you mean "/min"?'),
        ("C", "C", 'did you mean "Cel" or "C"?'),
        ("/MN", "/MN", 'did you mean "/min"?'),
        ("$(unit) | beatz", "beatz", "such as /min; a unit that UCUM has not is written {beatz}"),
        (
            "{from: $(u), map: {a: beatz}}",
            "beatz",
            "such as /min; a unit that UCUM has not is written {beatz}",
        ),
    ],
)
def test_what_is_no_unit_is_an_error_in_its_own_words(unit: str, word: str, advice: str) -> None:
    (finding,) = _found(unit)
    severity = Severity.WARNING if "map:" in unit else Severity.ERROR
    assert (finding.code, finding.severity, finding.help) == ("TM-U01", severity, advice)
    assert finding.message.startswith(f'"{word}" is not a unit of UCUM')
    assert finding.where is not None
    assert (finding.where.line, finding.where.column > 30) == (8, True)


def test_what_means_a_unit_is_told() -> None:
    (finding,) = _found("bpm")
    assert (finding.severity, finding.message) == (Severity.INFO, 'the unit "bpm" is read as /min')
    assert finding.help == "write /min"


def test_a_zone_that_is_an_abbreviation_asks_for_a_place() -> None:
    (finding,) = loads(MAPPING.replace("UNIT", "/min").replace("Europe/Zurich", "EST5")).findings
    assert finding.help == "name a place, such as America/New_York or Europe/Zurich"
    (finding,) = loads(MAPPING.replace("UNIT", "/min").replace("Europe/Zurich", "Europe/Zurch")).findings
    assert (finding.help or "").startswith('did you mean "Europe/Zurich"')


def test_a_concept_that_is_not_indented_is_known() -> None:
    text = MAPPING.replace(
        "observe:\n  - heart-rate: {value: $(hr), unit: UNIT}", "observe:\nheart-rate: {value: $(hr)}"
    )
    assert "heart-rate is a concept: indent it below observe" in [item.help for item in loads(text).findings]
