"""Images on one grid as one lazy array, read block by block."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, TypedDict, Unpack, cast

from swath.arguments import public, takes
from swath.errors import MissingExtraError
from swath.geo import AOI
from swath.shapes import as_shape

from ._collection_pixels import Key, ReadableCollection
from ._enums import ResampleAlgorithm
from ._generated import DataType
from ._image_pixels import ReadableImage
from ._reading import Bands, Reading, ReadOptions
from ._xarray import Grid, dask_array, filled, moment, need_xarray, result_type, wkt_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LONLAT = "EPSG:4326"
_BLOCK = 512
"""Rows and columns of the blocks in which stored files are compressed."""
_SNAP = 1e-8  # part of a pixel by which a bound may miss a multiple of the resolution
_MARGIN = 4  # pixels that a kernel reaches beyond an image
Box = tuple[float, float, float, float]


class CubeArguments(TypedDict, total=False):
    """How pixels are wanted; see `Image.ndarray`."""

    resampler: ResampleAlgorithm | str
    processing_level: str | None
    scaling: Any
    data_type: DataType | str | None
    expressions: Mapping[str, str] | None
    mask: str | None
    mask_nodata: bool
    mask_alpha: bool | str | None


takes_cube = takes(CubeArguments, resampler="near", mask_nodata=True)


@dataclass(frozen=True, slots=True)
class Cube:
    """What is read of each layer, one image or several: `layers` has their ids."""

    reading: Reading
    layers: tuple[tuple[str, ...], ...]
    extents: tuple[Box | None, ...]
    left: float
    top: float
    resolution: float
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    kind: Any

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the whole grid."""
        return sum(self.rows), sum(self.columns)

    def box(self, row: int, column: int, height: int, width: int) -> Box:
        """The bounds of a window of the grid."""
        left, top = self.left + column * self.resolution, self.top - row * self.resolution
        return left, top - height * self.resolution, left + width * self.resolution, top

    def block(self, layer: int, row: int, column: int) -> NDArray[Any]:
        """One block of one layer, (1, bands, rows, columns), counted in blocks."""
        import numpy as np

        first_row = [0, *accumulate(self.rows)][row]
        first_column = [0, *accumulate(self.columns)][column]
        size = self.rows[row], self.columns[column]
        box = self.box(first_row, first_column, *size)
        extent = self.extents[layer]
        if extent is not None and not _meet(extent, box) and self.reading.masked:
            return np.full((1, len(self.reading.bands), *size), np.nan, self.kind)
        request = {
            **self.reading.request,
            "outputBounds": list(box),
            "outsize": [size[1], size[0]],
        }
        one = replace(self.reading, request=request).quiet().of(self.layers[layer])
        return np.asarray(filled(one.pixels(), one), dtype=self.kind)[None]


def read_block(cube: Cube, *, block_id: tuple[int, int, int, int]) -> NDArray[Any]:
    """The block of a chunk, as dask numbers them: (time, band, y, x)."""
    layer, _, row, column = block_id
    return cube.block(layer, row, column)


@takes_cube
def open_images(  # noqa: PLR0913 - keywords, few of them needed at once
    search: Iterable[ReadableImage],
    bands: Bands,
    resolution: float,
    crs: str,
    bounds: Sequence[float] | None = None,
    *,
    bounds_crs: str = _LONLAT,
    flatten: Key | Sequence[Key] | None = None,
    chunk: int = 1024,
    **options: Unpack[CubeArguments],
) -> Any:
    """Images on one grid as a lazy xarray.DataArray (time, band, y, x). Needs xarray.

    `search`: a search for images, or images. `resolution`: of the pixels, in units of `crs`, on
    whose multiples their edges fall. `bounds`: (minx, miny, maxx, maxy) in `bounds_crs`; left out,
    those of the search's area, else of all images. `flatten`: keys by which several images become
    one layer, later ones over earlier ones, as in `ImageCollection.stack`
    (`lambda image: image.acquired.date()`). `chunk`: rows and columns of a chunk, which falls on
    blocks of the first image's file. The rest as of `Image.ndarray`.

    With dask installed nothing is read before it is computed, and then only the chunks that are
    needed, each by one request; without it, everything at once. Masked pixels are NaN, for which
    integers become floats, unless `mask_nodata` and `mask_alpha` are False. `time` is in order;
    `id` says which images a layer is made of. Raises ValueError where there are no images.
    """
    xarray, images = need_xarray(), _images(search)
    area = _area(search, images, crs, bounds, bounds_crs)
    left, bottom, right, top = _snapped(area, resolution)
    size = round((top - bottom) / resolution), round((right - left) / resolution)
    context = AOI(bounds=(left, bottom, right, top), bounds_crs=crs, crs=crs, shape=size)
    reading = images._plan(context, ReadOptions.of(bands, options))
    if reading.request["ot"] is None:
        raise ValueError("the bands have no common type that is known beforehand: give data_type")
    groups = [list(group) for group in images._groups(flatten)]
    first = _extent(groups[0][0], crs)
    start = (0.0, 0.0) if first is None else (top - first[3], first[0] - left)
    cube = Cube(
        reading=reading,
        layers=tuple(tuple(str(image.id) for image in group) for group in groups),
        extents=tuple(_reach(group, crs, resolution) for group in groups),
        left=left,
        top=top,
        resolution=resolution,
        rows=_lengths(size[0], chunk, round(start[0] / resolution)),
        columns=_lengths(size[1], chunk, round(start[1] / resolution)),
        kind=result_type(reading),
    )
    made = xarray.DataArray(
        _data(cube),
        dims=("time", "band", "y", "x"),
        coords={"time": [moment(group[0]) for group in groups], **_coords(cube, crs)},
        name="pixels",
    )
    return made.assign_coords(id=("time", [" ".join(ids) for ids in cube.layers]))


