"""JSON, strictly: numbers keep their text, a key stands once, nothing unusual is let in.

The standard library's scanner does the work; this module sets it up and adds what it lets pass: two
equal keys in an object, ``NaN`` and ``Infinity``, nesting without end, and text that is half of a
surrogate pair and so no text at all. Numbers are never computed with: ``2.50`` stays ``2.50``, and an
18-digit identifier keeps its last digit.
"""

from __future__ import annotations

import json
import re
from typing import Any

from twinmap.limits import LIMITS
from twinmap.privacy import shape

#: The characters that JSON passes over between values.
SPACE = " \t\n\r"


class Number(str):
    """The text of a JSON number, as written; the type tells ``5`` from ``"5"``."""

    __slots__ = ()


class JsonError(ValueError):
    """A text that is refused.

    ``code`` is ``TM-Q04`` (not JSON), ``TM-Q05`` (a key twice), ``TM-Q03`` (not text) or ``TM-Q15``
    (too deep or too large); ``position`` the offset of the place, None where only the value is known.
    """

    def __init__(self, code: str, message: str, position: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.position = position


def decode(text: str) -> Any:
    """The one JSON value that ``text`` holds, white space around it allowed.

    >>> decode('{"dose": 2.50, "given": true}')
    {'dose': '2.50', 'given': True}

    Returns:
        dict, list, str, :class:`Number`, bool or None.

    Raises:
        JsonError: It is not one valid JSON value.
    """
    start = 0 if text[:1] in {"{", "["} else len(text) - len(text.lstrip(SPACE))
    value, end = decode_at(text, start)
    if end != len(text) and (after := text[end:].lstrip(SPACE)):
        place = len(text) - len(after)
        raise JsonError("TM-Q04", "not JSON: something stands after the end of the value", place)
    return value


def decode_at(text: str, start: int) -> tuple[Any, int]:
    """The JSON value that begins at ``start`` and the offset behind it.

    Raises:
        JsonError: What begins there is not a valid JSON value.
    """
    try:
        value, end = _DECODER.raw_decode(text, start)
    except json.JSONDecodeError as error:
        raise JsonError("TM-Q04", f"not JSON: {_reason(error)}", error.pos) from None
    except RecursionError:
        raise _too_deep() from None
    if text.count("{", start, end) + text.count("[", start, end) > LIMITS.json_depth and _deep(value):
        raise _too_deep()
    if text.find("\\u", start, end) >= 0:
        _refuse_half_pairs(text, start, end)
    return value, end


def text_of(value: Any) -> str | None:
    """The text of a scalar: booleans as ``true`` and ``false``; None for null, objects and arrays."""
    kind = type(value)
    if kind is str:
        return value  # type: ignore[no-any-return]
    if kind is Number:
        return str(value)  # an object of a subclass costs the garbage collector, a plain text does not
    if value is True:
        return "true"
    return "false" if value is False else None


def key_twice(key: str) -> JsonError:
    """The refusal of an object with this key twice; the key is shown where it looks like a name."""
    name = key if _PLAIN_KEY.fullmatch(key) else shape(key)
    return JsonError("TM-Q05", f'the key "{name}" stands twice in one object')


def dump(value: Any) -> str:
    """Compact JSON of a decoded value, keys sorted; numbers as they were written."""
    if type(value) is dict:
        return "{" + ",".join(f"{dump(key)}:{dump(value[key])}" for key in sorted(value)) + "}"
    if type(value) is list:
        return "[" + ",".join(map(dump, value)) + "]"
    if type(value) is Number:
        return str(value)
    return json.dumps(value, ensure_ascii=False)


_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z_-]{0,39}")
#: An escape in a string: a whole surrogate pair, half of one (group 1), or any other.
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise key_twice(twice)
    return found


def _constant(name: str) -> Any:
    raise JsonError("TM-Q04", f"not JSON: {name} is not a number")


_DECODER = json.JSONDecoder(
    parse_int=Number, parse_float=Number, parse_constant=_constant, object_pairs_hook=_object
)


def _reason(error: json.JSONDecodeError) -> str:
    words = error.msg.split(": ", maxsplit=1)[0]
    return words[:1].lower() + words[1:]


def _too_deep() -> JsonError:
    return JsonError("TM-Q15", f"nested deeper than {LIMITS.json_depth} levels")


def _deep(value: Any) -> bool:
    """Whether arrays and objects are nested deeper than the limit; level by level, no recursion."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(LIMITS.json_depth):
        level = [
            child
            for node in level
            for child in (node.values() if type(node) is dict else node)
            if type(child) is dict or type(child) is list
        ]
        if not level:
            return False
    return True


def _refuse_half_pairs(text: str, start: int, end: int) -> None:
    for match in _ESCAPE.finditer(text, start, end):
        if match[1]:
            raise JsonError("TM-Q04", "not text: half of a surrogate pair", match.start())
