"""Makes the generator, the injectors and the scoring importable, and runs each data set once."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
