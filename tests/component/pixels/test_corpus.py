"""Odd and bad rasters: each ends as documented, and what is accepted reads back identically.

The pixels of every COG are compared with what an independent reader (tifffile with imagecodecs)
makes of the source, or with the array that the source was made from.
"""

from __future__ import annotations

import io
import struct
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import rasterio
import tifffile
from rasterio.control import GroundControlPoint
from rasterio.crs import CRS
from rasterio.enums import ColorInterp
from rasterio.io import MemoryFile
from rasterio.shutil import copy
from rasterio.transform import Affine, from_origin
from rio_cogeo.cogeo import cog_validate
from tests.ingest_world import DECODER, Values, ramp, raster

from swath_core.pixels import FileResult, FileTask, Refused

NAMES = {
    "uint8": "Byte",
    "uint16": "UInt16",
    "int16": "Int16",
    "uint32": "UInt32",
    "int32": "Int32",
    "float32": "Float32",
    "float64": "Float64",
}
UTM = from_origin(600_000, 6_100_000, 10, 10)
GIVEN = {"crs": "EPSG:32755", "geotransform": (600_000.0, 10.0, 0.0, 6_100_000.0, 0.0, -10.0)}


@dataclass(frozen=True)
class Case:
    """A raster, the bands expected of it, and how it ends: ``refused`` is part of the message."""

    body: bytes
    dtype: str = "uint16"
    count: int = 1
    refused: str = ""
    pixels: Values | None = None
    task: dict[str, Any] = field(default_factory=dict)
    kinds: tuple[str, ...] = ()
    check: Callable[[Any, FileResult], None] | None = None


def run(case: Case, folder: Path) -> FileResult:
    from swath_core.pixels import ExpectedBand, Georeference

    source = folder / "source" / "file"
    source.parent.mkdir()
    source.write_bytes(case.body)
    kinds = case.kinds or ("spectral",) * case.count
    task = dict(case.task)
    given = Georeference(**task.pop("given", {}))
    nodata = task.pop("nodata", None)
    bands = tuple(
        ExpectedBand(f"b{index}", kind, NAMES[case.dtype], index, nodata)
        for index, kind in enumerate(kinds)
    )
    return DECODER.process(
        FileTask(
            path=str(source), name="case.tif", folder=str(folder), bands=bands, given=given, **task
        )
    )


def independent(body: bytes) -> Values:
    """Return the pixels of a TIFF as tifffile reads them, bands first."""
    with tifffile.TiffFile(io.BytesIO(body)) as file:
        page = file.pages[0]
        array = file.series[0].asarray() if len(file.series) else page.asarray()
        axes = file.series[0].axes
    if array.ndim == 2:
        return np.asarray(array)[np.newaxis]
    return np.moveaxis(array, -1, 0) if axes.endswith("S") else np.asarray(array)


# -- sources

SMALL = ramp(70, 90)
LARGE = ramp(700, 1100)


def tif(values: Values = SMALL, **profile: Any) -> bytes:
    return raster(values, **profile)


def complex_tif() -> bytes:
    return raster((ramp(20, 30) + 1j).astype("complex64"))


def palette() -> bytes:
    def colour(dataset: Any) -> None:
        dataset.write_colormap(1, {i: (i, 255 - i, 7, 255) for i in range(256)})

    return raster(ramp(700, 700, dtype="uint8"), change=colour, photometric="palette")


def masked() -> bytes:
    def mask(dataset: Any) -> None:
        inside = np.zeros(LARGE.shape[1:], dtype="uint8")
        inside[100:400, 200:900] = 255
        dataset.write_mask(inside)

    return raster(LARGE, change=mask)


def described() -> bytes:
    def describe(dataset: Any) -> None:
        dataset.set_band_description(1, "near infrared")
        dataset.scales, dataset.offsets, dataset.units = (0.0001,), (-0.1,), ("reflectance",)
        dataset.update_tags(TIFFTAG_DATETIME="2020:01:02 03:04:05", MISSION="x")
        dataset.update_tags(1, BAND="8A")

    return raster(LARGE, change=describe, nodata=3)


