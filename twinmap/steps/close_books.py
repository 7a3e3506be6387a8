"""Count what was published and close the books."""

from __future__ import annotations

from dataclasses import replace

from twinmap import registry
from twinmap.diagnostics import Finding, Place, Severity, merge
from twinmap.engine import ledger
from twinmap.engine.parts import Repeated
from twinmap.errors import InternalError
from twinmap.steps.state import Run


def close_books(state: Run) -> None:
    """Count what was published and close the books.

    Raises:
        InternalError: Something is lost.
    """
    for result in state.results:
        for item in result.repeated:
            state.findings += _repeated(state, item)
    dropped = [path for result in state.results for path in result.dropped]
    state.ledger = ledger.close(state.duck, [made.book for made in state.made], state.tables, dropped)
    state.findings = merge(_adjusted(state))
    if state.ledger.lost:
        raise InternalError(
            f"the books do not balance: {state.ledger.lost:,} records or statements are in none of them",
            help="this is a bug in twinmap; please report it with the counts of each source",
        )


def _repeated(state: Run, item: Repeated) -> list[Finding]:
    found = []
    places = tuple(
        Place(item.source, state.names[file], record, None, part) for file, record, part in item.places
    )
    for code, count in (("TM-D01", item.copies), ("TM-L10", item.versions)):
        if count:
            known = registry.code(code)
            words = {"slot": "key", "rule": item.rule, "shape": "", "count": count, "source": item.source}
            message = (
                known.module.MESSAGE.format(**words)
                if code == "TM-D01"
                else "two records with one key say different things; all are kept"
            )
            found.append(
                registry.finding(
                    code,
                    message,
                    places=places,
                    sources=(item.source,),
                    rule=item.rule,
                    count=count,
                    severity=Severity.WARNING,
                )
            )
    return found


def _adjusted(state: Run) -> list[Finding]:
    """Findings with the project's severities; those it ignores are left out."""
    ignored = {registry.code(name).code for name in state.project.ignore}
    severity = {registry.code(name).code: Severity(word) for name, word in state.project.severity.items()}
    return [
        replace(finding, severity=severity.get(finding.code, finding.severity))
        for finding in state.findings
        if finding.code not in ignored
    ]
