"""One short text of a value means two things, or nobody says what it means.

What it means:
    The maps of two rules or sources give the values of one concept, and one text has a different target in each:
    ``N`` is "no" in the one and "negative" in the other. As a warning: two sources have values of one concept
    that are the same text of at most two characters (``N``, ``U``, ``P``, ``1``), as text and without a map: the
    code book of each is needed to say whether they mean the same.

Why it matters:
    N is normal, no, none, negative, new or not done; U is unknown, upper or unit. Equal letters look like
    agreement, and nothing in the data contradicts it.

Example:
    clinic:     value: {from: $(smoker), map: {N: "snomed:266919005"}}      # never smoker
    registry:   value: {from: $(smoker), map: {N: "snomed:266927001"}}      # not known

What to do:
    Look at the code book of each source, and give each a map of its own. Where both maps are right, nothing: do
    not compare the raw columns.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations

from twinmap import registry
from twinmap.checks.context import FIRST, Context
from twinmap.checks.written import Rule, Written
from twinmap.diagnostics import Finding, Severity
from twinmap.privacy import shape

SEVERITY = Severity.ERROR
HELP = "look at the code book of each source, and give each a map of its own"

#: A text of so many characters is a token, not a word.
_SHORT = 2


def check(context: Context) -> Iterator[Finding]:
    """One finding a concept and text that two maps give two targets; one a concept whose tokens nobody maps."""
    yield from _mapped(context.written.items())
    yield from _bare(context)


def written(context: Written) -> Iterator[Finding]:
    """The first of these, within one mapping."""
    yield from _mapped([(context.source, context)])


def _mapped(sources: Iterable[tuple[str, Written]]) -> Iterator[Finding]:
    targets: dict[tuple[str, str], dict[str, tuple[str, Rule, Written]]] = defaultdict(dict)
    for source, context in sources:
        for rule in context.rules:
            value, about = rule.value("value"), context.about(rule)
            if value is None or value.map is None or about is None:
                continue
            for text, target in value.map.entries.items():
                targets[about, text.casefold()].setdefault(target, (source, rule, context))
    for (about, text), by_target in sorted(targets.items(), key=lambda item: item[0]):
        for (one, (source, rule, context)), (other, (second, *_)) in combinations(by_target.items(), 2):
            yield context.on_slot(
                "TM-E04",
                f'{about}: "{text}" is {one or "nothing"} in {source} and {other or "nothing"} in {second}',
                rule,
                "value",
                concept=about,
                sources=tuple(sorted({source, second})),
                details={"targets": [one, other], "detail": text},
            )


def _bare(context: Context) -> Iterator[Finding]:
    """Tokens of one concept that two sources have as they are."""
    texts = {item.number: item for item in context.signatures if item.values == "text" and item.group}
    if len({item.source for item in texts.values()}) < 2:
        return
    found = defaultdict(list)
    for sig, token, count, places in context.duck.rows(
        f"SELECT sig, token, count(*), {FIRST} FROM (SELECT o.sig, o.file, o.record, o.line, o.part, "
        f"lower(trim(t.value_text)) AS token FROM observed o JOIN {context.table('observation')} t ON t.id = o.id "
        f"WHERE o.sig IN ({', '.join(map(str, texts))}) AND t.value_kind = 'string' "
        f"AND length(trim(t.value_text)) BETWEEN 1 AND {_SHORT}) GROUP BY ALL ORDER BY ALL"
    ):
        found[texts[sig].group, token].append((texts[sig], count, places))
    for (group, token), stated in found.items():
        owners = sorted({item.source for item, _, _ in stated})
        if len(owners) < 2:
            continue
        places = [place for item, _, each in stated for place in context.places(item.source, each, "value")]
        yield registry.finding(
            "TM-E04",
            f'{stated[0][0].meaning.said}: {" and ".join(owners)} have a value of shape "{shape(token)}" '
            "that no map explains",
            severity=Severity.WARNING,
            where=context.where(stated[0][0].rule, "value"),
            places=tuple(places),
            sources=tuple(owners),
            concept=group,
            count=sum(count for _, count, _ in stated),
        )
