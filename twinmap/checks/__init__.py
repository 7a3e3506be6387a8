"""One finding code, one file; its docstring is its page."""
