"""A value is not of the datatype that is declared for it.

What it means:
    The mapping or the format fixes the kind of the value, and the text does not fit it: ``kind: boolean``
    takes true, false, yes, no, 1 and 0 in any case. The value is kept as text. A quantity that is not a
    number has a code of its own: Q11.

Why it matters:
    Whoever asks for what is true finds neither this statement nor its opposite; as text it takes part in no
    comparison.

Example:
    smoker: {value: $(smokes), kind: boolean}       # a row has "sometimes"

What to do:
    Translate the words of the source: ``value: {from: $(smokes), map: {J: "true", N: "false"}}``. Where there
    are more than two answers, map them to codes and leave ``kind`` out.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.WARNING
MESSAGE = "the {slot} is not of the kind that is declared for it"
HELP = "map the texts of the source to the declared kind, or leave kind out"
