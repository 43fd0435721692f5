"""Whether a file already is the COG that the ingest would make: then its bytes are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from swath_core.nodata import Number, same_nodata

from ._overview_check import overviews_agree
from ._overviews import BLOCK, factors_down_to_one_block

_BLOCKS = (256, 512, 1024)
_LATEST_IFD = 300


def is_kept(
    dataset: Any,
    *,
    nodata: Number | None,
    band_nodata: Sequence[Number | None],
    overviews: tuple[int, ...] | None,
    named: Sequence[bool],
) -> bool:
    """Return whether a dataset can be stored byte for byte.

    It must be tiled in square blocks of 256 to 1024, carry the nodata value that it should, lie
    in the order of a COG, and have the overviews that were asked for, or down to one block; and
    these must be overviews of its pixels.
    """
    return (
        dataset.driver == "GTiff"
        and _has_blocks(dataset)
        and _is_ordered(dataset)
        and same_nodata(dataset.nodata, nodata, dataset.dtypes[0])
        and _has_overviews(dataset, overviews)
        and overviews_agree(dataset, band_nodata, named)
    )


def _has_blocks(dataset: Any) -> bool:
    return all(
        height == width and width in _BLOCKS for height, width in dataset.block_shapes
    ) and bool(dataset.profile.get("tiled", False))


def _is_ordered(dataset: Any) -> bool:
    """Return whether the headers lead the file, the largest image's last block comes last.

    The rules are those of GDAL's validate_cloud_optimized_geotiff.py; the ghost area that GDAL
    writes (LAYOUT=COG) is dropped by it when a later edit breaks them.
    """
    if dataset.tags(ns="IMAGE_STRUCTURE").get("LAYOUT") != "COG":
        return False
    levels = range(len(dataset.overviews(1)))
    ifds = [_number(dataset, "IFD_OFFSET", None)]
    ifds += [_number(dataset, "IFD_OFFSET", level) for level in levels]
    blocks = [_number(dataset, "BLOCK_OFFSET_0_0", None)]
    blocks += [_number(dataset, "BLOCK_OFFSET_0_0", level) for level in levels]
    if None in ifds or None in blocks:
        return False
    return (
        ifds == sorted(ifds)  # type: ignore[type-var]  # None was excluded
        and ifds[0] is not None
        and ifds[0] < _LATEST_IFD
        and blocks == sorted(blocks, reverse=True)  # type: ignore[type-var]
    )


def _number(dataset: Any, item: str, level: int | None) -> int | None:
    extra = {} if level is None else {"ovr": level}
    text = dataset.get_tag_item(item, "TIFF", bidx=1, **extra)
    return int(text) if text else None


def _has_overviews(dataset: Any, wanted: tuple[int, ...] | None) -> bool:
    found = [dataset.overviews(band) for band in dataset.indexes]
    if any(levels != found[0] for levels in found):
        return False
    if wanted is not None:
        return bool(found[0] == list(wanted))
    block = max(BLOCK, dataset.block_shapes[0][0])
    needed = factors_down_to_one_block(dataset.width, dataset.height, block)
    return not needed or (bool(found[0]) and found[0][-1] >= needed[-1])
