"""The code of a panel has a value, or one member of a panel stands for all of it.

What it means:
    A panel (85354-9, blood pressure) groups its members and has no value of its own: here a number or a text is
    given under its code. As an info: of the members of a panel a source states one alone, in all its records: a
    systolic pressure and never a diastolic one.

Why it matters:
    A number under a panel could be any of its members; "120/80" is two of them. Whoever asks for systolic
    pressures finds neither. A member that is always alone is often the sign that the other one is lost on the
    way, or was given another code.

Example:
    85354-9  NM  120        # systolic? mean?

What to do:
    State the members: ``blood-pressure: {systolic: $(sys), diastolic: $(dia)}``, with ``parts`` for a text such
    as 120/80. Where one member alone is measured there is nothing to do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from twinmap.checks import Asked, Context
from twinmap.checks.context import Stated
from twinmap.compare.signature import Signature
from twinmap.diagnostics import Finding, Severity

SEVERITY = Severity.ERROR
HELP = "state the members of the panel, each with its own code"


def check(context: Context) -> Iterator[Finding]:
    """What :func:`written` finds; and one finding a source that states one member of a panel alone."""
    yield from written(context)
    for item, panel, missing in _alone(context):
        yield context.finding(
            "TM-C15",
            f"{item.source} states {item.group}, and no other member of {panel}",
            Stated(item, item.rule, item.profile.n, context.first(item)),
            severity=Severity.INFO,
            details={"panel": panel, "missing": missing},
            help="look whether the others are lost on the way or have another code",
        )


def written(context: Asked) -> Iterator[Finding]:
    """One finding a source, rule and code of a panel that has a value."""
    asked = [(item, "true") for item in context.signatures if _is_panel(item) and item.values != "absent"]
    for found in context.statements(asked):
        item = found.signature
        yield context.finding(
            "TM-C15",
            f"{item.meaning.curie} is a panel, and values of {found.source} are given under its code",
            found,
            "value",
            "code",
            details={"code": item.meaning.curie, "values": item.values},
        )


def _is_panel(item: Signature) -> bool:
    """Whether the code is that of a panel: by its concept, or a LOINC term that has neither property nor scale."""
    concept, axes = item.meaning.concept, item.meaning.axes
    if concept is not None:
        return concept.kind == "panel" and (axes is None or axes.property == "-")
    return axes is not None and (axes.property, axes.scale) == ("-", "-")


def _alone(context: Context) -> Iterator[tuple[Signature, str, list[str]]]:
    """Members of a panel that a source states alone: the signature with the most statements of each."""
    stated: dict[tuple[str, str], dict[str, Signature]] = defaultdict(dict)
    for item in context.signatures:
        concept = item.meaning.concept
        if concept is not None and concept.panel is not None and item.values == "quantity":
            first = stated[item.source, concept.panel].setdefault(concept.name, item)
            if item.profile.n > first.profile.n:
                stated[item.source, concept.panel][concept.name] = item
    for (_, name), members in sorted(stated.items()):
        panel = context.catalogue.get(name)
        if panel is not None and len(members) == 1 < len(panel.members):
            only, item = next(iter(members.items()))
            yield item, panel.name, sorted(set(panel.members.values()) - {only})
