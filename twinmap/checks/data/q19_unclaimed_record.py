"""Nothing is stated of a record: no rule applies to it, or finds nothing in it.

What it means:
    All rules have a ``when``, and none holds for this record (with ``each``: this item, told by its part). With
    ``otherwise: report`` (the default) nothing is stated, and the ledger counts the record as unclaimed. With
    ``otherwise: quarantine`` the record is set aside, its fields in the quarantine; this is a warning, and the
    other items of its document stay. A record to which a rule applies that finds no value and no code in it is
    unclaimed as well: such records are counted in a finding of their own. Where this is so of every record of a
    source, both are warnings. What is said of the patient beside
    the rules claims no item.

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
    leave them out with ``keep``: they are counted as filtered then. Where a rule finds nothing, look at one of
    the places: a panel without a value of its own is as it should be, a value under another name is not.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.INFO
MESSAGE = "no rule of the mapping applies to the record"
ASIDE = "no rule of the mapping applies to the record, and it is set aside"
HELP = "add a rule for such records, or write otherwise: ignore where they are not wanted"
SILENT = "a rule applies to the record and finds nothing to state in it"
ALL_HELP = "look whether this is the data that the mapping is for: nothing at all is stated of it"
SILENT_HELP = "look whether such records hold a value that the rule does not read"
