"""Drops whose product was not there: taken up by the schedule once it is, while their files stay.

The schedule decodes nothing itself: it puts the objects on the ingest queue, in the form of S3's
events, and the door records them again. It does so at every run until none waits any more, so a
message that is lost is sent again; one too many changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

from swath_core.documents import Document
from swath_core.store.awaited import Awaited
from swath_core.times import format_timestamp, parse_timestamp
from swath_core.uploads import Part

from ._context import IngestContext

SETTLED = timedelta(seconds=60)
"""How long product and bands are unchanged before files are taken up: bands come one by one."""
LISTED = timedelta(minutes=10)
"""How long a product stays on the list after its last drop: an index may show uploads late."""
_MOST_OBJECTS = 500


def take_up_awaited(context: IngestContext, most: int = _MOST_OBJECTS) -> int:
    """Have drops ingested again whose product is complete now; return how many are awaited.

    At most ``most`` objects of a product in a run; the next run goes on.
    """
    awaited = 0
    for each in context.awaited.listed():
        if each.until <= context.now():
            continue  # the files are gone; the row stays for listings and goes by its TTL
        bands = _complete(context, each.product_id)
        if bands is None:
            awaited += 1
        elif _before(context, SETTLED, *bands):
            _take_up(context, each, most)
    return awaited


def _complete(context: IngestContext, product_id: str) -> list[Document] | None:
    """Return a product and its bands, or None where it has none or is not there."""
    entry = context.products.product_with_bands(product_id)
    return [entry[0], *entry[1]] if entry is not None and entry[1] else None


def _before(context: IngestContext, span: timedelta, *documents: Document) -> bool:
    """Return whether none of the documents was changed for so long."""
    moment = format_timestamp(parse_timestamp(context.now()) - span)
    return all(str(each.get("modified") or "") <= moment for each in documents)


def _take_up(context: IngestContext, awaited: Awaited, most: int) -> None:
    waiting = list(islice(_waiting(context, awaited.product_id), most))
    context.announce_again(waiting)
    last = parse_timestamp(awaited.since) + LISTED
    if not waiting and format_timestamp(last) <= context.now():
        context.awaited.remove(awaited)


def _waiting(context: IngestContext, product_id: str) -> Iterator[Part]:
    """Yield of each upload that waits the object by which the drop folder records it."""
    for upload in context.uploads.of_product(product_id):
        if upload.awaits_product and upload.due is not None:
            yield (*upload.parts, *upload.companions)[0]
