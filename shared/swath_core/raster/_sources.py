"""From documents to pixels on disk: which bands of which stored files an image is read from.

Processing levels are the steps of a band that are computed from coefficients of each image: a
band's ``processing_levels`` maps a level's name to a list of steps or to another name; each step
names a function and the image attribute that holds its coefficients. The published client
resolves levels in the same way (``descarteslabs.catalog.scaling.resolve_processing_level``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from affine import Affine
from botocore.exceptions import BotoCoreError, ClientError

from swath_core.catalog import RemoteBuckets, image_prefix, remote_href
from swath_core.definitions import MOST_ALIASES, NUMPY_TYPES, PROCESSING_FUNCTIONS
from swath_core.documents import Document, finite, shown
from swath_core.errors import BadRequest, NotFound

from ._crs import crs_of_text
from ._grid import Grid

VALUE_PRESERVING = frozenset({"near", "mode", "min", "max"})
"""Resamplers whose results are values of the source: the only ones for class and mask bands."""

_REQUESTER = "requester"
"""Who says that it pays, in the terms of S3 and of GDAL."""


@dataclass(frozen=True, slots=True)
class BucketStorage:
    """The data bucket: nothing outside ``images/`` of the image's own product is ever opened.

    But for files of remote images in the listed buckets of others. ``client`` returns boto3's for
    S3; it is asked for only where a file could not be read.
    """

    bucket: str
    client: Callable[[], Any]
    remote: RemoteBuckets = field(default_factory=RemoteBuckets)

    def path(self, href: str, product_id: str) -> str:
        """Return the path that GDAL opens. Raises ValueError for an href that is not allowed."""
        prefix = f"s3://{self.bucket}/{image_prefix(product_id)}"
        if not href.startswith(prefix):
            raise ValueError("its file is not stored in the catalog's bucket")
        key = href.removeprefix(f"s3://{self.bucket}/")
        if re.search(r"[\x00-\x1f\x7f?#\\]", key) or not {".", "..", ""}.isdisjoint(key.split("/")):
            raise ValueError("its file's name is not one that the catalog gives")
        return f"/vsis3/{self.bucket}/{key}"

    def remote_path(self, file: dict[str, Any]) -> str | None:
        """Return the path that GDAL opens of a file elsewhere, None where it may not be read."""
        place = self.remote.place(remote_href(file))
        return None if place is None else f"/vsis3/{place[0]}/{place[1]}"

    def options(self, path: str) -> dict[str, str]:
        """Return what GDAL is told of a path beside what holds for all: who pays."""
        bucket = path.removeprefix("/vsis3/").partition("/")[0]
        return {"AWS_REQUEST_PAYER": _REQUESTER} if bucket in self.remote.paid else {}

    def reads(self, image: Document) -> bool:
        """Return whether all files of an image are where pixels are read from."""
        files = image.get("files") or []
        is_remote = image.get("storage_state") == "remote"
        return bool(files) and (not is_remote or all(map(self.remote.hold, files)))

    def exists(self, path: str) -> bool:
        """Return whether there is an object at such a path; True where S3 does not say.

        Of a bucket that may not be listed, S3 says 403 of what is not there: of others' it counts
        as that.
        """
        bucket, _, key = path.removeprefix("/vsis3/").partition("/")
        absent = {"404", "NoSuchKey"} | ({"403"} if bucket != self.bucket else set())
        payer = {"RequestPayer": _REQUESTER} if bucket in self.remote.paid else {}
        try:
            self.client().head_object(Bucket=bucket, Key=key, **payer)
        except ClientError as error:
            return error.response.get("Error", {}).get("Code") not in absent
        except BotoCoreError:
            return True
        return True


@dataclass(frozen=True, slots=True)
class BandSource:
    """One requested band in one file: where it is and how it may be read.

    ``position`` counts the requested bands from 0; ``index`` counts the file's bands from 1.
    """

    position: int
    index: int
    nodata: float | None
    resampling: str
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class FileSource:
    """The requested bands that one stored file holds.

    Of a file that the catalog did not write, ``declared`` are the types of these bands as the
    catalog has them: whether the file is as described is seen when it is opened.
    """

    path: str
    bands: tuple[BandSource, ...]
    declared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImageSource:
    """One image of a mosaic; ``grid`` is its native grid as catalogued (None: not catalogued)."""

    id: str
    files: tuple[FileSource, ...]
    grid: Grid | None


@dataclass(frozen=True, slots=True)
class BandInfo:
    """What holds of a requested band in every image: its name, kind and common type.

    ``dtype`` is the type of its values after the processing level; ``document`` the band of the
    first image's product.
    """

    name: str
    dtype: np.dtype[Any]
    nodata: float | None
    is_alpha: bool
    document: Document


Product = tuple[Document, Sequence[Document]]
"""A product and its bands."""


def plan_bands(
    products: Mapping[str, Product],
    names: Sequence[str],
    level: str | None,
    parameter: str = "bands",
) -> tuple[BandInfo, ...]:
    """Return the requested bands over all products of the images.

    Raises BadRequest where a product lacks a band, naming the parameter that asks for it.
    """
    return tuple(_band_info(products, name, level, parameter) for name in names)


def _band_info(
    products: Mapping[str, Product], name: str, level: str | None, parameter: str
) -> BandInfo:
    documents = [find_band(product, name, parameter) for product in products.values()]
    first = documents[0]
    dtype = common_dtype(
        [np.dtype(NUMPY_TYPES[level_data_type(document, level)]) for document in documents]
    )
    return BandInfo(name, dtype, _nodata(first), is_alpha(first), first)


def find_band(product: Product, name: str, parameter: str = "bands") -> Document:
    """Return a product's band by name. Raises BadRequest with the names there are."""
    document, bands = product
    for band in bands:
        if band.get("name") == name:
            return band
    there = ", ".join(str(band.get("name")) for band in bands) or "none"
    raise BadRequest(
        f"the product {document.id!r} has no band {shown(name)}; its bands are: {there}",
        parameter=parameter,
    )


