"""``twinmap terms``: what is said, and what goes to stdout."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CODES = {
    "resourceType": "CodeSystem",
    "url": "http://loinc.org",
    "version": "9.9",
    "name": "A part of LOINC",
    "content": "complete",
    "copyright": "as it is",
    "concept": [
        {"code": "2345-7", "display": "Glucose [Mass/volume] in Serum or Plasma"},
        {"code": "2160-0", "display": "Creatinine [\x1b[31mMass/volume] in Serum or Plasma"},
        {
            "code": "2710-2",
            "display": "Oxygen saturation by pulse oximetry",
            "property": [
                {"code": "STATUS", "valueCode": "DEPRECATED"},
                {"code": "MAP_TO", "valueCode": "59408-5"},
            ],
        },
    ],
}


@pytest.fixture
def store(here: Path, cli: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store with three terms, named by the environment."""
    monkeypatch.setenv("TWINMAP_TERMS", str(here / "terms"))
    (here / "codes.json").write_text(json.dumps(CODES))
    assert cli("terms", "add", "codes.json").code == 0
    return here / "terms"


def test_add_tells_what_it_did(here: Path, cli: Any) -> None:
    (here / "codes.json").write_text(json.dumps(CODES))
    done = cli("terms", "add", "codes.json", "lab.sssom.tsv", "--store", "terms")
    assert (done.code, done.out) == (0, "")
    said = done.err.splitlines()
    assert said[0].startswith("added fhir-")
    assert said[0].split(": ")[1].startswith("codes.json, ")
    assert said[1:3] == [
        "  loinc 9.9: 3 codes, complete",
        "  3 rows read = 3 kept + 0 skipped + 0 refused",
    ]
    again = cli("terms", "add", "codes.json", "--store", "terms")
    assert "already there as fhir-" in again.err


def test_refused_rows_fail_only_where_that_is_asked_for(here: Path, cli: Any) -> None:
    (here / "bad.sssom.tsv").write_text(
        "subject_id\tpredicate_id\tobject_id\tmapping_justification\nx\ty\tz\ts\n"
    )
    first = cli("terms", "add", "bad.sssom.tsv", "--store", "one")
    assert (first.code, "TM-L15 error" in first.err) == (0, True)
    assert "bad.sssom.tsv:2:1" in first.err
    assert cli("terms", "add", "bad.sssom.tsv", "--store", "two", "--fail-on", "error").code == 1


def test_value_sets_are_counted_as_they_are_defined(here: Path, cli: Any) -> None:
    listed = {"system": "https://toys.example/codes", "concept": [{"code": "ball"}, {"code": "top"}]}
    defined = {
        "whole": {"include": [{"system": "http://loinc.org"}]},
        "listed": {"include": [listed], "exclude": [{**listed, "concept": [{"code": "top"}]}]},
        "both": {"include": [{"system": "http://loinc.org"}, {"system": "http://snomed.info/sct"}, listed]},
    }
    for name, compose in defined.items():
        resource = {"resourceType": "ValueSet", "url": f"https://toys.example/{name}", "compose": compose}
        (here / "sets").mkdir(exist_ok=True)
        (here / "sets" / f"{name}.json").write_text(json.dumps(resource))
    assert cli("terms", "add", "sets", "--store", "terms").code == 0
    said = [
        line.split(": ", 1)[1]
        for line in cli("terms", "status", "--store", "terms").out.splitlines()
        if "toys.example" in line
    ]
    assert said == [
        "every code of 2 systems and 2 members, complete, serves",
        "1 member, complete, serves",
        "every code of 1 system, complete, serves",
    ]


def test_find_as_text_and_as_json(store: Path, cli: Any) -> None:
    first = cli("terms", "find", "glucose", "serum").out.splitlines()[0]
    assert " ".join(first.split()) == "loinc:2345-7 Glucose [Mass/volume] in Serum or Plasma"
    assert cli("terms", "find", "saturation").out.splitlines()[0].endswith("[deprecated]")
    (hit,) = json.loads(cli("terms", "find", "2345-7", "-f", "json").out)
    assert {key: hit[key] for key in ("system", "code", "status", "version")} == {
        "system": "http://loinc.org",
        "code": "2345-7",
        "status": "active",
        "version": "9.9",
    }
    none = cli("terms", "find", "xyzzy")
    assert (none.code, none.out, none.err) == (0, "", "nothing found\n")
    assert cli("terms", "find", "glucose", "--system", "snomed").out == ""


