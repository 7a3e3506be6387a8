"""The mappings that are shipped: each is sound, described and tested, and fits what is really written."""

from __future__ import annotations

from pathlib import Path

import pytest

from twinmap import lint, registry
from twinmap.api import run
from twinmap.mapping.load import load
from twinmap.mapping.project import builtins
from twinmap.testing.run import run_tests

NAMES = builtins()

#: The headers of the tables of Synthea, as it wrote them over the years.
SYNTHEA = {
    "2017": {
        "patients": "ID,BIRTHDATE,DEATHDATE,SSN,DRIVERS,PASSPORT,PREFIX,FIRST,LAST,SUFFIX,MAIDEN,MARITAL,RACE,"
        "ETHNICITY,GENDER,BIRTHPLACE,ADDRESS",
        "encounters": "ID,DATE,PATIENT,CODE,DESCRIPTION,REASONCODE,REASONDESCRIPTION",
        "observations": "DATE,PATIENT,ENCOUNTER,CODE,DESCRIPTION,VALUE,UNITS",
        "conditions": "START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION",
        "medications": "START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION,REASONCODE,REASONDESCRIPTION",
        "procedures": "DATE,PATIENT,ENCOUNTER,CODE,DESCRIPTION,REASONCODE,REASONDESCRIPTION",
        "immunizations": "DATE,PATIENT,ENCOUNTER,CODE,DESCRIPTION",
        "allergies": "START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION",
    },
    "2020": {
        "patients": "Id,BIRTHDATE,DEATHDATE,SSN,DRIVERS,PASSPORT,PREFIX,FIRST,LAST,SUFFIX,MAIDEN,MARITAL,RACE,"
        "ETHNICITY,GENDER,BIRTHPLACE,ADDRESS,CITY,STATE,COUNTY,ZIP,LAT,LON,HEALTHCARE_EXPENSES,"
        "HEALTHCARE_COVERAGE",
        "encounters": "Id,START,STOP,PATIENT,ORGANIZATION,PROVIDER,PAYER,ENCOUNTERCLASS,CODE,DESCRIPTION,"
        "BASE_ENCOUNTER_COST,TOTAL_CLAIM_COST,PAYER_COVERAGE,REASONCODE,REASONDESCRIPTION",
        "observations": "DATE,PATIENT,ENCOUNTER,CODE,DESCRIPTION,VALUE,UNITS,TYPE",
        "conditions": "START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION",
        "medications": "START,STOP,PATIENT,PAYER,ENCOUNTER,CODE,DESCRIPTION,BASE_COST,PAYER_COVERAGE,"
        "DISPENSES,TOTALCOST,REASONCODE,REASONDESCRIPTION",
        "procedures": "DATE,PATIENT,ENCOUNTER,CODE,DESCRIPTION,BASE_COST,REASONCODE,REASONDESCRIPTION",
        "immunizations": "DATE,PATIENT,ENCOUNTER,CODE,DESCRIPTION,BASE_COST",
        "allergies": "START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION",
    },
    "2024": {
        "patients": "Id,BIRTHDATE,DEATHDATE,SSN,DRIVERS,PASSPORT,PREFIX,FIRST,MIDDLE,LAST,SUFFIX,MAIDEN,MARITAL,"
        "RACE,ETHNICITY,GENDER,BIRTHPLACE,ADDRESS,CITY,STATE,COUNTY,FIPS,ZIP,LAT,LON,HEALTHCARE_EXPENSES,"
        "HEALTHCARE_COVERAGE,INCOME",
        "encounters": "Id,START,STOP,PATIENT,ORGANIZATION,PROVIDER,PAYER,ENCOUNTERCLASS,CODE,DESCRIPTION,"
        "BASE_ENCOUNTER_COST,TOTAL_CLAIM_COST,PAYER_COVERAGE,REASONCODE,REASONDESCRIPTION",
        "observations": "DATE,PATIENT,ENCOUNTER,CATEGORY,CODE,DESCRIPTION,VALUE,UNITS,TYPE",
        "conditions": "START,STOP,PATIENT,ENCOUNTER,SYSTEM,CODE,DESCRIPTION",
        "medications": "START,STOP,PATIENT,PAYER,ENCOUNTER,CODE,DESCRIPTION,BASE_COST,PAYER_COVERAGE,"
        "DISPENSES,TOTALCOST,REASONCODE,REASONDESCRIPTION",
        "procedures": "START,STOP,PATIENT,ENCOUNTER,SYSTEM,CODE,DESCRIPTION,BASE_COST,REASONCODE,"
        "REASONDESCRIPTION",
        "immunizations": "DATE,PATIENT,ENCOUNTER,CODE,DESCRIPTION,BASE_COST",
        "allergies": "START,STOP,PATIENT,ENCOUNTER,CODE,SYSTEM,DESCRIPTION,TYPE,CATEGORY,REACTION1,"
        "DESCRIPTION1,SEVERITY1,REACTION2,DESCRIPTION2,SEVERITY2",
    },
}


