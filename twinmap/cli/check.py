"""``twinmap check``: what is wrong with mapping files, before they run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from twinmap import renderers
from twinmap.cli import output
from twinmap.cli._options import Named, chosen_codes, fail_on, verdict
from twinmap.errors import Exit

if TYPE_CHECKING:
    from twinmap.diagnostics import Finding


@click.command("check")
@click.argument("mappings", metavar="MAP...", nargs=-1, required=True)
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    metavar="SRC",
    help="Data to check against: its columns; times, numbers and units of its first records.",
)
@click.option(
    "-f", "--format", "fmt", type=Named("renderers"), default="text", help="How findings are shown."
)
@fail_on("error")
@chosen_codes
@click.option("--statistics", is_flag=True, help="Print how often each code was found, and nothing else.")
def command(
    *,
    mappings: tuple[str, ...],
    against: Path | None,
    fmt: str,
    fail_on: str,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    statistics: bool,
) -> Exit:
    """Check mapping files without running them.

    MAP is a mapping, builtin:NAME, a project, or a folder with mappings; the tests beside a mapping are
    checked with it. Everything that is wrong in a file is a finding.
    """
    from twinmap import lint

    linted = lint.check(mappings, against=against, select=select, ignore=ignore)
    findings = linted.findings
    if statistics:
        output.write_product(_table(findings))
        output.say(renderers.left_out(linted.selection))
    else:
        output.show_report(replace(renderers.Report.of(findings), selection=linted.selection), fmt)
        if not findings:
            plural = "" if linted.mappings == 1 else "s"
            output.say(f"{linted.mappings} mapping{plural} checked: nothing found")
    return verdict((finding.severity for finding in findings), fail_on)


def _table(findings: Sequence[Finding]) -> str:
    """A line for each code, the most frequent first."""
    counts: Counter[str] = Counter()
    known = {}
    for finding in findings:
        counts[finding.code] += finding.count
        known[finding.code] = finding
    rows = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
    return "".join(
        f"{n:>6}  {code}  {known[code].severity.value:<7}  {known[code].slug}\n" for code, n in rows
    )
