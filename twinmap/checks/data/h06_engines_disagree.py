"""Two SHACL engines gave different results for the same graph and shapes.

What it means: with ``--engine both`` the graph is validated by ``shacl`` and by ``pyshacl``, and the
results are compared one by one (focus node, path, value, severity, component, shape). At least one
result was given by one engine only.

Why it matters: one of them is wrong about this graph, so neither report can be relied on there.

Example: pyshacl cannot compare a time that has a zone with one that has none, and knows no year after
9999; XSD does both.

What to do: look at the shape and the component that the finding names, decide by the SHACL
specification, and report the defect to the engine. Until then use the engine that is right.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.ERROR
HELP = "decide by the SHACL specification which engine is right, and use that one with --engine"
