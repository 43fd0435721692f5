"""How often each caller asked this minute: rows ``!quota#USER`` of the Catalog table, with TTL."""

from __future__ import annotations

import time

from swath_core.settings import Settings

from .tables import CatalogItem, bind

QUOTA = "!quota#"
MINUTE = 60
_REMEMBERED_SECONDS = 3600


def count_request(settings: Settings, user: str, now: float | None = None) -> tuple[int, int]:
    """Count a request; return how many the caller has made this minute, and the seconds left of it.

    One UpdateItem, on a row of the caller and the minute: exact, whichever function counts.
    """
    moment = int(time.time() if now is None else now)
    minute = moment // MINUTE
    bind(CatalogItem, settings)
    row = CatalogItem(f"{QUOTA}{user}", str(minute))
    row.update([CatalogItem.requests.add(1), CatalogItem.expires.set(moment + _REMEMBERED_SECONDS)])
    return int(row.requests or 0), MINUTE - moment % MINUTE


def forget_requests(settings: Settings, user: str, *, write: bool) -> int:
    """Delete the counts of a caller's requests if ``write``; return how many there are."""
    bind(CatalogItem, settings)
    rows = list(CatalogItem.query(f"{QUOTA}{user}", consistent_read=True))
    for row in rows if write else ():
        row.delete()
    return len(rows)
