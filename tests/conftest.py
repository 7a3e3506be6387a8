"""Fixtures for all tests."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from hypothesis import settings

# Where a change is judged the examples are the same on every run; elsewhere new ones are tried.
settings.register_profile("ci", derandomize=True)
if "CI" in os.environ:
    settings.load_profile("ci")

ROOT = Path(__file__).parent.parent


# The terminology of whoever runs the tests is none of theirs.
os.environ["TWINMAP_TERMS"] = str(ROOT / "no-terminology")


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The third-party corpus beside the project; it is not shipped."""
    folder = Path(os.environ.get("TWINMAP_CORPUS", ROOT.parent / "shared" / "corpus"))
    if not folder.is_dir():
        assert "TWINMAP_REQUIRE_CORPUS" not in os.environ, f"the corpus must be there, and is not: {folder}"
        pytest.skip("the third-party corpus is not here (it is not shipped with twinmap)")
    return folder


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of the example without shapes, made once; nothing may change it."""
    from twinmap import api

    out, key = tmp_path_factory.mktemp("example") / "out", ROOT / "examples" / "demo.key"
    api.run(ROOT / "examples" / "bedside-to-wrist", out=out, key_file=key, engine="none", jobs=1)
    return out


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing may open a connection: twinmap is offline."""

    def refuse(*args: object) -> None:
        raise AssertionError("a test tried to open a network connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
