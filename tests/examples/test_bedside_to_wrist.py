"""The shipped example: every planted mismatch is found, and nothing else is claimed to be an error."""

from __future__ import annotations

import filecmp
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from twinmap import api

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
EXAMPLE = EXAMPLES / "bedside-to-wrist"
GENERATED = ("data", "crosswalk.csv", "planted.json")


class Claim(NamedTuple):
    """A code, and the sources that it is said of."""

    code: str
    sources: frozenset[str]


def generate(folder: Path, *arguments: str) -> None:
    """Run the generator as the README says."""
    subprocess.run([sys.executable, EXAMPLE / "generate.py", *arguments, "--out", folder], check=True)


def planted(folder: Path) -> Iterator[Claim]:
    for entry in entries(folder):
        yield Claim(entry["code"], frozenset(entry["sources"]))


def findings(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "findings.jsonl").read_text(encoding="utf-8").splitlines()]


def claims(found: list[dict[str, Any]]) -> set[Claim]:
    return {Claim(item["code"], frozenset(item.get("sources", ()))) for item in found}


def entries(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder / "planted.json").read_text(encoding="utf-8"))["planted"]
    return found


@pytest.fixture(scope="module", params=["as shipped", "11"])
def ran(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, api.Outcome]:
    """The project and its outcome, with the data that is shipped and with other patients."""
    folder = tmp_path_factory.mktemp("examples")
    shutil.copy(EXAMPLES / "demo.key", folder)
    project = folder / EXAMPLE.name
    shutil.copytree(EXAMPLE, project, ignore=shutil.ignore_patterns("out", "__pycache__"))
    if request.param != "as shipped":
        for name in GENERATED:
            path = project / name
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        generate(project, "--seed", request.param)
    return project, api.run(project, out=folder / "out", jobs=1)


def test_every_planted_mismatch_is_found(ran: tuple[Path, api.Outcome]) -> None:
    project, outcome = ran
    found = claims(findings(outcome.out))
    missed = [
        f"{claim.code} in {', '.join(sorted(claim.sources))}"
        for claim in planted(project)
        if not any(claim.code == other.code and claim.sources <= other.sources for other in found)
    ]
    assert not missed


def test_what_is_planted_in_one_record_is_found_there(ran: tuple[Path, api.Outcome]) -> None:
    project, outcome = ran
    found = {
        (item["code"], f"{place['file']}:{place['record']}")
        for item in findings(outcome.out)
        for place in item.get("places", ())
    }
    single = [entry for entry in entries(project) if any(":" in place for place in entry["where"])]
    assert len(single) >= 20
    missed = [
        f"{entry['code']} at {entry['where']}"
        for entry in single
        if not any((entry["code"], place) in found for place in entry["where"])
    ]
    assert not missed


def test_nothing_else_is_claimed_to_be_an_error(ran: tuple[Path, api.Outcome]) -> None:
    project, outcome = ran
    expected = list(planted(project))
    invented = [
        f"{item['code']} in {', '.join(item.get('sources', ()))}: {item['message']}"
        for item in findings(outcome.out)
        if item["severity"] == "error"
        and not any(
            item["code"] == claim.code and claim.sources >= set(item.get("sources", ())) for claim in expected
        )
    ]
    assert not invented


def test_the_books_balance(ran: tuple[Path, api.Outcome]) -> None:
    _, outcome = ran
    assert outcome.ledger.lost == 0
    assert outcome.patients == 20
    aside = {source: counts["set_aside"] for source, counts in outcome.ledger.records.items()}
    assert aside == {"ward-monitor": 1, "wristband": 0, "laboratory": 0, "ehr": 0}


def test_many_kinds_are_planted() -> None:
    assert len({entry["code"] for entry in entries(EXAMPLE) if "because" not in entry}) >= 30


def test_the_readme_names_every_planted_code() -> None:
    readme = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    assert not [
        entry["code"] for entry in entries(EXAMPLE) if not re.search(rf"\b{entry['code'][3:]}\b", readme)
    ]


def test_what_follows_from_something_planted_says_from_what() -> None:
    codes = {entry["code"] for entry in entries(EXAMPLE) if "because" not in entry}
    assert {entry["because"] for entry in entries(EXAMPLE) if "because" in entry} <= codes


def test_the_shipped_data_is_what_the_generator_makes(tmp_path: Path) -> None:
    generate(tmp_path)
    shipped = sorted(path for name in GENERATED for path in _files(EXAMPLE / name))
    made = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    assert [path.relative_to(EXAMPLE) for path in shipped] == [path.relative_to(tmp_path) for path in made]
    for one, other in zip(shipped, made, strict=True):
        assert filecmp.cmp(one, other, shallow=False), one.name
    assert sum(path.stat().st_size for path in shipped) < 400_000


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else [found for found in path.rglob("*") if found.is_file()]


def test_another_seed_makes_other_patients(tmp_path: Path) -> None:
    generate(tmp_path, "--seed", "11")
    shipped = (EXAMPLE / "data" / "lab" / "feed.hl7").read_text(encoding="utf-8")
    assert (tmp_path / "data" / "lab" / "feed.hl7").read_text(encoding="utf-8") != shipped


def test_the_wristband_and_the_cuff_disagree_by_their_method_alone(ran: tuple[Path, api.Outcome]) -> None:
    """Both see the same patient: the means of a wearer differ by the 5 mm[Hg] of the method, not by more."""
    _, outcome = ran
    frame = outcome.frame("observation")
    systolic = frame[(frame["code"] == "8480-6") & (frame["canon_unit"] == "mm[Hg]")]
    means = systolic.groupby(["twin", "source"])["canon_num"].mean().unstack("source")
    bias = (means["ward-monitor"] - means["wristband"]).dropna()
    assert len(bias) == 12
    assert 3 < bias.mean() < 7
    assert bias.between(0, 10).all()
