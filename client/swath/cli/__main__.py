"""`python -m swath.cli`: the `swath` command."""

import sys

from swath.cli import main

sys.exit(main())
