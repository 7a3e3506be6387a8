"""Each format is recognised by its content and loaded into the common tables; every row is accounted for."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from twinmap.terms import snomed
from twinmap.terms.store import formats, open_store
from twinmap.terms.store.add import Added, add
from twinmap.terms.store.answers import Replacement
from twinmap.terms.store.editions import Tally, sources

ROOT = "138875005"
EAR, LEFT, OLD, GONE, NONE = (f"{n}00{snomed.check_digit(f'{n}00')}" for n in range(900001, 900006))
TOYS = "https://toys.example/codes"


def books(added: Added) -> dict[str, Tally]:
    return {tally.file.rpartition("/")[2]: tally for source in added.sources for tally in source.tallies}


def only(added: Added) -> Any:
    (source,) = added.sources
    return source


# --- LOINC ----------------------------------------------------------------------------------------


def test_loinc(loinc: Path, store: Path) -> None:
    added = add(loinc, store)
    source = only(added)
    (edition,) = source.editions
    assert (source.format, edition.uri, edition.version) == ("loinc", "http://loinc.org", "2.99")
    assert edition.content == "fragment", "four terms are no whole release"
    assert "loinc.org/license" in edition.licence
    kept = {
        name: (tally.read, tally.kept, tally.skipped, tally.refused) for name, tally in books(added).items()
    }
    assert kept == {
        "Loinc.csv": (4, 4, {}, {}),
        "MapTo.csv": (2, 2, {}, {}),
        "ComponentHierarchyBySystem.csv": (3, 2, {"the top of the hierarchy": 1}, {}),
        "deDE15LinguisticVariant.csv": (2, 1, {"not translated": 1}, {}),
    }
    assert added.findings == ()
    with open_store(store) as opened:
        serum, urine, blood, ball, absent = opened.lookup(
            [("loinc", code) for code in ("1000-9", "1001-7", "1002-5", "1003-3", "9-9")]
        )
        assert (serum.exists, serum.status, serum.display) == (
            True,
            "active",
            "Toyose [Mass/volume] in Serum",
        )
        assert (urine.status, urine.detail, urine.display) == (
            "active",
            "TRIAL",
            'Toyose in "Urine", by strip',
        )
        assert (blood.status, ball.status, ball.detail) == ("inactive", "active", "DISCOURAGED")
        assert [item.code for item in blood.replacements] == ["1000-9", "1001-7"]
        assert absent.exists is None, "a code that a fragment lacks is unknown"
        axes = opened.properties([("loinc", "1001-7")])[("http://loinc.org", "1001-7")]
        assert [axes.get(key) for key in ("component", "property", "time", "system", "scale", "method")] == [
            *("Toyose", "MCnc", "Pt", "Urine", "Qn", "Strip")
        ]
        german = opened.designations([("loinc", "1000-9")], language="de")
        assert german == {("http://loinc.org", "1000-9"): [("de-DE", "display", "Toyose im Serum")]}
        assert opened.subsumes("loinc", [("LP1-0", "1000-9"), ("LP2-8", "LP1-0")]) == [True, False]


def test_the_whole_loinc_table_goes_before_the_core_one(loinc: Path, store: Path) -> None:
    core = (loinc / "LoincTable" / "Loinc.csv").read_text("utf-8").replace(',"EXAMPLE_UCUM_UNITS"', "")
    core = "\n".join(line.rpartition(",")[0] if n else line for n, line in enumerate(core.splitlines()))
    (loinc / "LoincTableCore" / "LoincTableCore.csv").write_text(core, "utf-8")
    added = add(loinc, store)
    assert "LoincTableCore.csv" not in books(added)
    assert any("LoincTableCore.csv is not read" in note for note in added.notes)


def test_a_large_loinc_release_is_complete(loinc: Path, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twinmap.terms.store.read_loinc._WHOLE", 4)
    add(loinc, store)
    with open_store(store) as opened:
        assert opened.lookup([("loinc", "9-9")])[0].exists is False


# --- SNOMED CT ------------------------------------------------------------------------------------


def test_rf2(rf2: Path, store: Path) -> None:
    added = add(rf2, store)
    (edition,) = only(added).editions
    assert (edition.uri, edition.version) == ("http://snomed.info/sct", "20260101")
    assert (edition.name, edition.content) == ("SNOMED CT International Edition", "fragment")
    kept = {
        name.split("_")[1]: (t.read, t.kept, t.skipped) for name, t in books(added).items() if "sct2" in name
    }
    assert kept == {
        "Concept": (6, 5, {"an older state": 1}),
        "Description": (6, 6, {}),
        "Relationship": (3, 2, {"an attribute, no is-a": 1}),
    }
    with open_store(store) as opened:
        ear, left, old, gone = opened.lookup([("snomed", code) for code in (EAR, LEFT, OLD, GONE)])
        assert (ear.display, ear.status) == ('Ear "of a toy"', "active"), "the preferred term is shown"
        assert left.display == "Left ear (toy structure)"
        assert (old.status, old.replacements) == (
            "inactive",
            (Replacement("http://snomed.info/sct", EAR, "same-as"),),
        )
        assert {(item.code, item.kind, item.sure) for item in gone.replacements} == {
            (EAR, "possibly-equivalent-to", False),
            (LEFT, "possibly-equivalent-to", False),
            (ROOT, "was-a", False),
        }
        pairs = [(ROOT, LEFT), (EAR, LEFT), (LEFT, EAR), (EAR, EAR), (ROOT, "1"), (ROOT, OLD)]
        assert opened.subsumes("snomed", pairs) == [True, True, False, True, None, None]
        # What is no longer active has no place in the hierarchy.
        terms = opened.designations([("snomed", EAR)])[("http://snomed.info/sct", EAR)]
        assert terms[0] == ("en", "preferred", 'Ear "of a toy"')
        assert {use for _, use, _ in terms} == {"preferred", "synonym", "fully-specified"}


def test_full_files_give_the_newest_state(rf2: Path, store: Path) -> None:
    for path in [*rf2.rglob("*.txt")]:
        path.rename(path.with_name(path.name.replace("Snapshot", "Full")))
    names = next(rf2.rglob("sct2_Description*"))
    older = (
        names.read_text("utf-8").splitlines()[3].replace("20260101", "20200101").replace("Ear", "A wrong ear")
    )
    names.write_text(names.read_text("utf-8") + older + "\n", "utf-8")
    (rf2 / "Snapshot").rename(rf2 / "Full")
    added = add(rf2, store)
    assert only(added).editions[0].name.endswith("(from full files)")
    with open_store(store) as opened:
        ear = opened.lookup([("snomed", EAR)])[0]
        assert (ear.status, ear.display) == ("active", 'Ear "of a toy"')
        assert "wrong" not in str(opened.designations([("snomed", EAR)]))


def test_a_snapshot_goes_before_the_rest(rf2: Path, store: Path) -> None:
    concepts = next(rf2.rglob("sct2_Concept*"))
    for kind in ("Full", "Delta"):
        other = rf2 / kind / concepts.name.replace("Snapshot", kind)
        other.parent.mkdir()
        other.write_text(concepts.read_text("utf-8"), "utf-8")
    added = add(rf2, store)
    assert {tally.file.split("/")[0] for tally in only(added).tallies} == {"Snapshot"}
    assert sum("is not read" in note for note in added.notes) == 2


def test_ids_of_another_namespace_are_unknown(
    rf2: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A complete edition lacks what it could hold, not what an extension adds."""
    monkeypatch.setattr("twinmap.terms.store.read_rf2._WHOLE", 5)
    add(rf2, store)
    with open_store(store) as opened:
        core, extension = opened.lookup([("snomed", NONE), ("snomed", "428041000124106")])
        assert (core.exists, extension.exists) == (False, None)


