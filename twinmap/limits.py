"""Every cap of twinmap in one place; what exceeds one is refused or set aside, with its place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The caps. Sizes are bytes, depths and counts are numbers of items."""

    #: A mapping file; larger ones are data, not mappings. The largest real one has 9 kB.
    mapping_bytes: int = 250_000
    #: Nesting of a mapping file. The deepest real mapping uses 9.
    mapping_depth: int = 64
    #: Scalars and collections in a mapping file, those that record sets inherit counted for each. Reading
    #: costs some 20 µs apiece; the largest real file has 900.
    mapping_nodes: int = 10_000
    #: One field of any input.
    field_bytes: int = 1_000_000
    #: One record (row, message, resource, document) of any input.
    record_bytes: int = 64_000_000
    #: Levels of a hierarchy of codes. That of SNOMED CT has some 20; each more may double its closure.
    hierarchy_depth: int = 1_000
    #: Columns of a CSV file.
    columns: int = 10_000
    #: Repetitions of one HL7 v2 field.
    repetitions: int = 10_000
    #: Values of a JSON document (its commas): at some 70 bytes apiece in memory, as much as a large document.
    json_values: int = 8_000_000
    #: Nesting of a JSON document.
    json_depth: int = 64
    #: Uncompressed size over compressed size; deflate reaches 1,032 at most (zlib.net, technical details).
    compression_ratio: int = 500
    #: Uncompressed size from which the ratio counts: less does no harm, however well it is packed.
    compression_floor: int = 64_000_000
    #: Uncompressed size of one file.
    uncompressed_bytes: int = 200_000_000_000
    #: Records written to quarantine.jsonl before the run stops.
    quarantine_records: int = 100_000
    #: Bytes written to quarantine.jsonl before the run stops.
    quarantine_bytes: int = 1_000_000_000
    #: Quads that may be written as JSON-LD, which needs the whole graph in memory.
    jsonld_quads: int = 200_000


LIMITS = Limits()
