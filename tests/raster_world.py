"""A catalog of files on disk, for tests of raster: what a test makes is what the service reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from rasterio.enums import Resampling
from rasterio.io import MemoryFile
from rasterio.vrt import WarpedVRT

from swath_core.access import Caller
from swath_core.documents import Document
from swath_core.raster._files import FilePool
from swath_core.raster._request import parse_request
from swath_core.raster._service import CatalogReader, RasterService
from swath_core.raster._sources import BucketStorage, Product
from swath_core.raster._stream import Raster

PRODUCT = "acme:scenes"
CONTRACT = {
    "uint8": "Byte",
    "uint16": "UInt16",
    "int16": "Int16",
    "uint32": "UInt32",
    "int32": "Int32",
    "float32": "Float32",
    "float64": "Float64",
}

Array = np.ndarray[Any, Any]


ME = Caller("me", "acme")


class Disk(BucketStorage):
    """Storage whose hrefs are paths."""

    def path(self, href: str, product_id: str) -> str:
        return href


@dataclass
class DiskCatalog(CatalogReader):
    """Images on disk and their documents."""

    folder: Path
    documents: dict[str, Document] = field(default_factory=dict)
    bands: list[Document] = field(default_factory=list)
    pool: FilePool = field(default_factory=FilePool)
    readers: Sequence[str] = ("org:acme",)

    def images(self, ids: Sequence[str]) -> Mapping[str, Document]:
        return {id: self.documents[id] for id in ids if id in self.documents}

    def product(self, product_id: str) -> Product | None:
        product = Document("product", PRODUCT, {"readers": list(self.readers)})
        return (product, self.bands) if product_id == PRODUCT else None

    @property
    def service(self) -> RasterService:
        return RasterService(self, Disk("disk", lambda: None), self.pool)

    def band(self, name: str, **attributes: Any) -> None:
        values = {"name": name, "type": "spectral", "band_index": len(self.bands), **attributes}
        self.bands.append(Document("band", f"{PRODUCT}:{name}", values))

    def image(
        self,
        name: str,
        pixels: Array,
        transform: Affine,
        crs: str = "EPSG:32618",
        *,
        overviews: Sequence[int] = (),
        mask: Array | None = None,
        **attributes: Any,
    ) -> str:
        """Write a GeoTIFF and its document; return the image's id."""
        path = self.folder / f"{name}.tif"
        count, height, width = pixels.shape
        with (
            rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
            rasterio.open(
                path, "w", driver="GTiff", count=count, height=height, width=width,
                dtype=pixels.dtype, crs=crs, transform=transform,
                tiled=True, blockxsize=64, blockysize=64, compress="deflate",
            ) as dataset,
        ):  # fmt: skip
            dataset.write(pixels)
            if mask is not None:
                dataset.write_mask(mask)
            if overviews:
                dataset.build_overviews(list(overviews), Resampling.nearest)
        as_given = {"geotrans": list(transform.to_gdal()), "cs_code": crs}
        return self.file(name, path, **as_given | attributes)

    def file(self, name: str, path: Path, **attributes: Any) -> str:
        """Catalog a file as an image; return its id."""
        with rasterio.open(path) as dataset:
            grid = {
                "geotrans": list(dataset.transform.to_gdal()),
                "x_pixels": dataset.width,
                "y_pixels": dataset.height,
                "cs_code": dataset.crs.to_string(),
            }
        values = {
            "name": name,
            "product_id": PRODUCT,
            "files": [{"href": str(path)}],
            "storage_state": "available",
            **grid,
            **attributes,
        }
        image_id = f"{PRODUCT}:{name}"
        self.documents[image_id] = Document("image", image_id, values)
        return image_id

    def path(self, image_id: str) -> str:
        return str(self.documents[image_id].get("files")[0]["href"])

    def raster(self, **body: Any) -> tuple[Raster, Array, Array]:
        """Return a raster with its data and mask, whole."""
        body.setdefault("ids", list(self.documents))
        body.setdefault("bands", [str(band.get("name")) for band in self.bands])
        raster = self.service.raster(ME, parse_request(body))
        data, mask = raster.whole()
        return raster, data, mask


def disk_catalog(folder: Path) -> Iterator[DiskCatalog]:
    made = DiskCatalog(folder)
    yield made
    made.pool.close()


def gdal_warp(
    values: Array,
    source: tuple[str | rasterio.CRS, Affine],
    target: tuple[str | rasterio.CRS, Affine, tuple[int, int]],
    nodata: float | None,
    **how: Any,
) -> Array:
    """Return GDAL's exact warp of (rows, columns): from CRS and transform to CRS, transform, size.

    ``how`` are further options of WarpedVRT; by default the nearest pixel is taken.
    """
    crs, transform, (height, width) = target
    with MemoryFile() as memory:
        with memory.open(
            driver="GTiff", count=1, height=values.shape[0], width=values.shape[1],
            dtype=values.dtype, crs=source[0], transform=source[1],
        ) as made:  # fmt: skip
            made.write(values, 1)
        with (
            memory.open() as dataset,
            WarpedVRT(
                dataset, crs=crs, transform=transform, height=height, width=width,
                src_nodata=nodata, nodata=nodata, tolerance=1e-12, **how,
            ) as vrt,
        ):  # fmt: skip
            pixels: Array = vrt.read(1)
            return pixels


def noise(shape: tuple[int, ...], dtype: str, seed: int = 0) -> Array:
    """Return random values over the whole range of a type (floats: -1000 to 1000)."""
    generator = np.random.default_rng(seed)
    if np.dtype(dtype).kind == "f":
        return generator.uniform(-1000, 1000, shape).astype(dtype)
    limits = np.iinfo(dtype)
    return generator.integers(limits.min, limits.max, shape, dtype=dtype, endpoint=True)
