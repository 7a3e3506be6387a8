"""twinmap: semantic mapping for patient digital twins."""

__version__ = "0.1.0"
