"""A local time does not exist: the clocks of its zone skipped it.

What it means:
    The time has no offset, it is read in the time zone of the mapping, and on that day the clocks went
    forward over it. No instant is made: the statement is kept without a time. It is never moved to the hour
    before or after.
    Where it is nearly all values of a slot (95 % of at least 20), the mapping does not fit the data: that is an
    error, and the finding says how many.

Why it matters:
    No clock in that zone showed this time. Either the zone is wrong, or the device does not follow the
    change of the clocks; then other times of the same source are an hour off as well, only unseen.

Example:
    2026-03-29 02:30 in Europe/Zurich       # 02:00 is followed by 03:00 on that day

What to do:
    Ask how the source keeps time. Where it stays on standard time or UTC all year, give that as
    ``timezone`` (``UTC``, ``+01:00``). Best is a source that sends the offset with each time.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.WARNING
MESSAGE = "the {slot} does not exist in its zone: the clocks skipped it"
HELP = "check timezone: a device that does not follow the change of the clocks needs a fixed offset"
