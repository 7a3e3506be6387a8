"""Whatever a source or a map holds: it is loaded with books that balance, or refused in one line; never a traceback."""

from __future__ import annotations

import copy
import json
import random
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from twinmap.cli._terms_codes import written
from twinmap.diagnostics import Finding
from twinmap.errors import InputOutputError, TwinmapError, UsageError
from twinmap.limits import LIMITS
from twinmap.terms.store.add import add
from twinmap.terms.store.editions import sources

#: Changes of each source and archive. The sequence is the same every time; more were tried when this was written.
SEEDS = 12

#: Bytes that readers of tables, text and YAML may trip over.
BYTES = (
    *(
        b"\0",
        b"\xff",
        b'"',
        b'""',
        b"\r",
        b"\n",
        b"\r\n",
        b"\r\r\n",
        b"\n\n",
        b" \n",
        b"\t",
        b",",
        b";",
        b"#",
    ),
    *(
        "\u2028".encode(),
        b"\x0b",
        b"\x0c",
        b"\x1c",
        "\x85".encode(),
        b"\xef\xbb\xbf",
        b"\xed\xa0\x80",
        b"\x1a",
    ),
    *(b"\n#x\n", b"\n\t\t\n", b'\n""\n', b'\n"\n"\n', b"x" * 200_000, b"9" * 400, b"1e999", b"nan", b"NULL"),
    *(b"[", b"{", b"!", b"*a", b"&a", b"--- \n", b"%", b":", b"|", b"'", b"\\"),
)
#: Values that stand where FHIR has another.
VALUES = (
    None,
    True,
    5,
    1.5,
    "",
    "x",
    "\0",
    "\ud800",
    [],
    [[]],
    [None],
    [5],
    {},
    {"code": 5},
    [{"code": None}],
)


def told(act: Callable[[], Any]) -> None:
    """Do it; what is wrong is one line with a finding, or advice."""
    wrong: TwinmapError | None = None
    try:
        act()
    except (InputOutputError, UsageError) as error:
        wrong = error
    if wrong is not None:
        assert wrong.findings or wrong.help
        assert "\n" not in wrong.message


def added(path: Path, store: Path) -> None:
    """Add a path: all of it, or nothing."""
    shutil.rmtree(store, ignore_errors=True)

    def act() -> None:
        try:
            add(path, store)
        except InputOutputError:
            assert sources(store) == []
            raise

    told(act)


def changed(data: bytes, chance: random.Random) -> bytes:
    """Bytes with one or two things put in, put over, cut out or cut off, at the ends of cells more often."""
    for _ in range(chance.choice([1, 1, 2])):
        edges = [place for place, byte in enumerate(data) if byte in b'\n\t,"'] or [0]
        at = (
            chance.choice(edges) + chance.choice([0, 1])
            if chance.random() < 0.4
            else chance.randrange(len(data) + 1)
        )
        bit, upto = chance.choice(BYTES), at + chance.choice([0, 0, 0, 1, 1, 30, len(data)])
        data = data[:at] + (bit if upto <= at + 1 else b"") + data[upto:]
    return data


@pytest.mark.parametrize("name", ["loinc", "rf2", "athena", "sssom", "guide"])
def test_tables(name: str, tmp_path: Path, store: Path, request: pytest.FixtureRequest) -> None:
    source: Path = request.getfixturevalue(name)
    for seed in range(SEEDS):
        chance = random.Random(f"{name} {seed}")
        work = tmp_path / f"{name} {seed}"
        shutil.copytree(source, work) if source.is_dir() else shutil.copy(
            source, work.with_suffix(source.suffix)
        )
        work = work if source.is_dir() else work.with_suffix(source.suffix)
        file = (
            chance.choice(sorted(item for item in work.rglob("*") if item.is_file()))
            if work.is_dir()
            else work
        )
        file.write_bytes(changed(file.read_bytes(), chance))
        added(work, store)
        if file.suffix in {".tsv", ".csv"}:
            told(lambda file=file: written(file))


