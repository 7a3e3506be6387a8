"""One self-contained page: what the sources mean, what is wrong, and whether the books balance.

No script, no font and nothing else is fetched; the page says so to the browser. Names of input files and
patient values are not on it. It is at most :data:`PAGE_BYTES` long: where there is more, fewer examples
of each code are shown and the rest is counted.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from twinmap.renderers import _html_difference as sides
from twinmap.renderers._facts import verdict
from twinmap.renderers._html_agreement import agreement
from twinmap.renderers._html_findings import findings
from twinmap.renderers._html_ledger import books, provenance
from twinmap.renderers._html_overview import concepts, figures
from twinmap.renderers._markup import Html, element, join
from twinmap.renderers._names import FileNames
from twinmap.renderers._report import Report

#: The longest page.
PAGE_BYTES = 2_000_000
#: Examples of each code, and relations of each concept; the first number with which the page fits.
_EXAMPLES = (50, 25, 12, 6, 3, 1)

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def render(report: Report) -> str:
    """The page; the same report gives the same bytes."""
    names = FileNames(report)
    pages = (_page(report, names, examples) for examples in _EXAMPLES)
    page = next((page for page in pages if len(page.encode()) <= PAGE_BYTES), None)
    return page if page is not None else _page(report, names, 0)


def _page(report: Report, names: FileNames, examples: int) -> str:
    title, said = verdict(report)
    found = report.difference
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", f"twinmap report: {title}"),
        Html(f"<style>{_style()}</style>"),
    )
    sections = {
        "difference": ("What differs", sides.tables(report)),
        "concepts": ("What the sources mean", concepts(report, examples)),
        "agreement": ("How far they agree", agreement(report)),
        "findings": ("Findings", findings(report, names, examples)),
        "books": ("Books", books(report, examples)),
        "provenance": ("Provenance", provenance(report)),
    }
    kept = {name: (label, body) for name, (label, body) in sections.items() if body}
    differs = "comparison of two sides" if found is not None else None
    kind = differs or ("report of semantic mismatches" if "concepts" in kept else "report of findings")
    body = element(
        "body",
        element(
            "header",
            element("p", element("b", "twinmap"), f" {kind}", class_="brand"),
            element("h1", title),
            element("p", said, class_="lede"),
            figures(report) if found is None else sides.figures(report, found),
            element(
                "nav",
                *(element("a", label, href=f"#{name}") for name, (label, _) in kept.items()),
                aria_label="Sections",
            )
            if len(kept) > 1
            else None,
        ),
        element(
            "main",
            *(
                element("section", element("h2", label), body, id=name)
                for name, (label, body) in kept.items()
            ),
        ),
        element("footer", element("p", _FOOT)),
    )
    return "<!doctype html>\n" + element("html", head, body, lang="en") + "\n"


_FOOT = (
    "Values of patients and names of input files are not in this report. Whether two sources mean the same "
    "is decided by what was measured and how, never by the numbers."
)


@cache
def _style() -> Html:
    sheet = files("twinmap.renderers").joinpath("report.css").read_text(encoding="utf-8")
    return join(Html(" ".join(sheet.split())))
