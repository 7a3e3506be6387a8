"""Tests beside a mapping: ``vitals.test.yaml`` says what a record of ``vitals.yaml`` must become.

    tests:
      - name: kPa is converted, not copied
        given: {mrn: "42", charted_at: 01.03.2026 08:15, sbp: 16.0, bp_unit: kPa}
        expect: [{code: loinc:8480-6, value: 120.0, unit: "mm[Hg]", tolerance: 0.1}]
        findings: []

``cases`` reads such a file, ``given`` writes the records as input files, ``run`` runs the mapping on them,
``expect`` compares what it stated.
"""
