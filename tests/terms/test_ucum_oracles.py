"""Our UCUM beside two others: ``@lhncbc/ucum-lhc`` through node, and ucumvert with pint.

``ucum_disagreements.tsv`` tells every unit and conversion they and we differ in, who is right and why; the
tests hold it both ways. Node's package is not ours to ship: ``npm install --prefix tests/oracle/.node
@lhncbc/ucum-lhc@7.1.10`` puts it where it is found (or name its folder in ``TWINMAP_UCUM_LHC``).
"""

from __future__ import annotations

import csv
import json
import math
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from twinmap.terms.ucum import convert, is_valid
from twinmap.terms.ucum_essence import essence
from twinmap.terms.units import aliases, base_unit

HERE = Path(__file__).parent
#: The table of disagreements is of these versions.
VERSIONS = {"ucum-lhc": "7.1.10", "ucumvert": "0.3.2", "pint": "0.25.3"}

#: value, from, to → a number, None (refused) or "invalid"; to None → whether from is valid.
Query = tuple[float, str, str | None]
Ask = Callable[[Sequence[Query]], list[Any]]


def _lhc() -> Ask:
    modules = Path(os.environ.get("TWINMAP_UCUM_LHC", HERE.parent / "oracle" / ".node")) / "node_modules"
    node, package = shutil.which("node"), modules / "@lhncbc" / "ucum-lhc" / "package.json"
    if node is None or not package.is_file():
        pytest.skip("node with @lhncbc/ucum-lhc is not here (see this module's docstring)")
    if json.loads(package.read_text())["version"] != VERSIONS["ucum-lhc"]:
        pytest.skip(f"another @lhncbc/ucum-lhc than {VERSIONS['ucum-lhc']}")

    def ask(queries: Sequence[Query]) -> list[Any]:
        command = [node, str(HERE / "ucum_oracle.js"), str(modules)]
        done = subprocess.run(command, input=json.dumps(queries), capture_output=True, text=True, check=True)
        return list(json.loads(done.stdout))

    return ask


def _ucumvert() -> Ask:
    ucumvert = pytest.importorskip("ucumvert")
    if any(version(name) != VERSIONS[name] for name in ("ucumvert", "pint")):
        pytest.skip(f"another ucumvert or pint than {VERSIONS['ucumvert']} and {VERSIONS['pint']}")
    registry = ucumvert.PintUcumRegistry()

    def answer(query: Query) -> Any:
        value, source, target = query
        try:
            one = registry.from_ucum(source)
            other = registry.from_ucum(target or source)
        except Exception:  # noqa: BLE001 - of lark or of pint: whatever it cannot read
            return "invalid" if target else False
        if target is None:
            return True
        try:
            scaled = registry.Quantity(value * one.magnitude, one.units)
            return float(scaled.to(other.units).magnitude / other.magnitude)
        except Exception:  # noqa: BLE001 - a dimension that does not fit, an offset that cannot be combined
            return None

    return lambda queries: [answer(query) for query in queries]


@pytest.fixture(scope="module", params=["ucum-lhc", "ucumvert"])
def oracle(request: pytest.FixtureRequest) -> tuple[str, Ask]:
    """An oracle's name, and how to ask it; skips with a reason where it is not installed."""
    return request.param, {"ucum-lhc": _lhc, "ucumvert": _ucumvert}[request.param]()


def _rows(name: str) -> list[dict[str, str]]:
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader([line for line in lines if not line.startswith("#")], delimiter="\t"))


def _known(oracle: str, where: str) -> dict[tuple[str, tuple[str, ...]], int]:
    """What is told of an oracle: (what, units) → how many forms of them."""
    rows = [
        row for row in _rows("ucum_disagreements.tsv") if (row["oracle"], row["where"]) == (oracle, where)
    ]
    return {(row["what"], tuple(row["units"].split())): int(row["count"]) for row in rows}


