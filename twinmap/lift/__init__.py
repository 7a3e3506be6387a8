"""Statements to RDF by target files."""
