"""A statement has no code: there is a value, and it is not said of what.

What it means:
    The ``code`` of a rule is missing here. The statement fails alone: it is not in the graph, the ledger
    counts it and its cells as failed, and the place names the part (``OBX[3]``). What else the record states
    is kept; where nothing is left, the record is set aside and its fields are in the quarantine. With ``each``
    that is the item alone, not its message or document. A code that is there and has no target in a map is
    another finding: C01.

Why it matters:
    A number without a code has no meaning. A display or a column title is no substitute: two sources write
    different words for one test, and the same word for two.

Example:
    result: {code: lab:$(TEST), value: $(RESULT)}       # TEST is empty in this row

What to do:
    Give the code an alternative (``lab:$(TEST) | lab:$(PANEL)``). Rows that hold no result (titles, remarks)
    are left out with ``keep`` or claimed by a rule of their own with ``when``.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.ERROR
MESSAGE = "a statement has no code"
HELP = "add an alternative to the code, or leave such records out with keep"
