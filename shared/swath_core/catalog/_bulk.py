"""Many images in one request: each is saved, or says why not."""

from __future__ import annotations

from dataclasses import dataclass

from swath_core.documents import Document
from swath_core.errors import SwathError

BULK_LIMIT = 1000
"""Images of one bulk request (10 MB and 30 s are the API's own limits)."""


@dataclass(frozen=True, slots=True)
class BulkResult:
    """What became of one item: the saved image, or the error, never both."""

    index: int
    image: Document | None = None
    error: SwathError | None = None
