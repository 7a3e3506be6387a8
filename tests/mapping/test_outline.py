"""What a mapping states, in lines for people."""

from __future__ import annotations

from twinmap.mapping.load import loads
from twinmap.mapping.outline import headline, outline, purpose

MAPPING = """\
# Vitals of a ward, by bed. What else: nothing.
#
# A second
# paragraph.
twinmap: 1
id: ward
version: 1.2.0
params:
  zone: UTC       # of the clocks
  ward: required
source: {format: csv, files: [a.csv, b.csv], timezone: $(param:zone)}
lookups: {unit: {files: u.csv, key: id}}
patient: {id: $(mrn), system: s}
keep: {kind: {not: [x, y]}, n: {min: 1, max: 9}, t: {like: "a*"}}
key: [mrn]
observe:
  - heart-rate: {value: "= -($(hr) + 1) * round($(x), 2)", unit: $(u -> unit.ucum) | /min, site: ""}
  - when: [{a: x, b: {missing: true}}, {bp: {parts: $(sys)/$(dia)}}]
    result: {code: {from: $(c), system: lab, map: {q: w}, unmapped: keep}, value: $(v), unit: "1"}
  - {when: {c: z}, then: ignore}
  - otherwise: quarantine
"""
SAID = """\
Parameters
  zone          default UTC; of the clocks
  ward          required

States
  records (a.csv, b.csv)
    keep          kind not x, y and n min 1 and n max 9 and t like a*
    patient       id $(mrn)
                  system s
    observation heart-rate
      value         = (-($(hr) + 1) * round($(x), 2))
      unit          $(u -> unit.ucum) | /min
    when a is x and b is missing or bp fits $(sys)/$(dia)
      observation result
        code          $(c) of system lab (by a map)
        value         $(v)
        unit          1
    when c is z: ignore
    otherwise quarantine"""


def test_everything_that_is_bound_is_said() -> None:
    document = loads(MAPPING).document
    assert document is not None
    assert "\n".join(outline(document, MAPPING)) == SAID


def test_the_comment_at_the_top_is_the_purpose() -> None:
    assert purpose(MAPPING) == "Vitals of a ward, by bed. What else: nothing.\n\nA second paragraph."
    assert headline(MAPPING) == "Vitals of a ward, by bed"
    assert headline("# Data of 1752.1: all\na: b\n") == "Data of 1752.1"
    assert purpose("id: a\n# no comment at the top\n") == ""
