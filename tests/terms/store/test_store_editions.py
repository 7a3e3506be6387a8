"""A path that holds two editions of one system is refused; what publishers put beside each other is one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from twinmap.errors import InputOutputError
from twinmap.terms import snomed
from twinmap.terms.store import open_store
from twinmap.terms.store.add import add
from twinmap.terms.store.editions import sources


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("release", "pattern", "where", "name", "roots"),
    [
        ("loinc", "Loinc.csv", "new/LoincTable", "Loinc.csv", (".", "new")),
        ("loinc", "Loinc.csv", "LoincTable", "Terms.csv", ("LoincTable/Loinc.csv", "LoincTable/Terms.csv")),
        ("loinc", "MapTo.csv", "new/LoincTableCore", "MapTo.csv", (".", "new")),
        (
            "loinc",
            "Loinc.csv",
            "Loinc_3.0/LoincTableCore",
            "LoincTableCore.csv",
            (".", "Loinc_3.0"),
        ),
        ("rf2", "sct2_Concept*", "US/Snapshot/Terminology", None, (".", "US")),
        (
            "rf2",
            "sct2_Concept*",
            "US/Full/Terminology",
            "sct2_Concept_Full_US1000124_20260101.txt",
            (".", "US"),
        ),
        (
            "rf2",
            "sct2_Desc*",
            "Snapshot/Terminology",
            "sct2_Description_Snapshot-en_INT_20250101.txt",
            ("-en_INT_20250101.txt", "-en_INT_20260101.txt"),
        ),
        (
            "rf2",
            "sct2_Concept*",
            "Snapshot",
            "sct2_Concept_XSnapshot_GB1000000_20260101.txt",
            ("_INT_", "_GB1"),
        ),
        ("athena", "CONCEPT.csv", "older", "CONCEPT.csv", (".", "older")),
        ("athena", "CONCEPT.csv", ".", "concepts2.csv", ("CONCEPT.csv", "concepts2.csv")),
        ("athena", "CONCEPT_SYNONYM.csv", "older", "CONCEPT_SYNONYM.csv", (".", "older")),
    ],
)
def test_two_editions(
    release: str,
    pattern: str,
    where: str,
    name: str | None,
    roots: tuple[str, ...],
    packed: bool,
    tmp_path: Path,
    store: Path,
    sssom: Path,
    request: pytest.FixtureRequest,
) -> None:
    """Both are named, and nothing is loaded, also not what lies beside them."""
    folder: Path = request.getfixturevalue(release)
    file = next(folder.rglob(pattern))
    other = folder / where / (name or file.name)
    other.parent.mkdir(parents=True, exist_ok=True)
    other.write_bytes(file.read_bytes())
    sssom.rename(folder / "a.sssom.tsv")
    path = folder
    if packed:
        path = Path(shutil.make_archive(str(tmp_path / "two"), "zip", folder))
    with pytest.raises(InputOutputError) as caught:
        add(path, store)
    error = caught.value
    assert sources(store) == []
    assert [finding.code for finding in error.findings] == ["TM-O04"]
    told = error.message.partition(" holds two ")[2].partition(": ")[2]
    assert [*told.split(" and ")] == [*roots] or all(root in told for root in roots if root != ".")
    files = all(each.endswith((".csv", ".txt")) for each in told.split(" and "))
    assert ("keep one of the two" if files else "alone") in str(error.help)
    assert ("unpack it" in str(error.help)) == packed


def test_one_edition_in_many_files(loinc: Path, rf2: Path, athena: Path, store: Path) -> None:
    """What the publishers themselves put beside each other is no second edition."""
    core = loinc / "LoincTableCore"
    (core / "LoincTableCore.csv").write_bytes((loinc / "LoincTable" / "Loinc.csv").read_bytes())
    (loinc / "LoincTable" / "MapTo.csv").write_bytes((core / "MapTo.csv").read_bytes())
    added = add(loinc, store)
    assert sorted(note.partition(" ")[0] for note in added.notes) == [
        "LoincTableCore/LoincTableCore.csv",
        "LoincTableCore/MapTo.csv",
    ]
    for path in [*rf2.rglob("*.txt")]:
        full = rf2 / "Full" / path.name.replace("Snapshot", "Full").replace("20260101", "20250101")
        full.parent.mkdir(exist_ok=True)
        full.write_bytes(path.read_bytes())
    german = next(rf2.rglob("sct2_Desc*Snapshot-en*"))
    german.with_name(german.name.replace("-en", "-de")).write_bytes(german.read_bytes())
    assert add(rf2, store).sources[0].editions[0].version == "20260101"
    head = (athena / "CONCEPT.csv").read_text("utf-8").partition("\n")[0]
    (athena / "CONCEPT_CPT4.csv").write_text(
        f"{head}\n9\t\tProcedure\tCPT4\tCPT4\tS\t00001\t19700101\t20991231\t\n"
    )
    added = add(athena, store)
    assert any(note.startswith("CONCEPT_CPT4.csv") for note in added.notes)
    assert "CPT4" not in {edition.uri for edition in added.sources[0].editions}


# --- the UK Edition: the International one and its extensions, each in a folder of its own ---------


def sctid(body: str) -> str:
    return body + snomed.check_digit(body)


ROOT, MODULE, UK = "138875005", "900000000000207008", "999000011000000103"
EAR, LEFT, WARD = sctid("90000100"), sctid("90000200"), sctid("123" + "1000000" + "10")
FSN, IS_A, INFERRED = "900000000000003001", "116680003", "900000000000011006"


def concept(code: str, date: str, active: str = "1", module: str = UK) -> tuple[str, ...]:
    return (code, date, active, module, "900000000000074008")


def is_a(number: int, date: str, active: str, child: str, parent: str) -> tuple[str, ...]:
    key = sctid(f"{number}02")
    return (key, date, active, UK, child, parent, "0", IS_A, INFERRED, "900000000000451002")


@pytest.fixture
def uk(rf2: Path, rf2_files: Callable[..., Path], tmp_path: Path) -> Path:
    """As it is unpacked: four folders, of which one is of another date and three bring something."""
    made = tmp_path / "uk_sct2cl_42.0.0_20260128000001Z"
    made.mkdir()
    rf2.rename(made / "SnomedCT_InternationalRF2_PRODUCTION_20260101T120000Z")
    name = (
        sctid("456" + "1000000" + "11"),
        "20260128",
        "1",
        UK,
        WARD,
        "en",
        FSN,
        "Toy ward",
        "900000000000448009",
    )
    rf2_files(
        made / "SnomedCT_UKClinicalRF2_PRODUCTION_20260128T000001Z",
        "UKCL_GB1000000",
        "20260128",
        Concept=[concept(WARD, "20260128"), concept(LEFT, "20260128", "0")],  # it takes over one, and ends it
        Description=[name],
    )
    rf2_files(
        made / "SnomedCT_UKClinicalRefsetsRF2_PRODUCTION_20260128T000001Z",
        "UKCR_GB1000000",
        "20260128",
        Concept=[],
    )
    rf2_files(
        made / "SnomedCT_UKEditionRF2_PRODUCTION_20260128T000001Z",
        "UKED_GB",
        "20260128",
        Relationship=[
            is_a(900001, "20260128", "1", WARD, EAR),
            is_a(600002, "20260128", "0", LEFT, EAR),  # an inferred one of the International Edition, ended
        ],
    )
    return made


@pytest.mark.parametrize("packed", [False, True])
def test_the_products_of_an_edition_are_one(packed: bool, uk: Path, store: Path) -> None:
    path = Path(shutil.make_archive(str(uk), "zip", uk)) if packed else uk
    added = add(path, store)
    (edition,) = added.sources[0].editions
    assert (edition.uri, edition.version, edition.count) == ("http://snomed.info/sct", "20260128", 6)
    assert (edition.name, edition.namespaces) == (f"SNOMED CT modules {UK}", ("1000000",))
    assert added.findings == ()
    kept = {
        item.file.split("/")[0][9:22]: item.kept
        for item in added.sources[0].tallies
        if "_Concept_" in item.file
    }
    assert kept == {"International": 4, "UKClinicalRF2": 2, "UKClinicalRef": 0}
    with open_store(store) as opened:
        ward, left = opened.lookup([("snomed", WARD), ("snomed", LEFT)])
        assert (ward.exists, ward.display, ward.status) == (True, "Toy ward", "active")
        assert left.status == "inactive", "the newest state counts, whichever product it is of"
        assert opened.subsumes("snomed", [(ROOT, WARD), (WARD, EAR), (EAR, LEFT)]) == [True, False, None]


@pytest.mark.corpus
def test_an_extension_of_the_corpus_with_its_base(corpus: Path, tmp_path: Path, store: Path) -> None:
    mini = corpus / "terminology" / "snomed-rf2-mini"
    for name in ("SnomedCT_MiniRF2_Base_snapshot", "SnomedCT_MiniRF2_Extension_snapshot"):
        shutil.copytree(mini / name, tmp_path / "both" / name)
    (source,) = add(tmp_path / "both", store).sources
    assert [edition.count for edition in source.editions] == [19]
    with open_store(store) as opened:
        assert opened.subsumes("snomed", [(ROOT, "900101001")]) == [True]
    with pytest.raises(
        InputOutputError, match="SnomedCT_MiniRF2 and SnomedCT_MiniRF2_Base_snapshot"
    ) as caught:
        add(mini, store)
    for name in ("SnomedCT_MiniRF2", "SnomedCT_MiniRF2_Base_snapshot"):
        assert f"twinmap terms add {mini / name}" in str(caught.value.help)


def test_two_dates_of_one_product(uk: Path, rf2_files: Callable[..., Path], store: Path) -> None:
    """The clinical and the drug package of the UK may lie beside each other: the product in both is one or two."""
    old, new = (f"SnomedCT_UKEditionRF2_PRODUCTION_{date}T000001Z" for date in ("20260128", "20260225"))
    rf2_files(uk / new, "UKED_GB", "20260225", Relationship=[])
    with pytest.raises(InputOutputError, match=f"{old} and {new}"):
        add(uk, store)


def test_two_editions_under_other_names(uk: Path, rf2_files: Callable[..., Path], store: Path) -> None:
    """What has the root of SNOMED CT is an edition, whatever it is called: no extension of another one."""
    us = uk / "SnomedCT_ManagedServiceUS_PRODUCTION_20260301T120000Z"
    rf2_files(us, "_US1000124", "20260301", Concept=[concept(ROOT, "20020131", module=MODULE)])
    with pytest.raises(InputOutputError, match="holds two releases of SNOMED CT") as caught:
        add(uk, store)
    assert f"add {us}" in str(caught.value.help)


def test_rows_of_one_date_that_contradict(rf2: Path, store: Path) -> None:
    """The same row twice is once; another one of its date cannot be, and is told."""
    path = next(rf2.rglob("sct2_Concept*"))
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text(
        "".join([*lines, lines[2], lines[3].replace("\t1\t", "\t0\t").replace("2020", "2026")]), "utf-8"
    )
    contradicts = lines[4].replace("\t1\t", "\t0\t")
    path.write_text(path.read_text("utf-8") + contradicts, "utf-8")
    added = add(rf2, store)
    (tally,) = (item for item in added.sources[0].tallies if "sct2_Concept" in item.file)
    assert tally.skipped == {"an older state": 1, "the same row stands twice": 1}
    assert tally.refused == {"another row of the same id and date": 2}
    assert [finding.code for finding in added.findings] == ["TM-Q22"]
    with open_store(store) as opened:
        assert [item.status for item in opened.lookup([("snomed", EAR), ("snomed", LEFT)])] == ["active"] * 2
