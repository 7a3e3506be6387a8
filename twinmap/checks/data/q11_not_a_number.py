"""A value that must be a number is not one.

What it means:
    A slot takes a quantity, because its concept does or because ``kind: quantity`` says so, and the text is
    none of: a number, a number with ``<``, ``<=``, ``>`` or ``>=``, a range such as ``4-7``, a ratio such as
    ``1:8``. Where ``kind`` fixes the quantity, no statement is made; else the text is kept as text. An
    expression (``= …``) whose parts are not numbers, or that divides by zero, has no value and is told here
    as well.
    Where it is nearly all values of a slot (95 % of at least 20), the mapping does not fit the data: that is an
    error, and the finding says how many.

Why it matters:
    A text is not converted, not compared and not averaged. A wrong decimal sign is worse than none: ``1,234``
    may be one or one thousand, so the mapping must say which, and twinmap does not try both.

Example:
    heart-rate: {value: $(hr), unit: /min}      # hr is "leads off"

What to do:
    List words that stand for no value in ``missing``, or translate them with ``map``. Say in ``source`` how
    numbers are written: ``decimal: ","``, ``thousands: "."``. Where texts are meant, write ``kind: text``.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.WARNING
MESSAGE = "the {slot} is not a number"
HELP = "list texts that stand for no value in missing; decimal and thousands say how numbers are written"
