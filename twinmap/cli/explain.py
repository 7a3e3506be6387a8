"""``twinmap explain CODE``: the page of a finding code."""

from __future__ import annotations

import textwrap

import click

from twinmap.cli.output import write_product
from twinmap.errors import UsageError
from twinmap.renderers import Page, page, pages


@click.command("explain")
@click.argument("code", required=False)
@click.option("--list", "every", is_flag=True, help="List every code with its severity and first sentence.")
def command(code: str | None, every: bool) -> None:
    """Explain a finding code: what it means and what to do.

    CODE is as in a finding (TM-U03), without TM-, or the name of the code.
    """
    if every and code is None:
        write_product(listing())
    elif code is not None and not every:
        write_product(explanation(page(code)))
    else:
        raise UsageError("explain takes one code, or --list", help="twinmap explain TM-L01")


def listing() -> str:
    """A line for each code, in order."""
    return "".join(f"{item.code}  {item.severity:<7}  {item.summary}\n" for item in pages())


def explanation(item: Page) -> str:
    """The page as text."""
    blocks = [f"{item.code} {item.slug} ({item.severity})", item.summary, item.intro]
    blocks += [f"{title}\n{textwrap.indent(body, '  ')}" for title, body in item.sections if body]
    return "\n\n".join(block for block in blocks if block).replace("``", "`") + "\n"
