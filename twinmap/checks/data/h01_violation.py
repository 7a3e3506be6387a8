"""The graph breaks a SHACL shape.

What it means: one shape (a rule about the graph) is not met at one or more nodes. The finding names
the shape, the property and the component that failed; the same cause is told once, with its count and
its first places. The severity is that of the shape: ``sh:Violation`` is an error, ``sh:Warning`` a
warning, ``sh:Info`` an info. Where another finding tells of all of these statements in the words of their
concept (an impossible value, a missing unit), this one names its code and says no more.

Why it matters: whoever reads the graph relies on what the shapes promise: a value has one unit, a
systolic blood pressure is in mm[Hg] and between the limits that are physically possible.

Example: ``not met: body temperature has a unit, or a reason why it is absent (twin:body-temperature-hasUnit)``.

What to do: follow the place to the source row and the mapping line. Often a unit, a map or an entry in
``missing`` is absent from the mapping; a value that is impossible is a fault of the source.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.ERROR
HELP = (
    "see the first places; the results one by one are in validation.ttl, what the shape demands in its file"
)
