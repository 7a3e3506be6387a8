"""``= expr``: the grammar of expressions, and the alternatives of a value.

value  = alternative {" | " alternative}
sum    = join {"&" join}                        lowest: text is joined last
join   = term {("+" | "-") term}
term   = sign {("*" | "/") sign}
sign   = "-" sign | power
power  = atom ["^" sign]                        binds to the right: 2^3^2 is 2^(3^2)
atom   = number | 'text' | $(path) | function "(" sum {"," sum} ")" | "(" sum ")"
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from decimal import Decimal

from twinmap.mapping.ast import Call, Expression, Node, Number, Operation, String, Text
from twinmap.mapping.evaluate import Outcome, evaluate
from twinmap.mapping.references import Locate, MalformedError, reference, reference_end, template
from twinmap.mapping.words import did_you_mean

__all__ = ["FUNCTIONS", "Outcome", "alternatives", "evaluate"]

#: Name, and how few and how many arguments it takes.
FUNCTIONS: dict[str, tuple[int, int]] = {
    "trim": (1, 1),
    "lower": (1, 1),
    "upper": (1, 1),
    "replace": (3, 3),
    "substring": (2, 3),
    "length": (1, 1),
    "round": (1, 2),
    "abs": (1, 1),
    "min": (1, 16),
    "max": (1, 16),
}

#: What an expression may hold: a mapping has no code, and evaluation has a known end.
MAX_NODES = 200
MAX_DEPTH = 32

_BLANK = re.compile(r"\s*")
_NUMBER = re.compile(r"[0-9]{1,100}(?:\.[0-9]{1,100})?(?![\w.])")
_STRING = re.compile(r"'((?:[^']|'')*)'")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_REGULAR = frozenset({"regex", "regexp", "match", "matches", "regexp-replace", "regex-replace", "extract"})


def alternatives(text: str, locate: Locate, *, parts: Collection[str] = ()) -> tuple[Text | Expression, ...]:
    """Read a value: its alternatives, each a text or an expression.

    Args:
        text: The value as written, without YAML's quotes.
        locate: Gives the places of parts of it.
        parts: Names given by a ``parts`` condition of the rule.

    Raises:
        MalformedError: An alternative is empty or cannot be read.
    """
    found: list[Text | Expression] = []
    for start, end in _cut(text):
        piece = text[start:end]
        if (not piece.strip() or piece.startswith("| ")) and text.strip():
            raise MalformedError("an alternative is empty", start, max(end - start, 1), "write a | b")
        if piece.startswith("= "):
            node = _Parser(text, start + 2, end, locate, parts).whole()
            found.append(Expression(node, locate(start, end - start)))
        else:
            if piece.startswith("=") and "$(" in piece:
                raise MalformedError('an expression begins with "= "', start, 1, "put a blank behind the =")
            found.append(template(piece, locate, parts=parts, offset=start))
    return tuple(found)


def _cut(text: str) -> list[tuple[int, int]]:
    """Where alternatives begin and end: cut at `` | `` outside references and quoted texts."""
    pieces, start, position = [], 0, 0
    while position < len(text):
        if text.startswith("$$(", position):
            position += 3
        elif text.startswith("$(", position):
            position = reference_end(text, position)
        elif text[position] == "'" and text.startswith("= ", start):
            closing = _STRING.match(text, position)
            position = closing.end() if closing else position + 1
        elif text.startswith(" | ", position):
            pieces.append((start, position))
            position += 3
            start = position
        else:
            position += 1
    return [*pieces, (start, len(text))]


@dataclass(slots=True)
class _Parser:
    """A recursive descent over ``text[position:end]``."""

    text: str
    position: int
    end: int
    locate: Locate
    parts: Collection[str]
    nodes: int = 0
    depth: int = 0

    def whole(self) -> Node:
        node = self._sum()
        if self._peek():
            raise self._error("an operator is missing here", "join text with &")
        return node

    def _sum(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self._error(f"an expression is nested deeper than {MAX_DEPTH} levels")
        node = self._chain("&", lambda: self._chain("+-", lambda: self._chain("*/", self._sign)))
        self.depth -= 1
        return node

    def _chain(self, operators: str, operand: Callable[[], Node]) -> Node:
        """Operands with operators of one level between them, to the left."""
        node = operand()
        while (operator := self._peek()) and operator in operators:
            self.position += 1
            node = self._count(Operation(operator, (node, operand())))
        return node

    def _sign(self) -> Node:
        if self._peek() == "-":
            self.position += 1
            return self._nested(lambda: self._count(Operation("neg", (self._sign(),))))
        node = self._atom()
        if self._peek() == "^":
            self.position += 1
            return self._nested(lambda: self._count(Operation("^", (node, self._sign()))))
        return node

    def _nested(self, make: Callable[[], Node]) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self._error(f"an expression is nested deeper than {MAX_DEPTH} levels")
        node = make()
        self.depth -= 1
        return node

    def _atom(self) -> Node:
        character = self._peek()
        start = self.position
        if character == "(":
            self.position += 1
            node = self._sum()
            self._expect(")", start)
            return node
        if self.text.startswith("$(", start):
            return self._reference(start)
        if match := _NUMBER.match(self.text, start, self.end):
            self.position = match.end()
            return self._count(Number(Decimal(match[0])))
        if match := _STRING.match(self.text, start, self.end):
            self.position = match.end()
            return self._count(String(match[1].replace("''", "'")))
        if match := _WORD.match(self.text, start, self.end):
            return self._call(match[0])
        if character == "'":
            raise self._error("this text is never closed", "close it with '; a quote in it is doubled: ''")
        if character.isdigit():
            raise self._error("this is not a number", "numbers are written 12 or 1.5, without an exponent")
        if not character:
            raise self._error("the expression ends too early", "write a value behind the operator")
        raise self._error(f'"{character}" cannot stand here', "texts are written 'text', references $(path)")

    def _reference(self, start: int) -> Node:
        stop = reference_end(self.text[: self.end], start)
        self.position = stop
        span = self.locate(start, stop - start)
        return self._count(
            reference(self.text[start + 2 : stop - 1], span, parts=self.parts, offset=start + 2)
        )

    def _call(self, name: str) -> Node:
        start = self.position
        self.position += len(name)
        if self._peek() != "(":
            self.position = start
            raise self._error(
                f'"{name}" is not a value', f"a reference is $({name}), a text '{name}'", len(name)
            )
        if name not in FUNCTIONS:
            self.position = start
            raise self._error(f'there is no function "{name}"', _no_function(name), len(name))
        opened = self.position
        self.position += 1
        arguments = [self._sum()] if self._peek() != ")" else []
        while self._peek() == ",":
            self.position += 1
            arguments.append(self._sum())
        self._expect(")", opened)
        least, most = FUNCTIONS[name]
        if not least <= len(arguments) <= most:
            takes = str(least) if least == most else f"{least} to {most}"
            self.position = start
            plural = "" if takes == "1" else "s"
            raise self._error(f"{name} takes {takes} argument{plural}, not {len(arguments)}", None, len(name))
        return self._count(Call(name, tuple(arguments)))

    def _peek(self) -> str:
        """The next character that is not a blank; "" at the end."""
        blank = _BLANK.match(self.text, self.position, self.end)
        assert blank is not None
        self.position = blank.end()
        return self.text[self.position : min(self.position + 1, self.end)]

    def _expect(self, character: str, opened: int) -> None:
        if self._peek() != character:
            self.position = opened
            raise self._error('this "(" is never closed', 'close it with ")"')
        self.position += 1

    def _count(self, node: Node) -> Node:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise self._error(f"an expression has more than {MAX_NODES} parts")
        return node

    def _error(self, message: str, advice: str | None = None, length: int = 1) -> MalformedError:
        return MalformedError(message, min(self.position, max(self.end - 1, 0)), length, advice)


def _no_function(name: str) -> str:
    if name.lower().replace("_", "-") in _REGULAR:
        return "regular expressions are not in version 1; use replace, substring or a parts condition"
    return did_you_mean(name, FUNCTIONS) or f"one of: {', '.join(FUNCTIONS)}"
