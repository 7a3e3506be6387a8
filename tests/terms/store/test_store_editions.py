"""A path that holds two editions of one system is refused; what publishers put beside each other is one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from twinmap.errors import InputOutputError
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
            ("Loinc_3.0/LoincTableCore",),
        ),
        ("rf2", "sct2_Concept*", "US/Snapshot/Terminology", None, (".", "US")),
        (
            "rf2",
            "sct2_Concept*",
            "US/Full/Terminology",
            "sct2_Concept_Full_US1000124_20260101.txt",
            ("US/Full",),
        ),
        (
            "rf2",
            "sct2_Desc*",
            "Snapshot",
            "sct2_Description_Snapshot-en_US1000124_20250101.txt",
            ("_INT_", "_US1"),
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
    assert "alone" in str(error.help)


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
