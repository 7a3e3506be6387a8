"""Maps that an intensive care database publishes, as code maps: what is said of them, every claim by name.

The maps (MIT-LCP/mimic-code) give LOINC codes to the items of the charts and to those of the laboratory, of the
latter with fluid and unit. The data is made here: one value an item.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from twinmap import lint
from twinmap.api import Outcome, run
from twinmap.diagnostics import Finding

pytestmark = pytest.mark.corpus

SYSTEMS = {"mimic": "https://mimic.mit.edu/itemid", "northwestern": "https://northwestern.invalid/items"}
ITEM = "itemid (omop_source_code)"


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def mapping(name: str, files: str, codes: str, observe: dict[str, Any], **more: Any) -> str:
    """A mapping whose code comes from an item number through a code map."""
    text = {
        "twinmap": "1",
        "id": name,
        "version": "1.0.0",
        "systems": SYSTEMS,
        "source": {"format": "csv", "files": files, "timezone": "UTC"},
        "patient": {"id": "$(subject)", "system": "mimic"},
        "key": ["itemid", "at"],
        "time": "$(at)",
        **more,
        "observe": {
            "result": {"code": {"from": "mimic:$(itemid)", "codes": codes, "unmapped": "keep"}, **observe}
        },
    }
    return yaml.safe_dump(text, sort_keys=False)


def ran(folder: Path, *names: str) -> Outcome:
    (folder / "key").write_bytes(bytes(range(32)))
    mappings = [folder / f"{name}.yaml" for name in names]
    return run(mappings, out=folder / "out", key_file=folder / "key", engine="none", jobs=1, force=True)


def said(found: Sequence[Finding], *codes: str) -> set[str]:
    """The messages of these codes, each after its code and severity."""
    return {f"{item.code} {item.severity}: {item.message}" for item in found if item.code in codes}


# --- the map of the charts --------------------------------------------------------------------------

#: Lines of the file that are no rows of a map: no target ("No suitable LOINC code"), or the columns are shifted.
NO_TARGET, SHIFTED = {27, 39}, set(range(44, 57))
#: What is said of the rows that are rows: exact matches of which one includes another. The arterial line (220050) is
#: an exact match of systolic pressure in general, and so would include the cuff (220179).
INCLUDED = {
    "TM-G01 info: mimic:220045: the exact match loinc:8867-4 includes those of mimic:223765, mimic:223764, "
    "mimic:224647, which are more specific in posture, system",
    "TM-G01 info: mimic:220052, mimic:225312: the exact match loinc:8478-0 includes those of mimic:220181, "
    "which are more specific in method",
    "TM-G01 info: mimic:220050, mimic:225309: the exact match loinc:8480-6 includes those of mimic:220179, "
    "mimic:224646, mimic:224645 and 1 more, which are more specific in method, posture",
    "TM-G01 info: mimic:220051, mimic:225310: the exact match loinc:8462-4 includes those of mimic:220180, "
    "mimic:226094, mimic:226092 and 1 more, which are more specific in method, posture",
}
#: What the rows with shifted columns say, once they are put in order.
OF_NORTHWESTERN = {
    "TM-G01 info: northwestern:320051: the exact match loinc:8462-4 includes those of northwestern:320180, "
    "which are more specific in method",
    "TM-G01 info: northwestern:320050: the exact match loinc:8480-6 includes those of northwestern:320179, "
    "which are more specific in method",
    "TM-G01 info: the label of northwestern:320051 says the method is invasive, which its exact match loinc:8462-4 "
    "leaves open",
    "TM-G01 info: the label of northwestern:320050 says the method is invasive, which its exact match loinc:8480-6 "
    "leaves open",
}


@pytest.fixture
def chart(corpus: Path) -> Path:
    folder = corpus / "terminology" / "mimic-code-maps" / "mimic-iv" / "concepts" / "concept_map"
    return folder / "chartevents_to_loinc.csv"


def in_order(chart: Path) -> list[list[str]]:
    """The rows of the map with their columns where the header has them, those without a target left out."""
    with chart.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    moved = [
        [row[0], row[4], row[1], row[2], row[5], row[3], *row[6:]] if row[1].startswith("skos:") else row
        for row in rows
    ]
    return [header, *(row[: len(header)] for row in moved if row[3])]


def put_in_order(chart: Path, folder: Path) -> None:
    with (folder / "chart.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(in_order(chart))


def test_the_map_of_the_charts_as_it_is(chart: Path, tmp_path: Path) -> None:
    (tmp_path / "chart.csv").write_bytes(chart.read_bytes())
    text = mapping("chart", "events.csv", "chart.csv", {"value": "$(value)", "unit": "$(unit)"})
    (tmp_path / "chart.yaml").write_text(text, "utf-8")
    found = lint.check([tmp_path / "chart.yaml"]).findings
    wrong = {item.where.line: item.message for item in found if item.code == "TM-L15" and item.where}
    assert {
        line for line, message in wrong.items() if "lacks its subject or its object" in message
    } == NO_TARGET
    assert {line for line, message in wrong.items() if "does not say what a code means" in message} == SHIFTED
    assert {item.code for item in found} == {"TM-L15", "TM-G01"}
    assert said(found, "TM-G01") == INCLUDED


def test_the_map_of_the_charts_put_in_order(chart: Path, tmp_path: Path) -> None:
    put_in_order(chart, tmp_path)
    text = mapping("chart", "events.csv", "chart.csv", {"value": "$(value)", "unit": "$(unit)"})
    (tmp_path / "chart.yaml").write_text(text, "utf-8")
    found = lint.check([tmp_path / "chart.yaml"]).findings
    assert said(found, *{item.code for item in found}) == INCLUDED | OF_NORTHWESTERN


@pytest.mark.parametrize(
    ("stated", "claim", "relation"),
    [
        # By the map alone the cuff is a kind of the line, which it is not.
        (
            {},
            "TM-M01 warning: systolic-blood-pressure: cuff is more specific in method (noninvasive) than line "
            "(not said)",
            "a-narrower",
        ),
        (
            {"method": "invasive"},
            "TM-F02 warning: systolic-blood-pressure: the method is noninvasive in cuff and invasive in line",
            "related",
        ),
    ],
    ids=["as the map says", "with the method"],
)
def test_the_line_and_the_cuff(
    chart: Path, tmp_path: Path, stated: dict[str, str], claim: str, relation: str
) -> None:
    put_in_order(chart, tmp_path)
    rows = [
        f"1,2150-01-01T0{hour}:00:00,{item},{value + hour}"
        for hour in range(3)
        for item, value in ((220050, 120), (220179, 112))
    ]
    (tmp_path / "events.csv").write_text("\n".join(["subject,at,itemid,value", *rows, ""]), "utf-8")
    for name, item, facets in (("line", "220050", stated), ("cuff", "220179", {})):
        observe = {"value": "$(value)", "unit": "mm[Hg]", **facets}
        text = mapping(name, "events.csv", "chart.csv", observe, keep={"itemid": item})
        (tmp_path / f"{name}.yaml").write_text(text, "utf-8")
    done = ran(tmp_path, "line", "cuff")
    assert said(done.findings, "TM-C09", "TM-F02", "TM-M01", "TM-G01") == {claim}
    (row,) = map(json.loads, (done.out / "relations.jsonl").read_text("utf-8").splitlines())
    assert (row["source_a"], row["source_b"], row["relation"]) == ("cuff", "line", relation)


# --- the map of the laboratory ----------------------------------------------------------------------

#: Errors that are no missing units: by code, the items. 51081 is serum by its label and code, urine by its fluid
#: ("Conflict", says the file); of 51279 the unit m/uL is to be a million per microlitre, and is a metre.
ERRORS = {"TM-F06": {"51081"}, "TM-U06": {"51279"}}
#: Enzymes in IU/L; where their concept is known.
ENZYMES = {"50861", "50863", "50867", "50878", "50910", "50927", "50954", "50956"}
#: Units in capitals that UCUM has not: meq and mosm.
CAPITALS = {"mEq/L = meq/L", "mOsm/kg = mosm/kg"}


@pytest.fixture(scope="module")
def laboratory(
    corpus: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[dict[str, str]], Outcome, tuple[Finding, ...]]:
    """The items, what a run over one value of each says, and what ``check`` says of the mapping."""
    folder = tmp_path_factory.mktemp("lab")
    source = corpus / "terminology" / "mimic-code-maps" / "mimic-iv" / "mapping" / "d_labitems_to_loinc.csv"
    items = table(source)
    columns = (
        "subject_id",
        "subject_label",
        "predicate_id",
        "object_id",
        "object_label",
        "object_source_version",
    )
    with (folder / "lab.sssom.tsv").open("w", encoding="utf-8") as file:
        file.write("\t".join((*columns, "mapping_justification")) + "\n")
        for row in items:
            if row["omop_concept_code"]:
                cells = [
                    f"mimic:{row[ITEM]}",
                    row["label"],
                    "skos:exactMatch",
                    f"loinc:{row['omop_concept_code']}",
                ]
                cells += [
                    row["omop_concept_name"],
                    row["common_vocabulary_version"],
                    "semapv:ManualMappingCuration",
                ]
                file.write("\t".join(cells) + "\n")
    with (folder / "lab.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["subject", "at", "itemid", "fluid", "unit"])
        writer.writerows(["1", "2150-01-01", row[ITEM], row["fluid"], row["valueuom"]] for row in items)
    specimen = {"from": "$(fluid)", "map": {"Blood": "blood", "Urine": "urine"}, "unmapped": "keep"}
    observe = {"value": "1", "unit": "$(unit)", "specimen": specimen}
    (folder / "lab.yaml").write_text(mapping("lab", "lab.csv", "lab.sssom.tsv", observe), "utf-8")
    return items, ran(folder, "lab"), lint.check([folder / "lab.yaml"]).findings


def of_items(items: list[dict[str, str]], found: Sequence[Finding], code: str) -> set[str]:
    """The items that findings of a code, each about one of them, are about."""
    mine = [item for item in found if item.code == code]
    assert all(item.count == len(item.places) for item in mine)
    return {items[place.record - 1][ITEM] for item in mine for place in item.places}


def test_errors_of_the_laboratory(
    laboratory: tuple[list[dict[str, str]], Outcome, tuple[Finding, ...]],
) -> None:
    """That the value 1 is not possible (V01) is none of the map's doing."""
    items, done, _ = laboratory
    errors = [item for item in done.findings if item.severity == "error" and item.code != "TM-V01"]
    assert {item.code for item in errors} == {*ERRORS, "TM-U02"}
    assert {code: of_items(items, errors, code) for code in ERRORS} == ERRORS
    without = {row[ITEM] for row in items if not row["valueuom"].strip()}
    assert of_items(items, errors, "TM-U02") <= without


