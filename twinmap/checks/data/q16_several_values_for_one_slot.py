"""A reference leads to several values, or to something with parts, where a slot takes one value.

What it means:
    The path meets a repeating element, and what it finds there differs; or it ends at an object or an
    element that is not one value. The slot is missing, and the rest of the record is kept. Values that are
    equal are one value. ``value``, ``identifiers`` and codes may have several, and a ``key`` takes them all.

Why it matters:
    To take the first would be a choice that nobody made, and the order in a file often means nothing.

Example:
    {"name": "temperature", "reading": [36.8, 37.1]}        # read as: time: $(reading)

What to do:
    Choose with a pick: ``$(reading(1))`` is the first, ``$(identifier(type=MR))`` the one that fits. Or make
    a record of each with ``each``, or go one step further down to what is one value.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.WARNING
MESSAGE = "the {slot} has several values where one is needed"
HELP = "choose with a pick, such as (1), or go down to what is one value"
