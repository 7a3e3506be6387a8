"""One C-CDA document, converted by four vendors and by the guide: what differs is told, no more and no less.

The verdicts were found by reading the files (vendor_verdicts.yaml). In those of the pairs, what twinmap tells is
compared with them both ways; what it is known to miss is listed there with the reason.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest
import yaml

from twinmap import api
from twinmap.terms import systems

ROOT = Path(__file__).parent.parent.parent
KEY = ROOT / "examples" / "demo.key"
TRUTH = yaml.safe_load((Path(__file__).parent / "vendor_verdicts.yaml").read_text("utf-8"))
PAIRS: dict[str, list[dict[str, str]]] = TRUTH["verdicts"]
FOLDER = "pairs/hl7-ccda-on-fhir"
WHOLE = "Raw_Output/Bundle-Complete"

#: The id by which each output knows the patient; smile has one for each time it was run.
PATIENTS = {
    "guide": ["62f17e29b7532c0009e217b7"],
    "cerner": ["1"],
    "google": ["8d638e43bf8261b7c0790adfee475f71"],
    "mdix": ["160920144139807"],
    "smile": ["36909", "25209", "32709"],
}


class Verdict(NamedTuple):
    """A verdict, as it is compared."""

    of: str
    what: str
    verdict: str
    before: str | None
    after: str | None


# --- the outputs as twinmap reads them -----------------------------------------------------------

_REMARK = re.compile(r'"(?:[^"\\]|\\.)*"|//[^\n]*')


def _bundle(text: str) -> str:
    """A Bundle of the entry that a file holds: without remarks and what stands behind it; lines stay where they are."""
    plain = _REMARK.sub(lambda found: found[0] if found[0].startswith('"') else "", text)
    value, end = json.JSONDecoder().raw_decode(plain, len(plain) - len(plain.lstrip()))
    if value.get("resourceType") == "Bundle":
        return plain[:end]
    return '{"resourceType": "Bundle", "type": "collection", "entry": [' + plain[:end] + "]}"


def _outputs(corpus: Path) -> Iterator[tuple[str, Path]]:
    """Every section with the output that it is of."""
    folder = corpus / FOLDER
    for path in sorted(folder.glob("R*_Output/**/*.json*")):
        if "Bundle-Complete" not in path.parts:
            yield (
                "guide" if path.parent.name == "Rec_Output" else re.split(r"[ _]", path.name)[0].lower(),
                path,
            )


@pytest.fixture(scope="module")
def project(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run over all outputs, each a source; their patients linked by a crosswalk."""
    folder = tmp_path_factory.mktemp("vendors")
    for name, path in _outputs(corpus):
        (folder / name).mkdir(exist_ok=True)
        (folder / name / f"{path.stem}.json").write_text(_bundle(path.read_text("utf-8")), "utf-8")
    first = ("guide", PATIENTS["guide"][0])
    others = [(name, local) for name, ids in PATIENTS.items() for local in ids if (name, local) != first]
    rows = [",".join([*first, *other, "one document", "test", "2026-11-24"]) for other in others]
    (folder / "crosswalk.csv").write_text(
        "\n".join(["system_a,id_a,system_b,id_b,evidence,by,on", *rows, ""]), "utf-8"
    )
    sources = [
        {"name": name, "mapping": "builtin:fhir-r4", "files": f"{name}/*.json", "set": {"system": name}}
        for name in PATIENTS
    ]
    sources[list(PATIENTS).index("mdix")]["set"] |= {"patient": PATIENTS["mdix"][0]}  # type: ignore[operator]
    for path in sorted((corpus / FOLDER / WHOLE).glob("*/*.json")):
        name = path.parent.name.lower()
        (folder / f"{name}-whole").mkdir()
        (folder / f"{name}-whole" / "whole.json").write_text(_bundle(path.read_text("utf-8")), "utf-8")
        of = sources[list(PATIENTS).index(name)]
        sources.append({**of, "name": f"{name}-whole", "files": f"{name}-whole/*.json", "set": {**of["set"]}})
    alone = {
        "name": "mdix-alone",
        "mapping": "builtin:fhir-r4",
        "files": "mdix/*.json",
        "set": {"system": "alone"},
    }
    plan = {"twinmap": 1, "sources": [*sources, alone], "identity": {"crosswalk": "crosswalk.csv"}}
    (folder / "twinmap.yaml").write_text(yaml.safe_dump(plan), "utf-8")
    api.run(folder, out=folder / "out", key_file=KEY, engine="none", jobs=1)
    return folder / "out"


# --- what twinmap tells --------------------------------------------------------------------------


def _of(row: dict[str, Any]) -> str:
    if row["code"] is None:
        return str(row["kind"])
    return f"{row['kind']} {systems.curie(row['system'], row['code']) if row['system'] else row['code']}"


def _word(text: str | None) -> str | None:
    system, bar, code = (text or "").rpartition("|")
    return systems.curie(system, code) if bar else text


def _change(row: dict[str, Any]) -> Verdict:
    verdict = {"A": "lost", "B": "added"}.get(row.get("only", ""), "changed")
    after = f"{row['shift_us'] / 3.6e9:+g} h" if "shift_us" in row else _word(row.get("after"))
    return Verdict(_of(row), row["what"], verdict, _word(row.get("before")), after)


