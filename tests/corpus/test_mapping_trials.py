"""Mappings of real sources that were written before there was a program: they load, are sound, and run.

Two of the seventeen are of formats that come later (Apple Health, C-CDA); one has no data. The maps that
the others name were never written: they are made here, short. Where a trial had to be corrected, this
file says so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from twinmap import lint
from twinmap.diagnostics import Severity
from twinmap.mapping.load import load

pytestmark = pytest.mark.corpus

PATIENT = {"patient": "p-1"}
ZONE = {"timezone": "America/New_York"}
MAPS = {
    "smoking.tsv": "Never smoker\tsnomed:266919005\nFormer smoker\tsnomed:8517006\n",
    "units.tsv": "MG/DL\tmg/dL\n",
    "googlefit-origin.tsv": "raw:com.google.weight:com.google.android.apps.fitness:user_input\treported\n",
    "lab-codes.sssom.tsv": (
        "#curie_map:\n#  wbc: https://lab.example.org/\n"
        "subject_id\tpredicate_id\tobject_id\tobject_label\tmapping_justification\n"
        "wbc:GLU\tskos:exactMatch\tloinc:2345-7\tGlucose [Mass/volume] in Serum or Plasma\t"
        "semapv:ManualMappingCuration\n"
    ),
}


@dataclass(frozen=True)
class Trial:
    """A trial, its data below the corpus, and the least number of statements that it must give."""

    name: str
    data: str
    least: int
    params: Mapping[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    #: What was wrong with it: text and correction.
    corrected: Mapping[str, str] = field(default_factory=dict)


#: There are no lists of reactions in the language: an allergy is a statement for each.
REACTIONS = (
    "      reactions: [{code: snomed:$(REACTION1), severity: $(SEVERITY1)}, "
    "{code: snomed:$(REACTION2), severity: $(SEVERITY2)}]\n"
)
TRIALS = [
    Trial("01-synthea", "csv/synthea-dbt", 3000, corrected={
        REACTIONS: "      reaction: snomed:$(REACTION1)\n      severity: $(SEVERITY1)\n",
    }),
    # "=" is no comparator of FHIR: it says what is meant without one.
    Trial("02-omop", "csv/omop-synthea27nj", 1500, ZONE, corrected={'4172703: "="': '4172703: ""'}),
    # The folder holds a table of another layout, which the trial's *.csv would take in.
    Trial("03-bp-monitor", "csv/bp-monitor-app", 400, PATIENT, ("v*.csv", "v*.CSV")),
    Trial("04-fitabase", "csv/fitbit-fitabase", 1000, ZONE),
    Trial("05-locales", "csv/derived-locales", 450),
    Trial("06-dexcom", "csv/derived-cgm-layouts", 120, PATIENT),
    Trial("06b-omron", "csv/derived-omron-layouts", 180, PATIENT | ZONE),
    Trial("07-openmhealth", "wearable/openmhealth-schemas", 40),
    Trial("08-withings", "wearable/shimmer/withings/mapper", 15, PATIENT),
    Trial("09-googlefit", "wearable/shimmer/googlefit/mapper", 11, PATIENT),
    Trial("10-fitbit", "wearable", 15, PATIENT | ZONE),
    Trial("12-oru", "hl7v2", 800),
    Trial("13-adt-vxu", "hl7v2", 100),
    # The reader tells the release itself; a mapping does not say it.
    Trial("14-fhir", "fhir", 600, corrected={", release: R4": ""}),
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(corpus: Path) -> Path:
    found = corpus.parent / "design" / "mapping-trials"
    if not found.is_dir():
        pytest.skip("the mapping trials are not here (they are not shipped with twinmap)")
    return found


def prepared(trial: Trial, folder: Path, into: Path) -> Path:
    """The trial with its corrections, and its maps beside it."""
    text = (folder / f"{trial.name}.yaml").read_text("utf-8")
    for wrong, right in trial.corrected.items():
        assert wrong in text
        text = text.replace(wrong, right)
    (into / "maps").mkdir()
    for name, content in MAPS.items():
        (into / "maps" / name).write_text(content, "utf-8")
    mapping = into / f"{trial.name}.yaml"
    mapping.write_text(text, "utf-8")
    return mapping


#: What is told of the trials as they were written; the maps that most of them name were never written.
KNOWN = {
    "01-synthea": {"TM-L02": 'has no key "reactions"', "TM-L15": "maps/smoking.tsv"},
    "09-googlefit": {"TM-L15": "maps/googlefit-origin.tsv"},
    "12-oru": {"TM-L15": "maps/"},
    "14-fhir": {"TM-L02": 'has no key "release"'},
}


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.name)
def test_a_trial_as_it_was_written(trial, folder):
    loaded = load(folder / f"{trial.name}.yaml")
    assert loaded.document is not None
    assert loaded.document.records
    known = KNOWN.get(trial.name, {})
    errors = [item for item in loaded.findings if item.severity is Severity.ERROR]
    assert [str(item) for item in errors if known.get(item.code, "\n") not in item.message] == []


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.name)
def test_a_trial_is_sound_and_loses_nothing(trial, folder, corpus, make, show, tmp_path):
    mapping, data = prepared(trial, folder, tmp_path), corpus / trial.data
    found = lint.check([mapping], against=None if trial.files else data).findings
    assert [str(item) for item in found if item.severity is Severity.ERROR] == []
    source = {"mapping": mapping.name, "data": str(data), "set": dict(trial.params)}
    source |= {"files": list(trial.files)} if trial.files else {}
    project = tmp_path / "twinmap.yaml"
    project.write_text(json.dumps({"twinmap": "1", "sources": [source]}), "utf-8")
    made = make(project, None, engine="none")
    errors = sorted({item.code for item in made.outcome.findings if item.severity is Severity.ERROR})
    show([*made.books.items(), *made.statements.items(), ("errors in the data", " ".join(errors) or "none")])
    assert made.balanced()
    assert made.statements["written"] >= trial.least


def test_the_wide_table_is_sound(folder, tmp_path):
    """Trial 16 is made up and has no data; it must load."""
    trial = Trial("16-made", "", 0)
    found = lint.check([prepared(trial, folder, tmp_path)]).findings
    assert [str(item) for item in found if item.severity is Severity.ERROR] == []


def test_every_trial_of_our_formats_is_here(folder):
    later = {"11-apple", "15-cda"}
    assert {path.stem for path in folder.glob("*.yaml")} == {t.name for t in TRIALS} | later | {"16-made"}


def test_tables_are_read_as_they_are_written(folder, corpus, make, tmp_path):
    """Decimal commas and another encoding: each value is that of the Synthea row that it was made of."""
    rows = make("builtin:synthea-csv", corpus / "csv" / "synthea-dbt").table("observation")
    synthea = {(row["code"], row["value_text"]) for row in rows}
    mapping = prepared(Trial("05-locales", "", 0), folder, tmp_path)
    german = make(mapping, corpus / "csv" / "derived-locales", engine="none").table("observation")
    missing = {
        (row["code"], row["value_text"])
        for row in german
        if row["value_kind"] == "quantity" and (row["code"], row["value_text"]) not in synthea
    }
    assert len(german) > 400
    assert not missing
