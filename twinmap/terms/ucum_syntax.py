"""The grammar of UCUM: a unit as text becomes a flat product of symbols, numbers and annotations.

The grammar is that of the UCUM specification 2.2, sections 2.1 and 2.2::

    main       = "/" term | term
    term       = component { ("." | "/") component }          evaluated from left to right
    component  = symbol [exponent] [annotation] | number [annotation] | annotation | "(" term ")"

Symbols are not looked up here; square brackets are part of a symbol and may hold any character.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

#: Longer texts are refused; the longest unit in use has about 40 characters.
MAX_LENGTH = 200
#: Larger exponents are refused: they would make numbers of millions of digits.
MAX_EXPONENT = 99

_ANNOTATION = re.compile(r"\{(?P<text>[!-z|~]*)\}")
#: Blanks, but for those that keep two words apart.
_BLANK = re.compile(r"(?<!\w)\s+|\s+(?!\w)")
_COMPONENT = re.compile(
    r"""(?P<symbol>10[*^]|(?:[!#$%&'*,:;<>?@A-Z\\^_`a-z|~]|\[[!-Z\\^-~]*\])+)(?P<exponent>[+-]?[0-9]+)?
      | (?P<number>[0-9]+)""",
    re.VERBOSE,
)


class UcumError(ValueError):
    """A text is not a unit, or two units do not fit.

    Attributes:
        reason: What is wrong; may name a symbol of the text.
        text: The unit that was read.
        position: Where in ``text``, from 0 (the message counts characters from 1); None where it concerns the whole.
        suggestion: A text that may be meant, or None.
    """

    def __init__(
        self, reason: str, text: str = "", position: int | None = None, suggestion: str | None = None
    ) -> None:
        where = "" if position is None else f" at character {position + 1}"
        super().__init__(f"{reason}{where}")
        self.reason = reason
        self.text = text
        self.position = position
        self.suggestion = suggestion


class UnknownSymbolError(UcumError):
    """The text is well formed, but a symbol in it is no unit of UCUM; ``symbol`` is it."""

    def __init__(self, symbol: str, text: str, position: int) -> None:
        super().__init__(f"{symbol} is not a unit of UCUM", text, position)
        self.symbol = symbol


@dataclass(frozen=True, slots=True)
class Token:
    """One factor of a unit: ``(symbol or number) ** exponent``.

    ``sign`` is -1 where it is divided by: in ``a/(b.c)`` for ``b`` and ``c``; ``power`` is as written. An
    annotation that stands alone is the number 1. ``position`` is where it begins in the text, from 0.
    """

    position: int
    symbol: str | None
    number: int
    sign: int
    power: int
    annotation: str | None

    @property
    def exponent(self) -> int:
        """The power with the sign that divisions give it."""
        return self.sign * self.power


def tokens(text: str) -> tuple[Token, ...]:
    """Split a unit into its factors.

    Raises:
        UcumError: The text does not follow the grammar.
    """
    _check_characters(text)
    found: list[Token] = []
    groups: list[tuple[int, int]] = []  # sign outside the parenthesis, and where it opens
    sign, group_sign = 1, 1
    at = 0
    if text.startswith("/"):
        sign, at = -1, 1
    wants_component = True
    while at < len(text):
        char = text[at]
        if wants_component and char == "(":
            groups.append((group_sign, at))
            group_sign, sign = group_sign * sign, 1
            at += 1
        elif wants_component:
            token, at = _component(text, at, group_sign * sign)
            found.append(token)
            wants_component = False
        elif char in "./":
            sign = 1 if char == "." else -1
            wants_component = True
            at += 1
        elif char == ")" and groups:
            group_sign, _ = groups.pop()
            at += 1
        else:
            raise _not_an_operator(text, at)
    if wants_component:
        raise UcumError("a unit is missing", text, len(text))
    if groups:
        raise UcumError("a parenthesis is not closed", text, groups[-1][1], text + ")" * len(groups))
    return tuple(found)


def _check_characters(text: str) -> None:
    if not text:
        raise UcumError("the unit is empty", text, 0)
    if len(text) > MAX_LENGTH:
        raise UcumError(f"the unit is longer than {MAX_LENGTH} characters", text, MAX_LENGTH)
    for at, char in enumerate(text):
        if char.isspace():
            raise UcumError("a blank is not allowed", text, at, _BLANK.sub("", text))
        if not "!" <= char <= "~":
            raise UcumError("only ASCII characters are allowed", text, at)


def _component(text: str, at: int, sign: int) -> tuple[Token, int]:
    """The component that begins at ``at``, and where it ends."""
    match = _COMPONENT.match(text, at)
    annotation = _ANNOTATION.match(text, match.end() if match else at)
    last = annotation or match
    if last is None:
        raise _not_a_component(text, at)
    end = last.end()
    note = annotation["text"] if annotation else None
    if match is None:
        return Token(at, None, 1, sign, 1, note), end
    if match["number"]:
        number = int(match["number"])
        if number == 0:
            raise UcumError("a unit cannot be multiplied by 0", text, at)
        return Token(at, None, number, sign, 1, note), end
    power = int(match["exponent"] or 1)
    if abs(power) > MAX_EXPONENT:
        raise UcumError(f"the exponent is larger than {MAX_EXPONENT}", text, match.start("exponent"))
    return Token(at, match["symbol"], 1, sign, power, note), end


def _not_a_component(text: str, at: int) -> UcumError:
    """The error where a symbol, a number or an annotation should begin and none does."""
    for opening, closing, what in (("{", "}", "an annotation"), ("[", "]", "a square bracket")):
        if text[at] == opening and closing not in text[at:]:
            return UcumError(f"{what} is not closed", text, at, text + closing)
    return UcumError("a unit, a number or an annotation is missing", text, at)


def _not_an_operator(text: str, at: int) -> UcumError:
    """The error for something that follows a component without a point or a slash."""
    char, before = text[at], text[:at]
    if char == ")":
        return UcumError("a parenthesis is closed that was not opened", text, at, before + text[at + 1 :])
    if char in "{[":
        return _not_a_component(text, at)
    if char in "+-" and before.endswith("10"):
        return UcumError("a power of ten is written 10*", text, at, f"{before}*{text[at + 1 :]}")
    return UcumError('"." or "/" is missing', text, at)
