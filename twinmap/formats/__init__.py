"""The doors: bytes to events, no meaning."""
