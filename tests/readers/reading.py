"""What the tests of readers share: all that a reader says about one file, its books balanced."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from twinmap.model import (
    AROUND,
    Field,
    FileCounts,
    InputFile,
    Issue,
    Note,
    Request,
    SetAside,
    SourceOptions,
)


class Result:
    """What a reader gave for one file; ``counts`` come last and agree with the rest."""

    def __init__(self, reader: Any, file: InputFile, request: Request) -> None:
        items = list(reader.read(file, request))
        batches = [item for item in items if isinstance(item, pa.RecordBatch)]
        for batch in batches:
            batch.validate(full=True)
        self.rows: list[dict[str, Any]] = [row for batch in batches for row in batch.to_pylist()]
        self.aside = [item for item in items if isinstance(item, SetAside)]
        self.issues = [item for item in items if isinstance(item, Issue)]
        self.notes = [item for item in items if isinstance(item, Note)]
        (self.counts,) = (item for item in items if isinstance(item, FileCounts))
        assert items[-1] is self.counts
        records = {row["_record"] for row in self.rows} | {item.record for item in self.aside}
        assert len(records) == self.counts.records - self.counts.filtered
        assert self.counts.second in {None, self.counts.records}
        assert self.counts.items == len(self.rows)

    @property
    def cells(self) -> Counter[str]:
        named = (name.removeprefix(AROUND) for row in self.rows for name in row["_cells"])
        return Counter(self.counts.cells) + Counter(named)

    @property
    def codes(self) -> list[str]:
        return [issue.code for issue in self.issues]

    def column(self, name: str = "a") -> list[Any]:
        return [row[name] for row in self.rows]


def read(
    reader: Any,
    path: Path,
    *fields: str | Field,
    each: str | None = None,
    number: int = 1,
    siblings: Sequence[Path] = (),
    **options: Any,
) -> Result:
    """Read a file; a field that is a text is the name of its reference."""
    asked = tuple(Field(item, item) if isinstance(item, str) else item for item in fields)
    file = InputFile(number, path, path.name, tuple(siblings))
    return Result(reader, file, Request(each, asked, SourceOptions(**options)))
