"""One format, one file: records as text batches."""
