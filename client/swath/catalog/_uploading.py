"""Starting uploads: what is declared to the service, and arrays as files."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from swath.catalog._enums import ImageUploadStatus, ImageUploadType
from swath.catalog._image_upload import ImageUpload, ImageUploadOptions, as_paths, total_size
from swath.catalog._included import Included
from swath.errors import AttributeValidationError, UploadError
from swath.progress import Bar, progress_bar

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from swath.catalog._image import Image

_DTYPES = ("uint8", "int16", "uint16", "int32", "uint32", "float32", "float64")
_ONE_PUT = 5 * 1024**3  # bytes that S3 takes in one request
_MANY = 4  # images that `upload_images` works on at a time


def start_upload(
    image: Image,
    paths: Sequence[Path],
    options: ImageUploadOptions,
    *,
    overwrite: bool,
    bar: Bar,
) -> ImageUpload:
    """Declare the upload, send its files and set it going."""
    _ready(image, overwrite=overwrite)
    upload = declare(image, options)
    upload._send_files(paths, bar)
    return upload


def declare(image: Image, options: ImageUploadOptions) -> ImageUpload:
    """The upload as the service made it, with one signed URL per file."""
    nested = {"type": "image", "id": image.id, "attributes": _attributes(image)}
    attributes = {
        "image": {"data": nested},
        "image_id": image.id,
        "image_upload_options": options.to_wire(),
    }
    body = image.client.catalog(
        "POST",
        "/uploads_v2",
        json={"data": {"type": "image_upload", "attributes": attributes}},
        params={"include": "events"},
    )
    made = ImageUpload._from_resource(body["data"], image._client, Included(body))
    assert isinstance(made, ImageUpload)  # noqa: S101 - for the type checker
    made.__dict__["_image"] = image
    if made.status != ImageUploadStatus.TRANSFERRING:
        raise UploadError(f"upload {made.id} begins as {made.status}")
    return made


def check_array(image: Image, array: NDArray[Any]) -> None:
    """Raises ValueError for an array that cannot become an image."""
    if str(array.dtype) not in _DTYPES and str(array.dtype.newbyteorder("=")) not in _DTYPES:
        raise ValueError(f"an array of {array.dtype} cannot be uploaded; {', '.join(_DTYPES)} can")
    if array.ndim not in {2, 3}:
        raise ValueError(f"an array is (rows, columns) or (bands, rows, columns): {array.shape}")
    if image.acquired is None:
        raise AttributeValidationError("an array does not say when it is from: set 'acquired'")
    if image.geotrans is None or (image.cs_code is None and image.projection is None):
        raise ValueError(
            "an array needs a geotransform and a CRS: set geotrans and cs_code, or give raster_meta"
        )


@contextmanager
def as_npy(arrays: Sequence[NDArray[Any]]) -> Iterator[list[Path]]:
    """Arrays as `.npy` files, bands last (contract, section 4), while the block runs.

    Masked pixels are written as their fill value.
    """
    import numpy as np

    with tempfile.TemporaryDirectory(prefix="swath-upload-") as folder:
        paths = []
        for index, array in enumerate(arrays):
            plain = np.ma.filled(array)
            path = Path(folder) / f"{index}.npy"
            with path.open("wb") as out:
                last = np.moveaxis(plain, 0, -1) if plain.ndim == 3 else plain  # noqa: PLR2004
                np.lib.format.write_array(out, last, version=(1, 0), allow_pickle=False)
            paths.append(path)
        yield paths


def georeference(image: Image, raster_meta: Mapping[str, Any]) -> None:
    """Take geotransform and CRS from the metadata of a raster answer, where they are not set."""
    if image.geotrans is None and raster_meta.get("geoTransform"):
        image.geotrans = raster_meta["geoTransform"]
    system = raster_meta.get("coordinateSystem") or {}
    if image.cs_code is None and image.projection is None:
        if system.get("epsg"):
            image.cs_code = f"EPSG:{system['epsg']}"
        elif system.get("proj4") or system.get("wkt"):
            image.projection = system.get("proj4") or system.get("wkt")


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
    from concurrent.futures import ThreadPoolExecutor

    work = [(image, as_paths(files)) for image, files in images]
    bar = progress_bar(sum(total_size(p) for _, p in work), "upload", "B", show=progress)

    def one(item: tuple[Image, list[Path]]) -> ImageUpload:
        options = file_options(item[1], upload_options)
        return start_upload(item[0], item[1], options, overwrite=overwrite, bar=bar)

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


def file_options(paths: Sequence[Path], given: ImageUploadOptions | None) -> ImageUploadOptions:
    """The options of an upload of files, on top of those given."""
    wire = given.to_wire() if given else {}
    options = ImageUploadOptions.from_wire(wire)
    options.upload_type = ImageUploadType.FILE
    options.image_files = [str(path) for path in paths]
    if total_size(paths) > _ONE_PUT:
        options.upload_size = total_size(paths)  # for which the service answers with parts
    return options


def _ready(image: Image, *, overwrite: bool) -> None:
    image._before_create()
    if image.id is None or (not overwrite and type(image).exists(image.id, client=image._client)):
        raise ValueError(f"image {image.id} exists already; overwrite=True replaces it")


def _attributes(image: Image) -> dict[str, Any]:
    return {name: value for name, value in image._dump().items() if name != "id"}
