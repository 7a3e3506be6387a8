"""The fast SHACL engine could not be used; pyshacl validated the whole graph instead.

What it means: ``--engine auto`` takes the engine ``shacl`` where it is installed and can run all the
shapes. Here it is not installed for this platform, or a shape uses what it does not support (patterns
with look-around or back-references).

Why it matters: the results are the same, but pyshacl is 50 to 150 times slower.

Example: ``sh:pattern "(?=.*[0-9]).+"`` needs a look-ahead.

What to do: rewrite the pattern, or accept the time. ``--engine pyshacl`` says that this is meant.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.WARNING
HELP = "rewrite the pattern, or say --engine pyshacl and take the time"
