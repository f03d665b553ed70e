"""`python -m ssmd_runtime`."""

import sys

from ssmd_runtime.cli import main

if __name__ == "__main__":
    sys.exit(main())
