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

from twinmap.renderers._common import left_out
from twinmap.renderers._escape import visible
from twinmap.renderers._load import load_report
from twinmap.renderers._pages import Page, page, pages
from twinmap.renderers._report import Excerpt, Report

__all__ = ["Excerpt", "Page", "Report", "left_out", "load_report", "page", "pages", "visible"]