def is_alpha(band: Document) -> bool:
    """Return whether a band says where an image is transparent (by its flag or its name)."""
    return band.get("type") == "mask" and bool(band.get("is_alpha") or band.get("name") == "alpha")


def common_dtype(dtypes: Sequence[np.dtype[Any]]) -> np.dtype[Any]:
    """Return the smallest type of the contract that holds all of the given ones."""
    dtype = dtypes[0]
    for other in dtypes[1:]:
        dtype = np.promote_types(dtype, other)
    if dtype.name not in NUMPY_TYPES.values():
        return np.dtype("float64")
    # what neither UInt32 nor Int32 holds is Float64 in the contract
    widened = dtype.name == "int64" and not any(each.name == "int64" for each in dtypes)
    return np.dtype("float64") if widened else dtype


def plan_image(
    image: Document, product_id: str, bands: Sequence[Document], *, options: PlanOptions
) -> ImageSource:
    """Return where the requested bands of an image of a product are.

    Raises NotFound where the image has no readable file for a band, BadRequest where it is
    remote or a band cannot be computed.
    """
    is_remote = image.get("storage_state") == "remote"
    by_path: dict[str, list[BandSource]] = {}
    for position, band in enumerate(bands):
        path = _path(image, band, product_id, options.storage, is_remote=is_remote)
        by_path.setdefault(path, []).append(_band_source(image, band, position, options))
    files = tuple(
        FileSource(path, tuple(held), _declared(bands, held) if is_remote else ())
        for path, held in by_path.items()
    )
    return ImageSource(image.id, files, native_grid(image))


