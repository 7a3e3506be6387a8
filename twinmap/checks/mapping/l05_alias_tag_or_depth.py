"""The mapping file uses a YAML feature that is refused: alias, anchor, tag, or too much of anything.

What it means:
    Aliases (*name), anchors (&name), tags (!name), files above 250 kB, nesting deeper than 64 and more
    than 10,000 nodes are refused before anything is built from them. What record sets inherit counts for
    each of them.

Why it matters:
    A few lines of aliases expand to gigabytes, and tags can run code in careless readers. A mapping
    must be safe to open, whoever wrote it.

Example:
    time: &when {from: $(date)}
    end: *when

What to do:
    Reuse by inheritance (what stands at the top holds for every record set) and by named ``maps``.
    Where the text itself begins with * & or !, quote it: ``"*"``.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.ERROR
HELP = "if it is text, quote it; reuse is by maps and by inheritance"
