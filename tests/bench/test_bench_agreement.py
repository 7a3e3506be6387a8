"""The benchmark of agreement on a few rows: that its input is the same every time, and that it finds the pairs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    import generate

    written = []
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        (tmp_path / name).mkdir()
        written.append(generate.two_sources(1_000, tmp_path / name, seed).read_bytes())
    assert written[0] == written[1]
    assert written[0] != written[2]


def test_every_event_of_one_source_is_told_by_the_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import agreement
    import generate

    table = generate.two_sources(20_000, tmp_path)
    assert agreement.main([str(table), str(tmp_path / "work")]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["events"], told["pairs"], told["rows"]) == (20_000, 10_000, 10)
