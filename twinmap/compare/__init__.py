"""Signatures, relations, pairs: tables, no finding codes."""
