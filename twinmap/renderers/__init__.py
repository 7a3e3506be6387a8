"""One report format, one file."""
