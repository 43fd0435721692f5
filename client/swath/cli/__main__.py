"""`python -m swath.cli`: the `swath` command."""

import sys

from . import main

sys.exit(main())