def test_terminal_escapes_are_shown(store: Path, cli: Any) -> None:
    assert "\x1b" not in cli("terms", "find", "creatinine").out
    assert "\x1b" not in json.dumps(cli("terms", "status").said)


def test_status_names_versions_licences_and_what_serves(store: Path, here: Path, cli: Any) -> None:
    (here / "older.json").write_text(json.dumps({**CODES, "version": "9.8"}))
    cli("terms", "add", "older.json")
    done = cli("terms", "status")
    assert "  loinc 9.9: 3 codes, complete, serves  (as it is)\n" in done.out
    assert "  loinc 9.8: 3 codes, complete, an older edition  (as it is)\n" in done.out
    assert done.out.count("  sha256 ") == 2
    assert done.err.startswith(f"{store}: 2 sources, ")
    records = json.loads(cli("terms", "status", "-f", "json").out)
    assert sorted(record["editions"][0]["serves"] for record in records) == [False, True]
    assert all(record["bytes"] > 0 and len(record["sha256"]) == 64 for record in records)


def test_without_a_store_the_shipped_terms_are_searched(here: Path, cli: Any) -> None:
    done = cli("terms", "find", "glucose", "interstitial", "--store", "none")
    assert done.out.splitlines() == [
        "loinc:99504-3   Glucose [Mass/volume] in Interstitial fluid",
        "loinc:105272-9  Glucose [Moles/volume] in Interstitial fluid",
    ]
    assert (done.code, "twinmap terms add" in done.err) == (0, True)
    assert "loinc:59408-5" in cli("terms", "find", "spo2", "--store", "none").out
    assert "snomed:8205005" in cli("terms", "find", "wrist region", "--store", "none").out
    assert cli("terms", "find", "8480-6", "--store", "none").out == "loinc:8480-6  Systolic blood pressure\n"
    status = cli("terms", "status", "--store", "none", "-f", "json")
    assert (status.code, json.loads(status.out)) == (0, [])


@pytest.mark.parametrize(
    ("query", "out", "said"),
    [
        (["8480-7"], "", "8480-7 was not found: its check digit is wrong, 8480-6 has the right one"),
        (["99999-9"], "", "99999-9 was not found"),
        (["snomed:271649007"], "", "271649006 has the right one"),
        (["glucose", "xyzzy"], "loinc:2345-7  Glucose [Mass/volume] in Serum or Plasma\n", "has: xyzzy"),
    ],
)
def test_what_was_not_found_is_told(store: Path, query: list[str], out: str, said: str, cli: Any) -> None:
    done = cli("terms", "find", *query)
    assert (done.code, done.out, said in done.err) == (0, out, True)


def test_a_withdrawn_code_is_found_with_what_took_its_place(here: Path, cli: Any) -> None:
    assert "loinc:59408-5 took its place" in cli("terms", "find", "2710-2", "--store", "none").out


def test_an_unknown_system_is_told_with_the_nearest(store: Path, cli: Any) -> None:
    done = cli("terms", "find", "glucose", "--system", "lonic")
    assert (done.code, done.out) == (2, "")
    assert "lonic is no code system that is known" in done.err
    assert "did you mean loinc?" in done.err


