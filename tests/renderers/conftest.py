"""A realistic run of four sources, made for these tests; no value in it is a patient's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from twinmap.renderers import Excerpt, Report

SAMPLE = Path(__file__).with_name("sample_report.json")


@pytest.fixture
def report() -> Report:
    """Four sources, five concepts, five relations, seven findings."""
    parts = json.loads(SAMPLE.read_text(encoding="utf-8"))
    excerpts = {where: Excerpt(*found) for where, found in parts.pop("excerpts").items()}
    return Report(excerpts=excerpts, **parts)
