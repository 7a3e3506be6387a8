"""A reference, an expression or a value cannot be read.

What it means:
    A ``$(`` is not closed, a path does not fit the format of the source, ``^`` leads above the
    document, a look-up table is not declared, a function does not exist or has the wrong number of
    arguments, or an expression has no result.

Why it matters:
    It is caught here, before a single record is read.

Example:
    value: = round($(ratio) * 100          # the bracket is not closed

What to do:
    Follow the help. A literal ``$(`` is written ``$$(``; a name with . ( ) = in it is quoted:
    ``$('a.b')``.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.ERROR
HELP = "a literal $( is written $$(; a name with . ( ) = in it is quoted: $('a.b')"
