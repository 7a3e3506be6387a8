"""Writes the generated pages of the documentation; with ``--check`` it only says which are stale.

    python docs/generate.py            writes
    python docs/generate.py --check    exit 1 where a page is not what it would write

``rules/`` has a page for each finding code, from the docstring of its module, and an index. ``cli.md`` is
the help of every command.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from twinmap.cli import twinmap
from twinmap.renderers import Page, pages

DOCS = Path(__file__).parent

FAMILIES = {
    "L": "Mapping files",
    "Q": "Source data",
    "O": "Input and output",
    "H": "SHACL",
    "B": "Changes of a mapping",
    "Z": "Privacy",
    "C": "Codes",
    "U": "Units",
    "V": "Values",
    "G": "Granularity",
    "F": "Facets and context",
    "T": "Time",
    "I": "Identity",
    "D": "Duplicates",
    "X": "Conflicts",
    "S": "Status and modality",
    "E": "Value sets",
    "K": "Scale and type",
    "R": "Reference ranges and flags",
    "N": "Versions and deprecation",
    "M": "Missing context",
    "P": "Precision",
}

_MADE = "<!-- made by docs/generate.py from the code; edit the docstring, not this page -->\n\n"


def rules() -> dict[str, str]:
    """The pages of the finding codes, by file name."""
    every = list(pages())
    made = {f"{page.code}.md": _rule(page) for page in every}
    return made | {"README.md": _index(every)}


def _rule(page: Page) -> str:
    blocks = [f"# {page.code} {page.slug}", f"**{page.severity}** · {page.summary}", page.intro]
    blocks += [f"## {title}\n\n{body}" for title, body in page.sections if body]
    return _MADE + "\n\n".join(block for block in blocks if block) + "\n"


def _index(every: list[Page]) -> str:
    lines = ["# Finding codes", ""]
    lines += [
        "`twinmap explain CODE` prints the same pages. A code is never used again for another thing.",
        "",
    ]
    for letter, title in FAMILIES.items():
        family = [page for page in every if page.code[3] == letter]
        if family:
            lines += [f"## {letter}: {title}", "", "| code | severity | |", "|---|---|---|"]
            lines += [f"| [{p.code}]({p.code}.md) | {p.severity} | {_cell(p.summary)} |" for p in family]
            lines.append("")
    return _MADE + "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def cli() -> str:
    """The reference of the command line: the help of every command, as ``--help`` prints it."""
    root = click.Context(twinmap, info_name="twinmap", terminal_width=100, **twinmap.context_settings)
    blocks = ["# The command line", "Exit codes: [exit-codes.md](exit-codes.md).", _help(root)]
    for name in twinmap.list_commands(root):
        command = twinmap.get_command(root, name)
        assert command is not None
        context = click.Context(command, info_name=name, parent=root, terminal_width=100)
        blocks += [f"## twinmap {name}", _help(context)]
    return _MADE + "\n\n".join(blocks) + "\n"


def _help(context: click.Context) -> str:
    return f"```\n{context.get_help().strip()}\n```"


#: Folder under docs to what makes its pages.
FOLDERS: Mapping[str, Callable[[], dict[str, str]]] = {"rules": rules}
#: Page under docs to what makes it.
PAGES: Mapping[str, Callable[[], str]] = {"cli.md": cli}


def stale(root: Path) -> dict[Path, str | None]:
    """The pages that are not as they would be written; None where a page is to be removed."""
    made = {root / name: make() for name, make in PAGES.items()}
    found: dict[Path, str | None] = {}
    for name, make in FOLDERS.items():
        pages_of = {root / name / file: text for file, text in make().items()}
        found |= dict.fromkeys(set((root / name).glob("*.md")) - pages_of.keys())
        made |= pages_of
    return found | {
        path: text for path, text in made.items() if not path.exists() or path.read_text("utf-8") != text
    }


def write(changed: Mapping[Path, str | None]) -> None:
    """Write or remove pages."""
    for path, text in changed.items():
        if text is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def main(arguments: list[str] | None = None, root: Path = DOCS) -> int:
    """The command; gives the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where a page is stale")
    options = parser.parse_args(arguments)
    changed = stale(root)
    for path in sorted(changed):
        sys.stderr.write(f"{'stale' if options.check else 'written'}: {path.relative_to(root)}\n")
    if not options.check:
        write(changed)
    return 1 if options.check and changed else 0


if __name__ == "__main__":
    sys.exit(main())
