"""One finding code, one file: its docstring is its page, and its ``check`` or what it ``TELLS`` finds it.

What a mapping writes is checked without data by its ``written``.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from twinmap import registry
from twinmap.diagnostics import Finding, merge

if TYPE_CHECKING:
    from twinmap.checks.context import Context, codes
    from twinmap.checks.written import Asked, Written

__all__ = ["Asked", "Context", "Written", "codes", "run_semantic", "run_written"]

#: What is loaded where it is asked for: the page of a code needs none of it.
_LAZY = {"Asked": "written", "Context": "context", "Written": "written", "codes": "context"}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_LAZY[name]}"), name)


def run_semantic(context: Context, wanted: Callable[[str], bool] = lambda _: True) -> list[Finding]:
    """The findings of every code that is found after the run, merged and in their order.

    That is done by its ``check(context)``, else by the differences that it ``TELLS`` of. A code with neither
    is raised where its case comes up: while a file is read or a statement made.

    Args:
        context: What the run made.
        wanted: Whether a code is looked for; what is not looked for is not computed.
    """
    from twinmap.checks import differences, explanations  # the lint of mappings needs no comparison

    found: list[Finding] = []
    for code in registry.codes():
        if not wanted(code.code):
            continue
        if hasattr(code.module, "check"):
            found += code.module.check(context)
        elif explanations.told(code):
            found += differences.differences(context, code.code)
    return merge(found)


def run_written(
    context: Written, *, only_without_data: bool = False, wanted: Callable[[str], bool] = lambda _: True
) -> list[Finding]:
    """What is wrong with what a mapping itself writes: codes, units and facets that contradict each other.

    That is found by the ``written`` of a code; and where the label of a row of a code map differs from its target
    in a facet, by what the code ``TELLS``.

    Args:
        context: The mapping.
        only_without_data: Leave out the codes that a run finds in the data, with how often and where.
        wanted: Whether a code is looked for.
    """
    found: list[Finding] = []
    if not only_without_data and context.labelled:
        from twinmap.checks import labels  # it needs every code that tells of a difference

        found += labels.findings(context)
    for code in registry.codes_with("written"):
        in_data = hasattr(code.module, "check") or hasattr(code.module, "MESSAGE")
        if wanted(code.code) and not (only_without_data and in_data):
            found += code.module.written(context)
    return found
