"""Where the terminology store of a user lies."""

from __future__ import annotations

import os
import sys
from pathlib import Path

#: Names the store where no option does.
ENVIRONMENT = "TWINMAP_TERMS"


def store_folder(option: Path | None = None) -> Path:
    """The folder of the store: the option, ``TWINMAP_TERMS``, else ``twinmap/terms`` in the user's data folder.

    That is ``$XDG_DATA_HOME`` or ``~/.local/share``; ``~/Library/Application Support`` on macOS and
    ``%LOCALAPPDATA%`` on Windows.
    """
    if option is not None:
        return option
    named = os.environ.get(ENVIRONMENT)
    return Path(named) if named else _data_folder() / "twinmap" / "terms"


def _data_folder() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
