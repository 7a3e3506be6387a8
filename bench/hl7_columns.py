"""Reads HL7 v2 messages with twinmap's reader alone and writes what ``peer_hl7.py`` writes, as Arrow batches.

``python hl7_columns.py messages.hl7 out.arrow``: the same eleven texts an OBX, raw as they stand in the message, and
besides them what the reader always gives: place, and which fields are present.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from twinmap import registry
from twinmap.model import Field, InputFile, Request, Shape, SourceOptions

#: Message, patient, system, order, code, name, system, value, unit, status, time of each OBX; the order has the last.
PATHS = (
    *("MSH-10", "PID-3(1).1", "PID-3(1).4", "OBR-3", "OBX-3.1", "OBX-3.2", "OBX-3.3"),
    *("OBX-5", "OBX-6.1", "OBX-11", "OBX-14", "OBR-7"),
)


def batches(messages: Path) -> Iterator[pa.RecordBatch]:
    """The batches of a file."""
    fields = tuple(Field(path, path, Shape.KEY) for path in PATHS)
    request = Request("OBX", fields, SourceOptions("hl7v2"))
    events = registry.load("readers", "hl7v2").READER.read(InputFile(1, messages, messages.name), request)
    return (event for event in events if isinstance(event, pa.RecordBatch))


def rows(target: Path) -> Iterator[tuple[str, ...]]:
    """The rows of a file written here, as ``peer_hl7.py`` has them."""
    for batch in pa.ipc.open_stream(target):
        columns = [batch.column(path) for path in PATHS]
        columns[-2:] = [pc.coalesce(*columns[-2:])]
        yield from zip(*(pc.fill_null(column, "").to_pylist() for column in columns), strict=True)


def main() -> None:
    source, target = (Path(name) for name in sys.argv[1:])
    writer = None
    for batch in batches(source):
        writer = writer or pa.ipc.new_stream(target, batch.schema)
        writer.write_batch(batch)
    if writer is not None:
        writer.close()


if __name__ == "__main__":
    main()
