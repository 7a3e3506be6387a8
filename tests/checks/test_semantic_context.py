"""The words of findings about two sources."""

from __future__ import annotations

import doctest

import pytest

from twinmap import registry
from twinmap.checks import explanations
from twinmap.checks.semantic import t02_zone_shift

CHECKS = [code for code in registry.codes() if hasattr(code.module, "check") or explanations.told(code)]


@pytest.mark.parametrize("module", [explanations, t02_zone_shift], ids=lambda module: module.__name__)
def test_examples_of_pages(module: object) -> None:
    found = doctest.testmod(module)  # type: ignore[arg-type]
    assert found.attempted > 0
    assert found.failed == 0


@pytest.mark.parametrize("code", CHECKS, ids=lambda code: code.code)
def test_a_check_says_what_to_do(code: registry.Code) -> None:
    advice = code.module.HELP
    assert 10 < len(advice) <= 160
    assert advice[0].islower()
    assert not advice.endswith(".")
