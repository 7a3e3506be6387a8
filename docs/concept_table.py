"""The table of ``concepts.md``: what is known of every shipped concept."""

from __future__ import annotations

from twinmap.terms import systems
from twinmap.terms.concepts import Concept, catalogue


def table() -> str:
    """A row for each shipped concept: codes by system, canonical units, limits, panel."""
    rows = (" | ".join(_row(item)) for item in catalogue().concepts.values())
    head = "| concept | | codes | unit | possible (plausible) |\n|---|---|---|---|---|"
    return "\n".join([head, *(f"| {row} |" for row in rows)]) + "\n"


def _row(item: Concept) -> tuple[str, ...]:
    meaning = item.definition.replace("|", chr(92) + "|")
    return (f"`{item.name}`", meaning, _codes_of(item), _units_of(item), _limits_of(item))


def _codes_of(item: Concept) -> str:
    codes = [systems.curie(each.system, each.code).removeprefix("loinc:") for each in item.codes]
    return " ".join([*codes, *(systems.curie(other.system, other.code) for other in item.counterparts)])


def _units_of(item: Concept) -> str:
    if item.members:
        return "panel of " + ", ".join(item.members.values())
    return ", ".join(f"`{unit}`" for unit in dict.fromkeys(item.units.values())) or "coded"


def _limits_of(item: Concept) -> str:
    if item.limits is None:
        return ""
    low, high = (
        "" if value is None else f"{value:.10g}" for value in (item.limits.hard_low, item.limits.hard_high)
    )
    soft = [
        "" if value is None else f"{value:.10g}" for value in (item.limits.soft_low, item.limits.soft_high)
    ]
    return f"{low} to {high}" + (f" ({' to '.join(soft)})" if any(soft) else "")
