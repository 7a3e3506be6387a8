"""JSON: a file is a document, or an array of documents; an ``.ndjson`` or ``.jsonl`` file one a line."""

from __future__ import annotations

from twinmap.readers._json_documents import JsonReader

READER = JsonReader()