def test_archives(loinc: Path, tmp_path: Path, store: Path) -> None:
    """Cut, changed, within each other, with odd members."""
    packed = Path(shutil.make_archive(str(tmp_path / "loinc"), "zip", loinc))
    tar = Path(shutil.make_archive(str(tmp_path / "loinc"), "gztar", loinc))
    plain = Path(shutil.make_archive(str(tmp_path / "plain"), "tar", loinc))
    for path in (packed, tar, plain):
        whole = path.read_bytes()
        for seed in range(SEEDS):
            path.write_bytes(changed(whole, random.Random(f"{path.name} {seed}")))
            added(path, store)
        path.write_bytes(whole)
    with zipfile.ZipFile(tmp_path / "outer.zip", "w") as outer:
        outer.write(packed, "inner.zip")
        outer.write(tar, "inner.tgz")
    added(tmp_path / "outer.zip", store)
    for kind in (tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, b"Z"):
        with tarfile.open(tmp_path / "odd.tgz", "w:gz") as archive:
            archive.add(loinc / "LoincTable" / "Loinc.csv", "Loinc.csv")
            entry = tarfile.TarInfo("odd")
            entry.type, entry.linkname = kind, "Loinc.csv"
            archive.addfile(entry)
        added(tmp_path / "odd.tgz", store)