# --- OMOP -----------------------------------------------------------------------------------------


def test_athena(athena: Path, store: Path) -> None:
    added = add(athena, store)
    editions = {edition.uri: edition for edition in only(added).editions}
    assert editions.keys() == {"http://loinc.org", "Toys", "urn:omop:maps-to"}
    assert (editions["http://loinc.org"].version, editions["http://loinc.org"].content) == (
        "LOINC 2.82",
        "fragment",
    )
    assert books(added)["CONCEPT_RELATIONSHIP.csv"].skipped == {
        "no longer valid": 1,
        "a relationship of another kind": 1,
        "a map to itself": 1,
        "of a concept that is not there": 1,
    }
    with open_store(store) as opened:
        raw, old = opened.lookup([("loinc", "1000-9"), ("loinc", "1002-5")])
        assert (raw.display, raw.status, old.status, old.detail) == (
            'Toyose "raw"',
            "active",
            "inactive",
            "UPGRADED",
        )
        assert [(item.code, item.kind) for item in old.replacements] == [("1000-9", "replaced-by")]
        assert opened.subsumes("Toys", [("T1", "T3"), ("T3", "T1"), ("T2", "T3")]) == [True, False, True]
        assert opened.designations([("Toys", "T2")])[("Toys", "T2")][1] == ("", "synonym", "Sphere for play")
        (mapped,) = opened.mappings([("loinc", "1002-5")])[("http://loinc.org", "1002-5")]
        assert (mapped.target, mapped.predicate, mapped.negated) == ("1000-9", "skos:mappingRelation", False)


