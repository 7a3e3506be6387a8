"""What is said of one patient contradicts itself; a link that says so is not made.

What it means:
    An identifier that two records share, or a row of the crosswalk, says that they are one patient, and
    their birth dates or their sexes (male, female) differ. None of the records of that cluster is linked:
    each stays a twin of its own. Sources that use one identifier of one system tell of one record, and there
    is no link to leave out: what they say stays together, and is reported with the sources and the record. A
    birth date that is only less precise (1970 and 1970-03-01) does not contradict.

Why it matters:
    A wrong link puts one person's results into another's twin, and everything that compares sources compares
    within a twin. A missing link loses a comparison and nothing else.

Example:
    hospital-mrn 4711 is female in the laboratory, male in the EHR      # a number that was used again

What to do:
    Look at the identifiers: numbers are reused, mistyped, or of another authority than ``system`` says.
    Correct the source or the crosswalk and run again.
"""

from twinmap.diagnostics import Severity

SEVERITY = Severity.ERROR
MESSAGE = "linked patient records differ in {slot}: the link is not made"
HELP = "check the shared identifier and the crosswalk; correct the source that is wrong"
