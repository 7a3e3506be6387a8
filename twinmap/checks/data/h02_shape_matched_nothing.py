"""A SHACL shape was applied to no node at all.

What it means: the target of the shape (a class, a node, a property) does not occur in the graph, so
the shape was never tested. Shapes about data that need not be there say so with
``tm:mayMatchNothing true`` and are not reported.

Why it matters: a validation in which nothing was looked at reads like a success.

Example: ``sh:targetClass sosa:Observatoin`` matches nothing because of a slip of the pen.

What to do: check the spelling and the namespace of the target. If the shape is about something that
this graph may lack, add ``tm:mayMatchNothing true`` to it.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.WARNING
HELP = "check the spelling of its target, or add tm:mayMatchNothing true"
