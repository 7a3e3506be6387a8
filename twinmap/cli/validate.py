"""``twinmap validate``: SHACL over a graph that is already there."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import click

from twinmap import safeio
from twinmap.cli import output
from twinmap.cli._options import Named, fail_on, verdict
from twinmap.diagnostics import merge
from twinmap.errors import Exit, UsageError


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
    out: Path | None,
) -> Exit:
    """Validate RDF files against SHACL shapes, all files as one graph.

    GRAPH is a file (.nt .nq .ttl .trig .jsonld, also .gz) or the output folder of a run.
    """
    from twinmap.validate import files, findings
    from twinmap.validate.report import write_report

    documents = files.read_shapes(shapes) if shapes else _ours()
    validation = files.validate_files([_graph(path) for path in graphs], documents, engine)
    if out is not None:
        report = BytesIO()
        write_report(validation, report)
        output.write_product(report.getvalue(), out)
    found = [findings.violation(group) for group in validation.groups]
    found = merge([*found, *findings.about_validation(validation)])
    output.show_findings(found, fmt)
    conforms = "conforms" if validation.conforms else f"{validation.total:,} results"
    output.say(
        f"{validation.triples:,} triples, {validation.shapes:,} shapes, "
        f"{validation.engine.name} {validation.engine.version}: {conforms}"
    )
    return verdict((finding.severity for finding in found), fail_on)


def _ours() -> list[bytes]:
    from twinmap.steps.validate import generated_shapes
    from twinmap.terms.concepts import catalogue
    from twinmap.validate.files import shipped_shapes

    return [*shipped_shapes(), generated_shapes(catalogue())]


def _graph(path: Path) -> Path:
    """The graph of an output folder, or the file itself."""
    if not path.is_dir():
        return safeio.regular_file(path)
    found: Sequence[Path] = sorted(path.glob("graph.*"))
    if len(found) != 1:
        raise UsageError(f"{path} is not the output of a run: it holds no graph", help="name a file")
    return found[0]
