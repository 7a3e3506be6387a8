"""A name is given twice where it must be unique.

What it means:
    A key stands twice in one block, two rules of a record set have one name, or a short name of a
    system or look-up is declared twice with different meanings.

Why it matters:
    Most YAML readers take the last of two keys in silence: the first binding is lost.

Example:
    heart-rate:
      value: $(hr)
      value: $(pulse)

What to do:
    Keep one. For alternatives write them in one value: ``value: $(hr) | $(pulse)``.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.ERROR
HELP = "keep one; alternatives are written a | b"
