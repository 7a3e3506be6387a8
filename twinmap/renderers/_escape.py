"""Makes text from data safe to show: what is invisible or steers a terminal becomes visible.

The ranges are written out rather than asked of ``unicodedata``, so that every Python version gives the
same bytes. Source: Unicode 16.0, general categories Cc, Cf, Cs, Zl, Zp and Default_Ignorable_Code_Point;
variation selectors are kept, they only choose a glyph.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

_RANGES = (
    "\x00-\x1f\x7f-\x9f"  # C0, DEL, C1: terminal escapes
    "\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2"
    "\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e"  # zero width, line separators, bidi embedding and override
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"  # bidi isolates, byte order mark
    "\ud800-\udfff"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"  # tags
)
HIDDEN = re.compile(f"[{_RANGES}]")


def visible(text: str) -> str:
    r"""The text on one line, with every hidden character shown.

    >>> visible("a\x1b[31mb\nc\u202ed")
    'a␛[31mb␊c\\u202ed'

    C0 controls and DEL become their control picture, all else ``\xNN``, ``\uNNNN`` or ``\UNNNNNNNN``.
    """
    return HIDDEN.sub(_show, text)


def _show(match: re.Match[str]) -> str:
    point = ord(match[0])
    if point < 0x20:
        return chr(0x2400 + point)
    if point == 0x7F:
        return "␡"
    if point < 0x100:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def dump(document: Any) -> str:
    """JSON with a final newline, in which no hidden character stands bare."""
    text = json.dumps(plain(document), ensure_ascii=False, indent=2, allow_nan=False)
    return HIDDEN.sub(_json, text) + "\n"


def plain(value: Any) -> Any:
    """The value as JSON can hold it: numbers that are not finite and other objects become text."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return value if isinstance(value, str | int | None) else str(value)


def _json(match: re.Match[str]) -> str:
    if match[0] == "\n":
        return "\n"
    units = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def clip(text: str, limit: int) -> str:
    """The text, cut to ``limit`` characters with an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
