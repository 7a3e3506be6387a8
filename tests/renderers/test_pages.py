"""A docstring becomes a page, in either way of writing its headings."""

from __future__ import annotations

import pytest

from twinmap.diagnostics import Severity
from twinmap.errors import UsageError
from twinmap.registry import Code
from twinmap.renderers._pages import find_page, page, parse


def code(text: str) -> Code:
    return Code("TM-X99", "toy", Severity.INFO, text.strip(), None)


BLOCKS = """
A toy is found.

It is a toy.

What it means:
    First line,
    second line.

    Another paragraph.

Why it matters:
    It does.

Example:
    observe:
      heart-rate: $(hr)

What to do:
    Play.
"""

RUN_IN = """
A toy is found.

It is a toy.

What it means: first line,
second line.

Another paragraph.

Why it matters: it does.

Example:
    observe:
      heart-rate: $(hr)

What to do: play.
"""

UNDERLINED = """
A toy is found.

It is a toy.

What it means
-------------
First line,
second line.

Another paragraph.

## Why it matters

It does.

Example
-------
    observe:
      heart-rate: $(hr)

What to do
----------
Play.
"""


@pytest.mark.parametrize("text", [BLOCKS, RUN_IN, UNDERLINED])
def test_all_ways_of_writing_give_the_same_page(text: str) -> None:
    made = parse(code(text))
    assert (made.summary, made.intro) == ("A toy is found.", "It is a toy.")
    assert made.sections == (
        ("What it means", "First line,\nsecond line.\n\nAnother paragraph."),
        ("Why it matters", "It does."),
        ("Example", "    observe:\n      heart-rate: $(hr)"),
        ("What to do", "Play."),
    )


def test_a_sentence_that_begins_like_a_heading_is_none() -> None:
    made = parse(
        code("A toy.\n\nWhat it means:\n    Example values are kept.\n    What to do with them is open.")
    )
    assert made.section("What it means") == "Example values are kept.\nWhat to do with them is open."
    assert made.section("Example") == ""


def test_pages_are_found_by_code_and_by_name() -> None:
    assert page("TM-O05") == page("o05") == page("empty")
    assert find_page("TM-X99") is None
    with pytest.raises(UsageError, match="no finding code"):
        page("TM-X99")
