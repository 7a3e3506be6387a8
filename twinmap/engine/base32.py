"""Base 32 of hashes for whole columns: what :meth:`twinmap.privacy.Key.hash` does to one."""

from __future__ import annotations

import binascii
from typing import Any

from twinmap.privacy import ID_LENGTH

_ALPHABET = b"abcdefghijklmnopqrstuvwxyz234567"
#: Bytes of a hash that an id is made of: 26 characters are 130 bits.
_BYTES = 17


def base32(hashes: Any) -> Any:
    """The ids of an Arrow string column of SHA-256 hashes in hex (64 characters, or null)."""
    import numpy as np
    import pyarrow as pa

    column = hashes.combine_chunks() if isinstance(hashes, pa.ChunkedArray) else hashes
    valid = None if column.null_count == 0 else np.asarray(column.is_valid())
    present = column if valid is None else column.drop_null()
    count = len(present)
    ends = np.frombuffer(present.buffers()[1], np.int32, count + 1, present.offset * 4)
    text = present.buffers()[2] if count else b""
    data = binascii.unhexlify(memoryview(text)[ends[0] : ends[-1]])
    digests = np.frombuffer(data, np.uint8).reshape(count, 32)[:, :_BYTES].astype(np.uint16)
    alphabet = np.frombuffer(_ALPHABET, np.uint8)
    made = np.empty((count, ID_LENGTH), np.uint8)
    for place in range(ID_LENGTH):
        byte, shift = divmod(5 * place, 8)
        pair = digests[:, byte] << 8
        if byte + 1 < _BYTES:
            pair = pair | digests[:, byte + 1]
        made[:, place] = alphabet[(pair >> (11 - shift)) & 31]
    lengths = (
        np.full(len(column), ID_LENGTH, np.int32) if valid is None else valid.astype(np.int32) * ID_LENGTH
    )
    offsets = np.concatenate([np.zeros(1, np.int32), np.cumsum(lengths, dtype=np.int32)])
    nulls = None if valid is None else pa.py_buffer(np.packbits(valid, bitorder="little").tobytes())
    return pa.StringArray.from_buffers(
        len(column), pa.py_buffer(offsets.tobytes()), pa.py_buffer(made.tobytes()), nulls
    )
