"""How long a raster may take: a caller who asks for too much hears of it before time is up."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from swath_core.errors import BadRequest
from swath_core.raster.grid import TILING_ADVICE


@dataclass(frozen=True, slots=True)
class Deadline:
    """The moment, on a clock of seconds, by which a raster must have been computed.

    ``advice`` tells the caller what else could be done than asking for less.
    """

    at: float
    advice: str = ""
    clock: Callable[[], float] = time.monotonic

    def check(self, done: float) -> None:
        """Raise BadRequest if time is up with only this part (0 to 1) of the raster done."""
        if self.clock() >= self.at:
            raise BadRequest(
                f"the raster takes too long for one request: {done:.0%} of it was done when time "
                f"was up. {TILING_ADVICE}{self.advice}"
            )


NEVER = Deadline(math.inf)
