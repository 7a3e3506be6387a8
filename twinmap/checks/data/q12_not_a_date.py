"""A time or a date does not fit the format that the mapping gives.

What it means:
    The text fits none of the formats, fits two of them as different times, or is a day that the calendar
    does not have. The statement is kept without its time, a patient without the birth date. A duration that
    is not a number, or whose unit is not one of time, is told here too: there is a start and no end.
    Where it is nearly all values of a slot (95 % of at least 20), the mapping does not fit the data: that is an
    error, and the finding says how many.

Why it matters:
    A statement without a time cannot be put in order, paired with another source or checked against a stay.
    Which of day and month comes first is not in the text ``03/04/2026``; a guess is wrong for part of the
    rows and nobody sees which.

Example:
    time: {from: $(taken_at), format: dd.MM.yyyy HH:mm}     # taken_at has the shape 9999-99-99 99:99

What to do:
    Compare the shape in the finding with ``format``. A list of formats is tried in order; no text may fit
    two of them in two ways. Words for an unknown time go into ``missing``.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.WARNING
MESSAGE = "the {slot} does not fit its format"
HELP = "set format to what the source writes; a list is tried in order"
