"""SSSOM TSV: which terms of the sources do not mean the same and must not be mapped to each other.

Every row has the modifier ``Not``. Give it only to readers that honour it.
"""

from __future__ import annotations

from twinmap.renderers import _sssom
from twinmap.renderers._alignments import alignments
from twinmap.renderers._report import Report


def render(report: Report) -> str:
    """The relations ``not-comparable`` of a report, each as a row that denies an exact match."""
    comment = "Every row denies a match (predicate_modifier Not): a reader that does not know it must not read this set."
    found = alignments(report).negative
    title = "Terms of the sources that must not be mapped to each other"
    return _sssom.document(report, found, "sssom-negative", title, comment)
