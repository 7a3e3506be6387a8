"""``twinmap validate``: SHACL over a graph that is already there."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import click

from twinmap import renderers
from twinmap.cli import output
from twinmap.cli._options import Named, chosen_codes, fail_on, verdict
from twinmap.errors import Exit


@click.command("validate")
@click.argument("graphs", metavar="GRAPH...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--shapes",
    metavar="FILE",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Shapes to take instead of those of the twin graph.",
)
@click.option(
    "--engine",
    type=click.Choice(["auto", "shacl", "pyshacl", "both"]),
    default="auto",
    show_default=True,
    help="The SHACL engine; both compares the two.",
)
@click.option(
    "-f", "--format", "fmt", type=Named("renderers"), default="text", help="How findings are shown."
)
@fail_on("error")
@chosen_codes
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), help="Write the sh:ValidationReport (it holds values)."
)
def command(
    *,
    graphs: tuple[Path, ...],
    shapes: tuple[Path, ...],
    engine: str,
    fmt: str,
    fail_on: str,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    out: Path | None,
) -> Exit:
    """Validate RDF files against SHACL shapes, all files as one graph.

    GRAPH is a file (.nt .nq .ttl .trig .jsonld, also .gz) or the output folder of a run.
    """
    from twinmap.api import validate_graph
    from twinmap.validate.report import write_report

    validated = validate_graph(graphs, shapes=shapes, engine=engine, select=select, ignore=ignore)
    validation = validated.validation
    if out is not None:
        report = BytesIO()
        write_report(validation, report)
        output.write_product(report.getvalue(), out)
    output.show_report(replace(renderers.Report.of(validated.findings), selection=validated.selection), fmt)
    conforms = "conforms" if validation.conforms else f"{validation.total:,} results"
    output.say(
        f"{validation.triples:,} triples, {validation.shapes:,} shapes, "
        f"{validation.engine.name} {validation.engine.version}: {conforms}"
    )
    return verdict((finding.severity for finding in validated.findings), fail_on)
