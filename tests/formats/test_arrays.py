"""Arrow arrays made by their buffers are those that pyarrow makes, and pandas stays where it is."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinmap.formats import arrays

TEXTS = st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=5), max_size=20)
MEMBERS = ("low", "high")


@pytest.fixture
def _by_buffers(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is compared to imports pandas; where it is there already, texts are left to pyarrow."""
    pa.array([])
    monkeypatch.setattr(arrays, "sys", SimpleNamespace(modules={}))


def _same(made: pa.Array, expected: pa.Array) -> None:
    made.validate(full=True)
    assert made.type == expected.type
    assert made.equals(expected)


@pytest.mark.usefixtures("_by_buffers")
class TestByBuffers:
    @given(TEXTS)
    def test_texts(self, values: list[str | None]) -> None:
        _same(arrays.texts(values), pa.array(values, pa.string()))

    @given(
        st.lists(st.none() | st.integers(-(2**31), 2**31 - 1), max_size=20),
        st.sampled_from([pa.int32(), pa.int64()]),
    )
    def test_integers(self, values: list[int | None], kind: pa.DataType) -> None:
        _same(arrays.integers(values, kind), pa.array(values, kind))
        numbers = np.array([value or 0 for value in values], np.int64)
        _same(arrays.integers(numbers[::-1], kind), pa.array(numbers[::-1].tolist(), kind))

    @given(st.lists(st.none() | TEXTS, max_size=10))
    def test_lists(self, values: list[list[str | None] | None]) -> None:
        items = arrays.texts([item for value in values for item in value or ()])
        _same(arrays.lists(values, items), pa.array(values, pa.list_(pa.string())))

    @given(st.lists(st.none() | st.tuples(st.none() | st.text("aé"), st.none() | st.text("aé")), max_size=10))
    def test_structs(self, values: list[tuple[str | None, ...] | None]) -> None:
        kind = pa.struct([pa.field(name, pa.string()) for name in MEMBERS])
        rows = [None if value is None else dict(zip(MEMBERS, value, strict=True)) for value in values]
        _same(arrays.structs(values, MEMBERS), pa.array(rows, kind))

    def test_half_a_character_is_no_text(self) -> None:
        with pytest.raises(UnicodeEncodeError):
            arrays.texts(["a", "\ud800"])


def test_many_texts_are_left_to_pyarrow() -> None:
    values = ["é", None] * arrays._MANY
    _same(arrays.texts(values), pa.array(values, pa.string()))


def test_pandas_is_not_imported() -> None:
    script = (
        "import sys; from twinmap.formats.batches import BatchBuilder; from twinmap.model import Field, Shape\n"
        "fields = [Field(shape, shape, shape) for shape in Shape]\n"
        "builder = BatchBuilder(fields)\n"
        "row = [1, 1, None, '', 'a', 'a', [('s', 'c', None)], None, [('i', None, 't')], ('2024', None), None, ['x']]\n"
        "list(builder.add(row)); (batch,) = builder.finish(); batch.validate(full=True)\n"
        "assert batch.num_rows == 1 and 'pandas' not in sys.modules, sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