def nodes(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every node of a document, but the root."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield (*path, key)
        yield from nodes(item, (*path, key))


@pytest.mark.parametrize("name", ["codes", "round", "to-loinc"])
def test_odd_values_at_every_node_of_fhir(name: str, fhir: Path, tmp_path: Path, store: Path) -> None:
    """Three values at every node, others at the next."""
    whole = json.loads((fhir / f"{name}.json").read_text("utf-8"))
    for turn, path in enumerate(nodes(whole)):
        for value in VALUES[turn % 5 :: 5]:
            document = copy.deepcopy(whole)
            node = document
            for key in path[:-1]:
                node = node[key]
            node[path[-1]] = value
            file = tmp_path / "odd.json"
            file.write_text(json.dumps(document))
            added(file, store)
            told(lambda file=file: written(file))


# --- what this has found --------------------------------------------------------------------------


@pytest.mark.parametrize("sign", ["\u2028", "\x85", "\x0b", "\x0c", "\x1c"])
def test_a_sign_that_ends_no_line(sign: str, sssom: Path, store: Path) -> None:
    text = sssom.read_text("utf-8")
    sssom.write_text(text.replace("Gamma ball", f"Gamma{sign}ball"), "utf-8")
    (tally,) = add(sssom, store).sources[0].tallies
    assert (tally.read, tally.kept) == (2, 2)
    assert [item.span.line for item in written(sssom)] == [7, 7, 8, 8]


def test_a_blank_line_before_the_header(sssom: Path, store: Path) -> None:
    sssom.write_text(sssom.read_text("utf-8").replace("subject_id\t", "\n\nsubject_id\t"), "utf-8")
    assert add(sssom, store).sources[0].tallies[0].kept == 2
    assert [item.span.line for item in written(sssom)] == [9, 9, 10, 10]


def test_an_id_of_omop_that_stands_twice(athena: Path, store: Path) -> None:
    path = athena / "CONCEPT.csv"
    path.write_text(
        path.read_text("utf-8") + "3\tOther\tDevice\tToys\tToy\tS\tT9\t19700101\t20991231\t\n", "utf-8"
    )
    (tally,) = (item for item in add(athena, store).sources[0].tallies if item.file == "CONCEPT.csv")
    assert tally.refused == {"an id that stands twice": 1}


@pytest.mark.parametrize("end", ["", "\n"])
def test_a_header_alone(end: str, athena: Path, store: Path) -> None:
    (athena / "CONCEPT_SYNONYM.csv").write_text(f"concept_id\tconcept_synonym_name{end}")
    tallies = {item.file: item.read for item in add(athena, store).sources[0].tallies}
    assert tallies["CONCEPT_SYNONYM.csv"] == 0


def test_an_entry_whose_own_header_is_wrong(loinc: Path, tmp_path: Path, store: Path) -> None:
    path = Path(shutil.make_archive(str(tmp_path / "loinc"), "zip", loinc / "LoincTable"))
    data = bytearray(path.read_bytes())
    data[data.index(b"Loinc.csv")] ^= 1  # the name in the entry, no longer that of the directory
    path.write_bytes(data)
    with pytest.raises(InputOutputError) as caught:
        add(path, store)
    assert [finding.code for finding in caught.value.findings] == ["TM-O02"]


def test_a_row_to_verify_that_holds_no_code_is_told(sssom: Path, fhir: Path) -> None:
    """Each with its line; what says on purpose that there is no code is fine."""
    before = len(sssom.read_text("utf-8").splitlines())
    rows = [
        "nocurie\t\tskos:exactMatch\t\tloinc:1-8\t\ts\t",
        "toy:a\t\tskos:exactMatch\t\t\t\ts\t",
        "toy:a\t\tskos:exactMatch\t\tskos:Concept\t\ts\t",
        "toy:a\t\tskos:exactMatch\t\tsssom:NoTermFound\t\ts\t",
        "",
        "\t\t\t\t\t\t\t",
        "# a remark",
        "toy:a\t\tskos:exactMatch\t\tloinc:1-8\t\ts\t\tmore",
    ]
    sssom.write_text(sssom.read_text("utf-8") + "\n".join(rows), "utf-8")
    told: list[Finding] = []
    codes = written(sssom, told.append)
    assert [(item.code, item.where.line, item.message) for item in told if item.where] == [
        ("TM-L15", before + 1, 'the subject of a row is no code, but "nocurie"'),
        ("TM-L15", before + 2, "a row has no object"),
        ("TM-L15", before + 3, 'the object of a row is no code, but "skos:Concept"'),
        ("TM-L15", before + 8, "a row has more cells than the header"),
    ]
    assert len(codes) == 4 + 1 + 1 + 1 + 1 + 2
    told.clear()
    sssom.write_text("subject_id\tpredicate_id\nloinc:1-8\tskos:exactMatch\n", "utf-8")
    assert len(written(sssom, told.append)) == 1
    assert [item.message for item in told] == ["the table has no column object_id"]
    told.clear()
    path = fhir / "to-loinc.json"
    path.write_text(path.read_text("utf-8").replace('"source": "https://toys.example/codes", ', ""), "utf-8")
    assert {item.system for item in written(path, told.append)} == {"http://loinc.org"}
    assert ["no source system" in item.message for item in told] == [True]


@pytest.mark.parametrize("end", ["\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_a_mark(end: str, mark: str, sssom: Path, guide: Path, store: Path) -> None:
    """Neither costs a row, in what is loaded and in what is verified."""
    for path, kept in ((sssom, 2), (guide, 1)):
        path.write_bytes((mark + path.read_text("utf-8").replace("\n", end)).encode())
        added = add(path, store)
        assert [tally.kept for source in added.sources for tally in source.tallies] == [kept]
    assert [item.span.line for item in written(sssom)] == [7, 7, 8, 8]


@pytest.mark.parametrize("sign", ["\u2028", "\x85", "\x0b", "\x0c"])
def test_a_sign_that_ends_no_line_in_the_guide(sign: str, guide: Path, store: Path) -> None:
    text = guide.read_text("utf-8")
    guide.write_text(
        text.replace("HL7 v2,,,Cond", f"HL7 v2,,,{sign}Cond").replace("Too high", f"Too{sign}high")
    )
    (tally,) = add(guide, store).sources[0].tallies
    assert (tally.read, tally.kept) == (3, 1)


@pytest.mark.parametrize(
    ("name", "data", "code", "line"),
    [
        ("m.tsv", b"subject_id\tobject_id\nloinc:1-8\t" + b"x" * (LIMITS.field_bytes + 1), "TM-Q02", 2),
        ("m.tsv", b"subject_id\tobject_id\nloinc:1-8\t\xff\n", "TM-Q03", None),
        ("m.json", b'{"resourceType": "ConceptMap",\n "group": [}', "TM-Q04", 2),
        ("m.json", b'{"resourceType": "ConceptMap", "a": ' + b"[" * 100_000, "TM-Q15", None),
        ("m.json", b'{"resourceType": "ConceptMap", "group": {"source": 5}}', "TM-O04", None),
        ("m.json", b'{"resourceType": "ConceptMap", "url": "a", "url": "b"}', "TM-Q05", None),
    ],
)
def test_a_map_to_verify_that_cannot_be_read(
    name: str, data: bytes, code: str, line: int | None, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InputOutputError) as caught:
        written(tmp_path / name)
    (finding,) = caught.value.findings
    assert finding.code == code
    assert line is None or (finding.where is not None and finding.where.line == line)
