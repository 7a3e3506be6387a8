"""SHACL engines behind one interface.

    validation = run.validate_parts(parts, [*files.shipped_shapes(), generated], context=shared)
    findings = [findings.violation(group, places=…) for group in validation.groups]
    findings += findings.about_validation(validation)

``run`` is the entry, ``files`` the one for RDF files. Before an engine sees the shapes, ``shapes`` reads and
names them, ``lint`` finds what engines pass over, ``safety`` tells which may be tested patient by patient.
``engine`` is the seam, ``engine_shacl`` and ``engine_pyshacl`` the two engines. After it, ``groups`` puts
results of one cause together, ``messages`` words them, ``targets`` counts what was looked at, ``findings``
and ``report`` are the ways out.
"""
