"""Starting uploads: what is declared to the service, and arrays as files."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from swath.errors import AttributeValidationError, UploadError

from ._generated import ImageUploadOptions, ImageUploadStatus, ImageUploadType
from ._image_pixels import ReadableImage
from ._included import Included
from ._upload import WatchedUpload, total_size

if TYPE_CHECKING:
    from numpy.typing import NDArray

U = TypeVar("U", bound=WatchedUpload)


_DTYPES = ("uint8", "int16", "uint16", "int32", "uint32", "float32", "float64")
_ONE_PUT = 5 * 1024**3  # bytes that S3 takes in one request


def declare(
    image: ReadableImage, options: ImageUploadOptions, kind: type[U], *, overwrite: bool
) -> U:
    """The upload as the service made it, with one signed URL per file."""
    _ready(image, overwrite=overwrite)
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
    made = kind._from_resource(body["data"], image._client, Included(body))
    if made.status != ImageUploadStatus.TRANSFERRING:
        raise UploadError(f"upload {made.id} begins as {made.status}")
    return made


def check_array(image: ReadableImage, array: NDArray[Any]) -> None:
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


def georeference(image: ReadableImage, raster_meta: Mapping[str, Any]) -> None:
    """Take geotransform and CRS from the metadata of a raster answer, where they are not set."""
    if image.geotrans is None and raster_meta.get("geoTransform"):
        image.geotrans = raster_meta["geoTransform"]
    system = raster_meta.get("coordinateSystem") or {}
    if image.cs_code is None and image.projection is None:
        if system.get("epsg"):
            image.cs_code = f"EPSG:{system['epsg']}"
        elif system.get("proj4") or system.get("wkt"):
            image.projection = system.get("proj4") or system.get("wkt")


def file_options(paths: Sequence[Path], given: ImageUploadOptions | None) -> ImageUploadOptions:
    """The options of an upload of files, on top of those given."""
    wire = given.to_wire() if given else {}
    options = ImageUploadOptions.from_wire(wire)
    options.upload_type = ImageUploadType.FILE
    options.image_files = [str(path) for path in paths]
    if total_size(paths) > _ONE_PUT:
        options.upload_size = total_size(paths)  # for which the service answers with parts
    return options


def array_options(
    arrays: Sequence[NDArray[Any]], given: ImageUploadOptions | None
) -> ImageUploadOptions:
    """The options of an upload of arrays, on top of those given."""
    options = ImageUploadOptions.from_wire(given.to_wire() if given else {})
    options.upload_type = ImageUploadType.NDARRAY
    options.upload_size = sum(array.nbytes for array in arrays)
    return options


def _ready(image: ReadableImage, *, overwrite: bool) -> None:
    image._before_create()
    if image.id is None or (not overwrite and type(image).exists(image.id, client=image._client)):
        raise ValueError(f"image {image.id} exists already; overwrite=True replaces it")


def _attributes(image: ReadableImage) -> dict[str, Any]:
    return {name: value for name, value in image._dump().items() if name != "id"}