def _declared(bands: Sequence[Document], held: Sequence[BandSource]) -> tuple[str, ...]:
    return tuple(
        NUMPY_TYPES[str(bands[each.position].get("data_type") or "UInt16")] for each in held
    )


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What the plan of every image of a request shares."""

    storage: BucketStorage
    resampling: str = "near"
    level: str | None = None


def _band_source(
    image: Document, band: Document, position: int, options: PlanOptions
) -> BandSource:
    categorical = band.get("type") in {"mask", "class"}
    interpolates = options.resampling not in VALUE_PRESERVING
    return BandSource(
        position=position,
        index=int(band.get("band_index") or 0) + 1,
        nodata=_nodata(band),
        resampling="near" if categorical and interpolates else options.resampling,
        steps=image_steps(image, band, options.level),
    )


def _nodata(band: Document) -> float | None:
    value = band.get("nodata")
    return None if value is None else float(value)


def _path(
    image: Document, band: Document, product_id: str, storage: BucketStorage, *, is_remote: bool
) -> str:
    files = image.get("files") or []
    index = int(band.get("file_index") or 0)
    if index >= len(files):
        raise NotFound(
            f"the image {image.id!r} has {len(files)} file(s); its band {band.get('name')!r} "
            f"would be in file {index} (counted from 0), which does not exist"
        )
    if is_remote:
        path = storage.remote_path(files[index])
        if path is None:
            raise BadRequest(
                f"the image {image.id!r} is remote: its files are not stored here, so no pixels "
                "can be read",
                parameter="ids",
            )
        return path
    href = files[index].get("href")
    try:
        return storage.path(str(href), product_id)
    except ValueError as error:
        raise NotFound(f"the image {image.id!r} cannot be read: {error}") from error


def native_grid(image: Document) -> Grid | None:
    """Return the grid of an image as its document gives it, or None where that is incomplete."""
    geotrans, width, height = image.get("geotrans"), image.get("x_pixels"), image.get("y_pixels")
    crs_text = image.get("cs_code") or image.get("projection")
    if not (geotrans and width and height and crs_text):
        return None
    try:
        crs = crs_of_text(str(crs_text))
    except ValueError:
        return None
    return Grid(crs, Affine.from_gdal(*map(float, geotrans)), int(width), int(height))


Values = np.ndarray[Any, Any]
Coefficients = tuple[float, ...]

_IGNORED_LEVELS = frozenset({"default", "toa", "surface"})
"""Level names that bands without levels take for their own values, as the client does."""


def gain_bias(values: Values, coefficients: Coefficients) -> Values:
    """Return ``gain * value + bias``: radiance, reflectance or temperature from counts."""
    gain, bias = coefficients
    return values * gain + bias


def scale(values: Values, coefficients: Coefficients) -> Values:
    """Return ``factor * value``: reflectance from radiance by ``reflectance_scale``."""
    (factor,) = coefficients
    return values * factor


def brightness_temperature(values: Values, coefficients: Coefficients) -> Values:
    """Return ``k2 / ln(k1 / radiance + 1)`` in kelvin (Landsat handbook, section 11.3)."""
    k1, k2 = coefficients
    with np.errstate(divide="ignore", invalid="ignore"):
        return k2 / np.log(k1 / values + 1.0)


_FUNCTIONS: Mapping[str, Callable[[Values, Coefficients], Values]] = {
    "gain_bias": gain_bias,
    "scale": scale,
    "reflectance_scale": scale,
    "brightness_temperature": brightness_temperature,
}


@dataclass(frozen=True, slots=True)
class Step:
    """One computation on a band's values with the coefficients of one image."""

    function: str
    coefficients: Coefficients

    def apply(self, values: Values) -> Values:
        """Return the float64 values after this step."""
        return _FUNCTIONS[self.function](values, self.coefficients)


def level_definition(band: Document, level: str | None) -> list[dict[str, Any]]:
    """Return the steps that a band defines for a level (empty: its stored values).

    Raises BadRequest where the band has no such level or its definition goes in circles.
    """
    levels = band.get("processing_levels") or {}
    if not levels:
        if level and level not in _IGNORED_LEVELS and band.get("type") not in {"mask", "class"}:
            raise BadRequest(
                f"the band {band.get('name')!r} has no processing levels, so none that is "
                f"called {shown(level)}",
                parameter="processing_level",
            )
        return []
    found = levels.get(level or "default")
    for _ in range(MOST_ALIASES + 1):
        if not isinstance(found, str):
            return list(found or [])
        found = levels.get(found)
    raise BadRequest(
        f"the processing level {shown(level or 'default')} of the band {band.get('name')!r} is an "
        "alias that never ends",
        parameter="processing_level",
    )


def level_data_type(band: Document, level: str | None) -> str:
    """Return the contract's data type of a band at a level: ``Float64`` unless the step says."""
    steps = level_definition(band, level)
    if not steps:
        return str(band.get("data_type") or "UInt16")
    return str(steps[-1].get("data_type") or "Float64")


def image_steps(image: Document, band: Document, level: str | None) -> tuple[Step, ...]:
    """Return a band's steps with an image's coefficients. Raises BadRequest where they lack."""
    return tuple(_step(image, band, step) for step in level_definition(band, level))


def _step(image: Document, band: Document, definition: Mapping[str, Any]) -> Step:
    name = definition.get("function")
    if name not in _FUNCTIONS:
        raise BadRequest(
            f"the band {band.get('name')!r} asks for the processing function {shown(name)}, which "
            f"cannot be computed from image attributes; these can: {', '.join(_FUNCTIONS)}",
            parameter="processing_level",
        )
    parameter, index = definition.get("parameter"), definition.get("index")
    value = image.get(str(parameter))
    if index is None and isinstance(value, list) and value and isinstance(value[0], list):
        index = (band.get("vendor_order") or 1) - 1
    if index is not None:
        value = value[index] if isinstance(value, list) and 0 <= index < len(value) else None
    coefficients = value if isinstance(value, list) else [value]
    count = PROCESSING_FUNCTIONS[str(name)]
    numbers = [finite(each) for each in coefficients]
    if len(numbers) != count or None in numbers:
        where = f"{parameter}[{index}]" if index is not None else str(parameter)
        raise BadRequest(
            f"the image {image.id!r} has no {where} of {count} number(s), which {name} of the "
            f"band {band.get('name')!r} needs",
            parameter="processing_level",
        )
    return Step(str(name), tuple(number for number in numbers if number is not None))
