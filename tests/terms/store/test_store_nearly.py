"""A table that lacks a column of its format is told as such: which column, which one stands there, and what to do."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from twinmap.errors import InputOutputError
from twinmap.terms.store.add import add
from twinmap.terms.store.editions import sources
from twinmap.terms.store.formats import FORMATS, recognised
from twinmap.terms.store.package import File, open_package


def refused(path: Path, store: Path) -> InputOutputError:
    with pytest.raises(InputOutputError) as caught:
        add(path, store)
    assert sources(store) == []
    return caught.value


@pytest.fixture
def releases(loinc: Path, rf2: Path, athena: Path, sssom: Path) -> list[Path]:
    return [loinc, rf2, athena, sssom]


def tables(path: Path) -> Iterator[tuple[File, str, tuple[str, ...]]]:
    """The tables of a release: file, delimiter, and the columns that it needs."""
    kinds = {item.NAME: item.TABLES for item in FORMATS}
    with open_package(path) as package:
        for name, claims in recognised(package.files).claims.items():
            for item in claims:
                yield item.file, item.table.delimiter, kinds[name][item.role].columns


def changed(path: Path, file: File, delimiter: str, change: Callable[[list[str]], list[str]]) -> Path:
    """The file with another header."""
    target = path / file.name if path.is_dir() else path
    lines = target.read_text("utf-8-sig").splitlines()
    at = next(number for number, line in enumerate(lines) if line and not line.startswith("#"))
    (header,) = csv.reader([lines[at]], delimiter=delimiter)
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="").writerow(change(header))
    lines[at] = out.getvalue()
    target.write_text("\n".join(lines) + "\n", "utf-8")
    return target


def test_a_column_of_another_name(releases: list[Path], store: Path) -> None:
    """Each column that a table needs, one after the other; the place is that of the name that stands there."""
    count = 0
    for path in releases:
        for file, delimiter, needed in tables(path):
            target = path / file.name if path.is_dir() else path
            whole = target.read_bytes()
            for column in needed:
                changed(path, file, delimiter, lambda names: [f"{n}_x" if n == column else n for n in names])
                error = refused(path, store)
                (finding,) = error.findings
                assert finding.code == "TM-O04"
                assert f'no column "{column}" ("{column}_x" stands there)' in error.message
                assert error.help == f'rename "{column}_x" to "{column}"'
                assert finding.where is not None
                assert finding.where.file == file.name
                assert finding.where.text[finding.where.column - 1 :].startswith(f"{column}_x")
                assert finding.where.line == 1 + 5 * file.name.endswith(".sssom.tsv")
                target.write_bytes(whole)
                count += 1
    assert count > 50


def test_a_column_that_is_cut_out(releases: list[Path], store: Path) -> None:
    """A file that goes by its name is told; of SSSOM a label may stand for a code.

    Releases of LOINC before 2.70 have names in other languages with fewer columns.
    """
    for path in releases[:3]:
        for file, delimiter, needed in tables(path):
            if "LinguisticVariant" in file.name:
                continue
            target = path / file.name
            whole = target.read_bytes()
            for column in needed:
                changed(path, file, delimiter, lambda names: [n for n in names if n != column])
                assert (
                    f'{file.name} of {path.name} has no column "{column}", as' in refused(path, store).message
                )
                target.write_bytes(whole)


@pytest.mark.parametrize(
    ("name", "header", "told", "advice"),
    [
        (
            "mine.csv",
            "LOINC NUM,COMPONENT,PROPERTY,SYSTEM,SCALE,STATUS,LONG_COMMON_NAME",
            'no column "LOINC_NUM" ("LOINC NUM" stands there) and no column "SCALE_TYP" ("SCALE" stands there)',
            'rename "LOINC NUM" to "LOINC_NUM" and "SCALE" to "SCALE_TYP"',
        ),
        (
            "CONCEPT.csv",
            "CONCEPT_ID\tCONCEPT_NAME\tVOCABULARY_ID\tKEY\tINVALID_REASON\tDOMAIN_ID",
            'no column "concept_code" ("KEY" stands there)',
            'rename "KEY" to "concept_code"',
        ),
        ("mine.csv", "concept_id,concept_name,vocabulary_id,invalid_reason", 'no column "concept_code", as', "fetch"),
        (
            "sct2_Description_Snapshot-en_INT_20260101.txt",
            "1\t20260101\t1\t2\t3\ten\t4\tEar\t5",
            "does not begin with the header of descriptions",
            "id, effectiveTime, active",
        ),
        ("CONCEPT.csv", "concept_id|concept_name", "does not begin with the header of concepts", "tabs or commas"),
        ("a.sssom.tsv", "subject_id\tobject_id", 'no column "predicate_id", as', "fetch the file again"),
    ],
)  # fmt: skip
def test_what_is_told(name: str, header: str, told: str, advice: str, tmp_path: Path, store: Path) -> None:
    path = tmp_path / name
    path.write_text(f"{header}\n")
    error = refused(path, store)
    assert told in error.message
    assert advice in str(error.help)


def test_every_such_file_of_an_archive_is_told(rf2: Path, tmp_path: Path, store: Path) -> None:
    """With the name of the member; one that is empty as that, and what is of another kind is left as it is."""
    path = tmp_path / "release.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(rf2.rglob("*.txt")):
            text = file.read_text()
            if "Relationship" in file.name:
                text = text.replace("destinationId", "destination")
            archive.writestr(str(file.relative_to(rf2)), "" if "Description" in file.name else text)
        archive.writestr(
            "Snapshot/der2_Refset_SimpleSnapshot_INT_20260101.txt", "id\teffectiveTime\tactive\tmoduleId\n"
        )
    empty, renamed = refused(path, store).findings
    assert (empty.code, renamed.code) == ("TM-O02", "TM-O04")
    assert "sct2_Description_Snapshot-en_INT_20260101.txt of release.zip is empty" in empty.message
    assert renamed.help == 'rename "destination" to "destinationId"'


def test_other_tables_of_a_release_are_left_as_they_are(
    loinc: Path, rf2: Path, athena: Path, store: Path
) -> None:
    """They share columns with those that are read, and none of their names is like one that is missing."""
    others = {
        loinc: [
            "LoincNumber,LongCommonName,PartNumber,PartTypeName,PartName,PartSequenceOrder,RID,PreferredName,RPID,LongName",
            "PartNumber,PartName,PartTypeName,ExtCodeId,ExtCodeDisplayName,ExtCodeSystem,Equivalence",
            "LoincNumber,PartNumber,PartTypeName,PartSequenceOrder,PartName",
            "LOINC_NUM,LONG_COMMON_NAME,ORDER_OBS",
            "LOINC_NUM,COMPONENT,PROPERTY,TIME_ASPCT,SYSTEM,SCALE_TYP,METHOD_TYP,CLASS,SHORTNAME,LONG_COMMON_NAME",
        ],
        rf2: [
            "id\teffectiveTime\tactive\tmoduleId\trefsetId\treferencedComponentId",
            "id\teffectiveTime\tactive\tmoduleId\trefsetId\treferencedComponentId\tvalueId",
            "id\teffectiveTime\tactive\tmoduleId\tsourceId\tvalue\trelationshipGroup\ttypeId\tcharacteristicTypeId\tmodifierId",
            "alternateIdentifier\teffectiveTime\tactive\tmoduleId\tidentifierSchemeId\treferencedComponentId",
        ],
        athena: [
            "relationship_id\trelationship_name\tis_hierarchical\tdefines_ancestry\treverse_relationship_id",
            "concept_class_id\tconcept_class_name\tconcept_class_concept_id",
            "concept_id\tconcept_name",
        ],
    }
    for path, headers in others.items():
        for number, header in enumerate(headers):
            (path / f"other{number}.txt").write_text(f"{header}\n")
        assert "no terminology that is known: other0.txt" in add(path, store).notes[0]


def test_columns_in_another_order_and_with_another_delimiter(rf2: Path, store: Path) -> None:
    for file, delimiter, _ in list(tables(rf2)):
        path = rf2 / file.name
        rows = [line.split(delimiter)[::-1] for line in path.read_text().splitlines()]
        with path.open("w", newline="") as out:
            csv.writer(out, delimiter=";").writerows(rows)
    (source,) = add(rf2, store).sources
    assert [(edition.count, edition.hierarchy) for edition in source.editions] == [(5, True)]
    assert not any(tally.refused for tally in source.tallies)


@pytest.mark.parametrize(
    ("name", "data", "code", "told"),
    [
        ("a.zip", b"", "TM-O02", "is empty"),
        ("a.csv", b"", "TM-O02", "is empty"),
        ("a.zip", b"hello\n", "TM-O04", "is no archive, whatever its name says, but another file"),
        ("a.tgz", b"\n<html>Sign in</html>\n", "TM-O04", "but a page of HTML"),
        ("a.txt", b"hello\n", "TM-O04", "holds no terminology that is known"),
    ],
)  # fmt: skip
def test_what_is_no_archive(
    name: str, data: bytes, code: str, told: str, tmp_path: Path, store: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    error = refused(path, store)
    assert [finding.code for finding in error.findings] == [code]
    assert told in error.message
    assert error.help
