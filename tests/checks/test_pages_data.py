"""The message templates of the finding codes that are raised while statements are made."""

from __future__ import annotations

from string import Formatter

import pytest

from twinmap import registry
from twinmap.privacy import shape

CODES = [code for code in registry.codes() if hasattr(code.module, "MESSAGE")]

#: What a template may name, each as long as it gets in practice.
FIELDS = {
    "slot": "discharge-disposition",
    "rule": "university-hospital-laboratory-feed#microbiology/systolic-blood-pressure-2",
    "shape": shape("x" * 100),
    "count": "1,234,567",
    "source": "university-hospital-laboratory",
}

#: Codes that the engine cannot do without.
RAISED = {
    *("TM-Q10", "TM-Q11", "TM-Q12", "TM-Q13", "TM-Q14", "TM-Q16", "TM-Q17", "TM-Q18", "TM-Q19"),
    *("TM-U01", "TM-C01", "TM-C13", "TM-E01", "TM-G01", "TM-K05", "TM-T01", "TM-D01", "TM-I02"),
}

each = pytest.mark.parametrize("code", CODES, ids=lambda code: code.code)


def named(template: str) -> list[str]:
    return [name for _, name, _, _ in Formatter().parse(template) if name is not None]


def test_what_the_engine_raises_has_a_message() -> None:
    assert {code.code for code in CODES} >= RAISED


@each
def test_a_message_is_one_short_line(code: registry.Code) -> None:
    assert set(named(code.module.MESSAGE)) <= FIELDS.keys()
    message = code.module.MESSAGE.format(**FIELDS)
    assert 10 < len(message) <= 160
    assert message == message.strip()
    assert message.isprintable()
    assert not message.endswith(".")


@each
def test_a_message_reads_as_prose(code: registry.Code) -> None:
    """It goes on from ``TM-Q11 warning:``, and ends with a word or with the shape."""
    template = code.module.MESSAGE
    assert template[0].islower()
    assert template[-1].isalnum() or template.endswith(": {shape}")


@each
def test_the_help_is_one_action(code: registry.Code) -> None:
    advice = code.module.HELP
    assert 10 < len(advice) <= 160
    assert advice.isprintable()
    assert advice[0].islower()
    assert not advice.endswith(".")
    assert named(advice) == [], "the help is shown as it stands"