def _assert_as_told(oracle: str, where: str, found: Counter[tuple[str, str]]) -> None:
    """Each disagreement stands in the table, and each row of the table is still a disagreement."""
    known = _known(oracle, where)
    told = {(what, unit) for what, units in known for unit in units}
    assert set(found) - told == set(), "new disagreements"
    assert told - set(found) == set(), "these agree now"
    counted = {(what, units): sum(found[what, unit] for unit in units) for what, units in known}
    assert counted == known


def _difference(answer: Any, expected: str | None) -> str | None:
    """What is wrong with an answer to a conversion: None where it is the expected number, or refused rightly."""
    if answer == "invalid" or answer is None:
        return None if expected is None else str(answer or "refuses")
    if expected is None:
        return "converts"
    wanted = Decimal(expected)
    digits = len(wanted.as_tuple().digits)
    near = math.isclose(answer, float(wanted), rel_tol=1e-9)
    return None if near or Decimal(f"{answer:.{digits - 1}e}") == wanted else "value"


# --- the table of disagreements -------------------------------------------------------------------


def test_every_row_says_who_is_right_and_why():
    rows = _rows("ucum_disagreements.tsv")
    keys = [(row["oracle"], row["where"], row["what"], unit) for row in rows for unit in row["units"].split()]
    assert len(keys) == len(set(keys))
    for row in rows:
        assert row["oracle"] in ("ucum-lhc", "ucumvert")
        assert row["where"] in ("table", "probes", "texts", "corpus")
        assert row["what"] in ("invalid", "refuses", "value", "converts", "accepts", "rejects")
        assert row["right"] in ("twinmap", "oracle", "both")
        assert row["why"]


# --- what is compared -----------------------------------------------------------------------------


def test_every_atom_with_every_prefix(oracle):
    """One of each unit of UCUM's table in the base units of its kind."""
    name, ask = oracle
    table = essence()
    forms = [
        (atom.code, prefix + atom.code)
        for atom in table.atoms.values()
        for prefix in ("", *(table.prefixes if atom.metric else ()))
    ]
    queries = [(1.0, form, base_unit(form)) for _, form in forms]
    assert len(queries) == 2616
    found: Counter[tuple[str, str]] = Counter()
    for (atom, form), query, answer in zip(forms, queries, ask(queries), strict=True):
        what = _difference(answer, f"{convert(1.0, form, query[2]):.16e}")
        if what:
            found[what, atom] += 1
    _assert_as_told(name, "table", found)


def test_clinical_probes(oracle):
    name, ask = oracle
    probes = _rows("ucum_probes.tsv")
    answers = ask([(float(row["value"]), row["from"], row["to"]) for row in probes])
    found: Counter[tuple[str, str]] = Counter()
    for row, answer in zip(probes, answers, strict=True):
        what = _difference(answer, row["result"] or None)
        if what:
            found[what, f"{row['from']}>{row['to']}"] += 1
    _assert_as_told(name, "probes", found)


def _validity(ask: Ask, texts: set[str]) -> Counter[tuple[str, str]]:
    ordered = sorted(texts)
    answers = ask([(1.0, text, None) for text in ordered])
    pairs = zip(ordered, answers, strict=True)
    return Counter(
        ("accepts" if valid else "rejects", text) for text, valid in pairs if valid != is_valid(text)
    )


def test_what_is_a_unit(oracle):
    """All that people write for units, by our table of aliases, and what it means."""
    name, ask = oracle
    texts = {text for row in aliases() for text in (row.alias, row.ucum, *row.candidates) if text}
    texts |= {row[column] for row in _rows("ucum_probes.tsv") for column in ("from", "to")}
    assert len(texts) > 1000
    _assert_as_told(name, "texts", _validity(ask, texts))


@pytest.mark.corpus
def test_units_of_real_files(oracle, unit_texts):
    name, ask = oracle
    _assert_as_told(name, "corpus", _validity(ask, set().union(*unit_texts.values())))
