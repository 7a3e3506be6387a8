"""A part of the mapping has the wrong type or value, or a key has no value.

What it means:
    A text stands where a block is wanted, a block where a text is, a word is not one of those allowed,
    something required is absent, or a key is followed by nothing.

Why it matters:
    A key without a value is what an unquoted comma leaves behind: ``{unit: a,b}`` reads as ``unit: a``
    and a key ``b`` without a value.

Example:
    otherwise: skip                                  # one of report, ignore, quarantine, auto
    observe: {heart-rate: $(hr)}                     # {heart-rate: {value: $(hr)}}

What to do:
    Write what the message asks for. ``slot: ""`` says that a slot is left unbound on purpose.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.ERROR
HELP = "write what the message asks for; twinmap schema lists what is allowed"