def test_help_needs_nothing_heavy() -> None:
    heavy = {"duckdb", "pyarrow", "pandas", "numpy", "rich", "yaml"}
    code = (
        "import sys, twinmap.cli; twinmap.cli.main(['terms', 'find', '--help']);"
        f"print(sorted({heavy} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


# --- verify ---------------------------------------------------------------------------------------

TABLE = """\
#curie_map:
#  LN: http://loinc.org/rdf/
subject_id\tsubject_label\tpredicate_id\tobject_id\tobject_label\tmapping_justification
lab:GLU\tGlucose\tskos:exactMatch\tLN:2345-7\tGlucose in Serum\tsemapv:ManualMappingCuration
lab:CRE\tCreatinine\tskos:exactMatch\tLN:2345-7\tCreatinine\tsemapv:ManualMappingCuration
lab:SPO\tSpO2\tskos:exactMatch\tloinc:2710-2\t\tsemapv:ManualMappingCuration
lab:XXX\tX\tskos:exactMatch\tloinc:8480-7\t\tsemapv:ManualMappingCuration
lab:YYY\tY\tskos:exactMatch\tsnomed:271649006\t\tsemapv:ManualMappingCuration
lab:ZZZ\tZ\tskos:exactMatch\tloinc:8480-6\t\tsemapv:ManualMappingCuration
"""


def verified(cli: Any, *arguments: str) -> tuple[int, list[tuple[str, str]], str]:
    """Exit code, codes with their places, and what was said."""
    done = cli("terms", "verify", *arguments, "-f", "json")
    found = json.loads(done.out)["findings"]
    return done.code, sorted((item["code"], item["where"]) for item in found), done.err


def test_verify_a_table(store: Path, here: Path, cli: Any) -> None:
    (here / "map.sssom.tsv").write_text(TABLE)
    code, found, said = verified(cli, "map.sssom.tsv")
    assert code == 1
    assert found == [
        ("TM-C02", "map.sssom.tsv:9:27"),
        ("TM-C03", "map.sssom.tsv:7:27"),
        ("TM-C05", "map.sssom.tsv:5:36"),
        ("TM-N01", "map.sssom.tsv:6:30"),
    ]
    assert (
        said
        == "5 codes checked, 6 that nothing is known of (lab: 6, lab|GLU, lab|CRE, lab|SPO …): 4 findings\n"
    )
    assert cli("terms", "verify", "map.sssom.tsv", "--fail-on", "never").code == 0


def test_verify_tells_prefixes_and_forms_that_are_wrong_without_a_curie_map(here: Path, cli: Any) -> None:
    codes = ["lonic:8867-4", "LN:8310-6", "loinc:abc", "lab:1", "loinc:54321-5", "loinc:LP14635-4"]
    rows = "".join(f"mine:{n}\tskos:exactMatch\t{code}\n" for n, code in enumerate(codes))
    (here / "map.sssom.tsv").write_text(f"subject_id\tpredicate_id\tobject_id\n{rows}")
    code, found, said = verified(cli, "map.sssom.tsv", "--store", "none")
    assert code == 1
    assert found == [
        ("TM-C02", "map.sssom.tsv:4:24"),
        ("TM-C03", "map.sssom.tsv:3:24"),
        ("TM-L11", "map.sssom.tsv:2:24"),
    ]
    assert "loinc: 3, loinc:abc, loinc:54321-5, loinc:LP14635-4; mine: 6, mine|0" in said


def test_verify_tells_a_row_that_is_cut(here: Path, cli: Any) -> None:
    """What it lacks at its end is told as an empty cell is."""
    rows = "mine:1\tskos:exactMatch\tloinc:8867-4\nmine:2\tskos:exactMatch\n"
    (here / "map.sssom.tsv").write_text(f"subject_id\tpredicate_id\tobject_id\n{rows}")
    code, found, _ = verified(cli, "map.sssom.tsv", "--store", "none")
    assert (code, found) == (0, [("TM-L15", "map.sssom.tsv:3:1")])


def test_verify_a_concept_map(store: Path, here: Path, cli: Any) -> None:
    resource = {
        "resourceType": "ConceptMap",
        "group": [
            {
                "source": "https://lab.example.org/",
                "target": "http://loinc.org|2.8",
                "element": [{"code": "CRE", "target": [{"code": "2160-0", "display": "Glucose"}]}],
            }
        ],
    }
    (here / "map.json").write_text(json.dumps(resource, indent=1))
    line = next(
        n for n, text in enumerate((here / "map.json").read_text().splitlines(), 1) if "2160-0" in text
    )
    code, found, _ = verified(cli, "map.json")
    assert (code, [item[0] for item in found]) == (0, ["TM-C05"])
    assert found[0][1].split(":")[1] == str(line)


def test_verify_codes_that_only_the_store_knows(here: Path, tmp_path: Path, cli: Any) -> None:
    """Any code system and value set that was loaded counts, also one without a name of ours."""
    lab, wards = "https://lab.example.org/codes", "https://lab.example.org/wards"
    listed = [{"code": "CRE", "display": "Creatinine"}, {"code": "GLU", "display": "Glucose"}]
    loaded = [
        {"resourceType": "CodeSystem", "url": lab, "content": "complete", "concept": listed},
        {"resourceType": "CodeSystem", "url": wards, "content": "fragment", "concept": []},
        {
            "resourceType": "ValueSet",
            "url": "https://lab.example.org/renal",
            "compose": {"include": [{"system": lab, "concept": listed[:1]}]},
        },
    ]
    (here / "lab.ndjson").write_text("\n".join(map(json.dumps, loaded)))
    assert cli("terms", "add", "lab.ndjson", "--store", "own").code == 0
    (here / "map.sssom.tsv").write_text(
        f"#curie_map:\n#  lab: {lab}\n#  ward: {wards}\nsubject_id\tpredicate_id\tobject_id\tobject_label\n"
        "lab:GLX\tskos:exactMatch\tloinc:2345-7\t\nward:4\tskos:exactMatch\tlab:GLU\tUrea\n"
    )
    code, found, said = verified(cli, "map.sssom.tsv", "--store", "own")
    assert (code, [item[0] for item in found]) == (1, ["TM-C02", "TM-C05"])
    assert said == f"3 codes checked, 1 that nothing is known of ({wards}: 1, {wards}|4): 2 findings\n"
    for scope in ("sourceUri", "sourceScopeCanonical"):
        (here / "map.json").write_text(
            json.dumps(
                {
                    "resourceType": "ConceptMap",
                    scope: "https://lab.example.org/renal|1",
                    "group": [{"source": lab, "element": [{"code": "CRE"}, {"code": "GLU"}]}],
                }
            )
        )
        code, found, _ = verified(cli, "map.json", "--store", "own")
        assert (code, [item[0] for item in found]) == (1, ["TM-E03"])


def test_verify_without_a_store_knows_the_shipped_terms(here: Path, cli: Any) -> None:
    (here / "map.sssom.tsv").write_text(TABLE)
    code, found, _ = verified(cli, "map.sssom.tsv", "--store", "none")
    assert (code, [item[0] for item in found]) == (1, ["TM-C03", "TM-C05", "TM-N01"])


def test_verify_a_mapping(store: Path, here: Path, cli: Any) -> None:
    """Codes that it writes, targets of its maps, and those of its code maps."""
    text = (here / "m.yaml").read_text().replace('"lab:$(test)", codes: lab.sssom.tsv', '"loinc:$(test)"')
    text = text.replace("unmapped: report}", "display: x}").replace(
        '{from: "loinc:$(test)", display: x}', "loinc:8480-6"
    )
    (here / "written.yaml").write_text(text)
    code, found, _ = verified(cli, "written.yaml")
    line = next(n for n, row in enumerate(text.splitlines(), 1) if "loinc:8480-6" in row)
    assert (code, [(item, where.split(":")[1]) for item, where in found]) == (1, [("TM-C02", str(line))])
    assert verified(cli, "m.yaml")[:2] == (0, [])


def test_verify_needs_a_map_that_can_be_read(store: Path, here: Path, cli: Any) -> None:
    (here / "plain.json").write_text("{}")
    (here / "latin.tsv").write_bytes("a\tb\nü\tx\n".encode("latin-1"))
    assert cli("terms", "verify", "vitals.txt").code == 3
    assert cli("terms", "verify", "graph.xyz").code == 2
    assert cli("terms", "verify", "plain.json").code == 2
    assert cli("terms", "verify", "unknown-key.yaml").code == 2
    assert cli("terms", "verify", "latin.tsv").code == 3
    nothing = "error: there is no code in vitals.csv: nothing to verify\n"
    done = cli("terms", "verify", "vitals.csv")
    assert (done.err.startswith(nothing), "codes as CURIEs (loinc:8480-6)" in done.err) == (True, True)


def test_verify_takes_what_a_pattern_names_beside_mappings(here: Path, cli: Any) -> None:
    alone = cli("terms", "verify", "good/m.yaml", "--store", "none")
    both = cli("terms", "verify", "good/m.test.yaml", "good/m.yaml", "--store", "none")
    assert (both.code, both.out, both.err) == (alone.code, alone.out, alone.err)
    assert "checked" in both.err


@pytest.mark.parametrize(
    ("asked", "advice"),
    [(("find", "glucose"), "name a --system"), (("verify", "lab.sssom.tsv"), "fewer maps at once")],
)
def test_too_little_memory_names_what_can_be_done(
    asked: tuple[str, ...], advice: str, store: Path, cli: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from twinmap.duck import Duck, MemoryShortError

    def short(*_: object) -> None:
        raise MemoryShortError("too little", help="raise --memory")

    monkeypatch.setattr(Duck, "run", short)
    done = cli("terms", *asked)
    assert (done.code, advice in done.err, "--memory" in done.err) == (3, True, False)
