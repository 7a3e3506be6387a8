"""How two sources agree where they measured one thing together; sample sizes come first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from twinmap.renderers._facts import concept_label
from twinmap.renderers._report import Json, Report

#: The head of the table of :func:`rows`.
HEAD = ("concept", "A", "B", "pairs", "patients", "B - A [95 % CI]", "limits of agreement", "verdict")


def together(report: Report) -> list[Json]:
    """The agreement of all signatures of a concept and two sources, where there are pairs or the clocks are apart."""
    return [row for row in report.agreement if "signature_a" not in row and (row["pairs"] or "shift" in row)]


def rows(report: Report) -> Iterator[tuple[str, ...]]:
    """A row for each of :func:`together`."""
    for row in together(report):
        yield (
            concept_label(report, str(row["concept"])),
            str(row["source_a"]),
            str(row["source_b"]),
            f"{row['pairs']:,}",
            f"{row['patients']:,}",
            estimate(row.get("bias"), row.get("unit")),
            limits(row),
            judged(row),
        )


def estimate(found: Any, unit: Any = None) -> str:
    """A number with its interval: ``-2.1 [-3 to -1.2] mm[Hg]``.

    >>> estimate({"value": -2.125, "low": -3.0, "high": -1.25}, "mm[Hg]")
    '-2.12 [-3 to -1.25] mm[Hg]'
    """
    if not isinstance(found, dict):
        return ""
    ends = [found.get(name) for name in ("low", "high")]
    interval = f" [{ends[0]:.3g} to {ends[1]:.3g}]" if None not in ends else ""
    return f"{found['value']:.3g}{interval}" + (f" {unit}" if unit else "")


def limits(row: Json) -> str:
    """The limits of agreement: ``-16 to 12``."""
    found = row.get("limits")
    return f"{found['lower']['value']:.3g} to {found['upper']['value']:.3g}" if found else ""


def judged(row: Json) -> str:
    """The verdict, and why where that is not said by the numbers."""
    verdict = row.get("verdict")
    if verdict is None or verdict == "insufficient" or "shift" in row:
        return f"{verdict or 'no verdict'}: {row.get('why', '')}"
    return str(verdict)
