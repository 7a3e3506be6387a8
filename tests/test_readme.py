"""The README is true: its output is that of the example, its mapping passes, its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from twinmap.cli import main
from twinmap.registry import names

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text("utf-8")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def marked(name: str) -> str:
    """The block between ``<!-- name -->`` and ``<!-- end -->``."""
    part = TEXT.partition(f"<!-- {name} -->\n")[2].partition("<!-- end -->")[0]
    (found,) = BLOCK.findall(part)
    text: str = found[1]
    return text


def test_the_first_screen_has_the_point_and_both_commands() -> None:
    screen = "\n".join(TEXT.splitlines()[:45])
    assert "120 mmHg" in screen
    assert "16 kPa" in screen
    for name in ("run", "test"):
        command = marked(name)
        assert command.count("\n") == 1
        assert command in screen


def test_the_output_is_that_of_the_example(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """The Python of the README makes it; the text of the report must hold what the README shows."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    (code,) = (text for language, text in BLOCK.findall(TEXT) if language == "python")
    made: dict[str, object] = {}
    exec(compile(code, "README.md", "exec"), made)
    capsysbinary.readouterr()
    assert main(["report", "out"]) == 0
    assert marked("output") in capsysbinary.readouterr().out.decode()
    total = sum_of(made["outcome"].ledger.records.values())  # type: ignore[attr-defined]
    assert marked("last line") == f"{total} · …\n"


def sum_of(books: object) -> str:
    from twinmap.cli.output import summary_line

    keys = ("read", "mapped", "filtered", "unclaimed", "set_aside", "lost")
    total = {key: sum(book[key] for book in books) for key in keys}  # type: ignore[attr-defined]
    line = summary_line(total, triples=0, patients=0, seconds=0, errors=0, warnings=0)
    return line.partition(" · ")[0]


def test_the_mapping_has_nothing_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (mapping,) = (text for language, text in BLOCK.findall(TEXT) if language == "yaml")
    (tmp_path / "m.yaml").write_text(mapping, "utf-8")
    assert main(["check", str(tmp_path / "m.yaml"), "--fail-on", "info"]) == 0, capsys.readouterr().err


def test_every_link_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", TEXT)
    assert links
    assert [link for link in links if "://" not in link and not (ROOT / link).exists()] == []


def test_every_command_is_named() -> None:
    for name in names("cli", plugins=False):
        assert name == "output" or f"`twinmap {name}" in TEXT or f"`{name}`" in TEXT, name
