"""No rule of the mapping applies to a record.

What it means:
    All rules have a ``when``, and none holds for this record. With ``otherwise: report`` (the default)
    nothing is stated, and the ledger counts the record as unclaimed. With ``otherwise: quarantine`` the
    record is set aside, its raw text included.

Why it matters:
    A new kind of row, segment or device arrives and nobody has said what it means. The count shows it on
    the first day; without it such records would only be absent.

Example:
    observe:
      - {when: {type: "9"}, diastolic-blood-pressure: {value: $(value), unit: mmHg}}
      - {when: {type: "10"}, systolic-blood-pressure: {value: $(value), unit: mmHg}}
    # a record of type 11 is claimed by neither

What to do:
    Add a rule for these records. Where they are not wanted, end the rules with ``otherwise: ignore``, or
    leave them out with ``keep``: they are counted as filtered then.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.INFO
MESSAGE = "no rule of the mapping applies to the record"
HELP = "add a rule for such records, or write otherwise: ignore where they are not wanted"
