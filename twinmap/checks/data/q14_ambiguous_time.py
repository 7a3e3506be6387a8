"""A local time happened twice: the clocks of its zone were set back over it.

What it means:
    The time has no offset and lies in the hour that is repeated when the clocks go back. The earlier of the
    two instants is taken, and the statement says so: its ``time_origin`` is ``ambiguous``.

Why it matters:
    The true instant may be one hour later. Two readings can change their order, and a pair of readings from
    two devices can look an hour apart.

Example:
    2026-10-25 02:30 in Europe/Zurich       # once in summer time (+02:00), once in standard time (+01:00)

What to do:
    Have the source send the offset, or UTC. Where it stays on one offset all year, give that as
    ``timezone`` (such as ``+01:00``). Else leave these statements out of what depends on the hour.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.WARNING
MESSAGE = "the {slot} occurs twice in its zone: the earlier instant is taken"
HELP = "have the source send times with their offset, or in UTC"
