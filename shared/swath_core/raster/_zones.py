"""Numbers out of images instead of arrays: the values at a point, the statistics of an area.

Each image is read by itself. Where a request says nothing about the grid, the pixels are those of
the image: a point is the pixel that holds it, an area the pixels whose centres lie in it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np

from swath_core.documents import Document, shown
from swath_core.errors import BadRequest, NotFound

from ._crs import WGS84, transform_bounds, transform_points
from ._cutline import parse_cutline
from ._grid import Grid, Window
from ._mosaic import NEVER, Deadline
from ._request import Bounds, RasterRequest
from ._service import RasterService, RequestedImages
from ._sources import native_grid

Array = np.ndarray[Any, Any]
Numbers = dict[str, float | int | None]

MOST_VALUES = 2**23
"""Pixels times bands of one image's area: its values are held to find their median."""
MOST_ZONES = 200
"""Images of one request for statistics."""
_AT_ONCE = 4
_PERCENTILES = (2, 50, 98)
_SENSE = ("scales", "ot", "pixel_selection", "drop_alpha", "output_window", "of")
"""Members of a raster request that mean nothing for statistics."""


def refuse_members_of_arrays(body: Mapping[str, Any]) -> None:
    """Raise BadRequest for members that only mean something for arrays."""
    for name in _SENSE:
        if body.get(name) not in (None, False):
            raise BadRequest(
                f"{name} is {shown(body[name])}; it means nothing for statistics, which are of "
                "each image's values as they are",
                parameter=name,
            )


def point_values(
    service: RasterService,
    found: RequestedImages,
    request: RasterRequest,
    place: tuple[float, float],
) -> dict[str, Any]:
    """Return what an image has at a longitude and latitude: a value for each band, None if masked.

    Raises NotFound where the image has no pixel there, or no georeference.
    """
    (image,) = found.images
    native = native_grid(image)
    if native is None:
        raise NotFound(f"the image {image.id!r} has no georeference in the catalog")
    asked = replace(request, bounds=_around_pixel(image, native, place), size=(1, 1))
    data, mask = service.compute(found, asked).whole()
    values = zip(request.bands, data[:, 0, 0], mask[:, 0, 0], strict=True)
    return {
        **_named(image),
        "lon": place[0],
        "lat": place[1],
        "values": {name: None if hidden else _number(value) for name, value, hidden in values},
    }


def _around_pixel(image: Document, native: Grid, place: tuple[float, float]) -> Bounds:
    """Return a box around the centre of the pixel that holds a place, less than the pixel."""
    x, y = transform_points(WGS84, native.crs, np.array([place[0]]), np.array([place[1]]))
    columns, rows = native.pixels(native.nearest_turn(x), y)
    column, row = float(columns[0]), float(rows[0])
    if not (0 <= column < native.width and 0 <= row < native.height):  # also where it is NaN
        raise NotFound(f"the image {image.id!r} has no pixel at {place[0]:g}, {place[1]:g}")
    centre = np.array([math.floor(column) + 0.5]), np.array([math.floor(row) + 0.5])
    (x,), (y,) = native.ground(*centre)
    reach = min(native.resolution) / 4
    return float(x) - reach, float(y) - reach, float(x) + reach, float(y) + reach


def zone_statistics(
    service: RasterService,
    found: RequestedImages,
    request: RasterRequest,
    deadline: Deadline = NEVER,
) -> list[dict[str, Any]]:
    """Return the statistics of each image's values in the request's area, in their order.

    Raises BadRequest for an area of too many pixels, or where time is up.
    """
    if len(found.images) > MOST_ZONES:
        raise BadRequest(
            f"ids has {len(found.images)} members; statistics are made of at most {MOST_ZONES} "
            "images at once",
            parameter="ids",
        )
    area = None if request.cutline is None else parse_cutline(request.cutline).bounds
    done: list[Document] = []

    def one(image: Document) -> dict[str, Any]:
        deadline.check(len(done) / len(found.images))
        own = RequestedImages((image,), found.products)
        made = {**_named(image), "statistics": _of_image(service, own, request, area)}
        done.append(image)
        return made

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(one, found.images))


