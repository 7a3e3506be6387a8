"""A value has more than 15 significant digits: computing with it rounds.

What it means
-------------
The value stands in ``value_text`` digit by digit, and in the graph in its own unit: as the simple result, or as
``tm:sourceValue`` where it is converted. For computing it is an IEEE 754 double, which holds 15 significant
decimal digits for certain; a converted value is written with 12. A number beyond what a double can hold, of more
than 308 digits, is kept as text and not computed with.

Why it matters
--------------
Such numbers come from programs that print a double to its last bit, not from instruments: a body weight of
``83.10000000000001`` kg. The digits beyond the fifteenth tell nothing about the patient.

Example:
-------
A FHIR Quantity with the value ``170.58234126410348``.

What to do
----------
Nothing, or round in the export to what the instrument can tell. In a mapping: ``value: = round($(value), 2)``.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.INFO

MESSAGE = "the {slot} has more than 15 significant digits: computing with it rounds"
HELP = "round to what the instrument can tell, in the export or with round(...)"
