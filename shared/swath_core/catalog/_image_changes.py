"""What a write of an image changes: its document, and the postings where it is and where it goes.

An image is posted in one placement: a version of the index, and a shard. A write leaves it there,
and so finds it in its way no search that goes on meanwhile. Only a new image, one whose time is
changed and one that gets its first footprint are posted as the product is indexed now.

``reindex`` moves an image to another placement in two steps: it is posted in both, and a while
later, when no search goes on that has looked in the new one before, it is taken out of the old one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import TYPE_CHECKING

from swath_core.definitions import declared
from swath_core.documents import INDEX_VERSION, Document, StoredImage, StoredProduct, shards_of
from swath_core.store.images import ImageChange
from swath_core.store.requests import Changes

if TYPE_CHECKING:
    from swath_core.index import IndexState, Placement, Postings

Keys = dict[tuple[str, str], None]


@dataclass(frozen=True, slots=True)
class Planned:
    """A change of an image, and what it rests on.

    ``state`` is what it adds to the index state of the product; ``index`` the version of the index
    that new images of the product have to be posted under, None where that is no matter.
    """

    change: ImageChange
    state: IndexState | None = None
    index: int | None = None


def planned_change(
    before: Document | None,
    after: Document | None,
    product: Document | None,
    guard: Changes | None = None,
) -> Planned:
    """Return what a write changes.

    Postings in cells are written where anything in them changes; those by time, which have
    ``modified``, always.
    """
    from swath_core.index import IndexState, Placement, postings_of, same_cells  # noqa: PLC0415

    old = {} if before is None else _all_keys(before)
    if after is None:
        return Planned(ImageChange(before, None, list(old), guard=guard))
    index, shards = _index_of(product)
    places = _kept(before, after)
    is_fresh = not places
    if is_fresh:
        places = [Placement(index, _shard(before, after, shards))]
    image = StoredImage(after.kind, after.id, after.attributes, after.version, after.request)
    image = replace(image, index=INDEX_VERSION, indexed=after.version, held=held_in(product))
    postings = [postings_of(image, place) for place in places]
    image = _recorded(image, postings, before)
    rows = {(row.partition, row.sort_key): row for each in postings for row in each.rows}
    removed = [key for key in old if key not in rows]
    if isinstance(before, StoredImage) and rows.keys() == old.keys() and same_cells(before, image):
        image = replace(image, indexed=before.indexed)
        by_time = (each.rows[0] for each in postings)
        rows = {(row.partition, row.sort_key): row for row in by_time}
    change = ImageChange(before, image, removed, tuple(rows.values()), guard)
    state = reduce(IndexState.union, (each.state for each in postings))
    return Planned(change, state, index if is_fresh else None)


def _index_of(product: Document | None) -> tuple[int, int]:
    """Return the version of a product's index, and its shards."""
    if isinstance(product, StoredProduct):
        return product.index, product.shards
    return INDEX_VERSION, shards_of(product.attributes) if product else 1


def held_in(product: Document | None) -> tuple[str, ...]:
    """Return the extra properties that postings of a product's images are to tell."""
    return () if product is None else tuple(sorted(declared(product.attributes)))


def _kept(before: Document | None, after: Document) -> list[Placement]:
    """Return where an image is posted and stays so; nothing where it is posted like a new one."""
    from swath_core.index import Placement, placement_of, posted_in, shard_in  # noqa: PLC0415

    if before is None or before.get("acquired") != after.get("acquired"):
        return []
    target = before.target if isinstance(before, StoredImage) else None
    recorded = [posted_in(before), *([target] if target else [])]
    places = [placement_of(names) for names in recorded]
    known = [place for place in places if place is not None]
    if len(known) == len(places) or after.get("geometry") is not None:
        return known
    return [Placement(shard=shard_in(names)) for names in recorded]


def _shard(before: Document | None, after: Document, shards: int) -> int:
    """Return the shard of an image: an old one stays where it is when shards are added.

    So a search that still knows the smaller number finds every image that it could find before.
    """
    from swath_core.index import posted_in, shard_in, shard_of  # noqa: PLC0415

    return shard_of(after.id, shards) if before is None else shard_in(posted_in(before))


def _recorded(
    image: StoredImage, postings: Sequence[Postings], before: Document | None
) -> StoredImage:
    image = replace(image, posted=postings[0].suffixes)
    if len(postings) > 1 and isinstance(before, StoredImage):
        return replace(image, target=postings[1].suffixes, since=before.since)
    return image


def _all_keys(image: Document) -> Keys:
    from swath_core.index import keys_in, posted_in  # noqa: PLC0415

    target = image.target if isinstance(image, StoredImage) else None
    return keys_in(image, posted_in(image)) | keys_in(image, target or ())


# ---- moving an image to another placement


def is_moving(image: Document | None) -> bool:
    """Return whether an image is posted in two placements."""
    return isinstance(image, StoredImage) and image.target is not None


def added(image: StoredImage, wanted: Postings, now: float) -> ImageChange:
    """Return the change that posts an image where it is wanted as well as where it is.

    Where it is nowhere else, that is all of its move. ``now`` is in epoch seconds.
    """
    from swath_core.index import posted_in  # noqa: PLC0415

    old = posted_in(image)
    after = replace(image, posted=old, index=INDEX_VERSION, target=wanted.suffixes, since=now)
    rewritten = image.index != INDEX_VERSION
    product = image.attributes["product_id"]
    there = {f"{product}|{name}" for name in old}
    written = tuple(row for row in wanted.rows if rewritten or row.partition not in there)
    if there <= {row.partition for row in wanted.rows}:
        after = replace(after, posted=wanted.suffixes, target=None, since=0.0)
    return ImageChange(image, after, (), written)


def retold(image: StoredImage, place: Placement, held: tuple[str, ...]) -> ImageChange:
    """Return the change by which postings tell other extra properties, where they are."""
    from swath_core.index import postings_of  # noqa: PLC0415

    after = replace(image, held=held)
    return ImageChange(image, after, (), postings_of(after, place).rows)


def finished(image: StoredImage) -> ImageChange:
    """Return the change that takes an image that is moving out of where it was."""
    return _left(image, image.posted or (), image.target or ())


def taken_back(image: StoredImage) -> ImageChange:
    """Return the change that takes an image that is moving out of where it was going."""
    return _left(image, image.target or (), image.posted or ())


def _left(image: StoredImage, old: Sequence[str], kept: Sequence[str]) -> ImageChange:
    from swath_core.index import keys_in  # noqa: PLC0415

    after = replace(image, posted=tuple(kept), target=None, since=0.0)
    stays = set(kept)
    removed = keys_in(image, [name for name in old if name not in stays])
    return ImageChange(image, after, list(removed))
