"""``twinmap explain``: the page of a finding code; what a ready-made mapping, or ``auto``, states."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from twinmap import registry, renderers
from twinmap.cli.output import write_product
from twinmap.errors import UsageError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

_BUILTIN = "builtin:"


@click.command("explain")
@click.argument("name", required=False)
@click.option("--list", "every", is_flag=True, help="List every code with its severity and first sentence.")
def command(name: str | None, every: bool) -> None:
    """Explain a finding code, a ready-made mapping, or auto.

    NAME is a code as in a finding (TM-U03, also u3), or its name; builtin:NAME for what a ready-made mapping
    reads and states; auto for what FHIR and HL7 v2 themselves say.
    """
    if every and name is None:
        write_product(listing())
    elif name is not None and not every:
        write_product(_explained(name))
    else:
        raise UsageError("explain takes one name, or --list", help="twinmap explain TM-L01")


def _explained(name: str) -> str:
    if name == "auto":
        return "\n".join(map(mapping, _fragments()))
    if name.startswith(_BUILTIN):
        return mapping(_builtin(name.removeprefix(_BUILTIN)))
    return explanation(renderers.page(name))


def listing() -> str:
    """A line for each code, in order."""
    return "".join(f"{item.code}  {item.severity:<7}  {item.summary}\n" for item in renderers.pages())


def explanation(item: renderers.Page) -> str:
    """The page as text."""
    blocks = [f"{item.code} {item.slug} ({item.severity})", item.summary, item.intro]
    blocks += [f"{title}\n{textwrap.indent(body, '  ')}" for title, body in item.sections if body]
    return "\n\n".join(block for block in blocks if block).replace("``", "`") + "\n"


def mapping(path: Traversable | Path) -> str:
    """A shipped mapping as text: its version, its purpose, its parameters, and what it states.

    Raises:
        UsageError: It cannot be used.
    """
    from twinmap.mapping.load import load
    from twinmap.mapping.outline import outline, purpose

    text = path.read_text("utf-8")
    loaded = load(path)
    if loaded.document is None or not loaded.usable:
        raise UsageError(f"{registry.label(path)} cannot be used", findings=loaded.findings)
    document = loaded.document
    formats = sorted({record_set.options.format for record_set in document.records})
    head = f"{registry.label(path)} {document.version} ({', '.join(formats)})"
    paragraphs = (textwrap.fill(part, 100) for part in purpose(text).split("\n\n"))
    return "\n\n".join([head, *paragraphs, "\n".join(outline(document, text))]) + "\n"


def _builtin(name: str) -> Traversable:
    from twinmap.mapping.project import builtin

    return builtin(name)


def _fragments() -> Iterator[Traversable]:
    """The files that say what ``auto`` is, one a format."""
    from twinmap.mapping.auto import FRAGMENTS

    folder = registry.shipped("mappings") / "auto"
    yield from (folder / f"{name}.yaml" for name in FRAGMENTS.values())
