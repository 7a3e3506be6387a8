"""Builds HTML in which every string is escaped unless it is already markup."""

from __future__ import annotations

from collections.abc import Collection
from html import escape

from twinmap.renderers._escape import clip, visible

#: No string of a report is longer on the page; the JSON has all of it.
LONGEST = 400


class Html(str):
    """Markup; a plain ``str`` is text."""

    __slots__ = ()


#: What may stand inside an element; ``None`` and empty text are left out.
Child = str | None

_VOID = frozenset({"meta", "br", "col"})


def text(value: str) -> Html:
    """The text as markup: hidden characters shown, long text cut, ``< > & " '`` escaped."""
    return Html(escape(visible(clip(value, LONGEST)), quote=True))


def join(*children: Child) -> Html:
    """The children in a row."""
    return Html("".join(c if isinstance(c, Html) else text(c) for c in children if c))


def element(tag: str, /, *children: Child, **attributes: str | bool | None) -> Html:
    """``<name …>children</name>``; ``class_`` and ``data_source`` are written as HTML spells them.

    >>> element("td", "1 < 2", class_="n")
    '<td class="n">1 &lt; 2</td>'

    Attributes that are None, False or empty are left out; names come from us, never from data.
    """
    written = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{text(str(value))}"')
        for key, value in attributes.items()
        if value not in (None, False, "")
    )
    if tag in _VOID:
        return Html(f"<{tag}{written}>")
    return Html(f"<{tag}{written}>{join(*children)}</{tag}>")


def table(
    head: list[str],
    rows: list[list[Child]],
    *,
    numbers: bool | Collection[int] = False,
    class_: str | None = None,
) -> Html:
    """A table whose first column heads its rows; ``numbers`` are the columns of figures, or whether all others are."""
    figures = range(1, len(head)) if numbers is True else numbers or ()
    kinds = ["n" if index in figures else None for index in range(1, len(head))]
    cells = [element("th", head[0], scope="col")]
    cells += [
        element("th", title, scope="col", class_=kind) for title, kind in zip(head[1:], kinds, strict=True)
    ]
    body = [
        element(
            "tr",
            element("th", row[0], scope="row"),
            *(
                element("td", cell, class_=kind, data_head=title)
                for title, cell, kind in zip(head[1:], row[1:], kinds, strict=True)
            ),
        )
        for row in rows
    ]
    return element("table", element("thead", element("tr", *cells)), element("tbody", *body), class_=class_)
