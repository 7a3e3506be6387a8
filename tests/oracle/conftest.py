"""Makes the modules of the oracle importable, and sets how deep the tests look.

``TWINMAP_ORACLE_EXAMPLES`` is the number of examples of each property; nightly runs raise it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings

sys.path.insert(0, str(Path(__file__).parent))

settings.register_profile(
    "oracle",
    max_examples=int(os.environ.get("TWINMAP_ORACLE_EXAMPLES", "12")),
    deadline=None,
    database=None,
    print_blob=True,
    # Shrinking runs a mapping hundreds of times; the seed is printed.
    phases=(Phase.explicit, Phase.generate),
    derandomize="TWINMAP_ORACLE_EXAMPLES" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
