"""The scripts of ``bench/`` as modules: they are no package, and import each other by name."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "bench"
_MODULES = ("agreement", "cases", "common", "generate", "measure", "peers", "run", "table")


@pytest.fixture(autouse=True)
def _bench_is_importable(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in _MODULES:  # another test of this process may have one of its own by that name
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(str(BENCH))
    yield
    for name in _MODULES:
        sys.modules.pop(name, None)
