"""The words beside a code are the name of another one.

What it means:
    The display of a code (``display``, or the label of a row of a code map) shares fewer words with the names of
    this code than it has of the whole name of another concept: ``8867-4`` beside "Diastolic blood pressure". The
    names are those of the core concepts and their LOINC terms; with a terminology store also all names that it
    has of the code, in all its languages, and an exact name of another code of the system. A display that names
    nothing that is known here, as in a language that nobody loaded, is not judged.

Why it matters:
    Codes are copied, and the words beside them are read by people: where the two disagree, one of them was
    copied from elsewhere, and nobody will see it in a table of codes.

Example:
    {system: LOINC, code: "2160-0", display: Glucose}       # creatinine

What to do:
    Find out which is meant. Usually the words are right: people wrote them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from twinmap.checks import Asked
from twinmap.checks.context import FIRST, Context, Seen
from twinmap.checks.written import Written
from twinmap.compare.meaning import said
from twinmap.diagnostics import Finding, Severity
from twinmap.kinds import KINDS
from twinmap.terms.names import Names, Words, words

SEVERITY = Severity.WARNING
HELP = "find out which is meant, the code or its words, and correct the other"

#: What a display stands beside: the columns of words of a kind.
_DISPLAYS = {"code": "display", "raw_code": "raw_display"}
#: A column of free text would have as many words beside a code as there are statements.
_MOST = 100


def check(context: Context) -> Iterator[Finding]:
    """One finding a source, mapping rule and code."""
    displayed = [pair for kind in KINDS for pair in _displayed(context, kind)]
    for seen, display, other in _disagreeing(context, displayed):
        yield _finding(context, _counted(context, seen, display), other)


def written(context: Written) -> Iterator[Finding]:
    """One finding a code and the words that a mapping, or a row of a code map, writes beside it."""
    for seen, _, other in _disagreeing(context, context.displays):
        yield _finding(context, seen, other)


def _displayed(context: Context, kind: str) -> Iterator[tuple[Seen, str]]:
    """The codes of a kind of statement with the words beside them, at most so many a code."""
    table = context.table(kind)
    for stem, column in _DISPLAYS.items():
        if table is None or stem not in KINDS[kind].pairs:
            continue
        system, code = KINDS[kind].pairs[stem]
        for source, rule, uri, text, display in context.duck.rows(
            f"SELECT * FROM (SELECT DISTINCT source, rule, {system} AS system, {code} AS code, {column} AS said "
            f"FROM {table} WHERE {code} IS NOT NULL AND {system} IS NOT NULL AND {column} IS NOT NULL) "
            f"QUALIFY row_number() OVER (PARTITION BY source, rule, system, code ORDER BY said) <= {_MOST} "
            "ORDER BY ALL"
        ):
            yield Seen(kind, source, rule, uri, text, stem, 0, ()), display


def _counted(context: Context, seen: Seen, display: str) -> Seen:
    """The same with how often that stands beside the code, and the first places."""
    system, code = KINDS[seen.kind].pairs[seen.slot]
    ((count, places),) = context.duck.rows(
        f"SELECT count(*), {FIRST} FROM {context.table(seen.kind)} "
        f"WHERE source = $1 AND rule = $2 AND {system} = $3 AND {code} = $4 AND {_DISPLAYS[seen.slot]} = $5",
        [seen.source, seen.rule, seen.system, seen.code, display],
    )
    where = context.places(seen.source, places, "code")
    return replace(seen, slot=seen.slot.removeprefix("raw_"), number=count, places=where)


def _disagreeing(context: Asked, displayed: Sequence[tuple[Seen, str]]) -> Iterator[tuple[Seen, str, str]]:
    """Codes and words that disagree, and what the words name."""
    # What is asked of the store is asked at once: of codes, and of words that no name of theirs shares.
    terms = replace(context.terms, seen=[seen for seen, _ in displayed])
    names, asked = Names(context.catalogue), []
    for seen, display in displayed:
        own = [words(name) for name in (*terms.names(seen), *names.of(seen.system or "", seen.code))]
        said_words = words(display)
        if own and said_words and not any(name <= said_words or said_words <= name for name in own):
            asked.append((seen, display, own))
    elsewhere = terms.named((seen.system or "", display) for seen, display, _ in asked)
    for seen, display, own in asked:
        other = names.other(seen.system or "", seen.code, words(display), _shared(own, words(display)))
        other = other or _elsewhere(
            seen, elsewhere.get((seen.system or "", display.casefold())), own, display
        )
        if other is not None:
            yield seen, display, other


def _shared(own: Sequence[Words], display: Words) -> int:
    """How many words of a display the name of the code has that fits best."""
    return max(len(name & display) for name in own)


def _elsewhere(seen: Seen, code: str | None, own: Sequence[Words], display: str) -> str | None:
    """Another code of the system whose name a display is, where it shares no word with those of its own."""
    return None if code is None or _shared(own, words(display)) else said(seen.system, code)


def _finding(context: Asked, seen: Seen, other: str) -> Finding:
    name = next(iter(context.terms.names(seen)), "")
    called = f' ("{name}")' if name else ""
    return context.finding(
        "TM-C05",
        f"the words beside {said(seen.system, seen.code)}{called} name {other}",
        seen,
        "display",
        seen.slot,
        details={"slot": seen.slot, "kind": seen.kind, "suggested": other},
    )
