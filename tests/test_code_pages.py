"""Every finding code has a severity and a page of the same build."""

from __future__ import annotations

import pytest

from twinmap import registry
from twinmap.diagnostics import Severity
from twinmap.renderers._pages import HEADINGS, parse

CODES = list(registry.codes())


def test_there_are_codes() -> None:
    assert len(CODES) > 20


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.code)
def test_a_code_has_a_severity_and_a_page(code: registry.Code) -> None:
    assert isinstance(code.module.SEVERITY, Severity)
    page = parse(code)
    assert page.summary.endswith(".")
    assert 10 < len(page.summary) <= 100
    assert ". " not in page.summary, "the first line is one sentence"
    assert [title for title, _ in page.sections] == list(HEADINGS)
    for title, body in page.sections:
        assert len(body.strip()) >= 5, f"nothing under {title}"


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.code)
def test_a_family_is_in_its_folder(code: registry.Code) -> None:
    """L is about mappings; Q, O, H and Z about data; all else compares what is meant."""
    folder = {"L": "mapping", "Q": "data", "O": "data", "H": "data", "Z": "data"}.get(
        code.code[3], "semantic"
    )
    assert code.module.__name__.split(".")[2] == folder
