"""``twinmap report``: a saved run shown again, in any format."""

from __future__ import annotations

from pathlib import Path

import click

from twinmap import registry, renderers
from twinmap.cli import output
from twinmap.cli._options import Named


@click.command("report")
@click.argument("folder", metavar="OUT", type=click.Path(path_type=Path))
@click.option(
    "-f", "--format", "fmt", type=Named("renderers"), default="text", show_default=True, help="The format."
)
@click.option("-o", "--out", type=click.Path(path_type=Path), help="A file (default: standard output).")
def command(folder: Path, fmt: str, out: Path | None) -> None:
    """Render the report of a saved run again.

    OUT is the output folder of a run.
    """
    if not folder.is_dir():
        from twinmap import safeio

        safeio.regular_file(folder)
    rendered: str = registry.load("renderers", fmt).render(renderers.load_report(folder))
    output.write_product(rendered, out)