def test_the_four_are_there():
    assert {"fhir-r4", "hl7v2", "openmhealth", "synthea-csv"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_sound_and_says_what_it_is(name):
    path = registry.shipped("mappings") / f"{name}.yaml"
    text = path.read_text("utf-8")
    first, *lines = text.split("\n")
    assert first.startswith("# ")
    assert max(map(len, lines)) <= 160
    document = load(path).document
    assert document is not None
    assert (document.id, document.version) == (name, "1.0.0")
    assert lint.check([f"builtin:{name}"]).findings == ()


@pytest.mark.parametrize("name", NAMES)
def test_the_tests_beside_it_pass(name):
    assert (registry.shipped("mappings") / f"{name}.test.yaml").is_file()
    results = list(run_tests([f"builtin:{name}"]))
    assert len(results) >= 5
    assert {result.name: result.differences for result in results if not result.passed} == {}


@pytest.mark.parametrize("name", NAMES)
def test_the_documentation_names_it(name):
    page = Path(__file__).parents[2] / "docs" / "mappings.md"
    text = page.read_text("utf-8")
    document = load(registry.shipped("mappings") / f"{name}.yaml").document
    assert f"## `builtin:{name}`" in text
    assert document is not None
    assert all(f"`{param}`" in text for param in document.params)


@pytest.mark.parametrize("year", SYNTHEA)
def test_synthea_of_every_age_fits(year, tmp_path):
    """No column is missed, and none is left over."""
    for table, header in SYNTHEA[year].items():
        (tmp_path / f"{table}.csv").write_text(f"{header}\n", "utf-8")
    assert lint.check(["builtin:synthea-csv"], against=tmp_path).findings == ()


def test_an_old_export_is_read_too(tmp_path):
    """The layout of 2017 has no TYPE: the text of a value says what it is."""
    rows = {
        "patients": "p1,1996-06-05,,999-66-5642,,,,Anna,Doe,,,,white,,F,,",
        "encounters": "e1,2010-01-18,p1,185345009,Encounter for symptom,,",
        "observations": "2010-01-18,p1,e1,8302-2,Body Height,127.9,cm",
        "procedures": "2010-01-18,p1,e1,430193006,Medication Reconciliation,,",
    }
    data = tmp_path / "data"
    data.mkdir()
    for table, header in SYNTHEA["2017"].items():
        text = "".join(f"{line}\n" for line in (header, rows.get(table)) if line)
        (data / f"{table}.csv").write_text(text, "utf-8")
    key = tmp_path / "key"
    key.write_text("11" * 32, encoding="ascii")
    outcome = run("builtin:synthea-csv", out=tmp_path / "out", data=[str(data)], key_file=key, jobs=1)
    (height,) = outcome.frame("observation").to_dict("records")
    assert (height["value_kind"], height["value_text"], height["unit"]) == ("quantity", "127.9", "cm")
    (encounter,) = outcome.frame("encounter").to_dict("records")
    assert encounter["id"] == height["encounter"]
    assert (outcome.patients, len(outcome.frame("procedure"))) == (1, 1)


@pytest.mark.corpus
def test_the_corpus_fits(corpus):
    data = corpus / "csv" / "synthea-dbt"
    assert lint.check(["builtin:synthea-csv"], against=data).findings == ()
    for name, folder in {"fhir-r4": "fhir", "hl7v2": "hl7v2", "openmhealth": "wearable"}.items():
        assert lint.check([f"builtin:{name}"], against=corpus / folder).findings == ()
