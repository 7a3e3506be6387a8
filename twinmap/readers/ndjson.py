"""NDJSON: a file has one JSON document a line, whatever it is called; blank lines are passed over."""

from __future__ import annotations

from twinmap.readers._json_documents import JsonReader

READER = JsonReader(ndjson=True)
