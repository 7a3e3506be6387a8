"""What is wrong with a source is said in one message, with its code; nothing of it gets into the store."""

from __future__ import annotations

import io
import json
import os
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from twinmap import safeio
from twinmap.errors import InputOutputError, InternalError, TwinmapError
from twinmap.limits import LIMITS
from twinmap.terms import snomed
from twinmap.terms.store import open_store, package
from twinmap.terms.store.add import add
from twinmap.terms.store.editions import Tally, sources
from twinmap.terms.store.loader import Loader

TOYS = "https://toys.example/codes"
ROOT = "138875005"
EAR, LEFT = (f"{n}00{snomed.check_digit(f'{n}00')}" for n in (900001, 900002))


def refused(path: Path, store: Path) -> TwinmapError:
    """The error of adding a path; nothing is made for it."""
    with pytest.raises(InputOutputError) as caught:
        add(path, store)
    assert not store.exists()
    assert "\n" not in caught.value.message
    return caught.value


def codes(error: TwinmapError) -> list[str]:
    return [finding.code for finding in error.findings]


# --- archives -------------------------------------------------------------------------------------


def zipped(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return path


def tarred(path: Path, *entries: tuple[tarfile.TarInfo, bytes], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for entry, data in entries:
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return path


@pytest.mark.parametrize(
    "name", ["../out.json", "/etc/out.json", "a/../../b.json", "C:/b.json", "a\\..\\b.json"]
)
@pytest.mark.parametrize("kind", ["zip", "tgz"])
def test_a_name_that_leads_out(name: str, kind: str, tmp_path: Path, store: Path, toys: Any) -> None:
    data = json.dumps(toys()).encode()
    path = tmp_path / f"a.{kind}"
    made = zipped(path, {name: data}) if kind == "zip" else tarred(path, (tarfile.TarInfo(name), data))
    assert "leads out of it" in refused(made, store).message


def test_a_link_in_an_archive(tmp_path: Path, store: Path) -> None:
    entry = tarfile.TarInfo("package/a.json")
    entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
    assert "link" in refused(tarred(tmp_path / "a.tgz", (entry, b"")), store).message
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        info = zipfile.ZipInfo("a.json")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    assert "link" in refused(tmp_path / "a.zip", store).message


def test_links_in_a_folder_are_not_followed(fhir: Path, tmp_path: Path, store: Path) -> None:
    (tmp_path / "secret.json").write_text((fhir / "codes.json").read_text())
    (fhir / "codes.json").unlink()
    (fhir / "codes.json").symlink_to(tmp_path / "secret.json")
    (fhir / "pipe.json").unlink(missing_ok=True)
    os.mkfifo(fhir / "pipe.json")
    added = add(fhir, store)
    assert "1 links are not followed" in added.notes
    with open_store(store) as opened:
        assert opened.lookup([(TOYS, "ball")])[0].exists is None


@pytest.mark.parametrize("kind", ["zip", "tgz"])
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_an_archive_that_is_cut(kind: str, share: float, loinc: Path, tmp_path: Path, store: Path) -> None:
    files = {str(path.relative_to(loinc)): path.read_bytes() for path in loinc.rglob("*.csv")}
    noise = os.urandom(50_000)
    if kind == "zip":
        path = zipped(tmp_path / "a.zip", {**files, "noise.bin": noise})
    else:
        entries = [(tarfile.TarInfo(name), data) for name, data in {**files, "noise.bin": noise}.items()]
        path = tarred(tmp_path / "a.tgz", *entries)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    assert codes(refused(path, store)) == ["TM-O02"]


def test_a_tar_that_is_cut(tmp_path: Path, store: Path, toys: Any) -> None:
    data = json.dumps(toys()).encode() * 20
    path = tarred(tmp_path / "a.tar", (tarfile.TarInfo("a.json"), data), mode="w")
    path.write_bytes(path.read_bytes()[:2000])
    assert codes(refused(path, store)) == ["TM-O02"]


def test_a_damaged_entry(tmp_path: Path, store: Path, toys: Any) -> None:
    path = zipped(tmp_path / "a.zip", {"a.json": json.dumps(toys()).encode()})
    data = bytearray(path.read_bytes())
    data[60:70] = b"\xff" * 10
    path.write_bytes(data)
    assert codes(refused(path, store)) == ["TM-O02"]


@pytest.mark.parametrize("kind", ["zip", "tgz"])
def test_an_archive_that_unpacks_to_far_more(
    kind: str, tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    low = replace(LIMITS, compression_floor=1_000_000)
    for module in (package, safeio):
        monkeypatch.setattr(module, "LIMITS", low)
    data = b'{"resourceType": "CodeSystem"}' + b" " * 8_000_000
    path = tmp_path / f"a.{kind}"
    made = (
        zipped(path, {"a.json": data}) if kind == "zip" else tarred(path, (tarfile.TarInfo("a.json"), data))
    )
    assert codes(refused(made, store)) == ["TM-Q15"]


def test_a_locked_zip(tmp_path: Path, store: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"a.json": b"{}"})
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    path.write_bytes(data)
    assert "password" in refused(path, store).message


def test_too_many_files(tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "MOST_FILES", 2)
    path = zipped(tmp_path / "a.zip", {f"{n}.json": b"{}" for n in range(3)})
    assert codes(refused(path, store)) == ["TM-Q15"]


# --- releases -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["notes.txt", "vitals.csv", "page.html"])
def test_what_is_no_terminology(name: str, tmp_path: Path, store: Path) -> None:
    (tmp_path / name).write_text("<html>\nname,sex\n1,2\n")
    error = refused(tmp_path / name, store)
    assert codes(error) == ["TM-O04"]
    assert "LOINC" in str(error.help)


def test_a_missing_path(tmp_path: Path, store: Path) -> None:
    assert codes(refused(tmp_path / "none.zip", store)) == ["TM-O01"]


def test_rf2_without_a_concept_file(rf2: Path, store: Path) -> None:
    next(rf2.rglob("sct2_Concept*")).unlink()
    error = refused(rf2, store)
    assert (codes(error), "no concept file" in error.message) == (["TM-O04"], True)


def test_rf2_as_a_delta(rf2: Path, store: Path) -> None:
    for path in [*rf2.rglob("*.txt")]:
        path.rename(path.with_name(path.name.replace("Snapshot", "Delta")))
    assert "delta" in refused(rf2, store).message


def test_omop_without_concepts(athena: Path, store: Path) -> None:
    (athena / "CONCEPT.csv").unlink()
    assert codes(refused(athena, store)) == ["TM-O04"]


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_a_wrong_encoding(
    encoding: str, loinc: Path, rf2: Path, athena: Path, tmp_path: Path, store: Path
) -> None:
    for folder, pattern in ((loinc, "Loinc.csv"), (rf2, "sct2_Desc*"), (athena, "CONCEPT.csv")):
        path = next(folder.rglob(pattern))
        path.write_bytes(path.read_text("utf-8-sig").replace("Toy", "Tøy").encode(encoding))
        error = refused(folder, store)
        assert codes(error) == ["TM-Q03"], folder
        assert [finding.severity.value for finding in error.findings] == ["error"]
        assert path.name in error.message


def test_fhir_that_is_not_json_or_not_utf8(fhir: Path, store: Path) -> None:
    good = (fhir / "codes.json").read_text("utf-8")
    for data, code in (
        (good[:-3].encode(), "TM-Q04"),
        (good.replace("Ball", "Bäll").encode("latin-1"), "TM-Q03"),
        (('{"resourceType": "CodeSystem", "url": "x", "a": ' + "[" * 100_000).encode(), "TM-Q15"),
    ):
        (fhir / "codes.json").write_bytes(data)
        assert codes(refused(fhir / "codes.json", store)) == [code]


@pytest.mark.parametrize(
    ("place", "value", "code", "words"),
    [
        ((), {"concept": {"code": "toy"}}, "TM-O04", "/concept is not a list"),
        (("concept", 0), {"code": 5}, "TM-O04", "/concept/0/code is not a text"),
        (("concept", 0), {"concept": [["toy"]]}, "TM-O04", "/concept/0/concept/0 is not an object"),
        (("concept", 0), {"display": "\ud800"}, "TM-Q04", "half of a surrogate pair"),
    ],
)
def test_fhir_of_another_shape(
    place: tuple[Any, ...],
    value: dict[str, Any],
    code: str,
    words: str,
    tmp_path: Path,
    store: Path,
    toys: Any,
) -> None:
    resource = toys()
    node = resource
    for key in place:
        node = node[key]
    node.update(value)
    (tmp_path / "bad.json").write_text(json.dumps(resource))
    error = refused(tmp_path / "bad.json", store)
    assert codes(error) == [code]
    assert code == "TM-O04" or words in error.message
    if code == "TM-O04":  # beside one that is fine it is told, and nothing of it is loaded
        lines = json.dumps(resource) + "\n" + json.dumps(toys(url="https://toys.example/more"))
        (tmp_path / "both.ndjson").write_text(lines)
        added = add(tmp_path / "both.ndjson", store)
        (finding,) = added.findings
        assert (finding.code, words in finding.message) == ("TM-Q22", True)
        assert [edition.uri for edition in added.sources[0].editions] == ["https://toys.example/more"]


def test_a_document_that_is_too_large(
    fhir: Path, store: Path, monkeypatch: pytest.MonkeyPatch, toys: Callable[..., dict[str, Any]]
) -> None:
    from dataclasses import replace

    monkeypatch.setattr("twinmap.terms.store.read_fhir.LIMITS", replace(LIMITS, record_bytes=100))
    assert codes(refused(fhir / "codes.json", store)) == ["TM-Q15"]


def test_a_bundle_without_terminology(tmp_path: Path, store: Path) -> None:
    (tmp_path / "b.json").write_text(
        '{"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Patient"}}]}'
    )
    assert codes(refused(tmp_path / "b.json", store)) == ["TM-O04"]


# --- rows -----------------------------------------------------------------------------------------


def test_rows_are_refused_and_counted(loinc: Path, store: Path) -> None:
    table = loinc / "LoincTable" / "Loinc.csv"
    text = table.read_text("utf-8") + '"","nothing"\n' + ',"x",,,,,,,,,,,\n"1000-9","Again",,,,,,,,,,,\n'
    table.write_text(text, "utf-8")
    added = add(loinc, store)
    (tally,) = (item for item in added.sources[0].tallies if item.file.endswith("Loinc.csv"))
    assert (tally.read, tally.kept, tally.lost) == (7, 4, 0)
    assert tally.refused == {"a wrong number of columns": 1, "no LOINC_NUM": 1, "a code that stands twice": 1}
    assert sorted(finding.code for finding in added.findings) == ["TM-Q01", "TM-Q22", "TM-Q22"]
    places = {finding.message.rpartition(": ")[2]: finding.places[0].record for finding in added.findings}
    assert places["a code that stands twice"] == 6
    with open_store(store) as opened:
        assert opened.lookup([("loinc", "1000-9")])[0].display == "Toyose [Mass/volume] in Serum"


def test_of_a_refused_row_nothing_is_kept(loinc: Path, athena: Path, store: Path) -> None:
    """No name and no property of it; what a concept twice says counts once."""
    table = loinc / "LoincTable" / "Loinc.csv"
    again = '"1000-9","Other","SCnc","Pt","Ser","Qn","","CHEM","ACTIVE","Oth","Another name","2.1",""\n'
    table.write_text(table.read_text("utf-8") + again, "utf-8")
    concepts = athena / "CONCEPT.csv"
    again = "6\tAnother name\tDrug\tToys\tToy\tS\tT1\t19700101\t20991231\t\n"
    concepts.write_text(concepts.read_text("utf-8") + again, "utf-8")
    for folder in (loinc, athena):
        (tally, *_) = (item for item in add(folder, store).sources[0].tallies if item.refused)
        assert tally.refused == {"a code that stands twice": 1}
    codes = [("loinc", "1000-9"), ("Toys", "T1")]
    with open_store(store) as opened:
        names = opened.designations(codes)
        assert "Another name" not in str(names)
        assert opened.properties(codes)["Toys", "T1"] == {"domain": "Device"}
        assert opened.properties(codes)["http://loinc.org", "1000-9"]["property"] == "MCnc"


def test_rows_of_rf2_that_cannot_be(rf2: Path, store: Path) -> None:
    path = next(rf2.rglob("sct2_Concept*"))
    path.write_text(path.read_text("utf-8") + "1\t20260101\t2\tm\td\n\n# a remark\n1\t2\n", "utf-8")
    (tally, *_) = add(rf2, store).sources[0].tallies
    assert tally.refused == {"a wrong number of columns": 1, "no id, or active is neither 0 nor 1": 1}
    assert tally.skipped == {"a comment": 1, "an older state": 1}
    assert (tally.read, tally.kept) == (9, 5)


def test_an_empty_cell_of_a_reference_set_decides_nothing(rf2: Path, store: Path) -> None:
    """It prefers no name, and says of no concept what replaces it."""
    cut = {"Language": ("5", "6"), "Association": ("4", "6")}
    for kind, columns in cut.items():
        path = next(rf2.rglob(f"der2_cRefset_{kind}*"))
        head, first, *_ = path.read_text("utf-8").splitlines(keepends=True)
        rows = []
        for number in map(int, columns):
            cells = first.rstrip("\n").split("\t")
            cells[0], cells[number] = f"x{number}", ""
            rows.append("\t".join(cells) + "\n")
        path.write_text("".join([head, *rows]), "utf-8")
    tallies = {Path(item.file).name.split("_")[2]: item for item in add(rf2, store).sources[0].tallies}
    refused = {name: item.refused for name, item in tallies.items() if "Snapshot" in name and item.refused}
    assert refused == {
        "LanguageSnapshot-en": {"no description or no acceptability": 2},
        "AssociationSnapshot": {"no kind or no target": 2},
    }


def test_sssom_rows_are_never_dropped_in_silence(sssom: Path, store: Path) -> None:
    bad = [
        "toy:a\t\t\t\tloinc:1-8\t\ts\t",
        "toy:a\t\tskos:exactMatch\tNever\tloinc:1-8\t\ts\t",
        "toy:a\t\tskos:exactMatch\t\tloinc:1-8\t\ts\t1.5",
        "nocurie\t\tskos:exactMatch\t\tloinc:1-8\t\ts\t",
        "toy:a\t\tloinc:1-8\t\tsemapv:x\t\ts\t",
        "toy:a\t\tskos:exactMatch\t\tloinc:1-8\t\ts\t\tmore",
    ]
    fine = [
        "toy:b\t\tskos:exactMatch\t\tsssom:NoTermFound\t\ts\t",
        "",
        "\t\t\t\t\t\t\t",
        "other:b\t\tskos:closeMatch\t\tloinc:1-8",
    ]
    before = len(sssom.read_text("utf-8").splitlines())
    sssom.write_text(sssom.read_text("utf-8") + "\n".join([*bad, *fine]) + "\n", "utf-8")
    added = add(sssom, store)
    (tally,) = added.sources[0].tallies
    assert (tally.read, tally.kept, sum(tally.refused.values()), sum(tally.skipped.values())) == (11, 3, 6, 2)
    lines = [item.where.line for item in added.findings if item.code == "TM-L15" and item.where]
    assert sorted(lines) == list(range(before + 1, before + 7))
    assert [item.severity.value for item in added.findings if item.code == "TM-L11"] == ["warning"]
    with open_store(store) as opened:
        assert opened.mappings([("other", "b")])[("other", "b")][0].predicate == "skos:closeMatch"


def test_many_bad_rows_of_a_kind_are_one_finding(sssom: Path, store: Path) -> None:
    before = len(sssom.read_text("utf-8").splitlines())
    rows = ["toy:a\t\t\t\tloinc:1-8\t\ts\t"] * 5 + ["nocurie\t\tskos:exactMatch\t\tloinc:1-8\t\ts\t"]
    sssom.write_text(sssom.read_text("utf-8") + "\n".join(rows) + "\n", "utf-8")
    many, one = [item for item in add(sssom, store).findings if item.code == "TM-L15"]
    assert many.where is not None
    assert one.where is not None
    lines = [*range(before + 1, before + 6)]
    assert (many.count, many.where.line, many.details) == (5, lines[0], {"lines": lines})
    assert [place.line for place in many.places] == lines[1:3]
    assert (one.count, one.where.line, one.places, one.details) == (1, before + 6, (), {})


def test_sssom_with_a_cell_that_is_too_long(sssom: Path, store: Path) -> None:
    sssom.write_text(sssom.read_text("utf-8") + "toy:a\t" + "x" * (LIMITS.field_bytes + 1) + "\n", "utf-8")
    assert codes(refused(sssom, store)) == ["TM-Q02"]


def test_a_table_without_justifications_is_told(tmp_path: Path, store: Path) -> None:
    (tmp_path / "m.csv").write_text(
        "subject_id,predicate_id,object_id\nloinc:1-8,skos:exactMatch,loinc:2-6\n"
    )
    (finding,) = add(tmp_path / "m.csv", store).findings
    assert (finding.code, finding.severity.value) == ("TM-L15", "warning")


def test_a_circle_is_told_and_cut(tmp_path: Path, store: Path, toys: Any) -> None:
    links = {"a": "b", "b": "c", "c": "a", "d": "a", "e": "e", "f": "d", "b2": "c"}
    concepts = [
        {"code": code, "property": [{"code": "parent", "valueCode": up}]} for code, up in links.items()
    ]
    concepts += [{"code": "top"}, {"code": "c2", "property": [{"code": "parent", "valueCode": "top"}]}]
    (tmp_path / "c.json").write_text(json.dumps(toys(concept=concepts)))
    added = add(tmp_path / "c.json", store)
    assert [(item.code, item.message) for item in added.findings] == [
        ("TM-Q23", f"{TOYS} has a code above itself: a is-a b is-a c is-a a"),
        ("TM-Q23", f"{TOYS} has a code above itself: e is-a e"),
    ]
    assert [item.details["links"] for item in added.findings] == [3, 1]
    assert {place.file for item in added.findings for place in item.places} == {"c.json"}
    assert added.sources[0].editions[0].circles == 2
    known = {("a", "d"): True, ("d", "f"): True, ("a", "f"): True, ("top", "c2"): True, ("c", "b2"): True}
    doubtful = dict.fromkeys([("a", "b"), ("b", "a"), ("b", "d"), ("b", "f"), ("a", "b2")])
    pairs = {**known, **doubtful, ("d", "a"): False, ("top", "a"): False, ("e", "e"): True}
    with open_store(store) as opened:
        assert opened.subsumes(TOYS, [*pairs]) == [*pairs.values()]


def test_many_circles_are_not_told_one_by_one(tmp_path: Path, store: Path, toys: Any) -> None:
    pairs = [(f"{n:03}", f"{n ^ 1:03}") for n in range(100)]
    concepts = [{"code": one, "property": [{"code": "parent", "valueCode": up}]} for one, up in pairs]
    (tmp_path / "c.json").write_text(json.dumps(toys(concept=concepts)))
    findings = add(tmp_path / "c.json", store).findings
    assert sum("above itself" in item.message for item in findings) == 20
    assert [item.count for item in findings if "more circles" in item.message] == [30]


def test_where_a_circle_stands(rf2: Path, store: Path) -> None:
    """The row of the first link, and how long it is; in ``status`` their number."""
    path = next(rf2.rglob("sct2_Relationship*"))
    lines = path.read_text("utf-8").splitlines(keepends=True)
    down = lines[1].replace("60000102", "60000902").split("\t")
    down[4:6] = [down[5], LEFT]
    path.write_text("".join([*lines, "\t".join(down)]), "utf-8")
    added = add(rf2, store)
    (finding,) = added.findings
    assert finding.message.endswith(f"{ROOT} is-a {LEFT} is-a {EAR} is-a {ROOT}")
    assert [(place.file, place.record) for place in finding.places] == [(str(path.relative_to(rf2)), 4)]


@pytest.mark.parametrize("end", ["child", "parent"])
def test_a_link_is_taken_away_whichever_end_is_not_there(
    end: str, tmp_path: Path, store: Path, toys: Any
) -> None:
    concept = [{"code": "kite", "property": [{"code": end, "valueCode": "gone"}]}, {"code": "toy"}]
    concept.append({"code": "top", "property": [{"code": "parent", "valueCode": "toy"}]})
    (tmp_path / "c.json").write_text(json.dumps(toys(concept=concept)))
    (finding,) = add(tmp_path / "c.json", store).findings
    assert finding.message.endswith("links of its hierarchy to codes that are not there, as gone")
    pair = ("kite", "gone") if end == "child" else ("gone", "kite")
    with open_store(store) as opened:
        assert opened.subsumes(TOYS, [pair, ("toy", "top")]) == [None, True]


@pytest.mark.parametrize("content", ["complete", "fragment"])
def test_a_parent_that_is_not_there(content: str, tmp_path: Path, store: Path, toys: Any) -> None:
    """Of a complete code system it does not exist; a fragment may only lack it."""
    concept = {"code": "kite", "property": [{"code": "parent", "valueCode": "gone"}]}
    (tmp_path / "c.json").write_text(json.dumps(toys(content=content, concept=[concept, {"code": "toy"}])))
    findings = add(tmp_path / "c.json", store).findings
    told = ["c.json: rows were refused: links of its hierarchy to codes that are not there, as gone"]
    assert [item.message for item in findings] == (told if content == "complete" else [])
    with open_store(store) as opened:
        assert opened.subsumes(TOYS, [("gone", "kite")]) == [None if content == "complete" else True]


def test_a_hierarchy_of_too_many_levels(
    tmp_path: Path, store: Path, toys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one whose levels are circles: what is bounded is the closure."""
    low = replace(LIMITS, hierarchy_depth=50)
    monkeypatch.setattr("twinmap.terms.store.hierarchy.LIMITS", low)
    for step in (1, 2):
        links = [(n, n + 1) for n in range(0, 60 * step, step)] + [(n, n + 2) for n in range(0, 120, 2)] * (
            step - 1
        )
        links += [(n + 1, n) for n in range(0, 120, 2)] * (step - 1)
        codes = sorted({code for link in links for code in link})
        concepts = [
            {
                "code": str(code),
                "property": [{"code": "parent", "valueCode": str(up)} for one, up in links if one == code],
            }
            for code in codes
        ]
        (tmp_path / "c.json").write_text(json.dumps(toys(concept=concepts)))
        error = refused(tmp_path / "c.json", store)
        assert ([item.code for item in error.findings], "more than 50 levels" in error.message) == (
            ["TM-Q15"],
            True,
        )


def test_books_that_do_not_balance_are_a_bug(
    loinc: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row is dropped between the parser and the tables: the count of its own sees it."""
    take = Loader.take

    def drop(self: Loader, staged: Any, *rest: Any) -> None:
        self.duck.run(f"DELETE FROM {staged.name} WHERE rowid = 1")
        take(self, staged, *rest)

    monkeypatch.setattr(Loader, "take", drop)
    with pytest.raises(InternalError, match="1 of them unaccounted for"):
        add(loinc, store)
    assert sources(store) == []


def test_lost_rows_are_what_is_left() -> None:
    assert Tally("f", "rows", 10, 5, {"a": 2}, {"b": 2}).lost == 1


# --- the store itself -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "word"), [("{", "damaged"), ("[]", "damaged"), ('{"form": 99, "twinmap": "9.0"}', "twinmap 9.0")]
)
def test_a_manifest_that_cannot_be_used(text: str, word: str, sssom: Path, store: Path) -> None:
    (source,) = add(sssom, store).sources
    (source.folder / "manifest.json").write_text(text)
    with pytest.raises(InputOutputError, match=word):
        open_store(store)


def test_a_table_that_is_gone_is_no_empty_one(sssom: Path, store: Path) -> None:
    (source,) = add(sssom, store).sources
    (source.folder / "mapping.parquet").unlink()
    with pytest.raises(InputOutputError, match=r"lacks mapping\.parquet"):
        open_store(store)
    with pytest.raises(InputOutputError, match=r"lacks mapping\.parquet"):
        add(sssom, store)


def test_a_killed_add_leaves_nothing_that_is_seen(
    loinc: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("twinmap.terms.store.words.index", killed)
        with pytest.raises(KeyboardInterrupt):
            add(loinc, store)
    assert sources(store) == []
    assert len(add(loinc, store).sources) == 1


def test_two_at_once_do_not_meet(loinc: Path, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second ``add`` of the same source is told that another one writes it."""
    from twinmap.terms.store import words

    index = words.index
    seen: list[str] = []

    def meanwhile(duck: Any) -> None:
        if not seen:
            seen.append("")
            with pytest.raises(InputOutputError) as caught:
                add(loinc, store)
            seen[0] = caught.value.findings[0].code
        index(duck)

    monkeypatch.setattr("twinmap.terms.store.words.index", meanwhile)
    add(loinc, store)
    assert seen == ["TM-O07"]
