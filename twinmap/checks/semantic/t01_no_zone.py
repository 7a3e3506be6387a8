"""A time of day has neither an offset nor a time zone.

What it means:
    The text has no offset, and ``timezone`` is missing in this record or names a zone that does not exist.
    No instant is made; the statement is kept without a time. A date without a time of day needs no zone and
    is not meant here.

Why it matters:
    The same text is another instant in every zone. FHIR wants an offset with every time of day
    (hl7.org/fhir/R4/datatypes.html#dateTime); HL7 v2 takes the zone of the sender, which the receiver has to
    know. An hour more or less pairs the wrong readings.

Example:
    time: {from: $(taken_at), timezone: $(site_zone)}       # site_zone is empty, taken_at has no offset

What to do:
    Give the zone of the source by its IANA name, as a default behind the field where there is one:
    ``timezone: $(site_zone) | Europe/Zurich``.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.WARNING
MESSAGE = "the {slot} has neither an offset nor a time zone: no instant is made"
HELP = "set timezone to the IANA zone of the source, such as Europe/Zurich"
