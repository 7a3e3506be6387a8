"""``python -m twinmap``."""

import sys

from twinmap.cli import main

if __name__ == "__main__":
    sys.exit(main())
