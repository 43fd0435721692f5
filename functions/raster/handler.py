"""Pixels. The routes are the rows of ``swath_core.web.routes`` whose function is ``raster``.

The HTTP API and the function's own URL send the same events (payload 2.0).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

# before NumPy is loaded: its small matrix products here are faster in the thread that asks
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from swath_core.web import Application

if TYPE_CHECKING:
    from swath_core.access import Caller


def redeem(ticket: str, subject: str) -> Caller:
    """Return whose ticket this is, if it is for the subject. Raises Unauthorized."""
    from swath_core.access.tickets import redeem_ticket  # noqa: PLC0415 - for a ticket only
    from swath_core.raster import signing_key  # noqa: PLC0415 - GDAL

    return redeem_ticket(ticket, subject, signing_key())


lambda_handler = Application("raster", redeem)
