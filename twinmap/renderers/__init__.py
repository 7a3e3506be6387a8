"""One report format, one file: ``render(report) -> str``, a pure function of a :class:`Report`.

    text    for people and terminals: like a compiler's errors, without colour codes
    concise a line for each finding and relation
    csv     one table of all that is counted and found, for spreadsheets and statistics
    json    one document that holds everything
    sarif   SARIF 2.1.0, for code scanning
    html    one self-contained page for people
    sssom, sssom_negative         SSSOM TSV: which terms relate, and which must not be mapped
    conceptmap_r4, conceptmap_r5  the same as FHIR ConceptMaps

Text, concise, CSV and JSON name the input files; SARIF and HTML do not (names of files are personal data).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from twinmap.renderers._common import left_out as left_out
    from twinmap.renderers._escape import visible as visible
    from twinmap.renderers._load import load_report as load_report
    from twinmap.renderers._pages import Page as Page
    from twinmap.renderers._pages import page as page
    from twinmap.renderers._pages import pages as pages
    from twinmap.renderers._report import Excerpt as Excerpt
    from twinmap.renderers._report import Report as Report

#: Name to the module that defines it; imported when it is asked for: the help of a command asks for none.
_MODULES = {
    "Excerpt": "_report",
    "Page": "_pages",
    "Report": "_report",
    "left_out": "_common",
    "load_report": "_load",
    "page": "_pages",
    "pages": "_pages",
    "visible": "_escape",
}

__all__ = ["Excerpt", "Page", "Report", "left_out", "load_report", "page", "pages", "visible"]


def __getattr__(name: str) -> Any:
    """Import a name when it is asked for."""
    if name in _MODULES:
        from importlib import import_module

        return getattr(import_module(f"twinmap.renderers.{_MODULES[name]}"), name)
    raise AttributeError(f"module 'twinmap.renderers' has no attribute {name!r}")
