"""Many uploads at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from swath.arguments import public
from swath.errors import UploadError
from swath.progress import progress_bar

from ._generated import ImageUploadOptions
from ._model import Image, ImageUpload
from ._upload import as_paths, total_size

_MANY = 4  # images that are worked on at a time


@public
def upload_images(
    images: Iterable[tuple[Image, str | Path | Sequence[str | Path]]],
    *,
    upload_options: ImageUploadOptions | None = None,
    overwrite: bool = False,
    progress: bool | None = None,
) -> list[ImageUpload]:
    """Upload many images, each with its file or files, several at a time and under one bar.

    Every one is tried; those that did not get through are in the notes of the UploadError that is
    raised at the end, and are finished by `ImageUpload.resume` or another call.
    """
    work = [(image, as_paths(files)) for image, files in images]
    bar = progress_bar(sum(total_size(p) for _, p in work), "upload", "B", show=progress)

    def one(item: tuple[Image, list[Path]]) -> ImageUpload:
        return item[0]._upload_files(item[1], upload_options, overwrite=overwrite, bar=bar)

    try:
        with ThreadPoolExecutor(_MANY, thread_name_prefix="swath-upload") as pool:
            jobs = [pool.submit(one, item) for item in work]
            failures = [(item[0], job.exception()) for item, job in zip(work, jobs, strict=True)]
    finally:
        bar.close()
    failed = [(image, error) for image, error in failures if error is not None]
    if failed:
        notes = "\n".join(f"{image.id}: {error}" for image, error in failed)
        raise UploadError(f"{len(failed)} of {len(work)} images were not uploaded\n{notes}")
    return [job.result() for job in jobs]
