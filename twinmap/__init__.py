"""twinmap: semantic mapping for patient digital twins.

    cli > api > steps > renderers > checks > compare > validate, lift, writers > engine, readers
        > mapping > terms > formats > safeio, duck, registry, privacy, limits > errors > diagnostics, model

``twinmap.run`` does what ``twinmap run`` does; its outcome gives the statements as pandas frames. ``check``,
``run_tests`` and ``validate_graph`` are ``twinmap check``, ``test`` and ``validate``. Units are in
:mod:`twinmap.terms.ucum`, concepts in :mod:`twinmap.terms.concepts`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from twinmap.api import Outcome as Outcome
    from twinmap.api import Validated as Validated
    from twinmap.api import run as run
    from twinmap.api import validate_graph as validate_graph
    from twinmap.diagnostics import Finding as Finding
    from twinmap.diagnostics import Severity as Severity
    from twinmap.errors import InputOutputError as InputOutputError
    from twinmap.errors import InternalError as InternalError
    from twinmap.errors import TwinmapError as TwinmapError
    from twinmap.errors import UsageError as UsageError
    from twinmap.lint import Linted as Linted
    from twinmap.lint import check as check
    from twinmap.testing.run import Result as Result
    from twinmap.testing.run import run_tests as run_tests

#: Public name to the module that defines it; imported when it is asked for.
_PUBLIC = {
    "Finding": "diagnostics",
    "InputOutputError": "errors",
    "InternalError": "errors",
    "Linted": "lint",
    "Outcome": "api",
    "Result": "testing.run",
    "Severity": "diagnostics",
    "TwinmapError": "errors",
    "UsageError": "errors",
    "Validated": "api",
    "check": "lint",
    "run": "api",
    "run_tests": "testing.run",
    "validate_graph": "api",
}

__all__ = [
    "Finding",
    "InputOutputError",
    "InternalError",
    "Linted",
    "Outcome",
    "Result",
    "Severity",
    "TwinmapError",
    "UsageError",
    "Validated",
    "__version__",
    "check",
    "run",
    "run_tests",
    "validate_graph",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is asked for."""
    if name in _PUBLIC:
        from importlib import import_module

        return getattr(import_module(f"twinmap.{_PUBLIC[name]}"), name)
    raise AttributeError(f"module 'twinmap' has no attribute {name!r}")
