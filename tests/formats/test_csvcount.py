"""The second count of CSV records: right, or not given."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twinmap.formats import csvdialect
from twinmap.formats.csvdialect import count_records, records

COUNTS = {
    "a,b\n1,2\n3,4\n": 2,
    "a,b\n1,2\n3,4": 2,
    "a,b\r\n1,2\r\n": 1,
    "a,b\n": 0,
    "": 0,
    'a,b\n"x\ny",2\n': 1,
    'a,b\n"he said ""no""",2\n"",""\n': 2,
    '"a","b"\n1,2\n': 1,
    "a,b\n\n1,2\n": None,
    "a,b\r1,2\r": None,
    'a,b\n1,5" tall\n2,6" tall\n': None,
    'a,b\n1,"open\n2,3\n': None,
    'a,b\n"x\ny"z,2\n': None,
    'a,b\n1, "x\ny"\n': None,
}


@pytest.mark.parametrize(("text", "count"), COUNTS.items())
def test_a_count(text: str, count: int | None, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode())
    assert count_records(path) == count


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(alphabet='ab,;"\n \r', max_size=40), delimiter=st.sampled_from(",;"))
def test_it_never_contradicts_the_strict_reader(text: str, delimiter: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode())
    count = count_records(path, delimiter)
    read = sum(1 for _ in records(path, "utf-8", delimiter))
    assert count is None or count == max(read - 1, 0)


def test_quotes_at_the_border_of_a_chunk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is read in pieces; a doubled quote, CR LF and an opening quote may be split."""
    text = "a,b\r\n" + '"x""y\r\n","z"\r\n' * 7
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode())
    opened = csvdialect.open_bytes

    class Small:
        def __init__(self, path: Path, size: int) -> None:
            self.file, self.size = opened(path), size

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            self.file.close()

        def read(self, size: int) -> bytes:
            return self.file.read(min(size, self.size))

    for size in range(1, 20):
        monkeypatch.setattr(csvdialect, "open_bytes", lambda path, size=size: Small(path, size))
        assert count_records(path) == 7