def test_athena_without_ancestors_has_its_closure_made(athena: Path, store: Path) -> None:
    (athena / "CONCEPT_ANCESTOR.csv").unlink()
    add(athena, store)
    with open_store(store) as opened:
        assert opened.subsumes("Toys", [("T1", "T3"), ("T3", "T1")]) == [True, False]
        assert opened.subsumes("loinc", [("1000-9", "1002-5")]) == [None], "no hierarchy, no answer"


# --- FHIR -----------------------------------------------------------------------------------------


def test_fhir(fhir: Path, store: Path) -> None:
    added = add(fhir, store)
    tallies = books(added)
    assert (tallies["codes.json"].read, tallies["codes.json"].kept) == (4, 4)
    assert (tallies["round.json"].read, tallies["round.json"].kept) == (3, 3)
    assert tallies["to-loinc.json"].read == 5
    assert tallies["to-loinc.json"].skipped == {"says that there is no target": 1}
    assert tallies["to-loinc.json"].refused == {
        "a relationship that does not exist": 1,
        "maps under a condition (dependsOn, product)": 1,
    }
    assert [(item.code, item.count) for item in added.findings] == [("TM-Q22", 1), ("TM-Q22", 1)]
    with open_store(store) as opened:
        ball, top, cube = opened.lookup([(TOYS, code) for code in ("ball", "top", "cube")])
        assert (ball.exists, ball.status, ball.display) == (True, "active", "Ball")
        assert (top.status, [item.code for item in top.replacements]) == ("inactive", ["ball"])
        assert cube.exists is False, "the code system is complete"
        assert opened.subsumes(TOYS, [("toy", "top"), ("toy", "kite"), ("ball", "top")]) == [
            True,
            True,
            False,
        ]
        assert opened.designations([(TOYS, "ball")], language="DE") == {
            (TOYS, "ball"): [("de", "synonym", "Kugel")]
        }
        assert opened.members(
            "https://toys.example/round", [(TOYS, code) for code in ("ball", "top", "kite")]
        ) == [*(True, False, False)]
        assert opened.members("https://toys.example/none", [(TOYS, "ball")]) == [None]
        maps = opened.mappings([(TOYS, "ball"), (TOYS, "kite")])
        assert [(m.predicate, m.negated) for found in maps.values() for m in found] == [
            ("skos:exactMatch", False),
            ("skos:relatedMatch", True),
        ]


@pytest.mark.parametrize("meaning", ["part-of", "grouped-by", None])
def test_nesting_is_is_a_where_it_is_said(
    meaning: str | None, toys: Any, tmp_path: Path, store: Path
) -> None:
    resource = toys(hierarchyMeaning=meaning)
    (tmp_path / "c.json").write_text(json.dumps({k: v for k, v in resource.items() if v is not None}))
    added = add(tmp_path / "c.json", store)
    assert any("no is-a" in note for note in added.notes)
    with open_store(store) as opened:
        assert opened.subsumes(TOYS, [("toy", "ball")]) == [None]


def test_a_fragment_that_lacks_a_code_does_not_know(tmp_path: Path, store: Path) -> None:
    resource = {"resourceType": "CodeSystem", "url": TOYS, "content": "fragment", "concept": [{"code": "a"}]}
    (tmp_path / "c.json").write_text(json.dumps(resource))
    add(tmp_path / "c.json", store)
    with open_store(store) as opened:
        assert [item.exists for item in opened.lookup([(TOYS, "a"), (TOYS, "b")])] == [True, None]


