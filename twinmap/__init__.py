"""twinmap: semantic mapping for patient digital twins.

    cli > api > steps > renderers > checks > compare > validate, lift, writers > engine, readers
        > mapping > terms > formats > safeio, registry, privacy, limits > errors > diagnostics, model

``twinmap.run`` does what ``twinmap run`` does; its outcome gives the statements as pandas frames. Units are in
:mod:`twinmap.terms.ucum`, concepts in :mod:`twinmap.terms.concepts`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from twinmap.api import Outcome as Outcome
    from twinmap.api import run as run
    from twinmap.diagnostics import Finding as Finding
    from twinmap.diagnostics import Severity as Severity
    from twinmap.errors import InputOutputError as InputOutputError
    from twinmap.errors import InternalError as InternalError
    from twinmap.errors import TwinmapError as TwinmapError
    from twinmap.errors import UsageError as UsageError

#: Public name to the module that defines it; imported when it is asked for.
_PUBLIC = {
    "Finding": "diagnostics",
    "InputOutputError": "errors",
    "InternalError": "errors",
    "Outcome": "api",
    "Severity": "diagnostics",
    "TwinmapError": "errors",
    "UsageError": "errors",
    "run": "api",
}

__all__ = [
    "Finding",
    "InputOutputError",
    "InternalError",
    "Outcome",
    "Severity",
    "TwinmapError",
    "UsageError",
    "__version__",
    "run",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is asked for."""
    if name in _PUBLIC:
        from importlib import import_module

        return getattr(import_module(f"twinmap.{_PUBLIC[name]}"), name)
    raise AttributeError(f"module 'twinmap' has no attribute {name!r}")