def gcps() -> bytes:
    points = [
        GroundControlPoint(row=r, col=c, x=150 + c / 1000, y=-35 - r / 1000)
        for r, c in ((0, 0), (0, 89), (69, 0), (69, 89))
    ]

    def place(dataset: Any) -> None:
        dataset.gcps = (points, CRS.from_epsg(4326))

    return raster(SMALL, change=place, crs=None, transform=None)


def corrupt_block() -> bytes:
    noise = np.random.default_rng(1).integers(0, 60_000, (1, 700, 1100)).astype("uint16")
    body = bytearray(raster(noise, tiled=True, blockxsize=256, blockysize=256, compress="deflate"))
    with tifffile.TiffFile(io.BytesIO(bytes(body))) as file:
        page = file.pages[0]
        offset, size = page.dataoffsets[7], page.databytecounts[7]
    for place in range(offset + size // 3, offset + size // 2):
        body[place] ^= 0xA5
    return bytes(body)


def huge_header() -> bytes:
    """Return a classic TIFF that declares 10^6 x 10^6 pixels and holds none."""
    entries = [
        (256, 4, 1, 1_000_000),
        (257, 4, 1, 1_000_000),
        (258, 3, 1, 16),
        (259, 3, 1, 1),
        (262, 3, 1, 1),
        (273, 4, 1, 8),
        (277, 3, 1, 1),
        (278, 4, 1, 1_000_000),
        (279, 4, 1, 100),
    ]
    body = struct.pack("<2sHI", b"II", 42, 8) + struct.pack("<H", len(entries))
    for tag, kind, count, value in entries:
        body += struct.pack("<HHII", tag, kind, count, value)
    return body + struct.pack("<I", 0)


def vrt(source: str) -> bytes:
    return (
        '<VRTDataset rasterXSize="60" rasterYSize="40"><VRTRasterBand dataType="UInt16" band="1">'
        f"<SimpleSource><SourceFilename>{source}</SourceFilename><SourceBand>1</SourceBand>"
        "</SimpleSource></VRTRasterBand></VRTDataset>"
    ).encode()


def pointing_overviews() -> bytes:
    def point(dataset: Any) -> None:
        dataset.update_tags(ns="OVERVIEWS", OVERVIEW_FILE="/vsicurl/http://169.254.169.254/x.tif")

    return raster(LARGE, change=point)


def png(values: Values) -> bytes:
    return bytes(imagecodecs.png_encode(np.ascontiguousarray(np.moveaxis(values, 0, -1).squeeze())))


def jpeg(values: Values) -> bytes:
    return bytes(imagecodecs.jpeg_encode(np.moveaxis(values, 0, -1).copy(), level=90))


def jp2(values: Values) -> bytes:
    with tempfile.TemporaryDirectory() as folder, MemoryFile(raster(values)) as memory:
        path = Path(folder) / "a.jp2"
        with memory.open() as dataset:
            copy(dataset, path, driver="JP2OpenJPEG", QUALITY="100", REVERSIBLE="YES")
        return path.read_bytes()


def npy(array: Values, **options: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


def npy_claiming(shape: str, descr: str = "'<u2'", data: bytes = b"") -> bytes:
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def smooth(bands: int, side: int = 64) -> Values:
    line = np.linspace(0, 200, side)
    plane = np.add.outer(line / 2, line / 2)
    return np.stack([plane + 10 * band for band in range(bands)]).astype("uint8")


# -- what the stored COG must show


def keeps_description(dataset: Any, result: FileResult) -> None:
    assert dataset.descriptions == ("near infrared",)
    assert dataset.scales == (0.0001,)
    assert dataset.offsets == (-0.1,)
    assert dataset.units == ("reflectance",)
    assert dataset.nodata == 3
    assert dataset.tags()["MISSION"] == "x"
    assert dataset.tags(1)["BAND"] == "8A"
    assert result.acquired == "2020-01-02T03:04:05.000000Z"


def keeps_mask(dataset: Any, result: FileResult) -> None:
    inside = dataset.read_masks(1)
    assert (inside[100:400, 200:900] == 255).all()
    assert np.count_nonzero(inside) == 300 * 700
    assert result.valid_fraction == pytest.approx(300 * 700 / (700 * 1100))
    with rasterio.open(dataset.name, OVERVIEW_LEVEL=0) as overview:
        np.testing.assert_array_equal(overview.read_masks(1), inside[::2, ::2])


def keeps_palette(dataset: Any, result: FileResult) -> None:
    assert dataset.colormap(1)[9] == (9, 246, 7, 255)
    with rasterio.open(dataset.name, OVERVIEW_LEVEL=0) as overview:
        np.testing.assert_array_equal(overview.read(1), dataset.read(1)[::2, ::2])


def nothing_valid(dataset: Any, result: FileResult) -> None:
    assert result.valid_fraction == 0


def not_a_number(dataset: Any, result: FileResult) -> None:
    assert np.isnan(dataset.nodata)
    assert 0 < result.valid_fraction < 1


def mask_unaveraged(dataset: Any, result: FileResult) -> None:
    with rasterio.open(dataset.name, OVERVIEW_LEVEL=0) as overview:
        small = overview.read()
    np.testing.assert_array_equal(small[1], dataset.read(2)[::2, ::2])
    assert not (small[0] == dataset.read(1)[::2, ::2]).all()


def two_sides(dataset: Any, result: FileResult) -> None:
    assert result.footprint["type"] == "MultiPolygon"
    lons = [point[0] for polygon in result.footprint["coordinates"] for point in polygon[0]]
    assert min(lons) == -180
    assert max(lons) == 180
    assert not any(-170 < lon < 170 for lon in lons)


def around_the_pole(dataset: Any, result: FileResult) -> None:
    import shapely

    shape = shapely.geometry.shape(result.footprint)
    assert shape.is_valid
    for lon in (-179, -90, 0, 90, 179):
        assert shape.covers(shapely.Point(lon, -89.9))
        assert not shape.covers(shapely.Point(lon, 80))
    assert result.area == pytest.approx((6400 * 1.0) ** 2, rel=0.1)


def whole_globe(dataset: Any, result: FileResult) -> None:
    import shapely

    assert shapely.geometry.shape(result.footprint).equals(shapely.box(-180, -90, 180, 90))
    assert result.area == pytest.approx(510_065_621, rel=1e-3)


def same_transform(expected: tuple[float, ...]) -> Callable[[Any, FileResult], None]:
    def check(dataset: Any, result: FileResult) -> None:
        assert dataset.transform.to_gdal() == pytest.approx(expected)
        assert result.geotransform == pytest.approx(expected)

    return check


def in_utm(dataset: Any, result: FileResult) -> None:
    assert result.cs_code == "EPSG:32755"
    assert dataset.crs.to_epsg() == 32755
    assert dataset.transform.to_gdal() == GIVEN["geotransform"]


def unaltered_alpha(dataset: Any, result: FileResult) -> None:
    assert dataset.colorinterp[-1] is ColorInterp.alpha
    with rasterio.open(dataset.name, OVERVIEW_LEVEL=0) as overview:
        assert set(np.unique(overview.read(2))) <= {0, 255}
    assert 0 < result.valid_fraction < 1


def _alpha() -> Values:
    alpha = np.zeros((1, 700, 1100), dtype="uint8")
    alpha[:, 100:351, 200:901] = 255
    return np.concatenate([ramp(700, 1100, dtype="uint8"), alpha])


def _halves() -> Values:
    generator = np.random.default_rng(0)
    return generator.integers(0, 3, (2, 700, 1100)).astype("uint8")


def _holes() -> Values:
    values = ramp(60, 80, dtype="float32")
    values[:, 10:30, 20:40] = np.nan
    return values


DEGREES = from_origin(175, -10, 0.01, 0.01)
POLAR = from_origin(-3_200_000, 3_200_000, 64_000, 64_000)
ROTATED = Affine(8.66, 5.0, 600_000, 5.0, -8.66, 6_100_000)
SOUTH_UP = Affine(10, 0, 600_000, 0, 10, 6_000_000)
MARS = (
    'GEOGCS["Mars 2000",DATUM["D_Mars_2000",SPHEROID["Mars_2000_IAU_IAG",3396190,169.894447]],'
    'PRIMEM["Reference_Meridian",0],UNIT["Degree",0.0174532925199433]]'
)
LOCAL = 'LOCAL_CS["site grid",UNIT["metre",1]]'

CASES: dict[str, Callable[[], Case]] = {
    # -- accepted
    "plain strips": lambda: Case(tif()),
    "one pixel": lambda: Case(tif(ramp(1, 1))),
    "one row": lambda: Case(tif(ramp(1, 3000))),
    "31 bands": lambda: Case(tif(ramp(50, 60, 31)), count=31),
    "planar": lambda: Case(tif(ramp(600, 700, 3), interleave="band"), count=3),
    "pixel interleaved": lambda: Case(tif(ramp(600, 700, 3), interleave="pixel"), count=3),
    "odd tiles": lambda: Case(tif(LARGE, tiled=True, blockxsize=112, blockysize=48)),
    "one tile larger than the raster": lambda: Case(
        tif(SMALL, tiled=True, blockxsize=1024, blockysize=1024)
    ),
    "big tiff": lambda: Case(tif(LARGE, BIGTIFF="YES")),
    "big endian": lambda: Case(tif(LARGE, ENDIANNESS="BIG")),
    "deflate": lambda: Case(tif(LARGE, compress="deflate")),
    "deflate with predictor": lambda: Case(tif(LARGE, compress="deflate", predictor=2)),
    "lzw": lambda: Case(tif(LARGE, compress="lzw")),
    "zstd": lambda: Case(tif(LARGE, compress="zstd")),
    "packbits": lambda: Case(tif(LARGE, compress="packbits")),
    "lzma": lambda: Case(tif(LARGE, compress="lzma")),
    "lerc": lambda: Case(tif(LARGE, compress="lerc"), pixels=LARGE),
    "lossy webp is kept as it decodes": lambda: Case(
        tif(smooth(3), compress="webp", WEBP_LOSSLESS="YES"), "uint8", 3, pixels=smooth(3)
    ),
    "float predictor": lambda: Case(
        tif(LARGE.astype("float32"), compress="deflate", predictor=3), "float32"
    ),
    "float64": lambda: Case(tif(LARGE.astype("float64") / 7), "float64"),
    "int16 with negatives": lambda: Case(
        tif((LARGE.astype("int32") - 9000).astype("int16")), "int16"
    ),
    "int32": lambda: Case(tif(LARGE.astype("int32") * -99), "int32"),
    "uint32": lambda: Case(tif(LARGE.astype("uint32") * 99), "uint32"),
    "all nodata": lambda: Case(
        tif(np.full((1, 600, 700), 9, "uint16"), nodata=9), check=nothing_valid
    ),
    "nodata is not a number": lambda: Case(
        tif(_holes(), nodata=float("nan")), "float32", check=not_a_number
    ),
    "palette": lambda: Case(palette(), "uint8", check=keeps_palette),
    "internal mask": lambda: Case(masked(), check=keeps_mask),
    "description, scale, tags, date": lambda: Case(described(), check=keeps_description),
    "alpha that the product names": lambda: Case(
        tif(_alpha(), alpha="YES"), "uint8", 2, kinds=("spectral", "mask"), check=unaltered_alpha
    ),
    "alpha that the product does not name, with nodata": lambda: Case(
        tif(_alpha(), alpha="YES", nodata=0), "uint8", 1, check=unaltered_alpha
    ),
    "class beside measurement": lambda: Case(
        tif(_halves()), "uint8", 2, kinds=("spectral", "class"), check=mask_unaveraged
    ),
    "rotated": lambda: Case(tif(transform=ROTATED), check=same_transform(tuple(ROTATED.to_gdal()))),
    "south up": lambda: Case(
        tif(transform=SOUTH_UP), check=same_transform(tuple(SOUTH_UP.to_gdal()))
    ),
    "geographic across 180": lambda: Case(
        tif(ramp(900, 1000), crs="EPSG:4326", transform=DEGREES), check=two_sides
    ),
    "polar stereographic over the pole": lambda: Case(
        tif(ramp(100, 100), crs="EPSG:3031", transform=POLAR), check=around_the_pole
    ),
    "global": lambda: Case(
        tif(ramp(180, 360), crs="EPSG:4326", transform=from_origin(-180, 90, 1, 1)),
        check=whole_globe,
    ),
    "global from 0 to 360": lambda: Case(
        tif(ramp(180, 360), crs="EPSG:4326", transform=from_origin(0, 90, 1, 1)),
        check=whole_globe,
    ),
    "no CRS, but the image has one": lambda: Case(
        tif(crs=None), task={"given": GIVEN}, check=in_utm
    ),
    "the file's own CRS wins": lambda: Case(
        tif(),
        task={"given": {"crs": "EPSG:32632", "geotransform": (0, 1, 0, 0, 0, -1)}},
        check=in_utm,
    ),
    "png with the image's place": lambda: Case(
        png(ramp(50, 60)), pixels=ramp(50, 60), task={"given": GIVEN}, check=in_utm
    ),
    "jpeg with the image's place": lambda: Case(
        jpeg(smooth(3)),
        "uint8",
        3,
        pixels=np.moveaxis(imagecodecs.jpeg_decode(jpeg(smooth(3))), -1, 0),
        task={"given": GIVEN},
        check=in_utm,
    ),
    "jpeg 2000": lambda: Case(jp2(LARGE), pixels=LARGE, check=in_utm),
    "npy fortran": lambda: Case(
        npy(np.asfortranarray(SMALL[0])), pixels=SMALL, task={"is_array": True, "given": GIVEN}
    ),
    "npy large fortran, three bands": lambda: Case(
        npy(np.asfortranarray(np.moveaxis(ramp(1500, 1300, 3), 0, -1))),
        count=3,
        pixels=ramp(1500, 1300, 3),
        task={"is_array": True, "given": GIVEN},
    ),
    "sparse": lambda: Case(tif(np.zeros((1, 2000, 2000), "uint16"), tiled=True, SPARSE_OK="TRUE")),
    # -- refused
    "empty": lambda: Case(b"", refused="the file is empty (0 bytes)"),
    "text": lambda: Case(b"hello world, no raster", refused="68 65 6c 6c 6f"),
    "wrong magic": lambda: Case(b"II\x2f\0" + tif()[4:], refused="is no raster that is accepted"),
    "half a header": lambda: Case(tif()[:6], refused="cannot be opened as GTiff"),
    "corrupt block": lambda: Case(corrupt_block(), refused="block (column 2, row 1)"),
    "truncated jpeg": lambda: Case(
        jpeg(smooth(3, 256))[:3000], "uint8", 3, refused="cannot be decoded", task={"given": GIVEN}
    ),
    "truncated png": lambda: Case(
        png(np.random.default_rng(0).integers(0, 255, (1, 200, 200)).astype("uint8"))[:9000],
        "uint8",
        refused="cannot be decoded",
        task={"given": GIVEN},
    ),
    "truncated jp2": lambda: Case(jp2(LARGE)[:-60_000], refused="case.tif"),
    "complex": lambda: Case(complex_tif(), refused="type complex64; expected UInt16"),
    "another type": lambda: Case(
        tif(SMALL.astype("float32")), refused="type Float32; expected UInt16"
    ),
    "64-bit integers": lambda: Case(
        tif(SMALL.astype("int64")), refused="type Int64; expected UInt16"
    ),
    "a band missing": lambda: Case(tif(), count=2, refused="has 1 bands; expected 2"),
    "a band too many": lambda: Case(tif(ramp(9, 9, 2)), refused="has 2 bands; expected 1"),
    "another nodata": lambda: Case(
        tif(nodata=5), refused="has nodata 5; the product's band has 0", task={"nodata": 0}
    ),
    "no CRS": lambda: Case(tif(crs=None), refused="no coordinate reference system"),
    "no geotransform": lambda: Case(tif(transform=None), refused="no geotransform"),
    "ground control points only": lambda: Case(gcps(), refused="4 ground control points only"),
    "not on Earth": lambda: Case(
        tif(crs=CRS.from_wkt(MARS), transform=from_origin(10, 10, 0.1, 0.1)),
        refused="3,396,190 m; expected the Earth's",
    ),
    "a local grid": lambda: Case(tif(crs=CRS.from_wkt(LOCAL)), refused="site grid"),
    "beyond the pole": lambda: Case(
        tif(crs="EPSG:4326", transform=from_origin(0, 120, 0.5, 0.5)),
        refused="latitudes run from 85 to 120",
    ),
    "a geotransform without area": lambda: Case(
        png(ramp(50, 60)),
        refused="cannot be inverted",
        task={"given": {"crs": "EPSG:32755", "geotransform": (0, 10, 10, 0, 10, 10)}},
    ),
    "a CRS that does not exist": lambda: Case(
        png(ramp(50, 60)),
        refused="unknown to PROJ",
        task={"given": GIVEN | {"crs": "EPSG:999999"}},
    ),
    "10^6 x 10^6": lambda: Case(huge_header(), refused="1000000 x 1000000"),
    "vrt of a file": lambda: Case(vrt("/etc/passwd"), refused="is no raster that is accepted"),
    "vrt of a URL": lambda: Case(
        vrt("/vsicurl/http://127.0.0.1:1/x.tif"), refused="is no raster that is accepted"
    ),
    "overviews in another file": lambda: Case(pointing_overviews(), refused="another file"),
    "a geojson": lambda: Case(b'{"type": "FeatureCollection"}', refused="is no raster"),
    "npy bomb": lambda: Case(
        npy_claiming("(900000000000, 900000000000)"),
        refused="at most 250000",
        task={"is_array": True},
    ),
    "npy shorter than it says": lambda: Case(
        npy_claiming("(100, 100)", data=b"12"), refused="holds 2 bytes", task={"is_array": True}
    ),
    "pickled npy": lambda: Case(
        npy(np.array([{"a": 1}], dtype=object), allow_pickle=True),
        refused="values of type '|O'",
        task={"is_array": True},
    ),
    "npy of records": lambda: Case(
        npy(np.zeros((3, 3), dtype=[("a", "<u2")])),
        refused="values of type",
        task={"is_array": True},
    ),
    "npy of complex": lambda: Case(
        npy(np.zeros((3, 3), "complex64")), refused="complex64", task={"is_array": True}
    ),
    "npy with four axes": lambda: Case(
        npy(np.zeros((2, 2, 2, 2), "uint16")), refused="has the shape", task={"is_array": True}
    ),
    "npy without a place": lambda: Case(
        npy(SMALL[0]), refused="no coordinate reference system", task={"is_array": True}
    ),
    "npy that is a tiff": lambda: Case(tif(), refused="is no .npy array", task={"is_array": True}),
    "npy header of code": lambda: Case(
        npy_claiming("__import__('os').abort()"),
        refused="header cannot be read",
        task={"is_array": True},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_each_ends_as_documented(name: str, tmp_path: Path) -> None:
    case = CASES[name]()
    if case.refused:
        with pytest.raises(Refused) as refusal:
            run(case, tmp_path)
        assert case.refused in str(refusal.value)
        assert "case.tif" in str(refusal.value)
        return
    result = run(case, tmp_path)
    stored = result.output or str(tmp_path / "source" / "file")
    valid, errors, warnings = cog_validate(stored, strict=True, quiet=True)
    assert valid, (errors, warnings)
    expected = independent(case.body) if case.pixels is None else case.pixels
    written = Path(stored).read_bytes()
    assert len(written) == result.size_bytes
    with rasterio.open(stored) as dataset:
        found = dataset.read()
        np.testing.assert_array_equal(found, expected.reshape(found.shape))
        np.testing.assert_array_equal(independent(written), found)
        assert dataset.dtypes[0] == case.dtype
        if case.check is not None:
            case.check(dataset, result)


def test_the_corpus_is_large_enough() -> None:
    assert len(CASES) >= 40


@pytest.mark.parametrize("tenth", range(1, 10))
@pytest.mark.parametrize("compress", [None, "deflate", "lzw", "zstd"])
def test_truncated_at_each_tenth(tenth: int, compress: str | None, tmp_path: Path) -> None:
    noise = np.random.default_rng(3).integers(0, 60_000, (1, 300, 400)).astype("uint16")
    whole = raster(noise, compress=compress)
    case = Case(whole[: len(whole) * tenth // 10])
    with pytest.raises(Refused, match=r"case\.tif"):
        run(case, tmp_path)


@pytest.mark.parametrize("tenth", range(1, 10))
@pytest.mark.parametrize("kind", ["png", "grey png", "jpeg", "progressive jpeg", "jp2"])
def test_pictures_truncated_at_each_tenth(tenth: int, kind: str, tmp_path: Path) -> None:
    noise = np.random.default_rng(3).integers(0, 250, (3, 300, 400)).astype("uint8")
    rows = np.moveaxis(noise, 0, -1).copy()
    whole = {
        "png": lambda: png(noise),
        "grey png": lambda: png(noise[:1]),
        "jpeg": lambda: jpeg(noise),
        "progressive jpeg": lambda: bytes(
            imagecodecs.mozjpeg_encode(rows, level=90)
            if imagecodecs.MOZJPEG.available
            else imagecodecs.jpeg_encode(rows, level=90)
        ),
        "jp2": lambda: jp2(noise),
    }[kind]()
    count = 1 if kind == "grey png" else 3
    case = Case(whole[: len(whole) * tenth // 10], "uint8", count, task={"given": GIVEN})
    with pytest.raises(Refused, match=r"case\.tif"):
        run(case, tmp_path)


def test_a_stored_cog_is_kept_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    first = run(Case(tif(LARGE, nodata=3)), tmp_path / "first")
    body = Path(str(first.output)).read_bytes()
    again = run(Case(body), tmp_path / "second")
    assert again.output is None
    assert again.md5 == first.md5
    assert again.footprint == first.footprint


@pytest.mark.parametrize(
    "changed",
    [
        {"task": {"overviews": (4,)}},
        {"task": {"nodata": 9}},
    ],
    ids=["other overviews", "nodata to add"],
)
def test_a_cog_of_another_shape_is_written_anew(changed: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    first = run(Case(tif(LARGE)), tmp_path / "first")
    body = Path(str(first.output)).read_bytes()
    again = run(Case(body, **changed), tmp_path / "second")
    assert again.output is not None
    with MemoryFile(Path(again.output).read_bytes()) as memory, memory.open() as dataset:
        np.testing.assert_array_equal(dataset.read(), LARGE)
        assert dataset.overviews(1) == list(changed.get("task", {}).get("overviews", [2, 4]))
        assert dataset.nodata == changed.get("task", {}).get("nodata")
