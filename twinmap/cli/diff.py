"""``twinmap diff``: what two sides say, and whether they mean the same by it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from twinmap import registry
from twinmap.cli import output
from twinmap.cli._options import Named, chosen_codes, crosswalk, effort, key_file, params
from twinmap.errors import Exit


@click.command("diff")
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Write the report and its tables there.",
)
@click.option(
    "--by",
    type=click.Choice(["concept", "facet", "patient", "time"]),
    default="concept",
    show_default=True,
    help="What the observations of both are counted by.",
)
@click.option("-f", "--format", "fmt", type=Named("renderers"), default="text", help="How it is shown.")
@params
@key_file(" where a mapping is run")
@crosswalk
@effort
@chosen_codes
@click.option("--force", is_flag=True, help="Replace an output folder that no diff wrote.")
def command(a: str, b: str, **options: Any) -> Exit:
    """Compare two sides: runs, sources of a run, graphs, or mappings with their data.

    A and B are each the output folder of a run, FOLDER#SOURCE for one of its sources, an RDF file (in the twin
    vocabulary, SOSA with QUDT, or FHIR RDF), or MAPPING=DATA (a mapping, builtin:NAME or a project, which is
    run first). Exits with 0 where both state the very same, with 1 where they differ.
    """
    from twinmap import api

    found = api.diff(
        a,
        b,
        out=options["out"],
        by=options["by"],
        params=dict(options["params"]),
        key_file=options["key_file"],
        crosswalk=options["crosswalk"],
        jobs=options["jobs"],
        memory_mb=options["memory"],
        force=options["force"],
        select=options["select"],
        ignore=options["ignore"],
    )
    output.write_product(registry.load("renderers", options["fmt"]).render(found.report))
    return Exit.OK if found.equal else Exit.FINDINGS
