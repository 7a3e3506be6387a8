"""Sessions as they must look: transcripts/*.md.

A block with a name after its language is a file; a console block is a session whose output must be the
same, seconds apart. After a wanted change, TWINMAP_WRITE_TRANSCRIPTS=1 writes the new output: read the
difference.
"""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).with_name("transcripts")
BLOCK = re.compile(r"^```(?P<language>\w+)(?: (?P<name>\S+))?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
TRANSCRIPTS = sorted(FOLDER.glob("*.md"))


def session(text: str, cli: Any) -> str:
    """Run the commands of a console block; everything else of it is written anew."""
    said = []
    for line in text.splitlines():
        if line.startswith("$ "):
            program, *arguments = shlex.split(line.removeprefix("$ "))
            assert program == "twinmap"
            done = cli(*arguments)
            output = re.sub(r"\b\d+\.\d s\b", "0.0 s", done.said)
            said.append(f"{line}\n{output}(exit {done.code})\n")
    return "\n".join(said)


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=[path.stem for path in TRANSCRIPTS])
def test_a_session_is_as_it_was(
    path: Path, cli: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "key").write_text("ab" * 32)
    monkeypatch.setenv("TWINMAP_KEY_FILE", "key")
    text = path.read_text("utf-8")
    for block in BLOCK.finditer(text):
        if block["name"]:
            Path(block["name"]).parent.mkdir(parents=True, exist_ok=True)
            Path(block["name"]).write_text(block["text"], "utf-8")
    sessions = 0

    def again(block: re.Match[str]) -> str:
        nonlocal sessions
        if block["language"] != "console":
            return block[0]
        sessions += 1
        return f"```console\n{session(block['text'], cli)}```"

    made = BLOCK.sub(again, text)
    assert sessions
    if os.environ.get("TWINMAP_WRITE_TRANSCRIPTS"):
        path.write_text(made, "utf-8")
    assert made == text


def test_there_are_transcripts() -> None:
    assert len(TRANSCRIPTS) >= 5
