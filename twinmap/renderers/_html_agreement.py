"""Agreement on the page: a table, and a Bland-Altman plot of each concept with enough pairs.

The plot shows how many pairs lie where, never a pair: a square stands for pairs of three patients or more.
"""

from __future__ import annotations

from typing import Any

from twinmap.renderers import _agreement
from twinmap.renderers._common import count
from twinmap.renderers._facts import concept_label
from twinmap.renderers._markup import Child, Html, element, join, table
from twinmap.renderers._report import Json, Report

#: The plot in units of its own, and the room for numbers at its left and below.
_WIDTH, _HEIGHT, _LEFT, _BELOW = 560.0, 300.0, 64.0, 40.0


def agreement(report: Report) -> Html | None:
    """The table and the plots; None where no two sources have pairs."""
    told: dict[bool, list[list[Child]]] = {True: [], False: []}
    for row, cells in zip(_agreement.together(report), _agreement.rows(report), strict=True):
        told["bias" in row].append([*cells])
    if not (told[True] or told[False]):
        return None
    few = len(told[False])
    return join(
        element("p", _ABOUT, class_="quiet"),
        table(list(_agreement.HEAD), told[True], class_="plain") if told[True] else None,
        element(
            "details",
            element("summary", f"{count(few, 'pair')} of sources and concepts of which too little is known"),
            table(list(_agreement.HEAD), told[False], class_="plain"),
        )
        if few
        else None,
        *(_figure(report, row) for row in _agreement.together(report) if "density" in row),
    )


_ABOUT = (
    "Where both sources measured one thing of one patient within the window of the concept, one to one. Agreement of "
    "numbers does not make two measurements the same, and a bias does not make them different."
)


def _figure(report: Report, row: Json) -> Html:
    label = concept_label(report, str(row["concept"]))
    caption = (
        f"{label}: {row['source_b']} minus {row['source_a']} against their mean, "
        f"{count(row['pairs'], 'pair')} of {count(row['patients'], 'patient')}; solid the bias, dashed the limits of "
        f"agreement. {count(row['density']['left_out'], 'pair')} outside or of fewer than three patients not shown."
    )
    return element("figure", _plot(row, label), element("figcaption", caption, class_="quiet"))


def _plot(row: Json, label: str) -> Html:
    grid = row["density"]
    low, high = grid["difference"]
    unit = str(row.get("unit") or "")
    marks: list[Html] = []
    most = max((cell[2] for cell in grid["cells"]), default=1)
    wide, tall = _WIDTH / grid["grid"][0], _HEIGHT / grid["grid"][1]
    for x, y, number in grid["cells"]:
        share = 0.15 + 0.85 * number / most
        at = {"x": f"{_LEFT + x * wide:.1f}", "y": f"{_HEIGHT - (y + 1) * tall:.1f}"}
        marks.append(
            element("rect", **at, width=f"{wide:.1f}", height=f"{tall:.1f}", fill_opacity=f"{share:.2f}")
        )
    lines = [("zero", 0.0), ("bias", row["bias"]["value"])]
    lines += [("limit", row["limits"][name]["value"]) for name in ("lower", "upper")]
    marks += [_line(kind, value, low, high) for kind, value in lines if low <= value <= high]
    marks += [
        _text(_LEFT - 8, _HEIGHT - (value - low) / (high - low) * _HEIGHT, f"{value:.3g}", "end")
        for _, value in lines
        if low <= value <= high
    ]
    ends = grid["mean"]
    marks += [
        _text(_LEFT, _HEIGHT + 18, f"{ends[0]:.3g}", "start"),
        _text(_LEFT + _WIDTH, _HEIGHT + 18, f"{ends[1]:.3g}", "end"),
    ]
    marks.append(_text(_LEFT + _WIDTH / 2, _HEIGHT + 34, f"mean of both {unit}".strip(), "middle"))
    box = f"0 -8 {_LEFT + _WIDTH + 8:.0f} {_HEIGHT + _BELOW + 8:.0f}"
    return element(
        "svg", *marks, viewBox=box, role="img", aria_label=f"Bland-Altman plot of {label}", class_="plot"
    )


def _line(kind: str, value: float, low: float, high: float) -> Html:
    at = f"{_HEIGHT - (value - low) / (high - low) * _HEIGHT:.1f}"
    ends: dict[str, Any] = {"x1": f"{_LEFT:.1f}", "x2": f"{_LEFT + _WIDTH:.1f}", "y1": at, "y2": at}
    return element("line", **ends, class_=kind)


def _text(x: float, y: float, words: str, anchor: str) -> Html:
    return element("text", words, x=f"{x:.1f}", y=f"{y + 4:.1f}", text_anchor=anchor)
