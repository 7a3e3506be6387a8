"""What is wrong in a mapping file: family L."""