def test_the_specimen_of_item_51081(
    laboratory: tuple[list[dict[str, str]], Outcome, tuple[Finding, ...]],
) -> None:
    items, done, _ = laboratory
    (row,) = (row for row in items if row[ITEM] == "51081")
    assert (row["fluid"], row["omop_concept_code"]) == ("Urine", "2160-0")
    assert said(done.findings, "TM-F06") == {
        "TM-F06 error: creatinine: the specimen is urine, and loinc:2160-0 means serum plasma"
    }


def test_units_of_the_laboratory(
    laboratory: tuple[list[dict[str, str]], Outcome, tuple[Finding, ...]],
) -> None:
    items, done, _ = laboratory
    assert of_items(items, done.findings, "TM-U09") >= ENZYMES
    assert {row["valueuom"] for row in items if row[ITEM] in of_items(items, done.findings, "TM-U09")} <= {
        *("IU/L", "IU/mL", "mIU/mL"),
    }
    capitals = {item.message.rpartition(": ")[2] for item in done.findings if item.code == "TM-U13"}
    assert capitals == CAPITALS
    # What is read as another unit is a unit; what is not is told by its shape.
    read = [item.message for item in done.findings if item.code == "TM-U01" and " = " in item.message]
    assert all(re.fullmatch(r".*: \S.* = \S+", message) for message in read)
    assert {"hrs = h", "mm Hg = mm[Hg]", "#/uL = /uL", "K/uL = 10*3/uL"} <= {
        message.partition(": ")[2] for message in read
    }


def test_the_map_of_the_laboratory(
    laboratory: tuple[list[dict[str, str]], Outcome, tuple[Finding, ...]],
) -> None:
    """500 rows, and nothing is said of them but these; that two versions of LOINC are named is true."""
    _, _, checked = laboratory
    assert said(checked, *{item.code for item in checked}) == {
        "TM-N05 info: lab.sssom.tsv names loinc 2.71, 2.72",
    }
