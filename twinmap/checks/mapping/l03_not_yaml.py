"""The mapping file is not YAML.

What it means:
    The text cannot be read as one YAML document: a bracket is not closed, a character cannot begin a
    value, the indentation does not fit, or there is more than one document.

Why it matters:
    Nothing after this place can be trusted, so nothing of the file is used.

Example:
    unit: {from: mm[Hg]}      # inside { } a [ begins a list
    unit: {from: "mm[Hg]"}    # quoted

What to do:
    Quote values that begin with * & ! @ % { [ > | ? or a quote, values that contain ": " or " #", and
    inside { } also those that contain , [ ] { } or ?.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.ERROR
HELP = "quote the value, or mend the indentation"
