"""Where writers write: a file, packed where its name says so."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast


@contextmanager
def sink(path: Path) -> Iterator[BinaryIO]:
    """The file to write to; gzip without name and time, so that the bytes are the same on every run."""
    with path.open("wb") as raw:
        if path.suffix != ".gz":
            yield raw
            return
        with gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=raw, mtime=0) as packed:
            yield cast("BinaryIO", packed)
