"""Properties of the written COG that the other tests take for granted."""

from pathlib import Path

import numpy as np
import rasterio
import tifffile
from pyproj import CRS
from rasterio.enums import Resampling

from swath_core.pixels._cog import Shape, write_cog
from swath_core.pixels._georeference import Position

WHERE = (440_000.0, 30.0, 0.0, 5_170_000.0, 0.0, -30.0)


def test_overviews_are_compressed_like_the_pixels(tmp_path: Path) -> None:
    side = 1200
    with rasterio.open(
        tmp_path / "source.tif",
        "w",
        driver="GTiff",
        count=1,
        width=side,
        height=side,
        dtype="uint8",
        crs="EPSG:32632",
        transform=rasterio.Affine.from_gdal(*WHERE),
    ) as dataset:
        dataset.write(np.ones((side, side), "uint8"), 1)
    work = tmp_path / "work"
    work.mkdir()
    with rasterio.open(tmp_path / "source.tif") as dataset:
        shape = Shape(
            where=Position(CRS.from_epsg(32632), "EPSG:32632", WHERE),
            nodata=None,
            band_nodata=[None],
            resampling=[Resampling.average],
            factors=[2, 4],
        )
        write_cog(dataset, work / "cog.tif", shape)
    with tifffile.TiffFile(work / "cog.tif") as file:
        assert [page.shape for page in file.pages] == [(1200, 1200), (600, 600), (300, 300)]
        assert {getattr(page.compression, "name", "") for page in file.pages} == {"ADOBE_DEFLATE"}
    assert (work / "cog.tif").stat().st_size < side * side / 50
