"""The page of a diff: how much is the same comes first, and what is alike is folded."""

from __future__ import annotations

import re
from typing import Any

import pytest

from twinmap.renderers import Report
from twinmap.renderers.html import render


def difference(view: str, *, alike: int, apart: int, equal: bool = False) -> dict[str, Any]:
    """A diff of patients and concepts of which so many are alike."""
    numbers = [(2, 2)] * alike + [(2, 1)] * apart
    return {
        "by": view,
        "equal": equal,
        "sides": [{"side": "A", "name": "one"}, {"side": "B", "name": "two"}],
        "statements": [{"kind": "observation", "code": "c", "system": None, "a": 2000, "b": 1900, "same": 1850}],
        "together": [{"kind": "observation", "by": "the record", "n": 40}],
        "changes": [{"kind": "observation", "code": "c", "system": None, "what": "unit", "by": "the record",
                     "before": "kg", "after": "g", "n": 7}],
        "concepts": [
            {"concept": f"c{n}", "a": a, "b": b, "patients_a": 1, "patients_b": 1, "patients_both": 1,
             "the_same": a == b}
            for n, (a, b) in enumerate(numbers)
        ],
        "patients": [{"patient": f"p{n}", "a": a, "b": b} for n, (a, b) in enumerate(numbers)],
        "months": [{"month": f"m{n}", "a": a, "b": b} for n, (a, b) in enumerate(numbers)],
    }  # fmt: skip


def test_the_figures_are_about_both_sides() -> None:
    agreed = {
        "concept": "c0",
        "source_a": "A",
        "source_b": "B",
        "pairs": 87,
        "patients": 12,
        "verdict": "agree",
    }
    page = render(Report(difference=difference("concept", alike=3, apart=2), agreement=[agreed]))
    found = re.findall(r'<dt>(.*?)</dt><dd class="value">(.*?)</dd><dd class="note">(.*?)</dd>', page)
    assert found == [
        ("Statements, the same", "1,850", "of 2,000 in A and 1,900 in B"),
        ("Statements, changed", "40", "110 in A alone, 10 in B alone"),
        ("Patients of both", "5", "of 5 in A and 5 in B"),
        ("Concepts of both", "5", "0 only in A, 0 only in B"),
        ("Pairs of values", "87", "1 agree"),
    ]
    assert "Records read" not in page


@pytest.mark.parametrize(
    ("view", "first"), [("concept", "c"), ("patient", "p"), ("time", "m")], ids=["concept", "patient", "time"]
)
def test_what_is_alike_is_folded_with_its_number(view: str, first: str) -> None:
    page = render(Report(difference=difference(view, alike=100, apart=3)))
    open_rows, _, folded = page.partition("<details>")
    assert re.findall(rf">({first}\d+)<", open_rows) == [f"{first}{n}" for n in (100, 101, 102)]
    assert re.match(r"<summary>[A-Z][^<]*: 100</summary>", folded)
    assert len(re.findall(rf">{first}\d+<", folded)) == 37
    assert "63 more rows in diff.json" in folded


def test_what_differs_is_never_folded() -> None:
    page = render(Report(difference=difference("patient", alike=1, apart=60)))
    assert "<details>" not in page
    assert "21 more rows in diff.json" in page


@pytest.mark.parametrize(("equal", "said"), [(True, "the very same"), (False, "do not state the same")])
def test_the_title_says_whether_both_state_the_same(equal: bool, said: str) -> None:
    page = render(Report(difference=difference("concept", alike=1, apart=0, equal=equal)))
    assert re.search(rf"<h1>[^<]*{said}", page)
