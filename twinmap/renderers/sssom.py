"""SSSOM TSV: how the terms of the sources relate, for mapping tools and version control.

What must not be mapped is in a document of its own, ``sssom_negative``: common readers turn a row with the
modifier ``Not`` into the assertion that it denies.
"""

from __future__ import annotations

from twinmap.renderers import _sssom
from twinmap.renderers._alignments import alignments
from twinmap.renderers._report import Report


def render(report: Report) -> str:
    """The relations of a report between terms that are not the same, but for those that deny one."""
    found = alignments(report)
    comment = (
        "Relations are decided by codes and facets, never by values. "
        f"What is not comparable is in a set of its own.{found.left_out}"
    )
    return _sssom.document(report, found.positive, "sssom", "How the terms of the sources relate", comment)
