"""The one road from a data value to a message, and the keyed ids."""

from __future__ import annotations

import re

_DIGIT = re.compile(r"[0-9]")
_LETTER = re.compile(r"[^\W\d_]")

#: Longest shape that is shown.
_SHAPE = 40


def shape(text: str) -> str:
    """The form of a value without the value: digits become 9, letters x, the rest stays.

    >>> shape("12.5 mmHg")
    '99.9 xxxx'

    Control characters become a question mark; what is longer than 40 characters is cut.
    """
    masked = _LETTER.sub("x", _DIGIT.sub("9", text[: _SHAPE + 1]))
    masked = "".join(c if c.isprintable() else "?" for c in masked)
    return masked if len(masked) <= _SHAPE else masked[:_SHAPE] + "…"
