"""SHACL engines behind one interface."""
