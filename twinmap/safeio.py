"""Files: bounded open, and publishing whole or not at all."""