def _of_image(
    service: RasterService, found: RequestedImages, request: RasterRequest, area: Bounds | None
) -> dict[str, Numbers]:
    asked = _over_area(found.images[0], request, area)
    if asked is None:
        return {name: statistics_of(np.zeros(0), 0) for name in request.bands}
    prepared = service.prepare(found, asked)
    target, count = prepared.plan.target, len(prepared.plan.derivation.inputs)
    if target.width * target.height * count > MOST_VALUES:
        raise BadRequest(
            f"the area has {target.width} x {target.height} pixels of {found.images[0].id!r}, read "
            f"in {count} bands; statistics are made of at most {MOST_VALUES} values an image: give "
            "a coarser resolution, or a smaller area",
            parameter="resolution",
        )
    data, mask = service.rasterized(prepared).whole()
    inside = prepared.inside()
    return {
        name: statistics_of(values[~hidden], int((hidden & inside).sum()))
        for name, values, hidden in zip(request.bands, data, mask, strict=True)
    }


def _over_area(
    image: Document, request: RasterRequest, area: Bounds | None
) -> RasterRequest | None:
    """Return the raster of one image in an area; None where they do not meet.

    On the image's own pixels, unless the request chooses a grid.
    """
    one = replace(request, ids=(image.id,))
    native = native_grid(image)
    if area is None or request.bounds is not None:
        return one
    chosen = request.crs is not None or not request.is_native or native is None
    if chosen or native is None or not native.upright:
        return replace(one, bounds=area, bounds_crs="EPSG:4326")
    window = _window(native, area)
    if window.empty:
        return None
    left, top = native.transform @ (window.column, window.row)
    right, bottom = native.transform @ (
        window.column + window.width,
        window.row + window.height,
    )
    return replace(one, bounds=(left, bottom, right, top), size=(window.width, window.height))


def _window(native: Grid, area: Bounds) -> Window:
    """Return the pixels of an image that a box in longitude and latitude touches."""
    try:
        left, bottom, right, top = transform_bounds(WGS84, native.crs, area)
    except ValueError:
        return native.window
    xs = native.nearest_turn(np.array([(left + right) / 2])) + np.array([-0.5, 0.5]) * (
        right - left
    )
    columns, rows = native.pixels(xs, np.array([top, bottom]))
    row, column = math.floor(rows[0]), math.floor(columns[0])
    height, width = math.ceil(rows[1]) - row, math.ceil(columns[1]) - column
    return Window(row, column, height, width).intersection(native.window)


def statistics_of(values: Array, masked: int) -> Numbers:
    """Return the statistics of unmasked values; all but the counts are None where there are none.

    ``std`` is of the population; percentiles are interpolated linearly, as NumPy does by default.
    """
    names = ("min", "max", "mean", "std", "sum", *(f"percentile_{at}" for at in _PERCENTILES))
    found: Numbers = {"count": int(values.size), "masked": masked}
    if not values.size:
        return found | dict.fromkeys(names)
    wide = values.astype(np.float64)
    with np.errstate(all="ignore"):
        numbers = [
            values.min(), values.max(), wide.mean(), wide.std(), wide.sum(),
            *np.percentile(wide, _PERCENTILES),
        ]  # fmt: skip
    return found | {name: _number(value) for name, value in zip(names, numbers, strict=True)}


def _number(value: Any) -> float | int | None:
    """Return a NumPy scalar as JSON has it: what is not finite is None."""
    number: float | int = value.item()
    return number if math.isfinite(number) else None


def _named(image: Document) -> dict[str, Any]:
    return {"id": image.id, "acquired": image.get("acquired")}