@pytest.mark.parametrize("form", ["bundle", "ndjson", "tgz", "zip", "gz", "late type"])
def test_the_ways_that_resources_come(form: str, fhir: Path, tmp_path: Path, store: Path) -> None:
    texts = {path.name: path.read_text("utf-8") for path in sorted(fhir.glob("*.json"))}
    path = tmp_path / f"made.{form}"
    if form == "bundle":
        entries = [{"resource": json.loads(text)} for text in texts.values()]
        path.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}))
    elif form == "ndjson":
        path.write_text("".join(f"{text}\n" for text in [*texts.values(), '{"resourceType": "Patient"}']))
    elif form == "tgz":
        about = {"name": "toys", "version": "1", "license": "CC0-1.0", "fhirVersions": ["4.0.1"]}
        with tarfile.open(path, "w:gz") as archive:
            for name, text in {**texts, "package.json": json.dumps(about)}.items():
                entry = tarfile.TarInfo(f"package/{name}")
                entry.size = len(text.encode())
                archive.addfile(entry, io.BytesIO(text.encode()))
    elif form == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, text in texts.items():
                packed.writestr(f"folder/{name}", text)
    elif form == "gz":
        path.write_bytes(gzip.compress(texts["codes.json"].encode()))
    else:
        late = json.loads(texts["codes.json"])
        path.write_text(json.dumps({"url": late.pop("url"), "text": {"div": "x" * 70_000}, **late}))
    add(path, store)
    with open_store(store) as opened:
        assert opened.lookup([(TOYS, "ball")])[0].exists is True
        if form == "tgz":
            licences = {edition.licence for source in opened.sources for edition in source.editions}
            assert licences == {"CC0", "CC0-1.0"}


def test_an_expansion_is_what_counts(tmp_path: Path, store: Path) -> None:
    resource = {
        "resourceType": "ValueSet",
        "url": "https://toys.example/x",
        "compose": {"include": [{"system": TOYS, "concept": [{"code": "kite"}]}]},
        "expansion": {
            "total": 9,
            "contains": [
                {"abstract": True, "display": "all", "contains": [{"system": TOYS, "code": "ball"}]},
                {"system": TOYS},
            ],
        },
    }
    (tmp_path / "v.json").write_text(json.dumps(resource))
    added = add(tmp_path / "v.json", store)
    (tally,) = only(added).tallies
    assert (tally.read, tally.kept) == (4, 1)
    assert tally.skipped == {"a heading, no member": 1, "listed in the definition, and expanded": 1}
    assert tally.refused == {"a member without a code or a system": 1}
    with open_store(store) as opened:
        answers = opened.members("https://toys.example/x", [(TOYS, "ball"), (TOYS, "kite")])
        assert answers == [True, None], "a page of an expansion says nothing of the rest"


def test_a_complete_system_without_a_concept_is_none(toys: Any, tmp_path: Path, store: Path) -> None:
    """As where the key of its concepts is misspelt: no code of it would exist."""
    resource = toys()
    resource["concepts"] = resource.pop("concept")
    (tmp_path / "toys.json").write_text(json.dumps(resource))
    added = add(tmp_path / "toys.json", store)
    assert [edition.content for edition in added.sources[0].editions] == ["fragment"]
    assert any("has no concept" in note for note in added.notes)
    with open_store(store) as opened:
        assert opened.lookup([(TOYS, "ball")])[0].exists is None


def test_a_set_of_a_whole_system_asks_the_system(fhir: Path, tmp_path: Path, store: Path) -> None:
    resource = {
        "resourceType": "ValueSet",
        "url": "https://toys.example/all",
        "compose": {"include": [{"system": TOYS}]},
    }
    (fhir / "all.json").write_text(json.dumps(resource))
    (source,) = add(fhir, store).sources
    counts = {item.uri: (item.count, item.systems) for item in source.editions if item.kind == "values"}
    assert counts == {"https://toys.example/all": (0, 1), "https://toys.example/round": (1, 0)}
    with open_store(store) as opened:
        codes = [(TOYS, "ball"), (TOYS, "cube"), ("loinc", "1000-9")]
        assert opened.members("https://toys.example/all", codes) == [True, False, False]


# --- SSSOM ----------------------------------------------------------------------------------------


def test_sssom(sssom: Path, store: Path) -> None:
    added = add(sssom, store)
    (edition,) = only(added).editions
    assert (edition.kind, edition.uri, edition.version) == ("map", "https://toys.example/sssom", "3")
    assert "publicdomain" in edition.licence
    with open_store(store) as opened:
        maps = opened.mappings([(TOYS, "ball"), (TOYS, "kite")])
        (ball,), (kite,) = maps.values()
        assert (ball.target_system, ball.target, ball.confidence) == ("http://loinc.org", "1003-3", 0.9)
        assert (ball.predicate, ball.negated, ball.justification) == (
            *("skos:exactMatch", False, "semapv:ManualMappingCuration"),
        )
        assert (kite.predicate, kite.negated, kite.target_label) == ("skos:exactMatch", True, "Toyose, raw")


