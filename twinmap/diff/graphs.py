"""Any RDF file as statement tables, as if a run had read it.

What comes back of a graph that a run wrote, and what cannot:

=====================  ==========================================================================================
column                 from a graph
=====================  ==========================================================================================
``source``             the name of the graph; null in Turtle and N-Triples, which have no graphs
``rule line``          null: not in the graph
``file record part``   from the place; without one, file 0 is the graph itself and its records are numbered
``ordinal``            numbered anew at each place, in the order of the ids
``display``            null, as is the text of a coded value (``value_text``)
``raw_code …``         null, as is ``map_predicate``
``status_raw``         null
``value_kind``         a ratio comes back as a range, a time or sampled value as a string: the graph writes them alike
``unit_raw``           only where it is not UCUM; ``unit_system_raw`` null
``ref_low ref_high``   null; ``note`` too
``time_precision``     hours and minutes come back as seconds, a fraction that ends in zeros as a shorter one
``time_origin``        ``offset`` of every date-time: the graph states all in UTC; ``offset_min`` null
``deceased``           a date-time comes back as ``true``
patient                one row a place that states the record; ``birth_date`` … of one source are one
device                 one row a source; ``name`` and the place are null
identifier             nothing: identifiers are not in a graph
=====================  ==========================================================================================

All else comes back to the letter, canonical values and ids included. In a graph of others an IRI that names a
patient, a record, an encounter, a device or a panel is hashed into the form of an id. There is no key for this: two
graphs with the same IRIs have the same patients, and who knows an IRI can find its id.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from twinmap.diff import fhir_rdf, graph_tables
from twinmap.diff.pivot import pivot
from twinmap.diff.quads import is_graph, stage
from twinmap.engine.duck import Duck
from twinmap.errors import UsageError
from twinmap.kinds import KINDS
from twinmap.terms.concepts import Catalogue, catalogue


@dataclass(frozen=True, slots=True)
class Read:
    """What was read of a graph.

    Args:
        tables: The Parquet file of each kind.
        quads: How many quads the file states.
        unread: IRIs of predicates and classes of which nothing was read, with the number of quads.
        several: Predicates of which some subjects have several objects where one is read, with the number of
            those subjects: none was taken, but of codes one of LOINC, else of SNOMED CT, else the first.
        untimed: Times without an instant: no time zone is stated, or it is no time.
    """

    tables: Mapping[str, Path]
    quads: int
    unread: Mapping[str, int]
    several: Mapping[str, int]
    untimed: int


#: Runs a mapping over data, if any, into a folder.
Runner = Callable[[str, str | None, Path], None]


def read(
    path: Path, folder: Path, duck: Duck, run: Runner | None = None, concepts: Catalogue | None = None
) -> Read:
    """Read an RDF file; the tables have the columns of :mod:`twinmap.kinds`.

    FHIR in RDF is written as FHIR in JSON and read by ``builtin:fhir-r4``: patients have the ids of the key of that
    run, as those of the same resources in JSON.

    Args:
        path: ``.nq .nt .ttl .trig .jsonld .rdf`` or ``.xml``, each also ``.gz`` or ``.zst``.
        folder: Where the tables go, and what is made on the way.
        duck: Computes within its memory.
        run: Runs a mapping; needed for FHIR.
        concepts: What is known of codes; the shipped concepts where None.

    Raises:
        UsageError: The ending is not known; there is FHIR and no ``run``, or FHIR beside statements of another kind.
        InputOutputError: The file is missing, cut short, not in its format (with the line), or over a limit.
    """
    work = folder / "graph"
    work.mkdir(parents=True)
    try:
        return _read(path, folder, work, duck, run, concepts or catalogue())
    finally:
        shutil.rmtree(work)


def _read(path: Path, folder: Path, work: Path, duck: Duck, run: Runner | None, concepts: Catalogue) -> Read:
    quads = stage(duck, path, work)
    if not quads.count:
        return Read({}, 0, {}, {}, 0)
    wide = pivot(duck, quads, work)
    tables, untimed = graph_tables.write(duck, quads, wide, folder, concepts)
    resources = work / "fhir.ndjson"
    if fhir_rdf.write(duck, quads, resources):
        if run is None or tables:
            raise UsageError(
                f"{path} holds FHIR resources" + (" beside other statements" if tables else ""),
                help="give them in a file of their own",
            )
        run("builtin:fhir-r4", str(resources), folder / "fhir")
        tables = {kind: folder / "fhir" / "tables" / f"{kind}.parquet" for kind in KINDS}
        tables = {kind: table for kind, table in tables.items() if table.is_file()}
        return Read(tables, quads.count, fhir_rdf.unread(wide.unread), {}, 0)
    return Read(tables, quads.count, wide.unread, wide.several, untimed)


__all__ = ["Read", "is_graph", "read"]
