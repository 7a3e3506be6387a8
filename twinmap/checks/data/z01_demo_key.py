"""The public demonstration key was used with data that are not the examples.

What it means:
    Ids of patients, records and devices are made with a secret key. This run used ``examples/demo.key``,
    which everybody can read, with files that do not lie below the folder of the key.

Why it matters:
    Whoever knows the key and a hospital number can compute the id, and so find the patient in the graph.
    The ids protect nobody.

Example:
    twinmap run icu.yaml --source export/ --key-file examples/demo.key -o out

What to do:
    Leave out ``--key-file``: a key of your own is made once and kept in your configuration folder. Give
    the same key to every run whose ids must agree, and delete this output.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.WARNING
MESSAGE = "the ids are made with the demonstration key, which everybody has"
HELP = "leave out --key-file: a key of your own is made once; delete this output"
#: The id of ``examples/demo.key``.
DEMO = "80ddc908"
