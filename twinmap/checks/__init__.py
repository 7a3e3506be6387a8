"""One finding code, one file: its docstring is its page, and its ``check`` or what it ``TELLS`` finds it."""

from __future__ import annotations

from twinmap import registry
from twinmap.checks.context import Context
from twinmap.diagnostics import Finding, merge

__all__ = ["Context", "run_semantic"]


def run_semantic(context: Context) -> list[Finding]:
    """The findings of every code that is found after the run, merged and in their order.

    That is done by its ``check(context)``, else by the differences that it ``TELLS`` of. A code with neither
    is raised where its case comes up: while a file is read or a statement made.
    """
    from twinmap.checks import differences, explanations  # the lint of mappings needs no comparison

    found: list[Finding] = []
    for code in registry.codes():
        if hasattr(code.module, "check"):
            found += code.module.check(context)
        elif explanations.told(code):
            found += differences.differences(context, code.code)
    return merge(found)
