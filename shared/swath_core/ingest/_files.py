"""The files of an upload: fetched, decoded, and stored as COGs under the upload's own prefix."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from swath_core.catalog import image_prefix
from swath_core.pixels import FileResult, FileTask, Refused
from swath_core.uploads import Part, Upload, safe_name

from ._context import IngestContext
from ._plan import Plan
from ._workspace import workspace

_DISK_PER_BYTE = 2.5
"""Disk that a file may take: itself, its overviews and its COG, in uncompressed pixels."""

_LONGEST_NAME = 120


@contextmanager
def processed(
    context: IngestContext, part: Part, index: int, plan: Plan
) -> Iterator[tuple[FileResult, Path]]:
    """Yield what a file holds and where its COG lies on disk; the disk space is freed after.

    Raises Refused, ObjectGone where the file was replaced or deleted, or DecoderFailed.
    """
    with workspace() as folder:
        _check_disk(part, folder)
        source = folder / "source" / "file"
        source.parent.mkdir()
        context.objects.download(part.key, part.etag, part.size, source)
        task = FileTask(
            path=str(source),
            name=part.name,
            folder=str(folder),
            bands=plan.bands[index],
            given=plan.given,
            is_array=plan.is_array,
            overviews=plan.overviews,
            resampler=plan.resampler,
            compression=plan.compression,
            outline=plan.outline,
            warp_gcps=plan.warp_gcps,
            geometry=plan.geometry,
            limits=context.limits,
        )
        result = context.decoder.process(task)
        yield result, Path(result.output) if result.output else source


def _check_disk(part: Part, folder: Path) -> None:
    usage = shutil.disk_usage(folder)
    if part.size * _DISK_PER_BYTE > usage.total:
        raise Refused(
            f"{part.name}: has {part.size} bytes; the ingest's disk of {usage.total} bytes "
            "cannot hold it together with its COG"
        )


def output_prefix(upload: Upload, token: str, acquired: str) -> str:
    """Return the prefix of the COGs of one attempt: nobody else writes below it.

    An attempt that lost its lease unawares cannot write over what the next one has published.
    """
    name = upload.image_id.rpartition(":")[2]
    day = acquired[:10].replace("-", "/")
    return f"{image_prefix(upload.product_id)}{day}/{name}/{upload.id}-{token[:8]}/"


def store_cog(
    context: IngestContext, upload: Upload, index: int, result: FileResult, path: Path
) -> dict[str, Any]:
    """Put a COG at its final key and return its entry in the image's files.

    A file that is stored as it came is copied inside the bucket. Raises ObjectGone.
    """
    part = upload.parts[index]
    key = f"{upload.outputs[-1]}{_cog_names(upload)[index]}"
    if result.output is None:
        context.objects.copy(part.key, part.etag, key)
    else:
        context.objects.upload(path, key)
    return {
        "href": context.objects.href(key),
        "size_bytes": result.size_bytes,
        "hash": result.md5,
    }


def _cog_names(upload: Upload) -> list[str]:
    """Return the file names of the COGs in order, all different."""
    names = [_cog_name(upload, index) for index in range(len(upload.parts))]
    return [
        name if names.count(name) == 1 else f"{index}-{name}" for index, name in enumerate(names)
    ]


def _cog_name(upload: Upload, index: int) -> str:
    """Return what a COG is called: as its source was, or for an array as the image is."""
    is_array = upload.options.get("upload_type") == "ndarray"
    source = safe_name(upload.parts[index].name)
    image_name = upload.image_id.rpartition(":")[2]
    stem = image_name if is_array else source.rpartition(".")[0] or source
    number = f"-{index}" if is_array and len(upload.parts) > 1 else ""
    return f"{stem[-_LONGEST_NAME:].lstrip('%')}{number}.tif"
