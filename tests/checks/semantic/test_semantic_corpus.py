"""Real files of others: what is an error there is one indeed, and nothing else is claimed to be."""

from __future__ import annotations

from pathlib import Path

import pytest

from twinmap.api import run
from twinmap.diagnostics import Severity

#: By folder: the mapping, its parameters, and the errors about meaning that the files do hold.
FEEDS = {
    # a body height of 1.84 cm
    "fhir/ips": ("fhir-r4", {}, {("TM-V01", "body-height")}),
    "fhir/gematik-isik": ("fhir-r4", {}, set()),
    # of a bicarbonate whose unit is an id of SNOMED CT the unit is not known: U01, a warning
    "fhir/r4-examples-observation": ("fhir-r4", {}, set()),
    # Synthea's total protein: 60 to 80 g/dL, which are g/L
    "fhir-ndjson/pathling": ("fhir-r4", {}, {("TM-U07", "total-protein"), ("TM-V01", "total-protein")}),
    "hl7v2/hapi": ("hl7v2", {"timezone": "UTC"}, set()),
    # heart rates without a unit, a haemoglobin of 12.5 g/mL
    "hl7v2/ms-fhir-converter": (
        "hl7v2",
        {"timezone": "UTC"},
        {("TM-U02", "heart-rate"), ("TM-V01", "hemoglobin")},
    ),
}


@pytest.mark.corpus
@pytest.mark.parametrize("folder", FEEDS)
def test_errors_are_errors(corpus: Path, folder: str, tmp_path: Path) -> None:
    mapping, params, expected = FEEDS[folder]
    (tmp_path / "key").write_bytes(bytes(range(32)))
    done = run(
        f"builtin:{mapping}",
        out=tmp_path / "out",
        data=[str(corpus / folder)],
        params=params,
        key_file=tmp_path / "key",
        engine="none",
        jobs=1,
    )
    about_data = ("TM-Q", "TM-O", "TM-L", "TM-Z", "TM-H")
    errors = {
        (item.code, item.concept)
        for item in done.findings
        if item.severity is Severity.ERROR and not item.code.startswith(about_data)
    }
    assert errors == expected
