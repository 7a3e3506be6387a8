"""Whether a peer made the same triples: what both say of each observation, brought to the same names.

twinmap's IRIs are keyed hashes and the peer's are the ids of the rows, so subjects, patients, encounters and
places are translated by the table of statements, which has the record of each. Where twinmap converted a value, the value
and unit as received are compared, for the peer converts nothing. Compared are the multisets of lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

#: Predicates that both sides have, in the order of the table in the README.
PREDICATES = (
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#type",
    "http://www.w3.org/ns/sosa/hasFeatureOfInterest",
    "http://www.w3.org/ns/sosa/observedProperty",
    "http://www.w3.org/ns/sosa/hasSimpleResult",
    "https://w3id.org/twinmap/ns#unit",
    "http://www.w3.org/ns/sosa/phenomenonTime",
    "https://w3id.org/twinmap/ns#encounter",
    "https://w3id.org/twinmap/ns#record",
    "http://www.w3.org/ns/prov#wasDerivedFrom",
)
_VALUE, _UNIT = PREDICATES[3:5]
_SOURCE_VALUE, _SOURCE_UNIT = (f"https://w3id.org/twinmap/ns#source{name}" for name in ("Value", "Unit"))
_BASE = "https://twin.invalid/"


@dataclass(frozen=True, slots=True)
class Compared:
    """The number of common triples on each side, and of those that only one of them has."""

    ours: int
    peer: int
    only_ours: int
    only_peer: int

    @property
    def equal(self) -> bool:
        """Whether both made the same, and something at all."""
        return self.ours > 0 and self.only_ours == self.only_peer == 0


def compare(graph: Path, table: Path, rows: str, peer: Path, scratch: Path) -> Compared:
    """Compare the graph of a run with that of a peer.

    Args:
        graph: ``graph.nq`` of the run.
        table: Its ``tables/observation.parquet``.
        rows: SQL of ``record, id, patient, encounter`` of the input, as the peer names them.
        peer: The peer's N-Quads.
        scratch: A folder to spill to.
    """
    import duckdb

    # A million rows are 18 million triples of text: the tables lie on disk.
    base = scratch / "compare.duckdb"
    base.unlink(missing_ok=True)
    with duckdb.connect(str(base), config={"memory_limit": "8GB", "temp_directory": str(scratch)}) as duck:
        duck.create_function("iri_part", lambda text: quote(text, safe=""), [str], str)
        duck.execute(
            "CREATE TABLE pairs AS SELECT o.id AS obs, o.twin, o.patient_record, o.record, o.encounter, r.id, r.patient, "
            f"r.encounter AS visit FROM read_parquet('{table}') o JOIN ({rows}) r USING (record)"
        )
        duck.execute(
            "CREATE TABLE names AS "
            f"SELECT '<{_BASE}obs/' || obs || '>' AS ours, '<{_BASE}obs/' || id || '>' AS peer FROM pairs "
            f"UNION SELECT '<{_BASE}patient/' || twin || '>', '<{_BASE}patient/' || patient || '>' FROM pairs "
            f"UNION SELECT '<{_BASE}record/' || patient_record || '>', '<{_BASE}record/' || patient || '>' "
            f"FROM pairs UNION SELECT '<{_BASE}file/1#' || record || '>', '<{_BASE}file/1#' || id || '>' FROM pairs UNION "
            f"SELECT '<{_BASE}encounter/' || encounter || '>', '<{_BASE}encounter/' || iri_part(visit) || '>' "
            "FROM (SELECT DISTINCT encounter, visit FROM pairs)"
        )
        _lines(duck, "ours", graph)
        _lines(duck, "peer", peer)
        duck.execute(f"CREATE TABLE converted AS SELECT s FROM ours WHERE p = '<{_SOURCE_VALUE}>'")
        duck.execute(
            f"DELETE FROM ours WHERE p IN ('<{_VALUE}>', '<{_UNIT}>') AND s IN (SELECT s FROM converted)"
        )
        for received, name in ((_SOURCE_VALUE, _VALUE), (_SOURCE_UNIT, _UNIT)):
            duck.execute(f"UPDATE ours SET p = '<{name}>' WHERE p = '<{received}>'")
        listed = ", ".join(f"'<{name}>'" for name in PREDICATES)
        left = (
            "SELECT n.peer AS s, o.p, coalesce(m.peer, o.o) AS o FROM ours o JOIN names n ON n.ours = o.s "
            f"LEFT JOIN names m ON m.ours = o.o WHERE o.p IN ({listed})"
        )
        right = f"SELECT s, p, o FROM peer WHERE p IN ({listed})"
        counts = [
            duck.execute(f"SELECT count(*) FROM ({sql})").fetchall()[0][0]
            for sql in (
                left,
                right,
                f"{left} EXCEPT ALL {right}",
                f"{right} EXCEPT ALL {left}",
            )
        ]
    return Compared(*counts)


def _lines(duck: object, name: str, path: Path) -> None:
    """The table ``name`` (s, p, o) of the lines of N-Triples or N-Quads about observations."""
    pattern = r"^(<[^>]*>) (<[^>]*>) (.*?)(?: <[^<> ]*>)? \.$"
    scan = (
        f"read_csv('{path}', columns = {{'line': 'VARCHAR'}}, delim = '\x01', quote = '', escape = '', "
        "header = false, auto_detect = false)"
    )
    duck.execute(  # type: ignore[attr-defined]
        f"CREATE TABLE {name} AS SELECT t.s, t.p, t.o FROM (SELECT regexp_extract(line, '{pattern}', "
        f"['s', 'p', 'o']) AS t FROM {scan} WHERE starts_with(line, '<{_BASE}obs/'))"
    )
