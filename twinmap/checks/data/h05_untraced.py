"""A SHACL result could not be traced to a place in the source.

What it means: the focus node of the result is no statement of this run: it has no
``prov:wasDerivedFrom``, or it is a node that no source record made.

Why it matters: a violation without a place cannot be mended at its origin.

Example: a shape of your own targets the data set node, or a graph of another tool was added.

What to do: look the node up in the graph. If it was made by twinmap from a record, please report it.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.WARNING
HELP = "look the node up in the graph: no record of the sources stands behind it"
