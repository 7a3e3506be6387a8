"""Writes the tables of vendors.md, made of the verdicts that the tests hold: ``python docs/vendors.py``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

PAGE = Path(__file__).parent / "vendors.md"
VERDICTS = Path(__file__).parent.parent / "tests" / "corpus" / "vendor_verdicts.yaml"

NAMES = {"guide": "Guide", "cerner": "Cerner", "google": "Google", "mdix": "MDIX", "smile": "Smile"}
#: What is said of a statement that the vendor has not, or has alone.
_ALONE = {"only-a": "is lacking", "only-b": "is not in the guide's output"}
_PART = re.compile(r"(<!-- made: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)

Truth = Mapping[str, Any]
Row = Mapping[str, str]


def page(truth: Truth) -> str:
    """The page, its tables filled."""
    made: dict[str, Callable[[Truth], Iterator[str]]] = {
        "vendors": _vendors,
        "pairs": _pairs,
        "same": _same,
        "missed": _missed,
    }
    text = PAGE.read_text("utf-8")
    return _PART.sub(lambda part: "\n".join([part[1], *made[part[2]](truth), "", part[3]]), text)


def _vendors(truth: Truth) -> Iterator[str]:
    """A table for each vendor, against the guide."""
    for name in list(NAMES)[1:]:
        told = [row for row in truth["verdicts"][f"guide/{name}"] if row["verdict"] != "same"]
        alone = [row for row in truth["alone"] if row["of"] == name]
        rows = [(row["of"], _what(row), _change(row), "" if "missed" not in row else "no") for row in told]
        rows += [("the output", f"`{row['code']}`", row["seen"], "") for row in alone]
        if name != "cerner":
            yield ""
        yield f"#### {NAMES[name]}"
        yield ""
        yield from _table(("statement", "what", f"guide -> {NAMES[name]}", "told"), rows)


def _pairs(truth: Truth) -> Iterator[str]:
    """How many verdicts of each sort every pair has."""
    sorts = ("only-a", "only-b", "lost", "added", "changed")
    rows = []
    for pair, verdicts in truth["verdicts"].items():
        count = Counter("missed" if "missed" in row else row["verdict"] for row in verdicts)
        one, other = (NAMES[name] for name in pair.split("/"))
        rows.append((f"{one} - {other}", *(str(count[sort]) for sort in (*sorts, "same", "missed"))))
    head = (
        "pair",
        "only the first",
        "only the second",
        "lost",
        "added",
        "changed",
        "means the same",
        "not told",
    )
    yield from _table(head, rows)
    every = [row for verdicts in truth["verdicts"].values() for row in verdicts if row["verdict"] != "same"]
    told = sum("missed" not in row for row in every)
    yield ""
    yield f"Of {len(every)} differences, `twinmap diff` tells {told}, and nothing that is none."


def _same(truth: Truth) -> Iterator[str]:
    """What is written otherwise and means the same, by how."""
    seen: dict[str, list[str]] = {}
    for pair, verdicts in truth["verdicts"].items():
        for row in verdicts:
            if row["verdict"] == "same":
                seen.setdefault(row["seen"], []).append(f"{row['of']} ({pair})")
    yield from _table(("how", "where"), [(how, ", ".join(where)) for how, where in seen.items()])


def _missed(truth: Truth) -> Iterator[str]:
    """What is not told, by reason."""
    found: dict[str, list[str]] = {}
    for pair, verdicts in truth["verdicts"].items():
        for row in verdicts:
            if "missed" in row:
                found.setdefault(row["missed"], []).append(f"{row['what']} of {row['of']} ({pair})")
    yield from _table(
        ("why", "what"), [(truth["reasons"][why], ", ".join(what)) for why, what in found.items()]
    )


def _what(row: Row) -> str:
    return row["what"] if row["what"] == "statement" or "missed" in row else f"`{row['what']}`"


def _change(row: Row) -> str:
    verdict = row["verdict"]
    if verdict in _ALONE:
        return _ALONE[verdict]
    before, after = row.get("from"), row.get("to")
    if verdict == "lost":
        return f"lost: {before}" if before else "lost"
    if verdict == "added":
        return f"added: {after}" if after else "added"
    return f"{before} -> {after}" if before else after or "another one"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


if __name__ == "__main__":
    PAGE.write_text(page(yaml.safe_load(VERDICTS.read_text("utf-8"))), "utf-8")
