"""The shapes hold something that no SHACL engine will run.

What it means: a term of the SHACL namespace does not exist (``sh:minCnt``), a property shape has no
``sh:path`` or more than one, or a shape holds a rule (``sh:rule``), which validation does not run.

Why it matters: engines pass over what they do not know. The constraint that was meant is not tested,
and the graph seems to conform.

Example: ``ex:Unit sh:path tm:unit ; sh:minCnt 1 .`` demands nothing.

What to do: correct the term; the finding names the nearest one that exists.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.ERROR
HELP = "correct the shape: engines pass over what they do not know"
