"""The words of findings about two sources."""

from __future__ import annotations

import doctest

import pytest

from twinmap import registry
from twinmap.checks import explanations

CHECKS = [code for code in registry.codes() if hasattr(code.module, "check") or explanations.told(code)]


def test_examples_of_explanations() -> None:
    found = doctest.testmod(explanations)
    assert found.attempted > 0
    assert found.failed == 0


@pytest.mark.parametrize("code", CHECKS, ids=lambda code: code.code)
def test_a_check_says_what_to_do(code: registry.Code) -> None:
    advice = code.module.HELP
    assert 10 < len(advice) <= 160
    assert advice[0].islower()
    assert not advice.endswith(".")
