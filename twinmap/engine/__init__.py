"""The machine room: DuckDB, parts, ids, books."""
