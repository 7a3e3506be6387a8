"""A value has more than 15 significant digits: no canonical value is made of it.

What it means
-------------
The value stands in the graph and in ``value_text`` digit by digit, in its own unit: in the graph as the simple
result, or as ``tm:sourceValue`` alone where other values of this code and unit are converted. A canonical value
is computed as an IEEE 754 double, which holds 15 significant decimal digits for certain; of longer numbers it
would show digits that nobody measured.

Why it matters
--------------
Such numbers come from programs that print a double to its last bit, not from instruments: a body weight of
``83.10000000000001`` kg. Comparisons in the canonical unit leave them out.

Example:
-------
A FHIR Quantity with the value ``170.58234126410348``.

What to do
----------
Round in the export to what the instrument can tell. In a mapping: ``value: = round($(value), 2)``.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.INFO

MESSAGE = "the {slot} has more than 15 significant digits: no canonical value"
HELP = "round to what the instrument can tell, in the export or with round(...)"
