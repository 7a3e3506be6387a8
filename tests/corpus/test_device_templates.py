"""The sample device mappings of a health data service, carried over: ``check`` finds what is wrong in each.

The samples are JSON templates (microsoft/iomt-fhir): what a device sends, and the codes and the unit that it gets.
Each coding of each value becomes a rule of a twinmap mapping.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from twinmap import lint
from twinmap.diagnostics import Finding

pytestmark = pytest.mark.corpus

PREFIXES = {
    "http://loinc.org": "loinc",
    "http://snomed.info/sct": "snomed",
    "com.apple.health": "healthkit",
    "https://www.mydevice.com/v1": "device",
}


class Claim(NamedTuple):
    """What is said of a rule: its code, the rule, and what to do."""

    code: str
    severity: str
    rule: str
    advice: str


#: The diastolic pressure of every sample is coded as a heart rate.
HEART_RATE = "bloodpressure-diastolic-8867-4"
NO_UNIT = "bind unit to its field, or write it as a literal where the source says that it is always the same"
ERRORS = {
    "basic": {
        Claim("TM-U06", "error", HEART_RATE, "correct the code or the unit, in the mapping or at the sender"),
        Claim("TM-U02", "error", "hrv-hrv-80404-7", NO_UNIT),
    },
    "healthkitOnFhir": {
        Claim("TM-U06", "error", HEART_RATE, "correct the code or the unit, in the mapping or at the sender"),
    },
    "sandbox": {
        Claim("TM-U06", "error", HEART_RATE, "correct the code or the unit, in the mapping or at the sender"),
        Claim("TM-U02", "error", "hrv-hrv-80404-7", NO_UNIT),
        Claim("TM-U02", "error", "bodytemperature-temp-8310-5", NO_UNIT),
    },
}
#: By sample: the texts that are no unit of UCUM, in how many rules each, and what to write.
UNITS = {
    "basic": {"count/min": ("/min", 1), "count": ("{count}", 1), "mmHg": ("mm[Hg]", 3)},
    "healthkitOnFhir": {
        "count/min": ("/min", 5),
        "count": ("{count}", 2),
        "degC": ("Cel", 2),
        "mmHg": ("mm[Hg]", 5),
        "dB(SPL)": ("dB[SPL]", 1),
    },
    "sandbox": {"count/min": ("/min", 1), "breaths/minute": ("/min", 1), "mmHg": ("mm[Hg]", 3)},
}


def rules(template: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The rules of a template: one a coding of each of its values; a value that is a code has no unit."""
    for part in template.get("components") or [template]:
        value = part["value"]
        if value["valueType"] == "CodeableConcept":
            continue
        for coding in part["codes"]:
            yield {
                "result": {
                    "name": f"{template['typeName']}-{value['valueName']}-{coding['code']}",
                    "code": f"{PREFIXES[coding['system']]}:{coding['code']}",
                    "display": coding["display"],
                    "value": f"$({value['valueName']})",
                    "unit": value["unit"],
                }
            }


def carried_over(sample: Path, folder: Path) -> Path:
    """The mapping that says what a sample says."""
    templates = json.loads((sample / "fhirmapping.json").read_text("utf-8"))["template"]
    mapping = {
        "twinmap": "1",
        "id": sample.name,
        "version": "1.0.0",
        "systems": {"device": "https://www.mydevice.com/v1"},
        "source": {"format": "json", "files": "*.json", "timezone": "UTC"},
        "patient": {"id": "$(patientid)", "system": "service"},
        "key": ["deviceid", "measurementdatetime"],
        "time": "$(measurementdatetime)",
        "observe": [rule for template in templates for rule in rules(template["template"])],
    }
    path = folder / f"{sample.name}.yaml"
    path.write_text(yaml.safe_dump(mapping, sort_keys=False), "utf-8")
    return path


@pytest.fixture(params=sorted(ERRORS))
def checked(request: pytest.FixtureRequest, corpus: Path, tmp_path: Path) -> tuple[str, tuple[Finding, ...]]:
    sample = corpus / "terminology" / "iomt-fhir-templates" / request.param
    return request.param, lint.check([carried_over(sample, tmp_path)]).findings


def claims(found: tuple[Finding, ...], *severities: str) -> set[Claim]:
    return {
        Claim(item.code, item.severity, (item.rule or "").rpartition("/")[2], item.help or "")
        for item in found
        if item.severity in severities
    }


def test_the_errors_are_these_and_no_others(checked: tuple[str, tuple[Finding, ...]]) -> None:
    sample, found = checked
    assert claims(found, "error") == ERRORS[sample]


def test_the_words_say_which_code_is_meant(checked: tuple[str, tuple[Finding, ...]]) -> None:
    """Beside the code of a heart rate stands "Diastolic blood pressure": the finding names the code of that."""
    _, found = checked
    (warning,) = (item for item in found if item.severity == "warning")
    assert (warning.code, warning.rule and warning.rule.rpartition("/")[2]) == ("TM-C05", HEART_RATE)
    assert warning.details["suggested"] == "diastolic-blood-pressure (loinc:8462-4)"


def test_every_text_that_is_no_unit_has_its_fix(checked: tuple[str, tuple[Finding, ...]]) -> None:
    sample, found = checked
    told: dict[str, tuple[str, int]] = {}
    for item in found:
        if item.code == "TM-U01":
            text, fix = item.message.split('"')[1], (item.help or "").removeprefix("write ")
            told[text] = (fix, told.get(text, ("", 0))[1] + item.count)
    assert told == UNITS[sample]


def test_every_sample_is_here(corpus: Path) -> None:
    folder = corpus / "terminology" / "iomt-fhir-templates"
    assert {path.parent.name for path in folder.glob("*/fhirmapping.json")} == set(ERRORS)