def test_what_describes_a_table_may_stand_beside_it(sssom: Path, store: Path) -> None:
    lines = sssom.read_text("utf-8").splitlines(keepends=True)
    head = "".join(line[1:] for line in lines if line.startswith("#"))
    sssom.with_name("toys.sssom.yml").write_text(head, "utf-8")
    sssom.write_text("".join(line for line in lines if not line.startswith("#")), "utf-8")
    add(sssom, store)
    with open_store(store) as opened:
        assert len(opened.mappings([(TOYS, "ball")])) == 1


# --- the HL7 v2 to FHIR guide ---------------------------------------------------------------------


def test_the_guide_from_v2_to_fhir(guide: Path, store: Path) -> None:
    added = add(guide, store)
    (tally,) = only(added).tallies
    assert (tally.read, tally.kept, tally.skipped) == (3, 1, {"no target": 1})
    assert tally.refused == {"maps under a condition": 1}
    with open_store(store) as opened:
        ((mapped,),) = opened.mappings([("HL70078", "H"), ("HL70078", "L")]).values()
        assert (mapped.target, mapped.predicate) == ("high", "skos:mappingRelation")
        assert mapped.target_system.endswith("v3-ObservationInterpretation")


# --- all of them ----------------------------------------------------------------------------------


def test_one_path_may_hold_several_formats(
    fhir: Path, loinc: Path, rf2: Path, athena: Path, sssom: Path, guide: Path, store: Path
) -> None:
    added = add(fhir.parent, store)
    assert sorted(source.format for source in added.sources) == sorted(item.NAME for item in formats.FORMATS)
    assert all(tally.lost == 0 for source in added.sources for tally in source.tallies)


def test_the_same_bytes_are_loaded_once(loinc: Path, tmp_path: Path, store: Path) -> None:
    first = only(add(loinc, store))
    again = add(loinc, store)
    assert (again.sources, [source.id for source in again.known]) == ((), [first.id])
    (tmp_path / "elsewhere").mkdir()
    moved = loinc.rename(tmp_path / "elsewhere" / "Loinc_2.99")
    assert add(moved, store).known


def test_the_tables_of_a_source_are_the_same_bytes_again(
    loinc: Path, rf2: Path, athena: Path, fhir: Path, sssom: Path, guide: Path, tmp_path: Path
) -> None:
    for path in (loinc, rf2, athena, fhir, sssom, guide):
        made = [only(add(path, tmp_path / turn)).folder for turn in ("one", "two")]
        one, two = ({file.name: file.read_bytes() for file in folder.glob("*.parquet")} for folder in made)
        assert one
        assert one == two


def test_every_module_of_a_format_is_one() -> None:
    names = {path.stem for path in Path(formats.__file__).parent.glob("read_*.py")}
    assert {item.__name__.rpartition(".")[2] for item in formats.FORMATS} == names  # type: ignore[attr-defined]


def test_a_manifest_says_what_was_read(sssom: Path, store: Path) -> None:
    source = only(add(sssom, store))
    (read,) = sources(store)
    assert read == source
    assert len(read.sha256) == 64
    assert read.bytes == sum(path.stat().st_size for path in read.folder.iterdir())


def test_an_empty_cell_of_rf2_decides_nothing(rf2_files: Any, tmp_path: Path, store: Path) -> None:
    """A relationship and a description without a type are refused, not taken for an is-a and a name."""
    state = ("20260101", "1", "900000000000207008")
    folder = rf2_files(
        tmp_path / "release",
        "_INT",
        "20260101",
        Concept=[(code, *state, "900000000000074008") for code in (ROOT, EAR)],
        Description=[("1", *state, EAR, "en", "", "Ear", "")],
        Relationship=[("2", *state, EAR, ROOT, "0", "", "900000000000011006", "")],
    )
    added = add(folder, store)
    refused = {name.split("_")[1]: tally.refused for name, tally in books(added).items()}
    assert refused["Description"] == {"no concept, no type or no term": 1}
    assert refused["Relationship"] == {"no type": 1}
    with open_store(store) as opened:
        assert opened.subsumes("snomed", [(ROOT, EAR)]) == [None]
        assert opened.designations([("snomed", EAR)]) == {}
