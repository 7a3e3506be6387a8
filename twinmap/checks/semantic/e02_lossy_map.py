"""A map gives one target to values that the target's own list tells apart.

What it means:
    Two or more texts of a ``map`` of a value or of a facet have one target, while the value set of the concept, or
    the scheme of the facet, has a word of its own for each: "light smoker" and "heavy smoker" are both mapped to
    "smoker, status unknown", "left wrist" and "right wrist" to "wrist". Whether two local words that no list knows
    mean two things, only a code book can say: they are not meant, and neither are spellings of one word. Code maps
    are not meant: the statement keeps the received code beside its target (``raw_code``).

Why it matters:
    What the source told apart is one value from here on, and nobody can tell later which it was.

Example:
    site: {from: $(cuff), map: {left wrist: wrist, right wrist: wrist}}

What to do:
    Give each its own target. Where the difference is not wanted, nothing: the finding says what is given up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping

from twinmap.checks.written import Rule, Written
from twinmap.diagnostics import Finding, Severity
from twinmap.terms.facets import facets
from twinmap.terms.names import words

SEVERITY = Severity.WARNING
HELP = "give each its own target, or accept that they are told apart no more"


def written(context: Written) -> Iterator[Finding]:
    """One finding a rule, slot and target."""
    told: set[tuple[object, str]] = set()  # the members of a panel may share a map
    for rule in context.rules:
        if rule.statement.kind != "observation":
            continue
        for slot, meant in _lists(context, rule).items():
            for target, texts in _merged(rule, slot, meant):
                value = rule.value(slot)
                if value is not None and (value.span, target) in told:
                    continue
                told.add((value.span if value is not None else rule.id, target))
                listed = ", ".join(f'"{text}"' for text in texts)
                yield context.on_slot(
                    "TM-E02",
                    f"{len(texts)} values of the source become {target}, and each has a word of its own: {listed}",
                    rule,
                    slot,
                    details={"target": target, "values": len(texts), "detail": target},
                )


def _lists(context: Written, rule: Rule) -> dict[str, Callable[[str], str | None]]:
    """By slot: what a text means by the list that its targets come from; None where the list has no word for it."""
    found: dict[str, Callable[[str], str | None]] = {
        name: facet.value for name, facet in facets().items() if facet.type == "words"
    }
    concept = context.catalogue.get(rule.statement.concept)
    if concept is not None and concept.value_set:
        by_words = {words(label): curie for curie, label in concept.value_set.items()}
        found["value"] = lambda text: text if text in concept.value_set else by_words.get(words(text))
    return found


def _merged(rule: Rule, slot: str, meant: Callable[[str], str | None]) -> Iterator[tuple[str, list[str]]]:
    """Targets of the map of a slot, each with one text for every meaning that is mapped to it."""
    value = rule.value(slot)
    entries: Mapping[str, str] = value.map.entries if value is not None and value.map is not None else {}
    by_target: dict[str, dict[str, str]] = defaultdict(dict)
    for text, target in entries.items():
        meaning = meant(text)
        if target and meaning is not None:
            by_target[target].setdefault(meaning, text)
    yield from ((target, list(texts.values())) for target, texts in by_target.items() if len(texts) > 1)
