"""``twinmap report``: a saved run shown again, in any format."""

from __future__ import annotations

from pathlib import Path

import click

from twinmap import registry, renderers
from twinmap.cli import output
from twinmap.cli._options import Named, chosen_codes


@click.command("report")
@click.argument("folder", metavar="OUT", type=click.Path(path_type=Path))
@click.option(
    "-f", "--format", "fmt", type=Named("renderers"), default="text", show_default=True, help="The format."
)
@chosen_codes
@click.option("-o", "--out", type=click.Path(path_type=Path), help="A file (default: standard output).")
def command(
    folder: Path, fmt: str, out: Path | None, select: tuple[str, ...], ignore: tuple[str, ...]
) -> None:
    """Render the report of a saved run again.

    OUT is the output folder of a run or a diff. Only findings that were found then can be shown.
    """
    if not folder.is_dir():
        from twinmap import safeio

        safeio.regular_file(folder)
    from twinmap.selection import Selection

    report = renderers.load_report(folder).of_codes(Selection.of(select, ignore).counts)
    rendered: str = registry.load("renderers", fmt).render(report)
    output.write_product(rendered, out)
