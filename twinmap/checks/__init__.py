"""One finding code, one file; its docstring is its page, and its ``check``, where it has one, finds it."""

from __future__ import annotations

from twinmap import registry
from twinmap.checks.context import Context
from twinmap.diagnostics import Finding, merge

__all__ = ["Context", "run_semantic"]


def run_semantic(context: Context) -> list[Finding]:
    """The findings of every code that has a ``check``, merged and in their order.

    A code without one is raised where its case comes up: while a file is read or a statement made.
    """
    found: list[Finding] = []
    for code in registry.codes():
        if hasattr(code.module, "check"):
            found += code.module.check(context)
    return merge(found)
