"""Count what was published and close the books."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from twinmap import registry
from twinmap.diagnostics import PLACES_KEPT, Finding, Place, Severity
from twinmap.engine import ledger
from twinmap.engine.parts import Repeated
from twinmap.errors import InputOutputError, InternalError
from twinmap.sqltext import quoted
from twinmap.steps.state import Run


def close_books(state: Run) -> None:
    """Count what was published and close the books.

    Raises:
        InternalError: Something is lost.
        InputOutputError: Something is lost, and a file changed while it was read.
    """
    changed = [finding for finding in state.findings if finding.code == "TM-O06"]
    repeated = [item for result in state.results for item in result.repeated]
    dropped = [path for result in state.results for path in result.dropped]
    state.findings += _copies(state, repeated, dropped)
    state.findings += [_versions(state, item) for item in repeated if item.versions]
    state.ledger = ledger.close(state.duck, [made.book for made in state.made], state.tables, dropped)
    state.findings += _silent(state)
    state.findings = [_of_all(state, finding) for finding in state.findings]
    state.findings, state.left_out = state.project.selection.apply(state.findings)
    if state.ledger.lost and changed:
        raise InputOutputError(f"{changed[0].message}, and the books do not balance", findings=changed)
    if state.ledger.lost:
        raise InternalError(
            f"the books do not balance: {state.ledger.lost:,} records or statements are in none of them",
            help="this is a bug in twinmap; please report it with the counts of each source",
        )


def _copies(state: Run, repeated: Sequence[Repeated], dropped: Sequence[Path]) -> Iterator[Finding]:
    """D01, one a source: how many records state again what is stated, and how many statements that are."""
    rules = sorted({item.rule for item in repeated if item.copies})
    if not rules:
        return
    known = registry.code("TM-D01")
    files, names = (", ".join(quoted(str(item)) for item in items) for items in (dropped, rules))
    records = (
        "SELECT source, file, record, min(part) AS part, count(*) AS n "
        f"FROM read_parquet([{files}]) WHERE rule IN ({names}) GROUP BY source, file, record"
    )
    for source, count, statements, places in state.duck.rows(
        "SELECT source, count(*), sum(n)::BIGINT, min({'file': file, 'record': record, 'part': part}, "
        f"{PLACES_KEPT}) FROM ({records}) GROUP BY source ORDER BY source"
    ):
        yield registry.finding(
            "TM-D01",
            known.module.MESSAGE.format(count=f"{statements:,}"),
            places=tuple(Place(source, state.names[p["file"]], p["record"], None, p["part"]) for p in places),
            sources=(source,),
            details={"records": count, "statements": statements},
            count=count,
        )


def _silent(state: Run) -> Iterator[Finding]:
    """Q19: unclaimed records to which a rule applies that finds nothing to state in them."""
    known = registry.code("TM-Q19").module
    for source, (count, spots) in state.ledger.silent.items():
        if count:
            places = (
                Place(source, state.names[file], record, line, part) for file, record, line, part in spots
            )
            yield registry.finding(
                "TM-Q19",
                known.SILENT,
                places=tuple(places),
                sources=(source,),
                help=known.SILENT_HELP,
                count=count,
            )


def _of_all(state: Run, finding: Finding) -> Finding:
    """Q19 as a warning where nothing at all is stated of a source: it may be the wrong one."""
    if finding.code != "TM-Q19" or finding.severity is not Severity.INFO:
        return finding
    records = state.ledger.records[finding.sources[0]]
    if not records["read"] or records["unclaimed"] != records["read"]:
        return finding
    return replace(finding, severity=Severity.WARNING, help=registry.code("TM-Q19").module.ALL_HELP)


def _versions(state: Run, item: Repeated) -> Finding:
    """L10: records of one key that say different things."""
    return registry.finding(
        "TM-L10",
        "two records with one key say different things; all are kept",
        places=tuple(
            Place(item.source, state.names[file], record, None, part) for file, record, part in item.places
        ),
        sources=(item.source,),
        rule=item.rule,
        count=item.versions,
        severity=Severity.WARNING,
    )
