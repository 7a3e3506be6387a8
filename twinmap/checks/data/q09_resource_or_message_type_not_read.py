"""A resource or message type that holds nothing of what the mapping reads.

What it means:
    The mapping asks for one part of each message or resource (``each: OBX``, one type of resource), and those
    of this type have none. They are counted as filtered.

Why it matters:
    Often it is meant so: a feed carries admissions beside results. But a type that comes a thousand times and
    is never read may hold data that everybody believes to be in the graph.

Example:
    messages of type ADT^A08 hold no OBX

What to do:
    Say it in the mapping with ``messages: [ORU^R01]``, or add a record set that reads this type.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.INFO
HELP = "nothing, if it is meant so; else add a record set that reads it"