def _images(search: Any) -> ReadableCollection[ReadableImage]:
    """The images of a search or of any iterable, in the order of time."""
    found = sorted(search, key=lambda image: (image.acquired is None, str(image.acquired)))
    images = ReadableCollection(found)
    images._not_empty()
    return images


def _data(cube: Cube) -> Any:
    """A dask array where dask is installed; else all blocks are read at once."""
    dask, bands = dask_array(), len(cube.reading.bands)
    if dask is not None:
        chunks = ((1,) * len(cube.layers), (bands,), cube.rows, cube.columns)
        return dask.map_blocks(partial(read_block, cube), chunks=chunks, dtype=cube.kind)
    import numpy as np

    layers = [
        [
            np.concatenate(
                [cube.block(layer, row, column) for column in range(len(cube.columns))], axis=3
            )
            for row in range(len(cube.rows))
        ]
        for layer in range(len(cube.layers))
    ]
    return np.concatenate([np.concatenate(rows, axis=2) for rows in layers])


def _coords(cube: Cube, crs: str) -> dict[str, Any]:
    geotrans = (cube.left, cube.resolution, 0.0, cube.top, 0.0, -cube.resolution)
    return Grid(geotrans, cube.shape, wkt_of(crs)).coords(cube.reading)


def _area(
    search: Any,
    images: ReadableCollection[ReadableImage],
    crs: str,
    bounds: Sequence[float] | None,
    bounds_crs: str,
) -> Box:
    """The area in `crs`: the given one, that of the search, or all of the images."""
    if bounds is not None:
        return _moved(_box(bounds), bounds_crs, crs)
    searched = getattr(search, "_geojson", None)
    if searched is not None:
        return _moved(_box(as_shape(searched).bounds), _LONLAT, crs)
    found = [_extent(image, crs) or _projected(image, crs) for image in images]
    around = _around(found)
    if around is None:
        raise ValueError("the images have no grids of their own: give bounds")
    return around


def _extent(image: ReadableImage, crs: str) -> Box | None:
    """The box of an image in `crs`, where that is its own; else None."""
    own = image.cs_code or image.projection
    if own is None or own.upper() != crs.upper() or not image.geotrans:
        return None
    return cast("Box", image.geocontext.bounds)


def _reach(group: Sequence[ReadableImage], crs: str, resolution: float) -> Box | None:
    """The box beyond which a layer has no pixels, whatever the resampling; None: not known."""
    box = _around([_extent(image, crs) for image in group])
    if box is None:
        return None
    own = (max(abs(image.geotrans[1]), abs(image.geotrans[5])) for image in group if image.geotrans)
    margin = _MARGIN * max(resolution, *own)
    return box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin


def _projected(image: ReadableImage, crs: str) -> Box:
    grid = image.geocontext
    return _moved(cast("Box", grid.bounds), str(grid.crs), crs)


def _moved(box: Box, from_crs: str, to_crs: str) -> Box:
    """The box around another in another CRS, its edges densified."""
    if from_crs.upper() == to_crs.upper():
        return box
    try:
        from pyproj import Transformer
    except ImportError:
        raise MissingExtraError(
            f"bounds in {from_crs} become {to_crs} by pyproj: pip install 'swath[xarray]'"
        ) from None
    convert = Transformer.from_crs(from_crs, to_crs, always_xy=True)
    found = convert.transform_bounds(*box, densify_pts=21)
    return _box(found)


def _box(bounds: Sequence[float]) -> Box:
    left, bottom, right, top = (float(side) for side in bounds)
    if not (left < right and bottom < top):
        raise ValueError(f"bounds {tuple(bounds)} hold no area: minx < maxx and miny < maxy")
    return left, bottom, right, top


def _snapped(box: Box, resolution: float) -> Box:
    """The box with its edges moved outwards to multiples of the resolution."""
    if not (resolution > 0 and math.isfinite(resolution)):
        raise ValueError(f"a resolution is greater than zero, not {resolution}")
    low = [math.floor(side / resolution + _SNAP) * resolution for side in box[:2]]
    high = [math.ceil(side / resolution - _SNAP) * resolution for side in box[2:]]
    return low[0], low[1], high[0], high[1]


def _lengths(size: int, chunk: int, start: int) -> tuple[int, ...]:
    """The lengths of chunks whose edges fall on edges of blocks that begin at `start`."""
    if chunk < 1:
        raise ValueError(f"a chunk has at least one pixel on a side, not {chunk}")
    step = max(_BLOCK, chunk // _BLOCK * _BLOCK) if chunk >= _BLOCK else chunk
    first = min(size, start % step or step)
    edges = [0, *range(first, size, step), size]
    return tuple(end - begin for begin, end in pairwise(edges))


def _around(boxes: Sequence[Box | None]) -> Box | None:
    """The box around all; None where one is not known."""
    known = [box for box in boxes if box is not None]
    if not known or len(known) < len(boxes):
        return None
    lefts, bottoms, rights, tops = zip(*known, strict=True)
    return min(lefts), min(bottoms), max(rights), max(tops)


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


open_images = public(open_images, "open")
