"""``twinmap run``: read, harmonise, lift, validate, compare, report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from twinmap import registry, renderers
from twinmap.cli import output
from twinmap.cli._options import (
    ReportFile,
    chosen_codes,
    crosswalk,
    effort,
    fail_on,
    key_file,
    params,
    verdict,
)
from twinmap.errors import Exit, UsageError

if TYPE_CHECKING:
    from twinmap.api import Outcome


def _ready_made(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Print the ready-made mappings, one a line with what it reads, and end."""
    if wanted:
        from twinmap.mapping.outline import headline
        from twinmap.mapping.project import builtin, builtins

        lines = (f"builtin:{name:<14}{headline(builtin(name).read_text('utf-8'))}" for name in builtins())
        output.write_product("".join(f"{line}\n" for line in lines))
        ctx.exit()


@click.command("run")
@click.argument("mappings", metavar="[PROJECT or MAP...]", nargs=-1)
@click.option(
    "-o", "--out", metavar="FOLDER", help="Where the output goes; - writes the graph to standard output."
)
@click.option(
    "-s", "--source", "data", metavar="PATH or MAPPING=PATH", multiple=True, help="Where the data is."
)
@params
@click.option("--target", metavar="NAME", help="What the graph looks like (default: twin).")
@click.option(
    "-f", "--format", "fmt", metavar="FORMAT", help="nq (default), nt, ttl, trig or jsonld; also with .gz."
)
@click.option(
    "--base",
    metavar="IRI",
    help="The IRI below which everything made here is named (default: https://twin.invalid/).",
)
@key_file()
@crosswalk
@effort
@click.option(
    "--on-error",
    type=click.Choice(["stop", "quarantine"]),
    default="quarantine",
    show_default=True,
    help="What happens at a record that cannot be used.",
)
@click.option(
    "--engine",
    type=click.Choice(["auto", "shacl", "pyshacl", "both", "none"]),
    default="auto",
    show_default=True,
    help="The SHACL engine; both compares the two, none leaves the graph unchecked.",
)
@click.option(
    "--shapes",
    metavar="FILE",
    multiple=True,
    type=click.Path(path_type=Path),
    help="SHACL shapes of your own, in addition to those of the twin graph.",
)
@click.option(
    "--no-identifiers", is_flag=True, help="Do not write tables/identifier.parquet (patients' identifiers)."
)
@fail_on("never")
@chosen_codes
@click.option(
    "--report",
    "reports",
    type=ReportFile(),
    multiple=True,
    help="Write the report in a format as well; the path - is standard output.",
)
@click.option("--force", is_flag=True, help="Replace an output folder that twinmap did not write.")
@click.option("-q", "--quiet", is_flag=True, help="Show errors and the last line only.")
@click.option(
    "--list",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_ready_made,
    help="List the ready-made mappings.",
)
def command(mappings: tuple[str, ...], out: str | None, **options: Any) -> Exit:
    """Turn clinical exports into one graph and report mismatches.

    Give a project (a folder with twinmap.yaml, or the file), or mappings (a file, or builtin:NAME) with
    --source. Without any, the project is the folder you are in.
    """
    for name, path in options["reports"]:
        _usable(name, path, out)
    if options["shapes"] and options["engine"] == "none":
        raise UsageError("--engine none tests nothing, and --shapes says what to test")
    if out == "-":
        from tempfile import TemporaryDirectory

        with TemporaryDirectory(prefix="twinmap-") as folder:
            outcome = _run(mappings, Path(folder) / "out", options, kept=False)
            _stream_graph(outcome)
    else:
        outcome = _run(mappings, None if out is None else Path(out), options, kept=True)
    _last_line(outcome)
    return verdict((finding.severity for finding in outcome.findings), options["fail_on"])


def _usable(name: str, path: str, out: str | None) -> None:
    """Refuse a report that could not be written before the work is done."""
    if path != "-" and not Path(path).parent.is_dir() and (out is None or Path(path).parent != Path(out)):
        raise UsageError(f"{Path(path).parent} is not a folder: the report {name} cannot be written there")
    if Path(path).is_dir():
        raise UsageError(f"{path} is a folder: the report {name} cannot be written there")
    if path == "-" and out == "-":
        raise UsageError("standard output takes the graph or a report, not both")


def _run(mappings: tuple[str, ...], out: Path | None, options: dict[str, Any], *, kept: bool) -> Outcome:
    """Run, then show and write what there is to say."""
    from twinmap import api

    quiet = options["quiet"]
    with output.progress(quiet=quiet) as advance:
        outcome = api.run(
            mappings,
            out=out,
            data=options["data"],
            params=dict(options["params"]),
            key_file=options["key_file"],
            crosswalk=options["crosswalk"],
            base=options["base"],
            target=options["target"],
            jobs=options["jobs"],
            memory_mb=options["memory"],
            force=options["force"],
            on_error=options["on_error"],
            engine=options["engine"],
            format=options["fmt"],
            shapes=options["shapes"],
            identifiers=not options["no_identifiers"],
            select=options["select"],
            ignore=options["ignore"],
            progress=advance,
        )
    report = replace(
        renderers.load_report(outcome.out), excerpts=renderers.Report.of(outcome.findings).excerpts
    )
    for name, path in options["reports"]:
        rendered = registry.load("renderers", name).render(report)
        output.write_product(rendered, None if path == "-" else Path(path))
    for note in outcome.notes:
        output.say(note, quiet=quiet)
    _tell(report, outcome.out, kept=kept, quiet=quiet)
    return outcome


#: More findings and relations than this are told in a line each.
_IN_FULL = 12
#: Lines of the terminal that they take at most.
_LINES = 100


def _tell(report: renderers.Report, out: Path, *, kept: bool, quiet: bool) -> None:
    """Errors, warnings and relations on the terminal; the notes and the books are in the report."""
    from twinmap.diagnostics import Severity

    shown = [finding for finding in report.findings if finding.get("severity") != Severity.INFO]
    brief = len(shown) + len(report.relations) > _IN_FULL
    about = replace(report, findings=shown, ledger={})
    told = registry.load("renderers", "concise" if brief else "text").render(about)
    output.say(_first(told) if brief else told, quiet=quiet)
    if kept and (brief or len(shown) < len(report.findings)):
        output.say(f"in full: twinmap report {out}", quiet=quiet)


def _first(told: str) -> str:
    """The worst lines, how many are left out, and the last line: it says how many there are."""
    lines = told.splitlines(keepends=True)
    more = len(lines) - _LINES
    return told if more <= 1 else "".join([*lines[: _LINES - 1], f"and {more:,} more\n", lines[-1]])


def _stream_graph(outcome: Outcome) -> None:
    import shutil

    (graph,) = outcome.out.glob("graph.*")
    with output.product_stream() as stream, graph.open("rb") as file:
        shutil.copyfileobj(file, stream, 1 << 20)


def _last_line(outcome: Outcome) -> None:
    from twinmap.diagnostics import Severity
    from twinmap.model import OUTCOMES

    books = outcome.ledger.records.values()
    total = {outcome_: sum(book.get(outcome_, 0) for book in books) for outcome_ in OUTCOMES["records"]}
    by_severity = [finding.severity for finding in outcome.findings]
    output.say(
        output.summary_line(
            total,
            triples=outcome.triples,
            patients=outcome.patients,
            seconds=outcome.seconds,
            errors=by_severity.count(Severity.ERROR),
            warnings=by_severity.count(Severity.WARNING),
            left_out=outcome.left_out,
        )
    )
