"""Times without an offset have no time zone, or the zone is not known.

What it means:
    The format of a time has no offset, and neither ``time`` nor ``source`` binds ``timezone``; or the
    zone is not a name of the IANA time zone database.

Why it matters:
    Half past eight in which place? An assumed zone shifts every event of the source, in silence.

Example:
    time: {from: $(charted_at), format: dd.MM.yyyy HH:mm}

What to do:
    ``source: {timezone: Europe/Zurich}``, a field (``timezone: $(tz)``), or a parameter that the run
    gives: ``params: {timezone: required}`` and ``timezone: $(param:timezone)``.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.ERROR
HELP = "source: {timezone: Europe/Zurich}, or a field: timezone: $(tz)"