def _told(difference: dict[str, Any]) -> set[Verdict]:
    """What a diff tells: the changes, and the statements that one side alone has, of which none is a change."""
    changes = {_change(row) for row in difference["changes"]}
    kind_and_code = [
        (row, f"{row.of.partition(' ')[0]} {row.after}") for row in changes if row.what == "code"
    ]
    met = {row.of for row in changes} | {other for _, other in kind_and_code}
    alone = {
        Verdict(_of(row), "statement", "only-a" if row["a"] else "only-b", None, None)
        for row in difference["statements"]
        if not (row["a"] and row["b"]) and (row["a"] or row["b"]) and _of(row) not in met
    }
    return changes | alone


def _verdict(row: dict[str, str]) -> Verdict:
    return Verdict(row["of"], row["what"], row["verdict"], row.get("from"), row.get("to"))


def _expected(pair: str) -> set[Verdict]:
    return {_verdict(row) for row in PAIRS[pair] if row["verdict"] != "same" and "missed" not in row}


@pytest.fixture(scope="module")
def differences(project: Path) -> dict[str, dict[str, Any]]:
    """The diff of every pair."""
    made = {}
    for pair in PAIRS:
        one, other = pair.split("/")
        made[pair] = api.diff(f"{project}#{one}", f"{project}#{other}").report.difference
    return made  # type: ignore[return-value]


@pytest.mark.corpus
@pytest.mark.parametrize("pair", PAIRS)
def test_diff_says_what_the_eye_sees_and_nothing_else(
    pair: str, differences: dict[str, dict[str, Any]]
) -> None:
    told, expected = _told(differences[pair]), _expected(pair)
    assert told - expected == set(), "told, and no verdict says so"
    assert expected - told == set(), "a verdict, and not told"


@pytest.mark.corpus
@pytest.mark.parametrize("pair", PAIRS)
def test_what_means_the_same_is_no_difference(pair: str, differences: dict[str, dict[str, Any]]) -> None:
    found = differences[pair]
    told = {(row.of, row.what) for row in _told(found)}
    on_both = {_of(row) for row in found["statements"] if row["a"] and row["b"]}
    for row in PAIRS[pair]:
        if row["verdict"] == "same":
            assert row["of"] in on_both
            assert (row["of"], row["what"]) not in told


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("name", "same", "more"), [("cerner", 7, []), ("google", 11, []), ("mdix", 10, ["encounter"] * 2)]
)
def test_the_sections_say_what_the_whole_output_says(
    name: str, same: int, more: list[str], project: Path
) -> None:
    """Three vendors' whole outputs are there too; of MDIX's two encounters neither is a section."""
    found = api.diff(f"{project}#{name}", f"{project}#{name}-whole").report.difference
    assert found is not None
    assert (
        sum(row["same"] for row in found["statements"])
        == sum(row["a"] for row in found["statements"])
        == same
    )
    assert [row["kind"] for row in found["statements"] if row["b"] > row["same"]] == more
    assert found["changes"] == []


@pytest.mark.corpus
def test_every_pair_of_outputs_is_judged() -> None:
    names = list(PATIENTS)
    assert list(PAIRS) == [f"{one}/{other}" for n, one in enumerate(names) for other in names[n + 1 :]]


@pytest.mark.corpus
def test_what_each_output_lacks_alone_is_found(project: Path) -> None:
    lines = (project / "findings.jsonl").read_text("utf-8").splitlines()
    told = {}
    for item in map(json.loads, lines):
        files = sorted({place["file"] for place in item["places"]})
        sources = {place["source"].removesuffix("-alone") for place in item["places"]}
        told[item["code"], *sources] = (item["count"], files)
    for row in TRUTH["alone"]:
        files = sorted(f"{Path(_place(place)[0]).stem}.json" for place in row["at"])
        assert told[row["code"], row["of"]] == (row["count"], files)


# --- the truth itself ----------------------------------------------------------------------------


def _place(text: str) -> tuple[str, int, str]:
    path, line, word = re.fullmatch(r"(.+):(\d+) (.+)", text).groups()  # type: ignore[union-attr]
    return path, int(line), word


@pytest.mark.corpus
def test_every_verdict_stands_where_it_says(corpus: Path) -> None:
    rows = [row for pair in PAIRS.values() for row in pair]
    places = [row[side] for row in rows for side in "ab" if side in row]
    places += [place for row in TRUTH["alone"] for place in row["at"]]
    for place in places:
        path, line, word = _place(place)
        folder = "Rec_Output" if path.startswith("Rec_") else "Raw_Output"
        text = (corpus / FOLDER / folder / path).read_text("utf-8").splitlines()
        assert f'"{word}"' in text[line - 1], place


def test_verdicts_are_stated_once_and_by_the_words_of_the_list() -> None:
    for pair, rows in PAIRS.items():
        named = [(row["of"], row["what"], row["verdict"]) for row in rows]
        assert len(named) == len(set(named)), pair
        assert {row["verdict"] for row in rows} <= {"only-a", "only-b", "lost", "added", "changed", "same"}
        assert {row["missed"] for row in rows if "missed" in row} <= TRUTH["reasons"].keys()
        assert all("seen" in row for row in rows if row["verdict"] == "same")
    assert TRUTH["reasons"].keys() == {
        row["missed"] for rows in PAIRS.values() for row in rows if "missed" in row
    }


def test_the_page_is_made_of_the_verdicts() -> None:
    page = _docs().page(TRUTH)
    assert (ROOT / "docs" / "vendors.md").read_text("utf-8") == page, "run: python docs/vendors.py"


def _docs() -> ModuleType:
    spec = importlib.util.spec_from_file_location("vendors_page", ROOT / "docs" / "vendors.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
